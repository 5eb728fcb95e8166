//! Jobs that are due, gates, seats and the ledger's clock.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::jobs::{account, outcomes};
use super::{Checked, RIVALS, Suite, rule};
use crate::error::ErrorKind;
use crate::job::{Job, JobId};
use crate::ledger::{DueClaim, Gate, JobQuery, Ledger};
use crate::model::{ProviderId, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);

/// How often it is asked whether a seat is free that was given back: a server hears of it late.
const ASKED: usize = 20_000;

impl<L: Ledger> Suite<'_, L> {
    async fn takes(&self, ledger: &L, claim: &DueClaim) -> Checked<Vec<JobId>> {
        let taken = ledger.claim_due(claim).await?;
        taken.into_iter().map(|job| Ok(job?.id())).collect()
    }

    pub(super) async fn what_is_due_is_taken_once(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "due", "http://127.0.0.1");
        let mut jobs = Vec::new();
        for _ in 0..5 {
            jobs.push(self.inserted(self.jobs.with(&mine, None)).await?);
        }
        let ids: Vec<_> = jobs.iter().map(Job::id).collect();
        let first = jobs[0].due_at().unwrap_or_default();
        let now = jobs[4].due_at().unwrap_or_default();
        let claim = |holder: &str, now: Timestamp, limit| {
            DueClaim::new(holder, now, now + MINUTE, limit).of([&mine])
        };
        let early = claim("one", first - MINUTE, 9);
        match self.ledger.claim_due(&early).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            taken => rule(taken?.is_empty(), "what is not due yet is not taken")?,
        }
        let told = "what is due first is taken first";
        let taken = self.ledger.claim_due(&claim("one", now, 2)).await?;
        let taken: Vec<_> = taken.into_iter().flatten().collect();
        rule(taken == jobs[..2], told)?;
        let taken = self.takes(self.other, &claim("two", now, 2)).await?;
        rule(taken == ids[2..4], "what is taken is not taken by others")?;
        let taken = self.takes(self.ledger, &claim("one", now, 1)).await?;
        rule(taken == ids[..1], "whoever has taken a job can take it for longer")?;
        let taken = self.takes(self.other, &claim("three", now, 0)).await?;
        rule(taken.is_empty(), "a limit of zero takes nothing")?;
        let taken = self.takes(self.other, &claim("three", now, 9)).await?;
        rule(taken == ids[4..], "what is taken is not taken by others")?;

        // What is stored meanwhile leaves a job taken, and moves when it is due.
        let stored = self.jobs.after(&jobs[1], outcomes().swap_remove(0));
        rule(self.other.store(&stored).await?, "the next revision is stored")?;
        let due = stored.due_at().unwrap_or_default();
        let taken = self.takes(self.other, &claim("two", now, 9)).await?;
        rule(taken == ids[2..4], "a job that is stored stays taken")?;

        self.ledger.release_due(ids[0], "two").await?;
        let taken = self.takes(self.other, &claim("four", now, 9)).await?;
        rule(taken.is_empty(), "only whoever has taken a job gives it back")?;
        self.ledger.release_due(ids[0], "one").await?;
        let taken = self.takes(self.other, &claim("four", now, 9)).await?;
        rule(taken == ids[..1], "what is given back can be taken")?;
        self.ledger.release_due(self.jobs.id(), "one").await?;

        let later = (due + Duration::from_millis(1)).max(now + MINUTE);
        let taken = self.takes(self.ledger, &claim("five", later, 9)).await?;
        let expected = [ids[0], ids[2], ids[3], ids[4], ids[1]];
        rule(taken == expected, "what was taken until now can be taken, by when it is due")?;
        self.what_is_over_is_not_due(&jobs[0], later + MINUTE).await
    }

    async fn what_is_over_is_not_due(&self, job: &Job, now: Timestamp) -> Checked {
        let mut job = job.clone();
        for outcome in outcomes() {
            job = self.jobs.after(&job, outcome);
            rule(self.ledger.store(&job).await?, "the next revision is stored")?;
        }
        let now = now + 1_000 * MINUTE;
        // Of all accounts, so that there are others.
        let everything = DueClaim::new("everything", now, now + MINUTE, u32::MAX);
        let taken = self.takes(self.ledger, &everything).await?;
        rule(!taken.contains(&job.id()), "what is over is not due")?;
        let listed = self.ledger.list(&JobQuery::all().of(job.account())).await?;
        let due = listed.into_iter().flatten().filter(|job| job.due_at().is_some());
        let is_there = due.map(|job| job.id()).all(|id| taken.contains(&id));
        rule(is_there, "jobs of all accounts are taken where none is named")
    }

    pub(super) async fn each_job_goes_to_one_of_many_who_ask(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "workers", "http://127.0.0.1");
        let mut ids = BTreeSet::new();
        let mut now = Timestamp::default();
        for _ in 0..RIVALS * 2 {
            let job = self.inserted(self.jobs.with(&mine, None)).await?;
            now = now.max(job.due_at().unwrap_or_default());
            ids.insert(job.id());
        }
        let claim = |n| DueClaim::new(format!("worker {n}"), now, now + MINUTE, 3).of([&mine]);
        let claims: Vec<_> = (0..RIVALS).map(claim).collect();
        let calls = claims.iter().zip(self.turns());
        let calls = calls.map(|(claim, ledger)| ledger.claim_due(claim));
        let mut taken = Vec::new();
        for answer in join_all(calls).await {
            let jobs = match answer {
                Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                jobs => jobs?,
            };
            rule(jobs.len() <= 3, "no more are taken than was asked for")?;
            for job in jobs {
                taken.push(job?.id());
            }
        }
        // A claim may give less than there is, because others claim at the same time.
        let rest = DueClaim::new("the last", now, now + MINUTE, u32::MAX).of([&mine]);
        taken.extend(self.takes(self.ledger, &rest).await?);
        let once: BTreeSet<_> = taken.iter().copied().collect();
        rule(once.len() == taken.len(), "each job goes to one of many who ask")?;
        rule(once == ids, "each job that is due goes to somebody")
    }

    pub(super) async fn a_gate_is_stored_by_one(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "gate", "http://127.0.0.1");
        rule(self.ledger.gate(&mine).await?.is_none(), "an account has no gate at first")?;
        let gate = |text: &str, revision| Gate::new(text, revision);
        match self.ledger.store_gate(&mine, &gate("early", 2)).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            stored => rule(!stored?, "no revision of a gate is left out")?,
        }
        rule(!self.ledger.store_gate(&mine, &gate("", 0)).await?, "a gate begins with revision 1")?;
        let first = gate("{\"slots\": 3, \"seen\": \"it's \u{1f9c0} $1\"}\n", 1);
        rule(self.ledger.store_gate(&mine, &first).await?, "the first gate is stored")?;
        rule(!self.other.store_gate(&mine, &first).await?, "a revision of a gate is stored once")?;
        let told = "a gate comes back as it was";
        rule(self.other.gate(&mine).await?.as_ref() == Some(&first), told)?;
        let rivals: Vec<_> = (0..RIVALS).map(|n| gate(&format!("rival {n}"), 2)).collect();
        let calls = rivals.iter().zip(self.turns());
        let answers = join_all(calls.map(|(gate, ledger)| ledger.store_gate(&mine, gate))).await;
        let mut winners = Vec::new();
        for (rival, answer) in rivals.iter().zip(answers) {
            if answer? {
                winners.push(rival);
            }
        }
        rule(winners.len() == 1, "one of many stores of a gate wins")?;
        let stands = self.ledger.gate(&mine).await?;
        rule(stands.as_ref() == winners.pop(), "the gate that won is what stands")?;
        for elsewhere in [
            account(ProviderId::Jogg, &mine.name, &mine.realm),
            account(mine.provider, "another gate", &mine.realm),
            account(mine.provider, &mine.name, "https://api.creatify.ai"),
        ] {
            let none = self.ledger.gate(&elsewhere).await?.is_none();
            rule(none, "each provider, account and realm has a gate of its own")?;
        }
        Ok(())
    }

    pub(super) async fn a_seat_is_seen_for_as_long_as_it_is_held(&self) -> Checked {
        let taken = (self.ledger.take_seat().await?, self.other.take_seat().await?);
        let (Some(first), Some(second)) = taken else { return Ok(()) };
        rule(first.name() != second.name(), "each seat has a name of its own")?;
        for seat in [&first, &second] {
            rule(seat.is_held().await, "a seat is held when it was taken")?;
            for ledger in [self.ledger, self.other] {
                let seen = ledger.is_seated(seat.name()).await?;
                rule(seen == Some(true), "a seat is seen for as long as it is held")?;
            }
        }
        let nobody = self.other.is_seated("nobody").await?;
        rule(nobody != Some(true), "a name that is no seat's is held by nobody")?;
        let name = first.name().to_owned();
        drop(first);
        for _ in 0..ASKED {
            if self.other.is_seated(&name).await? == Some(false) {
                let seen = self.other.is_seated(second.name()).await?;
                return rule(seen == Some(true), "a seat is seen for as long as it is held");
            }
        }
        rule(false, "a seat that was given back is seen to be free")
    }

    pub(super) async fn its_clock_is_one(&self) -> Checked {
        let mut last = None;
        for ledger in self.turns().take(RIVALS) {
            let now = ledger.now().await?;
            rule(last.is_none() || last <= Some(now), "a ledger's clock goes on, for all who ask")?;
            last = Some(now);
        }
        Ok(())
    }
}
