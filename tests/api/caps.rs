//! Caps, what a price depends on, and what was spent.

use std::sync::Arc;

use adreel::Caps;
use adreel::client::{Jobs, SpendEntry, SpendQuery};
use adreel::job::{Confidence, SpendKind};
use adreel::{
    Client, Credits, Error, ErrorKind, MemoryLedger, Product, ProviderId, Stage, Timestamp,
    VideoRequest, beatapi,
};

use crate::support::scripted::{Reply, Server, json};
use crate::support::{InstantClock, TINY_PNG, account};

const QUEUED: &str = r#"{"data":{"id":"task_1","status":"queued"}}"#;
const NO_CREDITS: &str = r#"{"error":{"code":"insufficient_credits","message":"no"}}"#;
const DONE: &str = r#"{"data":{"id":"task_1","status":"succeeded","usage":{"credits_settled":4.5},
    "output":{"media":[{"type":"video","url":"http://127.0.0.1:1/v.mp4"}]}}}"#;
const FAILED: &str = r#"{"data":{"id":"task_1","status":"failed","error_code":"processing_timeout",
    "usage":{"credits_reserved":4.5,"credits_settled":0,"credits_refunded":4.5}}}"#;

/// What an account of the newer contract shows, and one of the older.
const NEWER: &str =
    r#"{"data":{"object":"list","data":[{"id":"video-analysis","object":"workflow"}]}}"#;
const OLDER: [&str; 2] = [
    r#"{"data":{"object":"list","data":[{"id":"music-video","object":"workflow"}]}}"#,
    r#"{"data":{"object":"usage","credit_balance":1080}}"#,
];

/// 15 s, so 4.5 dollars or 225 credits.
fn request() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

fn client(server: &Server, ledger: &Arc<MemoryLedger>, caps: Caps) -> Client {
    named(server, ledger, caps, None)
}

fn named(server: &Server, ledger: &Arc<MemoryLedger>, caps: Caps, run: Option<&str>) -> Client {
    let account = account(&server.url).caps(caps);
    let builder = Client::builder().account(ProviderId::BeatApi, account);
    let builder = run.into_iter().fold(builder, |builder, run| builder.run(run));
    builder.clock(InstantClock::default()).ledger(Arc::clone(ledger)).build().unwrap()
}

fn posts(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.starts_with("POST")).count()
}

/// How many jobs the account may have at a time: it is asked where a second one wants to be sent.
const USAGE: &str = r#"{"data":{"credit_balance":9,"concurrency":{"limit":5}}}"#;

/// A newer account that accepts this many.
fn accepts(count: usize) -> impl Iterator<Item = Reply> {
    let tasks = (1..=count).map(|n| json(201, &QUEUED.replace("task_1", &format!("task_{n}"))));
    [json(200, NEWER)].into_iter().chain(tasks)
}

fn dollars(cents: u32) -> Credits {
    Credits::cents(cents)
}

fn assert_over(error: &Error, told: &str) {
    assert_eq!(error.kind(), ErrorKind::OverCap, "{error}");
    assert!(error.to_string().contains(told), "{error}");
}

#[tokio::test]
async fn what_may_cost_more_than_a_request_may_is_refused_before_anything_is_sent() {
    let ledger = Arc::new(MemoryLedger::new());
    let server = Server::start(accepts(0).chain(accepts(0))).await;
    let capped = client(&server, &ledger, Caps::new().per_request(dollars(449)));
    let local = VideoRequest::new(Product::new("Roast").image_bytes(TINY_PNG));
    let told = "over the request's cap of 4.49: this may cost 4.5; raise it or ask for less";
    assert_over(&capped.submit(&local).await.unwrap_err(), told);
    // The lower cap counts, whosever it is.
    assert_over(&capped.submit(&local).cap(dollars(900)).await.unwrap_err(), "of 4.49");
    assert_over(&capped.submit(&local).cap(dollars(100)).await.unwrap_err(), "of 1:");
    assert_over(&capped.plan(&local).cap(dollars(100)).await.unwrap_err(), "of 1:");
    assert_eq!(capped.plan(&local).await.unwrap().cost.high, dollars(450));
    // What the price depends on was read once, and nothing else was sent or kept.
    assert_eq!((server.requests().len(), posts(&server)), (1, 0));
    assert!(capped.jobs().open().await.unwrap().is_empty());
    let free = client(&server, &ledger, Caps::new().per_request(dollars(450)));
    let job = free.submit(&request()).cap(dollars(451)).record().await.unwrap();
    assert_eq!(job.cap(), Some(dollars(451)));
}

#[tokio::test]
async fn a_refused_job_makes_room_for_another_and_so_does_a_refunded_one() {
    let ledger = Arc::new(MemoryLedger::new());
    let another = QUEUED.replace("task_1", "task_2");
    let server = Server::start([
        json(200, NEWER),
        json(402, NO_CREDITS),
        json(201, QUEUED),
        json(200, USAGE),
        json(200, FAILED),
        json(201, &another),
    ])
    .await;
    let client = client(&server, &ledger, Caps::new().in_total(dollars(450)));
    let error = client.submit(&request()).key("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfCredits);
    let second = client.submit(&request()).key("b").await.unwrap();
    assert_eq!(second.committed(), dollars(450));
    let told = "over the account's cap of 4.5: 4.5 are committed, this may cost 4.5; raise it";
    assert_over(&client.submit(&request()).key("a").await.unwrap_err(), told);
    assert_eq!(posts(&server), 2);
    // The provider gives the job up and its credits back, so that the first goes through.
    let error = client.resume(&second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert_eq!(client.job(&second).await.unwrap().committed(), Credits::ZERO);
    let first = client.submit(&request()).key("a").await.unwrap();
    assert_eq!((first.stage(), posts(&server)), (Stage::Running, 3));
}

#[tokio::test]
async fn a_job_over_a_cap_is_tried_again_when_it_is_submitted_again() {
    let ledger = Arc::new(MemoryLedger::new());
    let server = Server::start(accepts(1)).await;
    let poor = client(&server, &ledger, Caps::new().per_day(dollars(100)));
    let error = poor.submit(&request()).key("k").await.unwrap_err();
    assert_over(&error, "over the day's cap of 1: 0 are committed, this may cost 4.5");
    let job = poor.job(error.job_id().unwrap()).await.unwrap();
    assert_eq!((job.stage(), job.may_retry()), (Stage::Failed, true));
    assert!(job.spending().is_empty() && posts(&server) == 0);
    let rich = client(&server, &ledger, Caps::new());
    let again = rich.submit(&request()).key("k").await.unwrap();
    assert_eq!((again.id(), posts(&server)), (job.id(), 1));
}

#[tokio::test]
async fn a_run_is_what_clients_call_it() {
    let ledger = Arc::new(MemoryLedger::new());
    let slots = [json(200, USAGE)];
    let others = accepts(3).skip(2);
    let replies = accepts(1).chain(accepts(0)).chain(slots).chain(accepts(0)).chain(others);
    let server = Server::start(replies).await;
    let caps = Caps::new().per_run(dollars(500));
    let spring = || named(&server, &ledger, caps, Some("spring"));
    let first = spring();
    assert_eq!(first.run(), "spring");
    assert_eq!(first.submit(&request()).await.unwrap().run(), Some("spring"));
    let told = "over the run's cap of 5: 4.5 are committed, this may cost 4.5; raise it or begin";
    assert_over(&spring().submit(&request()).await.unwrap_err(), told);
    let fresh = client(&server, &ledger, caps);
    assert_ne!(fresh.run(), client(&server, &ledger, caps).run());
    fresh.submit(&request()).await.unwrap();
    assert_over(&fresh.submit(&request()).await.unwrap_err(), "run's cap");
}

#[tokio::test]
async fn under_a_cap_an_unknown_cost_is_refused_unless_it_is_allowed() {
    let ledger = Arc::new(MemoryLedger::new());
    let server = Server::start(accepts(0).chain(accepts(1))).await;
    let request = request().with(beatapi::Options::new().extra("turbo", true));
    let caps = Caps::new().in_total(dollars(1_000));
    let error = client(&server, &ledger, caps).submit(&request).await.unwrap_err();
    assert_over(&error, "what turbo costs is not known): leave out what has no price, or");
    assert!(error.job_id().is_none());
    // One that was recorded where it was allowed is refused where it is not.
    let allowed = client(&server, &ledger, caps.allow_unknown_cost());
    let job = allowed.submit(&request).record().await.unwrap();
    let refused = client(&server, &ledger, caps).resume(&job).await.unwrap_err();
    assert_over(&refused, "what turbo costs is not known");
    let job = allowed.submit(&request).await.unwrap();
    assert_eq!((job.committed(), posts(&server)), (dollars(450), 1), "what is known is reserved");
    assert_eq!(job.plan().cost.confidence, Confidence::Unknown);
    // Without a cap nobody asks.
    let open = Server::start([json(201, QUEUED)]).await;
    client(&open, &ledger, Caps::new()).submit(&request).await.unwrap();
}

#[tokio::test]
async fn the_unit_of_a_beatapi_account_is_what_its_contract_shows() {
    let ledger = Arc::new(MemoryLedger::new());
    let older = || OLDER.map(|body| json(200, body));
    let server = Server::start(older().into_iter().chain([json(201, QUEUED)])).await;
    let capped = client(&server, &ledger, Caps::new().per_request(Credits::whole(225)));
    // Nothing is read where nobody asks.
    let plain = client(&server, &ledger, Caps::new());
    assert_eq!(plain.plan(&request()).await.unwrap().cost.high, dollars(450));
    assert!(server.requests().is_empty());
    let cost = capped.plan(&request()).await.unwrap().cost;
    assert_eq!((cost.low, cost.high), (Credits::whole(225), Credits::whole(225)));
    assert_eq!(cost.confidence, Confidence::Documented);
    assert!(cost.source.ends_with("the account shows that it is billed in credits"), "{cost:?}");
    // The answer is kept.
    assert_eq!(capped.submit(&request()).await.unwrap().committed(), Credits::whole(225));
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(accepts(0)).await;
    let plain = client(&server, &ledger, Caps::new());
    let cost = plain.plan(&request()).priced().await.unwrap().cost;
    assert_eq!((cost.high, cost.confidence), (dollars(450), Confidence::Derived));
    assert!(cost.source.ends_with("the account shows that it is billed in dollars"), "{cost:?}");

    let server = Server::start((0..4).map(|_| json(503, "{}"))).await;
    let capped = client(&server, &ledger, Caps::new().per_request(Credits::whole(225)));
    let error = capped.submit(&request()).await.unwrap_err();
    assert_over(&error, "could not be asked whether it is billed in dollars or in credits");
    let server =
        Server::start([json(401, r#"{"error":{"code":"invalid_api_key","message":"no"}}"#)]);
    let server = server.await;
    let capped = client(&server, &ledger, Caps::new().per_request(Credits::whole(225)));
    let error = capped.submit(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

async fn entries(jobs: Jobs<'_>, query: SpendQuery) -> Vec<SpendEntry> {
    let mut entries = Vec::new();
    let mut next = Some(query);
    while let Some(query) = next {
        let page = jobs.spending(&query).await.unwrap();
        entries.extend(page.entries.into_iter().map(Result::unwrap));
        next = page.next;
    }
    entries
}

#[tokio::test]
async fn what_was_spent_is_read_with_its_labels_and_by_its_time() {
    let ledger = Arc::new(MemoryLedger::new());
    let server = Server::start([json(402, NO_CREDITS), json(201, QUEUED)]).await;
    let client = named(&server, &ledger, Caps::new(), Some("spring"));
    // More jobs than a page holds, most without entries.
    for _ in 0..250 {
        client.submit(&request()).record().await.unwrap();
    }
    let refused = client.submit(&request()).label("order", "1042").await.unwrap_err();
    let order = request();
    let accepted = client.submit(&order).label("order", "1043").label("tenant", "acme");
    let accepted = accepted.await.unwrap();
    let all = entries(client.jobs(), SpendQuery::all()).await;
    let told: Vec<_> = all
        .iter()
        .map(|entry| (entry.job, &*entry.labels["order"], entry.event.kind, entry.event.amount))
        .collect();
    let refused = refused.job_id().unwrap();
    // Jobs of the same moment have no order.
    let mut told = told;
    told.sort_by_key(|(_, order, ..)| *order);
    assert_eq!(
        told,
        [
            (refused, "1042", SpendKind::Reserved, dollars(450)),
            (refused, "1042", SpendKind::Refunded, dollars(450)),
            (accepted.id(), "1043", SpendKind::Reserved, dollars(450)),
        ]
    );
    assert!(all.iter().all(|entry| entry.event.run.as_deref() == Some("spring")));
    let last = all.iter().find(|entry| entry.job == accepted.id()).unwrap();
    assert_eq!((&last.labels["tenant"][..], &last.account), ("acme", accepted.account()));
    let at = all.iter().map(|entry| entry.event.at).min().unwrap();
    let before = SpendQuery::all().until(at);
    assert!(entries(client.jobs(), before).await.is_empty());
    assert_eq!(entries(client.jobs(), SpendQuery::all().since(at)).await.len(), 3);
    let later = Timestamp::from_millis(
        all.iter().map(|entry| entry.event.at.as_millis()).max().unwrap() + 1,
    );
    assert!(entries(client.jobs(), SpendQuery::all().since(later)).await.is_empty());
}

#[tokio::test]
async fn a_route_leads_past_an_account_without_room() {
    use adreel::client::AttemptEnd;

    let ledger = Arc::new(MemoryLedger::new());
    let replies = accepts(0).chain(accepts(1)).chain([json(200, DONE)]);
    let server = Server::start(replies).await;
    let config = |name: &str, caps| account(&server.url).name(name).caps(caps);
    let full = config("full", Caps::new().per_day(dollars(100)));
    let poor = config("poor", Caps::new().per_request(dollars(100)));
    let client = Client::builder().clock(InstantClock::default()).ledger(ledger);
    let client = client.account(ProviderId::BeatApi, full).account(ProviderId::BeatApi, poor);
    let client = client.account(ProviderId::BeatApi, config("rich", Caps::new())).build().unwrap();
    let named = |name: &str| {
        let known = client.accounts().into_iter().find(|account| account.name == name);
        known.unwrap().clone()
    };
    let accounts = ["full", "poor", "rich"].map(named);
    let request = request();
    let routed = client.route(&request).over(accounts).await.unwrap();
    let ends: Vec<_> = routed.attempts.iter().map(|attempt| attempt.end).collect();
    assert_eq!(ends, [AttemptEnd::Refused, AttemptEnd::Unfit, AttemptEnd::Made], "{routed:?}");
    assert_eq!(posts(&server), 1);
    let routed = client.route(&request).cap(dollars(449)).await.unwrap_err();
    assert!(routed.attempts.iter().all(|attempt| attempt.end == AttemptEnd::Unfit), "{routed:?}");
}
