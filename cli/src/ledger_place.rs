//! Where the command keeps its ledgers: one file for whatever is paid for, and others for sandboxes.
//!
//! Each row names the realm of its account, so one file does for all addresses. Were there one for
//! each, a setting that comes or goes would open another, in which nobody knows what was paid.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use adreel::text::{setting, trimmed};
use adreel::{Error, ErrorKind, Ledger, MemoryLedger, ProviderId, Result, Sql};
use etcetera::BaseStrategy as _;
use url::Url;

use crate::args::{Global, LedgerUse};
use crate::exit::LEDGER;
use crate::output;
use crate::setting::trimmed_os;

/// The ledger of all that is no sandbox's, whatever the addresses are.
const LIVE: &str = "live.db";

/// The ledger of sandboxes that live as long as a command.
const SANDBOX: &str = "sandbox.db";

/// Where a ledger is, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LedgerPlace {
    Memory,
    File(PathBuf),
    Url(String),
}

impl LedgerPlace {
    /// What a `--ledger` names. A file's path need not be text.
    pub(crate) fn of(value: &OsStr) -> Self {
        let value = trimmed_os(value);
        match value.to_str() {
            Some("memory:") => Self::Memory,
            Some(text) => Self::Url(text.to_owned()),
            #[cfg(unix)]
            None => {
                use std::os::unix::ffi::OsStrExt as _;
                let Some(path) = value.as_bytes().strip_prefix(b"sqlite:") else {
                    return Self::Url(value.to_string_lossy().into_owned());
                };
                let path = path.strip_prefix(b"//").unwrap_or(path);
                Self::File(OsStr::from_bytes(path).into())
            }
            #[cfg(not(unix))]
            None => Self::Url(value.to_string_lossy().into_owned()),
        }
    }
}

/// Without the URL of a server, which may hold a password.
impl fmt::Display for LedgerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("in memory"),
            Self::File(path) => write!(f, "at {}", path.display()),
            Self::Url(url) => match url.strip_prefix("sqlite:") {
                Some(path) => write!(f, "at {path}"),
                None => f.write_str("in that database"),
            },
        }
    }
}

/// The folder of the user's data, such as `~/.local/share/adreel`.
fn data_folder() -> Result<PathBuf> {
    let base = etcetera::choose_base_strategy().map_err(|error| {
        let message = format!("the home folder is not known ({error}): name a ledger");
        Error::new(ErrorKind::Io, message).with_field(LEDGER)
    })?;
    let folder = base.data_dir().join("adreel");
    if folder.is_absolute() {
        return Ok(folder);
    }
    // Elsewhere it would be another ledger, in which nobody knows what was paid.
    let message = "the home folder is not named from the root (HOME): mend it, or name a ledger";
    Err(Error::new(ErrorKind::Io, message).with_field(LEDGER))
}

/// The file of a sandbox that runs at an address, or of several addresses in earlier versions.
fn file_at(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let urls = urls.into_iter();
    let hosts: BTreeSet<String> = urls.filter_map(|url| host_and_port(url.as_ref())).collect();
    let joined = hosts.into_iter().collect::<Vec<_>>().join("+");
    (!joined.is_empty()).then(|| format!("{joined}.db"))
}

fn host_and_port(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    Some(format!("{}-{port}", host.chars().map(plain).collect::<String>()))
}

/// Says where the jobs at these addresses were kept when each set of them had a file.
fn note_former_ledger(global: &Global) {
    let name = file_at(base_urls());
    let Some((folder, name)) = data_folder().ok().zip(name) else { return };
    let former = folder.join(name);
    if !global.quiet && former.is_file() {
        let path = former.display();
        output::note(&format!(
            "an earlier version kept jobs of these addresses in another file, which --ledger \
             sqlite:{path} opens"
        ));
    }
}

/// The addresses that the environment names for its accounts, instead of the providers' own.
fn base_urls() -> Vec<String> {
    let variable = |provider: ProviderId, name: &str| {
        let name = format!("{}_{name}", provider.as_str().to_uppercase());
        setting(std::env::var_os(name)?).ok()?
    };
    let with_keys = ProviderId::ALL.into_iter().filter(|id| variable(*id, "API_KEY").is_some());
    with_keys.filter_map(|id| variable(id, "BASE_URL")).collect()
}

/// Opens the ledger that was named, or the one that belongs to what is reached; only a command that
/// puts jobs there makes one.
pub(crate) async fn open(global: &Global, used: LedgerUse) -> Result<Arc<dyn Ledger>> {
    let named = |error: Error| error.with_field(LEDGER);
    let place = match &global.ledger {
        Some(value) => LedgerPlace::of(value),
        None if global.sandbox => match data_folder() {
            Ok(folder) => LedgerPlace::File(folder.join(SANDBOX)),
            // Whoever tries things out needs no home, and nothing is paid.
            Err(_) => LedgerPlace::Memory,
        },
        None => LedgerPlace::File(data_folder()?.join(match &global.sandbox_url {
            Some(url) => file_at([trimmed(url)]).unwrap_or_else(|| SANDBOX.to_owned()),
            None => {
                note_former_ledger(global);
                LIVE.to_owned()
            }
        })),
    };
    let opened = match (&place, used) {
        (LedgerPlace::Memory, _) => Ok(None),
        (LedgerPlace::File(path), LedgerUse::New) => Sql::open_file(path).await.map(Some),
        (LedgerPlace::Url(url), LedgerUse::New) => Sql::open(url).await.map(Some),
        (LedgerPlace::File(path), _) => Sql::open_existing_file(path).await,
        (LedgerPlace::Url(url), _) => Sql::open_existing(url).await,
    };
    match opened {
        Ok(Some(ledger)) => return Ok(Arc::new(ledger)),
        Ok(None) if used == LedgerUse::ThisJob && place != LedgerPlace::Memory => {
            let message = format!("the ledger has no such job: there is no ledger {place}");
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        Ok(None) if used == LedgerUse::Jobs && place != LedgerPlace::Memory && !global.quiet => {
            output::note(&format!("there is no ledger {place}: the first `make` begins it"));
        }
        Ok(None) => {}
        // The same as without a home.
        Err(_) if global.sandbox && global.ledger.is_none() => {}
        Err(error) => return Err(named(error)),
    }
    Ok(Arc::new(MemoryLedger::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sandbox_that_stays_has_a_file_of_its_own() {
        let name = |urls: &[&str]| file_at(urls);
        let is = |name: &str| Some(name.to_owned());
        assert_eq!(name(&[]), None);
        assert_eq!(name(&["http://127.0.0.1:8080/"]), is("127.0.0.1-8080.db"));
        assert_eq!(
            name(&["https://b.example", "http://a.example"]),
            is("a.example-80+b.example-443.db")
        );
        assert_eq!(name(&["http://[::1]:9/../x"]), is("---1--9.db"));
    }
}
