//! `Idempotency-Key`: the same call again is answered with its first task and costs nothing.
//!
//! A key is in flight from when the head of its request was read, and used once its task was made. A
//! request that came to nothing leaves its key free: whether the service remembers those is not
//! documented.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use serde_json::{Map, Value};

use super::{Code, Refusal, Service, Task};
use crate::ids::digest;
use crate::ledger::Account;
use crate::operations::{Kind, Operation};
use crate::provider::Provider;
use crate::world::{World, locked};

/// Longest key. The contract gives a limit for later operations only; it is theirs.
const MOST_KEY_CHARS: usize = 255;

/// A key of an account's own: another's is another key.
type Key = (Account, String);

/// All keys that are in flight or used.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<Key, State>>);

enum State {
    InFlight,
    Used { sent: Sent, task: Arc<Task> },
}

/// What a request asked for, as a digest: bodies are many and may be long.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Sent([u8; 16]);

impl Sent {
    /// The order of fields does not count.
    pub(super) fn new(operation: &str, body: &Map<String, Value>) -> Self {
        let mut body = Value::Object(body.clone());
        body.sort_all_objects();
        Self(digest(&[operation.as_bytes(), body.to_string().as_bytes()]))
    }
}

/// What a request may make of its key.
pub(super) struct Claim {
    world: Arc<World>,
    key: Key,
    found: Found,
}

/// What the key was when the request's head was read.
enum Found {
    NoKey,
    /// Free, and in flight since then. Unless a task is kept under it, it is free again afterwards,
    /// also where the request breaks off.
    Free,
    InFlight,
    Used(Sent, Arc<Task>),
}

/// Takes the key of a create whose head was read, before its body is waited for.
pub(crate) fn claim(world: &Arc<World>, operation: Option<&Operation>, request: &mut Request) {
    let is_create = operation.is_some_and(|operation| {
        (operation.provider, operation.kind) == (Provider::BeatApi, Kind::Submit)
    });
    let Some(header) = request.headers().get("idempotency-key") else { return };
    let account = Account::of_headers(Provider::BeatApi, request.headers());
    let Some(account) =
        account.filter(|_| is_create && !world.settings.beatapi_contract.is_launch())
    else {
        return;
    };
    // What a header may hold beside ASCII is no text, and still a key.
    let name = (1..=MOST_KEY_CHARS).contains(&header.len());
    let name = name.then(|| header.as_bytes().escape_ascii().to_string());
    let key = (account, name.clone().unwrap_or_default());
    let found = match name {
        None => Found::NoKey,
        Some(_) => world.beatapi_keys.find(&key),
    };
    let claim = Claim { world: Arc::clone(world), key, found };
    request.extensions_mut().insert(Arc::new(claim));
}

/// The claim of a request that has a key.
pub(super) fn claim_of(request: &mut Request) -> Option<Arc<Claim>> {
    request.extensions_mut().remove()
}

impl Keys {
    /// What a key is, which is in flight from now on if it was free.
    fn find(&self, key: &Key) -> Found {
        let mut keys = locked(&self.0);
        match keys.get(key) {
            Some(State::InFlight) => Found::InFlight,
            Some(State::Used { sent, task }) => Found::Used(*sent, Arc::clone(task)),
            None => {
                keys.insert(key.clone(), State::InFlight);
                Found::Free
            }
        }
    }
}

impl Claim {
    /// The task that the key has already.
    ///
    /// # Errors
    /// A conflict where another request is in flight under the key or something else was asked for;
    /// a bad request where it is no key.
    pub(super) fn task_of(
        &self,
        service: &Service,
        sent: Sent,
    ) -> Result<Option<Arc<Task>>, Refusal> {
        let conflict = |message: &str| Err(service.refuse(Code::IdempotencyConflict, message));
        match &self.found {
            Found::Free => Ok(None),
            Found::Used(first, task) if *first == sent => Ok(Some(Arc::clone(task))),
            Found::Used(..) => conflict("this Idempotency-Key was used with another request"),
            Found::InFlight => {
                conflict("the first request with this Idempotency-Key is still in flight")
            }
            Found::NoKey => {
                let limit = format!("Idempotency-Key must have 1 to {MOST_KEY_CHARS} characters");
                Err(service.refuse(Code::BadRequest, limit))
            }
        }
    }

    /// Uses the key up.
    pub(super) fn keep(&self, sent: Sent, task: &Arc<Task>) {
        let used = State::Used { sent, task: Arc::clone(task) };
        locked(&self.world.beatapi_keys.0).insert(self.key.clone(), used);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut keys = locked(&self.world.beatapi_keys.0);
        if matches!((&self.found, keys.get(&self.key)), (Found::Free, Some(State::InFlight))) {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_fields_in_another_order_are_the_same_request() {
        let sent = |operation: &str, body: Value| Sent::new(operation, body.as_object().unwrap()).0;
        let order = || json!({"images": ["a", "b"], "extra": {"x": 1, "y": [{"z": null}]}});
        let other = json!({"extra": {"y": [{"z": null}], "x": 1}, "images": ["a", "b"]});
        assert_eq!(sent("a", order()), sent("a", other));
        assert_ne!(sent("a", order()), sent("b", order()));
        for (field, value) in [
            ("images", json!(["b", "a"])),
            ("images", json!(["a,b"])),
            ("extra", json!({"x": 1, "y": [{"z": ""}]})),
            ("extra", json!({"x": "1", "y": [{"z": null}]})),
        ] {
            let mut changed = order();
            changed[field] = value;
            assert_ne!(sent("a", order()), sent("a", changed));
        }
    }
}
