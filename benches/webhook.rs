//! From a signed delivery to the end of the wait for its job, against a double of BeatAPI's task
//! read on loopback: the time of the check, the ledger, the wake and one read.
//!
//!     cargo bench --all-features --bench webhook

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::error::Error;
use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adreel::Delivery;
use adreel::clock::{Clock as _, SystemClock};
use adreel::{
    AccountConfig, Client, Keys, Ledger, MemoryLedger, Product, ProviderId, VideoRequest, beatapi,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 1_000;
const SECRET: &str = "whsec_bench";

/// Answers every request on a connection: the task is queued, or done.
async fn serve(mut stream: TcpStream, is_done: Arc<AtomicBool>) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await?;
        request.extend_from_slice(&bytes[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return Ok(());
            } else {
                continue;
            };
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
        });
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        // A create names a task after its key; a read has the name in its path.
        let key = |line: &str| line.strip_prefix("idempotency-key: ").map(str::to_owned);
        let path = head.split(' ').nth(1).unwrap_or_default();
        let created = head.lines().find_map(key).filter(|_| head.starts_with("POST"));
        let id = created.unwrap_or_else(|| path.replace("/v1/tasks/", ""));
        let (status, output) = match is_done.load(Ordering::SeqCst) && head.starts_with("GET") {
            true => {
                ("succeeded", r#"{"media":[{"type":"video","url":"https://m.example/v.mp4"}]}"#)
            }
            false => ("queued", "null"),
        };
        let body = format!(r#"{{"data":{{"id":"{id}","status":"{status}","output":{output}}}}}"#);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
        stream.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
        request.clear();
    }
}

async fn double(is_done: Arc<AtomicBool>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream, Arc::clone(&is_done)));
        }
    });
    Ok(url)
}

async fn measure(name: &str, ledger: impl Ledger) -> Result<(), Box<dyn Error>> {
    let is_done = Arc::new(AtomicBool::new(false));
    let url = double(Arc::clone(&is_done)).await?;
    // An account for every four jobs, so that its share of reads a minute is not what is
    // measured.
    let account = |index| format!("account {}", index / 4);
    let mut builder = Client::builder().ledger(ledger);
    for index in (0..ROUNDS).step_by(4) {
        let config = AccountConfig::new(Keys::key("sk")).base_url(&url).name(account(index));
        builder = builder.account(ProviderId::BeatApi, config);
    }
    let client = builder.build()?;
    let mut inbox = client.webhooks().inbox();
    for index in (0..ROUNDS).step_by(4) {
        inbox = inbox.secret_of(ProviderId::BeatApi, account(index), SECRET);
    }
    let inbox = inbox.build()?;
    let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
    let request = VideoRequest::new(product);
    let mut times = Vec::with_capacity(ROUNDS);
    for index in 0..ROUNDS {
        let name = account(index);
        is_done.store(false, Ordering::SeqCst);
        let submit = client.submit(&request).on(ProviderId::BeatApi).account(&name);
        let job = submit.await?;
        let wait = tokio::spawn(client.resume(job.id()).into_future());
        tokio::task::yield_now().await;
        is_done.store(true, Ordering::SeqCst);
        let id = job.provider_ref().ok_or("the job has no id")?.id;
        let body = format!(
            r#"{{"id":"evt_{index}","event":"task.succeeded","data":{{"id":"{id}","status":"succeeded"}}}}"#
        );
        let now = SystemClock.now();
        let headers = beatapi::sign_webhook(&SECRET.into(), "task.succeeded", now, body.as_bytes());
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v);
        let begun = Instant::now();
        let delivery = Delivery::new(ProviderId::BeatApi, header, body.as_bytes());
        let receipt = inbox.receive(delivery.account(&name)).await;
        wait.await??;
        times.push(begun.elapsed());
        if receipt.status() != 200 {
            return Err("a delivery was not taken".into());
        }
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let at = |share: usize| ms(times[ROUNDS * share / 1000]);
    println!(
        "{name}: {ROUNDS} deliveries, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        at(500),
        at(950),
        at(990),
        ms(times[ROUNDS - 1])
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    measure("ledger in memory", MemoryLedger::new()).await?;
    #[cfg(feature = "sqlite")]
    {
        let path = std::env::temp_dir().join(format!("adreel-bench-{}.db", std::process::id()));
        let ledger = adreel::Sql::open(&format!("sqlite:{}", path.display())).await?;
        measure("ledger in a SQLite file", ledger).await?;
        for ending in ["", "-wal", "-shm", ".accepted"] {
            let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
        }
        let _ = std::fs::remove_dir_all(format!("{}.seats", path.display()));
    }
    Ok(())
}
