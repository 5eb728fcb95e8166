//! The library and the sandbox together: clocks, clients, and deliveries that an inbox takes.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod inbox;
mod signatures;
mod time;

use std::time::Duration;

use adreel::testing::{DeliveryState, Quality, Sandbox, WebhookDelivery};
use adreel::{Client, Job, Product, ProviderId, VideoRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A sandbox whose clock moves only when a test says so.
async fn still() -> Sandbox {
    let builder = Sandbox::builder().virtual_clock().seed(7).quality(Quality::Thumbnail);
    let credits = [("beatapi", 20), ("creatify", 500), ("jogg", 100)];
    let builder = credits
        .into_iter()
        .fold(builder, |builder, (provider, credits)| builder.credits(provider, credits));
    builder.limits(false).start().await.unwrap()
}

fn skip(sandbox: &Sandbox, secs: u64) {
    sandbox.advance(Duration::from_secs(secs));
}

/// Moves the clock on until a future has resolved. Each step is followed by a request, so that
/// what a client does meanwhile has its time.
async fn advancing<T>(sandbox: &Sandbox, step: Duration, future: impl Future<Output = T>) -> T {
    tokio::pin!(future);
    loop {
        sandbox.advance(step);
        tokio::select! {
            biased;
            done = &mut future => return done,
            () = breathe(sandbox) => {}
        }
    }
}

async fn submit(client: &Client, provider: ProviderId) -> Job {
    let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
    client.submit(&VideoRequest::new(product)).on(provider).await.unwrap()
}

/// A request to the sandbox, in whose time everybody else works too.
async fn breathe(sandbox: &Sandbox) {
    let mut stream = TcpStream::connect(("127.0.0.1", sandbox.port())).await.unwrap();
    let request = b"GET /_sandbox/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

/// Lets the sandbox work until something holds.
async fn soon(sandbox: &Sandbox, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            breathe(sandbox).await;
        }
    };
    let given_up = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    given_up.unwrap_or_else(|_| panic!("{:#?}", sandbox.webhooks()));
}

/// Waits until so many deliveries are over, and sees that there are no more.
async fn settled(sandbox: &Sandbox, deliveries: usize) {
    let is_over = |delivery: &WebhookDelivery| delivery.state != DeliveryState::Pending;
    soon(sandbox, || {
        sandbox.webhooks().iter().filter(|known| is_over(known)).count() == deliveries
    })
    .await;
    assert_eq!(sandbox.webhooks().len(), deliveries);
}

fn states(sandbox: &Sandbox) -> Vec<DeliveryState> {
    sandbox.webhooks().iter().map(|delivery| delivery.state).collect()
}
