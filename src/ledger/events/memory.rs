//! The log of webhooks' events in memory.

use std::collections::{BTreeSet, HashMap};
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{EventLog, LoggedEvent, NewEvent};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::job::Account;
use crate::model::Timestamp;

/// The events of a ledger that ends with the process.
#[derive(Debug, Default)]
pub(in crate::ledger) struct MemoryEvents(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The first one has the number 1.
    events: Vec<Entry>,
    /// The indices of each resource's events.
    resources: HashMap<(Account, String), Vec<usize>>,
    /// When which can be claimed.
    due: BTreeSet<(Timestamp, usize)>,
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
    fn index(&self, number: u64) -> Option<usize> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        (index < self.events.len()).then_some(index)
    }

    /// Sets when an event can be claimed, and says whether it could be before.
    fn set_due(&mut self, index: usize, due: Option<Timestamp>) -> bool {
        let before = std::mem::replace(&mut self.events[index].due, due);
        if let Some(before) = before {
            self.due.remove(&(before, index));
        }
        self.due.extend(due.map(|due| (due, index)));
        before.is_some()
    }

    fn of_resource(&self, account: &Account, resource: &str) -> &[usize] {
        let key = (account.clone(), resource.to_owned());
        self.resources.get(&key).map_or(&[], Vec::as_slice)
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
        let mut known = state.of_resource(&event.account, &event.resource).iter();
        let is_new = !known.any(|index| state.events[*index].event.is_same_as(event));
        if is_new {
            let index = state.events.len();
            let entry = Entry { event: event.clone(), claims: 0, holder: String::new(), due: None };
            state.events.push(entry);
            let resource = (event.account.clone(), event.resource.clone());
            state.resources.entry(resource).or_default().push(index);
            state.set_due(index, Some(event.noted_at));
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
        let first = state.due.first().copied().filter(|(due, _)| *due <= now);
        let claimed = first.map(|(_, index)| {
            let entry = &mut state.events[index];
            entry.claims += 1;
            holder.clone_into(&mut entry.holder);
            state.set_due(index, Some(until));
            state.logged(index)
        });
        Box::pin(ready(Ok(claimed)))
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        let mut state = self.state();
        let is_news = state.index(number).is_some_and(|index| state.set_due(index, None));
        Box::pin(ready(Ok(is_news)))
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        let mut state = self.state();
        let is_held = |index: &usize| {
            let entry = &state.events[*index];
            entry.holder == holder && entry.due.is_some()
        };
        let held = state.index(number).filter(is_held);
        let stood = held.is_some_and(|index| state.set_due(index, Some(until)));
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
        let found = state.of_resource(account, resource).iter();
        let found = found.map(|index| state.logged(*index)).collect();
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
