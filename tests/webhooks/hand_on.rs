//! What is handed on, and how often.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adreel::Delivery;
use adreel::client::Received;
use adreel::clock::Clock as _;
use adreel::{AccountConfig, Client, Job, Keys, Ledger as _, ProviderId, Stage};
use futures_util::future::join_all;

use crate::{SECRET, World, hands_nothing_on, next, settled, soon};

#[tokio::test]
async fn an_end_is_handed_on_until_it_is_acknowledged() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    world.double.set("task_1", "succeeded");
    world.tell(&inbox, "task.succeeded", "task_1").await;
    // Whoever gets it first ends without a word.
    let finished = next(&inbox).await;
    assert_eq!((finished.job().id(), finished.job().stage()), (job.id(), Stage::Rendered));
    assert_eq!(finished.event().event.resource, "task_1");
    drop(finished);
    assert!(hands_nothing_on(&inbox).await, "the claim stands");
    world.clock.advance(Duration::from_secs(60));
    let finished = next(&inbox).await;
    assert!(finished.video().unwrap().url().contains("task_1"));
    finished.acknowledge().await.unwrap();
    world.clock.advance(Duration::from_secs(100_000));
    world.tell(&inbox, "task.succeeded", "task_1").await;
    assert!(hands_nothing_on(&inbox).await, "what was acknowledged is over");
    assert_eq!(world.double.reads(), 1);
}

#[tokio::test]
async fn a_wait_and_an_inbox_share_one_read() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    world.double.set("task_1", "failed");
    world.tell(&inbox, "task.failed", "task_1").await;
    let finished = next(&inbox).await;
    assert_eq!(finished.job().stage(), Stage::Failed);
    assert!(finished.video().unwrap_err().to_string().contains("it did not work"));
    finished.acknowledge().await.unwrap();
    assert!(soon(wait).await.unwrap().is_err());
    assert_eq!(world.double.reads(), 1);
}

#[tokio::test]
async fn one_end_is_handed_on_once_though_two_events_tell_of_it() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.submit().await;
    world.double.set("task_1", "succeeded");
    // In the wrong order too.
    world.tell(&inbox, "task.failed", "task_1").await;
    world.tell(&inbox, "task.succeeded", "task_1").await;
    let finished = next(&inbox).await;
    assert!(hands_nothing_on(&inbox).await, "the other waits for this one");
    finished.acknowledge().await.unwrap();
    world.clock.advance(Duration::from_secs(1_000));
    assert!(hands_nothing_on(&inbox).await);
    assert_eq!(world.acknowledged().await, 2);
}

#[tokio::test]
async fn what_is_told_of_an_end_after_its_acknowledgement_is_not_handed_on() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.submit().await;
    world.double.set("task_1", "succeeded");
    world.tell(&inbox, "task.succeeded", "task_1").await;
    next(&inbox).await.acknowledge().await.unwrap();
    let late = world.deliver(&inbox, "task.failed", "task_1").await;
    assert_eq!(late.received(), Received::New);
    assert!(hands_nothing_on(&inbox).await);
    assert_eq!(world.acknowledged().await, 2);
}

#[tokio::test]
async fn a_job_that_still_runs_is_looked_at_again_with_growing_waits() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    world.tell(&inbox, "task.succeeded", "task_1").await;
    let worker = tokio::spawn(async move { inbox.next().await.unwrap() });
    for (reads, secs) in [(1, 10), (2, 20), (3, 40)] {
        soon(is_read(&world, &job, reads)).await;
        world.clock.advance(Duration::from_secs(secs - 1));
        settled().await;
        assert_eq!(world.double.reads(), usize::try_from(reads).unwrap(), "after {secs} s");
        // The log is looked at every two seconds.
        world.clock.advance(Duration::from_secs(3));
    }
    soon(is_read(&world, &job, 4)).await;
    world.double.set("task_1", "succeeded");
    assert!(!worker.is_finished());
    world.clock.advance(Duration::from_secs(80));
    soon(worker).await.unwrap().acknowledge().await.unwrap();
}

#[tokio::test]
async fn an_event_is_kept_until_its_job_has_ended_however_long_that_takes() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    world.tell(&inbox, "task.failed", "task_1").await;
    let worker = tokio::spawn(async move { inbox.next().await.unwrap() });
    const HOUR: Duration = Duration::from_secs(60 * 60);
    for _ in 0..72 {
        let before = world.double.reads();
        soon(is_read(&world, &job, u32::try_from(before).unwrap().max(1))).await;
        // No wait is longer than an hour.
        world.clock.advance(HOUR);
        soon(async {
            while world.double.reads() == before {
                world.clock.advance(Duration::from_secs(2));
                settled().await;
            }
        })
        .await;
    }
    assert!(world.double.reads() < 90, "{} reads", world.double.reads());
    assert_eq!(world.acknowledged().await, 0);
    // The other word for its end comes three days later, and the end is told.
    world.double.set("task_1", "succeeded");
    world.tell(&world.inbox(), "task.succeeded", "task_1").await;
    world.clock.advance(HOUR);
    let finished = soon(worker).await.unwrap();
    assert_eq!(finished.job().stage(), Stage::Rendered);
    finished.acknowledge().await.unwrap();
    assert_eq!(world.acknowledged().await, 2);
}

#[tokio::test]
async fn an_event_of_an_account_that_nobody_has_waits_longer_and_longer_for_seven_days() {
    let world = World::new().await;
    let request = world.request();
    let submit = world.client.submit(&request).on(ProviderId::BeatApi).account("eu");
    soon(submit.into_future()).await.unwrap();
    let secret = "whsec_eu";
    let taken = world.client.webhooks().inbox().secret_of(ProviderId::BeatApi, "eu", secret);
    let taken = taken.build().unwrap();
    let body = crate::body("task.succeeded", "task_1");
    let headers =
        adreel::beatapi::sign_webhook(&secret.into(), "e", world.clock.now(), body.as_bytes());
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    let delivery = Delivery::new(ProviderId::BeatApi, header, body.as_bytes()).account("eu");
    assert_eq!(taken.receive(delivery).await.received(), Received::New);
    // Whoever goes on has lost the account.
    let config = AccountConfig::new(Keys::key("test-key")).base_url(&world.double.url);
    let client = Client::builder().account(ProviderId::BeatApi, config);
    let client = client.clock(world.clock.clone()).ledger(Arc::clone(&world.ledger));
    let client = client.build().unwrap();
    let inbox = client.webhooks().inbox().build().unwrap();
    let claims = async || world.ledger.events().unwrap().since(0, 9).await.unwrap()[0].claims;
    let mut hours = 0;
    while world.acknowledged().await == 0 {
        assert!(hands_nothing_on(&inbox).await);
        world.clock.advance(Duration::from_secs(60 * 60));
        hours += 1;
    }
    assert!((7 * 24..=7 * 24 + 2).contains(&hours), "{hours} hours");
    assert!(claims().await <= 7 * 24 + 2, "{} claims", claims().await);
}

#[tokio::test]
async fn the_end_of_a_job_is_told_though_its_halt_was() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.submit().await;
    world.double.set("task_1", "requires_action");
    world.tell(&inbox, "task.failed", "task_1").await;
    let halted = next(&inbox).await;
    assert_eq!(halted.job().stage(), Stage::NeedsAction);
    halted.acknowledge().await.unwrap();
    // Another word that changes nothing is no news.
    assert!(hands_nothing_on(&inbox).await);
    world.double.set("task_1", "succeeded");
    world.tell(&inbox, "task.succeeded", "task_1").await;
    let finished = next(&inbox).await;
    assert_eq!(finished.job().stage(), Stage::Rendered);
    finished.acknowledge().await.unwrap();
    assert!(hands_nothing_on(&inbox).await);
    assert_eq!(world.acknowledged().await, 2);
}

/// Resolves when so many reads of a job are recorded, and nothing more follows from them.
async fn is_read(world: &World, job: &Job, reads: u32) {
    while world.client.job(job.id()).await.unwrap().polls() < reads {
        tokio::task::yield_now().await;
    }
    settled().await;
}

#[tokio::test]
async fn an_event_of_an_unknown_job_is_kept_for_ten_minutes() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.tell(&inbox, "task.succeeded", "task_unknown").await;
    for _ in 0..9 {
        assert!(hands_nothing_on(&inbox).await);
        world.clock.advance(Duration::from_secs(60));
        assert_eq!(world.acknowledged().await, 0);
    }
    for _ in 0..6 {
        world.clock.advance(Duration::from_secs(60));
        assert!(hands_nothing_on(&inbox).await);
    }
    assert_eq!(world.acknowledged().await, 1, "it is of somebody else's job");
    assert_eq!(world.double.reads(), 0);
}

#[tokio::test]
async fn an_early_event_is_handed_on_when_its_job_is_known() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.tell(&inbox, "task.succeeded", "task_1").await;
    assert!(hands_nothing_on(&inbox).await);
    let job = world.submit().await;
    world.double.set("task_1", "succeeded");
    world.clock.advance(Duration::from_secs(2));
    let finished = next(&inbox).await;
    assert_eq!(finished.job().id(), job.id());
    finished.put_off(Duration::from_secs(30)).await.unwrap();
    assert!(hands_nothing_on(&inbox).await);
    world.clock.advance(Duration::from_secs(30));
    next(&inbox).await.acknowledge().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_in_two_replicas_get_each_end_once() {
    const JOBS: usize = 60;
    let world = World::new().await;
    // The clock runs ahead of the workers, so their claims are long.
    let open = |client: &Client| {
        let inbox = client.webhooks().inbox().secret(ProviderId::BeatApi, SECRET);
        inbox.claim(Duration::from_secs(1_000_000)).build().unwrap()
    };
    let (here, there) = (open(&world.client), open(&world.replica()));
    let mut jobs = Vec::new();
    for number in 1..=JOBS {
        jobs.push(world.submit().await.id());
        world.double.set(&format!("task_{number}"), "succeeded");
    }
    let handled = Arc::new(Mutex::new(Vec::new()));
    let left = Arc::new(AtomicUsize::new(JOBS));
    let workers: Vec<_> = (0..8)
        .map(|index| {
            let inbox = if index % 2 == 0 { here.clone() } else { there.clone() };
            let (handled, left) = (Arc::clone(&handled), Arc::clone(&left));
            tokio::spawn(async move {
                loop {
                    let finished = inbox.next().await.unwrap();
                    handled.lock().unwrap().push(finished.job().id());
                    finished.acknowledge().await.unwrap();
                    left.fetch_sub(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    // Each is delivered three times, to both, backwards and in the midst of the others.
    let deliveries = (1..=JOBS).rev().flat_map(|number| [number, number.max(3) - 2, number]);
    for (index, number) in deliveries.enumerate() {
        let inbox = if index % 3 == 0 { &here } else { &there };
        let receipt = world.deliver(inbox, "task.succeeded", &format!("task_{number}")).await;
        assert_eq!(receipt.status(), 200);
    }
    soon(async {
        while left.load(Ordering::SeqCst) > 0 {
            world.clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    })
    .await;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    join_all(workers).await;
    let mut handled = handled.lock().unwrap().clone();
    handled.sort();
    jobs.sort();
    assert_eq!(handled, jobs, "each once");
    assert_eq!(world.ledger.events().unwrap().newest().await.unwrap(), JOBS as u64);
}
