//! What the answer to a paid call names: nothing that can be asked for, or what another job has. The
//! call was accepted all the same, so it is looked for and never taken for the other.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::command::Workspace;
use crate::dialect::creatify::is_video;
use crate::dialect::{BeatApi, Creatify, Services, beatapi, creatify, is_paid, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

const PROVIDERS: [(&str, &str); 3] =
    [("beatapi", "beatapi"), ("creatify", "creatify"), ("jogg", "jogg")];

/// What a provider answers with whose call was accepted under this id.
fn accepted_as(id: &str, request: &Request) -> Answer {
    let now = request.now_ms / 1000;
    match request.path.as_str() {
        path if path.starts_with(beatapi::CREATE) => Answer::json(
            201,
            &json!({ "data": { "id": id, "object": "task", "workflow": "ecommerce-video",
                "status": "queued", "created_at": now, "updated_at": now, "output": null,
                "request_id": "req_1", "error_code": null, "error_message": null,
                "usage": { "credits_reserved": 4.5, "credits_settled": 0.0 } } }),
        ),
        path if path.starts_with(jogg::CREATE) => Answer::json(
            200,
            &json!({ "code": 0, "msg": "Success",
                "data": { "video_id": id, "status": "processing" } }),
        ),
        _ => Answer::json(
            200,
            &json!({ "id": id, "status": "initializing", "generated_photo_url": "",
                "generated_video_url": "", "failed_reason": "" }),
        ),
    }
}

/// Only JoggAI's list tells without further ado what was made.
fn found_or_held(provider: &str) -> i32 {
    if provider == "jogg" { 0 } else { 6 }
}

#[tokio::test]
async fn no_id_that_can_be_asked_for() {
    async fn play((provider, id): (&'static str, &'static str)) {
        let (services, workspace, is_first) =
            (Services::new(BeatApi::at_launch()), Workspace::new(), Switch::default());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            let is_odd = is_paid(request) && is_first.is_first();
            if is_odd { accepted_as(id, request) } else { answer }
        });
        let server = server.await;
        workspace.make(&server, provider, &[]).ended().await.is(found_or_held(provider));
        workspace.make(&server, provider, &[]).ended().await.is(found_or_held(provider));
        assert_eq!(services.accepted(), 1);
    }
    let members = [
        ("blanks at BeatAPI", ("beatapi", "  ")),
        ("blanks at Creatify", ("creatify", "  ")),
        ("blanks at JoggAI", ("jogg", "  ")),
        ("a line break at BeatAPI", ("beatapi", "task_1\n")),
        ("a way up at Creatify", ("creatify", "..")),
        ("an address at JoggAI", ("jogg", "vid/0?a")),
        ("zero at JoggAI", ("jogg", "0")),
        ("a word for none at JoggAI", ("jogg", "None")),
        ("a fraction at BeatAPI", ("beatapi", "1.5")),
        ("the nil UUID at Creatify", ("creatify", "00000000-0000-0000-0000-000000000000")),
    ];
    side_by_side(members, play).await;
}

#[tokio::test]
async fn an_id_that_another_job_has() {
    let members = PROVIDERS.map(|(name, provider)| (name, (provider, str::to_owned as Written)));
    side_by_side(members, of_another_job).await;
}

#[tokio::test]
async fn an_id_that_another_job_has_in_small_letters() {
    let members =
        PROVIDERS.map(|(name, provider)| (name, (provider, str::to_uppercase as Written)));
    side_by_side(members, of_another_job).await;
}

/// How the answer to the second call writes the id of the first job.
type Written = fn(&str) -> String;

async fn of_another_job((provider, written): (&'static str, Written)) {
    let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
    let first = Arc::new(Mutex::new(None::<String>));
    let (service, known) = (services.clone(), Arc::clone(&first));
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        match (is_paid(request), &*known.lock().unwrap()) {
            (true, Some(id)) => accepted_as(&written(id), request),
            _ => answer,
        }
    });
    let server = server.await;
    workspace.make(&server, provider, &[]).ended().await.is(0);
    let made = workspace.lines(&server, &["jobs"]).await.remove(0);
    let id = made["provider_ref"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    *first.lock().unwrap() = Some(id.clone());
    let again = workspace.make(&server, provider, &["--again"]).ended().await;
    again.is(found_or_held(provider));
    assert_eq!(services.accepted(), 2);
    let jobs = workspace.lines(&server, &["jobs"]).await;
    let own = jobs
        .iter()
        .filter(|job| job["provider_ref"].to_string().to_lowercase().contains(&id.to_lowercase()));
    assert_eq!(own.count(), 1, "{jobs:?}");
}

/// The answer to the second call is lost, and the same call under its key is answered with what the
/// first has made, or with what is older than any call.
#[tokio::test]
async fn a_look_that_finds_what_another_call_has_made() {
    type Odd = fn(&Request, Answer) -> Answer;
    async fn play(odd: Odd) {
        let (beatapi, workspace) = (BeatApi::newer(), Workspace::new());
        let (service, is_first) = (beatapi.clone(), Switch::default());
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match request.is("POST", beatapi::CREATE) && service.accepted() > 1 {
                true if is_first.is_first() => Answer::hang_up(),
                true => odd(request, answer),
                false => answer,
            }
        });
        let server = server.await;
        workspace.make(&server, "beatapi", &[]).ended().await.is(0);
        workspace.make(&server, "beatapi", &["--again"]).ended().await.is(6);
        assert_eq!((beatapi.accepted(), workspace.videos()), (2, 1));
        let jobs = workspace.lines(&server, &["jobs"]).await;
        let found = jobs.iter().filter(|job| job["provider_ref"].is_string());
        assert_eq!(found.count(), 1, "{jobs:?}");
    }
    let members: [(&str, Odd); 2] = [
        ("another job's", |request, _| accepted_as("task_1", request)),
        ("a day older", |request, answer| {
            answer.with_json(|body| {
                body["data"]["created_at"] = json!(request.now_ms / 1000 - 86_400);
            })
        }),
    ];
    side_by_side(members, play).await;
}

/// A video is made of a record that is there, and the answer tells of another one; so does the first
/// look for it.
#[tokio::test]
async fn a_video_of_another_record() {
    let (creatify, workspace) = (Creatify::new(), Workspace::new());
    let (service, is_made, is_read) = (creatify.clone(), Switch::default(), Switch::default());
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        let is_look = request.is("GET", creatify::RECORDS) && is_made.is_on();
        match () {
            () if is_video(request) => {
                is_made.turn();
                accepted_as("another", request)
            }
            () if is_look && is_read.is_first() => {
                let body = json!({ "id": "another", "status": "video_generating" });
                Answer::json(200, &body)
            }
            () => answer,
        }
    });
    let server = server.await;
    workspace.make(&server, "creatify", &[]).ended().await.is(0);
    assert_eq!((creatify.pictures(), workspace.videos()), (1, 1));
    assert_eq!(server.seen("GET", "/api/product_to_videos/another").len(), 0);
}
