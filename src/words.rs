//! Somebody else's words, as they may be shown and kept.

use std::borrow::Cow;

use crate::plain::plain_within;

/// The longest text of somebody else's that is shown or kept.
const MAX_CHARS: usize = 500;

/// The longest name of somebody else's that is shown or kept.
pub(crate) const NAME_MAX_CHARS: usize = 100;

/// Somebody else's text as it may be shown and kept: on one line, without what a terminal obeys or
/// an eye cannot see, at most 500 characters long. Signed links lose what signs them.
/// Secrets are not in it any more: they are taken out of each answer before anything is read of it
/// ([`KnownSecrets`](crate::secret::KnownSecrets)).
pub(crate) fn words(text: &str) -> String {
    words_within(text, MAX_CHARS)
}

/// [`words`] of at most so many characters.
pub(crate) fn words_within(text: &str, most: usize) -> String {
    // What cannot be seen is left out before anything is cut, or it would hide what follows.
    let (mut line, mut length) = (String::new(), 0);
    for part in text.split_whitespace() {
        let plain = plain_within(part, most + 1);
        if plain.is_empty() {
            continue;
        }
        let shown = word(&plain);
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        line.push_str(&shown);
        length += shown.chars().count();
        if length > most {
            break;
        }
    }
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// What the values of an address's parameters are called that open what lies behind it.
const OPENERS: [&str; 6] = ["signature", "token", "credential", "secret", "password", "key"];

/// One word of somebody else's. What follows a question mark in an address, or what stands beside a
/// name that says that it opens something, is nobody's to see.
fn word(word: &str) -> Cow<'_, str> {
    let lower = word.to_ascii_lowercase();
    let of_query = ["?", "#", "%3f", "%23"].iter().filter_map(|mark| {
        let at = lower.find(mark)?;
        let has_values = lower[at..].contains('=') || lower[at..].contains("%3d");
        (has_values || (*mark == "?" && lower.contains("://"))).then_some(at + mark.len())
    });
    let of_name = OPENERS.iter().filter_map(|name| {
        let values = ["=", "%3d"].iter().filter_map(|mark| {
            let named = format!("{name}{mark}");
            Some(lower.find(&named)? + named.len())
        });
        values.min()
    });
    let of_user = lower.find("://").filter(|at| {
        let host = lower[at + 3..].split(['/', '?', '#']).next();
        host.is_some_and(|host| host.contains('@'))
    });
    let cut = of_query.chain(of_name).chain(of_user.map(|at| at + 3)).min();
    match cut.filter(|cut| *cut < word.len()) {
        Some(cut) => Cow::Owned(format!("{}…", &word[..cut])),
        None => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_short_line_without_signatures() {
        assert_eq!(words("bad\n  \u{202e}day\u{7}"), "bad day");
        assert_eq!(words(&"x".repeat(600)).chars().count(), 501);
        assert_eq!(words(&" \u{200b}".repeat(20_000_000)).chars().count(), 0);
        for hidden in ["\u{200b}", "\u{feff}\n", " ", "\u{200d}", "\u{fe0f}\t"] {
            let hidden = hidden.repeat(3_000);
            assert_eq!(words(&format!("{hidden}bad {hidden}day")), "bad day");
        }
        assert_eq!(
            words("cannot fetch https://s3.example/a.png?X-Amz-Signature=0a1b2c now"),
            "cannot fetch https://s3.example/a.png?… now"
        );
        for (text, shown) in [
            ("s3.example/a.png?X-Amz-Signature=0a", "s3.example/a.png?…"),
            (r"https:\/\/s3.example\/a?sig=0a", r"https:\/\/s3.example\/a?…"),
            ("https%3A%2F%2Fs3.example%2Fa%3Fsig%3D0a", "https%3A%2F%2Fs3.example%2Fa%3F…"),
            ("https://x.example/cb#access_token=0a", "https://x.example/cb#…"),
            ("X-Amz-Signature=0a1b", "X-Amz-Signature=…"),
            ("https://me:hunter2@x.example/a", "https://…"),
            ("why? a=b; #7 of 9 at 50%", "why? a=b; #7 of 9 at 50%"),
            ("really?", "really?"),
        ] {
            assert_eq!(words(text), shown);
        }
    }
}
