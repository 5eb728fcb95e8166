//! Waiting for a job: when it is read, and what waiting costs.

use std::time::Duration;

use serde_json::json;

use crate::command::Workspace;
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, creatify, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// A first answer that asks to be read again in hours.
type Hint = fn(&BeatApi, &Request) -> Answer;

/// One answer asks to be read again in 10,000 s. It is read soon all the same: by then, or by a later
/// run.
async fn hinted(hint: Hint) {
    let (service, workspace, is_read) = (BeatApi::newer(), Workspace::new(), Switch::default());
    let beatapi = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match request.is("GET", beatapi::TASK) && is_read.is_first() {
            true => hint(&beatapi, request),
            false => beatapi.answer(request),
        }
    });
    let server = server.await;
    let made =
        workspace.make(&server, "beatapi", &[]).patience(Duration::from_secs(30)).ended().await;
    if made.code != Some(0) {
        workspace.run(&server, &["resume"]).patience(Duration::from_secs(60)).ended().await.is(0);
    }
    assert_eq!((service.accepted(), workspace.videos()), (1, 1));
}

#[tokio::test]
async fn poll_hint_of_hours() {
    hinted(|beatapi, request| {
        beatapi.odd_status(request, "processing", &json!({ "poll_after_seconds": 10_000 }))
    })
    .await;
}

#[tokio::test]
async fn poll_hints_beyond_reason() {
    let members: [(&str, Hint); 6] = [
        ("as text", |beatapi, request| {
            beatapi.odd_status(request, "processing", &json!({ "poll_after_seconds": "10000" }))
        }),
        ("beyond measure", |beatapi, request| {
            beatapi.odd_status(request, "processing", &json!({ "poll_after_seconds": 1e300 }))
        }),
        ("for ever", |beatapi, request| {
            beatapi.odd_status(request, "processing", &json!({ "poll_after_seconds": i64::MAX }))
        }),
        ("below zero", |beatapi, request| {
            beatapi.odd_status(request, "processing", &json!({ "poll_after_seconds": -10_000 }))
        }),
        ("in a head", |beatapi, request| {
            beatapi.status(request, "processing").header("retry-after", "10000")
        }),
        ("in a head, while it is down", |_, _| {
            beatapi::refused(503, "internal_error").header("retry-after", "10000")
        }),
    ];
    side_by_side(members, hinted).await;
}

/// The others name no time in their answers, but a head may.
#[tokio::test]
async fn poll_hints_of_the_other_providers() {
    async fn play(provider: &'static str) {
        let (creatify, jogg, workspace) = (Creatify::new(), Jogg::new(), Workspace::new());
        let is_read = Switch::default();
        let server = Server::sped_up(SPEED, move |request| {
            let paths = [creatify::RECORDS, jogg::READ, jogg::LIST];
            let is_status = paths.iter().any(|path| request.is("GET", path));
            let answer = match provider {
                "creatify" => creatify.answer(request),
                _ if request.is("GET", jogg::READ) && !is_read.is_on() => {
                    jogg.video(request, &json!({ "status": "processing" }))
                }
                _ => jogg.answer(request),
            };
            match is_status && is_read.is_first() {
                true => answer.header("retry-after", "10000"),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, provider, &[]).patience(Duration::from_secs(30));
        if made.ended().await.code != Some(0) {
            workspace
                .run(&server, &["resume"])
                .patience(Duration::from_secs(60))
                .ended()
                .await
                .is(0);
        }
        assert_eq!(workspace.videos(), 1);
    }
    side_by_side(["creatify", "jogg"].map(|name| (name, name)), play).await;
}

/// Whoever reads too fast is told to wait for hours. That may be kept, also by a later run; but the
/// job is not over.
#[tokio::test]
async fn a_status_that_is_refused_for_hours() {
    async fn play(provider: &'static str) {
        let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
        let (workspace, is_read) = (Workspace::new(), Switch::default());
        let server = Server::sped_up(SPEED, move |request| {
            let paths = [beatapi::TASK, creatify::RECORDS, jogg::READ, jogg::LIST];
            let is_status = paths.iter().any(|path| request.is("GET", path));
            let refused = match provider {
                "beatapi" => beatapi::refused(429, "rate_limited"),
                "creatify" => creatify::refused(429, "Request was throttled."),
                _ => jogg::refused(429),
            };
            if is_status && is_read.is_first() {
                return refused.header("retry-after", "10000");
            }
            match provider {
                "beatapi" => beatapi.answer(request),
                "creatify" => creatify.answer(request),
                _ => jogg.answer(request),
            }
        });
        let server = server.await;
        let made = workspace.make(&server, provider, &[]).patience(Duration::from_secs(5));
        let made = made.ended().await;
        assert!([None, Some(0), Some(4)].contains(&made.code), "{made:?}");
        // Three hours later.
        server.step(Duration::from_secs(10_800));
        workspace.run(&server, &["resume"]).ended().await.is(0);
        assert_eq!(workspace.videos(), 1);
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}

/// One process uploads for a while; another waits for the same job. Waiting costs next to no CPU.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn waiting_beside_a_slow_upload() {
    const PHOTO: &[u8] = include_bytes!("../../../tests/fixtures/tiny.png");
    const FILES: &str = "/v1/files";
    /// How long a call may be on its way here. What has not begun within an eighth of it is somebody
    /// else's to begin, which is when a waiter could take to asking without end.
    const SETTLE_MS: &str = "15000";
    const UPLOAD: Duration = Duration::from_secs(8);
    /// For how long the other is watched.
    const WATCHED: Duration = Duration::from_secs(3);

    let (service, workspace) = (BeatApi::newer(), Workspace::new());
    let beatapi = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = beatapi.answer(request);
        if request.is("POST", FILES) { answer.after(UPLOAD) } else { answer }
    });
    let server = server.await;
    let photo = workspace.path("photo.png");
    std::fs::write(&photo, PHOTO).unwrap();
    let args = ["make", photo.to_str().unwrap(), "--name", "Roast", "--provider", "beatapi"];
    let run = |args| workspace.run(&server, args).env("ADREEL_SETTLE_MS", SETTLE_MS).start();
    let uploads = run(&args);
    server.reach(1, "POST", FILES).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let waits = run(&["resume"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = cpu_ticks(waits.id());
    tokio::time::sleep(WATCHED).await;
    let ticks = cpu_ticks(waits.id()) - before;
    // A tick is a hundredth of a second.
    let percent = ticks / WATCHED.as_secs();
    assert!(percent < 5, "{percent} % of a core");
    uploads.ended().await.is(0);
    waits.ended().await.is(0);
    assert_eq!((server.count("POST", FILES), service.accepted(), workspace.videos()), (1, 1, 1));
}

/// What a process has used, in user and in system mode.
#[cfg(target_os = "linux")]
fn cpu_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<_> = fields.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

/// A free call that hangs does not keep a wait beyond its limit, and neither does a status.
#[tokio::test]
async fn a_limit_ends_what_hangs() {
    async fn play((provider, path): (&'static str, &'static str)) {
        let (workspace, beatapi, jogg) = (Workspace::new(), BeatApi::at_launch(), Jogg::new());
        let server = Server::in_real_time(move |request| {
            let answer = match provider {
                "beatapi" => beatapi.answer(request),
                _ => jogg.answer(request),
            };
            match request.path.starts_with(path) {
                true => answer.after(Duration::from_secs(120)),
                false => answer,
            }
        });
        let server = server.await;
        let make = workspace.make(&server, provider, &["--time-limit", "2s"]);
        make.patience(Duration::from_secs(30)).ended().await.is(4);
    }
    let members =
        [("a product", ("jogg", "/v2/product")), ("a status", ("beatapi", beatapi::TASK))];
    side_by_side(members, play).await;
}

/// Who has gone, or whose time is over, pays for nothing any more: before the call, its account is
/// asked how many jobs it takes beside the one that runs, which is slow, and the call was not
/// announced yet.
#[tokio::test]
async fn nothing_is_paid_for_a_wait_that_has_ended() {
    async fn play(is_interrupted: bool) {
        let (service, workspace) = (BeatApi::at_launch(), Workspace::new());
        let (is_well, is_first) = (Switch::default(), Switch::default());
        let (beatapi, well) = (service.clone(), is_well.clone());
        let server = Server::in_real_time(move |request| {
            let answer = beatapi.answer(request);
            match () {
                () if request.is("GET", "/v1/usage") && is_first.is_first() => {
                    answer.after(Duration::from_secs(4))
                }
                () if request.is("GET", beatapi::TASK) && !well.is_on() => Answer::text(503, ""),
                () => answer,
            }
        });
        let server = server.await;
        let make = |limit| workspace.make(&server, "beatapi", &["--again", "--time-limit", limit]);
        make("1s").ended().await.is(4);
        assert_eq!(service.accepted(), 1);
        let second = make(if is_interrupted { "1m" } else { "1s" }).start();
        server.reach(1, "GET", "/v1/usage").await;
        if is_interrupted {
            second.interrupt().await;
        }
        second.ended().await.is(if is_interrupted { 130 } else { 4 });
        assert_eq!(service.accepted(), 1);
        is_well.turn();
        workspace.run(&server, &["resume"]).ended().await.is(0);
        assert_eq!(service.accepted(), 2);
    }
    side_by_side([("interrupted", true), ("out of time", false)], play).await;
}
