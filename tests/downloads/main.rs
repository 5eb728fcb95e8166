//! Downloads from a server that does everything wrong that a server and a network can: each ends
//! with a file that is the source, byte for byte, or with an error and nothing at all.
//!
//! `ADREEL_DOWNLOADS=10000 cargo test --release --all-features --test downloads` runs ten thousand;
//! without the variable it is a few hundred. `ADREEL_DOWNLOADS_SEED` repeats a run's choices.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test says what it saw")]

#[path = "../support/mod.rs"]
mod support;

mod script;
mod server;
mod tally;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adreel::{
    AccountConfig, Client, Error, ErrorKind, Keys, Product, ProviderId, Video, VideoRequest,
};

use script::Fault;
use server::Server;
use support::InstantClock;
use tally::Tally;

/// How many downloads run at a time.
const WORKERS: usize = 24;

/// How long a download may stand still of which the server makes one: short enough for thousands.
const STALL: Duration = Duration::from_millis(250);

/// The same for all others, so that a busy machine does not make any.
const LONG_STALL: Duration = Duration::from_secs(60);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn client(server: &Server, stall: Duration) -> Client {
    let config = AccountConfig::new(Keys::key("key")).base_url(&server.url);
    let builder = Client::builder().account(ProviderId::BeatApi, config);
    builder.clock(InstantClock::default()).stall_timeout(stall).in_memory().build().unwrap()
}

/// What came of a download: the bytes, or why there are none.
type Came = Result<Vec<u8>, Error>;

async fn saved(video: &Video, folder: &Path) -> Came {
    let path = folder.join("v.mp4");
    let came = match video.download(&path).await {
        Ok(saved) => {
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(saved.size_bytes, bytes.len() as u64);
            std::fs::remove_file(&path).unwrap();
            Ok(bytes)
        }
        Err(error) => Err(error),
    };
    // Nor a part of it, under whatever name.
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "something is left");
    came
}

/// The same as bytes. What was handed out before an error is the beginning of what should have come,
/// or all of it and what a server added that had not said how long it is.
async fn streamed(video: &Video, server: &Server, case: u64) -> Came {
    let script = server.script(case);
    let (mut stream, mut bytes) = (video.bytes_stream(), Vec::new());
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => {
                let is_of = |video: &Vec<u8>| video.starts_with(&bytes) || bytes.starts_with(video);
                assert!(
                    server.sources(case).iter().any(is_of),
                    "case {case}: {} bytes of no version; {script}",
                    bytes.len()
                );
                return Err(error);
            }
        }
    }
    Ok(bytes)
}

/// Makes the video of one case, fetches it, and says what came of it.
async fn run(server: &Server, clients: &[Client; 2], seed: u64, case: u64, folder: &Path) -> Tally {
    server.add(case, seed);
    let script = server.script(case);
    let client = &clients[usize::from(script.stalls())];
    let image = format!("https://x.example/p-{case}.png");
    let request = VideoRequest::new(Product::new("Roast").image_url(image));
    let video = client.generate(&request).await.unwrap();
    let is_stream = case % 4 == 3;
    let came = match is_stream {
        true => streamed(&video, server, case).await,
        false => saved(&video, folder).await,
    };
    match &came {
        Ok(bytes) => {
            let is_source = server.sources(case).contains(bytes);
            assert!(is_source, "seed {seed}, case {case}: not the source; {script}");
        }
        Err(error) => {
            let is_told = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Decode);
            assert!(is_told && error.job_id().is_some(), "seed {seed}, case {case}: {error:?}");
            assert!(!script.is_harmless(), "seed {seed}, case {case}: {error:?}; {script}");
        }
    }
    Tally::of(is_stream, came.is_ok(), &server.remove(case))
}

async fn worker(server: Arc<Server>, seed: u64, cases: Arc<AtomicU64>, most: u64) -> Tally {
    let clients = [client(&server, LONG_STALL), client(&server, STALL)];
    let folder = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    loop {
        let case = cases.fetch_add(1, Ordering::SeqCst);
        if case >= most {
            return tally;
        }
        tally.add(run(&server, &clients, seed, case, folder.path()).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_on_the_way_a_download_is_whole_or_not_there() {
    let seed = number("ADREEL_DOWNLOADS_SEED", 20_261_121);
    let most = number("ADREEL_DOWNLOADS", 400);
    let server = Arc::new(Server::start().await);
    let cases = Arc::new(AtomicU64::new(0));
    let workers = (0..WORKERS)
        .map(|_| tokio::spawn(worker(Arc::clone(&server), seed, Arc::clone(&cases), most)));
    let mut tally = Tally::default();
    for worker in workers.collect::<Vec<_>>() {
        tally.add(worker.await.unwrap());
    }
    eprintln!("{tally}");
    for is_stream in [false, true] {
        assert!(tally.whole(is_stream) > 0 && tally.refused(is_stream) > 0, "{tally}");
    }
    // All that the server knows to do wrong was come through at least once.
    let missing: Vec<_> = Fault::ALL.iter().filter(|fault| tally.survived(**fault) == 0).collect();
    assert!(missing.is_empty() || most < 400, "{missing:?} never came to a whole video; {tally}");
}
