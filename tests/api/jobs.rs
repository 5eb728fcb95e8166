//! Jobs over scripted servers: what the client does when answers are lost.

use std::future::IntoFuture as _;
use std::sync::Arc;

use adreel::{
    AccountConfig, Client, ErrorKind, Job, JobQuery, Keys, MemoryLedger, Product, ProviderId,
    Stage, VideoRequest,
};
use adreel::{Limit, WaitPolicy};

use crate::support::scripted::{Reply, Server, json};
use crate::support::{InstantClock, TINY_PNG};

const QUEUED: &str = r#"{"data":{"id":"task_1","status":"queued"}}"#;
const BUSY: &str = r#"{"data":{"id":"task_1","status":"processing"}}"#;
const DONE: &str = r#"{"data":{"id":"task_1","status":"succeeded","usage":{"credits_settled":4.5},
    "output":{"media":[{"type":"video","url":"http://127.0.0.1:1/v.mp4"}]}}}"#;

fn client(provider: ProviderId, server: &Server) -> Client {
    client_by(InstantClock::default(), provider, server)
}

fn client_by(clock: InstantClock, provider: ProviderId, server: &Server) -> Client {
    let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
    let builder = Client::builder().account(provider, config).clock(clock);
    builder.in_memory().build().unwrap()
}

async fn jobs_of(client: &Client) -> Vec<Job> {
    let listed = client.jobs().list(&JobQuery::all()).await.unwrap();
    listed.into_iter().map(Result::unwrap).collect()
}

fn request() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

#[tokio::test]
async fn three_failed_polls_do_not_fail_a_job() {
    let server = Server::start([
        json(201, QUEUED),
        json(503, "{}"),
        Reply::HangUp,
        json(500, "<html>"),
        json(200, BUSY),
        json(200, DONE),
    ])
    .await;
    let video = client(ProviderId::BeatApi, &server).generate(&request()).await.unwrap();
    assert_eq!(video.url(), "http://127.0.0.1:1/v.mp4");
    assert_eq!(video.cost().unwrap().credits.to_string(), "4.5");
    assert_eq!(video.job().polls(), 5);
}

#[tokio::test]
async fn many_that_submit_and_resume_the_same_job_send_it_once() {
    let busy = (0..20).map(|_| json(200, BUSY));
    let done = (0..20).map(|_| json(200, DONE));
    let server = Server::start([json(201, QUEUED)].into_iter().chain(busy).chain(done)).await;
    let client = client(ProviderId::BeatApi, &server);
    let request = request();
    let submits = (0..20).map(|_| client.submit(&request).key("order-1").into_future());
    let jobs = futures_util::future::join_all(submits).await;
    let ids: Vec<_> = jobs.into_iter().map(|job| job.unwrap().id()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let waits = (0..20).map(|_| client.resume(ids[0]).into_future());
    let videos = futures_util::future::join_all(waits).await;
    assert!(videos.into_iter().all(|video| video.is_ok()));
    let posts = server.requests().into_iter().filter(|request| request.starts_with("POST"));
    assert_eq!(posts.count(), 1);
}

#[tokio::test]
async fn clients_that_share_a_ledger_send_a_job_once() {
    let replies = (0..50).map(|_| json(201, QUEUED));
    let server = Server::start(replies).await;
    let ledger = Arc::new(MemoryLedger::new());
    let clients: Vec<Client> = (0..10)
        .map(|_| {
            let config = AccountConfig::new(Keys::key("k")).base_url(&server.url);
            let builder = Client::builder().account(ProviderId::BeatApi, config);
            builder.clock(InstantClock::default()).ledger(Arc::clone(&ledger)).build().unwrap()
        })
        .collect();
    let request = request();
    let submits = clients.iter().map(|client| client.submit(&request).key("k").into_future());
    let jobs = futures_util::future::join_all(submits).await;
    assert!(jobs.iter().any(Result::is_ok));
    let posts = server.requests().into_iter().filter(|request| request.starts_with("POST"));
    assert_eq!(posts.count(), 1);
    // Whoever looked too early for the answer did no harm: it is in the ledger now.
    let job = jobs_of(&clients[0]).await.remove(0);
    assert_eq!(job.stage(), Stage::Running);
}

#[tokio::test]
async fn the_same_key_is_the_same_job_and_another_request_a_conflict() {
    let server = Server::start([json(201, QUEUED)]).await;
    let client = client(ProviderId::BeatApi, &server);
    let first = client.submit(&request()).key("order-1").await.unwrap();
    let again = client.submit(&request()).key("order-1").await.unwrap();
    assert_eq!(first.id(), again.id());
    let other = request().duration_secs(20);
    let error = client.submit(&other).key("order-1").await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Conflict, Some(first.id())));
    assert_eq!(server.requests().len(), 1);
    let stored = client.job(first.id()).await.unwrap().to_stored().unwrap();
    let stored = stored.order + &stored.state;
    assert!(!stored.contains("order-1"), "the key itself never leaves the process");
}

#[tokio::test]
async fn a_key_that_stops_working_ends_the_wait_and_not_the_job() {
    let refused = r#"{"error":{"code":"invalid_api_key","message":"m"}}"#;
    let server = Server::start([json(201, QUEUED), json(401, refused), json(200, DONE)]).await;
    let client = client(ProviderId::BeatApi, &server);
    let error = client.generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsCredentials);
    let id = error.job_id().unwrap();
    assert_eq!(client.job(id).await.unwrap().stage(), Stage::Running);
    assert_eq!(client.resume(id).await.unwrap().job_id(), id);
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline_and_says_that_the_job_goes_on() {
    let busy = (0..999).map(|_| json(200, BUSY));
    let server = Server::start([json(201, QUEUED)].into_iter().chain(busy)).await;
    let secs = std::time::Duration::from_secs;
    // What is left of the limit is over while the last read is made.
    let clock = InstantClock::with_limits_of(secs(60));
    let client = client_by(clock, ProviderId::BeatApi, &server);
    let job = client.submit(&request()).await.unwrap();
    let limit = secs(120);
    let wait = client.resume(job.id()).policy(WaitPolicy::new().time_limit(limit));
    let error = wait.await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Timeout, Some(job.id())));
    assert_eq!(error.limit(), Some(Limit::Time(limit)));
    assert_eq!(error.handle().unwrap().stage, Stage::Running);
    assert!((5..=20).contains(&server.requests().len()), "{}", server.requests().len());
}

#[tokio::test]
async fn a_dropped_submit_still_records_what_was_accepted() {
    let server = Server::start([json(201, QUEUED)]).await;
    let client = client(ProviderId::BeatApi, &server);
    let request = request();
    let submit = client.submit(&request).key("k");
    // Nobody waits for the answer.
    let task = tokio::spawn({
        let client = client.clone();
        async move {
            tokio::select! {
                biased;
                _ = first_request(&client) => {}
            }
        }
    });
    tokio::select! {
        biased;
        _ = task => {}
        _ = submit => {}
    }
    let mut jobs = jobs_of(&client).await;
    while jobs.first().is_none_or(|job| job.stage() != Stage::Running) {
        tokio::task::yield_now().await;
        jobs = jobs_of(&client).await;
    }
    assert_eq!(jobs[0].provider_ref().unwrap().to_string(), "beatapi:task_1");
    assert_eq!(server.requests().len(), 1);
}

/// Resolves as soon as the intent of a paid step is in the ledger.
async fn first_request(client: &Client) {
    loop {
        let jobs = jobs_of(client).await;
        if jobs.first().is_some_and(|job| job.stage() != Stage::Ready) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_field_and_limit_before_anything_is_sent() {
    let server = Server::start([]).await;
    let client = client(ProviderId::BeatApi, &server);
    let product = |name: &str| Product::new(name).image_bytes(TINY_PNG);
    let png_of_30000 = {
        let mut bytes = TINY_PNG.to_vec();
        bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        bytes
    };
    let cases = [
        (VideoRequest::new(product(" ")), "product.name", "name the product"),
        (VideoRequest::new(product("x")).duration_secs(0), "duration", "at least 1 s"),
        (VideoRequest::new(product("x")).duration_secs(600), "duration", "10 to 60 s"),
        (VideoRequest::new(Product::new("x")), "product.images", "at least 1"),
        (
            VideoRequest::new(Product::new("x").image_file("no/such.png")),
            "product.images[0]",
            "cannot read no/such.png",
        ),
        (
            VideoRequest::new(Product::new("x").image_bytes("text, not pixels")),
            "product.images[0]",
            "is not a PNG, JPEG, WebP or GIF image",
        ),
        (
            VideoRequest::new(Product::new("x").image_bytes(png_of_30000)),
            "product.images[0]",
            "30000 x 30000 px: at most 8192 px a side",
        ),
        (VideoRequest::new(product("x")).language("fr".parse().unwrap()), "language", "use en, zh"),
        (VideoRequest::new(product("x")).prompt("y".repeat(2000)), "prompt", "at most 2000"),
    ];
    for (request, field, told) in cases {
        let error = client.generate(&request).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
        let line = error.to_string();
        assert!(line.contains(told) && !line.contains('\n'), "{line}");
    }
    assert!(server.requests().is_empty());
    assert!(jobs_of(&client).await.is_empty());
}

#[tokio::test]
async fn creatify_needs_a_host_for_files() {
    let server = Server::start([]).await;
    let client = client(ProviderId::Creatify, &server);
    let request = VideoRequest::new(Product::new("x").image_bytes(TINY_PNG));
    let error = client.plan(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("product.images")));
    assert!(error.to_string().contains("AssetHost"), "{error}");
    let long = format!("https://x.example/{}", "p".repeat(200));
    let request = VideoRequest::new(Product::new("x").image_url(long));
    let error = client.plan(&request).await.unwrap_err();
    assert!(error.to_string().contains("at most 200"), "{error}");
}
