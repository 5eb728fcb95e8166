//! What providers say goes to whoever sits at a terminal as words, and as nothing else: no command
//! prints what a terminal obeys, nor what cannot be seen.

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use crate::SPEED;
use crate::command::{Ended, IMAGE, Workspace};
use crate::dialect::{BeatApi, Jogg, beatapi, jogg};
use crate::server::{Answer, Request, Server};

/// It clears the screen, sets a title, makes a link, rings, goes back to the line's beginning, forges
/// a line, hides a character, and turns the direction of writing.
const ODD: &str = "\u{1b}[2J\u{1b}]0;mine\u{7}\u{1b}]8;;http://evil.example\u{1b}\\here\u{9b}1m\r\n\
    error: forged\u{85}\u{2028}sk\u{200b}y\u{2066}\u{202e}gpj\u{feff}\u{7f}\u{9c}end";

/// How many commands run side by side: they mostly wait.
const AT_ONCE: usize = 6;

/// What a terminal, or a reader of JSON who passes it on to one, should never get.
fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}')
}

#[track_caller]
fn is_clean(args: &[&str], ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(is_odd), "{args:?}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{args:?}: {text}");
    }
}

fn says(request: &Request, beatapi: &BeatApi, jogg: &Jogg) -> Answer {
    let path = &*request.path;
    match path {
        "/v2/avatars/public" => jogg::success(&json!({ "avatars": [
            { "id": 1, "name": ODD, "aspect_ratio": 0, "gender": ODD, "cover_url": ODD },
        ] })),
        "/v2/avatars/custom" => jogg::success(&json!({ "avatars": [] })),
        "/v2/voices" => jogg::success(&json!({ "has_more": false, "voices": [
            { "voice_id": format!("v{ODD}"), "name": ODD, "language": ODD, "audio_url": ODD },
        ] })),
        "/v2/voices/custom" => jogg::success(&json!({ "voices": [] })),
        jogg::PREVIEWS => jogg::success(&json!({ "previews": [
            { "visual_style": ODD, "preview_id": "preview_1" },
            { "visual_style": ODD, "preview_id": "preview_2" },
        ] })),
        "/v2/user/remaining_quota" => {
            Answer::json(200, &json!({ "code": 10105, "msg": ODD, "data": null }))
        }
        "/v2/user/whoami" => jogg::success(&json!({ "username": ODD, ODD: ODD })),
        "/v1/usage" => Answer::json(
            403,
            &json!({ "error": {
            "code": ODD, "message": ODD, "request_id": ODD } }),
        ),
        _ if path.starts_with("/api/") => Answer::json(402, &json!({ "detail": ODD, ODD: [ODD] })),
        _ if path.starts_with("/v2/") => jogg.answer(request),
        _ if request.is("GET", beatapi::TASK) => {
            let odd = json!({ "status": ODD, "error_code": ODD, "error_message": ODD });
            let failed = json!({ "error_code": ODD, "error_message": ODD });
            match request.id() {
                "task_1" => beatapi.odd_status(request, ODD, &odd),
                _ => beatapi.odd_status(request, "failed", &failed),
            }
        }
        _ => beatapi.answer(request),
    }
}

#[tokio::test]
async fn no_command_prints_what_a_terminal_obeys() {
    let (beatapi, jogg, workspace) = (BeatApi::newer(), Jogg::new(), Workspace::new());
    let server = Server::sped_up(SPEED, move |request| says(request, &beatapi, &jogg)).await;
    let previews = ["--set", r#"jogg.previews=["Simple Product Switch", "Split Screen"]"#];
    let label = format!("shop={ODD}");
    let odd_name = ["--image-url", "https://cdn.example/a.png", "--name", ODD];
    let limit = ["--time-limit", "2s"];
    let image = &IMAGE[..];
    let make: [Vec<&str>; 5] = [
        [&["make", "--provider", "beatapi"], image, &limit].concat(),
        [&["make", "--provider", "beatapi", "--label", &label], &odd_name[..], &limit].concat(),
        [&["make", "--provider", "jogg"], image, &previews, &limit].concat(),
        [&["make", "--provider", "creatify"], image, &limit].concat(),
        [&["make", "--route", "--provider", "creatify,beatapi", "--again"], image, &limit].concat(),
    ];
    for args in &make {
        // The first begins the job, the second comes back to it and says it as data.
        is_clean(args, &workspace.run(&server, args).ended().await);
        let ended = workspace.run(&server, &[args, &["--json"][..]].concat()).ended().await;
        is_clean(args, &ended);
        ended.stdout.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
    }
    let jobs = workspace.lines(&server, &["jobs"]).await;
    // As data it is what was said, and none of it is lost but what is not seen around it.
    let has_odd_name = |job: &&Value| job["product"] == ODD.trim_start_matches('\u{1b}');
    assert_eq!(jobs.iter().filter(has_odd_name).count(), 1, "{jobs:?}");
    let ids: Vec<&str> = jobs.iter().map(|job| job["job"].as_str().unwrap()).collect();
    let mut all: Vec<Vec<&str>> = vec![
        vec!["jobs"],
        vec!["jobs", "--open"],
        vec!["jobs", "--held"],
        vec!["jobs", "--cost"],
        vec!["providers"],
        vec!["doctor"],
        vec!["catalogue", "avatars", "--provider", "jogg"],
        vec!["catalogue", "voices", "--provider", "jogg"],
        vec!["catalogue", "voices", "--provider", "creatify"],
        vec!["catalogue", "styles", "--find", ODD],
        [&["plan", "--provider", "jogg"], &odd_name[..]].concat(),
        [&["plan", "--provider", "beatapi", "--set", ODD], image].concat(),
        vec!["resume", "--time-limit", "2s"],
        vec!["resolve", "--all", "--abandon", "--dry-run"],
    ];
    for id in &ids {
        all.push(vec!["job", id]);
        all.push(vec!["wait", id, "--time-limit", "1s"]);
        all.push(vec!["job", id, "--choose", ODD]);
        all.push(vec!["resolve", id, "--adopt", ODD]);
    }
    let as_data: Vec<Vec<&str>> = all.iter().map(|args| [args, &["--json"][..]].concat()).collect();
    let (workspace, server) = (&workspace, &server);
    let runs = all.iter().chain(&as_data);
    let runs = runs.map(|args| async move { (args, workspace.run(server, args).ended().await) });
    let mut ended = stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((args, ended)) = ended.next().await {
        is_clean(args, &ended);
        if args.contains(&"--json") {
            ended
                .stdout
                .lines()
                .for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    // It was there to be seen: the test would say nothing of words that never came.
    let voices = workspace.lines(server, &["catalogue", "voices", "--provider", "jogg"]).await;
    assert!(voices[0]["name"].as_str().unwrap().contains("error: forged sky"), "{voices:?}");
}
