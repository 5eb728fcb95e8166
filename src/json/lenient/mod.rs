//! JSON as services write it that do not quite write JSON. An answer to a paid call has to be read.

mod guessed;
mod value;

use serde_json::Value;

/// A body's value, and how it was come by.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) value: Value,
    /// Whether the body is JSON to the letter, so that each reader reads the same.
    pub(crate) is_strict: bool,
    /// Whether no reader could read it otherwise. What was guessed proves nothing.
    pub(crate) is_sure: bool,
    /// Whether it is all that the body says.
    pub(crate) is_all: bool,
}

/// The value of a body: as JSON has it, or else as its writer must have meant it. Bytes that are no
/// text, halves of a character (`\ud83d`), bare control characters, `NaN`, infinities and numbers
/// beyond any float stand for nothing, and so does a mark of byte order. Of a field that is there
/// twice the one counts that is not `null`.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    read_with(body).filter(|read| read.is_all).map(|read| read.value)
}

/// The same also of a body that holds more than its first value, or that lacks the brackets at its
/// end.
pub(crate) fn read_with(body: &[u8]) -> Option<Read> {
    let strict = std::str::from_utf8(body).ok().and_then(value::read);
    if let Some((value, is_sure)) = strict {
        return Some(Read { value, is_strict: is_sure, is_sure, is_all: true });
    }
    let mended = mended(&String::from_utf8_lossy(body));
    if let Some((value, is_sure)) = value::read(&mended) {
        return Some(Read { value, is_strict: false, is_sure, is_all: true });
    }
    let guessed = guessed::guessed(&mended)?;
    let (value, _) = value::read(&guessed.json)?;
    Some(Read { value, is_strict: false, is_sure: false, is_all: guessed.is_all })
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
        for body in [
            "",
            "<html>",
            "{\"a\":",
            "{\"a\":\"\\ud83d",
            "\\",
            "\"\\u12",
            "NaN x",
            "{'a':1}",
            "{a:1}",
            "<b>{\"a\":1}</b>",
            "1 2",
            "\"a\" \"b\"",
            "{\"a\":1]",
            "{\"a\" 1}",
            "{,}",
            "{\"a\":,}",
            "error: {}",
            "<!-- {\"a\":1} -->",
            "<!-- {\"a\":1}",
            "{\"a\":nope}",
        ] {
            assert_eq!(read_with(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn what_stands_around_a_value_or_in_it_is_passed_over_and_makes_it_a_guess() {
        let a = r#"{"a":[1,"]}"]}"#;
        for body in [
            format!("{a}\0"),
            format!("\0\0{a}\0\n"),
            format!("\u{feff} \0{a}"),
            format!("{a}\n<!-- served by edge-7 -->\n"),
            format!("<!-- a -->{a}<!-- b --><!-- c -->"),
            format!(")]}}'\n{a}"),
            format!(")]}}',\n{a}"),
            format!("while(1);{a}"),
            format!("{a}{a}"),
            format!("{a}\r\n{a}\r\n"),
            r#"{"a":[1,"]}",],}"#.to_owned(),
        ] {
            let read = read_with(body.as_bytes()).unwrap();
            assert_eq!(read.value, json!({"a": [1, "]}"]}), "{body}");
            assert!(read.is_all && !read.is_sure && !read.is_strict, "{body}");
        }
        let odd = br#"{"a":None,"b":undefined,"c":nan,"d":True,"e":.5,"f":007,"g":"None"}"#;
        let value =
            json!({"a": null, "b": null, "c": null, "d": true, "e": null, "f": null, "g": "None"});
        assert_eq!(read(odd), Some(value));
    }

    #[test]
    fn of_more_than_one_value_the_first_counts_and_it_is_not_all() {
        for rest in [r#"{"a":2}"#, "<html>", " {", "]", "x"] {
            let body = format!(r#"{{"a":1}}{rest}"#);
            let first = read_with(body.as_bytes()).unwrap();
            assert_eq!(first.value, json!({"a": 1}), "{body}");
            assert!(!first.is_all && !first.is_sure, "{body}");
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn brackets_are_all_that_may_be_missing() {
        let whole = r#"{"data":{"id":"task_1","list":[{"n":12,"on":true}]}}"#;
        let value: Value = serde_json::from_str(whole).unwrap();
        for short in 1..=4 {
            let cut = read_with(&whole.as_bytes()[..whole.len() - short]);
            match short {
                4 => assert_eq!(cut, None, "a word may go on"),
                _ => assert_eq!(
                    cut.map(|read| (read.value, read.is_all)),
                    Some((value.clone(), false))
                ),
            }
        }
        for cut in [
            r#"{"data":{"id":"task_1","#,
            r#"{"data":{"id":"task_"#,
            r#"{"data":{"id":12"#,
            r#"{"data":{"id":"#,
            r#"{"data":{"id""#,
            "{",
            "[",
        ] {
            assert_eq!(read_with(cut.as_bytes()), None, "{cut}");
        }
    }

    #[test]
    fn of_a_field_that_is_there_twice_the_one_counts_that_is_something() {
        let read = |body: &str| read_with(body.as_bytes()).map(|read| (read.value, read.is_sure));
        let value = json!({"data": {"id": "t"}});
        for body in [r#"{"data":{"id":"t","id":null}}"#, r#"{"data":{"id":"t"},"data":null}"#] {
            assert_eq!(read(body), Some((value.clone(), false)), "{body}");
        }
        for body in [
            r#"{"data":{"id":null,"id":"t"}}"#,
            r#"{"data":null,"data":{"id":"t"}}"#,
            r#"{"data":{"id":"s","id":"t"}}"#,
        ] {
            assert_eq!(read(body), Some((value.clone(), true)), "{body}");
        }
    }
}
