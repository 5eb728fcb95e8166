//! Caps bind the call that is made now, also for a job that was refused before.

use crate::command::Workspace;
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, creatify, jogg};
use crate::server::Server;
use crate::{SPEED, Switch, side_by_side};

/// The most that the first command may spend, then the second, and how that ends: sent, or 3.
#[derive(Clone, Copy)]
struct Case {
    provider: &'static str,
    caps: [Option<&'static str>; 2],
    is_sent: bool,
}

/// An order is refused for want of credits. The same again is bound by the cap that is given now.
async fn play(case: Case) {
    let Case { provider, caps, is_sent } = case;
    let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
    let (workspace, is_refused) = (Workspace::new(), Switch::default());
    let path = match provider {
        "beatapi" => beatapi::CREATE,
        "creatify" => creatify::IMAGE,
        _ => jogg::CREATE,
    };
    let server = Server::sped_up(SPEED, move |request| {
        let is_it = request.is("POST", path) && is_refused.is_first();
        match provider {
            "beatapi" if is_it => beatapi::no_credits(),
            "beatapi" => beatapi.answer(request),
            "creatify" if is_it => creatify::refused(402, "no credits"),
            "creatify" => creatify.answer(request),
            _ if is_it => jogg::refused(jogg::NO_CREDITS),
            _ => jogg.answer(request),
        }
    });
    let server = server.await;
    let [first, second] = caps.map(|cap| cap.map_or(Vec::new(), |cap| vec!["--cap", cap]));
    workspace.make(&server, provider, &first).ended().await.is(3);
    assert_eq!(server.count("POST", path), 1);
    workspace.make(&server, provider, &second).ended().await.is(if is_sent { 0 } else { 3 });
    assert_eq!(server.count("POST", path), if is_sent { 2 } else { 1 });
    assert_eq!(workspace.videos(), usize::from(is_sent));
}

fn case(provider: &'static str, caps: [Option<&'static str>; 2], is_sent: bool) -> Case {
    Case { provider, caps, is_sent }
}

#[tokio::test]
async fn cap_on_a_job_that_was_not_sent() {
    play(case("beatapi", [None, Some("1")], false)).await;
}

#[tokio::test]
async fn cap_with_a_repeated_key() {
    let members = [
        ("lower", case("beatapi", [Some("10"), Some("1")], false)),
        ("a little too low", case("beatapi", [None, Some("4.49")], false)),
        ("as much as it costs", case("beatapi", [Some("10"), Some("4.5")], true)),
        ("higher", case("beatapi", [Some("5"), Some("10")], true)),
        ("none", case("beatapi", [Some("5"), None], true)),
        ("lower at creatify", case("creatify", [Some("100"), Some("5")], false)),
        ("higher at creatify", case("creatify", [Some("20"), Some("100")], true)),
        ("lower at jogg", case("jogg", [Some("10"), Some("0.5")], false)),
        ("none at jogg", case("jogg", [Some("10"), None], true)),
    ];
    side_by_side(members, play).await;
}

/// A cap that was too low before anything was sent is no longer that of a call with a higher one.
#[tokio::test]
async fn cap_that_is_raised() {
    async fn play(provider: &'static str) {
        let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
        let server = Server::sped_up(SPEED, move |request| match provider {
            "beatapi" => beatapi.answer(request),
            "creatify" => creatify.answer(request),
            _ => jogg.answer(request),
        });
        let (server, workspace) = (server.await, Workspace::new());
        workspace.make(&server, provider, &["--cap", "0.5"]).ended().await.is(3);
        workspace.make(&server, provider, &["--cap", "0.5"]).ended().await.is(3);
        let sent = [beatapi::CREATE, creatify::IMAGE, jogg::CREATE];
        assert!(sent.iter().all(|path| server.count("POST", path) == 0));
        workspace.make(&server, provider, &["--cap", "50"]).ended().await.is(0);
        assert_eq!(workspace.videos(), 1);
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}
