//! A part of a long list, for answers that have to stay short.

use serde_json::{Map, Value};

/// The longest part, which is also the usual one.
const MOST: usize = 1_000;

/// The newest of what came before a place in a list.
pub(super) struct Part {
    before: u64,
    most: usize,
}

impl Part {
    /// What a query says of it.
    pub(super) const NAMES: [&str; 2] = ["before", "limit"];

    /// Reads a query.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn read(query: &Map<String, Value>) -> Result<Self, String> {
        let number = |name: &str| query.get(name).and_then(Value::as_str).map(str::parse::<u64>);
        let before = match number("before") {
            Some(Err(_)) => return Err("before must be a number that an answer gave".to_owned()),
            Some(Ok(before)) => before,
            None => u64::MAX,
        };
        let most = match number("limit") {
            None => MOST,
            Some(limit) => limit
                .ok()
                .and_then(|limit| usize::try_from(limit).ok())
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or_else(|| format!("limit must be from 1 to {MOST}"))?,
        };
        Ok(Self { before, most })
    }

    /// The part of a list, the oldest first, and before which number there are older ones. The
    /// list comes with its numbers, the newest first.
    pub(super) fn of<T>(
        &self,
        newest_first: impl Iterator<Item = (u64, T)>,
    ) -> (Vec<T>, Option<u64>) {
        let mut left = newest_first.skip_while(|(number, _)| *number >= self.before);
        let mut part: Vec<_> = left.by_ref().take(self.most).collect();
        let oldest = part.last().map(|(number, _)| *number);
        part.reverse();
        (part.into_iter().map(|(_, item)| item).collect(), oldest.filter(|_| left.next().is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::body::parse_form;

    fn part(query: &str) -> Result<(Vec<u64>, Option<u64>), String> {
        let newest_first = (5..=9).rev().map(|number| (number, number * 10));
        Ok(Part::read(&parse_form(query.as_bytes()))?.of(newest_first))
    }

    #[test]
    fn the_parts_of_a_list_are_the_list() {
        assert_eq!(part(""), Ok((vec![50, 60, 70, 80, 90], None)));
        assert_eq!(part("limit=2"), Ok((vec![80, 90], Some(8))));
        assert_eq!(part("limit=2&before=8"), Ok((vec![60, 70], Some(6))));
        assert_eq!(part("limit=2&before=6"), Ok((vec![50], None)));
        assert_eq!(part("limit=5&before=10"), Ok((vec![50, 60, 70, 80, 90], None)));
        assert_eq!(part("before=5"), Ok((vec![], None)));
        for wrong in ["limit=0", "limit=1001", "limit=x", "before=-1", "before="] {
            assert!(part(wrong).is_err(), "{wrong}");
        }
    }
}
