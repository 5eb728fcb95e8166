//! What stands before a provider answers in its place, or the provider does not know yet what it
//! has accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::dialect::{BeatApi, Services, beatapi, creatify, is_paid, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

fn is_status(request: &Request) -> bool {
    [beatapi::TASK, creatify::RECORDS, jogg::READ, jogg::LIST]
        .iter()
        .any(|path| request.is("GET", path))
}

type Odd = fn() -> Answer;

/// Some reads of an accepted job are answered by something else. In the end it is there.
async fn read_late((provider, count, odd): (&'static str, usize, Odd)) {
    let (services, workspace, reads) =
        (Services::new(BeatApi::at_launch()), Workspace::new(), Arc::new(AtomicUsize::new(0)));
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match is_status(request) && reads.fetch_add(1, Ordering::SeqCst) < count {
            true => odd(),
            false => service.answer(request),
        }
    });
    let server = server.await;
    let made = workspace.make(&server, provider, &[]).ended().await;
    if made.code != Some(0) {
        workspace.run(&server, &["resume"]).ended().await.is(0);
    }
    assert_eq!((services.accepted(), workspace.videos()), (1, 1), "{made:?}");
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_status() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("beatapi", 6, || Answer::html(404))),
        ("403", ("beatapi", 6, || Answer::html(403))),
        ("429", ("beatapi", 6, || Answer::html(429))),
        ("200", ("beatapi", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_record() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("creatify", 6, || Answer::html(404))),
        ("403", ("creatify", 6, || Answer::html(403))),
        ("429", ("creatify", 6, || Answer::html(429))),
        ("200", ("creatify", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_video() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("jogg", 6, || Answer::html(404))),
        ("403", ("jogg", 6, || Answer::html(403))),
        ("429", ("jogg", 6, || Answer::html(429))),
        ("200", ("jogg", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

/// The provider itself does not know for a minute what it has accepted.
#[tokio::test]
async fn not_found_by_the_provider_for_a_minute() {
    let members: [(&str, (&str, usize, Odd)); 3] = [
        ("beatapi", ("beatapi", 6, beatapi::not_found)),
        ("creatify", ("creatify", 6, creatify::not_found)),
        ("jogg", ("jogg", 6, jogg::not_found)),
    ];
    side_by_side(members, read_late).await;
}

/// The key is refused once where a job is only read. Whoever has put that right goes on.
#[tokio::test]
async fn key_refused_for_a_status() {
    let members: [(&str, (&str, usize, Odd)); 3] = [
        ("beatapi", ("beatapi", 1, || beatapi::refused(401, "unauthorized"))),
        ("creatify", ("creatify", 1, || creatify::refused(401, "Invalid key"))),
        ("jogg", ("jogg", 1, || jogg::refused(jogg::WRONG_KEY))),
    ];
    side_by_side(members, read_late).await;
}

/// A paid call was accepted, and an edge answered in the provider's place. That is no refusal.
async fn paid_behind_a_page((provider, odd): (&'static str, Odd)) {
    let (services, workspace, is_first) =
        (Services::new(BeatApi::at_launch()), Workspace::new(), Switch::default());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        if is_paid(request) && is_first.is_first() { odd() } else { answer }
    });
    let server = server.await;
    let made = workspace.make(&server, provider, &[]).ended().await;
    let again = workspace.make(&server, provider, &[]).ended().await;
    assert_eq!(services.accepted(), 1, "{made:?}\n{again:?}");
    // Only JoggAI's list tells without further ado.
    again.is(if provider == "jogg" { 0 } else { 6 });
}

#[tokio::test]
async fn page_of_an_edge_after_a_task_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("beatapi", || Answer::html(404))),
        ("403", ("beatapi", || Answer::html(403))),
        ("502", ("beatapi", || Answer::html(502))),
        ("200", ("beatapi", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

#[tokio::test]
async fn page_of_an_edge_after_a_record_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("creatify", || Answer::html(404))),
        ("403", ("creatify", || Answer::html(403))),
        ("502", ("creatify", || Answer::html(502))),
        ("200", ("creatify", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

#[tokio::test]
async fn page_of_an_edge_after_a_video_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("jogg", || Answer::html(404))),
        ("403", ("jogg", || Answer::html(403))),
        ("502", ("jogg", || Answer::html(502))),
        ("200", ("jogg", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

/// An edge that lost its service may repeat any code, and JSON that says nothing is nobody's word.
#[tokio::test]
async fn codes_of_an_edge_after_a_call_was_accepted() {
    let members: [(&str, (&str, Odd)); 8] = [
        ("500 at BeatAPI", ("beatapi", || beatapi::refused(500, "insufficient_credits"))),
        ("an empty 404 at BeatAPI", ("beatapi", || Answer::json(404, &json!({})))),
        ("a null 402 at BeatAPI", ("beatapi", || Answer::json(402, &json!(null)))),
        ("an empty 404 at Creatify", ("creatify", || Answer::json(404, &json!({})))),
        ("an empty list with 400 at Creatify", ("creatify", || Answer::json(400, &json!([])))),
        ("too fast, with 502", ("jogg", || Answer::json(502, &json!({"code": 429})))),
        ("a bad request, with 500", ("jogg", || Answer::json(500, &json!({"code": 40000})))),
        ("not found, with 504", ("jogg", || Answer::json(504, &json!({"code": 10104})))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

/// A status that refuses, over a body that is no refusal: without a word, in another's shape, or
/// with what was made.
#[tokio::test]
async fn statuses_that_refuse_over_bodies_that_do_not() {
    fn task() -> serde_json::Value {
        json!({ "data": { "id": "task_1", "object": "task", "status": "queued" } })
    }
    fn record() -> serde_json::Value {
        json!({ "id": "7e5e8a6f", "status": "initializing", "media": ["a"] })
    }
    fn video() -> serde_json::Value {
        json!({ "code": 0, "msg": "Success", "data": { "video_id": "v", "status": "processing" } })
    }
    let members: [(&str, (&str, Odd)); 12] = [
        ("null data with 429", ("beatapi", || Answer::json(429, &json!({ "data": null })))),
        ("a task with 429", ("beatapi", || Answer::json(429, &task()))),
        ("a task with 402", ("beatapi", || Answer::json(402, &task()))),
        ("a gateway's 403", ("beatapi", || Answer::json(403, &json!({ "message": "no" })))),
        ("a flag with 429", ("creatify", || Answer::json(429, &json!({ "success": false })))),
        ("a status with 429", ("creatify", || Answer::json(429, &json!({ "status": 429 })))),
        ("a record with 429", ("creatify", || Answer::json(429, &record()))),
        ("a record with 404", ("creatify", || Answer::json(404, &record()))),
        ("a video with 429", ("jogg", || Answer::json(429, &video()))),
        ("a video with 402", ("jogg", || Answer::json(402, &video()))),
        ("a code with 308", ("jogg", || Answer::json(308, &json!({ "code": 18020 })))),
        ("a code with 408", ("jogg", || Answer::json(408, &json!({ "code": 18020 })))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

/// A refusal in the provider's own form, and something beside it that was made.
#[tokio::test]
async fn refusals_that_say_more_than_no() {
    fn beside(mut refusal: Value, more: Value) -> Answer {
        let Value::Object(more) = more else { panic!("not fields") };
        refusal.as_object_mut().unwrap().extend(more);
        Answer::json(429, &refusal)
    }
    fn slow() -> Value {
        json!({ "error": { "code": "rate_limit_exceeded", "message": "too fast" } })
    }
    fn throttled() -> Value {
        json!({ "detail": "Request was throttled." })
    }
    fn fast() -> Value {
        json!({ "code": 429, "msg": "too fast" })
    }
    let members: [(&str, (&str, Odd)); 9] = [
        ("a task", ("beatapi", || beside(slow(), json!({ "task": "task_1" })))),
        ("tasks", ("beatapi", || beside(slow(), json!({ "task_ids": ["task_1"] })))),
        ("a charge", ("beatapi", || beside(slow(), json!({ "usage": { "credits": 4.5 } })))),
        ("a place", ("beatapi", || beside(slow(), json!({})).header("location", "/v1/tasks/1"))),
        ("a number", ("creatify", || beside(throttled(), json!({ "pk": 17 })))),
        ("a record", ("creatify", || beside(throttled(), json!({ "record": "7e5e8a6f" })))),
        ("a video", ("jogg", || beside(fast(), json!({ "data": "v1" })))),
        ("a video's number", ("jogg", || beside(fast(), json!({ "data": 523 })))),
        (
            "a charge of a video",
            ("jogg", || {
                beside(fast(), json!({ "data": { "status": "processing", "deducted_credit": 1 } }))
            }),
        ),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

/// An answer about something else says nothing of our job.
#[tokio::test]
async fn a_status_of_another_id() {
    let members: [(&str, (&str, usize, Odd)); 5] = [
        ("beatapi, failed", ("beatapi", 2, || of_other(&json!({ "status": "failed" })))),
        ("beatapi, succeeded", ("beatapi", 2, || of_other(&json!({ "status": "succeeded" })))),
        (
            "creatify",
            ("creatify", 2, || Answer::json(200, &json!({ "id": "other", "status": "failed" }))),
        ),
        ("jogg, failed", ("jogg", 3, || of_other(&json!({ "status": "failed" })))),
        (
            "jogg, completed",
            ("jogg", 3, || {
                of_other(
                    &json!({ "status": "completed", "video_url": "https://cdn.example/o.mp4" }),
                )
            }),
        ),
    ];
    side_by_side(members, read_late).await;
}

/// A record of somebody else's, as BeatAPI and JoggAI wrap it.
fn of_other(record: &Value) -> Answer {
    let mut record = record.clone();
    record["id"] = json!("other");
    Answer::json(200, &json!({ "code": 0, "msg": "success", "data": record }))
}

/// An edge that says "too fast" has let nothing through. Whether the call is sent again later or
/// held, one is paid for at most.
#[tokio::test]
async fn page_of_an_edge_that_says_too_fast() {
    async fn play(provider: &'static str) {
        let (services, workspace, is_first) =
            (Services::new(BeatApi::at_launch()), Workspace::new(), Switch::default());
        let service = services.clone();
        let server =
            Server::sped_up(SPEED, move |request| match is_paid(request) && is_first.is_first() {
                true => Answer::html(429),
                false => service.answer(request),
            });
        let server = server.await;
        workspace.make(&server, provider, &[]).ended().await.is_done_or_held();
        assert!(services.accepted() <= 1);
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}
