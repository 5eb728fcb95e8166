//! What the server of faulted downloads counts.

use std::collections::BTreeMap;
use std::fmt;

use crate::script::Fault;

/// How many came whole, and how many were refused.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    whole: usize,
    refused: usize,
}

impl Count {
    fn of(is_whole: bool) -> Self {
        Self { whole: usize::from(is_whole), refused: usize::from(!is_whole) }
    }

    fn add(&mut self, other: Self) {
        self.whole += other.whole;
        self.refused += other.refused;
    }
}

/// What came of downloads, in all and of those that met a fault.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    files: Count,
    streams: Count,
    requests: usize,
    faults: BTreeMap<Fault, Count>,
}

impl Tally {
    /// Of one download, and what each of its answers was.
    pub(crate) fn of(is_stream: bool, is_whole: bool, met: &[Option<Fault>]) -> Self {
        let mut tally = Self { requests: met.len(), ..Self::default() };
        let all = if is_stream { &mut tally.streams } else { &mut tally.files };
        *all = Count::of(is_whole);
        let faults = met.iter().flatten();
        tally.faults = faults.map(|fault| (*fault, Count::of(is_whole))).collect();
        tally
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.files.add(other.files);
        self.streams.add(other.streams);
        self.requests += other.requests;
        for (fault, count) in other.faults {
            self.faults.entry(fault).or_default().add(count);
        }
    }

    pub(crate) fn whole(&self, is_stream: bool) -> usize {
        if is_stream { self.streams.whole } else { self.files.whole }
    }

    pub(crate) fn refused(&self, is_stream: bool) -> usize {
        if is_stream { self.streams.refused } else { self.files.refused }
    }

    /// How many came whole that met a fault.
    pub(crate) fn survived(&self, fault: Fault) -> usize {
        self.faults.get(&fault).map_or(0, |count| count.whole)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |what: &str, Count { whole, refused }: &Count| {
            writeln!(f, "{what:>16}: {whole:6} whole, {refused:6} refused")
        };
        line("files", &self.files)?;
        line("streams", &self.streams)?;
        for (fault, count) in &self.faults {
            line(&format!("{fault:?}"), count)?;
        }
        write!(f, "{:>16}: {:6}", "requests", self.requests)
    }
}
