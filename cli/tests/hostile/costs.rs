//! What a provider says that something cost may be beyond measure, below zero or no number. The job
//! ends with its video, and what is counted as spent stays within reason.

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::dialect::creatify::{LINK_VIDEOS, read};
use crate::dialect::{BeatApi, Creatify, Jogg, VIDEO, beatapi, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, side_by_side};

/// What no job of these tests can have cost.
const ABSURD: f64 = 1_000.0;

/// Amounts that no provider should name.
fn amounts() -> [(&'static str, Value); 8] {
    [
        ("below zero", json!(-5)),
        ("far below zero", json!(-1e25)),
        ("beyond measure", json!(1e25)),
        ("beyond whole numbers", json!(1e300)),
        ("far too much", json!(123_456_789)),
        ("no end", json!("inf")),
        ("below zero, as text", json!("-3")),
        ("very small", json!(1e-30)),
    ]
}

async fn play(
    provider: &'static str,
    args: &[&str],
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ends: i32,
) {
    let (server, workspace) = (Server::sped_up(SPEED, answer).await, Workspace::new());
    let args = [&["make", "--name", "Roast", "--provider", provider], args].concat();
    workspace.run(&server, &args).ended().await.is(ends);
    assert_eq!(workspace.videos(), usize::from(ends == 0));
    let entries = workspace.lines(&server, &["jobs", "--cost"]).await;
    let sum = |kind: &str| -> f64 {
        let of_kind = entries.iter().filter(|entry| entry["kind"] == kind);
        of_kind.map(|entry| entry["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    let [reserved, settled, refunded] = ["reserved", "settled", "refunded"].map(sum);
    assert!(reserved > 0.0, "{entries:?}");
    assert!((0.0..ABSURD).contains(&settled), "settled {settled}");
    assert!((0.0..=reserved).contains(&refunded), "refunded {refunded} of {reserved}");
}

const IMAGE: [&str; 2] = ["--image-url", "https://cdn.example/a.png"];

#[tokio::test]
async fn credits_beyond_measure() {
    jogg_says(json!(1e25)).await;
}

async fn jogg_says(amount: Value) {
    let service = Jogg::new();
    let answer = move |request: &Request| match request.is("GET", jogg::READ) {
        true => service.video(request, &json!({ "deducted_credit": amount })),
        false => service.answer(request),
    };
    play("jogg", &IMAGE, answer, 0).await;
}

#[tokio::test]
async fn absurd_costs_of_jogg() {
    side_by_side(amounts(), jogg_says).await;
}

#[tokio::test]
async fn absurd_costs_of_beatapi() {
    async fn says(amount: Value) {
        let service = BeatApi::newer();
        let usage = json!({ "credits_reserved": amount, "credits_settled": amount,
            "credits_refunded": amount, "credits_charged": amount });
        let answer = move |request: &Request| match request.is("GET", beatapi::TASK) {
            true => service.odd_status(request, "succeeded", &json!({ "usage": usage })),
            false => service.answer(request),
        };
        play("beatapi", &IMAGE, answer, 0).await;
    }
    side_by_side(amounts(), says).await;
}

/// A failed task is refunded, and no more than was reserved.
#[tokio::test]
async fn absurd_refunds_of_beatapi() {
    async fn says(amount: Value) {
        let service = BeatApi::newer();
        let odd = json!({ "error_code": "processing_failed", "error_message": "no",
            "usage": { "credits_settled": amount, "credits_refunded": amount } });
        let answer = move |request: &Request| match request.is("GET", beatapi::TASK) {
            true => service.odd_status(request, "failed", &odd),
            false => service.answer(request),
        };
        play("beatapi", &IMAGE, answer, 1).await;
    }
    side_by_side(amounts(), says).await;
}

#[tokio::test]
async fn absurd_costs_of_creatify() {
    async fn says(amount: Value) {
        let service = Creatify::new();
        let answer = move |request: &Request| {
            if !request.is("GET", LINK_VIDEOS) {
                return service.answer(request);
            }
            let odd = json!({ "status": "done", "video_output": request.address(VIDEO),
                "credits_used": amount });
            read(request, LINK_VIDEOS, &service.listed_link_videos(request, &odd))
        };
        play("creatify", &["--page-url", "https://shop.example/roast"], answer, 0).await;
    }
    side_by_side(amounts(), says).await;
}
