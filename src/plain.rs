//! Words of others, as they may be shown: without what a terminal obeys or an eye cannot see.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;

/// The same words without control characters (C0, DEL, C1), characters that turn the direction of
/// writing, zero-width and other invisible characters. Line breaks, separators of lines and
/// paragraphs, and tabs become a space each, so that no words grow together; the rest is left out,
/// so that nothing can be hidden inside a word.
///
/// Of the accents and signs that are piled on one letter, eight stay: more reach into other lines.
///
/// The joiner and the variation selector stay where they make one emoji out of two, and nowhere
/// else.
pub fn plain(text: &str) -> Cow<'_, str> {
    let mut marks = 0;
    let is_piled = |c| {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        marks > MOST_MARKS
    };
    if !text.contains(is_hidden) && !text.contains(is_piled) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(plain_within(text, usize::MAX))
}

/// The first so many characters of what [`plain`] makes of a text, which may be long.
pub(crate) fn plain_within(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let (mut length, mut marks) = (0, 0);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if length == most {
            break;
        }
        let before = shown.chars().next_back();
        let seen = match c {
            '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            '\u{fe0f}' if before.is_some_and(is_emoji) => c,
            '\u{200d}' if joins(before, rest.peek().copied()) => c,
            c if is_hidden(c) => continue,
            c => c,
        };
        marks = if is_mark(seen) { marks + 1 } else { 0 };
        if marks > MOST_MARKS {
            continue;
        }
        shown.push(seen);
        length += 1;
    }
    shown
}

/// A text without blanks and hidden characters at its ends, as copying or a file with Windows' line
/// ends leaves them there.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_hidden(c))
}

/// The text of a setting, such as an environment variable, [trimmed](trimmed()); `None` for a blank
/// one.
///
/// # Errors
/// [`NotText`] for bytes that are no text, which are not shown.
pub fn setting(value: OsString) -> Result<Option<String>, NotText> {
    let text = value.into_string().map_err(|_| NotText)?;
    Ok(Some(trimmed(&text).to_owned()).filter(|text| !text.is_empty()))
}

/// A setting that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it holds bytes that are no text (UTF-8): set it again")
    }
}

impl std::error::Error for NotText {}

/// Whether a character is obeyed or unseen where text is shown: a control character, one of
/// Unicode's format characters (direction, joiners, tags) or another that draws nothing.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The most marks that a letter of any language bears.
const MOST_MARKS: usize = 8;

/// Whether a character is drawn over or under the one before it, where Unicode keeps such marks for
/// several scripts, and in those that are known to be piled up.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{730}'..='\u{74a}' | '\u{93c}' | '\u{941}'..='\u{948}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{eb4}'..='\u{ebc}'
        | '\u{ec8}'..='\u{ece}' | '\u{f71}'..='\u{f84}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{302a}'..='\u{302d}'
        | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}')
}

fn joins(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(|c| c == '\u{fe0f}' || is_emoji(c)) && after.is_some_and(is_emoji)
}

/// Where Unicode keeps its emoji. Wider than the emoji are, and without letters of any script.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{203c}'..='\u{2049}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}'
        | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_left_out() {
        let cases = [
            ("\u{1b}[2J\u{1b}]0;owned\u{7}render", "[2J]0;ownedrender"),
            ("\u{9b}2Jdone\u{7f}", "2Jdone"),
            (
                "\u{1b}]8;;https://evil.example\u{1b}\\here\u{1b}]8;;\u{1b}\\",
                "]8;;https://evil.example\\here]8;;\\",
            ),
            ("one\r\ntwo\tthree\u{85}four", "one  two three four"),
            ("paid\u{2028}twice\u{2029}", "paid twice "),
            ("\0nul", "nul"),
        ];
        for (text, shown) in cases {
            assert_eq!(plain(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_no_eye_sees_is_left_out() {
        let hidden = "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\
            \u{feff}\u{ad}\u{61c}\u{fe0f}\u{3164}\u{e0041}\u{e0101}\u{fff9}";
        for hidden in hidden.chars() {
            assert_eq!(plain(&format!("sk_{hidden}live")), "sk_live", "{hidden:?}");
        }
    }

    #[test]
    fn of_marks_that_are_piled_on_a_letter_eight_stay() {
        for mark in ["\u{301}", "\u{489}", "\u{e49}", "\u{20dd}", "\u{1ab0}"] {
            let piled = format!("a{}b{mark}", mark.repeat(3_000));
            assert_eq!(plain(&piled), format!("a{}b{mark}", mark.repeat(8)), "{mark:?}");
            let hidden = format!("a{}", format!("{mark}\u{200b}").repeat(20));
            assert_eq!(plain(&hidden), format!("a{}", mark.repeat(8)), "{mark:?}");
        }
        assert_eq!(
            plain_within(&format!("a{}bc", "\u{301}".repeat(99)), 10).chars().last(),
            Some('b')
        );
    }

    #[test]
    fn ordinary_words_of_any_script_are_left_as_they_are() {
        for text in [
            "",
            "Roast",
            "Café – 50 %",
            "早安咖啡",
            "مرحبا",
            "हिन्दी",
            "e\u{301}",
            "👩‍🍳 at work",
            "❤️‍🔥",
            "👍🏽",
            "🇫🇷",
            "⌚️",
        ] {
            assert_eq!(plain(text), text);
        }
        assert!(matches!(plain("早安咖啡"), Cow::Borrowed(_)));
        assert_eq!(plain_within(&format!("{}早安咖啡", "\u{200b}".repeat(9)), 2), "早安");
        assert_eq!(plain("👩\u{200d}a\u{200d}🍳"), "👩a🍳");
    }
}
