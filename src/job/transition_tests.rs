//! What outcomes make of a job, and what it needs next.

use std::time::Duration;

use super::*;
use crate::job::{
    Account, Confidence, Decision, Estimate, JobId, Look, Plan, PlannedStep, Reach, Seen, StepRef,
    Survey,
};
use crate::model::{Cost, CostSource, Credits, Medium, ProviderId, VideoFacts};
use crate::request::{Product, VideoRequest};

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

/// How long the provider's longest job takes.
const LONGEST: Duration = Duration::from_secs(1800);

fn sending() -> Outcome {
    let mut sending = Sending::new(SETTLE, LONGEST);
    sending.keys = Some("ours".to_owned());
    Outcome::Sending(sending)
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

fn look(begun: Timestamp, keys: &str, seen: Seen) -> Outcome {
    Outcome::LookedUp(Look::new(begun, Some(keys.to_owned()), seen))
}

fn nothing(reach: Reach) -> Seen {
    Seen::Nothing(Survey { records: 7, back_to: Some(NOW), reach })
}

fn seen(id: &str) -> Seen {
    Seen::Found {
        resource: id.to_owned(),
        poll_after: Some(SECOND),
        offers: Vec::new(),
        others: Vec::new(),
        doubt: None,
    }
}

/// A look that did not find it.
fn absent(begun: Timestamp) -> Outcome {
    look(begun, "ours", nothing(Reach::Whole))
}

/// A look by which nothing can be told.
fn untold() -> Outcome {
    look(NOW, "ours", nothing(Reach::Never("no list".to_owned())))
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
fn what_a_video_was_saved_as_last_is_kept() {
    let job = apply(submitting(), accepted(), NOW);
    let video = Some(Box::new(facts("u")));
    let job = apply(job, Outcome::Succeeded { status: "completed".to_owned(), video }, LATER);
    let file = |sha256: &str| crate::job::SavedFile { size_bytes: 9, sha256: sha256.to_owned() };
    let saved = |job, sha256| apply(job, Outcome::Saved { file: file(sha256) }, LATER);
    let job = saved(job, "a");
    assert_eq!((job.stage(), job.saved()), (Stage::Done, Some(&file("a"))));
    let job = saved(job, "b");
    assert_eq!((job.stage(), job.saved()), (Stage::Done, Some(&file("b"))));
    // Nobody says as what.
    let job = apply(job, Outcome::Downloaded, LATER);
    assert_eq!(job.saved(), Some(&file("b")));
    assert_eq!(Job::from_stored(&job.to_stored().unwrap()).unwrap(), job);
}

#[test]
fn a_paid_step_found_in_submitting_is_looked_up_never_sent() {
    let settled = NOW + SETTLE;
    // The client that sends it may still be doing so.
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

fn chosen_before(job: &Job) -> Option<&str> {
    job.step(1).and_then(StepRef::chosen_before)
}

/// A job whose picture is paid and made, and whose second paid call is about to be answered.
fn half_paid() -> Job {
    let paid = |operation| PlannedStep::paid(operation, Credits::whole(1));
    let job = apply(job_of(vec![paid("image"), paid("video")]), sending(), NOW);
    let job = apply(job, first(0, found("image_1")), NOW);
    let made = Outcome::Succeeded { status: "image_generated".to_owned(), video: None };
    apply(apply(job, made, NOW), sending(), NOW)
}

#[test]
fn a_half_paid_job_rests_for_the_network_keys_credits_or_plan() {
    for (kind, need, again_after) in [
        (ErrorKind::Unavailable, Need::Network, Some(SECOND)),
        (ErrorKind::NotFound, Need::Network, None),
        (ErrorKind::RateLimited, Need::Capacity, Some(SECOND)),
        (ErrorKind::Unauthorized, Need::Keys, None),
        (ErrorKind::NeedsCredentials, Need::Keys, None),
        (ErrorKind::OutOfCredits, Need::Credits, None),
        (ErrorKind::PlanLacks, Need::Plan, None),
    ] {
        let mut job = half_paid();
        let mut now = NOW;
        for attempt in 1..50 {
            job = apply(job, refused(kind, attempt, again_after), now);
            assert_eq!((job.stage(), job.needs()), (Stage::Running, Some(need)), "{kind:?}");
            let rest = match need.is_somebodys() {
                true => Action::Hold,
                false => Action::Rest(job.due_at().unwrap()),
            };
            assert_eq!(next(&job, now), rest, "{kind:?}");
            // Somebody comes back to it.
            job = apply(job, Outcome::Decided(Decision::Wake), now);
            assert_eq!(next(&job, now), Action::Send(1), "{kind:?}");
            now = now + SECOND;
            job = apply(job, sending(), now);
        }
        assert_eq!(
            apply(job, Outcome::Decided(Decision::Wake), now).steps()[0].resource(),
            Some("image_1")
        );
    }
    let over = Outcome::NotSent { reason: reason(ErrorKind::OverCap), again_after: None };
    let ready = apply(half_paid(), refused(ErrorKind::Unavailable, 1, Some(SECOND)), NOW);
    assert_eq!(apply(ready, over, LATER).needs(), Some(Need::Cap));
    // What no waiting helps is a failure.
    let bad = refused(ErrorKind::InvalidRequest, 1, None);
    assert_eq!(apply(half_paid(), bad, NOW).stage(), Stage::Failed);
}

#[test]
fn whatever_was_open_is_held_after_a_restore_and_found_by_a_look() {
    let longest_job = LONGEST;
    let hold = || Outcome::Decided(Decision::HoldRestored { longest_job });
    let restored = |job: Job| apply(job, hold(), LATER);
    for job in [after([sending(), product()]), submitting(), apply(submitting(), lost(), NOW)] {
        let held = restored(job);
        assert_eq!(held.stage(), Stage::Uncertain);
        let look = look(LATER, "ours", nothing(Reach::Whole));
        let looked = apply(apply(held.clone(), look.clone(), NOW + LONGEST), look, NOW + LONGEST);
        assert!(looked.may_be_resubmitted(NOW + LONGEST + LONGEST).is_err());
        let found = Outcome::LookedUp(Look::new(LATER, None, seen("task_1")));
        assert_eq!(apply(held.clone(), found, LATER).stage(), Stage::Running);
        // It may be at work for as long as the longest job, also where no look can tell.
        let blind =
            apply(held, self::look(LATER, "ours", nothing(Reach::Never("no list".into()))), LATER);
        assert!(blind.may_be_resubmitted(LATER).is_err());
        assert_eq!(blind.may_be_resubmitted(LATER + LONGEST + LONGEST), Ok(()));
    }
    let running = apply(submitting(), accepted(), NOW);
    assert_eq!(restored(running).stage(), Stage::Running);
    // The second paid call may have been made since the copy.
    let paid = |operation| PlannedStep::paid(operation, Credits::whole(1));
    let job = apply(job_of(vec![paid("image"), paid("video")]), sending(), NOW);
    let job = restored(apply(job, first(0, found("image_1")), NOW));
    assert_eq!(job.stage(), Stage::Running);
    let made = Outcome::Succeeded { status: "image_generated".to_owned(), video: None };
    assert_eq!(apply(job, made, LATER).stage(), Stage::Uncertain);
}

#[test]
fn free_steps_are_made_anew_for_other_keys_and_never_what_may_be_paid() {
    let ready = after([sending(), product()]);
    let anew = apply(ready, Outcome::MadeAnew, LATER);
    assert_eq!((next(&anew, LATER), anew.steps()[0].resource()), (Action::Send(0), None));
    for job in [submitting(), apply(submitting(), accepted(), NOW)] {
        assert_eq!(apply(job.clone(), Outcome::MadeAnew, LATER).steps, job.steps);
    }
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
    assert_eq!((next(&chosen, LATER), chosen_before(&chosen)), (Action::Send(1), Some("b")));
    // There is nothing to choose from one.
    let only = apply(job, offers(&[offer("a")]), NOW);
    assert_eq!((next(&only, LATER), chosen_before(&only)), (Action::Send(1), Some("a")));
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

fn not_found() -> Outcome {
    Outcome::PollFailed { reason: reason(ErrorKind::NotFound), poll_after: SECOND }
}

/// A job that its provider does not know, read once in each pause until then.
fn missing(job: Job, from: Timestamp, pause: Duration, until: Timestamp) -> Job {
    let mut now = from;
    let mut job = job;
    while now < until {
        job = apply(job, not_found(), now);
        assert_eq!(job.stage(), Stage::Running, "after {:?}", now.since(from));
        now = now + pause;
    }
    job
}

const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn only_hours_of_the_providers_own_word_make_a_job_lost_and_whoever_comes_back_revives_it() {
    let until = NOW + LOST_AFTER;
    let job = missing(apply(submitting(), accepted(), NOW), NOW, HOUR / 20, until);
    // What an edge says, or nobody, is not its word, and its own word to the contrary ends it.
    let running =
        Outcome::Running { status: "processing".to_owned(), is_known: true, poll_after: SECOND };
    let there = apply(apply(job.clone(), running, until), not_found(), until);
    assert_eq!(there.stage(), Stage::Running);
    let lost = apply(job, not_found(), until);
    assert_eq!((next(&lost, until), lost.stage()), (Action::End, Stage::Lost));
    assert!(!lost.stage().is_over());
    let woken = apply(lost.clone(), Outcome::Decided(Decision::Wake), until);
    assert_eq!((next(&woken, until), woken.stage()), (Action::Poll(1), Stage::Running));
    let resource = "task_1".to_owned();
    let adopt = Decision::Adopt { resource, is_done: false, offers: Vec::new() };
    assert_eq!(apply(lost, Outcome::Decided(adopt), until).stage(), Stage::Running);
}

#[test]
fn a_clock_that_is_set_forward_makes_no_job_lost_before_its_hours() {
    let heard = LOST_AFTER - MOST_UNHEARD;
    for read_first in [HOUR / 20, HOUR / 3] {
        let job = missing(apply(submitting(), accepted(), NOW), NOW, SECOND, NOW + SECOND * 30);
        // Whatever else writes the row at once takes nothing of that back.
        let stepped = NOW + HOUR * 700;
        let other =
            Outcome::PollFailed { reason: reason(ErrorKind::Unavailable), poll_after: SECOND };
        let job = apply(job, other, stepped);
        let until = stepped + heard - SECOND * 30;
        let job = missing(job, stepped, read_first, until);
        assert_eq!(apply(job, not_found(), until + SECOND * 30).stage(), Stage::Lost);
    }
    // Nor does reading seldom: a day without a word counts as little.
    let days = (0..5).map(|day| NOW + HOUR * 24 * day);
    let many = |job, now| missing(job, now, SECOND, now + SECOND * 20);
    let job = days.fold(apply(submitting(), accepted(), NOW), many);
    assert_eq!(job.stage(), Stage::Running);
}

#[test]
fn a_clock_that_is_set_back_delays_no_loss_beyond_its_hours() {
    let late = NOW + HOUR * 700;
    let job = missing(apply(submitting(), accepted(), late), late, SECOND, late + SECOND * 30);
    let until = NOW + LOST_AFTER;
    let job = missing(job, NOW, HOUR / 20, until);
    assert_eq!(apply(job, not_found(), until).stage(), Stage::Lost);
}

#[path = "transition_look_tests.rs"]
mod looks;
