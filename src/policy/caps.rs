//! How much may be spent.

use crate::model::Credits;

/// The most that may be spent on an account, in its provider's credits. Default: no cap.
///
/// A job is reckoned with the most that its plan may cost, which is reserved in the same write that
/// announces its first paid call: however many submit at the same time, with however many clients
/// that share a ledger, no cap is passed by that estimate. What a job did not take in the end has
/// room for others again; [`SpendKind`](crate::job::SpendKind) says when. A job for which there is
/// no room fails with [`ErrorKind::OverCap`](crate::ErrorKind::OverCap), nothing is sent for it, and the same submit again
/// tries again.
///
/// Where the provider takes more than its prices say, a cap can be passed by what it took: that is
/// counted then, and keeps later jobs back.
///
/// ```
/// use adreel::Caps;
/// use adreel::{AccountConfig, Credits, Keys};
///
/// let caps = Caps::new().per_request(Credits::whole(5)).per_day(Credits::whole(50));
/// let account = AccountConfig::new(Keys::key("k")).caps(caps);
/// # let _ = account;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    pub(crate) request: Option<Credits>,
    pub(crate) run: Option<Credits>,
    pub(crate) day: Option<Credits>,
    pub(crate) total: Option<Credits>,
    pub(crate) allows_unknown: bool,
}

impl Caps {
    /// No cap.
    pub fn new() -> Self {
        Self::default()
    }

    /// For one job, with all of its paid steps.
    #[must_use]
    pub fn per_request(mut self, most: Credits) -> Self {
        self.request = Some(most);
        self
    }

    /// For all jobs of one [run](crate::client::ClientBuilder::run).
    #[must_use]
    pub fn per_run(mut self, most: Credits) -> Self {
        self.run = Some(most);
        self
    }

    /// For all jobs whose first paid call is made on the same day, in UTC.
    #[must_use]
    pub fn per_day(mut self, most: Credits) -> Self {
        self.day = Some(most);
        self
    }

    /// For all jobs of the account that the ledger has.
    #[must_use]
    pub fn in_total(mut self, most: Credits) -> Self {
        self.total = Some(most);
        self
    }

    /// Lets jobs through whose cost is [unknown](crate::job::Confidence::Unknown), with the most of what is
    /// known of it. **A cap can then be passed.** Default: under any cap they are refused.
    #[must_use]
    pub fn allow_unknown_cost(mut self) -> Self {
        self.allows_unknown = true;
        self
    }

    pub(crate) fn has_any(&self) -> bool {
        [self.request, self.run, self.day, self.total].iter().any(Option::is_some)
    }
}
