//! Where a SQL ledger is, said without its password.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Where a ledger is, as it is told: without user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each backend makes its own")]
pub(super) enum Place {
    Memory,
    File(PathBuf),
    Server { host: String, database: String },
}

impl Place {
    /// The file of the ledger, for what belongs beside it.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Memory | Self::Server { .. } => None,
        }
    }

    /// What has the ledger's path with something at its end.
    pub(super) fn beside(&self, ending: &str) -> Option<PathBuf> {
        let mut name = self.file()?.as_os_str().to_owned();
        name.push(ending);
        Some(name.into())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("in memory"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server { host, database } => write!(f, "{host}/{database}"),
        }
    }
}

/// What a ledger's URL asks for.
pub(super) enum Address<'a> {
    Memory,
    File(&'a Path),
    #[allow(dead_code, reason = "only Postgres reads it")]
    Server(&'a str),
}

impl<'a> Address<'a> {
    /// # Errors
    /// None of them quotes the URL, since it may hold a password.
    pub(super) fn parse(url: &'a str) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            "sqlite" if rest == ":memory:" => Ok(Self::Memory),
            "sqlite" => Self::parse_file(rest),
            "postgres" | "postgresql" if is_server(rest) => Ok(Self::Server(url)),
            "postgres" | "postgresql" => Err(invalid(SERVER)),
            _ => Err(invalid(
                "not a ledger's URL: use sqlite:PATH, sqlite::memory: or \
                 postgres://USER:PASSWORD@HOST/DATABASE",
            )),
        }
    }

    fn parse_file(rest: &'a str) -> Result<Self> {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() {
            return Err(invalid("the URL names no file: use sqlite:PATH"));
        }
        // A name such as `jobs.db?mode=ro` would be a file that nobody meant.
        if path.contains('?') {
            return Err(invalid("sqlite: takes no parameters, and no file with a `?` in its name"));
        }
        Ok(Self::File(Path::new(path)))
    }

    /// Why it cannot be opened by a build without the feature that it needs.
    #[allow(dead_code, reason = "nothing is left out where both features are on")]
    pub(super) fn left_out(&self) -> Error {
        let (backend, feature) = match self {
            Self::Memory | Self::File(_) => ("SQLite", "sqlite"),
            Self::Server(_) => ("Postgres", "postgres"),
        };
        let message = format!(
            "this adreel was built without {backend}: build it with the feature `{feature}`"
        );
        Error::new(crate::error::ErrorKind::Unsupported, message).with_field("ledger")
    }
}

/// What is said of a server's URL that cannot be read as it was meant.
pub(super) const SERVER: &str = "the URL cannot be read: use \
     postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @, %2F for a / and so on in a \
     password";

/// Whether what stands behind the scheme has a place of its own for a password. Otherwise a part of
/// one would be taken for the name of a database or a host, which is told.
fn is_server(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix("//") else { return false };
    let (_, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // Values of parameters may be anything.
    let (names, _) = behind.split_at(behind.find('=').unwrap_or(behind.len()));
    !names.contains(['@', ':', '#'])
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::invalid("ledger", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_url_is_not_quoted() {
        for url in [
            "mysql://u:secret@h/d",
            "secret",
            "",
            "sqlite:",
            "sqlite:secret?mode=ro",
            "postgres:u:secret@h/d",
            "postgresql:secret",
            "postgres:/u:secret@h/d",
            "postgres:///u:secret@h",
            "postgres://u:7/secret@h:1/d",
            "postgres://u:7?secret@h/d",
            "postgres://u:7#secret@h/d",
        ] {
            let error = Address::parse(url).err().map(|error| format!("{error} {error:?}"));
            assert!(error.is_some_and(|text| !text.contains("secret")), "{url}");
        }
    }

    #[test]
    fn a_servers_url_is_taken_as_libpq_has_it() {
        for url in [
            "postgres://h",
            "postgresql://u:p%40%2F@[::1]:5432/d?sslmode=require",
            "postgres:///d?host=/run/postgresql&user=u@tenant",
            "postgres://u:p@h/d?options=-c search_path=a:b",
        ] {
            assert!(matches!(Address::parse(url), Ok(Address::Server(_))), "{url}");
        }
    }

    #[test]
    fn a_path_is_taken_as_it_stands() {
        for (url, expected) in [
            ("sqlite:jobs 100%.db", "jobs 100%.db"),
            ("sqlite:/var/jobs.db", "/var/jobs.db"),
            ("sqlite:///var/jobs.db", "/var/jobs.db"),
        ] {
            match Address::parse(url) {
                Ok(Address::File(path)) => assert_eq!(path, Path::new(expected)),
                _ => panic!("{url} is a file"),
            }
        }
    }
}
