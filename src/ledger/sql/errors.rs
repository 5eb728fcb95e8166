//! Errors of databases as ours: one line each that says what to do next.
//!
//! What passes by itself is [`ErrorKind::Unavailable`]; what somebody has to mend, and all that a
//! file can have, is [`ErrorKind::Io`].

use sqlx::error::DatabaseError;

use super::place::Place;
use crate::error::{Error, ErrorKind};

/// An error of sqlx as ours. What the database itself said becomes the cause, as text: sqlx' own
/// errors quote rows where they are printed for debugging.
pub(super) fn from_sqlx(place: &Place, error: sqlx::Error) -> Error {
    let said = one_line(&error.to_string());
    let (kind, what) = match &error {
        sqlx::Error::Database(error) => by_code(place, error.as_ref()),
        sqlx::Error::PoolTimedOut => {
            let check = match place {
                Place::Server { .. } => "check that the server runs and has connections to spare",
                Place::Memory | Place::File(_) => "they are all at work; try again later",
            };
            (ErrorKind::Unavailable, format!("no connection within the time allowed; {check}"))
        }
        sqlx::Error::PoolClosed => {
            (ErrorKind::Unavailable, "its pool was closed; open it again".to_owned())
        }
        sqlx::Error::Io(_) if matches!(place, Place::Server { .. }) => (
            ErrorKind::Unavailable,
            format!("the connection failed ({said}); check that the server runs"),
        ),
        sqlx::Error::Io(_) => (ErrorKind::Io, format!("{said}; check the file and its folder")),
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => {
            (ErrorKind::Io, format!("{said}; check the settings of the connection"))
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => (
            ErrorKind::Decode,
            format!("a row is none of adreel's ({said}); restore it from a backup"),
        ),
        _ => (ErrorKind::Unavailable, format!("{said}; try again later")),
    };
    Error::new(kind, format!("ledger {place}: {what}")).with_source(said)
}

fn by_code(place: &Place, error: &dyn DatabaseError) -> (ErrorKind, String) {
    let code = error.code().unwrap_or_default();
    let known = match place {
        Place::Memory | Place::File(_) => sqlite(code.parse().unwrap_or(0)),
        Place::Server { .. } => postgres(&code),
    };
    known.map_or_else(
        || (ErrorKind::Io, format!("{} (code {code})", one_line(error.message()))),
        |(kind, what)| (kind, what.to_owned()),
    )
}

/// Source: <https://www.sqlite.org/rescode.html>. The low byte is the code, what lies above it
/// says more.
fn sqlite(code: i32) -> Option<(ErrorKind, &'static str)> {
    let what = match code & 0xff {
        3 | 8 => "it can only be read; check the permissions of the file and its folder",
        5 | 6 => "another program holds a lock on it; wait for it or end it",
        10 => "the disk failed to read or write it; check the disk, and the space on it",
        11 => "it is damaged; restore it from a backup, or recover it with sqlite3's `.recover`",
        13 => "the disk or the space allowed to it is full; free some space on the disk",
        14 => "it cannot be opened; check the path and its permissions",
        26 => "it is not a SQLite database; name another file",
        _ => return None,
    };
    Some((ErrorKind::Io, what))
}

/// Source: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn postgres(code: &str) -> Option<(ErrorKind, &'static str)> {
    use ErrorKind::{Io, Unavailable};
    Some(match code {
        "53100" => (Io, "the server's disk is full; free some space on it"),
        "25006" => (Io, "the database can only be read; connect to the primary server"),
        "28000" | "28P01" => (Io, "the server refused the user or the password; check the URL"),
        "3D000" => (Io, "there is no such database; make it, or name another one"),
        "42501" => (Io, "the user may not do this; grant it the right to adreel's tables"),
        "42P01" => (Io, "adreel's tables are gone; restore them, or check the search_path"),
        "53300" => (Unavailable, "the server has no connection to spare; try again later"),
        "57P03" => (Unavailable, "the server is starting or stopping; try again later"),
        "40001" | "40P01" | "55P03" | "57014" => {
            (Unavailable, "the server gave the statement up; try again")
        }
        _ if code.starts_with("08") || code.starts_with("57P") => {
            (Unavailable, "the connection was lost; try again")
        }
        _ => return None,
    })
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
