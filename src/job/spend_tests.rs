//! The rows of [`SpendKind`]'s table.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;
use crate::job::transition::tests::job_of;
use crate::job::{
    Decision, Look, Offer, Outcome, PlannedStep, Reach, Reason, Seen, Sending, SubmitOutcome,
    Survey, apply,
};
use crate::model::{Cost, CostSource, Medium, VideoFacts};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
/// How long the provider's longest job takes.
const LONGEST: Duration = Duration::from_secs(1800);

const SECOND: Duration = Duration::from_secs(1);

/// A picture for 2 and a video for 10, after a free upload.
fn job() -> Job {
    let paid = |operation, most| PlannedStep::paid(operation, Credits::whole(most));
    job_of(vec![PlannedStep::free("host"), paid("image", 2), paid("video", 10)])
}

fn after(job: Job, outcomes: impl IntoIterator<Item = Outcome>) -> Job {
    outcomes.into_iter().fold(job, |job, outcome| apply(job, outcome, NOW))
}

fn sending() -> Outcome {
    let mut sending = Sending::new(90 * SECOND, LONGEST);
    sending.run = Some("run".to_owned());
    Outcome::Sending(sending)
}

fn told(step: usize, attempt: u32, outcome: SubmitOutcome) -> Outcome {
    Outcome::Submitted { step, attempt, outcome }
}

fn accepted(step: usize, attempt: u32, poll_after: Option<Duration>) -> Outcome {
    let resource = format!("{step}-{attempt}");
    told(step, attempt, SubmitOutcome::Accepted { resource, poll_after, offers: Vec::new() })
}

fn refused(step: usize, attempt: u32, again_after: Option<Duration>) -> Outcome {
    let reason = Reason::new(ErrorKind::OutOfCredits, "no");
    told(step, attempt, SubmitOutcome::Rejected { reason, again_after })
}

fn unknown(step: usize, attempt: u32) -> Outcome {
    let reason = Reason::new(ErrorKind::SubmitUnknown, "no answer");
    told(step, attempt, SubmitOutcome::Unknown { reason, look_after: SECOND })
}

fn unprovable() -> Outcome {
    let (records, back_to) = (0, None);
    let reach = Reach::Never("no list".to_owned());
    let seen = Seen::Nothing(Survey { records, back_to, reach });
    Outcome::LookedUp(Look::new(NOW, None, seen))
}

/// A job that is held, and whose longest time is over: its call was made so long before.
fn held_for_long() -> Job {
    let mut held = after(announced(), [unknown(1, 1), unprovable()]);
    (held.steps[1].settled, held.steps[1].slot_until) = (Some(NOW), Some(NOW));
    held
}

fn succeeded(video: Option<Option<u32>>) -> Outcome {
    let video = video.map(|cost| {
        let cost = cost.map(Credits::whole);
        Box::new(VideoFacts {
            medium: Medium::Video,
            url: "u".to_owned(),
            poster: None,
            duration: None,
            cost: cost.map(|credits| Cost { credits, source: CostSource::Reported }),
            raw: serde_json::Value::Null,
        })
    });
    Outcome::Succeeded { status: "done".to_owned(), video }
}

fn failed(cost: Option<u32>) -> Outcome {
    let cost =
        cost.map(|credits| Cost { credits: Credits::whole(credits), source: CostSource::Reported });
    Outcome::Failed { reason: Reason::new(ErrorKind::JobFailed, "no"), cost }
}

fn decided(decision: Decision) -> Outcome {
    Outcome::Decided(decision)
}

fn resubmit() -> Outcome {
    decided(Decision::Resubmit { why: "told so".to_owned() })
}

/// Up to the intent of the picture.
fn announced() -> Job {
    after(job(), [sending(), accepted(0, 1, None), sending()])
}

/// Up to the running video.
fn running() -> Job {
    let running = Some(SECOND);
    let picture = [accepted(1, 1, running), succeeded(None)];
    after(after(announced(), picture), [sending(), accepted(2, 1, running)])
}

/// The entries, such as `reserved 12, refunded 12`.
fn entries(job: &Job) -> String {
    let entries = job.spending().iter().map(|event| format!("{} {}", event.kind, event.amount));
    entries.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_first_paid_step_reserves_for_all_of_them_in_the_name_of_its_run() {
    let free = after(job(), [sending(), accepted(0, 1, None)]);
    assert_eq!(entries(&free), "");
    let job = announced();
    assert_eq!((&*entries(&job), job.committed()), ("reserved 12", Credits::whole(12)));
    assert_eq!((job.run(), job.reserved_at()), (Some("run"), Some(NOW)));
    assert_eq!(entries(&running()), "reserved 12", "the second step is paid for already");
}

#[test]
fn what_was_refused_on_one_day_and_is_sent_on_another_counts_on_that_one() {
    let job = after(announced(), [refused(1, 1, Some(SECOND))]);
    let tomorrow = NOW + 24 * 3600 * SECOND;
    let job = apply(job, sending(), tomorrow);
    assert_eq!(entries(&job), "reserved 12, refunded 12, reserved 12");
    assert_eq!((job.reserved_at(), job.committed()), (Some(tomorrow), Credits::whole(12)));
    let mut other = Sending::new(90 * SECOND, LONGEST);
    other.run = Some("another run".to_owned());
    let job =
        apply(apply(job, refused(1, 2, Some(SECOND)), tomorrow), Outcome::Sending(other), tomorrow);
    assert_eq!((job.run(), job.committed()), (Some("another run"), Credits::whole(12)));
}

#[test]
fn what_is_sent_again_keeps_its_place() {
    let job = after(announced(), [refused(1, 1, Some(SECOND)), sending()]);
    assert_eq!(entries(&job), "reserved 12");
    assert_eq!((job.steps()[1].attempt(), &*entries(&job)), (2, "reserved 12"));
    assert_eq!(entries(&after(announced(), [unknown(1, 1), unprovable()])), "reserved 12");
}

#[test]
fn a_video_settles_what_it_cost_and_gives_the_rest_back() {
    let job = after(running(), [succeeded(Some(Some(4)))]);
    assert_eq!(entries(&job), "reserved 12, settled 4, refunded 8");
    assert_eq!((job.committed(), job.reserved()), (Credits::whole(4), Credits::ZERO));
    assert_eq!(job.spending()[2].run.as_deref(), Some("run"));
    assert_eq!(entries(&after(job, [Outcome::Downloaded])), "reserved 12, settled 4, refunded 8");
    // More than the estimate is taken as it is.
    let job = after(running(), [succeeded(Some(Some(15)))]);
    assert_eq!((&*entries(&job), job.settled()), ("reserved 12, settled 15", Credits::whole(15)));
    let job = after(running(), [succeeded(Some(None))]);
    assert_eq!(entries(&job), "reserved 12, settled 12");
}

#[test]
fn what_was_refused_before_anything_was_accepted_gives_all_back() {
    let job = after(announced(), [refused(1, 1, None)]);
    assert_eq!((&*entries(&job), job.committed()), ("reserved 12, refunded 12", Credits::ZERO));
    assert!(job.may_retry());
    // Another try reserves again when it is sent, and not before.
    let job = after(job, [decided(Decision::Retry)]);
    assert_eq!(job.committed(), Credits::ZERO);
    let job = after(job, [sending()]);
    assert_eq!(entries(&job), "reserved 12, refunded 12, reserved 12");
}

#[test]
fn a_cap_without_room_reserves_nothing_and_leaves_the_job_to_be_tried_again() {
    let ready = after(job(), [sending(), accepted(0, 1, None)]);
    let over = || {
        let reason = Reason::new(ErrorKind::OverCap, "over");
        Outcome::NotSent { reason, again_after: None }
    };
    let job = after(ready, [over()]);
    assert_eq!((job.stage(), &*entries(&job), job.may_retry()), (Stage::Failed, "", true));
    // One that may exist is held all the same.
    let held = after(held_for_long(), [resubmit(), over()]);
    assert_eq!((held.stage(), held.committed()), (Stage::Uncertain, Credits::whole(12)));
}

#[test]
fn what_was_accepted_and_failed_has_taken_its_price_unless_the_provider_says_otherwise() {
    let running = || after(announced(), [accepted(1, 1, Some(SECOND))]);
    let job = after(running(), [failed(None)]);
    assert_eq!(entries(&job), "reserved 12, settled 2, refunded 10");
    let job = after(running(), [failed(Some(0))]);
    assert_eq!(entries(&job), "reserved 12, refunded 12");
    let job = after(running(), [failed(Some(1))]);
    assert_eq!(entries(&job), "reserved 12, settled 1, refunded 11");
    let job = after(super::tests::running(), [failed(Some(0))]);
    assert_eq!(entries(&job), "reserved 12, settled 2, refunded 10", "the picture was made");
}

#[test]
fn what_is_lost_or_given_up_counts_as_taken() {
    let missed = || Outcome::PollFailed {
        reason: Reason::new(ErrorKind::NotFound, "no"),
        poll_after: SECOND,
    };
    let missing = after(running(), (0..20).map(|_| missed()));
    let hours = (1..=6).map(|hour| NOW + hour * 3600 * SECOND);
    let job = hours.fold(missing, |job, now| apply(job, missed(), now));
    assert_eq!((job.stage(), &*entries(&job)), (Stage::Lost, "reserved 12, settled 12"));
    let abandon = || decided(Decision::Abandon);
    let held = after(announced(), [unknown(1, 1), unprovable()]);
    let job = after(held.clone(), [abandon()]);
    assert_eq!(entries(&job), "reserved 12, settled 2, refunded 10");
    // An id that turns up after all makes it go on, and count.
    let job = after(job, [accepted(1, 1, Some(SECOND))]);
    assert_eq!(entries(&job), "reserved 12, settled 2, refunded 10, reserved 10");
    let job = after(job, [failed(Some(0))]);
    assert_eq!((job.committed(), job.reserved()), (Credits::ZERO, Credits::ZERO));
    // Where nothing was chosen of what was offered, the next step was never sent.
    let offer = |id: &str| Offer { id: id.to_owned(), label: id.to_owned() };
    let offers = vec![offer("a"), offer("b")];
    let offered = SubmitOutcome::Accepted { resource: "o".to_owned(), poll_after: None, offers };
    let job = after(announced(), [told(1, 1, offered), abandon()]);
    assert_eq!(entries(&job), "reserved 12, settled 2, refunded 10");
}

#[test]
fn what_is_sent_again_by_decision_counts_once_more() {
    let decided = after(held_for_long(), [resubmit()]);
    assert_eq!(decided.committed(), Credits::whole(12));
    let again = after(decided, [sending()]);
    assert_eq!(entries(&again), "reserved 12, reserved 2");
    // The second was refused for now, or for good: only the first may exist.
    let later = after(again.clone(), [refused(1, 2, Some(SECOND))]);
    assert_eq!(entries(&later), "reserved 12, reserved 2, refunded 2");
    assert_eq!(after(later, [sending()]).committed(), Credits::whole(14));
    let held = after(again.clone(), [refused(1, 2, None)]);
    assert_eq!((held.stage(), held.committed()), (Stage::Uncertain, Credits::whole(12)));
    // Both may exist, whichever of them leads to the video.
    let both = [accepted(1, 2, Some(SECOND)), accepted(1, 1, Some(SECOND)), succeeded(None)];
    let done = [sending(), accepted(2, 1, Some(SECOND)), succeeded(Some(Some(4)))];
    let job = after(after(again, both), done);
    assert_eq!(entries(&job), "reserved 12, reserved 2, settled 6, refunded 8");
}

#[test]
fn one_that_may_be_a_second_counts_as_one() {
    let found = Seen::Found {
        resource: "1".to_owned(),
        poll_after: Some(SECOND),
        offers: Vec::new(),
        others: Vec::new(),
        doubt: Some("it is younger than the call".to_owned()),
    };
    let job = after(announced(), [unknown(1, 1), Outcome::LookedUp(Look::new(NOW, None, found))]);
    assert_eq!(entries(&job), "reserved 12, reserved 2");
}

#[test]
fn a_job_of_before_there_were_entries_counts_from_its_next_step_on() {
    let mut old = running();
    old.spending.clear();
    let running =
        Outcome::Running { status: "running".to_owned(), is_known: true, poll_after: SECOND };
    assert_eq!(entries(&after(old, [running])), "reserved 12");
}

/// What may happen to a job at its current step, with a cost that a provider made up.
fn happening(job: &Job, die: u8, credits: Option<Credits>) -> Outcome {
    let step = job.current().unwrap_or(2);
    let attempt = job.steps()[step].attempt();
    let cost = credits.map(|credits| Cost { credits, source: CostSource::Reported });
    match die {
        0..=3 => sending(),
        // Only what was sent is accepted.
        4..=6 if attempt == 0 => sending(),
        4..=5 => accepted(step, attempt, (step > 0).then_some(SECOND)),
        6 => told(
            step,
            attempt,
            SubmitOutcome::Accepted {
                resource: "another".to_owned(),
                poll_after: (step > 0).then_some(SECOND),
                offers: Vec::new(),
            },
        ),
        7 => refused(step, attempt, Some(SECOND)),
        8 => refused(step, attempt, None),
        9 => unknown(step, attempt),
        10 => unprovable(),
        11 => resubmit(),
        12 => decided(Decision::Abandon),
        13 => decided(Decision::Retry),
        14 => Outcome::Failed { reason: Reason::new(ErrorKind::JobFailed, "no"), cost },
        15 => Outcome::PollFailed {
            reason: Reason::new(ErrorKind::NotFound, "no"),
            poll_after: SECOND,
        },
        16 => {
            Outcome::NotSent { reason: Reason::new(ErrorKind::OverCap, "over"), again_after: None }
        }
        _ => match succeeded(Some(None)) {
            Outcome::Succeeded { status, video } if step == 2 => {
                let video = video.map(|facts| Box::new(VideoFacts { cost, ..*facts }));
                Outcome::Succeeded { status, video }
            }
            _ => succeeded(None),
        },
    }
}

fn any_cost() -> impl Strategy<Value = Option<Credits>> {
    prop_oneof![
        Just(None),
        (0..30_u32).prop_map(|credits| Some(Credits::whole(credits))),
        any::<i64>().prop_map(|millionths| Some(Credits::from_millionths(millionths))),
        Just(Some(Credits::MOST)),
        Just(Some(Credits::ZERO - Credits::MOST)),
    ]
}

proptest! {
    #[test]
    fn no_cost_makes_the_books_negative_or_gives_back_more_than_was_set_aside(
        happenings in prop::collection::vec((0..20_u8, any_cost()), 0..60)
    ) {
        let mut job = job();
        for (die, credits) in happenings {
            let outcome = happening(&job, die, credits);
            job = apply(job, outcome, NOW);
            let of = |kind| {
                let of_kind = job.spending().iter().filter(move |event| event.kind == kind);
                of_kind.map(|event| event.amount).sum::<Credits>()
            };
            let entries = entries(&job);
            prop_assert!(job.spending().iter().all(|event| event.amount > Credits::ZERO));
            prop_assert!(of(SpendKind::Refunded) <= of(SpendKind::Reserved), "{entries}");
            prop_assert!(job.settled() >= Credits::ZERO && job.reserved() >= Credits::ZERO);
            prop_assert!(job.committed().millionths() >= 0, "{entries}");
            // What is over holds nothing back.
            if job.stage().is_over() {
                prop_assert_eq!(job.reserved(), Credits::ZERO, "{}", entries);
            }
        }
    }
}
