//! Answers that are packed although plain ones were asked for, as some edges do.

use std::io::Write as _;

use adreel::{Client, ErrorKind, Product, ProviderId, VideoRequest};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::support::scripted::{Reply, Server};
use crate::support::{InstantClock, account};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn packed(status: &str, coding: &str, body: &[u8]) -> Reply {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    Reply::Raw([head.as_bytes(), body].concat())
}

fn client(server: &Server) -> Client {
    let builder = Client::builder().account(ProviderId::BeatApi, account(&server.url));
    builder.clock(InstantClock::default()).in_memory().build().unwrap()
}

fn request() -> VideoRequest {
    VideoRequest::new(Product::new("Roast").image_url("https://x.example/p.png"))
}

#[tokio::test]
async fn a_paid_call_and_a_status_that_come_packed_are_read() {
    let made = r#"{"data":{"id":"task_1","status":"queued"}}"#;
    let done = r#"{"data":{"id":"task_1","status":"succeeded",
        "output":{"media":[{"url":"https://x.example/v.mp4"}]}}}"#;
    let server = Server::start([
        packed("201 Created", "gzip", &gzip(made)),
        packed("200 OK", "deflate", &zlib(done)),
    ]);
    let server = server.await;
    let video = client(&server).generate(&request()).await.unwrap();
    assert_eq!(video.url(), "https://x.example/v.mp4");
    for request in server.requests() {
        assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
    }
}

#[tokio::test]
async fn a_refusal_that_comes_packed_is_the_providers_word() {
    let refusal = r#"{"error":{"code":"insufficient_credits","message":"no credits"}}"#;
    let server = Server::start([packed("402 No", "x-gzip", &gzip(refusal))]).await;
    let error = client(&server).generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfCredits, "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_unpacks_to_more_than_any_answer_is_not_taken() {
    let bomb = gzip(&" ".repeat(5 << 20));
    let server = Server::start([packed("200 OK", "gzip", &bomb)]).await;
    let client = adreel::beatapi::Client::new(
        account(&server.url).retry(adreel::RetryPolicy::default().once()),
    )
    .unwrap();
    let error = client.get_task("task_1").await.unwrap_err();
    assert!(error.to_string().contains("bytes"), "{error}");
}
