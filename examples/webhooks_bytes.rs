//! Webhooks without a framework: a request as bytes, and what to answer. It works in whatever gives
//! you a head and a body. The deliveries are this program's own.
//!
//! `cargo run --example webhooks_bytes --features sandbox`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use adreel::Delivery;
use adreel::client::WebhookInbox;
use adreel::testing::{self, Sandbox};
use adreel::{Product, ProviderId, VideoRequest, jogg};

const SECRET: &str = "whsec_kept_in_your_secret_store";

/// Takes `POST /webhooks/jogg?… HTTP/1.1`, its header lines, and its body, and gives the status of
/// the answer.
async fn take(inbox: &WebhookInbox, head: &str, body: &[u8]) -> u16 {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(Ok(provider)) = path.strip_prefix("/webhooks/").map(str::parse) else { return 404 };
    let header = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        Some(lines.find(|(known, _)| known.eq_ignore_ascii_case(name))?.1.trim())
    };
    inbox.receive(Delivery::new(provider, header, body).query(query)).await.status()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::builder().speed(600.0).start().await?;
    let client = testing::client(&sandbox)?;
    let inbox = client.webhooks().inbox().secret(ProviderId::Jogg, SECRET).build()?;
    let product = Product::new("Morning Roast").image_file("examples/products/coffee.png");
    let job = client.submit(&VideoRequest::new(product)).on(ProviderId::Jogg).await?;

    let event = "generated_product_video_success";
    let id = job.provider_ref().ok_or("no id")?.id;
    let body = format!(r#"{{"event_id":"evt_1","event":"{event}","data":{{"video_id":"{id}"}}}}"#);
    let line = "POST /webhooks/jogg HTTP/1.1\r\n".to_owned();
    let forged = take(&inbox, &line, body.as_bytes()).await;
    let headers = jogg::sign_webhook(&SECRET.into(), event, body.as_bytes());
    let head =
        headers.iter().fold(line, |head, (name, value)| format!("{head}{name}: {value}\r\n"));
    let signed = take(&inbox, &head, body.as_bytes()).await;
    let again = take(&inbox, &head, body.as_bytes()).await;
    println!("forged {forged}, signed {signed}, again {again}");

    // It is read at JoggAI before it is handed on: the delivery itself is not believed.
    let finished = inbox.next().await?;
    println!("{} {} {}", finished.job().id(), finished.job().stage(), finished.video()?.url());
    finished.acknowledge().await?;
    Ok(())
}
