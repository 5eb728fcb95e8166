//! How a wait that brings no video ends.

use crate::error::{Error, ErrorKind};
use crate::job::{Job, Stage};

/// The last that is known of a job: its provider's word, where it has given one.
pub(super) fn last_word(job: &Job) -> &str {
    match job.status() {
        Some(status) => status,
        None if job.provider_ref().is_some() => "accepted, not read yet",
        None if job.may_be_paid() => "sent, not answered yet",
        None => "not submitted",
    }
}

/// The error of a job that ended without a video; `None` where there is one, or may still be.
pub(super) fn ending(job: &Job) -> Option<Error> {
    let provider = job.account().provider;
    let told = || match job.trouble() {
        Some(trouble) => trouble.to_error(provider),
        None if job.stage() == Stage::Uncertain => {
            let message = "a call of it may have been sent, and what became of that is not known";
            Error::new(ErrorKind::SubmitUnknown, message).with_provider(provider)
        }
        None => Error::new(ErrorKind::JobFailed, "no reason is known").with_provider(provider),
    };
    let error = match job.stage() {
        Stage::Failed => told(),
        Stage::Uncertain => told().into_submit_unknown(),
        Stage::Lost => Error::new(ErrorKind::NotFound, "accepted, but no longer known there")
            .with_provider(provider),
        Stage::NeedsAction => {
            let message = match job.offers() {
                Some(offers) => {
                    let offers: Vec<_> =
                        offers.iter().map(|o| format!("{} ({})", o.id, o.label)).collect();
                    format!("choose one of {} and resume the job", offers.join(", "))
                }
                None => format!(
                    "the provider waits for a decision (status {}): act there and resume the job",
                    job.status().unwrap_or("unknown")
                ),
            };
            Error::new(ErrorKind::NeedsAction, message).with_provider(provider)
        }
        _ if job.rests_for_somebody() => told(),
        _ => return None,
    };
    Some(error.with_job(job.id()))
}
