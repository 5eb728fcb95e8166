//! What a sandbox costs: its start, reads of statuses, and jobs that are over and downloaded.
//!
//! `cargo bench --bench sandbox --all-features`
//!
//! The server is a process of its own, so that its time and memory are not the client's. With
//! `ADREEL_JOBS` in the environment its memory is measured over that many jobs instead of 10,000.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it saw")]

mod server;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use adreel::testing::{Quality, Sandbox};
use adreel::{Credits, ProviderId};
use serde_json::{Value, json};

use server::{Server, cpu_of};

const ROLE: &str = "ADREEL_BENCH_ROLE";
const STARTS: usize = 20;
/// Jobs whose statuses are read, of each provider, each of an account of its own.
const READ_JOBS: usize = 400;
const READERS: usize = 8;
const READ_FOR: Duration = Duration::from_secs(10);
/// Files that the server keeps; little, so that it is full before the first measurement.
const KEEP_BYTES: u64 = 16 * 1024 * 1024;

fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("serve") => serve(),
        _ => {
            starts();
            reads();
            memory();
        }
    }
}

/// From the command to its first line, which says where it listens.
fn starts() {
    let mut times: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let begun = Instant::now();
            let mut command = Command::new(env!("CARGO_BIN_EXE_adreel"));
            let server = Server::start(command.args(["sandbox", "--port", "0"]));
            let took = begun.elapsed();
            assert!(server.address.starts_with("127.0.0.1:"));
            took
        })
        .collect();
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "start of the command: {:.1} ms, the median of {STARTS}; at most {:.1} ms (goal 50)",
        millis(times[STARTS / 2]),
        millis(times[STARTS - 1]),
    );
}

/// Over a few connections that are kept, one job after the other, as fast as they are answered.
fn reads() {
    let server = own();
    let mut caller = Caller::new(&server.address);
    let jobs = (0..READ_JOBS * 3).map(|number| {
        let key = format!("sk_{number}");
        let path = submit(&mut caller, number, &key);
        (key, path)
    });
    let jobs: Vec<(String, String)> = jobs.collect();
    let (cpu, own, begun) = (server.cpu(), cpu_of("self"), Instant::now());
    let reads: usize = std::thread::scope(|scope| {
        let readers = (0..READERS).map(|reader| {
            let (jobs, address) = (&jobs, &server.address);
            scope.spawn(move || {
                let mut caller = Caller::new(address);
                let mine = jobs.iter().cycle().skip(reader * jobs.len() / READERS);
                let read = mine.take_while(|_| begun.elapsed() < READ_FOR);
                read.map(|(key, path)| caller.ok("GET", path, key, None)).count()
            })
        });
        let readers: Vec<_> = readers.collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    let took = begun.elapsed().as_secs_f64();
    let (cpu, own) = ((server.cpu() - cpu).as_secs_f64(), (cpu_of("self") - own).as_secs_f64());
    println!(
        "reads of statuses: {:.0} a second on {:.0} % of a core, {:.0} on a whole one (goal 1000); \
         the client took {:.0} % of another",
        reads as f64 / took,
        100.0 * cpu / took,
        reads as f64 / cpu,
        100.0 * own / took,
    );
}

/// Jobs of all providers from the paid call to the downloaded file.
fn memory() {
    let most: usize = std::env::var("ADREEL_JOBS").map_or(10_000, |jobs| jobs.parse().unwrap());
    let server = own();
    let begun = Instant::now();
    let (mut done, mut bytes, mut before) = (0, 0, server.kib("VmRSS"));
    // After two thousand the journal of requests is as long as it gets.
    for target in [most / 10, most / 5, most] {
        bytes += std::thread::scope(|scope| {
            let halves = (0..2).map(|half| {
                let address = &server.address;
                scope.spawn(move || {
                    let mut caller = Caller::new(address);
                    let numbers = (done..target).filter(|number| number % 2 == half);
                    numbers.map(|number| finish(&mut caller, number)).sum::<usize>()
                })
            });
            let halves: Vec<_> = halves.collect();
            halves.into_iter().map(|half| half.join().unwrap()).sum::<usize>()
        });
        let resident = server.kib("VmRSS");
        println!(
            "{target} jobs, {} MB of videos downloaded after {:.0} s: {:.1} MiB resident, {:.2} KiB \
             for each job since {done}",
            bytes / 1_000_000,
            begun.elapsed().as_secs_f64(),
            resident as f64 / 1024.0,
            (resident as f64 - before as f64) / (target - done) as f64,
        );
        (before, done) = (resident, target);
    }
}

/// Makes one job, waits for it and downloads its video; says how many bytes it has.
fn finish(caller: &mut Caller, number: usize) -> usize {
    let key = format!("sk_{}", number / 12);
    let path = submit(caller, number, &key);
    let mut video = until(caller, &path, &key);
    if number % 3 == 1 {
        let order = json!({"video_prompt": "Slow push in"});
        caller.ok("POST", &format!("{path}gen_video/"), &key, Some(&order));
        video = until(caller, &path, &key);
    }
    let video = video.split_once("/media/").unwrap().1.to_owned();
    caller.ok("GET", &format!("/media/{video}"), &key, None).len()
}

/// Reads until there is a video, or the photo that one is made of.
fn until(caller: &mut Caller, path: &str, key: &str) -> String {
    loop {
        let job: Value = serde_json::from_slice(&caller.ok("GET", path, key, None)).unwrap();
        let is_photo = job["status"] == "image_generated";
        let places = ["/data/output/r2_url", "/generated_video_url", "/data/video_url"];
        let video = places.iter().find_map(|place| job.pointer(place)?.as_str());
        let photo = job["generated_photo_url"].as_str().filter(|_| is_photo);
        if let Some(url) = video.or(photo) {
            return url.to_owned();
        }
        let failed = [&job["status"], &job["data"]["status"]];
        assert!(failed.iter().all(|status| **status != "failed"), "{job}");
    }
}

/// Makes a job and says where its status is read.
fn submit(caller: &mut Caller, number: usize, key: &str) -> String {
    let name = format!("Morning Roast No. {number}");
    let image = "https://cdn.example.com/a.png";
    let mut post = |path: &str, body: &Value| -> Value {
        serde_json::from_slice(&caller.ok("POST", path, key, Some(body))).unwrap()
    };
    match number % 3 {
        0 => {
            let body = json!({"images": [image], "duration": 10, "prompt": name});
            let task = post("/v1/ecommerce-video/tasks", &body);
            format!("/v1/tasks/{}", task["data"]["id"].as_str().unwrap())
        }
        1 => {
            let body = json!({"product_url": image, "image_prompt": name});
            let record = post("/api/product_to_videos/gen_image/", &body);
            format!("/api/product_to_videos/{}/", record["id"].as_str().unwrap())
        }
        _ => {
            let body = json!({"name": name, "media": [{"type": 1, "url": image}]});
            let product = post("/v2/product", &body);
            let body = json!({
                "product_id": product["data"]["product_id"],
                "video_spec": {"length": "15", "aspect_ratio": "portrait", "caption": true},
                "avatar": {"id": 1768, "type": 0},
                "voice": {},
                "audio": {},
                "script": {"style": "Storytime", "language": "english"},
            });
            let video = post("/v2/create_video_from_product", &body);
            format!("/v2/product_video/{}", video["data"]["video_id"].as_str().unwrap())
        }
    }
}

/// One connection that is kept.
struct Caller(BufReader<TcpStream>);

impl Caller {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// The body of an answer that is yes.
    fn ok(&mut self, method: &str, path: &str, key: &str, body: Option<&Value>) -> Vec<u8> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\
             x-api-id: a\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.0.read_line(&mut line).unwrap();
        let is_yes = line.starts_with("HTTP/1.1 2");
        let status = std::mem::take(&mut line);
        while self.0.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).unwrap();
        assert!(is_yes, "{method} {path}: {status}{}", String::from_utf8_lossy(&answer));
        answer
    }
}

/// This program again, as [`serve`].
fn own() -> Server {
    Server::start(Command::new(std::env::current_exe().unwrap()).env(ROLE, "serve"))
}

#[tokio::main]
async fn serve() {
    let builder = Sandbox::builder().speed(100_000.0).quality(Quality::Thumbnail);
    let ample = |builder: adreel::testing::SandboxBuilder, provider| {
        builder.credits(provider, Credits::whole(1_000_000))
    };
    let builder = builder.limits(false).keep_bytes(KEEP_BYTES);
    let builder = ProviderId::ALL.into_iter().fold(builder, ample);
    let sandbox = builder.start().await.unwrap();
    println!("{}", json!({"port": sandbox.port()}));
    std::future::pending::<()>().await;
}
