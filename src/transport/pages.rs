//! Lists, read page by page as far as somebody asks.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, timeout};

use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;

/// Where a list stops at the latest. No provider is known to have a tenth of it.
const MAX_PAGES: u32 = 1_000;
const MAX_ITEMS: usize = 100_000;

/// How long a list may be read, without what lies between two reads.
const MAX_TIME: Duration = Duration::from_secs(300);

/// The items of a list, read page by page as they are asked for.
///
/// It ends where the provider says so, and in any case at a page that brings nothing new: servers
/// were seen to repeat the whole list for ever. No item comes twice. After an error it is over.
///
/// ```no_run
/// # async fn example(client: adreel::jogg::Client) -> adreel::Result<()> {
/// let mut voices = client.all_voices(adreel::jogg::types::ListVoicesQuery::new());
/// while let Some(voice) = voices.next().await.transpose()? {
///     println!("{voice:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until it is asked for"]
pub struct Pages<T>(BoxStream<'static, Result<T>>);

/// What one read of a list brought.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Whether the provider says that no page follows.
    pub(crate) last: bool,
}

impl<T: Send + 'static> Pages<T> {
    /// Reads pages from the first on. `id` tells items apart.
    pub(crate) fn new<F>(
        id: impl Fn(&T) -> String + Send + 'static,
        read: impl FnMut(u32) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        let (seen, by, spent) = (HashSet::new(), RandomState::new(), Duration::ZERO);
        let reading = Reading { id, read, seen, by, spent, next: Some(1) };
        Self::flatten(stream::try_unfold(reading, Reading::next_page))
    }

    /// One item after the other, of several at a time.
    fn flatten(lists: impl Stream<Item = Result<Vec<T>>> + Send + 'static) -> Self {
        let items = lists.map_ok(|items| stream::iter(items.into_iter().map(Ok)));
        Self(items.try_flatten().boxed())
    }

    /// The list that a client's query brings.
    pub(crate) fn of<C, Q>(
        client: &C,
        query: Q,
        id: fn(&T) -> String,
        read: fn(C, Q, u32) -> BoxFuture<'static, Result<Page<T>>>,
    ) -> Self
    where
        C: Clone + Send + 'static,
        Q: Clone + Send + 'static,
    {
        let client = client.clone();
        Self::new(id, move |page| read(client.clone(), query.clone(), page))
    }

    /// Items that come all at once.
    pub(crate) fn once(read: impl Future<Output = Result<Vec<T>>> + Send + 'static) -> Self {
        Self::flatten(stream::once(read))
    }

    /// Another list behind this one.
    pub(crate) fn chain(self, other: Self) -> Self {
        Self(self.0.chain(other.0).boxed())
    }

    /// The same list with other items.
    pub(crate) fn map<U: Send + 'static>(
        self,
        change: impl FnMut(T) -> U + Send + 'static,
    ) -> Pages<U> {
        Pages(self.0.map_ok(change).boxed())
    }

    /// The same list with several items, or none, for each.
    pub(crate) fn flat_map<U: Send + 'static>(
        self,
        change: impl FnMut(T) -> Vec<U> + Send + 'static,
    ) -> Pages<U> {
        Pages::flatten(self.0.map_ok(change))
    }

    /// The next item; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<T>> {
        self.0.next().await
    }

    /// All items that are left.
    ///
    /// # Errors
    /// The first error of a read.
    pub async fn all(self) -> Result<Vec<T>> {
        self.0.try_collect().await
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

struct Reading<I, R> {
    id: I,
    read: R,
    /// The hashes of all ids: an id may be as long as an answer.
    seen: HashSet<u64>,
    /// By what ids are hashed, so that nobody can choose two that are taken for one.
    by: RandomState,
    /// How long its reads have taken.
    spent: Duration,
    /// The number of the next page; `None` after the last.
    next: Option<u32>,
}

impl<I, R> Reading<I, R> {
    async fn next_page<T, F>(mut self) -> Result<Option<(Vec<T>, Self)>>
    where
        I: Fn(&T) -> String,
        R: FnMut(u32) -> F,
        F: Future<Output = Result<Page<T>>>,
    {
        let Some(number) = self.next else { return Ok(None) };
        let begun = Instant::now();
        let left = MAX_TIME.saturating_sub(self.spent);
        let Ok(page) = timeout(left, (self.read)(number)).await else {
            let message = format!("the list was not read to its end in {} s", MAX_TIME.as_secs());
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        self.spent += begun.elapsed();
        let Page { mut items, last } = page?;
        items.retain(|item| self.seen.insert(self.by.hash_one((self.id)(item))));
        if items.is_empty() {
            return Ok(None);
        }
        if !last && (number == MAX_PAGES || self.seen.len() > MAX_ITEMS) {
            let message = format!(
                "the list does not end after {number} pages and {} records",
                self.seen.len()
            );
            return Err(Error::new(ErrorKind::Decode, message));
        }
        self.next = (!last).then_some(number + 1);
        Ok(Some((items, self)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A list whose pages are made by `items`, and how many were read.
    fn list(items: fn(u32) -> (Vec<u32>, bool)) -> (Pages<u32>, Arc<AtomicU32>) {
        let reads = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&reads);
        let pages = Pages::new(u32::to_string, move |number| {
            counted.fetch_add(1, Ordering::SeqCst);
            let (items, last) = items(number);
            std::future::ready(Ok(Page { items, last }))
        });
        (pages, reads)
    }

    #[tokio::test]
    async fn it_ends_where_it_is_told_and_where_a_page_is_empty() {
        let (pages, reads) = list(|number| (vec![number * 2, number * 2 + 1], number == 3));
        assert_eq!(pages.all().await.unwrap(), [2, 3, 4, 5, 6, 7]);
        assert_eq!(reads.load(Ordering::SeqCst), 3);
        let (pages, _) = list(|number| (if number < 3 { vec![number] } else { vec![] }, false));
        assert_eq!(pages.all().await.unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn a_server_that_repeats_pages_cannot_hold_it() {
        let (pages, reads) = list(|_| (vec![1, 2, 2, 3], false));
        assert_eq!(pages.all().await.unwrap(), [1, 2, 3]);
        assert_eq!(reads.load(Ordering::SeqCst), 2);
        // Pages that go round and round, each with something of the one before it.
        let (pages, reads) = list(|number| (vec![number % 5, (number + 1) % 5], false));
        assert_eq!(pages.all().await.unwrap(), [1, 2, 3, 4, 0]);
        assert_eq!(reads.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn a_server_that_never_ends_is_given_up() {
        let (pages, reads) = list(|number| (vec![number], false));
        assert_eq!(pages.all().await.unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(reads.load(Ordering::SeqCst), MAX_PAGES);
    }

    #[tokio::test]
    async fn a_server_with_endless_pages_is_given_up() {
        let (pages, reads) =
            list(|number| ((number * 9_000..(number + 1) * 9_000).collect(), false));
        assert_eq!(pages.all().await.unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(reads.load(Ordering::SeqCst), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_its_time_is_given_up() {
        let mut pages = Pages::new(u32::to_string, |number| async move {
            tokio::time::sleep(Duration::from_secs(70)).await;
            Ok(Page { items: vec![number], last: false })
        });
        for number in 1..=4 {
            // What its reader does meanwhile is no time of the list's.
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(pages.next().await.unwrap().unwrap(), number);
        }
        assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        assert!(pages.next().await.is_none());
    }

    /// What is kept of an id is a number, however long it is.
    #[tokio::test]
    async fn long_ids_are_told_apart_by_their_ends() {
        let id = |number: &u32| "x".repeat(100_000) + &number.to_string();
        let pages = Pages::new(id, |number| {
            std::future::ready(Ok(Page { items: vec![number, number + 1], last: number == 4 }))
        });
        assert_eq!(pages.all().await.unwrap(), [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn it_is_over_after_an_error() {
        let mut pages: Pages<u32> = Pages::new(u32::to_string, |_| {
            std::future::ready(Err(Error::new(ErrorKind::Unavailable, "gone")))
        });
        assert!(pages.next().await.unwrap().is_err());
        assert!(pages.next().await.is_none());
    }
}
