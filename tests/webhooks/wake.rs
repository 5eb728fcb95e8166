//! What a delivery wakes. The clock stands still, so nothing else can.

use std::future::IntoFuture as _;
use std::time::Duration;

use adreel::client::Received;
use adreel::clock::Clock as _;
use adreel::{ErrorKind, Stage};

use crate::{World, inbox, soon};

#[tokio::test]
async fn a_wait_ends_when_its_delivery_comes_and_needs_one_read() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    world.double.set("task_1", "succeeded");
    let receipt = world.deliver(&inbox, "task.succeeded", "task_1").await;
    assert_eq!(receipt.received(), Received::New);
    let video = soon(wait).await.unwrap().unwrap();
    assert_eq!((video.job_id(), world.double.reads()), (job.id(), 1));
}

#[tokio::test]
async fn what_a_delivery_says_is_not_believed() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    // The task is still queued, and then it fails.
    assert_eq!(world.deliver(&inbox, "task.succeeded", "task_1").await.status(), 200);
    soon(world.double.reads_reach(1)).await;
    world.double.set("task_1", "failed");
    // When it is read again is known once what was read is stored.
    soon(async {
        while world.client.job(job.id()).await.unwrap().polls() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.clock.advance(Duration::from_secs(30));
    let error = soon(wait).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}

#[tokio::test]
async fn a_delivery_that_comes_before_the_job_is_recorded_is_found() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.double.set("task_0", "queued");
    // The next task has this id.
    let receipt = world.deliver(&inbox, "task.succeeded", "task_2").await;
    assert_eq!((receipt.received(), receipt.job_id()), (Received::New, None));
    let job = world.submit().await;
    assert_eq!(job.provider_ref().unwrap().id, "task_2");
    world.double.set("task_2", "succeeded");
    soon(world.client.resume(job.id()).into_future()).await.unwrap();
    assert_eq!(world.double.reads(), 1);
}

#[tokio::test]
async fn a_delivery_to_another_replica_is_found_within_two_seconds() {
    let world = World::new().await;
    let (_open, elsewhere) = (world.inbox(), inbox(&world.replica()));
    let begun = world.clock.now();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    world.double.set("task_1", "succeeded");
    let receipt = world.deliver(&elsewhere, "task.succeeded", "task_1").await;
    assert_eq!(receipt.job_id(), Some(job.id()));
    world.clock.advance(Duration::from_secs(2));
    soon(wait).await.unwrap().unwrap();
    assert_eq!(world.clock.now().since(begun), Duration::from_secs(2));
}

#[tokio::test]
async fn a_wait_that_began_before_the_inbox_is_woken_too() {
    let world = World::new().await;
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    // Its first read is a sign that it waits.
    world.clock.advance(Duration::from_secs(20));
    soon(world.double.reads_reach(1)).await;
    let inbox = world.inbox();
    world.double.set("task_1", "succeeded");
    let receipt = world.deliver(&inbox, "task.succeeded", "task_1").await;
    assert_eq!(receipt.job_id(), Some(job.id()));
    soon(wait).await.unwrap().unwrap();
}

#[tokio::test]
async fn known_deliveries_have_a_job_read_once_in_five_seconds() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    world.tell(&inbox, "task.succeeded", "task_1").await;
    soon(world.double.reads_reach(1)).await;
    for _ in 0..50 {
        let receipt = world.deliver(&inbox, "task.succeeded", "task_1").await;
        assert_eq!(receipt.received(), Received::Known);
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_secs(5));
    world.double.set("task_1", "succeeded");
    world.tell(&inbox, "task.succeeded", "task_1").await;
    soon(wait).await.unwrap().unwrap();
    assert!(world.double.reads() <= 3, "{} reads", world.double.reads());
}

/// The reads of a job of about two minutes, whose end no delivery tells.
async fn reads_without_a_delivery(has_inbox: bool) -> usize {
    let world = World::new().await;
    let _inbox = has_inbox.then(|| world.inbox());
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    for reads in 1..=12 {
        // More than the policy asks for, so that each step of the clock brings one read.
        world.clock.advance(Duration::from_secs(20));
        soon(world.double.reads_reach(reads)).await;
        soon(stored(&world, &job)).await;
    }
    world.double.set("task_1", "succeeded");
    world.clock.advance(Duration::from_secs(20));
    soon(wait).await.unwrap().unwrap();
    let reads = world.double.reads();
    assert_eq!(world.client.job(job.id()).await.unwrap().stage(), Stage::Rendered);
    reads
}

/// Lets what a read brought be settled.
async fn stored(world: &World, job: &adreel::Job) {
    for _ in 0..100 {
        world.client.job(job.id()).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_a_delivery_a_wait_costs_what_it_costs_without_an_inbox() {
    let (with, without) =
        (reads_without_a_delivery(true).await, reads_without_a_delivery(false).await);
    assert_eq!((with, without), (13, 13));
}

#[tokio::test]
async fn the_task_that_looks_for_events_ends_with_the_client() {
    let world = World::new().await;
    let inbox = world.inbox();
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    world.double.set("task_1", "succeeded");
    world.tell(&inbox, "task.succeeded", "task_1").await;
    soon(wait).await.unwrap().unwrap();
    let World { ledger, client, clock, .. } = world;
    drop((inbox, client));
    // It sleeps for two seconds at the most, and holds nothing meanwhile.
    clock.advance(Duration::from_secs(2));
    soon(async {
        while std::sync::Arc::strong_count(&ledger) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
