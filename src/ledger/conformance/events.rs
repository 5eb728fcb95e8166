//! What an [`EventLog`] has to do. It is checked with the ledger that has one.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::jobs::{Jobs, account};
use super::{Checked, RIVALS, rule};
use crate::error::Result;
use crate::ledger::{EventLog, LoggedEvent, NewEvent};
use crate::model::{ProviderId, Timestamp};

/// Two logs of one place, or the same one twice.
struct Suite<'a> {
    jobs: &'a Jobs,
    log: &'a dyn EventLog,
    other: &'a dyn EventLog,
}

pub(super) async fn check(jobs: &Jobs, log: &dyn EventLog, other: &dyn EventLog) -> Checked {
    let suite = Suite { jobs, log, other };
    suite.drained().await?;
    suite.an_event_is_noted_once().await?;
    suite.an_event_comes_back_as_it_was().await?;
    suite.events_are_seen_in_the_order_of_their_numbers().await?;
    suite.an_event_is_claimed_by_one_at_a_time().await?;
    suite.many_claim_different_events().await?;
    suite.many_note_the_same_event_once().await?;
    suite.a_claim_that_ran_out_gives_nothing_back().await?;
    suite.a_lease_has_one_holder().await
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000)
}

impl Suite<'_> {
    /// An event of a resource that nothing is known of.
    fn event(&self, outcome: &str) -> NewEvent {
        let resource = format!("task_{}", self.jobs.id());
        NewEvent::new(&self.jobs.account, resource, outcome, now())
            .told_as("task.succeeded", Some("evt_1".to_owned()))
    }

    async fn noted(&self, event: NewEvent) -> Checked<NewEvent> {
        rule(self.log.note(&event).await?, "a new event is noted")?;
        Ok(event)
    }

    async fn found(&self, event: &NewEvent) -> Checked<Vec<LoggedEvent>> {
        Ok(self.other.find(&event.account, &event.resource).await?)
    }

    async fn claim(&self, at: Timestamp) -> Result<Option<LoggedEvent>> {
        self.log.claim("somebody", at, at + secs(60)).await
    }

    /// Takes whatever an earlier run has left, so that nothing can be claimed.
    async fn drained(&self) -> Checked {
        let end = Timestamp::from_millis(i64::MAX / 2);
        while let Some(left) = self.claim(end).await? {
            self.log.acknowledge(left.number).await?;
        }
        Ok(())
    }

    async fn an_event_is_noted_once(&self) -> Checked {
        let event = self.noted(self.event("succeeded")).await?;
        let renamed = event.clone().told_as("generated_video_success", Some("evt_2".to_owned()));
        let again = self.other.note(&renamed).await?;
        rule(!again, "an event is known by its account, resource and outcome")?;
        let found = self.found(&event).await?;
        let is_first = found.len() == 1 && found[0].event == event;
        rule(is_first, "an event that is known is not changed by its next delivery")?;
        let mut elsewhere = event.clone();
        elsewhere.outcome = "failed".to_owned();
        self.noted(elsewhere).await?;
        let mine = &self.jobs.account;
        for account in [
            account(ProviderId::Creatify, &mine.name, &mine.realm),
            account(mine.provider, "another", &mine.realm),
            account(mine.provider, &mine.name, "https://api.jogg.ai"),
        ] {
            let mut elsewhere = event.clone();
            elsewhere.account = account;
            self.noted(elsewhere).await?;
        }
        let outcomes: Vec<_> =
            self.found(&event).await?.into_iter().map(|found| found.event.outcome).collect();
        let both = outcomes == ["succeeded", "failed"];
        rule(both, "the events of a resource are found in the order of their numbers")?;
        self.drained().await
    }

    async fn an_event_comes_back_as_it_was(&self) -> Checked {
        let mut event = self.event("it's \"over\" \u{1f9c0}");
        event.delivery = None;
        let event = self.noted(event).await?;
        let fresh = |found: &LoggedEvent| {
            found.event == event && found.claims == 0 && !found.is_acknowledged
        };
        let found = self.found(&event).await?;
        rule(found.len() == 1 && fresh(&found[0]), "an event is found as it was noted")?;
        let unknown = self.log.find(&event.account, "task_unknown").await?;
        rule(unknown.is_empty(), "an unknown resource has no events")?;
        let claimed = self.claim(now()).await?;
        let is_counted = claimed.is_some_and(|claimed| claimed.claims == 1);
        rule(is_counted, "a claim counts itself")?;
        self.drained().await
    }

    async fn events_are_seen_in_the_order_of_their_numbers(&self) -> Checked {
        let before = self.log.newest().await?;
        let mut noted = Vec::new();
        for _ in 0..5 {
            noted.push(self.noted(self.event("succeeded")).await?);
        }
        let told = self.other.since(before, 100).await?;
        let events: Vec<_> = told.iter().map(|told| told.event.clone()).collect();
        rule(events == noted, "the events since a number are told in order")?;
        let rise = told.windows(2).all(|pair| pair[0].number < pair[1].number);
        rule(rise && told.iter().all(|told| told.number > before), "numbers rise")?;
        let newest = self.other.newest().await?;
        rule(told.last().is_some_and(|last| last.number == newest), "the newest is the last")?;
        let first = self.log.since(before, 2).await?;
        rule(first == told[..2], "a limit leaves the first ones")?;
        let rest = self.log.since(told[1].number, 100).await?;
        rule(rest == told[2..], "the next page begins after the last event of the one before")?;
        rule(self.log.since(newest, 100).await?.is_empty(), "after the newest there is none")?;
        self.drained().await
    }

    async fn an_event_is_claimed_by_one_at_a_time(&self) -> Checked {
        let event = self.noted(self.event("succeeded")).await?;
        let early = self.claim(now() - secs(1)).await?;
        rule(early.is_none(), "nothing is claimed before it was noted")?;
        let Some(claimed) = self.claim(now()).await? else {
            return rule(false, "an event is claimed once it was noted");
        };
        rule(claimed.event == event, "what is claimed is what was noted")?;
        let taken = self.other.claim("another", now() + secs(59), now() + secs(99)).await?;
        rule(taken.is_none(), "a claimed event is nobody else's")?;
        let again = self.other.claim("another", now() + secs(60), now() + secs(120)).await?;
        let is_it = again.is_some_and(|again| again.number == claimed.number && again.claims == 2);
        rule(is_it, "an event can be claimed again when its claim has run out")?;
        rule(self.log.acknowledge(claimed.number).await?, "an acknowledgement is news once")?;
        rule(!self.other.acknowledge(claimed.number).await?, "an acknowledgement is news once")?;
        let gone = self.claim(now() + secs(100_000)).await?;
        rule(gone.is_none(), "an acknowledged event is never claimed")?;
        let kept = self.found(&event).await?;
        let is_kept = kept.len() == 1 && kept[0].is_acknowledged;
        rule(is_kept, "an acknowledged event stays, and is told as that")?;
        rule(!self.log.note(&event).await?, "an acknowledged event stays known")?;
        rule(!self.log.acknowledge(u64::MAX >> 1).await?, "an unknown number is no news")
    }

    async fn many_claim_different_events(&self) -> Checked {
        for _ in 0..RIVALS {
            self.noted(self.event("succeeded")).await?;
        }
        let holders: Vec<_> = (0..RIVALS).map(|index| format!("worker {index}")).collect();
        let logs = [self.log, self.other].into_iter().cycle();
        let claims = holders.iter().zip(logs);
        let claims = claims.map(|(holder, log)| log.claim(holder, now(), now() + secs(60)));
        let mut numbers = BTreeSet::new();
        for claimed in join_all(claims).await {
            let Some(claimed) = claimed? else {
                return rule(false, "who claims gets an event while there is one");
            };
            rule(numbers.insert(claimed.number), "an event is claimed by one at a time")?;
        }
        rule(self.claim(now()).await?.is_none(), "what all have claimed nobody gets")?;
        self.drained().await
    }

    async fn many_note_the_same_event_once(&self) -> Checked {
        let event = self.event("succeeded");
        let logs = [self.log, self.other].into_iter().cycle().take(RIVALS);
        let mut news = 0;
        for is_new in join_all(logs.map(|log| log.note(&event))).await {
            news += usize::from(is_new?);
        }
        rule(news == 1, "one of many that note the same event is told that it is new")?;
        rule(self.found(&event).await?.len() == 1, "the same event stands in the log once")?;
        self.drained().await
    }

    async fn a_claim_that_ran_out_gives_nothing_back(&self) -> Checked {
        self.noted(self.event("succeeded")).await?;
        let Some(first) = self.log.claim("first", now(), now() + secs(60)).await? else {
            return rule(false, "an event is claimed once it was noted");
        };
        let later = now() + secs(300);
        rule(self.log.put_off(first.number, "first", later).await?, "a claim can be put off")?;
        let early = self.claim(later - secs(1)).await?;
        rule(early.is_none(), "an event that was put off is not claimed before")?;
        let second = self.other.claim("second", later, later + secs(60)).await?;
        rule(second.is_some(), "an event that was put off is claimed again")?;
        let stale = self.log.put_off(first.number, "first", now()).await?;
        rule(!stale, "who no longer holds a claim cannot put it off")?;
        let taken = self.claim(later).await?;
        rule(taken.is_none(), "who no longer holds a claim gives nothing back")?;
        self.log.acknowledge(first.number).await?;
        let over = self.other.put_off(first.number, "second", later).await?;
        rule(!over, "an acknowledged event is not put off")?;
        self.drained().await
    }

    async fn a_lease_has_one_holder(&self) -> Checked {
        let name = format!("lease {}", self.jobs.id());
        let until = now() + secs(60);
        let holders: Vec<_> = (0..RIVALS).map(|index| format!("replica {index}")).collect();
        let logs = [self.log, self.other].into_iter().cycle();
        let calls = holders.iter().zip(logs);
        let calls = calls.map(|(holder, log)| log.lease(&name, holder, now(), until));
        let mut got = Vec::new();
        for (holder, answer) in holders.iter().zip(join_all(calls).await) {
            if answer? {
                got.push(holder);
            }
        }
        rule(got.len() == 1, "one of many gets a lease")?;
        let Some(holder) = got.pop() else { return Ok(()) };
        let renewed = self.other.lease(&name, holder, now() + secs(30), until + secs(30)).await?;
        rule(renewed, "the holder renews his lease")?;
        let early = self.log.lease(&name, "late", until, until + secs(60)).await?;
        rule(!early, "a renewed lease holds for longer")?;
        self.log.release(&name, "late").await?;
        let early = self.log.lease(&name, "late", until, until + secs(60)).await?;
        rule(!early, "only its holder gives a lease back")?;
        let end = until + secs(30);
        rule(self.log.lease(&name, "late", end, end + secs(60)).await?, "a lease runs out")?;
        self.other.release(&name, "late").await?;
        let free = self.log.lease(&name, "next", end, end + secs(60)).await?;
        rule(free, "a lease that was given back is free")?;
        self.log.release(&name, "next").await?;
        Ok(())
    }
}
