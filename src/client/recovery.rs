use std::time::Duration;

use crate::model::Credits;

/// What is done about a paid call whose answer was lost, or during which the process ended.
///
/// What is provable for which provider and step stands in [`Jobs`](super::Jobs).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Nothing but reads. A call that is found goes on; any other is held, also where it is proved
    /// not to exist.
    Hold,
    /// What is found goes on, what is proved not to exist is sent again, and the rest is held. At
    /// BeatAPI the same call is sent again under the same idempotency key, where the account shows
    /// that it honours them.
    #[default]
    Prove,
    /// As `Prove`, and a step that would be held is sent again, once, where its estimate is not
    /// above this many of its provider's credits. **It may then be paid twice.**
    ResubmitIfAtMost(Credits),
}

/// The longest attempt of a paid call takes 60 s, and what was given up may still be on its way
/// for a while.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a call may be on its way, and what follows from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settling(pub(crate) Duration);

impl Settling {
    pub(crate) fn of(timeout: Duration, set: Option<Duration>) -> Self {
        Self(set.unwrap_or(timeout + MARGIN))
    }

    /// How old an intent may be when its call leaves. A process that was stopped in between does
    /// not send after others have looked.
    pub(crate) fn send_within(self) -> Duration {
        self.0 / 3
    }

    /// How long after one look to take the next.
    pub(crate) fn look_after(self) -> Duration {
        self.0 / 3
    }
}
