//! Keys that are another account's, or new ones of the same account.

use std::time::Duration;

use crate::command::{KEY, OTHER_KEY, Workspace};
use crate::dialect::creatify::{self, is_video};
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// Killed while it submits; resumed with the key of another account, whose list is empty. That
/// proves nothing.
#[tokio::test]
async fn another_accounts_key() {
    async fn play(provider: &'static str) {
        let (pictures, videos, workspace) = (Creatify::new(), Jogg::new(), Workspace::new());
        let (creatify, jogg, is_lost) = (pictures.clone(), videos.clone(), Switch::default());
        let path = if provider == "jogg" { jogg::CREATE } else { creatify::IMAGE };
        let server = Server::sped_up(SPEED, move |request| {
            let answer = match provider {
                "jogg" => jogg.answer(request),
                _ => creatify.answer(request),
            };
            let is_it = request.is("POST", path) && is_lost.is_first();
            if is_it { Answer::hang_up().after(Duration::from_secs(30)) } else { answer }
        });
        let server = server.await;
        let make = workspace.make(&server, provider, &[]).with_webhook().start();
        server.reach(1, "POST", path).await;
        make.kill().await;
        let other = workspace.run(&server, &["resume"]).with_webhook().key(OTHER_KEY);
        other.ended().await.is(6);
        assert_eq!(server.count("POST", path), 1);
        workspace.run(&server, &["resume"]).with_webhook().ended().await.is(0);
        assert_eq!((pictures.pictures() + videos.accepted(), workspace.videos()), (1, 1));
    }
    side_by_side(["jogg", "creatify"].map(|name| (name, name)), play).await;
}

/// A job that runs is read with another account's key, which does not see it. It is not lost by
/// that, and nothing is paid again.
#[tokio::test]
async fn another_accounts_key_for_a_job_that_runs() {
    async fn play(provider: &'static str) {
        let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
        let (is_made, workspace) = (Switch::default(), Workspace::new());
        let is_done = is_made.clone();
        let (create, read) = match provider {
            "beatapi" => (beatapi::CREATE, beatapi::TASK),
            "creatify" => (creatify::IMAGE, creatify::RECORDS),
            _ => (jogg::CREATE, "/v2/product_video"),
        };
        let server = Server::sped_up(SPEED, move |request| {
            // Until then every read fails for now, so that the job is at work all the time.
            if request.is("GET", read) && request.key() == KEY && !is_done.is_on() {
                return Answer::json(503, &serde_json::json!({}));
            }
            match provider {
                "beatapi" => beatapi.answer(request),
                "creatify" => creatify.answer(request),
                _ => jogg.answer(request),
            }
        });
        let server = server.await;
        let make = workspace.make(&server, provider, &[]).start();
        server.reach(1, "GET", read).await;
        make.kill().await;
        // It would wait on, so it is ended once it has read often.
        let before = server.count("GET", read);
        let other = workspace.run(&server, &["resume"]).key(OTHER_KEY);
        let other = other.patience(Duration::from_secs(4)).ended().await;
        assert!(server.count("GET", read) > before, "{other:?}");
        assert_ne!(other.code, Some(0));
        is_made.turn();
        workspace.run(&server, &["resume"]).ended().await.is(0);
        assert_eq!((server.count("POST", create), workspace.videos()), (1, 1));
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}

/// Between a picture and its video the account's key is replaced. The new one sees the picture, so
/// it may have the video made.
#[tokio::test]
async fn a_new_key_of_the_account_between_two_paid_steps() {
    let (service, workspace) = (Creatify::new(), Workspace::new());
    let creatify = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        if is_video(request) && request.key() == KEY {
            return creatify::refused(401, "Invalid key");
        }
        // Both keys are those of one account.
        creatify.answer(&by_first_key(request))
    });
    let server = server.await;
    workspace.make(&server, "creatify", &[]).ended().await.is(3);
    workspace.make(&server, "creatify", &[]).key(OTHER_KEY).ended().await.is(0);
    assert_eq!((service.pictures(), workspace.videos()), (1, 1));
    let sent = server.seen("POST", creatify::RECORDS);
    let accepted = sent.iter().filter(|request| is_video(request) && request.key() == OTHER_KEY);
    assert_eq!(accepted.count(), 1);
}

/// The request as the first key sends it.
fn by_first_key(request: &Request) -> Request {
    let mut request = request.clone();
    request.headers.insert("x-api-key".to_owned(), KEY.to_owned());
    request
}

type Odd = fn() -> Answer;

/// The read with the new key, before the second paid call, is answered by something odd once.
#[tokio::test]
async fn an_odd_read_after_a_new_key() {
    async fn play(odd: Odd) {
        let (service, workspace, is_odd) = (Creatify::new(), Workspace::new(), Switch::default());
        let creatify = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let is_new = request.key() == OTHER_KEY;
            if is_video(request) && !is_new {
                return creatify::refused(401, "Invalid key");
            }
            if is_new && request.is("GET", creatify::RECORDS) && is_odd.is_first() {
                return odd();
            }
            creatify.answer(&by_first_key(request))
        });
        let server = server.await;
        workspace.make(&server, "creatify", &[]).ended().await.is(3);
        let made = workspace.make(&server, "creatify", &[]).key(OTHER_KEY).ended().await;
        if made.code != Some(0) {
            workspace.run(&server, &["resume"]).key(OTHER_KEY).ended().await.is(0);
        }
        assert_eq!((service.pictures(), workspace.videos()), (1, 1), "{made:?}");
    }
    let members: [(&str, Odd); 3] = [
        ("a page", || Answer::html(200)),
        ("400", || creatify::refused(400, "bad request")),
        ("no record", || Answer::text(200, "{\"id\": [")),
    ];
    side_by_side(members, play).await;
}

/// The same with the key of another account, which does not see the picture: it may pay nothing,
/// and the picture is not thrown away.
#[tokio::test]
async fn another_accounts_key_between_two_paid_steps() {
    let (service, workspace, is_well) = (Creatify::new(), Workspace::new(), Switch::default());
    let (creatify, may_pay) = (service.clone(), is_well.clone());
    let server = Server::sped_up(SPEED, move |request| {
        if is_video(request) && request.key() == KEY && !may_pay.is_on() {
            return creatify::refused(401, "Invalid key");
        }
        creatify.answer(request)
    });
    let server = server.await;
    workspace.make(&server, "creatify", &[]).ended().await.is(3);
    let other = workspace.run(&server, &["resume"]).key(OTHER_KEY);
    let other = other.patience(Duration::from_secs(4)).ended().await;
    assert_ne!(other.code, Some(0));
    let sent = server.seen("POST", "/");
    assert!(sent.iter().all(|request| request.key() == KEY), "the other key has sent");
    is_well.turn();
    workspace.run(&server, &["resume"]).ended().await.is(0);
    assert_eq!((service.pictures(), workspace.videos()), (1, 1));
}
