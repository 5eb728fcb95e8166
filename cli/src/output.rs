//! The only place that prints. Results go to stdout, everything else to stderr.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::OnceLock;

use adreel::text::plain;
use adreel::{Cost, CostSource, Credits, Error};
use serde::Serialize;

use crate::exit::Exit;
use crate::json;

/// The first thing that kept a result from being written.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// What results are written to. Rust's own stdout takes a place that nobody can write to for one
/// where all was written, so on Unix it is the file behind it.
#[cfg(unix)]
static STDOUT: OnceLock<File> = OnceLock::new();

/// Finds out where results go.
///
/// # Errors
/// Where nothing can be written there. One that was closed is no error: Rust then opens the null
/// device in its place, before anything of ours runs.
#[cfg(unix)]
pub(crate) fn begin() -> io::Result<()> {
    use std::os::fd::AsFd as _;

    let mut file = File::from(std_stdout().as_fd().try_clone_to_owned()?);
    // Nothing is written, but whether it may be is looked at. A disk may have room again later.
    match file.write(&[]) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Err(error),
        _ => {
            STDOUT.get_or_init(|| file);
            Ok(())
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn begin() -> io::Result<()> {
    Ok(())
}

/// The one place where anything goes out. Whatever a line is made of, what a terminal would obey or
/// nobody could see is taken out of it, so that words of others only ever are words.
fn write_line(mut stream: impl io::Write, text: &str) -> io::Result<()> {
    let mut line = plain(text).into_owned();
    line.push('\n');
    stream.write_all(line.as_bytes())
}

/// Prints a line of a result.
pub(crate) fn line(text: &str) {
    note_failure(write_line(stdout(), text));
}

/// Remembers that something of the result is missing. A closed pipe is no error: whoever reads has
/// read enough.
fn note_failure(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        UNWRITTEN.get_or_init(|| error.to_string());
    }
}

/// Prints a text of our own that has several lines.
pub(crate) fn document(text: &str) {
    text.lines().for_each(line);
}

/// Prints what clap has made: help, or the version.
pub(crate) fn help(text: &clap::Error) {
    note_failure(text.print().and_then(|()| std_stdout().flush()));
}

/// Prints a result as a line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    match json::text(value) {
        Ok(text) => line(&text),
        Err(error) => note_failure(Err(error.into())),
    }
}

/// How a command ends that has printed all it has to say. What could not be written is no success.
pub(crate) fn finish(exit: Exit) -> Exit {
    match UNWRITTEN.get() {
        None => exit,
        Some(why) => {
            error(&format!("the output could not be written: {why}; `adreel jobs` shows all jobs"));
            exit.max(Exit::Failed)
        }
    }
}

/// Whether all that was printed has been written so far.
pub(crate) fn is_all_written() -> bool {
    UNWRITTEN.get().is_none()
}

/// Prints a line that is no result. Where that fails there is nobody to tell.
pub(crate) fn note(text: &str) {
    let _ = write_line(stderr(), text);
}

/// Asks whoever sits at the terminal, and says whether the answer is yes.
pub(crate) fn confirm(question: &str) -> bool {
    // Whoever cannot be asked has not agreed.
    let _ = stderr().write_all(plain(question).as_bytes());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Whether results go to a terminal.
pub(crate) fn is_stdout_a_terminal() -> bool {
    std_stdout().is_terminal()
}

/// Whether what is no result goes to a terminal.
pub(crate) fn is_stderr_a_terminal() -> bool {
    stderr().is_terminal()
}

fn stdout() -> Box<dyn io::Write> {
    #[cfg(unix)]
    if let Some(file) = STDOUT.get() {
        return Box::new(file);
    }
    Box::new(std_stdout())
}

#[allow(clippy::disallowed_methods, reason = "this is where results go out")]
fn std_stdout() -> io::Stdout {
    io::stdout()
}

#[allow(clippy::disallowed_methods, reason = "this is where everything else goes out")]
fn stderr() -> io::Stderr {
    io::stderr()
}

/// Prints a line that says what went wrong.
pub(crate) fn error(text: &str) {
    note(&format!("error: {text}"));
}

/// Prints an error of the library, and says how the command ends with it.
pub(crate) fn report(failed: &Error) -> Exit {
    error(&describe(failed));
    Exit::of(failed)
}

/// An error as one line, with its deepest cause where that says more.
pub(crate) fn describe(error: &Error) -> String {
    match error.root_cause() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}

/// An error as data.
pub(crate) fn error_json(error: &Error) -> serde_json::Value {
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
pub(crate) fn credits(amount: Credits) -> String {
    let noun = if amount == Credits::whole(1) { "credit" } else { "credits" };
    format!("{amount} {noun}")
}

/// What a video cost, as far as anybody knows.
pub(crate) fn cost(cost: Cost) -> String {
    match cost.source {
        CostSource::Reported => credits(cost.credits),
        _ => format!("at most {}", credits(cost.credits)),
    }
}

/// A text in a line of its own, and no longer than so many characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = plain(text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The width for which long lines are wrapped on a terminal.
const WIDTH: usize = 100;

/// Prints a line with something before it. On a terminal a long one goes on in further lines that
/// begin below its text; elsewhere it stays whole.
pub(crate) fn indented(before: &str, text: &str) {
    let text = plain(text);
    let width = match is_stdout_a_terminal() {
        true => WIDTH.saturating_sub(before.chars().count()),
        false => usize::MAX,
    };
    let indent = " ".repeat(before.chars().count());
    for (index, part) in wrapped(&text, width).into_iter().enumerate() {
        let before = if index == 0 { before } else { &indent };
        line(format!("{before}{part}").trim_end());
    }
}

/// A text in lines of this width at the most, where its words are not longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
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
pub(crate) fn table(rows: &[Vec<String>]) {
    aligned(rows).iter().for_each(|row| line(row));
}

/// The widest column that others line up behind. Formatting panics at what no terminal has anyway.
const MOST_WIDTH: usize = 500;

fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let shown = |row: &Vec<String>| row.iter().map(|cell| plain(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(shown).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let width = |column| width(column).unwrap_or_default().min(MOST_WIDTH);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let aligned = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    aligned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_goes_out() {
        let mut out = Vec::new();
        let text = "\u{1b}]8;;http://x\u{7}done\u{9b}K\r\nerror: \u{202e}forged\u{200b}";
        write_line(&mut out, text).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "]8;;http://xdoneK  error: forged\n");
    }

    #[test]
    fn columns_line_up_behind_what_is_no_wider_than_a_terminal() {
        let rows =
            |first: String| [vec!["id".to_owned(), "name".to_owned()], vec![first, "x".to_owned()]];
        assert_eq!(aligned(&rows("task_1".to_owned())), ["id      name", "task_1  x"]);
        let long = "y".repeat(70_000);
        assert_eq!(aligned(&rows(long.clone()))[1], format!("{long}  x"));
    }

    #[test]
    fn a_long_text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two", usize::MAX), ["one two"]);
        assert_eq!(wrapped("incomprehensible to me", 5), ["incomprehensible", "to me"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn a_text_is_cut_where_it_is_too_long() {
        assert_eq!(shortened("Roast", 5), "Roast");
        assert_eq!(shortened("Roasted", 5), "Roas…");
        assert_eq!(shortened("早安\n咖啡", 4), "早安 …");
    }
}
