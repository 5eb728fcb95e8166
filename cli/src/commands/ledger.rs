//! `adreel ledger schema`: the SQL of its tables.

use adreel::ledger::Sql;

use crate::args::{Global, LedgerCommand};
use crate::exit::Exit;
use crate::output;
use crate::setting::trimmed_os;

/// Needs no ledger: what it is made of is known without one.
pub(crate) fn run(global: &Global, command: &LedgerCommand) -> Exit {
    match command {
        LedgerCommand::Schema => {
            let url = global.ledger.as_deref().map(trimmed_os);
            let url = url.as_ref().map_or("sqlite::memory:".into(), |url| url.to_string_lossy());
            match Sql::schema(&url) {
                Ok(schema) => output::document(schema.trim_end()),
                Err(error) => return output::report(&error),
            }
        }
    }
    Exit::Done
}
