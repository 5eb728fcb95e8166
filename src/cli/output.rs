//! The only place that prints. Results go to stdout, everything else to stderr.

use std::io::Write as _;

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
