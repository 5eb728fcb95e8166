//! Where a provider takes less than is asked of it, jobs wait: all end, and each is paid for once.

use std::collections::BTreeSet;
use std::time::Duration;

use adreel::sandbox::SandboxBuilder;
use adreel::{Client, Credits, Product, ProviderId, Sandbox, Stage, VideoRequest};
use futures_util::future::join_all;

use crate::builder;

const JOBS: usize = 40;

/// Makes so many videos at once, each of a product of its own, and checks the provider's books.
/// Time goes on with what is read meanwhile.
async fn all_are_made(
    builder: SandboxBuilder,
    (provider, operation): (ProviderId, &str),
) -> Sandbox {
    let builder = builder.virtual_clock().credits(provider, Credits::whole(1_000));
    let sandbox = builder.start().await.unwrap();
    let client = sandbox.client().unwrap();
    let videos = (0..JOBS).map(|number| made(client.clone(), provider, number));
    let videos = tokio::spawn(join_all(videos.collect::<Vec<_>>()));
    while !videos.is_finished() {
        sandbox.advance(Duration::from_secs(2));
        client.balance(provider).await.unwrap();
    }
    let jobs: BTreeSet<_> = videos.await.unwrap().into_iter().collect();
    let entries = sandbox.ledger();
    let paid: BTreeSet<_> = entries.iter().map(|entry| entry.job.clone()).collect();
    assert_eq!((entries.len(), paid), (JOBS, jobs), "{:?}", sandbox.counters());
    assert!(entries.iter().all(|entry| entry.operation == operation));
    assert!(sandbox.double_submits().is_empty());
    let [balance] = &sandbox.balances()[..] else { panic!("one account paid") };
    assert!(balance.balances && balance.open == Credits::ZERO, "{balance:?}");
    sandbox
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

/// The account waits and not the single job, so nobody is refused.
#[tokio::test(flavor = "multi_thread")]
async fn forty_jobs_at_once_wait_for_jogg_to_take_their_posts() {
    let sandbox = all_are_made(builder(), (ProviderId::Jogg, "create_video_from_product")).await;
    let requests = sandbox.requests();
    let posts = requests.iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 2 * JOBS, "a product and a video for each");
    assert_eq!(sandbox.counters().total.early_retries, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_jobs_at_once_share_two_slots_of_beatapi() {
    let beatapi = (ProviderId::BeatApi, "create_ecommerce_video");
    let sandbox = all_are_made(builder().beatapi_slots(2), beatapi).await;
    let counted = sandbox.counters().total;
    assert_eq!((counted.jobs, counted.submits), (JOBS as u64, JOBS as u64));
    assert_eq!((counted.slots_over_limit, counted.early_retries), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance_whatever_became_of_the_jobs() {
    let credits = Credits::whole(100);
    let sandbox = builder().credits(ProviderId::BeatApi, credits).start().await.unwrap();
    let client = sandbox.client().unwrap();
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
        assert!(account.balances && account.open == Credits::ZERO, "{account:?}");
        let is_refunded = account.refunded > Credits::ZERO;
        assert_eq!(is_refunded, account.provider == ProviderId::BeatApi, "{account:?}");
    }
}
