//! Follows a job from its submit to its video, event by event, on a sandbox.
//!
//! `cargo run --example progress --features render`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use adreel::testing::{self, Sandbox};
use adreel::{Product, ProviderId, VideoRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start().await?;
    let client = testing::client(&sandbox)?;
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/products/coffee.png");
    let request = VideoRequest::new(Product::new("Morning Roast").image_file(photo)).square();

    let mut events = client.generate(&request).on(ProviderId::Creatify).events().await?;
    let mut job = None;
    while let Some(event) = events.next().await {
        let event = event?;
        println!("{:10} {}", event.job.stage(), event.kind);
        job = Some(event.job.id());
    }
    let video = client.resume(job.ok_or("the job ended without an event")?).await?;
    println!("{} for {:?}", video.url(), video.cost());
    Ok(())
}
