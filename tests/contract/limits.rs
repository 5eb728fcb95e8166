//! Where a provider takes less than is asked of it, jobs wait: all end, and each is paid for once.

use std::collections::BTreeSet;
use std::time::Duration;

use adreel::testing::{self, Fault, FaultKind, Sandbox, SandboxBuilder};
use adreel::{Client, Credits, JobQuery, Product, ProviderId, Sql, Stage, VideoRequest};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::builder;

const JOBS: usize = 100;

/// How far time goes on with each read. It stands still while a paid call is under way, or a call
/// would take more of it on a busy machine than it ever does at a provider.
const STEP: Duration = Duration::from_secs(1);

/// How long a read is waited for.
const PATIENCE: Duration = Duration::from_millis(20);

/// Makes so many videos at once, each of a product of its own, over one client or several on one
/// ledger in a file, as processes have it, and checks the provider's books.
async fn all_are_made(
    sandbox: &Sandbox,
    provider: ProviderId,
    operations: &[&str],
    clients: usize,
) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("jobs.db").display());
    let mut offices = Vec::new();
    for _ in 0..clients {
        let ledger = Sql::open(&url).await.unwrap();
        offices.push(testing::client_builder(sandbox).ledger(ledger).build().unwrap());
    }
    let client = |number: usize| offices[number % clients].clone();
    let videos = (0..JOBS).map(|number| made(client(number), provider, number));
    let videos = tokio::spawn(join_all(videos.collect::<Vec<_>>()));
    while !videos.is_finished() {
        let jobs = offices[0].jobs();
        if jobs.list(&JobQuery::at([Stage::Submitting])).await.unwrap().is_empty() {
            sandbox.advance(STEP);
        }
        // It may be refused where faults say so, and would then be tried again when the clock has gone
        // on, for which nobody waits here.
        let _ = timeout(PATIENCE, offices[0].balance(provider)).await;
    }
    let jobs: BTreeSet<_> = videos.await.unwrap().into_iter().collect();
    let entries = sandbox.ledger();
    let paid: BTreeSet<_> = entries.iter().map(|entry| entry.job.clone()).collect();
    let counted = sandbox.counters();
    assert!(paid == jobs && entries.len() == operations.len() * JOBS, "{counted:?}");
    assert!(entries.iter().all(|entry| operations.contains(&entry.operation)));
    assert!(sandbox.double_submits().is_empty());
    let [balance] = &sandbox.balances()[..] else { panic!("one account paid") };
    assert!(balance.balances && balance.open.is_zero(), "{balance:?}");
}

fn rich(provider: ProviderId) -> SandboxBuilder {
    builder().virtual_clock().credits(provider, Credits::whole(10_000))
}

/// Makes one video and gives its provider's id.
async fn made(client: Client, provider: ProviderId, number: usize) -> String {
    let image = format!("https://shop.example/{number}.png");
    let product = Product::new(format!("Roast No. {number}")).image_url(image);
    let request = VideoRequest::new(product).duration_secs(10);
    let video = client.generate(&request).on(provider).await.unwrap();
    let job = client.job(video.job_id()).await.unwrap();
    assert!(matches!(job.stage(), Stage::Rendered | Stage::Done), "{job:?}");
    job.provider_ref().unwrap().id
}

/// How many paid calls arrived, and how many of them the provider had no room for.
fn paid_and_refused(sandbox: &Sandbox) -> (u64, u64) {
    let counted = sandbox.counters().total;
    assert_eq!(counted.early_retries, 0);
    (counted.submits, counted.slots_over_limit)
}

/// The account waits and not the single job, so that hardly anybody is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_jobs_at_once_wait_for_jogg_to_take_their_posts() {
    for clients in [1, 2] {
        let sandbox = rich(ProviderId::Jogg).start().await.unwrap();
        all_are_made(&sandbox, ProviderId::Jogg, &["create_video_from_product"], clients).await;
        assert_eq!(paid_and_refused(&sandbox), (100, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_jobs_at_once_share_the_slots_of_beatapi() {
    for clients in [1, 2] {
        let sandbox = rich(ProviderId::BeatApi).beatapi_slots(7).start().await.unwrap();
        all_are_made(&sandbox, ProviderId::BeatApi, &["create_ecommerce_video"], clients).await;
        assert_eq!(paid_and_refused(&sandbox), (100, 0));
    }
}

/// BeatAPI does not say how many slots there are: one refusal tells it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_jobs_at_once_learn_how_many_slots_there_are() {
    for clients in [1, 2] {
        let sandbox = rich(ProviderId::BeatApi).beatapi_slots(7).start().await.unwrap();
        let silent = Fault::new(FaultKind::ServerError).operation("get_usage").always();
        sandbox.arm(silent).unwrap();
        all_are_made(&sandbox, ProviderId::BeatApi, &["create_ecommerce_video"], clients).await;
        assert_eq!(paid_and_refused(&sandbox), (101, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_jobs_at_once_are_all_taken_by_creatify() {
    for clients in [1, 2] {
        let sandbox = rich(ProviderId::Creatify).start().await.unwrap();
        all_are_made(&sandbox, ProviderId::Creatify, &["gen_image", "gen_video"], clients).await;
        assert_eq!(paid_and_refused(&sandbox), (200, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance_whatever_became_of_the_jobs() {
    let credits = Credits::whole(100);
    let sandbox = builder().credits(ProviderId::BeatApi, credits).start().await.unwrap();
    let client = testing::client(&sandbox).unwrap();
    let jobs = (0..30).map(|number| {
        let (client, provider) = (client.clone(), ProviderId::ALL[number % 3]);
        // Every other picture is none, which fails the job.
        let image = match number % 2 {
            0 => format!("https://shop.example/{number}.png"),
            _ => format!("{}/media/none.png", sandbox.url()),
        };
        let request = VideoRequest::new(Product::new(format!("No. {number}")).image_url(image));
        async move { client.generate(&request).on(provider).await.is_ok() }
    });
    let made = join_all(jobs).await.into_iter().filter(|is_made| *is_made).count();
    assert_eq!(made, 15);
    let balances = sandbox.balances();
    assert_eq!(balances.len(), 3);
    for account in balances {
        assert!(account.balances && account.open.is_zero(), "{account:?}");
        let is_refunded = !account.refunded.is_zero();
        assert_eq!(is_refunded, account.provider == "beatapi", "{account:?}");
    }
}
