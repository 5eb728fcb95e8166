use std::time::Duration;

use super::*;
use crate::job::{Account, Confidence, Estimate, JobId, Plan, PlannedStep};
use crate::model::{Credits, Product, ProviderId, VideoRequest};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// A job with a free step and a paid one.
fn job() -> Job {
    let plan = Plan {
        account: Account {
            provider: ProviderId::Jogg,
            name: "default".to_owned(),
            realm: "http://127.0.0.1".to_owned(),
        },
        steps: vec![PlannedStep::free("create_product"), PlannedStep::paid("create_video")],
        images: Vec::new(),
        prompt: None,
        duration_secs: Some(15),
        choices: Vec::new(),
        notes: Vec::new(),
        cost: Estimate {
            low: Credits::ZERO,
            high: Credits::ZERO,
            source: String::new(),
            confidence: Confidence::Documented,
        },
    };
    let id = JobId::new(&crate::clock::SystemClock);
    Job::new(id, plan, VideoRequest::new(Product::new("Roast")), String::new(), None, NOW)
}

fn after(outcomes: impl IntoIterator<Item = Outcome>) -> Job {
    outcomes.into_iter().fold(job(), |job, outcome| apply(job, outcome, NOW))
}

/// A job whose paid step is about to be answered.
fn submitting() -> Job {
    after([Outcome::Sending, Outcome::Finished("product".to_owned()), Outcome::Sending])
}

fn reason(kind: ErrorKind) -> Reason {
    Reason::new(kind, "why")
}

fn lost() -> Outcome {
    Outcome::AnswerLost { reason: reason(ErrorKind::SubmitUnknown), look_after: SECOND }
}

fn refused(again_after: Option<Duration>) -> Outcome {
    Outcome::Refused { reason: reason(ErrorKind::RateLimited), again_after }
}

fn accepted() -> Outcome {
    Outcome::Accepted { resource: "task_1".to_owned(), poll_after: SECOND }
}

const SECOND: Duration = Duration::from_secs(1);
const LATER: Timestamp = Timestamp::from_millis(1_001_000);

#[test]
fn a_job_goes_from_step_to_step_to_the_file() {
    let job = after([Outcome::Sending, Outcome::Finished("product".to_owned())]);
    assert_eq!((next(&job, NOW), job.stage()), (Action::Send(1), Stage::Ready));
    let job = apply(submitting(), accepted(), NOW);
    assert_eq!((next(&job, NOW), job.stage()), (Action::Rest(LATER), Stage::Running));
    assert_eq!(next(&job, LATER), Action::Poll(1));
    assert_eq!(job.provider_ref().unwrap().to_string(), "jogg:task_1");
    let facts = VideoFacts {
        url: "u".to_owned(),
        poster: None,
        duration: None,
        cost: None,
        raw: serde_json::Value::Null,
    };
    let video = Some(Box::new(facts));
    let job = apply(job, Outcome::Succeeded { status: "completed".to_owned(), video }, LATER);
    assert_eq!((next(&job, LATER), job.stage()), (Action::Download, Stage::Rendered));
    let job = apply(job, Outcome::Downloaded, LATER);
    assert_eq!((next(&job, LATER), job.stage()), (Action::End, Stage::Done));
}

#[test]
fn a_paid_step_found_in_submitting_is_looked_up_never_sent() {
    let settled = NOW + SETTLE;
    // Whoever sends it may still be at it.
    assert_eq!(next(&submitting(), NOW), Action::Rest(settled));
    assert_eq!(next(&submitting(), settled), Action::LookUp(1));
    // A free one is simply sent again.
    assert_eq!(next(&after([Outcome::Sending]), settled), Action::Send(0));
}

#[test]
fn a_refusal_after_a_lost_answer_proves_nothing() {
    let unknown = apply(submitting(), lost(), NOW);
    assert_eq!((next(&unknown, NOW), unknown.stage()), (Action::Rest(LATER), Stage::Submitting));
    assert_eq!(next(&unknown, LATER), Action::LookUp(1));
    for refusal in [refused(None), refused(Some(SECOND)), Outcome::Sending] {
        let still = apply(unknown.clone(), refusal, LATER);
        assert_eq!(next(&still, LATER), Action::LookUp(1));
    }
}

#[test]
fn a_lost_job_is_found_or_held_and_only_absence_frees_it() {
    let unknown = apply(submitting(), lost(), NOW);
    let found = apply(unknown.clone(), accepted(), LATER);
    assert_eq!(found.stage(), Stage::Running);
    let held = apply(unknown.clone(), Outcome::NotSeen { look_after: None }, LATER);
    assert_eq!((next(&held, LATER), held.stage()), (Action::Hold, Stage::Uncertain));
    let absent = apply(unknown, Outcome::Absent, LATER);
    assert_eq!(next(&absent, LATER), Action::Send(1));
    // An answer that comes after all settles it.
    assert_eq!(apply(held, accepted(), LATER).stage(), Stage::Running);
}

#[test]
fn a_refusal_for_now_is_sent_again_later_and_not_for_ever() {
    let job = apply(submitting(), refused(Some(SECOND)), NOW);
    assert_eq!((next(&job, NOW), next(&job, LATER)), (Action::Rest(LATER), Action::Send(1)));
    let never_left =
        || Outcome::Refused { reason: reason(ErrorKind::Unavailable), again_after: Some(SECOND) };
    let (mut cut_off, mut full) = (submitting(), submitting());
    for _ in 0..MAX_ATTEMPTS {
        cut_off = apply(apply(cut_off, never_left(), NOW), Outcome::Sending, LATER);
        full = apply(apply(full, refused(Some(SECOND)), NOW), Outcome::Sending, LATER);
    }
    assert_eq!((next(&cut_off, LATER), cut_off.stage()), (Action::End, Stage::Failed));
    assert_eq!(full.stage(), Stage::Submitting, "a full account is waited for");
}

#[test]
fn failed_polls_do_not_fail_a_job() {
    let mut job = apply(submitting(), accepted(), NOW);
    for _ in 0..100 {
        let failed =
            Outcome::PollFailed { reason: reason(ErrorKind::Unavailable), poll_after: SECOND };
        job = apply(job, failed, NOW);
    }
    assert_eq!((next(&job, LATER), job.stage()), (Action::Poll(1), Stage::Running));
    let unknown = Outcome::Running { status: "dreaming".to_owned(), poll_after: SECOND };
    let job = apply(job, unknown, NOW);
    assert_eq!((job.status(), job.trouble()), (Some("dreaming"), None));
}

#[test]
fn a_job_that_its_provider_no_longer_knows_is_lost_in_the_end() {
    let mut job = apply(submitting(), accepted(), NOW);
    let not_found =
        || Outcome::PollFailed { reason: reason(ErrorKind::NotFound), poll_after: SECOND };
    for _ in 0..MAX_NOT_FOUND {
        assert_eq!(job.stage(), Stage::Running);
        job = apply(job, not_found(), NOW);
    }
    assert_eq!((next(&job, LATER), job.stage()), (Action::End, Stage::Lost));
}
