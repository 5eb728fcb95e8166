//! Steps whose answer was lost: what looks make of them, and when they may be sent again.

use super::*;

#[test]
fn what_looks_do_not_find_is_held_and_never_sent_again_by_itself() {
    let settled = NOW + SETTLE;
    let mut job = apply(submitting(), lost(), NOW);
    for _ in 0..5 {
        job = apply(job, absent(LATER), settled);
        // It may have been on its way when the look began, whenever that ended.
        assert_eq!(job.stage(), Stage::Submitting);
        assert!(matches!(next(&job, settled), Action::Rest(_)));
    }
    job = apply(job, absent(settled), settled);
    assert_eq!(job.stage(), Stage::Submitting, "a list may be behind");
    let later = settled + SETTLE;
    let mut held = apply(job, absent(later), later);
    for days in 0..10u64 {
        let now = later + Duration::from_secs(days * 86_400);
        assert_eq!((next(&held, now), held.stage()), (Action::Hold, Stage::Uncertain));
        assert_eq!(held.held_since(), Some(later));
        held = apply(held, absent(now), now);
    }
    let evidence = held.steps()[1].evidence().unwrap();
    assert!(evidence.by_same_keys && evidence.looks == 17);
    assert_eq!(evidence.survey.as_ref().map(|survey| survey.records), Some(7));
    assert!(held.due_at().is_some(), "it is looked for again");
    // And found after all.
    let found = apply(held, look(LATER, "ours", seen("task_1")), LATER);
    assert_eq!((found.stage(), found.trouble()), (Stage::Running, None));
    assert_eq!(found.held_since(), None);
}

#[test]
fn a_step_whose_looks_always_fail_is_held_so_that_somebody_can_decide() {
    for seen in [Seen::Failed(reason(ErrorKind::Unavailable)), Seen::Busy] {
        let mut job = apply(submitting(), lost(), NOW);
        let mut now = NOW + SETTLE;
        for _ in 0..4 {
            assert_eq!(job.stage(), Stage::Submitting);
            job = apply(job, look(now, "ours", seen.clone()), now);
            now = now + SETTLE;
        }
        assert_eq!(job.stage(), Stage::Uncertain);
        let told = job.may_be_resubmitted(now + LONGEST).unwrap_err();
        assert!(told.contains("failed"), "{told}");
    }
}

/// What a look failed with stands beside why the call's answer was lost, and never in its place.
#[test]
fn a_failed_look_does_not_replace_why_the_answer_was_lost() {
    let mut of_look = Reason::new(ErrorKind::NotFound, "no such page");
    of_look.operation = Some("get_usage".to_owned());
    of_look.status = Some(404);
    let failed = look(NOW + SETTLE, "ours", Seen::Failed(of_look));
    let mut job = apply(submitting(), lost(), NOW);
    for _ in 0..4 {
        job = apply(job, failed.clone(), NOW + SETTLE);
        let trouble = job.trouble().unwrap();
        assert!(trouble.message.starts_with("why"), "{trouble}");
        assert_eq!((trouble.kind, trouble.status), (ErrorKind::SubmitUnknown, None));
        assert_ne!(trouble.operation.as_deref(), Some("get_usage"));
    }
    let told = &job.trouble().unwrap().message;
    assert!(told.contains("the last failed: no such page (404)"), "{told}");
    // A process that ended has left no reason, and that of an earlier call is none of this one.
    let earlier = refused(ErrorKind::RateLimited, 1, Some(SECOND));
    let mut job = after([sending(), product(), sending(), earlier, sending()]);
    for _ in 0..4 {
        job = apply(job, failed.clone(), NOW + SETTLE * 2);
    }
    let told = &job.trouble().unwrap().message;
    assert!(told.starts_with("the process ended before the answer came"), "{told}");
}

/// A job that is held, with so many looks like this one since the longest job has ended.
fn looked_at(looks: u64, keys: &str, reach: &Reach) -> (Job, Timestamp) {
    let mut now = NOW + LONGEST;
    let mut job = apply(submitting(), lost(), NOW);
    for _ in 0..looks {
        job = apply(job, look(now, keys, nothing(reach.clone())), now);
        now = now + SETTLE;
    }
    (job, now)
}

#[test]
fn only_two_whole_looks_by_the_same_keys_let_somebody_send_again() {
    let partial = Reach::Partial("cut".to_owned());
    let never = Reach::Never("no list".to_owned());
    let timeless = Reach::PresenceOnly("no times".to_owned());
    let may = |looks, keys: &str, reach: &Reach| {
        let (job, now) = looked_at(looks, keys, reach);
        let told = job.may_be_resubmitted(now);
        let again = apply(job.clone(), resubmit(), now);
        let is_sent = next(&again, now) == Action::Send(1);
        assert_eq!(told.is_ok(), is_sent, "{told:?}");
        assert_eq!(again.may_be_double(), is_sent);
        is_sent
    };
    assert!(may(2, "ours", &Reach::Whole));
    assert!(may(5, "ours", &Reach::Whole));
    assert!(may(1, "ours", &never), "no look can do better");
    assert!(may(2, "ours", &timeless), "no look of it can do better");
    for (looks, keys, reach) in [
        (0, "ours", &Reach::Whole),
        (1, "ours", &Reach::Whole),
        (2, "another account's", &Reach::Whole),
        (2, "ours", &partial),
        (1, "ours", &timeless),
        (2, "another account's", &timeless),
    ] {
        assert!(!may(looks, keys, reach), "{looks} {keys} {reach:?}");
    }
    // One that is not whole takes back what those before it have shown.
    let (job, now) = looked_at(2, "ours", &Reach::Whole);
    let job = apply(job, look(now, "ours", nothing(partial)), now);
    assert!(job.may_be_resubmitted(now).is_err());
}

#[test]
fn nothing_is_sent_again_before_the_longest_job_has_ended_or_without_known_keys() {
    let mut now = NOW + SETTLE;
    let mut job = apply(submitting(), lost(), NOW);
    for _ in 0..8 {
        job = apply(job, absent(now), now);
        now = now + SETTLE;
    }
    assert!(now < NOW + LONGEST);
    assert_eq!(job.stage(), Stage::Uncertain);
    assert!(job.may_be_resubmitted(now).unwrap_err().contains("longest"));
    // Looks that were made before do not count either.
    assert!(job.may_be_resubmitted(NOW + LONGEST).is_err());

    let mut without = submitting();
    without.steps[1].keys = None;
    for _ in 0..3 {
        without = apply(without, absent(NOW + LONGEST), NOW + LONGEST);
    }
    let told = without.may_be_resubmitted(NOW + LONGEST).unwrap_err();
    assert!(told.contains("not known by which keys"), "{told}");
}

#[test]
fn a_lost_job_is_found_or_held_until_somebody_decides() {
    let unknown = apply(submitting(), lost(), NOW);
    let found = look(LATER, "whoever's", seen("task_1"));
    assert_eq!(apply(unknown.clone(), found, LATER).stage(), Stage::Running);
    let held = apply(unknown, untold(), LATER);
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
    // The one who gave it up may have been wrong.
    let revived = apply(abandoned, Outcome::Decided(adopt(false)), LATER);
    assert_eq!(revived.stage(), Stage::Running);
    assert_eq!(next(&apply(held.clone(), resubmit(), LATER), LATER), Action::Hold, "too soon");
    let now = NOW + LONGEST;
    let again = apply(held, resubmit(), now);
    assert_eq!(next(&again, now), Action::Send(1));
    assert!(again.may_be_double());
    let doubt = again.steps()[1].doubt().unwrap();
    assert!(doubt.contains("told so") && doubt.contains("no list"), "{doubt}");
    // It was not sent after all, so nothing may be there twice.
    let over = Outcome::NotSent { reason: reason(ErrorKind::OverCap), again_after: None };
    let kept_back = apply(again, over, now);
    assert_eq!((kept_back.stage(), kept_back.may_be_double()), (Stage::Uncertain, false));
    assert_eq!(kept_back.may_be_resubmitted(now), Ok(()));
}

#[test]
fn an_id_is_never_passed_over_and_a_second_one_is_told() {
    let held = apply(apply(submitting(), lost(), NOW), untold(), LATER);
    let again = apply(apply(held, resubmit(), NOW + LONGEST), sending(), LATER);
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
