//! What the three providers share: time, ids, credits, files, counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use url::Url;

use super::assets::Assets;
use super::clock::{Clock, Moment};
use super::credits::{Account, Books, Insufficient, LedgerEntry, Price};
use super::fetch::Fetcher;
use super::ids::Ids;
use super::studio::Studio;
use super::work::Work;
use super::{Quality, SandboxBuilder};
use super::{card, fetch, film};
use crate::{Credits, ProviderId};

/// How often something was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tally {
    /// Paid calls that arrived, accepted or not.
    pub submits: u64,
    /// Jobs that were made.
    pub jobs: u64,
    /// Reads of a job's status, one by one or in a list.
    pub polls: u64,
}

/// What arrived so far, in total and for each provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// All providers together.
    #[serde(flatten)]
    pub total: Tally,
    /// Each provider that was asked for something.
    pub providers: BTreeMap<ProviderId, Tally>,
}

/// Where media are served.
const MEDIA: &str = "/media/";

/// The state of one sandbox, apart from the records of each provider.
pub(super) struct World {
    /// Such as `http://127.0.0.1:8080`.
    pub(super) origin: String,
    pub(super) seed: u64,
    pub(super) quality: Quality,
    pub(super) clock: Arc<Clock>,
    pub(super) ids: Ids,
    pub(super) assets: Assets,
    pub(super) studio: Studio,
    pub(super) fetcher: Fetcher,
    pub(super) port: u16,
    /// Whether JoggAI's business codes come with an HTTP status of their own.
    pub(super) jogg_statuses: bool,
    books: Mutex<Books>,
    counters: Mutex<Counters>,
}

impl World {
    pub(super) fn new(port: u16, settings: SandboxBuilder) -> Self {
        let SandboxBuilder { port: _, speed, seed, quality, credits, jogg_statuses } = settings;
        let SandboxBuilder { port: _, speed, seed, quality, credits, fetch } = settings;
        Self {
            origin: format!("http://127.0.0.1:{port}"),
            seed,
            quality,
            clock: Arc::new(Clock::new(speed)),
            ids: Ids::new(seed),
            assets: Assets::default(),
            studio: Studio::new(),
            fetcher: Fetcher::new(fetch),
            port,
            jogg_statuses,
            books: Mutex::new(Books::new(credits)),
            counters: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The address of a file.
    pub(super) fn media_url(&self, path: &str) -> String {
        format!("{}{MEDIA}{path}", self.origin)
    }

    /// Puts the picture and the clip of a presenter where their addresses say.
    pub(super) fn publish_presenter(&self, name: &str, cover: String, clip: String) {
        let picture = card::svg(name, (360, 640)).into();
        self.assets.put(cover, "image/svg+xml", picture, self.now());
        self.assets.put(clip, "video/mp4", Bytes::from_static(film::CLIP), self.now());
    }

    /// The path of a file of ours, if the address is one, under any name of this machine.
    pub(super) fn own_path(&self, url: &Url) -> Option<String> {
        let is_ours = fetch::is_loopback(url) && url.port_or_known_default() == Some(self.port);
        url.path().strip_prefix(MEDIA).filter(|_| is_ours).map(str::to_owned)
    }

    pub(super) fn balance(&self, account: &Account) -> Credits {
        self.books().balance(account, self.now())
    }

    pub(super) fn charge(
        &self,
        account: &Account,
        job: &str,
        price: &Price,
        work: &Arc<Work>,
    ) -> Result<(), Insufficient> {
        self.books().charge(account, job, price, work)
    }

    pub(super) fn ledger(&self) -> Vec<LedgerEntry> {
        self.books().entries(self.now())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }

    pub(super) fn counters(&self) -> Counters {
        locked(&self.counters).clone()
    }

    /// Counts something, for the provider and in total.
    pub(super) fn count(&self, provider: ProviderId, add: impl Fn(&mut Tally)) {
        let mut counters = locked(&self.counters);
        add(&mut counters.total);
        add(counters.providers.entry(provider).or_default());
    }
}

/// A handler that panicked leaves what it held as it was: there is nothing half-done to fear.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_are_known_under_every_name_of_this_machine() {
        let world = World::new(8080, SandboxBuilder::default());
        let path = |text: &str| world.own_path(&Url::parse(text).unwrap());
        assert_eq!(path(&world.media_url("a/b.png")).as_deref(), Some("a/b.png"));
        assert_eq!(path("http://localhost:8080/media/a/b.png").as_deref(), Some("a/b.png"));
        assert_eq!(path("http://127.0.0.1:8081/media/a/b.png"), None);
        assert_eq!(path("http://127.0.0.1:8080/v1/a"), None);
        assert_eq!(path("https://example.com:8080/media/a/b.png"), None);
    }
}
