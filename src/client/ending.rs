//! How a wait that brings no video ends.

use crate::error::{Error, ErrorKind};
use crate::job::{Job, Offer, Stage, Step};

/// The last that is known of a job: its provider's word, where it has given one.
pub(super) fn last_word(job: &Job) -> &str {
    match job.status() {
        Some(status) => status,
        None if job.provider_ref().is_some() => "accepted, not read yet",
        None if job.may_be_paid() => "sent, not answered yet",
        None => "not submitted",
    }
}

/// The most offers that an error names.
const MOST_NAMED: usize = 8;

/// The first offers by their names, and how many follow.
fn named(offers: &[Offer]) -> String {
    let first = offers.iter().take(MOST_NAMED).map(|o| format!("{} ({})", o.id, o.label));
    let first = first.collect::<Vec<_>>().join(", ");
    match offers.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} or {more} more that the job lists"),
    }
}

#[cfg(test)]
#[test]
fn of_many_offers_the_first_are_named() {
    let offer = |number| Offer { id: format!("p{number}"), label: "Bold".to_owned() };
    let offers: Vec<_> = (0..1_000).map(offer).collect();
    assert_eq!(named(&offers[..2]), "p0 (Bold), p1 (Bold)");
    assert!(named(&offers).ends_with("p7 (Bold) or 992 more that the job lists"));
}

/// The error of a job that ended without a video; `None` where there is one, or may still be.
pub(super) fn ending(job: &Job) -> Option<Error> {
    let provider = job.account().provider;
    let told = || match job.trouble() {
        Some(trouble) => {
            let error = trouble.to_error(provider);
            // It stands for all that was sent for the step, and not for the last attempt alone.
            let of_step = |step: &&Step| trouble.operation.as_deref() == Some(step.operation());
            let step = job.steps().iter().rfind(of_step).filter(|_| error.attempts() > 0);
            let sent = step.map_or(error.attempts(), |step| step.attempt().max(1));
            let elapsed = error.elapsed();
            error.with_attempts(sent, elapsed)
        }
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
                    format!("choose one of {} and resume the job", named(offers))
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
