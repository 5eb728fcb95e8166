//! What a body may mean that is JSON with something around it, in it or missing from it.

use crate::plain::is_hidden;

/// A value as JSON, out of a body that is none.
pub(super) struct Guessed {
    pub(super) json: String,
    /// Whether it is all that the body says: nothing else stands behind it, and its end is there.
    pub(super) is_all: bool,
}

/// What some put before JSON, so that no page can run it as a script.
const GUARDS: [&str; 4] = [")]}'", "while(1);", "for(;;);", "{}&&"];

/// The first object or list of a body. Marks without which it still says the same are passed over
/// (what guards it, comments of HTML, the byte 0, a comma before a bracket); words and numbers that
/// JSON does not have stand for nothing. Brackets that are missing at its end are put there, where
/// whatever stands before them is whole.
pub(super) fn guessed(text: &str) -> Option<Guessed> {
    let text = bare(text);
    let guarded = GUARDS.iter().find_map(|guard| text.strip_prefix(guard));
    let text = guarded.map_or(text, |rest| bare(rest.trim_start_matches(',')));
    let mut value = Repair::default();
    let end = value.read(text)?;
    let (is_whole, json) = value.closed()?;
    let (read, rest) = text.split_at(end);
    let is_repeated = || bare(rest).trim_end_matches(is_nothing) == read;
    Some(Guessed { json, is_all: is_whole && (bare(rest).is_empty() || is_repeated()) })
}

fn is_nothing(c: char) -> bool {
    c.is_whitespace() || is_hidden(c)
}

/// A text without what says nothing at its beginning.
fn bare(text: &str) -> &str {
    let mut text = text.trim_start_matches(is_nothing);
    while let Some((_, rest)) = text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        text = rest.trim_start_matches(is_nothing);
    }
    text
}

#[derive(Default)]
struct Repair {
    json: String,
    /// What closes the objects and lists that are open.
    open: Vec<char>,
    last: Last,
}

/// What was read last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    /// A comma, which is written when something follows it.
    Comma,
    /// A number or a word, which may go on.
    Word,
    /// A text or a bracket.
    Whole,
    Other,
}

impl Repair {
    /// Reads up to the end of the first value, or as far as it goes, and says how far.
    fn read(&mut self, text: &str) -> Option<usize> {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '{' | '[' => {
                    self.push("", Last::Other);
                    self.open.push(if c == '{' { '}' } else { ']' });
                    self.json.push(c);
                    1
                }
                _ if self.open.is_empty() => return None,
                '}' | ']' => {
                    if self.open.pop() != Some(c) {
                        return None;
                    }
                    self.json.push(c);
                    self.last = Last::Whole;
                    1
                }
                '"' => {
                    let length = length_of_string(rest)?;
                    self.push(&rest[..length], Last::Whole);
                    length
                }
                ',' => {
                    if matches!(self.last, Last::Comma | Last::Other) {
                        return None;
                    }
                    self.last = Last::Comma;
                    1
                }
                ':' => {
                    self.push(":", Last::Other);
                    1
                }
                c if is_nothing(c) => c.len_utf8(),
                _ => self.word(rest)?,
            };
            rest = &rest[taken..];
            if self.open.is_empty() {
                break;
            }
        }
        Some(text.len() - rest.len())
    }

    fn push(&mut self, part: &str, what: Last) {
        if self.last == Last::Comma {
            self.json.push(',');
        }
        self.json.push_str(part);
        self.last = what;
    }

    /// A number or a word.
    fn word(&mut self, rest: &str) -> Option<usize> {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && !"+-._".contains(c);
        let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        let is_json = |word: &str| serde_json::from_str::<serde_json::Value>(word).is_ok();
        let meant = match word {
            "" => return None,
            "True" | "TRUE" => "true",
            "False" | "FALSE" => "false",
            word if is_json(word) => word,
            word if is_nothings(word) => super::NOTHING,
            _ => return None,
        };
        self.push(meant, Last::Word);
        Some(word.len())
    }

    /// Whether all of it was there, and the value with what closes it.
    fn closed(mut self) -> Option<(bool, String)> {
        if self.open.is_empty() {
            return Some((true, self.json));
        }
        let is_next_missing = self.last != Last::Whole;
        while let Some(bracket) = self.open.pop() {
            self.json.push(bracket);
        }
        (!is_next_missing).then_some((false, self.json))
    }
}

/// How long a text is with its marks; `None` where its end is missing.
fn length_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = true;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|end| end + 1)
}

/// Whether a word stands for nothing: those that other languages write, and numbers that JSON does
/// not have. What they should have been is not known.
fn is_nothings(word: &str) -> bool {
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let words = ["none", "undefined", "null", "nil", "nan", "inf", "infinity"];
    is_number || words.iter().any(|known| word.eq_ignore_ascii_case(known))
}
