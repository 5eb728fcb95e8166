//! Waits whose machine's clock is set, and the last read that each makes before it gives up.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::future::IntoFuture as _;
use std::time::Duration;

use super::double::{Answer, Script, Stage};
use crate::clock::Clock as _;
use crate::error::ErrorKind;
use crate::error::Limit;
use crate::policy::{PollPolicy, PollState, WaitPolicy};

const SECOND: Duration = Duration::from_secs(1);
const TWO_HOURS_BACK: i64 = -7_200;
const A_LAPTOPS_SLEEP: i64 = 31 * 60;

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ends_no_wait_and_stops_no_reads() {
    for secs in [TWO_HOURS_BACK, A_LAPTOPS_SLEEP, 400 * 86_400] {
        for set_after in [1, 20, 100] {
            let stage = Stage::new(Script::default());
            let id = stage.job(SECOND * 120).await;
            let end = stage.script().ends[&id.to_string()];
            let wait = tokio::spawn(stage.client.resume(id).into_future());
            tokio::time::sleep(SECOND * set_after).await;
            stage.clock.set_by(secs);
            wait.await.unwrap().unwrap();
            let late = stage.clock.right().since(end);
            assert!(late <= SECOND * 20, "{late:?} after its end, set by {secs} s");
            let reads = stage.script().reads.len();
            assert!((5..=20).contains(&reads), "{reads} reads, set by {secs} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_lasts_as_long_as_its_limit_says_whatever_the_clock_shows() {
    let limits =
        [WaitPolicy::new().time_limit(SECOND * 300), WaitPolicy::new().job_age_limit(SECOND * 300)];
    for (policy, secs) in limits
        .into_iter()
        .flat_map(|policy| [TWO_HOURS_BACK, A_LAPTOPS_SLEEP].map(|secs| (policy, secs)))
    {
        let stage = Stage::new(Script::default());
        let id = stage.job(SECOND * 1_000_000).await;
        let wait = tokio::spawn(stage.client.resume(id).policy(policy).into_future());
        tokio::time::sleep(SECOND * 50).await;
        stage.clock.set_by(secs);
        let error = wait.await.unwrap().unwrap_err();
        assert!(error.limit().is_some(), "{error}");
        assert_eq!(stage.clock.elapsed().as_secs(), 300, "set by {secs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn only_hours_of_the_providers_word_make_a_job_lost_whatever_the_clock_shows() {
    let hours = SECOND * 3_600;
    for secs in [TWO_HOURS_BACK, A_LAPTOPS_SLEEP, 7 * 3_600, 400 * 86_400] {
        let answers = vec![Answer::Missing];
        let stage = Stage::new(Script { answers, ..Script::default() });
        let id = stage.job(SECOND * 1_000_000).await;
        let policy = WaitPolicy::new().time_limit(hours * 24);
        let wait = tokio::spawn(stage.client.resume(id).policy(policy).into_future());
        tokio::time::sleep(SECOND * 540).await;
        stage.clock.set_by(secs);
        let error = wait.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let heard = stage.clock.elapsed();
        assert!((hours * 5..=hours * 6 + SECOND * 120).contains(&heard), "{heard:?} by {secs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_many_has_one_limit_for_all() {
    let policy = WaitPolicy::new().time_limit(SECOND * 300);
    let stage = Stage::new(Script::default());
    let begun = stage.client.moment();
    let running = stage.job(SECOND * 1_000_000).await;
    for (pause, ends) in [(200, 300), (200, 500)] {
        tokio::time::sleep(SECOND * pause).await;
        let reads = stage.script().reads.len();
        let wait = stage.client.resume(running).policy(policy).begun(begun);
        assert_eq!(wait.await.unwrap_err().limit(), Some(Limit::Time(SECOND * 300)));
        assert!(stage.script().reads.len() > reads, "it is read once all the same");
        assert_eq!(stage.clock.elapsed().as_secs(), ends);
    }
    // What has ended meanwhile is seen.
    let done = stage.job(SECOND).await;
    tokio::time::sleep(SECOND * 5).await;
    stage.client.resume(done).policy(policy).begun(begun).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_from_before_a_clock_was_set_back_is_read_soon() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 5).await;
    stage.clock.set_by(TWO_HOURS_BACK);
    let age = WaitPolicy::new().job_age_limit(SECOND * 60);
    stage.client.resume(id).policy(age).await.unwrap();
    assert!(stage.clock.elapsed() <= SECOND * 19, "{:?}", stage.clock.elapsed());
}

/// Does what a provider asks for.
#[derive(Debug)]
struct Obeying;

impl PollPolicy for Obeying {
    fn wait(&self, state: &PollState) -> Duration {
        state.hint.unwrap_or(SECOND * 10)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_wished_of_an_earlier_run_is_not_kept() {
    let stage = Stage::new(Script::default());
    let job = stage.sent().await;
    let id = stage.accept(job, SECOND, SECOND * 10_000).await;
    stage.client.resume(id).await.unwrap();
    assert!(stage.clock.elapsed() <= SECOND * 19, "{:?}", stage.clock.elapsed());

    // Within a run it is for the policy to say what a wish counts for.
    let hint = Some(SECOND * 10_000);
    for (is_obeyed, most_reads) in [(true, 2), (false, 12)] {
        let script = Script { hint, ..Script::default() };
        let stage = Stage::with(script, |builder| match is_obeyed {
            true => builder.poll_policy(Obeying),
            false => builder,
        });
        let id = stage.job(SECOND * 1_000_000).await;
        let policy = WaitPolicy::new().time_limit(SECOND * 300);
        stage.client.resume(id).policy(policy).await.unwrap_err();
        let reads = stage.script().reads.len();
        assert!((most_reads - 2..=most_reads).contains(&reads), "{reads} reads");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_reads_once_more_before_it_gives_up() {
    // Whenever a job ends, whoever waits to a moment later has its video.
    for takes in (0..60).map(|tenths| SECOND * 20 + SECOND * tenths / 10) {
        let stage = Stage::new(Script::default());
        let id = stage.job(takes).await;
        let policy = WaitPolicy::new().time_limit(takes + SECOND / 100);
        let begun = stage.clock.elapsed();
        match stage.client.resume(id).policy(policy).await {
            Ok(video) => assert_eq!(video.job_id(), id),
            // It was read within the last second, while it ran.
            Err(error) => {
                assert_eq!(error.limit(), Some(Limit::Time(takes + SECOND / 100)));
                let (last, _) = *stage.script().reads.last().unwrap();
                assert!(stage.clock.right().since(last) <= SECOND, "{takes:?}");
            }
        }
        assert!(stage.clock.elapsed().saturating_sub(begun) <= takes + SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_looks_once_all_the_same() {
    let policy = WaitPolicy::new().time_limit(Duration::ZERO);
    let stage = Stage::new(Script::default());
    let running = stage.job(SECOND * 100).await;
    let error = stage.client.resume(running).policy(policy).await.unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Time(Duration::ZERO)));
    assert_eq!(stage.script().reads.len(), 1);

    tokio::time::sleep(SECOND * 100).await;
    stage.clock.set_by(A_LAPTOPS_SLEEP);
    let by_age = WaitPolicy::new().job_age_limit(SECOND * 60);
    assert_eq!(stage.client.resume(running).policy(by_age).await.unwrap().job_id(), running);
    assert_eq!(stage.script().reads.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_read_is_not_waited_for_for_long() {
    let policy = WaitPolicy::new().time_limit(SECOND * 60);
    let ends = async |script| {
        let stage = Stage::new(script);
        let id = stage.job(SECOND * 30).await;
        stage.client.resume(id).policy(policy).await.unwrap_err();
        (stage.clock.elapsed(), stage.script().reads.len())
    };
    // The account has to wait for longer than anybody's patience.
    let answers = vec![Answer::Refused("3600")];
    assert_eq!(ends(Script { answers, ..Script::default() }).await, (SECOND * 60, 1));
    // Its turn comes soon, or not soon enough.
    for (pause, reads) in [("42", 2), ("52", 1)] {
        let answers = vec![Answer::Refused(pause)];
        let (elapsed, seen) = ends(Script { answers, ..Script::default() }).await;
        assert!((SECOND * 60..=SECOND * 65).contains(&elapsed), "{elapsed:?}");
        assert_eq!(seen, reads, "paused for {pause} s");
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_is_sending_is_seen_before_its_call_has_settled() {
    let stage = Stage::new(Script::default());
    let job = stage.sent().await;
    let wait = tokio::spawn(stage.client.resume(job.id()).into_future());
    tokio::time::sleep(SECOND * 5).await;
    stage.accept(job, SECOND, SECOND).await;
    wait.await.unwrap().unwrap();
    assert!(stage.clock.elapsed() < SECOND * 20, "{:?}", stage.clock.elapsed());
    assert!(stage.clock.most_sleeps_in_a_second() <= 10);
}

/// What settles a call, and the longest job, are waited for in full: only then do looks count.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_has_nothing_sent_again() {
    let stage = Stage::new(Script { pages: 1, ..Script::default() });
    let mut job = stage.sent().await;
    let transport = stage.client.provider_of(&job).unwrap().transport();
    let print = transport.keys().await.unwrap().fingerprint(transport.account());
    job.steps[0].keys = Some(print);
    job.revision += 1;
    assert!(stage.client.0.ledger.store(&job).await.unwrap());
    stage.client.0.sent.note(job.current_step().unwrap(), stage.client.moment());
    stage.clock.set_by(7_200);
    for minutes in [0, 10, 31] {
        tokio::time::sleep(SECOND * 60 * minutes).await;
        for _ in 0..2 {
            tokio::time::sleep(SECOND * 2).await;
            job = stage.client.look_now(job.id()).await.unwrap().job;
        }
        let may_be_sent = stage.client.may_be_resubmitted(&job);
        assert_eq!(may_be_sent.is_ok(), minutes == 31, "{may_be_sent:?}");
    }
}
