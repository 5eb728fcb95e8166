//! How many reads an account may make, and when the next one may be made.

use std::time::Duration;

use crate::clock::{Moment, whole_millis};
use crate::policy::growing_pause;

/// How much of what a provider allows is used: others may read with the same key.
const SHARE: f64 = 0.9;

/// How many reads may follow each other at once after a rest.
const BURST: u32 = 5;

/// How long the first read after a refusal is waited for before another one is made.
const PROBED_WITHIN: Duration = Duration::from_secs(5);

/// The reads that an account may still make, for whatever they are made.
///
/// Reads are spread evenly, and no minute sees more than the share and a burst, wherever the
/// provider's minute begins: a bucket that is filled once a minute would allow twice as many.
#[derive(Debug)]
pub(super) struct Budget {
    /// How far apart reads are in the long run; nothing where there is no limit.
    interval: Duration,
    /// When the next read would be due if all were evenly spread.
    next: Moment,
    /// Nothing is read before this: the provider refused a read.
    paused_until: Moment,
    /// How many reads were refused in a row. Those that were under way together count as one.
    refusals: u32,
    /// One read tries whether reads are answered again; the others wait for that.
    probed_until: Moment,
}

impl Budget {
    /// A budget for a provider's limit, where it has one.
    pub(super) fn new(reads_per_minute: Option<u32>) -> Self {
        let interval = reads_per_minute.map_or(Duration::ZERO, |most| {
            whole_millis(Duration::from_secs(60).div_f64(f64::from(most.max(1)) * SHARE))
        });
        let long_ago = Moment::default();
        Self {
            interval,
            next: long_ago,
            paused_until: long_ago,
            refusals: 0,
            probed_until: long_ago,
        }
    }

    /// Takes one read, or says when there is one.
    pub(super) fn take(&mut self, now: Moment) -> Result<(), Moment> {
        let earliest = self.earliest();
        if now < earliest {
            return Err(earliest);
        }
        self.next = self.next.max(now) + self.interval;
        if self.refusals > 0 {
            self.probed_until = now + PROBED_WITHIN;
        }
        Ok(())
    }

    /// Takes one read that is made as soon as it may be, and says when that is.
    pub(super) fn reserve(&mut self, now: Moment) -> Moment {
        let at = self.earliest().max(now);
        self.next = self.next.max(now) + self.interval;
        at
    }

    /// A read was refused for now. None is taken for as long as the provider asks, and at least for
    /// a pause of our own, which grows with the refusals in a row.
    pub(super) fn refused(&mut self, now: Moment, asked: Option<Duration>, random: f64) {
        if now >= self.paused_until {
            self.refusals = self.refusals.saturating_add(1);
        }
        let wait = growing_pause(self.refusals, random).max(asked.unwrap_or_default());
        self.paused_until = self.paused_until.max(now + wait);
        self.probed_until = Moment::default();
    }

    /// A read was answered. One that began before the others were refused says nothing.
    pub(super) fn answered(&mut self, now: Moment) {
        if now >= self.paused_until {
            self.refusals = 0;
            self.probed_until = Moment::default();
        }
    }

    /// When the next read may be made.
    pub(super) fn earliest(&self) -> Moment {
        let rested = self.paused_until.max(self.probed_until);
        rested.max(self.next - self.interval * (BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Moment {
        Moment::default() + Duration::from_millis(millis)
    }

    /// The milliseconds of the reads of ten minutes in which there is always something to read.
    fn reads(budget: &mut Budget) -> Vec<u128> {
        let begun = at(1_000_000);
        let mut now = begun;
        let mut reads = Vec::new();
        while now < begun + SECOND * 600 {
            match budget.take(now) {
                Ok(()) => reads.push(now.since(begun).as_millis()),
                Err(until) => now = until.max(now + Duration::from_millis(1)),
            }
        }
        reads
    }

    #[test]
    fn no_minute_sees_more_reads_than_the_provider_allows() {
        let reads = reads(&mut Budget::new(Some(120)));
        let in_minute_from = |first: &u128| {
            reads.iter().filter(|read| (*first..*first + 60_000).contains(read)).count()
        };
        let most = reads.iter().map(in_minute_from).max().unwrap();
        assert!((108..=115).contains(&most), "{most} reads in a minute");
        assert!(reads.len() >= 1_080, "{} reads in ten minutes", reads.len());
    }

    #[test]
    fn what_is_reserved_comes_at_once_or_as_soon_as_it_may() {
        let mut budget = Budget::new(Some(60));
        let waits = [(); 7].map(|()| budget.reserve(at(5_000)).since(at(5_000)).as_millis());
        assert_eq!(waits, [0, 0, 0, 0, 0, 1112, 2224]);
    }

    #[test]
    fn a_pause_holds_for_every_read_and_is_the_larger_of_what_is_asked_and_our_own() {
        let mut budget = Budget::new(None);
        assert_eq!(budget.take(at(0)), Ok(()));
        budget.refused(at(0), Some(SECOND * 30), 0.5);
        budget.refused(at(0), None, 0.5);
        assert_eq!(budget.take(at(29_999)), Err(at(30_000)));
        assert_eq!(budget.take(at(30_000)), Ok(()));
        budget.refused(at(30_000), Some(Duration::from_millis(1)), 0.5);
        assert_eq!(budget.take(at(30_002)), Err(at(33_000)), "the second in a row");
    }

    #[test]
    fn after_a_refusal_one_read_tries_whether_others_may_follow() {
        let mut budget = Budget::new(None);
        budget.refused(at(0), None, 1.0);
        assert_eq!(budget.take(at(2_000)), Ok(()));
        assert_eq!(budget.take(at(2_001)), Err(at(7_000)));
        budget.answered(at(2_100));
        assert_eq!(budget.take(at(2_100)), Ok(()));
        assert_eq!(budget.take(at(2_100)), Ok(()));
    }

    #[test]
    fn our_own_pause_grows_with_refusals_in_a_row_until_a_read_is_answered() {
        let mut budget = Budget::new(None);
        let mut now = at(0);
        let mut pause = |budget: &mut Budget| {
            // Four were under way together.
            (0..4).for_each(|_| budget.refused(now, None, 1.0));
            budget.answered(now);
            let wait = budget.earliest().since(now);
            now = now + wait;
            wait.as_secs()
        };
        let pauses = [(); 7].map(|()| pause(&mut budget));
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
        budget.answered(budget.earliest());
        assert_eq!(pause(&mut budget), 2);
    }
}
