//! A workflow engine of one's own: a queue of handles, and workers that do one thing at a time.
//! Nothing is kept but the handle: any worker, in any process that shares the ledger, goes on.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{cmp::Reverse, collections::BinaryHeap, error::Error};

use adreel::JobHandle;
use adreel::clock::Clock as _;
use adreel::job::Action;
use adreel::testing::{self, Sandbox};
use adreel::{JobId, Product, ProviderId, Timestamp, VideoRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let (client, clock) = (testing::client(&sandbox)?, sandbox.clock());
    let mut queue: BinaryHeap<Reverse<(Timestamp, JobId, String)>> = BinaryHeap::new();
    for provider in ProviderId::ALL {
        let product = Product::new("Morning Roast").image_file("examples/products/coffee.png");
        let request = VideoRequest::new(product);
        let job = client.submit(&request).on(provider).key("order-1042").record().await?;
        let message = serde_json::to_string(&job.handle())?;
        queue.push(Reverse((clock.now(), job.id(), message)));
    }
    // What a worker of Temporal, SQS or a cron job does for each message:
    while let Some(Reverse((due, id, message))) = queue.pop() {
        clock.sleep(due.since(clock.now())).await;
        let handle: JobHandle = serde_json::from_str(&message)?;
        let advance = client.advance(&handle).await?;
        let message = serde_json::to_string(&advance.job.handle())?;
        match advance.next {
            Action::Rest(until) => queue.push(Reverse((until, id, message))),
            Action::Send(_) | Action::LookUp(_) | Action::Poll(_) => {
                queue.push(Reverse((clock.now(), id, message)));
            }
            Action::Download => println!("{id} {}", client.resume(id).await?.url()),
            end => println!("{id} {end:?}: {:?}", advance.job.trouble()),
        }
    }
    Ok(())
}
