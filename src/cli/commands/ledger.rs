use super::super::args::{Global, LedgerCommand};
use super::super::exit::Exit;
use super::super::output;
use crate::ledger::Sql;

/// Needs no ledger: what it is made of is known without one.
pub(in super::super) fn run(global: &Global, command: &LedgerCommand) -> Exit {
    match command {
        LedgerCommand::Schema => {
            let url = global.ledger.as_deref().unwrap_or("sqlite::memory:");
            match Sql::schema(url) {
                Ok(schema) => output::line(schema.trim_end()),
                Err(error) => return output::report(&error),
            }
        }
    }
    Exit::Done
}
