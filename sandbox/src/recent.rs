//! A list of the newest 10,000 items, each under the number that it had when it came.

use std::collections::VecDeque;

/// How many are kept; the oldest go first.
pub(super) const MOST: usize = 10_000;

pub(super) struct Recent<T> {
    /// How many older ones were dropped.
    dropped: u64,
    kept: VecDeque<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { dropped: 0, kept: VecDeque::new() }
    }
}

impl<T> Recent<T> {
    /// The number of what comes next, counted from 0.
    pub(super) fn next_number(&self) -> u64 {
        self.dropped + self.kept.len() as u64
    }

    /// Keeps one more, and gives back what has to go for it.
    pub(super) fn push(&mut self, item: T) -> Option<T> {
        let oldest = if self.kept.len() == MOST { self.kept.pop_front() } else { None };
        self.dropped += u64::from(oldest.is_some());
        self.kept.push_back(item);
        oldest
    }

    /// What came under a number, if it is still kept.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number)?;
        self.kept.get_mut(place)
    }

    /// What came under a number and all that came later, the oldest first; nothing where it is no
    /// longer kept.
    pub(super) fn since(&self, number: u64) -> impl Iterator<Item = &T> {
        let place = self.place(number).unwrap_or(self.kept.len());
        self.kept.iter().skip(place)
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.kept.iter()
    }

    /// The same with their numbers.
    pub(super) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let numbered = |(place, item)| (self.dropped + place as u64, item);
        self.kept.iter().enumerate().map(numbered)
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.dropped)?).ok()
    }
}
