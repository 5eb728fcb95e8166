//! The only place that prints. Results go to stdout, everything else to stderr.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use super::exit::Exit;
use crate::error::Error;
use crate::model::{Cost, CostSource, Credits};

/// Prints a line of a result. A closed pipe is not an error: whoever reads has read enough.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a result as a line of JSON.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(failed) => error(&format!("the result cannot be written as JSON: {failed}")),
    }
}

/// Prints a line that is no result.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

pub(super) fn error(text: &str) {
    note(&format!("error: {text}"));
}

/// Prints an error as one line, with its deepest cause where that says more.
pub(super) fn report(failed: &Error) -> Exit {
    error(&describe(failed));
    Exit::of(failed)
}

pub(super) fn describe(error: &Error) -> String {
    match error.root_cause() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}

/// An error as data.
pub(super) fn error_json(error: &Error) -> serde_json::Value {
    serde_json::json!({
        "provider": error.provider(),
        "job": error.job_id(),
        "error": {
            "kind": error.kind(),
            "message": describe(error),
            "field": error.field(),
            "status": error.status(),
            "code": error.code(),
            "request_id": error.request_id(),
        },
    })
}

/// An amount of credits with its noun.
pub(super) fn credits(amount: Credits) -> String {
    let noun = if amount == Credits::whole(1) { "credit" } else { "credits" };
    format!("{amount} {noun}")
}

/// What a video cost, as far as anybody knows.
pub(super) fn cost(cost: Cost) -> String {
    match cost.source {
        CostSource::Reported => credits(cost.credits),
        CostSource::PriceTable => format!("at most {}", credits(cost.credits)),
    }
}

/// A text in a line of its own, and no longer than so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    let text = text.replace(char::is_control, " ");
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The width for which long lines are broken on a terminal.
const WIDTH: usize = 100;

/// Prints a line with something before it. On a terminal a long one goes on in further lines that
/// begin below its text; elsewhere it stays whole.
pub(super) fn hanging(before: &str, text: &str) {
    let width = match std::io::stdout().is_terminal() {
        true => WIDTH.saturating_sub(before.chars().count()),
        false => usize::MAX,
    };
    let indent = " ".repeat(before.chars().count());
    for (index, part) in broken(text, width).into_iter().enumerate() {
        let before = if index == 0 { before } else { &indent };
        line(format!("{before}{part}").trim_end());
    }
}

/// A text in lines of this width at the most, where its words are not longer.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let length = lines[last].chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            let gap = if lines[last].is_empty() { "" } else { " " };
            lines[last] += &format!("{gap}{word}");
        }
    }
    lines
}

/// Rows with their columns under each other.
pub(super) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_between_words() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("one two", usize::MAX), ["one two"]);
        assert_eq!(broken("incomprehensible to me", 5), ["incomprehensible", "to me"]);
        assert_eq!(broken("", 5), [""]);
    }

    #[test]
    fn a_text_is_cut_where_it_is_too_long() {
        assert_eq!(cut("Roast", 5), "Roast");
        assert_eq!(cut("Roasted", 5), "Roas…");
        assert_eq!(cut("早安\n咖啡", 4), "早安 …");
    }
}
