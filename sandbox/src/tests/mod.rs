//! The real server over real connections, with a client that shares nothing with it.

mod beatapi;
mod contract;
mod creatify;
mod faults;
mod jogg;
mod limits;
mod links;
mod music;
mod page;
mod port;
mod safety;
mod strict;
mod time;
mod webhooks;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Decimal, Quality, Sandbox, SandboxBuilder, Tally};
use crate::credits::Credits;
use crate::provider::Provider;

/// A PNG of 16 by 16 pixels of one colour.
#[rustfmt::skip]
const PNG: [u8; 79] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x10, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x91, 0x68,
    0x36, 0x00, 0x00, 0x00, 0x16, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x38, 0x51, 0xa1, 0x41,
    0x12, 0x62, 0x18, 0xd5, 0x30, 0xaa, 0x61, 0xf8, 0x6a, 0x00, 0x00, 0x03, 0x68, 0x68, 0x10, 0xe1,
    0xad, 0xd9, 0x41, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// An answer as it came.
struct Answer {
    status: u16,
    head: String,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.split("\r\n").filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }
}

/// Sends a request to the sandbox, or to an address of it.
struct Call<'a> {
    sandbox: &'a Sandbox,
    head: String,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    fn new(sandbox: &'a Sandbox, line: &str) -> Self {
        let line = line.replace(sandbox.url(), "");
        Self { sandbox, head: format!("{line} HTTP/1.1\r\nConnection: close\r\n"), body: vec![] }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    fn bytes(self, media_type: &str, body: &[u8]) -> Self {
        let length = body.len().to_string();
        let call = self.header("Content-Type", media_type).header("Content-Length", &length);
        Self { body: body.to_vec(), ..call }
    }

    fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().as_bytes())
    }

    async fn send(self) -> Answer {
        let host = self.address().to_string();
        self.header("Host", &host).send_as_is().await
    }

    async fn send_as_is(mut self) -> Answer {
        let address = self.address();
        self.head += "\r\n";
        let mut request = self.head.into_bytes();
        request.extend(self.body);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = Bytes::from(answer);
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: answer.slice(end + 4..) }
    }

    fn address(&self) -> SocketAddr {
        self.sandbox.url().strip_prefix("http://").unwrap().parse().unwrap()
    }
}

/// A sandbox whose clock moves only when a test says so.
async fn still() -> Sandbox {
    still_with(|builder| builder.limits(false)).await
}

/// The same, set up by the test, with credits that are easily counted. Where limits are on, what is
/// read over and over has to have none.
async fn still_with(set_up: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Sandbox {
    let builder = Sandbox::builder().virtual_clock().seed(7).quality(Quality::Thumbnail);
    let credits = [("beatapi", 20), ("creatify", 500), ("jogg", 100)];
    let builder = credits
        .into_iter()
        .fold(builder, |builder, (provider, credits)| builder.credits(provider, credits));
    set_up(builder).start().await.unwrap()
}

fn skip(sandbox: &Sandbox, secs: u64) {
    sandbox.advance(Duration::from_secs(secs));
}

/// Answers one request with a page, at an address of this machine that is not the sandbox's.
async fn serve_page(html: &str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{html}", html.len());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    format!("http://{address}/shop/morning-roast")
}

/// Reads until a status says what it should: a video has to be drawn first, however long that
/// takes here.
async fn until(mut read: impl AsyncFnMut() -> Value, is_there: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..100_000 {
        let value = read().await;
        if is_there(&value) {
            return value;
        }
        tokio::task::yield_now().await;
    }
    panic!("still {:?}", read().await);
}

/// Gets a file by its address and checks that it is an MP4 of this shape and length.
async fn assert_video(sandbox: &Sandbox, url: &Value, ratio: (u32, u32), seconds: u32) {
    let answer = Call::new(sandbox, &format!("GET {}", url.as_str().unwrap())).send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("video/mp4")));
    if cfg!(feature = "render") {
        let header = box_content(&answer.body, &[b"moov", b"mvhd"]).expect("an index");
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        assert_eq!(number(16), number(12) * seconds, "length in units of the time scale");
        let track = box_content(&answer.body, &[b"moov", b"trak", b"tkhd"]).expect("a track");
        let side = |at: usize| u32::from_be_bytes(track[at..at + 4].try_into().unwrap()) >> 16;
        let (width, height) = (side(track.len() - 8), side(track.len() - 4));
        let error = (width * ratio.1).abs_diff(height * ratio.0);
        assert!(error <= 2 * ratio.0.max(ratio.1), "{width}x{height}");
    }
}

/// What is in a box inside boxes.
fn box_content<'a>(mut bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let (first, rest) = path.split_first()?;
    loop {
        let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let content = bytes.get(8..size)?;
        if &bytes[4..8] == *first {
            return if rest.is_empty() { Some(content) } else { box_content(content, rest) };
        }
        bytes = &bytes[size..];
    }
}

fn spent(sandbox: &Sandbox) -> Credits {
    let spent = sandbox.ledger().iter().map(|entry| entry.reserved - entry.refunded).sum();
    Credits::from(Decimal::normalize(&spent))
}

fn submits(sandbox: &Sandbox, provider: Provider) -> (u64, u64) {
    let tally = sandbox.counters().providers.get(provider.as_str()).copied().unwrap_or_default();
    (tally.submits, tally.jobs)
}
