//! Ids that look like the providers' own and are the same in every run with the same seed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Each kind counts on its own, so that how often a client polls does not change what the next
/// job is called.
pub(super) struct Ids {
    seed: u64,
    drawn: Mutex<HashMap<&'static str, u64>>,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: Mutex::default() }
    }

    fn draw(&self, kind: &'static str) -> [u8; 32] {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(kind).or_default();
        *count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(count.to_le_bytes());
        hash.update(kind);
        hash.finalize().into()
    }

    /// The kind's first word, `_`, and 16 letters and digits, as BeatAPI names its resources.
    pub(super) fn named(&self, kind: &'static str) -> String {
        const ALPHABET: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let drawn = self.draw(kind);
        let letters = drawn[..16].iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]));
        let word = kind.split(' ').next().unwrap_or_default();
        format!("{word}_{}", letters.collect::<String>())
    }

    /// 32 hexadecimal digits.
    pub(super) fn hex(&self, kind: &'static str) -> String {
        hex(&self.draw(kind)[..16])
    }

    /// A random UUID (version 4) in form.
    pub(super) fn uuid(&self, kind: &'static str) -> String {
        let mut bytes = self.draw(kind);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex(&bytes[..16]);
        let (a, b, c, d) = (&text[..8], &text[8..12], &text[12..16], &text[16..20]);
        format!("{a}-{b}-{c}-{d}-{}", &text[20..])
    }

    /// Nine digits, the first of them not zero.
    pub(super) fn number(&self, kind: &'static str) -> u32 {
        let [a, b, c, d, ..] = self.draw(kind);
        100_000_000 + u32::from_le_bytes([a, b, c, d]) % 900_000_000
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first half of a SHA-256: names content, accounts and scenes.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_and_the_order_within_a_kind_make_the_id() {
        let (one, same, other) = (Ids::new(7), Ids::new(7), Ids::new(8));
        same.named("req");
        let first = one.named("task");
        assert_eq!(first, same.named("task"));
        assert_ne!(first, other.named("task"));
        assert_ne!(first, one.named("task"));
    }

    #[test]
    fn ids_have_the_form_of_the_real_ones() {
        let ids = Ids::new(1);
        assert_eq!(ids.named("task").len(), "task_".len() + 16);
        assert_eq!(ids.hex("video").len(), 32);
        assert_eq!(ids.number("product").to_string().len(), 9);
        let uuid = ids.uuid("record");
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
    }
}
