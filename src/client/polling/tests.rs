//! Waits in virtual time, through the client as it is: how often a status is read, and how soon an
//! end is seen.

#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test tells what it measured")]

use std::future::IntoFuture as _;
use std::time::Duration;

use futures_util::future::join_all;

use super::double::{LIST, Script, Stage};
use crate::client::{Event, EventKind};
use crate::clock::Clock as _;
use crate::error::ErrorKind;
use crate::error::Limit;
use crate::model::Timestamp;
use crate::policy::WaitPolicy;

const SECOND: Duration = Duration::from_secs(1);

/// What waiting for jobs came to.
struct Seen {
    reads_per_job: f64,
    mean_secs: f64,
    p95_secs: f64,
}

/// Waits for jobs that take about this long, begun one after the other within a minute.
async fn waits(stage: &Stage, jobs: u32, takes_secs: u64) -> Seen {
    let wait = async |number: u32| {
        stage.clock.sleep(Duration::from_secs(60) * number / jobs).await;
        let takes = Duration::from_secs(takes_secs) + SECOND.mul_f64(10.0 * stage.clock.random());
        let id = stage.job(takes).await;
        let end = stage.script().ends[&id.to_string()];
        stage.client.resume(id).await.unwrap();
        stage.clock.now().since(end).as_secs_f64()
    };
    let mut delays = join_all((0..jobs).map(wait)).await;
    delays.sort_by(f64::total_cmp);
    let reads = stage.script().reads.len();
    let seen = Seen {
        reads_per_job: reads as f64 / f64::from(jobs),
        mean_secs: delays.iter().sum::<f64>() / delays.len() as f64,
        p95_secs: delays[delays.len() * 95 / 100],
    };
    eprintln!(
        "{jobs} jobs of {takes_secs} s: {:.2} reads a job, seen {:.1} s after their end, p95 {:.1} s",
        seen.reads_per_job, seen.mean_secs, seen.p95_secs
    );
    seen
}

#[tokio::test(start_paused = true)]
async fn jobs_are_seen_soon_after_their_end_and_read_seldom() {
    // The length, and the most reads, mean delay and 95th percentile of the delay. Waits of 6.25 s to
    // 7.5 s, as they are after two minutes, make for 3.45 s on average.
    for (secs, reads, mean, p95) in
        [(60, 10.0, 3.5, 8.0), (120, 20.0, 3.7, 8.0), (300, 40.0, 9.0, 18.0)]
    {
        let seen = waits(&Stage::new(Script::default()), 500, secs).await;
        assert!(seen.reads_per_job <= reads, "{secs} s: {}", seen.reads_per_job);
        assert!(seen.mean_secs <= mean && seen.p95_secs <= p95, "{secs} s: {}", seen.mean_secs);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_provider_asks_for_is_kept() {
    let hint = Some(Duration::from_secs(10));
    let seen = waits(&Stage::new(Script { hint, ..Script::default() }), 500, 120).await;
    assert!((9.0..=12.0).contains(&seen.reads_per_job), "{}", seen.reads_per_job);
    assert!(seen.mean_secs <= 6.0 && seen.p95_secs <= 12.0, "{}", seen.mean_secs);
}

#[tokio::test(start_paused = true)]
async fn thirty_jobs_of_one_account_stay_below_its_limit() {
    let stage = Stage::new(Script { limit: Some(120), ..Script::default() });
    let seen = waits(&stage, 30, 120).await;
    assert_eq!(stage.script().refused, 0);
    assert!(seen.p95_secs <= 20.0, "{}", seen.p95_secs);
    // Without a share of what is allowed, they would be more.
    let free = Stage::new(Script::default());
    waits(&free, 30, 120).await;
    let reads = |stage: &Stage| stage.script().reads.clone();
    let most_in_a_minute = |reads: Vec<(Timestamp, usize)>| {
        let within = |(from, _): &(Timestamp, usize)| {
            reads.iter().filter(|(at, _)| at >= from && at.since(*from).as_secs() < 60).count()
        };
        reads.iter().map(within).max().unwrap()
    };
    assert!(most_in_a_minute(reads(&free)) > 120);
    assert!(most_in_a_minute(reads(&stage)) <= 115);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_jobs_of_a_list_are_read_together() {
    let stage = Stage::new(Script { list: Some(LIST), ..Script::default() });
    let seen = waits(&stage, 100, 120).await;
    assert!(seen.reads_per_job <= 1.0, "{}", seen.reads_per_job);
    assert!(seen.mean_secs <= 3.7 && seen.p95_secs <= 8.0, "{}", seen.mean_secs);
    // A tick is the shortest wait between two reads of a job: 6 s.
    let reads = stage.script().reads.clone();
    let in_tick = |(from, _): &(Timestamp, usize)| {
        reads.iter().filter(|(at, _)| at >= from && at.since(*from).as_secs() < 6).count()
    };
    let most = reads.iter().map(in_tick).max().unwrap();
    assert!(most <= 2, "{most} reads in 6 s");
}

#[tokio::test(start_paused = true)]
async fn failed_reads_delay_an_end_and_cost_little_more() {
    let whole = waits(&Stage::new(Script::default()), 300, 120).await;
    let failing = waits(&Stage::new(Script { failing: 30, ..Script::default() }), 300, 120).await;
    let more = failing.reads_per_job / whole.reads_per_job;
    assert!(more <= 1.2, "{more}");
    assert!(failing.mean_secs <= 8.5 && failing.p95_secs <= 27.0, "{}", failing.mean_secs);
}

#[tokio::test(start_paused = true)]
async fn a_status_that_nobody_knows_is_told_and_neither_ends_nor_hangs_a_wait() {
    let stage = Stage::new(Script { word: Some("dreaming"), ..Script::default() });
    let id = stage.job(SECOND * 100).await;
    let mut events = stage.client.resume(id).events();
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await {
        kinds.push(event.unwrap().kind);
    }
    let told = EventKind::UnknownStatus { status: "dreaming".to_owned() };
    assert_eq!(kinds.iter().filter(|kind| **kind == told).count(), 1);
    assert_eq!(kinds.last(), Some(&EventKind::Done));

    let never = stage.job(SECOND * 1_000_000).await;
    let begun = stage.clock.now();
    let error = stage.client.resume(never).await.unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Time(SECOND * 1800)));
    assert_eq!(stage.clock.now().since(begun), SECOND * 1800);
}

#[tokio::test(start_paused = true)]
async fn each_limit_ends_a_wait_and_is_named() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 1_000_000).await;
    let limited = async |policy: WaitPolicy| {
        let begun = stage.clock.now();
        let error = stage.client.resume(id).policy(policy).await.unwrap_err();
        assert_eq!((error.kind(), error.job_id()), (ErrorKind::Timeout, Some(id)));
        assert_eq!(error.handle().unwrap().id, id);
        (error.limit().unwrap(), stage.clock.now().since(begun).as_secs())
    };
    let policy = WaitPolicy::new();
    assert_eq!(limited(policy.time_limit(SECOND * 90)).await, (Limit::Time(SECOND * 90), 90));
    assert_eq!(
        limited(policy.job_age_limit(SECOND * 120)).await,
        (Limit::JobAge(SECOND * 120), 30)
    );
    assert_eq!(limited(policy.job_age_limit(SECOND * 60)).await.1, 0, "it is older already");
    stage.script().failing = 100;
    let (limit, secs) = limited(policy.failed_reads_limit(3)).await;
    assert_eq!(limit, Limit::FailedReads(3));
    assert!(secs < 120, "{secs}");
}

#[tokio::test(start_paused = true)]
async fn waits_for_one_job_share_its_reads_and_each_has_its_own_end() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 120).await;
    let waits = (0..50).map(|_| stage.client.resume(id).into_future());
    let short = stage.client.resume(id).policy(WaitPolicy::new().time_limit(SECOND * 30));
    let (videos, short) = futures_util::join!(join_all(waits), short.into_future());
    assert!(videos.iter().all(Result::is_ok));
    assert_eq!(short.unwrap_err().limit(), Some(Limit::Time(SECOND * 30)));
    let reads = stage.script().reads.len();
    assert!(reads <= 20, "{reads} reads");
    assert_eq!(stage.client.job(id).await.unwrap().polls() as usize, reads);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_ends_the_reads_and_a_shutdown_ends_the_waits() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 120).await;
    {
        let wait = tokio::time::timeout(SECOND * 40, stage.client.resume(id).into_future());
        wait.await.unwrap_err();
    }
    let reads = stage.script().reads.len();
    assert!(reads > 1);
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(stage.script().reads.len(), reads, "nobody waits any more");

    let client = stage.client.clone();
    let wait = tokio::spawn(client.resume(id).into_future());
    tokio::time::sleep(SECOND * 3).await;
    stage.client.shutdown(SECOND).await.unwrap();
    let error = wait.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Unavailable, Some(id)));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_news_is_not_stored() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 120).await;
    let before = stage.client.job(id).await.unwrap().revision();
    stage.client.resume(id).await.unwrap();
    // The first status, and the end.
    assert_eq!(stage.client.job(id).await.unwrap().revision(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_once_and_its_end_as_well() {
    let stage = Stage::new(Script { failing: 100, ..Script::default() });
    let id = stage.job(SECOND * 200).await;
    let mut events = stage.client.resume(id).events();
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await {
        let Event { kind, .. } = event.unwrap();
        if matches!(kind, EventKind::Retrying { .. }) {
            tokio::time::sleep(SECOND * 60).await;
            stage.script().failing = 0;
        }
        kinds.push(kind.to_string());
    }
    assert_eq!(kinds[1..], ["retrying: no answer", "processing", "succeeded", "done"], "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_for_somebody_ends_a_wait_unless_it_goes_through() {
    let stage = Stage::new(Script::default());
    let id = stage.job(SECOND * 300).await;
    stage.script().acts_at = Some(stage.clock.now() + SECOND * 200);
    let error = stage.client.resume(id).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::NeedsAction, Some(id)));
    assert!(stage.clock.now() < stage.script().acts_at.unwrap());

    let through = stage.client.resume(id).policy(WaitPolicy::new().through_actions());
    let mut events = through.events();
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await {
        kinds.push(event.unwrap().kind.to_string());
    }
    let needs = "needs action at the provider".to_owned();
    assert_eq!(kinds.iter().filter(|kind| **kind == needs).count(), 1, "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 3..], ["processing", "succeeded", "done"], "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_while_a_status_is_being_read_gets_it() {
    let stage = Stage::new(Script { latency: SECOND * 5, ..Script::default() });
    let id = stage.job(SECOND * 60).await;
    // At whatever moment of a read or between two the one before has gone.
    for millis in (0..30_000).step_by(700) {
        let wait = stage.client.resume(id).into_future();
        let patience = Duration::from_millis(500 + millis % 6_300);
        if let Ok(video) = tokio::time::timeout(patience, wait).await {
            assert_eq!(video.unwrap().job_id(), id);
            break;
        }
    }
    let begun = stage.clock.now();
    stage.client.resume(id).await.unwrap();
    assert!(stage.clock.now().since(begun) < SECOND * 60);
}
