//! Accounts behind one host, told apart by the paths of their base URLs.

use std::sync::Arc;
use std::time::Duration;

use adreel::clock::Clock as _;
use adreel::job::StoredJob;
use adreel::{
    AccountConfig, Client, ErrorKind, Job, Keys, Ledger as _, MemoryLedger, Product, ProviderId,
    VideoRequest,
};

use crate::support::InstantClock;
use crate::support::scripted::{Server, json};

fn client(server: &Server, path: &str, ledger: &Arc<MemoryLedger>) -> Client {
    client_at(server, path, ledger, InstantClock::default())
}

fn client_at(
    server: &Server,
    path: &str,
    ledger: &Arc<MemoryLedger>,
    clock: InstantClock,
) -> Client {
    let config = AccountConfig::new(Keys::key("k")).base_url(format!("{}{path}", server.url));
    let builder = Client::builder().account(ProviderId::BeatApi, config);
    builder.clock(clock).ledger(Arc::clone(ledger)).build().unwrap()
}

/// A client by whose clock the status of every job is due.
async fn later(server: &Server, path: &str, ledger: &Arc<MemoryLedger>) -> Client {
    let clock = InstantClock::default();
    clock.sleep(Duration::from_secs(60)).await;
    client_at(server, path, ledger, clock)
}

async fn accepting() -> Server {
    let task = |id| json(201, &format!(r#"{{"data":{{"id":"task_{id}","status":"queued"}}}}"#));
    Server::start((0..9).map(task)).await
}

async fn submit(client: &Client) -> Job {
    let product = Product::new("Morning Roast").image_url("https://x.example/p.png");
    client.submit(&VideoRequest::new(product)).key("order-1042").await.unwrap()
}

/// The paths to which something was sent to be paid for.
fn posts(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let posts = requests.iter().filter_map(|request| request.strip_prefix("POST "));
    posts.filter_map(|post| post.split_whitespace().next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_same_key_is_another_job_behind_another_path() {
    let (server, ledger) = (accepting().await, Arc::new(MemoryLedger::new()));
    let mut ids = Vec::new();
    for path in ["", "/eu", "/us/", "/eu/shop"] {
        let client = client(&server, path, &ledger);
        let job = submit(&client).await;
        assert!(job.account().realm.ends_with(path.trim_end_matches('/')));
        assert_eq!(submit(&client).await.id(), job.id());
        ids.push(job.id());
    }
    ids.dedup();
    assert_eq!((ids.len(), posts(&server).len()), (4, 4));
    // Nor does it drive the other's.
    for path in ["", "/us"] {
        let error = later(&server, path, &ledger).await.advance(ids[1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    later(&server, "/eu", &ledger).await.advance(ids[1]).await.unwrap();
}

#[tokio::test]
async fn a_job_of_before_realms_had_paths_is_found_and_not_paid_for_again() {
    let (server, ledger) = (accepting().await, Arc::new(MemoryLedger::new()));
    let job = submit(&client(&server, "", &Arc::new(MemoryLedger::new()))).await;
    // As an older version wrote what it sent to a base URL with a path.
    let stored = job.to_stored().unwrap();
    let order = stored.order.replacen("\"v\":2", "\"v\":1", 1);
    assert_ne!(order, stored.order);
    let old = Job::from_stored(&StoredJob::new(order, stored.state)).unwrap();
    assert!(ledger.insert(&old).await.unwrap().is_none());

    let client = later(&server, "/eu", &ledger).await;
    assert_eq!(submit(&client).await.id(), old.id());
    let account = client.account(ProviderId::BeatApi).unwrap();
    let found = client.jobs().find(account, "order-1042").await.unwrap().unwrap();
    assert_eq!(found.id(), old.id());
    client.advance(old.id()).await.unwrap();
    assert_eq!(posts(&server).len(), 1);
    let last = server.requests().pop().unwrap();
    assert!(last.starts_with("GET /eu/"), "{last}");
}
