use std::time::Duration;

use crate::model::Timestamp;

/// How much of what a provider allows is used: others may read with the same key.
const SHARE: f64 = 0.9;

/// How many reads may follow each other at once after a rest.
const BURST: u32 = 5;

/// The reads that an account may still make, whoever makes them.
///
/// Reads are spread evenly, and no minute sees more than the share and a burst, wherever the
/// provider's minute begins: a bucket that is filled once a minute would allow twice as many.
#[derive(Debug)]
pub(super) struct Budget {
    /// How far apart reads are in the long run; nothing where there is no limit.
    interval: Duration,
    /// When the next read would be due if all were evenly spread.
    next: Timestamp,
    /// The provider asked for a rest until then.
    paused_until: Timestamp,
}

impl Budget {
    /// A budget for a provider's limit, where it has one.
    pub(super) fn new(reads_per_minute: Option<u32>) -> Self {
        let interval = reads_per_minute.map_or(Duration::ZERO, |most| {
            Duration::from_secs(60).div_f64(f64::from(most.max(1)) * SHARE)
        });
        Self { interval, next: Timestamp::default(), paused_until: Timestamp::default() }
    }

    /// Takes one read, or says when there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let earliest = self.earliest();
        if now < earliest {
            return Err(earliest);
        }
        self.next = self.next.max(now) + self.interval;
        Ok(())
    }

    /// Takes none before a time.
    pub(super) fn pause(&mut self, until: Timestamp) {
        self.paused_until = self.paused_until.max(until);
    }

    fn earliest(&self) -> Timestamp {
        self.paused_until.max(self.next - self.interval * (BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reads of ten minutes in which there is always something to read.
    fn reads(budget: &mut Budget) -> Vec<i64> {
        let end = Timestamp::from_millis(1_000_000 + 600_000);
        let mut now = Timestamp::from_millis(1_000_000);
        let mut reads = Vec::new();
        while now < end {
            match budget.take(now) {
                Ok(()) => reads.push(now.as_millis()),
                Err(until) => now = until.max(now + Duration::from_millis(1)),
            }
        }
        reads
    }

    #[test]
    fn no_minute_sees_more_reads_than_the_provider_allows() {
        let reads = reads(&mut Budget::new(Some(120)));
        let in_minute_from = |first: &i64| {
            reads.iter().filter(|read| (*first..*first + 60_000).contains(read)).count()
        };
        let most = reads.iter().map(in_minute_from).max().unwrap();
        assert!((108..=115).contains(&most), "{most} reads in a minute");
        assert!(reads.len() >= 1_080, "{} reads in ten minutes", reads.len());
    }

    #[test]
    fn a_pause_holds_for_every_read() {
        let now = Timestamp::from_millis(1_000_000);
        let mut budget = Budget::new(None);
        assert_eq!(budget.take(now), Ok(()));
        let until = now + Duration::from_secs(30);
        budget.pause(until);
        budget.pause(now);
        assert_eq!(budget.take(now), Err(until));
        assert_eq!(budget.take(until), Ok(()));
    }
}
