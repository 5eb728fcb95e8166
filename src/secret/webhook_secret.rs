//! Finding secrets of webhooks in a text by what they begin with.

use super::Spelled;

/// What the secrets of webhooks begin with.
pub(super) const WEBHOOK_PREFIX: &str = "whsec_";

/// The most letters that are taken for one: real ones have some fifty.
const WEBHOOK_MAX_LETTERS: usize = 256;

/// Where the secret of a webhook ends whose beginning was found: before the first letter that no
/// secret has. Blanks inside are passed over where the word behind them looks like a part of the
/// secret.
pub(super) fn end_of_webhooks(text: &str, spelled: &Spelled, at: usize) -> usize {
    let letters = spelled.letters().as_bytes();
    let mut end = at + WEBHOOK_PREFIX.len();
    loop {
        let from = end;
        // A word of it: where letters follow each other without a blank.
        while let Some(letter) = letters.get(end).filter(|_| end - at < WEBHOOK_MAX_LETTERS) {
            let (before, _) = spelled.place(text, end - 1, end);
            let (start, _) = spelled.place(text, end, end + 1);
            let is_parted = end > from && text[before..start].contains(char::is_whitespace);
            if is_parted || !(letter.is_ascii_alphanumeric() || b"_-+/=.".contains(letter)) {
                break;
            }
            end += 1;
        }
        let is_first = from == at + WEBHOOK_PREFIX.len();
        let (start, stop) = spelled.place(text, from, end);
        let (_, before) = spelled.place(text, from - 1, from);
        let is_apart = text[before.min(start)..start].contains(char::is_whitespace);
        if end == from || ((!is_first || is_apart) && !is_random(&text[start..stop])) {
            return from;
        }
    }
}

/// Whether a word looks like a part of a secret: no word of a language has digits or capitals
/// inside.
fn is_random(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
        || word.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && word.contains(|c: char| c.is_ascii_lowercase())
}
