use std::collections::HashMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{EventLog, LoggedEvent, NewEvent};
use crate::BoxFuture;
use crate::error::Result;
use crate::job::Account;
use crate::model::Timestamp;

/// The events of a ledger that ends with the process.
#[derive(Debug, Default)]
pub(in crate::ledger) struct MemoryEvents(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The first one has the number 1.
    events: Vec<Entry>,
    /// Who holds which lease, and until when.
    leases: HashMap<String, (String, Timestamp)>,
}

#[derive(Debug)]
struct Entry {
    event: NewEvent,
    claims: u32,
    holder: String,
    /// When it can be claimed; `None` once it is acknowledged.
    due: Option<Timestamp>,
}

impl MemoryEvents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.events.get_mut(index)
    }

    fn logged(&self, index: usize) -> LoggedEvent {
        let entry = &self.events[index];
        let number = index as u64 + 1;
        LoggedEvent::new(entry.event.clone(), number, entry.claims, entry.due.is_none())
    }
}

impl EventLog for MemoryEvents {
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>> {
        let mut state = self.state();
        let is_new = !state.events.iter().any(|known| known.event.is_same_as(event));
        if is_new {
            let (event, due) = (event.clone(), Some(event.noted_at));
            state.events.push(Entry { event, claims: 0, holder: String::new(), due });
        }
        Box::pin(ready(Ok(is_new)))
    }

    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>> {
        let mut state = self.state();
        let due = state.events.iter().enumerate();
        let due = due.filter_map(|(index, entry)| Some((entry.due?, index)));
        let first = due.filter(|(due, _)| *due <= now).min();
        let claimed = first.map(|(_, index)| {
            let entry = &mut state.events[index];
            entry.claims += 1;
            entry.due = Some(until);
            holder.clone_into(&mut entry.holder);
            state.logged(index)
        });
        Box::pin(ready(Ok(claimed)))
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        let mut state = self.state();
        let due = state.entry(number).and_then(|entry| entry.due.take());
        Box::pin(ready(Ok(due.is_some())))
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        let mut state = self.state();
        let is_held = |entry: &&mut Entry| entry.holder == holder && entry.due.is_some();
        let held = state.entry(number).filter(is_held);
        let stood = held.map(|entry| entry.due = Some(until)).is_some();
        Box::pin(ready(Ok(stood)))
    }

    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>> {
        let state = self.state();
        let first = usize::try_from(number).unwrap_or(usize::MAX);
        let told = (first..state.events.len()).take(limit as usize);
        let told = told.map(|index| state.logged(index)).collect();
        Box::pin(ready(Ok(told)))
    }

    fn newest(&self) -> BoxFuture<'_, Result<u64>> {
        let newest = self.state().events.len() as u64;
        Box::pin(ready(Ok(newest)))
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>> {
        let state = self.state();
        let is_of =
            |entry: &Entry| entry.event.account == *account && entry.event.resource == resource;
        let found = (0..state.events.len()).filter(|index| is_of(&state.events[*index]));
        let found = found.map(|index| state.logged(index)).collect();
        Box::pin(ready(Ok(found)))
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        let mut state = self.state();
        let is_taken =
            state.leases.get(name).is_some_and(|(other, end)| other != holder && *end > now);
        if !is_taken {
            state.leases.insert(name.to_owned(), (holder.to_owned(), until));
        }
        Box::pin(ready(Ok(!is_taken)))
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        let mut state = self.state();
        if state.leases.get(name).is_some_and(|(other, _)| other == holder) {
            state.leases.remove(name);
        }
        Box::pin(ready(Ok(())))
    }
}
