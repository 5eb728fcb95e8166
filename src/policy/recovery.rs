//! What is done about a paid call whose answer was lost.

use std::time::Duration;

use crate::model::Credits;

/// What is done about a paid call whose answer was lost, or during which the process ended.
///
/// A list proves presence, never absence, so such a call is never sent again by itself. What can be
/// found for which provider and step stands in [`Jobs`](crate::client::Jobs).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Nothing but reads. A call that is found goes on; any other is held.
    Hold,
    /// What is found goes on, and the rest is held. At BeatAPI the same call is sent again under
    /// the same idempotency key, where the account shows that it honours keys, its sender is known
    /// to be gone, and less than ten minutes have passed: that this charges nothing rests on the
    /// vendor's word.
    #[default]
    Adopt,
    /// As `Adopt`, and a step that is held is sent again, once, where its estimate is not above this
    /// many of its provider's credits. **It may then be paid twice**, which the job says for ever.
    ///
    /// It waits until the provider's longest job has ended, and for two looks by the same keys
    /// that went back past the call and saw nothing that could be this one. Where no look can tell
    /// that much, it does not wait for them.
    ResubmitIfAtMost(Credits),
}

/// What was given up may still be on its way for a while.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a call may be on its way, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settling {
    /// From its intent until nothing of it can be on its way any more.
    pub(crate) settle: Duration,
    /// How long its answer is waited for.
    pub(crate) timeout: Duration,
    /// How old its intent may be when its first byte leaves. A process that was stopped in between
    /// does not send after others have looked.
    pub(crate) send_within: Duration,
}

impl Settling {
    pub(crate) fn of(timeout: Duration, set: Option<Duration>) -> Self {
        match set {
            None => Self { settle: timeout + MARGIN, timeout, send_within: MARGIN / 2 },
            Some(settle) => {
                Self { settle, timeout: timeout.min(settle / 3 * 2), send_within: settle / 8 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_leaves_last_has_its_answer_before_it_has_settled() {
        let secs = Duration::from_secs;
        let timeouts = [0, 1, 60, 120, 600, 86_400].map(secs);
        let set = [None, Some(secs(3)), Some(secs(90)), Some(secs(7200))];
        for settling in timeouts.iter().flat_map(|t| set.map(|set| Settling::of(*t, set))) {
            let Settling { settle, timeout, send_within } = settling;
            assert!(send_within + timeout < settle, "{settling:?}");
        }
    }
}
