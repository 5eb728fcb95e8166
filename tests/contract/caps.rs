//! However many submit at the same time, no cap is passed, and as many go through as it lets. The
//! sandbox's own books are the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adreel::Caps;
use adreel::clock::Clock;
use adreel::testing::{Quality, Sandbox};
use adreel::{
    AccountConfig, BoxFuture, Client, Credits, ErrorKind, JobQuery, Keys, Ledger, MemoryLedger,
    Product, ProviderId, Stage, Timestamp, VideoRequest,
};
use futures_util::future::join_all;

const CLIENTS: usize = 4;

/// A clock that stands until it is moved.
#[derive(Clone)]
struct StandingClock(Arc<AtomicI64>);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Who waits for long waits to be called: a thousand that come to see again and again would leave
    /// no time to those who are called.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match duration < Duration::from_secs(30) {
            true => Box::pin(tokio::task::yield_now()),
            false => Box::pin(std::future::pending()),
        }
    }
}

fn client(sandbox: &Sandbox, clock: &StandingClock, ledger: impl Ledger, caps: Caps) -> Client {
    let account = AccountConfig::new(Keys::key("k")).base_url(sandbox.url()).caps(caps);
    let builder = Client::builder().account(ProviderId::BeatApi, account);
    builder.clock(clock.clone()).ledger(ledger).build().unwrap()
}

/// A job of 3 dollars.
fn request() -> VideoRequest {
    let product = Product::new("Morning Roast").image_url("https://shop.example/roast.png");
    VideoRequest::new(product).duration_secs(10)
}

/// Submits so many at once, over all clients, and says how many went through and which cap kept
/// the others back.
async fn submit(clients: &[Client], count: usize, day: &str) -> (usize, Vec<String>) {
    let submits = clients.iter().cycle().take(count).enumerate().map(|(index, client)| {
        let (client, key) = (client.clone(), format!("{day} {index}"));
        tokio::spawn(async move { client.submit(&request()).key(key).await })
    });
    let (mut accepted, mut caps) = (0, Vec::new());
    for answer in join_all(submits).await {
        match answer.unwrap() {
            Ok(job) => {
                assert_eq!(job.stage(), Stage::Running);
                accepted += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::OverCap, "{error}");
                assert!(error.job_id().is_some());
                caps.push(error.to_string());
            }
        }
    }
    (accepted, caps)
}

/// What the sandbox took, and how often.
fn charged(sandbox: &Sandbox) -> (usize, Credits) {
    let entries = sandbox.ledger();
    (entries.len(), entries.iter().map(|entry| Credits::from(entry.reserved)).sum())
}

async fn no_cap_is_passed<L: Ledger>(open: impl AsyncFn() -> L) {
    // The caps are to be what keeps jobs back.
    let builder = Sandbox::builder().quality(Quality::Thumbnail).limits(false);
    let builder = builder.credits(ProviderId::BeatApi, Credits::whole(100_000));
    let sandbox = builder.start().await.unwrap();
    let clock = StandingClock(Arc::new(AtomicI64::new(1_790_000_000_000)));
    let caps = Caps::new().per_day(Credits::cents(61_99)).in_total(Credits::whole(100));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(client(&sandbox, &clock, open().await, caps));
    }
    let (accepted, kept_back) = submit(&clients, 1_000, "first").await;
    assert_eq!((accepted, charged(&sandbox)), (20, (20, Credits::whole(60))));
    assert_eq!(kept_back.len(), 980);
    let told = "over the day's cap of 61.99: 60 are committed, this may cost 3; raise it or try";
    assert!(kept_back.iter().any(|error| error.contains(told)), "{:?}", kept_back[0]);

    // Another day has a cap of its own, and the account's keeps both together.
    clock.0.fetch_add(24 * 60 * 60 * 1_000, Ordering::SeqCst);
    let (accepted, kept_back) = submit(&clients, 100, "second").await;
    assert_eq!((accepted, charged(&sandbox)), (13, (33, Credits::whole(99))));
    let told = "over the account's cap of 100: 99 are committed, this may cost 3; raise it";
    assert!(kept_back.iter().any(|error| error.contains(told)), "{:?}", kept_back[0]);

    let ledger = open().await;
    let mut committed = Credits::ZERO;
    for job in ledger.list(&JobQuery::all()).await.unwrap() {
        committed += job.unwrap().committed();
    }
    assert_eq!(committed, Credits::whole(99));
    // The same submit again tries again, where a higher cap leaves room.
    let caps = Caps::new().in_total(Credits::whole(102));
    let richer = client(&sandbox, &clock, ledger, caps);
    let mut retried = 0;
    for index in 0..100 {
        let again = richer.submit(&request()).key(format!("second {index}")).await;
        retried += usize::from(again.is_ok());
    }
    assert_eq!((retried, charged(&sandbox)), (14, (34, Credits::whole(102))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_submits_pass_no_cap_in_memory() {
    let ledger = Arc::new(MemoryLedger::new());
    no_cap_is_passed(async || Arc::clone(&ledger)).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_submits_pass_no_cap_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("jobs.db").display());
    no_cap_is_passed(async || adreel::Sql::open(&url).await.unwrap()).await;
}

/// As the ledger's own tests, with a server of `ADREEL_TEST_POSTGRES_URL`.
#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_submits_pass_no_cap_on_a_server() {
    use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

    let Ok(server) = std::env::var("ADREEL_TEST_POSTGRES_URL") else { return };
    let run = async |statement: String| {
        let mut connection = PgConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    };
    let name = format!("adreel_caps_{}", std::process::id());
    run(format!("DROP DATABASE IF EXISTS {name}")).await;
    run(format!("CREATE DATABASE {name}")).await;
    let mut url = reqwest::Url::parse(&server).unwrap();
    url.set_path(&name);
    no_cap_is_passed(async || adreel::Sql::open(url.as_str()).await.unwrap()).await;
    run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
