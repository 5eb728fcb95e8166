//! Caps, kept by the ledger.

use super::Client;
use crate::error::{CapScope, Error, ErrorKind, OverCap, Result};
use crate::job::{Confidence, Estimate, Job};
use crate::ledger::{SpendLimit, SpendScope};
use crate::model::{Credits, Timestamp};
use crate::policy::Caps;

impl Client {
    fn caps_of(&self, job: &Job) -> Caps {
        let account = job.account();
        let caps = self.0.caps.get(&(account.provider, account.name.clone()));
        caps.copied().unwrap_or_default()
    }

    /// Whether a plan for an account is worth reading what settles its price.
    pub(super) fn is_capped(&self, account: &crate::job::Account) -> bool {
        let caps = self.0.caps.get(&(account.provider, account.name.clone()));
        caps.is_some_and(Caps::has_any)
    }

    /// Refuses what may cost more than one request may, before anything is sent.
    ///
    /// # Errors
    /// [`ErrorKind::OverCap`].
    pub(super) fn check_request(&self, job: &Job) -> Result<()> {
        let caps = self.caps_of(job);
        let most = request_cap(&caps, job);
        let refused = |message: String| {
            Error::new(ErrorKind::OverCap, message).with_provider(job.account().provider)
        };
        let cost = &job.plan.cost;
        if let Some(message) = unknown_cost(&caps, job) {
            return Err(refused(message));
        }
        match most {
            Some(most) if cost.high > most => {
                let limit = SpendLimit::new(SpendScope::Request, most);
                let (message, over) = over(&limit, Credits::ZERO, cost.high);
                Err(refused(message).with_over_cap(Some(over)))
            }
            _ => Ok(()),
        }
    }

    /// The limits within which an intent may be stored, or why it may not. Every paid call has to
    /// fit what its job may cost; what is shared with others counts where it reserves something.
    pub(super) fn limits(
        &self,
        job: &Job,
        intent: &Job,
        now: Timestamp,
    ) -> Result<Vec<SpendLimit>, String> {
        let caps = self.caps_of(job);
        if !intent.current_step().is_some_and(|step| step.is_paid()) {
            return Ok(Vec::new());
        }
        let request = request_cap(&caps, job);
        let request = request.map(|most| SpendLimit::new(SpendScope::Request, most));
        let (before, after) = (job.spending().len(), intent.spending().len());
        if before == after {
            // What has its place keeps it.
            return Ok(request.into_iter().collect());
        }
        if let Some(message) = unknown_cost(&caps, job) {
            return Err(message);
        }
        let shared = [
            (SpendScope::Run(self.0.run.clone()), caps.run),
            (SpendScope::Day(now), caps.day),
            (SpendScope::Account, caps.total),
        ];
        let shared =
            shared.into_iter().filter_map(|(scope, most)| Some(SpendLimit::new(scope, most?)));
        Ok(request.into_iter().chain(shared).collect())
    }
}

/// The lower of the account's cap for a request and the request's own.
fn request_cap(caps: &Caps, job: &Job) -> Option<Credits> {
    caps.request.into_iter().chain(job.cap).min()
}

/// Why a job is refused whose cost nobody knows.
fn unknown_cost(caps: &Caps, job: &Job) -> Option<String> {
    let is_capped = caps.has_any() || job.cap.is_some();
    let Estimate { confidence, source, .. } = &job.plan.cost;
    (is_capped && *confidence == Confidence::Unknown && !caps.allows_unknown).then(|| {
        format!(
            "under a cap, and what it costs is not known ({source}): leave out what has no price, or \
             set Caps::allow_unknown_cost"
        )
    })
}

/// What is said of a job that breaks a limit, in words and as data.
pub(super) fn over(limit: &SpendLimit, committed: Credits, needed: Credits) -> (String, OverCap) {
    let most = limit.most;
    let said = |whose: &str, advice: &str| {
        format!(
            "over the {whose}'s cap of {most}: {committed} are committed, this may cost {needed}; \
             {advice}"
        )
    };
    let (scope, message) = match limit.scope {
        SpendScope::Request => (
            CapScope::Request,
            format!(
                "over the request's cap of {most}: this may cost {needed}; raise it or ask for less"
            ),
        ),
        SpendScope::Run(_) => (CapScope::Run, said("run", "raise it or begin another run")),
        SpendScope::Day(_) => (CapScope::Day, said("day", "raise it or try again tomorrow (UTC)")),
        SpendScope::Account => (CapScope::Account, said("account", "raise it")),
    };
    let room_at = match limit.scope {
        SpendScope::Day(day) => Some(day.next_day()),
        _ => None,
    };
    (message, OverCap::new(scope, most, committed, needed, room_at))
}
