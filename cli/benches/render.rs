//! What it costs the sandbox to draw a video of 15 s, for each ratio, at the default size and at full
//! quality.
//!
//! `cargo bench --bench render --all-features`
//!
//! Each is drawn by the command in a process of its own, from a photo that was uploaded before. Time
//! is that of all its threads from the request for the video to the last byte; memory is the most that
//! the process ever had, with the upload and the decoded photo.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it saw")]

mod server;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use server::Server;

const RATIOS: [&str; 5] = ["9:16", "16:9", "1:1", "4:3", "3:4"];
const PHOTO: &[u8] = include_bytes!("../../examples/products/coffee.png");
const PROMPT: &str =
    "Morning Roast No. 4\nRoasted on Tuesday, at your door on Thursday\nTry a bag\n€ 14.50";

fn main() {
    for (quality, goal) in [("preview", " (goals 1 s and 32 MB)"), ("full", "")] {
        for ratio in RATIOS {
            let drawn = draw(ratio, quality);
            println!(
                "15 s of {ratio} at {quality} quality: {:.2} CPU seconds, {:.1} MB at most{goal}; \
                 {:.2} MB of video",
                drawn.cpu.as_secs_f64(),
                drawn.most_bytes as f64 / 1e6,
                drawn.video_bytes as f64 / 1e6,
            );
        }
    }
}

struct Drawn {
    cpu: Duration,
    most_bytes: u64,
    video_bytes: usize,
}

fn draw(ratio: &str, quality: &str) -> Drawn {
    let server = start(quality);
    let file = ok(&server, "POST /v1/files", "image/png", PHOTO);
    let order = json!({
        "images": [file["data"]["url"]],
        // It is not there, and only its stated length counts.
        "audio_url": "https://cdn.example.com/a.mp3",
        "duration": 15,
        "aspect_ratio": ratio,
        "prompt": PROMPT,
    });
    let order = ok(&server, "POST /v1/music-video/tasks", "application/json", order.to_string());
    let task = format!("GET /v1/tasks/{}", order["data"]["id"].as_str().unwrap());
    let url = loop {
        let task = ok(&server, &task, "application/json", "");
        assert_ne!(task["data"]["status"], "failed", "{task}");
        if let Some(url) = task["data"]["output"]["r2_url"].as_str() {
            break url.to_owned();
        }
    };
    let before = server.cpu();
    let path = &url[url.find("/media/").unwrap()..];
    let video = call(&server, &format!("GET {path}"), "video/mp4", b"");
    Drawn {
        cpu: server.cpu() - before,
        most_bytes: server.kib("VmHWM") * 1024,
        video_bytes: video.len(),
    }
}

fn start(quality: &str) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adreel"));
    Server::start(command.args(["sandbox", "--speed", "100000", "--quality", quality]))
}

fn ok(server: &Server, call: &str, media_type: &str, body: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(&self::call(server, call, media_type, body.as_ref())).unwrap()
}

/// The body of an answer that is yes.
fn call(server: &Server, call: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "{call} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer sk_bench\r\n\
         content-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let body = answer.split_off(end + 4);
    assert!(head.starts_with("HTTP/1.1 2"), "{call}: {head}{}", String::from_utf8_lossy(&body));
    body
}
