//! A map that is bounded in items and bytes: the oldest items go for new ones, so that no number of
//! requests takes more memory.

use std::collections::{BTreeMap, HashMap};

use super::recent::MOST;

/// How many bytes are kept of them all together.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What one takes beside what it holds, about.
const OWN_BYTES: usize = 200;

pub(super) struct BoundedMap<T> {
    items: HashMap<String, Item<T>>,
    /// The keys in the order in which they came.
    keys: BTreeMap<u64, String>,
    came: u64,
    bytes: usize,
}

struct Item<T> {
    number: u64,
    bytes: usize,
    item: T,
}

impl<T> Default for BoundedMap<T> {
    fn default() -> Self {
        Self { items: HashMap::new(), keys: BTreeMap::new(), came: 0, bytes: 0 }
    }
}

impl<T> BoundedMap<T> {
    /// Keeps one more, which holds so many bytes; the oldest go for it.
    pub(super) fn put(&mut self, key: String, item: T, bytes: usize) {
        self.remove(&key);
        let bytes = bytes + key.len() + OWN_BYTES;
        let number = self.came;
        self.came += 1;
        self.bytes += bytes;
        self.keys.insert(number, key.clone());
        self.items.insert(key, Item { number, bytes, item });
        // The last one stays, whatever it takes: each has limits of its own.
        while self.items.len() > 1 && (self.items.len() > MOST || self.bytes > MOST_BYTES) {
            let Some((_, oldest)) = self.keys.first_key_value() else { return };
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<T> {
        let Item { number, bytes, item } = self.items.remove(key)?;
        self.keys.remove(&number);
        self.bytes -= bytes;
        Some(item)
    }

    pub(super) fn get(&self, key: &str) -> Option<&T> {
        self.items.get(key).map(|known| &known.item)
    }

    /// What is changed by this should hold no more than before.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.items.get_mut(key).map(|known| &mut known.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_by_number_and_by_bytes() {
        let mut kept = BoundedMap::default();
        for number in 0..MOST + 5 {
            kept.put(number.to_string(), number, 10);
        }
        assert_eq!((kept.get("4"), kept.get("5")), (None, Some(&5)));
        kept.put("5".to_owned(), 50, 10);
        kept.put("new".to_owned(), 0, 10);
        assert_eq!((kept.get("5"), kept.get("6")), (Some(&50), None), "it came again");
        for large in ["a", "b", "c"] {
            kept.put(large.to_owned(), 1, MOST_BYTES / 2 - 1_000);
        }
        assert_eq!(
            ["new", "a", "b", "c"].map(|key| kept.get(key).is_some()),
            [false, false, true, true]
        );
        kept.put("d".to_owned(), 1, MOST_BYTES * 2);
        assert_eq!((kept.items.len(), kept.get("d")), (1, Some(&1)));
        assert_eq!(kept.remove("d"), Some(1));
        assert_eq!((kept.items.len(), kept.keys.len(), kept.bytes), (0, 0, 0));
    }
}
