//! JSON as services write it that do not quite write JSON. An answer to a paid call has to be read.

use serde_json::Value;

/// The value of a body: as JSON has it, or else as its writer must have meant it. Bytes that are no
/// text, halves of a character (`\ud83d`), bare control characters, `NaN`, infinities and numbers
/// beyond any float stand for nothing, and so does a mark of byte order.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    let strict = serde_json::from_slice(body).ok();
    strict.or_else(|| serde_json::from_str(&mended(&String::from_utf8_lossy(body))).ok())
}

/// The text of a value that stands for none, as JSON writes it.
const NOTHING: &str = "null";

fn mended(text: &str) -> String {
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut mended = String::with_capacity(text.len());
    let mut is_string = false;
    while let Some(c) = rest.chars().next() {
        let (taken, shown) = match is_string {
            true => in_string(rest, c),
            false => outside(rest, c),
        };
        is_string ^= c == '"';
        mended.push_str(shown);
        rest = &rest[taken..];
    }
    mended
}

/// How much to take of what begins with this character inside a text, and what to write for it.
fn in_string(rest: &str, c: char) -> (usize, &str) {
    match c {
        '\\' => match unit(rest) {
            Some(0xd800..=0xdbff)
                if matches!(rest.get(6..).and_then(unit), Some(0xdc00..=0xdfff)) =>
            {
                (12, &rest[..12])
            }
            Some(0xd800..=0xdfff) => (6, "\\ufffd"),
            _ => {
                let escaped = rest[1..].chars().next().map_or(0, char::len_utf8);
                (1 + escaped, &rest[..1 + escaped])
            }
        },
        c if c.is_control() => (c.len_utf8(), " "),
        c => (c.len_utf8(), &rest[..c.len_utf8()]),
    }
}

/// The same outside of a text.
fn outside(rest: &str, c: char) -> (usize, &str) {
    for word in ["NaN", "Infinity", "-Infinity"] {
        if rest.starts_with(word) {
            return (word.len(), NOTHING);
        }
    }
    if c == '-' || c.is_ascii_digit() {
        let is_end = |c: char| !c.is_ascii_digit() && !"+-.eE".contains(c);
        let number = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        let is_beyond = number.parse().is_ok_and(f64::is_infinite);
        return (number.len(), if is_beyond { NOTHING } else { number });
    }
    (c.len_utf8(), &rest[..c.len_utf8()])
}

/// The UTF-16 unit of an escape.
fn unit(rest: &str) -> Option<u32> {
    u32::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_meant_is_read() {
        let bodies: [(&[u8], Value); 9] = [
            (b"\xef\xbb\xbf{\"a\":1}", json!({"a": 1})),
            (br#"{"a":"cut \ud83d here"}"#, json!({"a": "cut \u{fffd} here"})),
            (br#"{"a":"\udcc0\ud83d\ude00\\u"}"#, json!({"a": "\u{fffd}\u{1f600}\\u"})),
            (b"{\"a\":\"b\xffc\"}", json!({"a": "b\u{fffd}c"})),
            (b"{\"a\":\"b\nc\"}", json!({"a": "b c"})),
            (
                br#"{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}"#,
                json!({"a": null, "b": [null, null], "c": "NaN"}),
            ),
            (br#"{"a":1e999,"b":-1.5e3}"#, json!({"a": null, "b": -1500.0})),
            (br#"{"a":"\"1e999\"","b":NaN}"#, json!({"a": "\"1e999\"", "b": null})),
            ("{\"a\":\"é\",\"b\":NaN}".as_bytes(), json!({"a": "é", "b": null})),
        ];
        for (body, value) in bodies {
            assert_eq!(read(body), Some(value), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        for body in ["", "<html>", "{\"a\":", "{\"a\":\"\\ud83d", "\\", "\"\\u12", "{} {}", "NaN x"]
        {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
