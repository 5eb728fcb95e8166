//! How often a paid call that is refused is sent again, whatever the provider says of that.

use std::time::Duration;

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, creatify, jogg};
use crate::server::{Answer, Server};
use crate::{SPEED, side_by_side};

/// How long each is watched, in real time.
const WATCHED: Duration = Duration::from_secs(5);

/// A job is sent at most once in two seconds; the rest is what a request takes on a busy machine.
const LEAST_PAUSE: Duration = Duration::from_millis(1700);

/// What a refusal asks for.
#[derive(Clone, Copy)]
struct Asked {
    provider: &'static str,
    /// Its `Retry-After`, where it has one.
    header: Option<&'static str>,
    /// What stands in its body, as the provider names it.
    body: fn() -> Value,
    /// The most calls in the time that each is watched.
    most: usize,
}

impl Asked {
    fn header(provider: &'static str, value: &'static str, most: usize) -> Self {
        Self { provider, header: Some(value), body: || Value::Null, most }
    }

    fn refusal(self) -> Answer {
        let wait = (self.body)();
        let answer = match self.provider {
            "beatapi" => Answer::json(
                429,
                &json!({ "error": { "code": "rate_limited", "message": "slow down",
                    "request_id": "req_1", "retry_after_seconds": wait } }),
            ),
            "creatify" => creatify::refused(429, "Request was throttled."),
            _ => Answer::json(
                200,
                &json!({ "code": 429, "msg": "too fast", "data": { "retryAfter": wait } }),
            ),
        };
        match self.header {
            Some(value) => answer.header("retry-after", value),
            None => answer,
        }
    }
}

/// Every paid call is refused for being too fast.
async fn refused_always(asked: Asked) {
    let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
    let provider = asked.provider;
    let path = match provider {
        "beatapi" => beatapi::CREATE,
        "creatify" => creatify::IMAGE,
        _ => jogg::CREATE,
    };
    let server = Server::in_real_time(move |request| {
        if request.is("POST", path) {
            return asked.refusal();
        }
        match provider {
            "beatapi" => beatapi.answer(request),
            "creatify" => creatify.answer(request),
            _ => jogg.answer(request),
        }
    });
    let (server, workspace) = (server.await, Workspace::new());
    let make = workspace.make(&server, provider, &[]).start();
    server.reach(1, "POST", path).await;
    tokio::time::sleep(WATCHED).await;
    make.kill().await;
    let sent = server.seen("POST", path);
    assert!(sent.len() <= asked.most, "{} calls in {WATCHED:?}", sent.len());
    let pauses = sent.windows(2).map(|pair| pair[1].at - pair[0].at);
    let least = pauses.min().unwrap_or(LEAST_PAUSE);
    assert!(least >= LEAST_PAUSE, "sent again after {least:?}");
}

/// Values that ask for no pause at all, or for one that cannot be.
fn none_of(provider: &'static str) -> [(&'static str, Asked); 10] {
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let values =
        ["0", "-1", past, "0.0", "0.5", "1e999", "NaN", "", "soon", "18446744073709551616"];
    let names = ["0", "-1", "past", "0.0", "0.5", "1e999", "NaN", "empty", "soon", "2^64"];
    let asked = values.map(|value| Asked::header(provider, value, 4));
    std::array::from_fn(|index| (names[index], asked[index]))
}

/// Every submit is refused with 429 and `Retry-After: 0`. That is no leave to send without a pause.
#[tokio::test]
async fn wait_of_no_time() {
    refused_always(Asked::header("beatapi", "0", 4)).await;
}

#[tokio::test]
async fn wait_of_no_time_at_beatapi() {
    side_by_side(none_of("beatapi"), refused_always).await;
}

#[tokio::test]
async fn wait_of_no_time_at_creatify() {
    side_by_side(none_of("creatify"), refused_always).await;
}

#[tokio::test]
async fn wait_of_no_time_at_jogg() {
    side_by_side(none_of("jogg"), refused_always).await;
}

/// The same in the body, and no word at all.
#[tokio::test]
async fn wait_of_no_time_in_the_body() {
    let asked = |provider, body| Asked { provider, header: None, body, most: 4 };
    let members: [(&str, Asked); 8] = [
        ("beatapi, 0", asked("beatapi", || json!(0))),
        ("beatapi, below zero", asked("beatapi", || json!(-1))),
        ("beatapi, text", asked("beatapi", || json!("0"))),
        ("beatapi, beyond measure", asked("beatapi", || json!(1e300))),
        ("beatapi, none", asked("beatapi", || Value::Null)),
        ("jogg, 0", asked("jogg", || json!(0))),
        ("jogg, text", asked("jogg", || json!("0.0"))),
        ("creatify, none", asked("creatify", || Value::Null)),
    ];
    side_by_side(members, refused_always).await;
}

/// A pause that is asked for is kept.
#[tokio::test]
async fn wait_of_an_hour() {
    let future = "Fri, 06 Nov 2099 08:49:37 GMT";
    let members = [
        ("seconds", Asked::header("beatapi", "3600", 1)),
        ("a fraction", Asked::header("creatify", "3600.5", 1)),
        ("a date", Asked::header("jogg", future, 1)),
        (
            "in the body",
            Asked { header: None, body: || json!(3600), ..Asked::header("jogg", "", 1) },
        ),
    ];
    side_by_side(members, refused_always).await;
}

/// Reads that are refused are no reason to read more.
#[tokio::test]
async fn wait_of_no_time_for_a_status() {
    let (beatapi, workspace) = (BeatApi::newer(), Workspace::new());
    let server = Server::sped_up(SPEED, move |request| match request.is("GET", beatapi::TASK) {
        true => beatapi::refused(429, "rate_limited").header("retry-after", "0"),
        false => beatapi.answer(request),
    });
    let server = server.await;
    let make = workspace.make(&server, "beatapi", &[]).start();
    server.reach(1, "GET", beatapi::TASK).await;
    tokio::time::sleep(WATCHED).await;
    make.kill().await;
    // Some minutes of its time: every 6 s at most, as when nothing is refused.
    let reads = server.count("GET", beatapi::TASK);
    assert!(reads <= 35, "{reads} reads");
}
