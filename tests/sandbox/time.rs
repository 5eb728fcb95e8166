//! Waits of a client follow the sandbox's clock.

use std::future::IntoFuture as _;

use adreel::clock::Clock as _;
use adreel::testing;

use super::*;

#[tokio::test]
async fn waits_of_a_client_follow_a_virtual_clock() {
    let sandbox = still().await;
    let client = testing::client(&sandbox).unwrap();
    for provider in ProviderId::ALL {
        let job = submit(&client, provider).await;
        let submitted = sandbox.clock().now();
        let wait = client.resume(job.id()).into_future();
        let video = advancing(&sandbox, Duration::from_secs(10), wait).await.unwrap();
        assert_eq!(video.job_id(), job.id());
        let waited = sandbox.clock().now().since(submitted);
        assert!(waited >= Duration::from_secs(60), "{provider}: {waited:?}");
    }
}

#[tokio::test]
async fn a_wait_does_not_end_while_the_clock_stands() {
    let sandbox = still().await;
    let client = testing::client(&sandbox).unwrap();
    let job = submit(&client, ProviderId::BeatApi).await;
    let wait = client.resume(job.id()).into_future();
    tokio::pin!(wait);
    for _ in 0..50 {
        tokio::select! {
            biased;
            _ = &mut wait => panic!("no time has passed"),
            () = breathe(&sandbox) => {}
        }
    }
    assert_eq!(sandbox.counters().total.polls, 0);
}
