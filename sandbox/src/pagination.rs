//! Pagination of the control API: a window of a long list, so that answers stay short.

use serde::Serialize;
use serde_json::{Map, Value};

/// How many items a window has at the most, and by default.
const MOST: usize = 1_000;

/// How many bytes of JSON a window has at the most, unless it is a single item.
const MOST_BYTES: usize = 4_000_000;

/// The newest items before a place in a list.
pub(super) struct Window {
    before: u64,
    most: usize,
}

impl Window {
    /// The parameters of a query that set it.
    pub(super) const NAMES: [&str; 2] = ["before", "limit"];

    /// The newest.
    pub(super) fn newest() -> Self {
        Self { before: u64::MAX, most: MOST }
    }

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

    /// The window of a list, the oldest first, and before which number there are older ones. The
    /// list comes with its numbers, the newest first.
    pub(super) fn of<T: Serialize>(
        &self,
        newest_first: impl Iterator<Item = (u64, T)>,
    ) -> (Vec<T>, Option<u64>) {
        let (mut window, mut bytes, mut oldest, mut next) = (Vec::new(), 0, None, None);
        for (number, item) in newest_first.skip_while(|(number, _)| *number >= self.before) {
            bytes += serde_json::to_vec(&item).map_or(0, |json| json.len());
            if window.len() == self.most || (bytes > MOST_BYTES && !window.is_empty()) {
                next = oldest;
                break;
            }
            oldest = Some(number);
            window.push(item);
        }
        window.reverse();
        (window, next)
    }

    /// The same of a whole list, the oldest first, whose numbers are its places.
    pub(super) fn of_list<T: Serialize>(&self, list: Vec<T>) -> (Vec<T>, Option<u64>) {
        self.of(list.into_iter().enumerate().rev().map(|(place, item)| (place as u64, item)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::parse_form;

    fn window(query: &str) -> Result<(Vec<u64>, Option<u64>), String> {
        let newest_first = (5..=9).rev().map(|number| (number, number * 10));
        Ok(Window::read(&parse_form(query.as_bytes()))?.of(newest_first))
    }

    #[test]
    fn the_parts_of_a_list_are_the_list() {
        assert_eq!(window(""), Ok((vec![50, 60, 70, 80, 90], None)));
        assert_eq!(window("limit=2"), Ok((vec![80, 90], Some(8))));
        assert_eq!(window("limit=2&before=8"), Ok((vec![60, 70], Some(6))));
        assert_eq!(window("limit=2&before=6"), Ok((vec![50], None)));
        assert_eq!(window("limit=5&before=10"), Ok((vec![50, 60, 70, 80, 90], None)));
        assert_eq!(window("before=5"), Ok((vec![], None)));
        for wrong in ["limit=0", "limit=1001", "limit=x", "before=-1", "before="] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_part_is_short_whatever_is_in_it() {
        let long = |length: usize| vec!["\u{1f600}".repeat(length / 4); 9];
        let of = |length: usize, query: &str| {
            let (window, next) =
                Window::read(&parse_form(query.as_bytes())).unwrap().of_list(long(length));
            (window.len(), next)
        };
        assert_eq!(of(1_000_000, ""), (3, Some(6)));
        assert_eq!(of(1_000_000, "before=3"), (3, None));
        assert_eq!(of(9_000_000, "before=6"), (1, Some(5)), "one is always shown");
        assert_eq!(of(1_000, ""), (9, None));
    }
}
