//! The pace and the length of looks: each page of a list is read when it is its account's turn, and
//! no look reads on for ever.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Polls;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};

/// How many pages a minute all looks of an account read together.
pub(super) const PAGES_PER_MINUTE: u32 = 60;

/// The pages that one look reads.
pub(crate) struct LookPages {
    polls: Arc<Polls>,
    timeout: Duration,
    until: Instant,
    has_read: AtomicBool,
}

impl fmt::Debug for LookPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookPages").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl LookPages {
    /// The pages of a look that begins now. It ends in real time, as attempts do: what it waits for
    /// is a network, whatever clock the client has.
    pub(in crate::client) fn new(polls: &Arc<Polls>, timeout: Duration) -> Self {
        let now = Instant::now();
        let until = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(86_400));
        Self { polls: Arc::clone(polls), timeout, until, has_read: AtomicBool::new(false) }
    }

    /// Whether the client was shut down, so that a look that failed says nothing.
    pub(in crate::client) fn is_closed(&self) -> bool {
        self.polls.state().is_closed
    }

    /// Reads a page when it is its turn. `None` where the look has taken so long that it ends with
    /// what it has read.
    ///
    /// # Errors
    /// Whatever keeps the page from being read; [`ErrorKind::Timeout`] where nothing was read in
    /// time, and [`ErrorKind::Unavailable`] after the client was shut down.
    pub(crate) async fn read<T>(&self, page: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        let reading = async {
            self.polls.look_turn().await?;
            page.await
        };
        match timeout_at(self.until, reading).await {
            Ok(read) => {
                self.polls.heard(read.as_ref().err());
                self.has_read.store(true, Ordering::Relaxed);
                read.map(Some)
            }
            Err(_) if self.has_read.load(Ordering::Relaxed) => Ok(None),
            Err(_) => {
                let message = format!("no list was read within {} s", self.timeout.as_secs());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }
}

impl Polls {
    /// Takes one of the pages that looks may read, or says when there is one.
    fn take_page(&self, now: Moment) -> Result<Result<(), Moment>> {
        let mut state = self.state();
        if state.is_closed {
            let message = "the client was shut down before its turn to look came";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        Ok(state.looks.take(now))
    }

    /// Waits until the account may read one more page for a look.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] after the client was shut down.
    async fn look_turn(&self) -> Result<()> {
        loop {
            let closed = self.closed.notified();
            let now = self.now();
            let Err(until) = self.take_page(now)? else { return Ok(()) };
            let rest = self.clock.sleep(until.since(now));
            futures_util::pin_mut!(closed);
            futures_util::future::select(rest, closed).await;
            // A clock that somebody else wrote may take no time to sleep.
            tokio::task::yield_now().await;
        }
    }
}
