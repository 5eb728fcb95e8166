//! Who lives, in memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Seat;
use crate::ledger::seat::new_name;

/// The names of the seats that are taken. Whoever uses the ledger is in this process, so that it
/// knows of everybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats(Arc<Mutex<HashSet<String>>>);

/// A name that goes when it is dropped.
struct Named(Seats, String);

impl Drop for Named {
    fn drop(&mut self) {
        self.0.names(|names| names.remove(&self.1));
    }
}

impl Seats {
    pub(super) fn take(&self) -> Result<Seat> {
        let name = new_name().map_err(|error| {
            Error::new(ErrorKind::Io, format!("the ledger's seats have no names: {error}"))
        })?;
        self.names(|names| names.insert(name.clone()));
        Ok(Seat::new(name.clone(), Named(self.clone(), name)))
    }

    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.names(|names| names.contains(name))
    }

    fn names<T>(&self, work: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
