//! What a waiting job costs in memory: ten thousand of them, over a hundred accounts.
//!
//! `cargo bench --bench waiting --all-features`
//!
//! The jobs stand in a SQLite ledger and run for ever at a server of its own. A process that has
//! done nothing else waits for all of them, and its resident memory is read before and after.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it saw")]

use std::future::IntoFuture as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adreel::{
    AccountConfig, Client, JobId, JobQuery, Keys, Product, ProviderId, Sql, VideoRequest,
};
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::routing::{get, post};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

const ACCOUNTS: usize = 100;
const ROLE: &str = "ADREEL_BENCH_ROLE";
const URL: &str = "ADREEL_BENCH_URL";
const LEDGER: &str = "ADREEL_BENCH_LEDGER";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match std::env::var(ROLE).as_deref() {
        Ok("serve") => runtime.block_on(serve()),
        Ok("wait") => runtime.block_on(wait()),
        _ => runtime.block_on(run()),
    }
}

/// Fills a ledger with jobs that were accepted, and has another process wait for them.
async fn run() {
    let jobs = std::env::var("ADREEL_BENCH_JOBS").ok().and_then(|n| n.parse().ok());
    let jobs: usize = jobs.unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let ledger = format!("sqlite:{}", folder.path().join("jobs.db").display());
    let mut server = this("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim();

    let client = client(url, &ledger).await;
    let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
    let request = VideoRequest::new(product);
    let submits = (0..jobs).map(|number| {
        let account = format!("merchant-{}", number % ACCOUNTS);
        let submit = client.submit(&request).on(ProviderId::Creatify).account(account);
        submit.into_future()
    });
    stream::iter(submits).buffer_unordered(64).for_each(async |job| drop(job.unwrap())).await;
    client.shutdown(Duration::from_secs(60)).await.unwrap();

    let waiting = this("wait").env(URL, url).env(LEDGER, &ledger).status();
    assert!(waiting.unwrap().success());
    end(server);
}

fn end(mut server: Child) {
    server.kill().unwrap();
    server.wait().unwrap();
}

fn this(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ROLE, role);
    command
}

async fn client(url: &str, ledger: &str) -> Client {
    let accounts = (0..ACCOUNTS).map(|number| {
        let keys = Keys::id_and_key("id", format!("key-{number}"));
        AccountConfig::new(keys).base_url(url).name(format!("merchant-{number}"))
    });
    let builder = Client::builder().ledger(Sql::open(ledger).await.unwrap());
    let builder = accounts.fold(builder, |b, account| b.account(ProviderId::Creatify, account));
    builder.build().unwrap()
}

async fn wait() {
    let url = std::env::var(URL).unwrap();
    let client = client(&url, &std::env::var(LEDGER).unwrap()).await;
    let mut ids = Vec::new();
    loop {
        let query = JobQuery::all().limit(500);
        let query = ids.last().map_or(query.clone(), |last| query.after(*last));
        let page = client.jobs().list(&query).await.unwrap();
        if page.is_empty() {
            break;
        }
        ids.extend(page.into_iter().map(|job| job.unwrap().id()));
    }
    // What the first wait sets up for all is no cost of a job.
    let jobs = ids.split_off(ACCOUNTS);
    let waiting = Arc::new(AtomicUsize::new(0));
    watch(&client, &ids, &waiting).await;
    let before = resident_kib();
    watch(&client, &jobs, &waiting).await;
    println!("{} KiB when all wait", resident_kib());
    // Until each has been read at least once.
    tokio::time::sleep(Duration::from_secs(40)).await;
    let after = resident_kib();
    println!(
        "{} jobs waited for over {ACCOUNTS} accounts: {:.2} KiB of resident memory each \
         ({before} KiB before, {after} KiB after; goal 4)",
        jobs.len(),
        (after - before) as f64 / jobs.len() as f64,
    );
}

/// Begins to wait for jobs, and resolves when each wait has told how its job stands. They come a
/// few at a time, as jobs do.
async fn watch(client: &Client, ids: &[JobId], waiting: &Arc<AtomicUsize>) {
    for ids in ids.chunks(50) {
        let target = waiting.load(Ordering::SeqCst) + ids.len();
        for id in ids {
            let (client, id, waiting) = (client.clone(), *id, Arc::clone(waiting));
            tokio::spawn(async move {
                let mut events = client.resume(id).events();
                events.next().await.unwrap().unwrap();
                waiting.fetch_add(1, Ordering::SeqCst);
                while events.next().await.is_some() {}
            });
        }
        while waiting.load(Ordering::SeqCst) < target {
            tokio::task::yield_now().await;
        }
    }
}

/// The memory that this process has in use, from the second field of `/proc/self/statm`.
fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4
}

/// Creatify, as far as it is needed: every picture is accepted, and none is ever done.
async fn serve() {
    let app = axum::Router::new()
        .route("/api/product_to_videos/gen_image/", post(create))
        .route("/api/product_to_videos/{id}/", get(one))
        .route("/api/product_to_videos/", get(list))
        .with_state(Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

fn record(id: &str) -> Value {
    json!({"id": id, "status": "image_generating", "product_url": "https://shop.example/p.png"})
}

async fn create(State(count): State<Arc<AtomicUsize>>) -> Json<Value> {
    let number = count.fetch_add(1, Ordering::SeqCst);
    Json(record(&format!("7e5e8a6f-d0d5-4736-b390-{number:012}")))
}

async fn one(Path(id): Path<String>) -> Json<Value> {
    Json(record(&id))
}

/// The ids stand in the query, with commas between them.
async fn list(RawQuery(query): RawQuery) -> Json<Value> {
    let query = query.unwrap_or_default().replace("%2C", ",");
    let ids = query.strip_prefix("ids=").unwrap_or_default();
    Json(ids.split(',').map(record).collect())
}
