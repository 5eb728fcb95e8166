//! How often looks read pages, and when they end.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::time::Duration;

use futures_util::future::join_all;

use super::double::{Answer, Script, Stage, most_within};
use crate::Resolution;
use crate::client::{HeldJob, Verdict};
use crate::clock::Clock as _;
use crate::error::ErrorKind;
use crate::job::{Job, JobId, Reach};
use crate::model::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

/// As many pages as a look goes through at the most.
const MOST_PAGES: u32 = 30;

/// A stage with calls whose answers were lost, after they have settled.
async fn lost(script: Script, jobs: usize) -> (Stage, Vec<JobId>) {
    let stage = Stage::new(script);
    let mut lost = Vec::new();
    for _ in 0..jobs {
        lost.push(stage.sent().await.id());
    }
    tokio::time::sleep(SECOND * 100).await;
    (stage, lost)
}

/// When pages were read, from the first on.
fn pages(stage: &Stage) -> Vec<Duration> {
    let begun = Timestamp::default();
    stage.script().reads.iter().map(|(at, _)| at.since(begun)).collect()
}

/// How long something takes by the clock.
async fn time_of<T>(stage: &Stage, work: impl Future<Output = T>) -> (Duration, T) {
    let begun = stage.clock.elapsed();
    let came = work.await;
    (stage.clock.elapsed().saturating_sub(begun), came)
}

fn reach(job: &Job) -> Reach {
    job.steps()[0].evidence().unwrap().survey.clone().unwrap().reach
}

/// What the last look failed with.
fn failure(job: &Job) -> String {
    job.steps()[0].evidence().unwrap().failure.clone().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn no_minute_sees_more_than_sixty_pages_however_many_look() {
    for jobs in [1, 6, 20] {
        let (stage, lost) = lost(Script { pages: MOST_PAGES, ..Script::default() }, jobs).await;
        for _ in 0..3 {
            let looks = join_all(lost.iter().map(|id| stage.client.look_now(*id)));
            let (taken, looked) = time_of(&stage, looks).await;
            looked.into_iter().for_each(|looked| drop(looked.unwrap()));
            assert!(taken <= SECOND * 60, "{jobs} looks took {taken:?}");
        }
        let pages = pages(&stage);
        let most = most_within(SECOND * 60, &pages);
        assert!(most <= 60, "{most} pages in a minute, {jobs} looks");
        assert!(most >= 50 || jobs == 1, "{most} pages in a minute, {jobs} looks");
        assert!(stage.clock.most_sleeps_in_a_second() <= 10 * jobs);
    }
}

#[tokio::test(start_paused = true)]
async fn held_jobs_that_are_looked_for_one_after_the_other_keep_to_the_pace() {
    let (stage, lost) = lost(Script { pages: 6, ..Script::default() }, 20).await;
    for id in &lost {
        stage.client.look_now(*id).await.unwrap();
    }
    let pages = pages(&stage);
    assert_eq!(pages.len(), 120, "each look was whole");
    assert!(most_within(SECOND * 60, &pages) <= 60);
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_look_waits_for_nothing() {
    let (stage, lost) = lost(Script { pages: 2, ..Script::default() }, 2).await;
    for id in lost {
        let (taken, looked) = time_of(&stage, stage.client.look_now(id)).await;
        assert_eq!((taken, reach(&looked.unwrap().job)), (Duration::ZERO, Reach::Whole));
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_ends_with_what_it_has_read_when_its_time_is_over() {
    for secs in [7, 8, 29] {
        let latency = SECOND * secs;
        let script = Script { pages: MOST_PAGES, latency, ..Script::default() };
        let (stage, lost) = lost(script, 1).await;
        let (taken, looked) = time_of(&stage, stage.client.look_now(lost[0])).await;
        assert_eq!(taken, SECOND * 60, "pages of {secs} s");
        let job = looked.unwrap().job;
        assert_eq!(reach(&job), Reach::Partial("it took too long".to_owned()));
        assert_eq!(stage.script().reads.len() as u32, 59 / secs, "pages of {secs} s");
    }
    // Not even one page came: the look has failed.
    let latency = SECOND * 1_000;
    let (stage, lost) = lost(Script { pages: 1, latency, ..Script::default() }, 1).await;
    let (taken, looked) = time_of(&stage, stage.client.look_now(lost[0])).await;
    let job = looked.unwrap().job;
    assert_eq!(taken, SECOND * 60);
    assert_eq!(job.steps()[0].evidence().unwrap().survey, None);
    assert_eq!(failure(&job), "no list was read within 60 s");
}

#[tokio::test(start_paused = true)]
async fn a_decision_ends_soon_however_slow_the_list_is() {
    let (stage, lost) = lost(Script { pages: 2, ..Script::default() }, 1).await;
    for _ in 0..2 {
        stage.client.look_now(lost[0]).await.unwrap();
        tokio::time::sleep(SECOND * 2).await;
    }
    stage.script().pages = MOST_PAGES;
    for secs in [0, 8, 29] {
        stage.script().latency = SECOND * secs;
        let jobs = stage.client.jobs();
        let (taken, error) = time_of(&stage, jobs.resolve(lost[0], Resolution::Resubmit)).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::SubmitUnknown);
        assert!(taken <= SECOND * 126, "{taken:?}, pages of {secs} s");
        let (taken, plan) = time_of(&stage, jobs.resolve_all(Resolution::Resubmit).plan()).await;
        assert_eq!(plan.unwrap().jobs().len(), 1);
        assert!(taken <= SECOND * 126, "{taken:?}, pages of {secs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_for_many_jobs_ends_soon_however_slow_the_list_is() {
    let (stage, lost) = lost(Script { pages: 1, ..Script::default() }, 60).await;
    for _ in 0..2 {
        for id in &lost {
            stage.client.look_now(*id).await.unwrap();
        }
    }
    stage.script().latency = SECOND * 1_000;
    let held = stage.client.jobs().resolve_all(Resolution::Resubmit);
    let (taken, plan) = time_of(&stage, held.plan()).await;
    assert!(taken <= SECOND * 366, "{taken:?}");
    let plan = plan.unwrap();
    let is_skipped = |held: &&HeldJob| matches!(held.verdict, Verdict::Skip(_));
    assert_eq!(plan.jobs().iter().filter(is_skipped).count(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_refused_page_has_all_looks_of_the_account_wait() {
    let (stage, lost) = lost(Script { pages: 1, ..Script::default() }, 2).await;
    stage.script().answers = vec![Answer::Refused("40")];
    stage.client.look_now(lost[0]).await.unwrap();
    stage.script().answers.clear();
    let (taken, looked) = time_of(&stage, stage.client.look_now(lost[1])).await;
    assert_eq!((taken, reach(&looked.unwrap().job)), (SECOND * 40, Reach::Whole));

    // One that would have to wait for too long ends all the same.
    stage.script().answers = vec![Answer::Refused("3600")];
    stage.client.look_now(lost[0]).await.unwrap();
    let (taken, looked) = time_of(&stage, stage.client.look_now(lost[1])).await;
    assert_eq!(taken, SECOND * 60);
    assert_eq!(failure(&looked.unwrap().job), "no list was read within 60 s");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_no_turn_and_counts_no_look() {
    let (stage, lost) = lost(Script { pages: MOST_PAGES, ..Script::default() }, 1).await;
    let (client, id) = (stage.client.clone(), lost[0]);
    let looking = tokio::spawn(async move { client.look_now(id).await });
    tokio::time::sleep(SECOND * 2).await;
    let (taken, ended) = time_of(&stage, stage.client.shutdown(SECOND * 100)).await;
    ended.unwrap();
    assert_eq!(taken, Duration::ZERO);
    assert_eq!(looking.await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(stage.client.job(id).await.unwrap().steps()[0].evidence(), None);
}
