//! What the three providers share: time, ids, credits, files, counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use url::Url;

use super::SandboxBuilder;
use super::assets::Assets;
use super::clock::{Clock, Moment};
use super::doubles::{Accepted, DoubleSubmit, Doubles};
use super::faults::Faults;
use super::fetch::Fetcher;
use super::ids::Ids;
use super::jobs::Jobs;
use super::journal::Journal;
use super::ledger::{Account, AccountBalance, Books, Insufficient, LedgerEntry, Price};
use super::limits::Limits;
use super::page::Notices;
use super::studio::Studio;
use super::webhooks::Webhooks;
use super::work::Work;
use super::{beatapi, card, fetch, film};
use crate::credits::Credits;
use crate::provider::Provider;

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
    /// Paid calls that were accepted although an equal one had been; see
    /// [`DoubleSubmit`](super::DoubleSubmit).
    pub double_submits: u64,
    /// Calls that came before the wait was over which an earlier refusal of the same operation had
    /// asked this account for.
    pub early_retries: u64,
    /// BeatAPI tasks that were ordered while every slot of the account was taken.
    pub slots_over_limit: u64,
}

/// What arrived so far, in total and for each provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// All providers together.
    #[serde(flatten)]
    pub total: Tally,
    /// Each provider that was asked for something, by name: `beatapi`, `creatify` or `jogg`.
    pub providers: BTreeMap<&'static str, Tally>,
}

/// Where media are served.
const MEDIA: &str = "/media/";

/// The state of one sandbox, apart from the records of each provider.
pub(super) struct World {
    /// Such as `http://127.0.0.1:8080`.
    pub(super) origin: String,
    pub(super) settings: SandboxBuilder,
    pub(super) clock: Arc<Clock>,
    pub(super) ids: Ids,
    pub(super) assets: Assets,
    pub(super) studio: Studio,
    pub(super) fetcher: Fetcher,
    pub(super) faults: Faults,
    pub(super) jobs: Jobs,
    pub(super) journal: Journal,
    pub(super) port: u16,
    pub(super) limits: Limits,
    pub(super) beatapi_keys: beatapi::Keys,
    pub(super) webhooks: Webhooks,
    pub(super) notices: Notices,
    books: Mutex<Books>,
    counters: Mutex<Counters>,
    doubles: Mutex<Doubles>,
}

impl World {
    pub(super) fn new(port: u16, settings: SandboxBuilder, clock: Arc<Clock>) -> Self {
        let mut credits = settings.credits.clone();
        if let Some(dollars) = credits.get_mut(&Provider::BeatApi) {
            *dollars = settings.beatapi_contract.amount(*dollars);
        }
        Self {
            origin: format!("http://127.0.0.1:{port}"),
            clock,
            ids: Ids::new(settings.seed),
            assets: Assets::new(settings.keep_bytes),
            studio: Studio::new(),
            fetcher: Fetcher::new(settings.fetch, port),
            faults: Faults::new(settings.seed, settings.faults.clone()),
            jobs: Jobs::default(),
            journal: Journal::default(),
            port,
            limits: Limits::new(settings.limits, settings.beatapi_slots),
            beatapi_keys: beatapi::Keys::default(),
            books: Mutex::new(Books::new(credits)),
            webhooks: Webhooks::new(),
            notices: Notices::default(),
            counters: Mutex::default(),
            doubles: Mutex::default(),
            settings,
        }
    }

    /// One with its own settings, for a test of what it does by itself.
    #[cfg(test)]
    pub(super) fn test() -> Arc<Self> {
        let clock = Arc::new(Clock::new(0.0));
        Arc::new(Self::new(8080, SandboxBuilder::default(), clock))
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
        self.assets.put_for_good(cover, "image/svg+xml", picture, self.now());
        self.assets.put_for_good(clip, "video/mp4", Bytes::from_static(film::CLIP), self.now());
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

    /// Looks whether an equal call was accepted before.
    pub(super) fn note_accepted(&self, call: &Accepted<'_>, now: Moment) {
        if locked(&self.doubles).note(call, now) {
            self.count(call.account.provider, |tally| tally.double_submits += 1);
        }
    }

    /// The next call that equals this job's is meant, if there is such a job.
    pub(super) fn announce_resubmit(&self, job: &str) -> bool {
        locked(&self.doubles).announce(job)
    }

    pub(super) fn double_submits(&self) -> Vec<DoubleSubmit> {
        locked(&self.doubles).found().to_vec()
    }

    pub(super) fn ledger(&self) -> Vec<LedgerEntry> {
        self.books().entries(self.now())
    }

    pub(super) fn ledger_of(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<LedgerEntry> {
        self.books().entries_of(self.now(), is_wanted)
    }

    pub(super) fn balances(&self) -> Vec<AccountBalance> {
        self.books().balances(self.now())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }

    pub(super) fn counters(&self) -> Counters {
        locked(&self.counters).clone()
    }

    /// Counts something, for the provider and in total.
    pub(super) fn count(&self, provider: Provider, add: impl Fn(&mut Tally)) {
        let mut counters = locked(&self.counters);
        add(&mut counters.total);
        add(counters.providers.entry(provider.as_str()).or_default());
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
        let world = World::test();
        let path = |text: &str| world.own_path(&Url::parse(text).unwrap());
        assert_eq!(path(&world.media_url("a/b.png")).as_deref(), Some("a/b.png"));
        assert_eq!(path("http://localhost:8080/media/a/b.png").as_deref(), Some("a/b.png"));
        assert_eq!(path("http://127.0.0.1:8081/media/a/b.png"), None);
        assert_eq!(path("http://127.0.0.1:8080/v1/a"), None);
        assert_eq!(path("https://example.com:8080/media/a/b.png"), None);
    }
}
