//! However reads are answered, nobody hammers, nobody spins, and nobody is gone without a word.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::future::IntoFuture as _;
use std::time::Duration;

use futures_util::future::join_all;

use super::double::{Answer, LIST, Script, Stage, most_within};
use crate::client::EventKind;
use crate::clock::Clock as _;
use crate::error::ErrorKind;
use crate::error::Limit;
use crate::job::JobId;
use crate::model::Timestamp;
use crate::policy::{PollPolicy, PollState, WaitPolicy};

const SECOND: Duration = Duration::from_secs(1);

/// The most reads of an account in any minute.
fn most_in_a_minute(stage: &Stage) -> usize {
    let begun = Timestamp::default();
    let reads = stage.script().reads.iter().map(|(at, _)| at.since(begun)).collect::<Vec<_>>();
    most_within(SECOND * 60, &reads)
}

const ANSWERS: [Answer; 16] = [
    Answer::Usual,
    Answer::Refused("0"),
    Answer::Refused("-5"),
    Answer::Refused("0.001"),
    Answer::Refused("1.5"),
    Answer::Refused("1e308"),
    Answer::Refused("NaN"),
    Answer::Refused("soon"),
    Answer::Refused("Sun, 06 Nov 1994 08:49:37 GMT"),
    Answer::Refused("70"),
    Answer::Down("0"),
    Answer::Down("Sun, 06 Nov 1994 08:49:37 GMT"),
    Answer::Hint(Duration::ZERO),
    Answer::Hint(Duration::from_secs(10_000)),
    Answer::Unreadable,
    Answer::Panic,
];

#[tokio::test(start_paused = true)]
async fn no_sequence_of_answers_makes_anybody_hammer_or_spin() {
    const JOBS: usize = 3;
    for seed in 0..60 {
        // One answer alone, then ever more of them together.
        let count = 1 + seed as usize / ANSWERS.len() * 3;
        let answers: Vec<_> =
            (0..count).map(|n| ANSWERS[(seed as usize + n * 5) % ANSWERS.len()]).collect();
        let list = (seed % 2 == 1).then_some(LIST);
        let what = format!("seed {seed}: {answers:?}");
        let script = Script { answers, list, ..Script::default() };
        let stage = Stage::seeded(seed, script, |builder| builder);
        let limit = SECOND * 900;
        let wait = async |number: u32| {
            let id = stage.job(SECOND * 200 * number).await;
            let policy = WaitPolicy::new().time_limit(limit);
            stage.client.resume(id).policy(policy).await
        };
        let ended = join_all((0..JOBS as u32).map(|number| wait(number + 1))).await;
        for error in ended.into_iter().filter_map(Result::err) {
            assert_eq!(error.limit(), Some(Limit::Time(limit)), "{error}; {what}");
        }
        assert!(stage.clock.elapsed() <= limit + SECOND * 5, "{what}");
        let reads = most_in_a_minute(&stage);
        assert!(reads <= 60 + JOBS * 10, "{reads} reads in a minute; {what}");
        let sleeps = stage.clock.most_sleeps_in_a_second();
        assert!(sleeps <= 10, "{sleeps} sleeps in a second; {what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_asks_for_no_wait_pauses_the_account_ever_longer() {
    for text in ["0", "-1", "soon", "1e308", "0.1", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let answers = vec![Answer::Refused(text)];
        let stage = Stage::new(Script { answers, ..Script::default() });
        let jobs = join_all((0..20).map(|_| stage.job(SECOND * 1_000_000))).await;
        let policy = WaitPolicy::new().time_limit(SECOND * 600);
        let waits = jobs.iter().map(|id| stage.client.resume(*id).policy(policy).into_future());
        join_all(waits).await;
        let reads = stage.script().reads.clone();
        assert!(reads.len() <= 30, "{} reads in ten minutes, {text}", reads.len());
        let gaps: Vec<_> = reads.windows(2).map(|pair| pair[1].0.since(pair[0].0)).collect();
        assert!(gaps[gaps.len() - 5..].iter().all(|gap| *gap >= SECOND * 30), "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_wait_that_is_asked_for_holds_for_the_whole_account() {
    for answer in [Answer::Refused("300"), Answer::Down("300")] {
        let stage = Stage::new(Script { answers: vec![answer], ..Script::default() });
        let (first, second) = (stage.job(SECOND).await, stage.job(SECOND).await);
        let waits = [first, second].map(|id| stage.client.resume(id).into_future());
        let waits = tokio::spawn(join_all(waits));
        tokio::time::sleep(SECOND * 200).await;
        let reads = stage.script().reads.len();
        assert!((1..=2).contains(&reads), "{reads} reads; {answer:?}");
        stage.script().answers.clear();
        waits.await.unwrap().into_iter().for_each(|video| drop(video.unwrap()));
        assert!(stage.clock.elapsed() >= SECOND * 300, "{answer:?}");
    }
}

/// Wants no pause at all.
#[derive(Debug)]
struct Hasty;

impl PollPolicy for Hasty {
    fn wait(&self, _: &PollState) -> Duration {
        Duration::ZERO
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_without_waits_reads_once_a_second() {
    let stage = Stage::with(Script::default(), |builder| builder.poll_policy(Hasty));
    let id = stage.job(SECOND * 120).await;
    stage.client.resume(id).await.unwrap();
    assert!((59..=61).contains(&most_in_a_minute(&stage)), "{}", most_in_a_minute(&stage));
    assert!(stage.clock.most_sleeps_in_a_second() <= 10);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_deliveries_costs_at_most_a_read_a_second() {
    let stage = Stage::new(Script::default());
    let jobs = join_all((0..20).map(|_| stage.job(SECOND * 1_000_000))).await;
    let policy = WaitPolicy::new().time_limit(SECOND * 300);
    let waits = jobs.iter().map(|id| stage.client.resume(*id).policy(policy).into_future());
    let waits = tokio::spawn(join_all(waits.collect::<Vec<_>>()));
    let job = stage.client.job(jobs[0]).await.unwrap();
    for _ in 0..2_900 {
        jobs.iter().for_each(|id| stage.client.polls_of(&job).unwrap().wake(*id));
        tokio::time::sleep(SECOND / 10).await;
    }
    waits.await.unwrap();
    let reads = most_in_a_minute(&stage);
    assert!(reads <= 60 + 20 * 10, "{reads} reads in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_panics_counts_as_a_failed_one_and_the_wait_goes_on() {
    let stage = Stage::new(Script { answers: vec![Answer::Panic], ..Script::default() });
    let id = stage.job(SECOND * 120).await;
    let told = async {
        let mut events = stage.client.resume(id).events();
        let mut kinds = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            if let EventKind::Retrying { .. } = event.kind {
                let trouble = event.job.trouble().unwrap();
                assert_eq!(trouble.kind, ErrorKind::Decode);
                assert_eq!(trouble.message, "reading it failed inside adreel: report it");
            }
            kinds.push(event.kind.to_string());
        }
        kinds
    };
    let mended = async {
        tokio::time::sleep(SECOND * 300).await;
        stage.script().answers.clear();
    };
    let (kinds, ()) = futures_util::join!(told, mended);
    assert!(kinds.iter().any(|kind| kind.starts_with("retrying")), "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 2..], ["succeeded", "done"], "{kinds:?}");
    let reads = stage.script().reads.len();
    assert!((8..=20).contains(&reads), "{reads} reads in five minutes and a little");
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_reads_panic_stops_no_others_of_its_account() {
    for list in [None, Some(LIST)] {
        let stage = Stage::new(Script { list, ..Script::default() });
        let jobs = join_all((0..6).map(|_| stage.job(SECOND * 100))).await;
        stage.script().poison = Some(jobs[2].to_string());
        let wait = async |id: JobId| {
            let policy = WaitPolicy::new().failed_reads_limit(5);
            (id, stage.client.resume(id).policy(policy).await)
        };
        for (id, ended) in join_all(jobs.iter().map(|id| wait(*id))).await {
            match ended {
                Ok(_) => assert_ne!(id, jobs[2]),
                Err(error) => {
                    assert_eq!((id, error.limit()), (jobs[2], Some(Limit::FailedReads(5))));
                }
            }
        }
        assert!(stage.clock.elapsed() < SECOND * 160, "{:?}", stage.clock.elapsed());
        assert!(most_in_a_minute(&stage) <= 60 + 60);
    }
}

/// Panics once, as a policy of somebody else's may.
#[derive(Debug)]
struct Broken;

impl PollPolicy for Broken {
    fn wait(&self, state: &PollState) -> Duration {
        assert_ne!(state.reads, 3, "a policy that makes us panic");
        SECOND * 6
    }
}

#[tokio::test(start_paused = true)]
async fn what_panics_behind_a_read_ends_no_wait() {
    let stage = Stage::with(Script::default(), |builder| builder.poll_policy(Broken));
    let id = stage.job(SECOND * 60).await;
    stage.client.resume(id).await.unwrap();
    assert!(stage.clock.elapsed() < SECOND * 80, "{:?}", stage.clock.elapsed());
}

/// Wants to wait for longer than there is time.
#[derive(Debug)]
struct Patient;

impl PollPolicy for Patient {
    fn wait(&self, _: &PollState) -> Duration {
        Duration::MAX
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_may_wait_for_ever() {
    let stage = Stage::with(Script::default(), |builder| builder.poll_policy(Patient));
    let id = stage.job(SECOND * 60).await;
    // Only the last read before a wait gives up sees the end.
    stage.client.resume(id).await.unwrap();
    assert_eq!(stage.clock.elapsed(), SECOND * 1_800);
    assert_eq!(stage.script().reads.len(), 1);
}
