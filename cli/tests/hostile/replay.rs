//! BeatAPI lists nothing. What became of a call whose answer was lost, only the same call under the
//! same key can tell: by the newer contract, by the same account, and soon.

use std::time::Duration;

use serde_json::json;

use crate::command::{OTHER_KEY, Workspace};
use crate::dialect::BeatApi;
use crate::dialect::beatapi::{CREATE, refused};
use crate::server::{Answer, Server};
use crate::{SPEED, Switch, side_by_side};

/// What comes instead of the answer.
type Loss = fn() -> Answer;

/// Ways in which the answer to an accepted call is lost.
fn losses() -> [(&'static str, Loss); 6] {
    [
        ("500", || refused(500, "internal_error")),
        ("502 of an edge", || Answer::html(502)),
        ("503", || refused(503, "processing_unavailable")),
        ("504 of an edge", || Answer::html(504)),
        ("nothing", Answer::hang_up),
        ("an answer that cannot be read", || Answer::json(201, &json!({ "data": [] }))),
    ]
}

/// A service that loses the first answer in one of these ways.
async fn losing(beatapi: &BeatApi, loss: Loss) -> Server {
    let (beatapi, is_lost) = (beatapi.clone(), Switch::default());
    Server::sped_up(SPEED, move |request| {
        let answer = beatapi.answer(request);
        let is_it = request.is("POST", CREATE) && is_lost.is_first();
        if is_it { loss() } else { answer }
    })
    .await
}

#[tokio::test]
async fn beatapi_answer_lost_by_the_launch_contract() {
    async fn play(loss: Loss) {
        let (beatapi, workspace) = (BeatApi::at_launch(), Workspace::new());
        let server = losing(&beatapi, loss).await;
        workspace.make(&server, "beatapi", &[]).ended().await.is(6);
        workspace.run(&server, &["resume"]).ended().await.is(6);
        workspace.make(&server, "beatapi", &[]).ended().await.is(6);
        assert_eq!(
            (beatapi.accepted(), server.count("POST", CREATE), workspace.videos()),
            (1, 1, 0)
        );
    }
    side_by_side(losses(), play).await;
}

#[tokio::test]
async fn beatapi_answer_lost_by_the_newer_contract() {
    async fn play(loss: Loss) {
        let (beatapi, workspace) = (BeatApi::newer(), Workspace::new());
        let server = losing(&beatapi, loss).await;
        workspace.make(&server, "beatapi", &[]).ended().await.is(0);
        assert_eq!((beatapi.accepted(), workspace.videos()), (1, 1));
        let keys = server.seen("POST", CREATE);
        let keys: Vec<_> = keys.iter().map(|request| request.header("idempotency-key")).collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
    side_by_side(losses(), play).await;
}

/// A service that accepts the first call and says nothing until its sender was killed.
async fn killed(beatapi: &BeatApi, workspace: &Workspace) -> Server {
    let (service, is_lost) = (beatapi.clone(), Switch::default());
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        let is_it = request.is("POST", CREATE) && is_lost.is_first();
        if is_it { Answer::hang_up().after(Duration::from_secs(30)) } else { answer }
    });
    let server = server.await;
    let make = workspace.make(&server, "beatapi", &[]).start();
    server.reach(1, "POST", CREATE).await;
    make.kill().await;
    server
}

/// Under another account's key the same call would be a new task.
#[tokio::test]
async fn beatapi_replay_with_another_accounts_key() {
    let (beatapi, workspace) = (BeatApi::newer(), Workspace::new());
    let server = killed(&beatapi, &workspace).await;
    workspace.run(&server, &["resume"]).key(OTHER_KEY).ended().await.is(6);
    assert_eq!(server.count("POST", CREATE), 1);
    workspace.run(&server, &["resume"]).ended().await.is(0);
    assert_eq!((beatapi.accepted(), workspace.videos()), (1, 1));
}

/// How long a key is kept is not documented: ten minutes are taken for sure, and no more.
#[tokio::test]
async fn beatapi_replay_after_the_window() {
    let (beatapi, workspace) = (BeatApi::newer(), Workspace::new());
    let server = killed(&beatapi, &workspace).await;
    server.step(Duration::from_secs(601));
    workspace.run(&server, &["resume"]).ended().await.is(6);
    workspace.run(&server, &["resume"]).ended().await.is(6);
    assert_eq!((beatapi.accepted(), server.count("POST", CREATE)), (1, 1));
}
