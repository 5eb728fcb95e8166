//! How long ago something was: `2h` on the command line, `3 h` for people.

use std::str::FromStr;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A time as it is given on the command line: a whole number with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Age(pub(crate) Duration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match &text[number.len()..] {
                "s" => 1,
                "m" => MINUTE,
                "h" => HOUR,
                "d" => DAY,
                _ => return None,
            };
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse::<u64>().ok().filter(|_| is_plain)?;
            Some(Self(Duration::from_secs(number.checked_mul(unit)?)))
        };
        read().ok_or_else(|| "write a number and its unit, such as 30s, 15m, 2h or 3d".to_owned())
    }
}

/// How long something took, as people say it.
pub(crate) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        secs @ 0..120 => format!("{secs} s"),
        secs @ 120..7_200 => format!("{} min", secs / MINUTE),
        secs @ 7_200..172_800 => format!("{} h", secs / HOUR),
        secs => format!("{} d", secs / DAY),
    }
}

/// The same in a few letters.
pub(crate) fn short(time: Duration) -> String {
    in_words(time).replace(" min", "m").replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_its_unit() {
        let secs = |text: &str| text.parse::<Age>().map(|age| age.0.as_secs());
        for (text, expected) in
            [("30s", 30), ("15m", 900), ("2h", 7_200), ("3d", 259_200), ("0s", 0)]
        {
            assert_eq!(secs(text), Ok(expected), "{text}");
        }
        let max = format!("{}d", u64::MAX);
        for text in ["", "2", "h", "2 h", "-2h", "+2h", "1.5h", "2h30m", "2w", "２h", &max] {
            assert!(secs(text).unwrap_err().contains("2h"), "{text}");
        }
    }

    #[test]
    fn ages_are_said_in_the_unit_that_fits() {
        let both = |secs| (in_words(Duration::from_secs(secs)), short(Duration::from_secs(secs)));
        for (secs, in_words, short) in [
            (0, "0 s", "0s"),
            (119, "119 s", "119s"),
            (120, "2 min", "2m"),
            (7_200, "2 h", "2h"),
            (172_800, "2 d", "2d"),
        ] {
            assert_eq!(both(secs), (in_words.to_owned(), short.to_owned()));
        }
    }
}
