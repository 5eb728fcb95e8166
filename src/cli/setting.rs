//! Values of settings, whatever a file that they were read from has left at their ends: Windows'
//! line ends, blanks, a byte order mark.

use std::ffi::{OsStr, OsString};

use crate::plain::trimmed;

/// A variable of the environment; `None` where it is not set, or to no text.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| trimmed(&value).to_owned())
}

/// A value that may hold a path, and with that bytes that are no text.
pub(super) fn trimmed_os(value: &OsStr) -> OsString {
    match value.to_str() {
        Some(text) => trimmed(text).into(),
        #[cfg(unix)]
        None => {
            use std::os::unix::ffi::OsStrExt as _;
            OsStr::from_bytes(value.as_bytes().trim_ascii()).to_owned()
        }
        #[cfg(not(unix))]
        None => value.to_owned(),
    }
}

/// `--settle-ms`, which also comes from the environment.
pub(super) fn settle_ms(text: &str) -> Result<u64, String> {
    match trimmed(text).parse() {
        Ok(millis) if (100..=3_600_000).contains(&millis) => Ok(millis),
        _ => Err("use a whole number from 100 to 3600000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_lines_and_marks_are_no_part_of_a_value() {
        for text in
            ["sqlite:a b.db", "sqlite:a b.db\r", "\u{feff}sqlite:a b.db\r\n", "\tsqlite:a b.db "]
        {
            assert_eq!(trimmed_os(OsStr::new(text)), "sqlite:a b.db");
        }
        assert_eq!(settle_ms("1500\r"), Ok(1500));
        assert!(settle_ms("99").is_err() && settle_ms("1 500").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_stay() {
        use std::os::unix::ffi::OsStrExt as _;
        let value = OsStr::from_bytes(b"sqlite:/caf\xe9/a.db\r\n");
        assert_eq!(trimmed_os(value).as_bytes(), b"sqlite:/caf\xe9/a.db");
    }
}
