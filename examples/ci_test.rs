//! A test of a shop's own code, as it stands in the shop's CI: the film of an order is paid for once,
//! whatever happens to the answers.
//!
//! ```sh
//! cargo run --example ci_test --features sandbox
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use adreel::testing::{self, Fault, Sandbox};
use adreel::{Client, Product, ProviderId, VideoRequest};

/// The shop's code: it asks once more where it is told that this may help.
async fn film_order(client: &Client, order: &str) -> adreel::Result<String> {
    let product = Product::new("Morning Roast").image_url("https://cdn.example.com/roast.png");
    let request = VideoRequest::new(product).duration_secs(15);
    let film = || client.generate(&request).key(order).on(ProviderId::BeatApi);
    match film().await {
        Err(error) if error.is_transient() => Ok(film().await?.url().to_owned()),
        video => Ok(video?.url().to_owned()),
    }
}

/// The shop's test.
async fn an_order_is_filmed_once(fault: &str) -> Result<(), Box<dyn std::error::Error>> {
    let fault = fault.parse::<Fault>()?.operation("create_ecommerce_video");
    let sandbox = Sandbox::builder().seed(7).speed(100.0).fault(fault).start().await?;
    let url = film_order(&testing::client(&sandbox)?, "order-1042").await?;
    assert!(url.starts_with(sandbox.url()));
    assert_eq!(sandbox.faults()[0].happened, 1);
    sandbox.assert_submits(1);
    sandbox.assert_no_double_submits();
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for fault in ["reset-after", "502?accepted=true", "429?seconds=5", "malformed-json"] {
        an_order_is_filmed_once(fault).await?;
        println!("{fault}: filmed once");
    }
    Ok(())
}
