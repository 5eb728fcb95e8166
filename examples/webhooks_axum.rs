//! Webhooks in axum: one handler that takes deliveries, one loop that gets what has ended. The
//! sandbox delivers, as BeatAPI would, and the program itself sends a forged delivery.
//!
//! `cargo run --example webhooks_axum --features sandbox`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::net::SocketAddr;

use adreel::Delivery;
use adreel::client::WebhookInbox;
use adreel::testing::{self, Sandbox};
use adreel::{Product, ProviderId, VideoRequest};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, body::Bytes, routing::post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn take(
    State(inbox): State<WebhookInbox>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Ok(provider) = provider.parse() else { return StatusCode::NOT_FOUND };
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let delivery = Delivery::new(provider, header, &body).query(query.as_deref().unwrap_or(""));
    let receipt = inbox.receive(delivery).await;
    StatusCode::from_u16(receipt.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What anybody can do who knows the address: posts a body, and looks at the status of the answer.
async fn forge(address: SocketAddr, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST /beatapi HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::builder().speed(600.0).start().await?;
    let client = testing::client(&sandbox)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}/beatapi");

    // At every start, in every replica. BeatAPI shows a new endpoint's secret once: keep it.
    let ensured = client.webhooks().ensure(&url).on(ProviderId::BeatApi).await?;
    let secret = ensured.into_iter().next().ok_or("no account")??.secret.ok_or("no secret")?;
    let inbox = client.webhooks().inbox().secret(ProviderId::BeatApi, secret).build()?;
    let app = Router::new().route("/{provider}", post(take)).with_state(inbox.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let product = Product::new("Morning Roast").image_file("examples/products/coffee.png");
    let job = client.submit(&VideoRequest::new(product)).on(ProviderId::BeatApi).await?;
    println!("submitted {}", job.id());

    // Without the secret nobody can say that the video is there.
    let id = job.provider_ref().ok_or("no id")?.id;
    let body = format!(
        r#"{{"id":"evt_1","event":"task.succeeded","data":{{"id":"{id}","status":"succeeded"}}}}"#
    );
    println!("forged: {}", forge(address, &body).await?);

    // In as many tasks and replicas as you like: each end comes to one of them.
    let finished = inbox.next().await?;
    println!("{} {} {}", finished.job().id(), finished.job().stage(), finished.video()?.url());
    finished.acknowledge().await?;
    for delivery in sandbox.webhooks() {
        println!("{} of {}: {:?}", delivery.event, delivery.job, delivery.state);
    }
    Ok(())
}
