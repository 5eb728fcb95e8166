//! What a provider says that a job cost, where that cannot be.

use adreel::clock::Clock as _;
use adreel::job::Action;
use adreel::{AccountConfig, Client, Job, Keys, Product, ProviderId, Stage, VideoRequest};
use adreel::{creatify, jogg};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// What is asked for, the answers up to the accepted video, and its status with a cost.
fn script(provider: ProviderId, cost: &str) -> (VideoRequest, Vec<Reply>) {
    let product = Product::new("Morning Roast").image_url("https://x.example/1.png");
    let request = VideoRequest::new(product.clone());
    let data = |data: &str| json(200, &format!(r#"{{"code":0,"msg":"Success","data":{data}}}"#));
    match provider {
        ProviderId::BeatApi => {
            let done = format!(
                r#"{{"data":{{"id":"t","status":"succeeded","usage":{{"credits_settled":{cost}}},
                    "output":{{"r2_url":"http://127.0.0.1:1/v.mp4"}}}}}}"#
            );
            (request, vec![json(201, r#"{"data":{"id":"t","status":"queued"}}"#), json(200, &done)])
        }
        ProviderId::Creatify => {
            let product = Product::new("Morning Roast").page_url("https://shop.example/roast");
            let link = creatify::Options::default().link(creatify::LinkOptions::new());
            let done = format!(
                r#"{{"id":"v","status":"done","credits_used":{cost},
                    "video_output":"http://127.0.0.1:1/v.mp4"}}"#
            );
            let replies = vec![
                json(200, r#"{"id":"link"}"#),
                json(200, r#"{"id":"v","status":"pending"}"#),
                json(200, &done),
            ];
            (VideoRequest::new(product).with(link), replies)
        }
        _ => {
            let done = format!(
                r#"{{"status":"completed","deducted_credit":{cost},
                    "video_url":"http://127.0.0.1:1/v.mp4"}}"#
            );
            let replies =
                vec![data(r#"{"product_id":"p"}"#), data(r#"{"video_id":"v"}"#), data(&done)];
            (request.with(jogg::Options::new().avatar(7)), replies)
        }
    }
}

/// The job that comes of it, driven step by step.
async fn rendered(provider: ProviderId, cost: &str) -> Job {
    let (request, replies) = script(provider, cost);
    let server = Server::start(replies).await;
    let clock = InstantClock::default();
    let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
    let builder = Client::builder().account(provider, config).clock(clock.clone());
    let client = builder.in_memory().build().unwrap();
    let id = client.submit(&request).await.unwrap().id();
    loop {
        let advance = client.advance(id).await.unwrap();
        match advance.next {
            Action::Rest(until) => clock.sleep(until.since(clock.now())).await,
            Action::Download => return advance.job,
            _ => assert_eq!(advance.job.stage(), Stage::Running, "{provider} {cost}"),
        }
    }
}

#[tokio::test]
async fn an_absurd_cost_counts_as_not_reported() {
    for provider in ProviderId::ALL {
        for cost in ["1e25", "-1e25", "-3", "999999999", "\"1e99\""] {
            let job = rendered(provider, cost).await;
            assert_eq!(job.settled(), job.plan().cost.high, "{provider} {cost}");
            assert_eq!(job.committed(), job.settled(), "{provider} {cost}");
        }
    }
    // One that can be is taken as it is, even if it is more than was planned.
    let job = rendered(ProviderId::BeatApi, "99").await;
    assert_eq!(job.settled(), "99".parse().unwrap());
}
