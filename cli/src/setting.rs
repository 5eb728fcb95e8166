//! Values of settings, whatever a file that they were read from has left at their ends: Windows'
//! line ends, blanks, a byte order mark.

use std::ffi::{OsStr, OsString};

use adreel::text::{setting, trimmed};

/// Looks at the command's own variables, but for the one that may hold a path.
///
/// # Errors
/// One line that names the first one that is no text.
pub(crate) fn check_variables() -> Result<(), String> {
    let own = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("ADREEL_"))?;
        (name != "ADREEL_LEDGER").then_some((name, value))
    });
    for (name, value) in own {
        setting(value).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// A value that may hold a path, and with that bytes that are no text.
pub(crate) fn trimmed_os(value: &OsStr) -> OsString {
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

/// What `--settle-ms` or its variable says; a blank one says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SettleMs(pub(crate) Option<u64>);

pub(crate) fn settle_ms(text: &str) -> Result<SettleMs, String> {
    match (trimmed(text), trimmed(text).parse()) {
        ("", _) => Ok(SettleMs(None)),
        (_, Ok(millis)) if (100..=3_600_000).contains(&millis) => Ok(SettleMs(Some(millis))),
        _ => Err("use a whole number from 100 to 3600000".to_owned()),
    }
}

/// What a variable says that allows something; a blank one says nothing.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match &*trimmed(text).to_lowercase() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "" | "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err("use true or false".to_owned()),
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
        assert_eq!(settle_ms("1500\r"), Ok(SettleMs(Some(1500))));
        assert_eq!(settle_ms(" \r"), Ok(SettleMs(None)));
        for (text, is_on) in
            [("true\r", true), ("YES ", true), ("\u{feff}0", false), ("\r\n", false)]
        {
            assert_eq!(switch(text), Ok(is_on));
        }
        assert!(switch("maybe").is_err() && switch("tr ue").is_err());
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
