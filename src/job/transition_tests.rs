use std::time::Duration;

use super::*;
use crate::job::{Account, Confidence, Estimate, JobId, Plan, PlannedStep};
use crate::model::{
    Cost, CostSource, Credits, Medium, Product, ProviderId, VideoFacts, VideoRequest,
};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// How long a call may be on its way.
const SETTLE: Duration = Duration::from_secs(90);

pub(in crate::job) fn job_of(steps: Vec<PlannedStep>) -> Job {
    let plan = Plan {
        account: Account {
            provider: ProviderId::Jogg,
            name: "default".to_owned(),
            realm: "http://127.0.0.1".to_owned(),
        },
        steps,
        images: Vec::new(),
        track: None,
        source: None,
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
    Job::new(id, plan, VideoRequest::new(Product::new("Roast")), String::new(), NOW)
}

/// A job with a free step and a paid one.
fn job() -> Job {
    let paid = PlannedStep::paid("create_video", Credits::whole(1));
    job_of(vec![PlannedStep::free("create_product"), paid])
}

fn after(outcomes: impl IntoIterator<Item = Outcome>) -> Job {
    outcomes.into_iter().fold(job(), |job, outcome| apply(job, outcome, NOW))
}

fn sending() -> Outcome {
    Outcome::Sending { settle: SETTLE, sender: None, run: None }
}

/// What the only attempt of a step came to.
fn first(step: usize, outcome: SubmitOutcome) -> Outcome {
    Outcome::Submitted { step, attempt: 1, outcome }
}

fn product() -> Outcome {
    let resource = "product".to_owned();
    first(0, SubmitOutcome::Accepted { resource, poll_after: None, offers: Vec::new() })
}

/// A job whose paid step is about to be answered.
fn submitting() -> Job {
    after([sending(), product(), sending()])
}

fn reason(kind: ErrorKind) -> Reason {
    Reason::new(kind, "why")
}

fn lost() -> Outcome {
    let reason = reason(ErrorKind::SubmitUnknown);
    first(1, SubmitOutcome::Unknown { reason, look_after: SECOND })
}

fn refused(kind: ErrorKind, attempt: u32, again_after: Option<Duration>) -> Outcome {
    let outcome = SubmitOutcome::Rejected { reason: reason(kind), again_after };
    Outcome::Submitted { step: 1, attempt, outcome }
}

fn found(id: &str) -> SubmitOutcome {
    let resource = id.to_owned();
    SubmitOutcome::Accepted { resource, poll_after: Some(SECOND), offers: Vec::new() }
}

fn accepted() -> Outcome {
    first(1, found("task_1"))
}

fn absent() -> Outcome {
    Outcome::LookedUp(LookUp::Absent { look_after: SECOND })
}

fn unprovable() -> Outcome {
    Outcome::LookedUp(LookUp::Unprovable { why: "no list".to_owned() })
}

fn resubmit() -> Outcome {
    Outcome::Decided(Decision::Resubmit { why: "told so".to_owned() })
}

const SECOND: Duration = Duration::from_secs(1);
const LATER: Timestamp = Timestamp::from_millis(1_001_000);

pub(in crate::job) fn facts(url: &str) -> VideoFacts {
    VideoFacts {
        medium: Medium::Video,
        url: url.to_owned(),
        poster: None,
        duration: None,
        cost: None,
        raw: serde_json::Value::Null,
    }
}

#[test]
fn a_new_link_changes_the_link_and_neither_the_stage_nor_the_cost() {
    let relinked = |job: &Job| {
        let video = Box::new(facts("new"));
        apply(job.clone(), Outcome::Relinked { video }, LATER)
    };
    let running = apply(submitting(), accepted(), NOW);
    assert_eq!(relinked(&running).video, None);
    let credits = Credits::whole(3);
    let cost = Some(Cost { credits, source: CostSource::Reported });
    let video = Some(Box::new(VideoFacts { cost, ..facts("old") }));
    let rendered = apply(running, Outcome::Succeeded { status: "done".to_owned(), video }, NOW);
    for job in [rendered.clone(), apply(rendered, Outcome::Downloaded, NOW)] {
        let after = relinked(&job);
        assert_eq!((after.stage(), after.cost()), (job.stage(), cost));
        assert_eq!(after.video.as_ref().map(|video| &*video.url), Some("new"));
        assert_eq!(after.revision(), job.revision() + 1);
    }
}

#[test]
fn a_job_goes_from_step_to_step_to_the_file() {
    let job = after([sending(), product()]);
    assert_eq!((next(&job, NOW), job.stage()), (Action::Send(1), Stage::Ready));
    let job = apply(submitting(), accepted(), NOW);
    assert_eq!((next(&job, NOW), job.stage()), (Action::Rest(LATER), Stage::Running));
    assert_eq!(next(&job, LATER), Action::Poll(1));
    assert_eq!(job.provider_ref().unwrap().to_string(), "jogg:task_1");
    let video = Some(Box::new(facts("u")));
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
    assert_eq!(next(&after([sending()]), settled), Action::Send(0));
}

#[test]
fn a_refusal_after_a_lost_answer_proves_nothing() {
    let unknown = apply(submitting(), lost(), NOW);
    assert_eq!((next(&unknown, NOW), unknown.stage()), (Action::Rest(LATER), Stage::Submitting));
    assert_eq!(next(&unknown, LATER), Action::LookUp(1));
    let kind = ErrorKind::RateLimited;
    for refusal in [refused(kind, 1, None), refused(kind, 1, Some(SECOND)), sending()] {
        let still = apply(unknown.clone(), refusal, LATER);
        assert_eq!(next(&still, LATER), Action::LookUp(1));
    }
}

#[test]
fn only_two_looks_after_the_call_has_settled_free_a_step() {
    let settled = NOW + SETTLE;
    let mut job = apply(submitting(), lost(), NOW);
    for _ in 0..5 {
        job = apply(job, absent(), LATER);
        assert_eq!(next(&job, LATER), Action::Rest(settled), "it may be on its way still");
    }
    job = apply(job, absent(), settled);
    assert_eq!(next(&job, settled), Action::Rest(settled + SECOND), "a list may be behind");
    let freed = apply(job, absent(), settled + SECOND);
    assert_eq!(next(&freed, settled + SECOND), Action::Send(1));
    // What is sent next is looked for as strictly.
    let again = apply(freed, sending(), settled + SECOND);
    assert_eq!((again.steps()[1].attempt(), again.steps()[1].absences), (2, 0));
}

#[test]
fn a_lost_job_is_found_or_held_until_somebody_decides() {
    let unknown = apply(submitting(), lost(), NOW);
    let look = LookUp::Found {
        resource: "task_1".to_owned(),
        poll_after: Some(SECOND),
        offers: Vec::new(),
        doubt: None,
    };
    assert_eq!(apply(unknown.clone(), Outcome::LookedUp(look), LATER).stage(), Stage::Running);
    let held = apply(unknown, unprovable(), LATER);
    assert_eq!((next(&held, LATER), held.stage()), (Action::Hold, Stage::Uncertain));
    // An answer that comes after all settles it.
    assert_eq!(apply(held.clone(), accepted(), LATER).stage(), Stage::Running);

    let adopt =
        |is_done| Decision::Adopt { resource: "task_9".to_owned(), is_done, offers: Vec::new() };
    let adopted = apply(held.clone(), Outcome::Decided(adopt(false)), LATER);
    assert_eq!((next(&adopted, LATER), adopted.stage()), (Action::Poll(1), Stage::Running));
    assert_eq!(apply(held.clone(), Outcome::Decided(adopt(true)), LATER).stage(), Stage::Done);
    let abandoned = apply(held.clone(), Outcome::Decided(Decision::Abandon), LATER);
    assert_eq!((next(&abandoned, LATER), abandoned.stage()), (Action::End, Stage::Failed));
    assert!(!abandoned.may_retry(), "it may exist");
    let again = apply(held, resubmit(), LATER);
    assert_eq!(next(&again, LATER), Action::Send(1));
    assert!(again.may_be_double());
}

#[test]
fn an_id_is_never_passed_over_and_a_second_one_is_told() {
    let held = apply(apply(submitting(), lost(), NOW), unprovable(), LATER);
    let again = apply(apply(held, resubmit(), LATER), sending(), LATER);
    let second = Outcome::Submitted { step: 1, attempt: 2, outcome: found("task_2") };
    let job = apply(apply(again.clone(), second.clone(), LATER), accepted(), LATER);
    assert_eq!(job.steps()[1].resource(), Some("task_2"));
    assert_eq!(job.steps()[1].others(), ["task_1"]);
    assert!(job.may_be_double());
    // A refusal of the second says nothing of the first.
    let refused = refused(ErrorKind::OutOfCredits, 2, None);
    assert_eq!(apply(again.clone(), refused, LATER).stage(), Stage::Uncertain);
    // An attempt that was overtaken speaks of itself only.
    let stale = first(
        1,
        SubmitOutcome::Rejected { reason: reason(ErrorKind::OutOfCredits), again_after: None },
    );
    assert_eq!(apply(again, stale, LATER).stage(), Stage::Submitting);
}

#[test]
fn a_refusal_for_now_is_sent_again_later_and_not_for_ever() {
    let job = apply(submitting(), refused(ErrorKind::RateLimited, 1, Some(SECOND)), NOW);
    assert_eq!((next(&job, NOW), next(&job, LATER)), (Action::Rest(LATER), Action::Send(1)));
    let (mut cut_off, mut full) = (submitting(), submitting());
    for attempt in 1..=MAX_ATTEMPTS {
        let never_left = refused(ErrorKind::Unavailable, attempt, Some(SECOND));
        cut_off = apply(apply(cut_off, never_left, NOW), sending(), LATER);
        let refused = refused(ErrorKind::NoSlot, attempt, Some(SECOND));
        full = apply(apply(full, refused, NOW), sending(), LATER);
    }
    assert_eq!((next(&cut_off, LATER), cut_off.stage()), (Action::End, Stage::Failed));
    assert_eq!(full.stage(), Stage::Submitting, "a full account is waited for");
}

#[test]
fn a_job_that_was_refused_may_be_tried_again() {
    let out_of_credits = refused(ErrorKind::OutOfCredits, 1, None);
    let job = apply(submitting(), out_of_credits, NOW);
    assert_eq!(job.stage(), Stage::Failed);
    assert!(job.may_retry());
    let job = apply(job, Outcome::Decided(Decision::Retry), LATER);
    assert_eq!((next(&job, LATER), job.stage()), (Action::Send(1), Stage::Ready));
    // What was accepted and then failed is paid for, and stays as it is.
    let failed = Outcome::Failed { reason: reason(ErrorKind::JobFailed), cost: None };
    let job = apply(apply(submitting(), accepted(), NOW), failed, LATER);
    assert!(!job.may_retry());
    assert_eq!(apply(job, Outcome::Decided(Decision::Retry), LATER).stage(), Stage::Failed);
}

#[test]
fn what_is_offered_is_chosen_before_the_next_step() {
    let paid = |operation| PlannedStep::paid(operation, Credits::whole(1));
    let job = apply(job_of(vec![paid("previews"), paid("render")]), sending(), NOW);
    let offer = |id: &str| Offer { id: id.to_owned(), label: id.to_owned() };
    let offers = |offers: &[Offer]| {
        let (resource, offers) = ("list".to_owned(), offers.to_vec());
        first(0, SubmitOutcome::Accepted { resource, poll_after: None, offers })
    };
    let asked = apply(job.clone(), offers(&[offer("a"), offer("b")]), NOW);
    assert_eq!((next(&asked, LATER), asked.stage()), (Action::Hold, Stage::NeedsAction));
    assert_eq!(asked.offers().unwrap().len(), 2);
    let choose = |id: &str| Outcome::Decided(Decision::Choose(id.to_owned()));
    assert_eq!(apply(asked.clone(), choose("c"), LATER).stage(), Stage::NeedsAction);
    let chosen = apply(asked, choose("b"), LATER);
    assert_eq!((next(&chosen, LATER), chosen.chosen_before(1)), (Action::Send(1), Some("b")));
    // There is nothing to choose from one.
    let only = apply(job, offers(&[offer("a")]), NOW);
    assert_eq!((next(&only, LATER), only.chosen_before(1)), (Action::Send(1), Some("a")));
}

#[test]
fn a_job_that_waits_for_somebody_is_read_again_when_it_is_woken() {
    let waiting = Outcome::NeedsAction { status: "storyboard_ready".to_owned() };
    let job = apply(apply(submitting(), accepted(), NOW), waiting, LATER);
    assert_eq!((next(&job, LATER), job.stage()), (Action::Hold, Stage::NeedsAction));
    let job = apply(job, Outcome::Decided(Decision::Wake), LATER);
    assert_eq!((next(&job, LATER), job.stage()), (Action::Poll(1), Stage::Running));
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
    let unknown =
        Outcome::Running { status: "dreaming".to_owned(), is_known: false, poll_after: SECOND };
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
