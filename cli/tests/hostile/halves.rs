//! Something was paid for, and the next paid step is not accepted. What was paid for is kept.

use serde_json::json;

use crate::command::{IMAGE, Workspace};
use crate::dialect::creatify::{self, LINK_VIDEOS, is_video};
use crate::dialect::{Creatify, Jogg, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

const PAGE: [&str; 4] = ["--page-url", "https://shop.example/roast", "--name", "Roast"];

/// What is paid for first, and then a video of it.
#[derive(Clone, Copy)]
enum Half {
    Picture,
    Link,
}

impl Half {
    fn is_second(self, request: &Request) -> bool {
        match self {
            Self::Picture => is_video(request),
            Self::Link => request.is("POST", LINK_VIDEOS),
        }
    }

    fn arguments(self) -> Vec<&'static str> {
        let request = match self {
            Self::Picture => IMAGE,
            Self::Link => PAGE,
        };
        [&["make"], &request[..], &["--provider", "creatify"]].concat()
    }

    /// Its read, after which the second call is sent.
    fn is_read(self, request: &Request) -> bool {
        match self {
            Self::Picture => request.is("GET", creatify::RECORDS),
            Self::Link => request.is("POST", creatify::LINKS),
        }
    }
}

/// Nothing listens for a minute after the first half is there. Then the job goes on, by itself or
/// when somebody comes back to it.
#[tokio::test]
async fn outage_between_two_paid_steps() {
    async fn play(half: Half) {
        let (service, workspace, is_gone) = (Creatify::new(), Workspace::new(), Switch::default());
        let creatify = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = creatify.answer(request);
            match half.is_read(request) && is_gone.is_first() {
                true => answer.and_stop(),
                false => answer,
            }
        });
        let server = server.await;
        let make = workspace.run(&server, &half.arguments()).start();
        match half {
            Half::Picture => server.reach(1, "GET", creatify::RECORDS).await,
            Half::Link => server.reach(1, "POST", creatify::LINKS).await,
        }
        tokio::time::sleep(std::time::Duration::from_secs(60).div_f64(SPEED)).await;
        server.listen_again().await;
        let made = make.ended().await;
        // It may have ended before the network was back, and then it says that it did not finish.
        if made.code != Some(0) {
            workspace.run(&server, &["resume"]).ended().await.is(0);
        }
        let halves = service.pictures() + service.links();
        let sent = server.seen("POST", "/");
        let seconds = sent.iter().filter(|request| half.is_second(request)).count();
        assert_eq!((halves, seconds, workspace.videos()), (1, 1, 1), "{made:?}");
    }
    side_by_side([("picture", Half::Picture), ("link", Half::Link)], play).await;
}

/// What the second paid call is answered, once.
type Refuse = fn() -> Answer;

/// The second paid call is refused once, for something that only the account's owner can mend. The
/// command says so, and the same command again goes on.
async fn refused_once((half, refuse): (Half, Refuse)) {
    let (service, workspace, is_refused) = (Creatify::new(), Workspace::new(), Switch::default());
    let creatify = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match half.is_second(request) && is_refused.is_first() {
            true => refuse(),
            false => creatify.answer(request),
        }
    });
    let server = server.await;
    workspace.run(&server, &half.arguments()).ended().await.is(3);
    workspace.run(&server, &half.arguments()).ended().await.is(0);
    assert_eq!((service.pictures() + service.links(), workspace.videos()), (1, 1));
}

#[tokio::test]
async fn key_refused_between_two_paid_steps() {
    refused_once((Half::Picture, || creatify::refused(401, "Invalid key"))).await;
}

#[tokio::test]
async fn creatify_refuses_the_second_paid_step() {
    let members: [(&str, (Half, Refuse)); 5] = [
        ("402 for a picture's video", (Half::Picture, || creatify::refused(402, "no credits"))),
        ("403 for a picture's video", (Half::Picture, || creatify::refused(403, "not allowed"))),
        ("401 for a link's video", (Half::Link, || creatify::refused(401, "Invalid key"))),
        ("402 for a link's video", (Half::Link, || creatify::refused(402, "no credits"))),
        ("403 for a link's video", (Half::Link, || creatify::refused(403, "not allowed"))),
    ];
    side_by_side(members, refused_once).await;
}

/// Too few credits for the video, in whichever status that is said.
#[tokio::test]
async fn creatify_has_too_few_credits_for_the_second_paid_step() {
    let members: [(&str, (Half, Refuse)); 2] = [
        ("400", (Half::Picture, || creatify::refused(400, "Insufficient credits"))),
        ("403", (Half::Picture, || creatify::refused(403, "Insufficient credits"))),
    ];
    side_by_side(members, refused_once).await;
}

#[tokio::test]
async fn jogg_refuses_what_comes_after_previews() {
    async fn play(code: u32) {
        let (service, workspace, is_refused) = (Jogg::new(), Workspace::new(), Switch::default());
        let jogg = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            match request.is("POST", jogg::RENDER) && is_refused.is_first() {
                true => jogg::refused(code),
                false => jogg.answer(request),
            }
        });
        let server = server.await;
        workspace.make(&server, "jogg", &PREVIEW).ended().await.is(3);
        workspace.make(&server, "jogg", &PREVIEW).ended().await.is(0);
        let counts = [jogg::PREVIEWS, jogg::RENDER].map(|path| server.count("POST", path));
        assert_eq!((counts, service.accepted(), workspace.videos()), ([1, 2], 1, 1));
    }
    side_by_side(codes(), play).await;
}

/// Of a single preview nobody has to choose.
const PREVIEW: [&str; 2] = ["--set", r#"jogg.previews=["Simple Product Switch"]"#];

/// One preview is refused, and of the other nothing is said: it may have been started.
#[tokio::test]
async fn jogg_says_nothing_of_a_preview() {
    async fn play(data: serde_json::Value) {
        let (jogg, workspace) = (Jogg::new(), Workspace::new());
        let server =
            Server::sped_up(SPEED, move |request| match request.is("POST", jogg::PREVIEWS) {
                true => jogg::success(&data),
                false => jogg.answer(request),
            });
        let server = server.await;
        workspace.make(&server, "jogg", &PREVIEW).ended().await.is(6);
        workspace.make(&server, "jogg", &PREVIEW).ended().await.is(6);
        assert_eq!(server.count("POST", jogg::PREVIEWS), 1);
    }
    let busy = json!({ "visual_style": "A", "err_msg": "style is busy" });
    let silent = json!({ "visual_style": "B", "status": "processing" });
    let members = [
        ("beside a refused one", json!({ "previews": [busy, silent] })),
        ("of a list", json!({ "preview_list_id": "pl_1", "previews": [silent, busy] })),
        ("alone", json!({ "previews": [silent] })),
        ("that is torn, beside a refused one", json!({ "previews": [busy, 7] })),
        ("of another id", json!({ "previews": [{ "id": "p1", "err_msg": "no" }] })),
        ("of no reason", json!({ "previews": [{ "preview_id": null, "err_msg": "success" }] })),
        ("of an odd id", json!({ "previews": [{ "preview_id": ["p"], "err_msg": "busy" }] })),
        ("none", json!({ "preview_list_id": "pl_1", "previews": [] })),
        ("that went well", json!({ "previews": [{ "err_msg": "Success!" }] })),
        ("that waits", json!({ "previews": [{ "err_msg": "queued" }] })),
        ("that runs", json!({ "previews": [{ "err_msg": "busy", "status": "processing" }] })),
        ("that is there", json!({ "previews": [{ "err_msg": "busy", "preview": "p1" }] })),
    ];
    side_by_side(members, play).await;
}

/// All previews were refused, so nothing was paid for, and the same command asks again.
#[tokio::test]
async fn jogg_refuses_all_previews() {
    let (jogg, workspace, is_refused) = (Jogg::new(), Workspace::new(), Switch::default());
    let server = Server::sped_up(SPEED, move |request| {
        let busy = json!({ "visual_style": "A", "err_msg": "style is busy" });
        match request.is("POST", jogg::PREVIEWS) && is_refused.is_first() {
            true => jogg::success(&json!({ "previews": [busy] })),
            false => jogg.answer(request),
        }
    });
    let server = server.await;
    let refused = workspace.make(&server, "jogg", &PREVIEW).ended().await;
    assert!(refused.stderr.contains("style is busy"), "{refused:?}");
    refused.is(2);
    workspace.make(&server, "jogg", &PREVIEW).ended().await.is(0);
    assert_eq!((server.count("POST", jogg::PREVIEWS), workspace.videos()), (2, 1));
}

/// The answer to a render is lost, and the list shows the preview itself under its name.
#[tokio::test]
async fn jogg_lists_the_preview_among_the_videos() {
    let (jogg, workspace, is_lost) = (Jogg::new(), Workspace::new(), Switch::default());
    let title = std::sync::Mutex::new(String::new());
    let server = Server::sped_up(SPEED, move |request| {
        if request.is("POST", jogg::PREVIEWS) {
            let name = request.json()["video_spec"]["name"].as_str().unwrap_or_default().to_owned();
            *title.lock().unwrap() = name;
        }
        if request.is("GET", jogg::LIST) {
            let title = title.lock().unwrap();
            let preview = json!({ "id": "preview_1", "title": *title, "status": "completed",
                "created_at": request.now_ms / 1000 });
            return jogg::page(request, &[preview], 100);
        }
        match request.is("POST", jogg::RENDER) && is_lost.is_first() {
            true => Answer::html(502),
            false => jogg.answer(request),
        }
    });
    let server = server.await;
    workspace.make(&server, "jogg", &PREVIEW).ended().await.is(6);
    assert_eq!((server.count("POST", jogg::RENDER), workspace.videos()), (1, 0));
}

/// An edge turns the second paid call away before the provider sees it.
#[tokio::test]
async fn an_edge_turns_the_second_paid_call_away() {
    async fn play(half: Half) {
        let (service, workspace, is_refused) =
            (Creatify::new(), Workspace::new(), Switch::default());
        let creatify = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            match half.is_second(request) && is_refused.is_first() {
                true => Answer::text(403, "error code: 1010"),
                false => creatify.answer(request),
            }
        });
        let server = server.await;
        let made = workspace.run(&server, &half.arguments()).ended().await;
        if made.code != Some(0) {
            workspace.run(&server, &["resume"]).ended().await.is(0);
        }
        assert_eq!((service.pictures() + service.links(), workspace.videos()), (1, 1), "{made:?}");
    }
    side_by_side([("picture", Half::Picture), ("link", Half::Link)], play).await;
}

/// The second paid call is refused for good. Something was paid all the same, and that is said.
#[tokio::test]
async fn the_second_paid_step_is_refused_for_good() {
    async fn play(half: Half) {
        let (creatify, workspace) = (Creatify::new(), Workspace::new());
        let server = Server::sped_up(SPEED, move |request| match half.is_second(request) {
            true => creatify::refused(400, "no such style"),
            false => creatify.answer(request),
        });
        let server = server.await;
        let made = workspace.run(&server, &half.arguments()).ended().await;
        assert!(made.stderr.contains("paid already"), "{made:?}");
        made.is(1);
    }
    side_by_side([("picture", Half::Picture), ("link", Half::Link)], play).await;
}

/// One provider makes the video, the other refuses it: something was paid.
#[tokio::test]
async fn one_of_two_providers_refuses_the_request() {
    let (beatapi, workspace) = (crate::dialect::BeatApi::at_launch(), Workspace::new());
    let server = Server::sped_up(SPEED, move |request| match request.is("POST", jogg::CREATE) {
        true => jogg::refused(40000),
        false if request.path.starts_with("/v2/") => Jogg::new().answer(request),
        false => beatapi.answer(request),
    });
    let server = server.await;
    workspace.make(&server, "beatapi", &["--provider", "jogg"]).ended().await.is(1);
    assert_eq!(workspace.videos(), 1);
}

#[tokio::test]
async fn jogg_refuses_what_comes_after_a_product() {
    async fn play(code: u32) {
        let (service, workspace, is_refused) = (Jogg::new(), Workspace::new(), Switch::default());
        let jogg = service.clone();
        let server = Server::sped_up(SPEED, move |request| {
            match request.is("POST", jogg::CREATE) && is_refused.is_first() {
                true => jogg::refused(code),
                false => jogg.answer(request),
            }
        });
        let server = server.await;
        workspace.make(&server, "jogg", &[]).ended().await.is(3);
        workspace.make(&server, "jogg", &[]).ended().await.is(0);
        assert_eq!((service.accepted(), workspace.videos()), (1, 1));
    }
    side_by_side(codes(), play).await;
}

/// What an owner can mend, as JoggAI says it.
fn codes() -> [(&'static str, u32); 3] {
    [
        ("no credits", jogg::NO_CREDITS),
        ("wrong key", jogg::WRONG_KEY),
        ("not in the plan", jogg::PLAN_LACKS),
    ]
}
