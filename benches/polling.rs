//! What reading statuses costs in CPU time: jobs of BeatAPI, which are read one by one, over so many
//! accounts that their limits allow 2,000 reads a second.
//!
//! `cargo bench --bench polling --all-features`
//!
//! The server is a process of its own, so that only the client's time is counted.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it saw")]

use std::future::IntoFuture as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adreel::{AccountConfig, Client, Keys, Product, ProviderId, VideoRequest};
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Each may read 110 times a minute, and has more jobs than that is enough for.
const ACCOUNTS: usize = 1_100;
const JOBS: usize = 20 * ACCOUNTS;
const ROLE: &str = "ADREEL_BENCH_ROLE";
const WINDOW: Duration = Duration::from_secs(30);

fn main() {
    // Threads that wake each other would cost as much as the reads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match std::env::var(ROLE).as_deref() {
        Ok("serve") => runtime.block_on(serve()),
        _ => runtime.block_on(run()),
    }
}

async fn run() {
    let mut server = Command::new(std::env::current_exe().unwrap());
    let server = server.env(ROLE, "serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Server(server);
    let mut url = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim();
    let client = client(url);
    let request =
        VideoRequest::new(Product::new("Morning Roast").image_url("https://shop.example/p.png"));
    let submits = (0..JOBS).map(|number| {
        let account = format!("merchant-{}", number % ACCOUNTS);
        client.submit(&request).on(ProviderId::BeatApi).account(account).into_future()
    });
    let jobs: Vec<_> = stream::iter(submits).buffer_unordered(64).collect().await;
    for job in jobs {
        let wait = client.resume(job.unwrap().id());
        tokio::spawn(async move { wait.await.map(drop) });
    }
    // Until what each account may read at once at the beginning is read.
    tokio::time::sleep(WINDOW).await;
    let (reads, cpu, begun) = (count(url).await, cpu_time(), Instant::now());
    tokio::time::sleep(WINDOW).await;
    let (cpu, took) = (cpu_time() - cpu, begun.elapsed().as_secs_f64());
    let reads = (count(url).await - reads) as f64;
    println!(
        "{JOBS} jobs over {ACCOUNTS} accounts: {:.0} reads a second on {:.0} % of a core, {:.0} µs \
         each (goal 2000 on 30 %)",
        reads / took,
        100.0 * cpu.as_secs_f64() / took,
        1e6 * cpu.as_secs_f64() / reads,
    );
}

/// It ends with the benchmark, also where that fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn client(url: &str) -> Client {
    let accounts = (0..ACCOUNTS).map(|number| {
        let keys = Keys::key(format!("key-{number}"));
        AccountConfig::new(keys).base_url(url).name(format!("merchant-{number}"))
    });
    let builder = Client::builder().in_memory();
    let builder = accounts.fold(builder, |b, account| b.account(ProviderId::BeatApi, account));
    builder.build().unwrap()
}

/// The time that all threads of this process have computed for, from `/proc/self/stat`: its 14th and
/// 15th field, in hundredths of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.map(|ticks| 10 * ticks.parse::<u64>().unwrap()).sum())
}

/// How many statuses the server was asked for.
async fn count(url: &str) -> usize {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let request = "GET /count HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().last().unwrap().parse().unwrap()
}

/// BeatAPI, as far as it is needed: every task is accepted, and none is ever done.
async fn serve() {
    let app = axum::Router::new()
        .route("/v1/ecommerce-video/tasks", post(create))
        .route("/v1/tasks/{id}", get(read))
        .route("/count", get(async |State((_, reads)): State<Counts>| total(&reads).to_string()))
        .with_state(Counts::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

/// Tasks and reads.
type Counts = (Arc<AtomicUsize>, Arc<AtomicUsize>);

fn total(count: &AtomicUsize) -> usize {
    count.load(Ordering::SeqCst)
}

fn task(id: &str) -> Json<Value> {
    Json(json!({"data": {"id": id, "object": "task", "status": "processing", "stage": "render",
        "workflow": "ecommerce-video", "usage": {"credits_reserved": 4.5}}}))
}

async fn create(State((tasks, _)): State<Counts>) -> Json<Value> {
    task(&format!("task_{}", tasks.fetch_add(1, Ordering::SeqCst)))
}

async fn read(State((_, reads)): State<Counts>, Path(id): Path<String>) -> Json<Value> {
    reads.fetch_add(1, Ordering::SeqCst);
    task(&id)
}
