//! JSON that a terminal and an editor show as it is: what they would obey or hide is escaped.

use std::io;

use adreel::text::is_hidden;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// A value as JSON in one line. Readers get the same value as from any other form of it.
pub(crate) fn text(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Escaping))?;
    // Every part of it was written from a `str`.
    String::from_utf8(text).map_err(|error| serde::ser::Error::custom(error.to_string()))
}

/// Writes compactly, and escapes what RFC 8259 lets stand: DEL, C1, U+2028, U+2029, and characters
/// that turn the direction of writing or cannot be seen.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut shown = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_hidden(*c)) {
            writer.write_all(&fragment.as_bytes()[shown..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            shown = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[shown..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_as_it_was() {
        let value = serde_json::json!({
            "status\u{202e}": "\u{7f}\u{9b}2J\u{2028}a\u{2029}\u{200b}\u{feff}b\u{1b}]0;x\u{7}",
            "tag": "\u{e0041}", "plain": ["é 早安 🎬", 1.5, null, true],
        });
        let text = text(&value).unwrap();
        assert!(!text.contains(is_hidden), "{text}");
        assert!(text.contains(r"\u009b2J\u2028a\u2029\u200b\ufeffb\u001b]0;x\u0007"), "{text}");
        assert!(text.contains(r"\udb40\udc41") && text.contains("é 早安 🎬"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
