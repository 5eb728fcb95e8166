//! What a [`Ledger`] has to do, as a suite for anybody's.
//!
//! ```
//! use adreel::MemoryLedger;
//! use adreel::ledger::conformance;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert_eq!(conformance::check(async || MemoryLedger::new()).await, Ok(()));
//! # }
//! ```
//!
//! The suite wants a place of its own: nobody else writes there meanwhile, and its jobs stay.

mod due;
mod events;
mod jobs;
mod limits;
mod routes;
mod totals;

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{Gate, JobQuery, Ledger};
use crate::error::{Error, ErrorKind};
use crate::job::{Job, JobId, Stage};
use crate::model::ProviderId;
use jobs::{Jobs, account, outcomes, sending};

/// How many calls are made at a time where only one may win.
const RIVALS: usize = 32;

/// Checks a ledger that ends with its value, so that each one that is opened may be empty.
///
/// # Errors
/// The first rule that is broken, as a sentence, or what the ledger says went wrong.
pub async fn check<L: Ledger>(open: impl AsyncFn() -> L) -> Result<(), String> {
    let ledger = open().await;
    Suite { jobs: Jobs::new(), ledger: &ledger, other: &ledger }
        .run()
        .await
        .map_err(|broken| broken.0)
}

/// Checks a ledger that outlives its value: each one that is opened is the same place. Two are
/// open at a time, and write against each other.
///
/// # Errors
/// As [`check`].
pub async fn check_persistent<L: Ledger>(open: impl AsyncFn() -> L) -> Result<(), String> {
    persistent(open).await.map_err(|broken| broken.0)
}

/// A new job with a key, for tests of one's own, such as of a full disk.
/// [`apply`](crate::job::apply) moves it on.
pub fn job() -> Job {
    let jobs = Jobs::new();
    jobs.with_key(&jobs.key())
}

async fn persistent<L: Ledger>(open: impl AsyncFn() -> L) -> Checked {
    let jobs = Jobs::new();
    let first = jobs.about("What is written stays");
    let last = jobs.after(&first, sending());
    let keeps_claims;
    {
        let (ledger, other) = (open().await, open().await);
        rule(ledger.insert(&first).await?.is_none(), "a new job is inserted")?;
        rule(other.store(&last).await?, "what one inserts, another one stores")?;
        keeps_claims = claims(&jobs, &ledger).await?;
        Suite { jobs, ledger: &ledger, other: &other }.run().await?;
    }
    let ledger = open().await;
    if let Some((route, holder, gate)) = keeps_claims {
        let told = "a ledger that is opened again knows who has which claim, and its gates";
        rule(ledger.claim(&route).await? == Some(holder.id()), told)?;
        rule(ledger.gate(holder.account()).await? == Some(gate), told)?;
    }
    let loaded = ledger.load(last.id()).await?;
    rule(loaded.as_ref() == Some(&last), "a ledger that is opened again has what was stored")?;
    let existing = ledger.insert(&first).await?;
    rule(existing == Some(last), "a ledger that is opened again knows its jobs by their ids")
}

/// A route, the job that has its claim, and the gate of that job's account; nothing where a ledger
/// keeps none.
async fn claims(jobs: &Jobs, ledger: &impl Ledger) -> Checked<Option<(String, Job, Gate)>> {
    let (route, gate) = (jobs.key(), Gate::new("open", 1));
    let holder = jobs.with(&account(ProviderId::Jogg, "reopened", "http://127.0.0.1"), None);
    let kept = match ledger.move_claim(&route, None, &holder).await {
        Ok(moved) => ledger.store_gate(holder.account(), &gate).await.map(|stored| moved && stored),
        refused => refused,
    };
    match kept {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        kept => {
            rule(kept?, "the first claim and the first gate are stored")?;
            Ok(Some((route, holder, gate)))
        }
    }
}

/// The rule that is broken.
struct Broken(String);

type Checked<T = ()> = Result<T, Broken>;

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(format!("a call failed: {error}"))
    }
}

fn rule(holds: bool, rule: &str) -> Checked {
    if holds { Ok(()) } else { Err(Broken(format!("a ledger breaks the rule: {rule}"))) }
}

/// Two ledgers of one place, or the same one twice.
struct Suite<'a, L> {
    jobs: Jobs,
    ledger: &'a L,
    other: &'a L,
}

impl<L: Ledger> Suite<'_, L> {
    async fn run(&self) -> Checked {
        self.a_job_comes_back_as_it_was().await?;
        self.any_text_comes_back_as_it_was().await?;
        self.an_id_is_inserted_once().await?;
        self.a_key_is_inserted_once_in_an_account().await?;
        self.jobs_without_a_key_are_all_inserted().await?;
        self.a_stale_job_is_not_stored().await?;
        self.one_of_many_rivals_stores().await?;
        self.one_of_many_rivals_inserts().await?;
        self.jobs_are_listed_in_the_order_of_their_ids().await?;
        self.jobs_are_listed_by_stage().await?;
        self.jobs_are_listed_by_account().await?;
        self.what_spends_is_stored_within_its_limits().await?;
        self.as_many_of_many_rivals_spend_as_a_limit_lets().await?;
        self.totals_follow_the_jobs().await?;
        self.a_job_is_stored_where_a_slot_is_left().await?;
        self.a_thousand_store_within_slots_and_limits().await?;
        self.a_job_is_found_by_what_its_provider_calls_it().await?;
        self.a_claim_moves_as_a_whole_or_not_at_all().await?;
        self.one_of_many_rivals_claims_a_route().await?;
        self.claims_that_cross_do_not_block_each_other().await?;
        self.what_is_due_is_taken_once().await?;
        self.each_job_goes_to_one_of_many_who_ask().await?;
        self.a_gate_is_stored_by_one().await?;
        self.a_seat_is_seen_for_as_long_as_it_is_held().await?;
        self.its_clock_is_one().await?;
        match (self.ledger.events(), self.other.events()) {
            (Some(log), Some(other)) => events::check(&self.jobs, log, other).await,
            _ => Ok(()),
        }
    }

    /// A job in the ledger.
    async fn inserted(&self, job: Job) -> Checked<Job> {
        rule(self.ledger.insert(&job).await?.is_none(), "a new job is inserted")?;
        Ok(job)
    }

    async fn is_there(&self, job: &Job) -> Checked<bool> {
        Ok(self.ledger.load(job.id()).await?.as_ref() == Some(job))
    }

    /// Turns of the two ledgers.
    fn turns(&self) -> impl Iterator<Item = &L> {
        [self.ledger, self.other].into_iter().cycle()
    }

    async fn a_job_comes_back_as_it_was(&self) -> Checked {
        let unknown = self.ledger.load(self.jobs.id()).await?;
        rule(unknown.is_none(), "an unknown id loads nothing")?;
        let mut job = self.inserted(self.jobs.about("Slow push in")).await?;
        let order = job.to_stored()?.order;
        rule(self.is_there(&job).await?, "a job is loaded as it was inserted")?;
        for outcome in outcomes() {
            job = self.jobs.after(&job, outcome);
            rule(self.ledger.store(&job).await?, "the next revision is stored")?;
            rule(self.is_there(&job).await?, "a job is loaded as it was stored")?;
        }
        let loaded = self.ledger.load(job.id()).await?;
        let kept = loaded.map(|job| job.to_stored()).transpose()?;
        rule(
            kept.is_some_and(|kept| kept.order == order),
            "what was asked for stays the same, however often the job is stored",
        )
    }

    async fn any_text_comes_back_as_it_was(&self) -> Checked {
        let long = "Käse, 🧀 & \"quotes\". ".repeat(100_000 / 24);
        let texts = [
            "it's \"quoted\", `ticked` and \\ escaped; -- DROP TABLE adreel_jobs; $1 ? % _",
            "line\nline\r\ntab\tbell\u{7} e\u{301} \u{202e}right to left\u{202c} 日本語 🧀\u{fffd}",
            " \u{a0}blanks around ",
            &long,
        ];
        for text in texts {
            let job = self.inserted(self.jobs.about(text)).await?;
            rule(self.is_there(&job).await?, "a job is loaded with the very text it had")?;
        }
        Ok(())
    }

    async fn an_id_is_inserted_once(&self) -> Checked {
        let first = self.inserted(self.jobs.job()).await?;
        let stored = self.jobs.after(&first, sending());
        rule(self.ledger.store(&stored).await?, "the next revision is stored")?;
        let existing = self.other.insert(&first).await?;
        rule(existing.as_ref() == Some(&stored), "the job that has the id already is returned")?;
        rule(self.is_there(&stored).await?, "nothing is written where the id is taken")
    }

    async fn a_key_is_inserted_once_in_an_account(&self) -> Checked {
        let (key, mine) = (self.jobs.key(), &self.jobs.account);
        let nothing = self.ledger.find(mine, &key).await?;
        rule(nothing.is_none(), "an unknown key finds nothing")?;
        let first = self.inserted(self.jobs.with_key(&key)).await?;
        let second = self.jobs.with_key(&key);
        let existing = self.other.insert(&second).await?;
        rule(existing.as_ref() == Some(&first), "the job that has the key already is returned")?;
        let written = self.ledger.load(second.id()).await?;
        rule(written.is_none(), "nothing is written where the key is taken")?;
        for elsewhere in [
            account(ProviderId::Creatify, &mine.name, &mine.realm),
            account(mine.provider, "another", &mine.realm),
            account(mine.provider, &mine.name, "https://api.jogg.ai"),
        ] {
            let job = self.inserted(self.jobs.with(&elsewhere, Some(&key))).await?;
            let found = self.ledger.find(&elsewhere, &key).await?;
            rule(found == Some(job), "each provider, account and realm has keys of its own")?;
        }
        let found = self.ledger.find(mine, &key).await?;
        rule(found == Some(first), "a job is found by its account and key")
    }

    async fn jobs_without_a_key_are_all_inserted(&self) -> Checked {
        for _ in 0..3 {
            self.inserted(self.jobs.job()).await?;
        }
        Ok(())
    }

    async fn a_stale_job_is_not_stored(&self) -> Checked {
        let unknown = self.jobs.after(&self.jobs.job(), sending());
        rule(!self.ledger.store(&unknown).await?, "a job that was never inserted is not stored")?;
        let written = self.ledger.load(unknown.id()).await?;
        rule(written.is_none(), "storing a job that was never inserted writes nothing")?;

        let first = self.inserted(self.jobs.job()).await?;
        let second = self.jobs.after(&first, sending());
        let third = self.jobs.after(&second, sending());
        rule(!self.ledger.store(&first).await?, "the revision that is there is not stored again")?;
        rule(!self.ledger.store(&third).await?, "no revision is left out")?;
        rule(self.is_there(&first).await?, "a refused store writes nothing")?;
        rule(self.other.store(&second).await?, "the next revision is stored")?;
        rule(!self.ledger.store(&second).await?, "a revision is stored once")?;
        rule(self.ledger.store(&third).await?, "the next revision is stored")?;
        rule(!self.other.store(&second).await?, "an older revision is not stored")?;
        rule(self.is_there(&third).await?, "the last revision that was stored is loaded")
    }

    async fn one_of_many_rivals_stores(&self) -> Checked {
        let first = self.inserted(self.jobs.job()).await?;
        // Each differs by its time, so that the winner can be told from the others.
        let rivals: Vec<_> = (0..RIVALS).map(|_| self.jobs.after(&first, sending())).collect();
        let calls = rivals.iter().zip(self.turns());
        let answers = join_all(calls.map(|(rival, ledger)| ledger.store(rival))).await;
        let mut winners = Vec::new();
        for (rival, answer) in rivals.iter().zip(answers) {
            if answer? {
                winners.push(rival);
            }
        }
        rule(winners.len() == 1, "one of many stores of the same revision wins")?;
        let loaded = self.ledger.load(first.id()).await?;
        rule(loaded.as_ref() == winners.pop(), "the store that won is what is loaded")
    }

    async fn one_of_many_rivals_inserts(&self) -> Checked {
        let key = self.jobs.key();
        let rivals: Vec<_> = (0..RIVALS).map(|_| self.jobs.with_key(&key)).collect();
        let calls = rivals.iter().zip(self.turns());
        let answers = join_all(calls.map(|(rival, ledger)| ledger.insert(rival))).await;
        let (mut winners, mut told) = (Vec::new(), Vec::new());
        for (rival, answer) in rivals.iter().zip(answers) {
            match answer? {
                None => winners.push(rival),
                Some(existing) => told.push(existing),
            }
        }
        rule(winners.len() == 1, "one of many inserts with the same key wins")?;
        let others_know = told.iter().all(|existing| winners.contains(&existing));
        rule(others_know, "those that did not win are told of the one that did")?;
        let found = self.ledger.find(&self.jobs.account, &key).await?;
        rule(found.as_ref() == winners.pop(), "the insert that won is what is found")
    }

    /// The ids that a query lists.
    async fn ids(&self, query: &JobQuery) -> Checked<Vec<JobId>> {
        let listed = self.ledger.list(query).await?;
        listed.into_iter().map(|job| Ok(job?.id())).collect()
    }

    async fn jobs_are_listed_in_the_order_of_their_ids(&self) -> Checked {
        let start = self.jobs.id();
        let made: Vec<_> = (0..7).map(|_| self.jobs.job()).collect();
        // They go in from the last to the first, so that the order of writing shows nothing.
        for job in made.iter().rev() {
            self.inserted(job.clone()).await?;
        }
        let all: Vec<_> = made.iter().map(Job::id).collect();
        let after = |id| JobQuery::all().after(id);
        rule(self.ids(&after(start)).await? == all, "jobs are listed in the order of their ids")?;
        let listed = self.ids(&after(start).limit(3)).await?;
        rule(listed == all[..3], "a limit leaves the first ones")?;
        let listed = self.ids(&after(all[2]).limit(3)).await?;
        rule(listed == all[3..6], "the next page begins after the last job of the one before")?;
        rule(self.ids(&after(all[6])).await?.is_empty(), "after the last job there is none")?;
        rule(self.ids(&after(start).limit(0)).await?.is_empty(), "a limit of zero lists nothing")?;
        let everything = self.ids(&JobQuery::all()).await?;
        rule(everything.ends_with(&all), "without `after` the list begins with the first job")?;
        rule(everything.is_sorted(), "jobs are listed in the order of their ids")?;
        let once: BTreeSet<_> = everything.iter().collect();
        rule(once.len() == everything.len(), "each job is listed once")?;
        let job = made.first().map(|job| self.jobs.after(job, sending()));
        let Some(job) = job else { return Ok(()) };
        rule(self.ledger.store(&job).await?, "the next revision is stored")?;
        let listed = self.ledger.list(&after(start).limit(1)).await?;
        let listed: Vec<_> = listed.into_iter().flatten().collect();
        rule(listed == [job], "jobs are listed as they were stored")
    }

    async fn jobs_are_listed_by_stage(&self) -> Checked {
        let start = self.jobs.id();
        let mut jobs = Vec::new();
        // One job for each stage on the way to a video: each goes one outcome further.
        for far in 0..=outcomes().len() {
            let mut job = self.inserted(self.jobs.job()).await?;
            for outcome in outcomes().into_iter().take(far) {
                job = self.jobs.after(&job, outcome);
                rule(self.ledger.store(&job).await?, "the next revision is stored")?;
            }
            jobs.push(job);
        }
        let at = |stages: &[Stage]| -> Vec<_> {
            jobs.iter().filter(|job| stages.contains(&job.stage())).map(Job::id).collect()
        };
        let pairs = Stage::ALL.windows(2).map(<[Stage]>::to_vec);
        for stages in Stage::ALL.map(|stage| vec![stage]).into_iter().chain(pairs) {
            let listed = self.ids(&JobQuery::at(stages.clone()).after(start)).await?;
            rule(listed == at(&stages), "jobs are listed by the stage that they are at now")?;
            let listed = self.ids(&JobQuery::at(stages.clone()).after(start).limit(1)).await?;
            rule(at(&stages).starts_with(&listed), "a limit counts what the filter leaves")?;
            let is_full = listed.len() == at(&stages).len().min(1);
            rule(is_full, "a limit counts what the filter leaves")?;
        }
        Ok(())
    }
    async fn jobs_are_listed_by_account(&self) -> Checked {
        let start = self.jobs.id();
        let [mine, other] =
            ["mine", "other"].map(|name| account(ProviderId::Creatify, name, "http://127.0.0.1"));
        let mut jobs = Vec::new();
        for account in [&mine, &other, &mine, &other, &mine] {
            jobs.push(self.inserted(self.jobs.with(account, None)).await?.id());
        }
        let all = JobQuery::all().of(&mine);
        for (query, expected) in [
            (all.clone(), vec![jobs[0], jobs[2], jobs[4]]),
            (all.clone().limit(2), vec![jobs[0], jobs[2]]),
            (all.after(jobs[0]), vec![jobs[2], jobs[4]]),
            (JobQuery::at([Stage::Ready]).of(&other).after(start), vec![jobs[1], jobs[3]]),
            (JobQuery::at([Stage::Done]).of(&other), vec![]),
        ] {
            let listed = self.ids(&query).await?;
            rule(listed == expected, "jobs are listed by their account")?;
        }
        Ok(())
    }
}
