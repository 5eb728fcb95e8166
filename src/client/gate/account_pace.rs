//! The pace of an account: pauses, calls a minute and slots, shared by processes through the
//! ledger.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::ErrorKind;
use crate::job::{JobId, SubmitOutcome};
use crate::model::Timestamp;
use crate::policy::growing_pause;

/// The time in which calls are counted where a provider limits them.
const WINDOW: Duration = Duration::from_secs(60);

/// By how much a call may arrive earlier than another one of the same pace.
const MARGIN: Duration = Duration::from_secs(1);

/// For how long a number of slots is believed before the provider is asked for it again, or
/// refusals teach it again.
const SLOTS_HOLD: Duration = Duration::from_secs(10 * 60);
const LEARNT_HOLD: Duration = Duration::from_secs(6 * 60 * 60);

/// How soon a refusal for want of a slot may be followed by another while the number is learnt.
const ONE_REFUSAL_IN: Duration = Duration::from_secs(60);

/// No call is on its way for longer: an entry that says so was written by a clock that was ahead.
const LONGEST_TRY: Duration = Duration::from_secs(24 * 60 * 60);

/// How soon to look again whether a slot is free: another process may have given one back.
const SLOT_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The pace of an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AccountPace {
    /// Nothing is sent before, and since when that is so.
    paused_until: Timestamp,
    paused_at: Timestamp,
    /// How many calls were refused for want of room, one after the other.
    refusals: u32,
    /// How many jobs the provider works on at a time, how that is known, and since when.
    slots: Option<u32>,
    is_learnt: bool,
    slots_at: Timestamp,
    /// When the calls of the last minute were made, where those are limited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<Timestamp>,
    /// While the number of slots is not known, one call at a time is under way: this job's, until
    /// then at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    trying: Option<(JobId, Timestamp)>,
}

/// A call that asks for its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) job: JobId,
    /// Whether it takes a slot, and for how long its call may be on its way.
    pub(super) takes_slot: bool,
    pub(super) settle: Duration,
    /// How many calls a minute may see, where that is limited.
    pub(super) per_minute: Option<u32>,
    /// How many slots are taken.
    pub(super) taken: u32,
}

impl AccountPace {
    /// Whether the provider is to be asked how many slots there are: not before a second job wants
    /// one, nor soon after it was asked.
    pub(super) fn asks_for_slots(&self, taken: u32, now: Timestamp) -> bool {
        let hold = if self.is_learnt { LEARNT_HOLD } else { SLOTS_HOLD };
        let is_told = self.slots_at <= now && now.since(self.slots_at) < hold;
        taken > 0 && !is_told
    }

    /// What the provider says of its slots; nothing where it does not say.
    pub(super) fn learn_slots(&mut self, slots: Option<u32>, now: Timestamp) {
        (self.slots, self.is_learnt, self.slots_at) = (slots, false, now);
    }

    pub(super) fn slots(&self) -> Option<u32> {
        self.slots
    }

    /// Whether a call may be made now, or when to ask again. One that may has its place from then
    /// on.
    pub(super) fn take(&mut self, asking: Asking, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.paused_at {
            // It was set by a clock that was ahead.
            (self.paused_until, self.paused_at) = (now, now);
        }
        if now < self.paused_until {
            return Err(self.paused_until);
        }
        self.sent.retain(|sent| now < *sent + WINDOW + MARGIN && *sent <= now + WINDOW);
        let oldest = self.sent.iter().min().copied().unwrap_or(now);
        if asking.per_minute.is_some_and(|most| self.sent.len() >= most.max(1) as usize) {
            return Err(oldest + WINDOW + MARGIN);
        }
        if asking.takes_slot {
            match (self.slots, self.trying) {
                (Some(slots), _) if asking.taken >= slots => return Err(now + SLOT_AGAIN_AFTER),
                (Some(_), _) => {}
                // With nothing else under way there is nothing to learn from a refusal.
                (None, _) if asking.taken == 0 => {}
                (None, Some((job, until)))
                    if job != asking.job && now < until && until < now + LONGEST_TRY =>
                {
                    return Err(until.min(now + SLOT_AGAIN_AFTER));
                }
                (None, _) => self.trying = Some((asking.job, now + asking.settle)),
            }
        }
        if asking.per_minute.is_some() {
            self.sent.push(now);
        }
        Ok(())
    }

    /// What a call came to: an account that has no room makes all of its jobs wait. `taken` is how
    /// many slots other jobs take.
    pub(super) fn came_to(
        &mut self,
        job: JobId,
        outcome: &SubmitOutcome,
        asked: Option<Duration>,
        taken: u32,
        random: f64,
        now: Timestamp,
    ) {
        if self.trying.is_some_and(|(trying, _)| trying == job) {
            self.trying = None;
        }
        let kind = match outcome {
            SubmitOutcome::Accepted { .. } => {
                self.refusals = 0;
                return;
            }
            SubmitOutcome::Rejected { reason, .. } => reason.kind,
            SubmitOutcome::Unknown { .. } => return,
        };
        let is_full = kind == ErrorKind::NoSlot;
        if !is_full && kind != ErrorKind::RateLimited {
            return;
        }
        self.refusals = self.refusals.saturating_add(1);
        let mut pause = growing_pause(self.refusals, random).max(asked.unwrap_or_default());
        if is_full && taken > 0 {
            // So many and no more: other programs that use the account take the other slots.
            let slots = self.slots.map_or(taken, |slots| slots.min(taken));
            (self.slots, self.is_learnt, self.slots_at) = (Some(slots), true, now);
            pause = pause.max(ONE_REFUSAL_IN);
        }
        self.paused_until = self.paused_until.max(now + pause);
        self.paused_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::job::Reason;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000) + Duration::from_secs(secs)
    }

    fn asking(taken: u32, per_minute: Option<u32>) -> Asking {
        let (job, settle) = (JobId::new(&SystemClock), Duration::from_secs(60));
        Asking { job, takes_slot: true, settle, per_minute, taken }
    }

    fn refused(kind: ErrorKind) -> SubmitOutcome {
        SubmitOutcome::Rejected { reason: Reason::new(kind, "no"), again_after: None }
    }

    fn accepted() -> SubmitOutcome {
        let (resource, offers) = ("t".to_owned(), Vec::new());
        SubmitOutcome::Accepted { resource, poll_after: None, offers }
    }

    #[test]
    fn no_minute_sees_more_calls_than_the_provider_allows() {
        let mut pace = AccountPace { slots: Some(1000), ..AccountPace::default() };
        let mut sent = Vec::new();
        let mut now = at(0);
        while now < at(600) {
            match pace.take(asking(0, Some(20)), now) {
                Ok(()) => sent.push(now),
                Err(until) => now = until,
            }
        }
        let in_minute =
            |from: Timestamp| sent.iter().filter(|at| from <= **at && **at < from + WINDOW).count();
        assert!(sent.iter().all(|from| in_minute(*from) <= 20));
        assert!(sent.len() >= 190, "{}", sent.len());
    }

    #[test]
    fn while_the_slots_are_not_known_one_call_is_under_way() {
        let mut pace = AccountPace::default();
        let (first, second) = (asking(1, None), asking(1, None));
        assert_eq!(pace.take(first, at(0)), Ok(()));
        assert!(pace.take(second, at(1)).is_err());
        pace.came_to(first.job, &accepted(), None, 1, 0.5, at(2));
        assert_eq!(pace.take(second, at(2)), Ok(()));
        // The call that tried is gone.
        assert_eq!(pace.take(asking(1, None), at(200)), Ok(()));
    }

    #[test]
    fn a_refusal_teaches_how_many_slots_there_are_and_pauses_the_account() {
        let mut pace = AccountPace::default();
        let third = asking(2, None);
        assert_eq!(pace.take(third, at(0)), Ok(()));
        pace.came_to(third.job, &refused(ErrorKind::NoSlot), None, 2, 0.5, at(1));
        assert_eq!(pace.slots(), Some(2));
        assert_eq!(pace.take(asking(1, None), at(1)), Err(at(61)), "the account waits");
        assert!(pace.take(asking(2, None), at(100)).is_err(), "all are taken");
        assert_eq!(pace.take(asking(1, None), at(100)), Ok(()));
    }

    #[test]
    fn too_fast_pauses_for_as_long_as_is_asked_and_ever_longer() {
        let mut pace = AccountPace::default();
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let call = asking(0, None);
            assert_eq!(pace.take(call, now), Ok(()));
            let zero = Some(Duration::ZERO);
            pace.came_to(call.job, &refused(ErrorKind::RateLimited), zero, 0, 0.0, now);
            let until = pace.take(asking(0, None), now).unwrap_err();
            pauses.push(until.since(now).as_secs());
            now = until;
        }
        assert_eq!(pace.slots(), None, "it says nothing of slots");
        assert!(pauses[0] >= 2 && pauses.windows(2).all(|two| two[0] <= two[1]), "{pauses:?}");
        let call = asking(0, None);
        assert_eq!(pace.take(call, now), Ok(()));
        let hour = Some(Duration::from_secs(3600));
        pace.came_to(call.job, &refused(ErrorKind::RateLimited), hour, 0, 0.0, now);
        assert_eq!(pace.take(asking(0, None), now), Err(now + Duration::from_secs(3600)));
    }

    #[test]
    fn what_a_clock_that_was_ahead_has_set_holds_nobody_back() {
        let mut pace = AccountPace::default();
        let (ahead, now) = (at(30 * 24 * 3_600), at(0));
        let call = asking(2, None);
        assert_eq!(pace.take(call, ahead), Ok(()));
        pace.came_to(call.job, &refused(ErrorKind::NoSlot), None, 2, 0.5, ahead);
        assert!(pace.take(asking(1, None), ahead).is_err());
        assert!(pace.asks_for_slots(1, now), "what was learnt then is learnt anew");
        assert_eq!(pace.take(asking(1, None), now), Ok(()));
        pace.came_to(call.job, &refused(ErrorKind::RateLimited), None, 1, 0.5, now);
        assert!(pace.take(asking(1, None), now).unwrap_err() < at(60));
    }

    #[test]
    fn what_another_version_has_stored_is_read_as_far_as_it_goes() {
        let pace: AccountPace = serde_json::from_str(r#"{"refusals":3,"more":1}"#).unwrap();
        assert_eq!(pace.refusals, 3);
    }
}
