//! JoggAI accepted a video and its answer was lost; and then its list says less than it should.

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::dialect::Jogg;
use crate::dialect::jogg::{CREATE, LIST, PREVIEWS, page, part, success};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// As the list shows the account's videos, the newest first.
type List = fn(&Request, Vec<Value>) -> Answer;

/// A service that loses the answer to the first video, and shows others beside it.
async fn losing(jogg: &Jogg, others: usize, is_honest: &Switch, list: List) -> Server {
    let (jogg, is_honest) = (jogg.clone(), is_honest.clone());
    Server::sped_up(SPEED, move |request| {
        if request.is("POST", CREATE) {
            let answer = jogg.answer(request);
            if jogg.accepted() > 1 {
                return answer;
            }
            jogg.add_others(others, request);
            return Answer::hang_up();
        }
        match request.is("GET", LIST) && !is_honest.is_on() {
            true => list(request, jogg.listed(request)),
            false => jogg.answer(request),
        }
    })
    .await
}

/// What a list has to lead to.
#[derive(Clone, Copy)]
enum Must {
    /// It shows the video.
    Find,
    /// Nothing in it can be told from other people's.
    Hold,
    /// Who reads further than he has to may find it.
    Either,
}

/// Whatever the list shows, one video is paid for, and it is found when the list is as it should be.
async fn play((must, name, list): (Must, &'static str, List)) {
    let (jogg, is_honest, workspace) = (Jogg::new(), Switch::default(), Workspace::new());
    let server = losing(&jogg, 25, &is_honest, list).await;
    let made = workspace.make(&server, "jogg", &["--set", &format!("jogg.name={name}")]);
    let made = made.ended().await;
    match must {
        Must::Find => made.is(0),
        Must::Hold => made.is(6),
        Must::Either => made.is_done_or_held(),
    }
    is_honest.turn();
    workspace.run(&server, &["resume"]).ended().await.is(0);
    assert_eq!((jogg.accepted(), workspace.videos()), (1, 1));
}

#[tokio::test]
async fn jogg_list_capped() {
    let list = |request: &Request, videos: Vec<Value>| page(request, &videos, 20);
    play((Must::Find, "Roast", list)).await;
}

#[tokio::test]
async fn jogg_title_of_its_own() {
    let (jogg, workspace, is_honest) = (Jogg::new(), Workspace::new(), Switch::default());
    let list = |request: &Request, videos| {
        page(request, &titled(videos, |_| "Fresh coffee for busy mornings".to_owned()), 100)
    };
    let server = losing(&jogg, 0, &is_honest, list).await;
    workspace.make(&server, "jogg", &[]).ended().await.is(6);
    workspace.run(&server, &["resume"]).ended().await.is(6);
    assert_eq!((jogg.accepted(), workspace.videos()), (1, 0));
}

const LONG_NAME: &str = "Morning Roast from the hills above the lake";

#[tokio::test]
async fn jogg_lists_that_do_not_show_the_video() {
    let members: [(&str, (Must, &str, List)); 4] = [
        (
            "it comes late",
            (Must::Hold, "Roast", |request, videos| page(request, &others(videos), 100)),
        ),
        ("empty", (Must::Hold, "Roast", |request, _| page(request, &[], 100))),
        (
            "cut at 20, and every page is the first",
            (Must::Hold, "Roast", |_, videos| success(&json!({ "videos": videos[..20] }))),
        ),
        (
            "cut at 20, and no further page has any",
            (Must::Hold, "Roast", |request, videos| {
                let is_first = request.number("page").unwrap_or(1) == 1;
                let videos = if is_first { &videos[..20] } else { &[] };
                success(&json!({ "videos": videos, "total": 20 }))
            }),
        ),
    ];
    side_by_side(members, play).await;
}

/// Times that are none prove nothing, and no page is the last for them.
#[tokio::test]
async fn jogg_lists_times_that_are_none() {
    fn timed(
        request: &Request,
        mut videos: Vec<Value>,
        time: &Value,
        is_odd: fn(usize) -> bool,
    ) -> Answer {
        for (index, video) in videos.iter_mut().enumerate() {
            if is_odd(index) {
                video["created_at"] = time.clone();
            }
        }
        page(request, &videos, 10)
    }
    let members: [(&str, (Must, &str, List)); 4] = [
        ("all zero", (Must::Find, "Roast", |r, videos| timed(r, videos, &json!(0), |_| true))),
        ("one zero", (Must::Find, "Roast", |r, videos| timed(r, videos, &json!(0), |at| at == 4))),
        (
            "a day",
            (Must::Find, "Roast", |r, videos| timed(r, videos, &json!("20261127"), |_| true)),
        ),
        (
            "one of years ago",
            (Must::Find, "Roast", |r, videos| {
                timed(r, videos, &json!("2021-01-01T00:00:00Z"), |at| at == 4)
            }),
        ),
    ];
    side_by_side(members, play).await;
}

#[tokio::test]
async fn jogg_lists_in_pages_of_their_own() {
    let members: [(&str, (Must, &str, List)); 4] = [
        (
            "cut at 20, without a total",
            (Must::Find, "Roast", |request, videos| {
                success(&json!({ "videos": part(request, &videos, 20).0 }))
            }),
        ),
        (
            "with a total of the page",
            (Must::Find, "Roast", |request, videos| {
                let (videos, number) = part(request, &videos, 20);
                success(&json!({ "videos": videos, "total": videos.len(), "page": number }))
            }),
        ),
        (
            "with a total of nothing",
            (Must::Find, "Roast", |request, videos| {
                success(&json!({ "videos": part(request, &videos, 20).0, "total": 0 }))
            }),
        ),
        (
            "the oldest first",
            (Must::Either, "Roast", |request, videos| {
                // Made long before, so that whoever stops at what is older than the call stops here.
                let old = (0..130).map(|number| {
                    json!({ "id": format!("old{number}"), "title": "Old", "status": "completed",
                    "created_at": request.now_ms / 1000 - 86_400 })
                });
                let all: Vec<_> = old.chain(videos.into_iter().rev()).collect();
                page(request, &all, 100)
            }),
        ),
    ];
    side_by_side(members, play).await;
}

#[tokio::test]
async fn jogg_titles_that_are_changed() {
    let members: [(&str, (Must, &str, List)); 7] = [
        (
            "cut at 40, in the name",
            (Must::Either, LONG_NAME, |request, videos| {
                page(request, &titled(videos, |title| cut(title, 40)), 100)
            }),
        ),
        (
            "cut at 60, in the tag",
            (Must::Either, LONG_NAME, |request, videos| {
                page(request, &titled(videos, |title| cut(title, 60)), 100)
            }),
        ),
        (
            "cut at 40, and dots",
            (Must::Either, LONG_NAME, |request, videos| {
                page(request, &titled(videos, |title| format!("{}…", cut(title, 40))), 100)
            }),
        ),
        (
            "cut at 30, in the tag",
            (Must::Either, "Roast", |request, videos| {
                page(request, &titled(videos, |title| cut(title, 30)), 100)
            }),
        ),
        (
            "in capitals",
            (Must::Either, "Roast", |request, videos| {
                page(request, &titled(videos, str::to_uppercase), 100)
            }),
        ),
        (
            "in small letters",
            (Must::Either, "Roast", |request, videos| {
                page(request, &titled(videos, str::to_lowercase), 100)
            }),
        ),
        (
            "without hyphens",
            (Must::Either, "Roast", |request, videos| {
                page(request, &titled(videos, |title| title.replace('-', " ")), 100)
            }),
        ),
    ];
    side_by_side(members, play).await;
}

#[tokio::test]
async fn jogg_lists_with_unreadable_records() {
    let members: [(&str, (Must, &str, List)); 10] = [
        (
            "between readable ones",
            (Must::Find, "Roast", |request, videos| {
                let torn = [
                    json!(null),
                    json!(7),
                    json!("text"),
                    json!({}),
                    json!({ "id": null, "title": null }),
                    json!({ "id": ["x"], "title": { "text": "x" }, "created_at": "yesterday" }),
                ];
                let all: Vec<_> = torn.into_iter().chain(videos).collect();
                page(request, &all, 100)
            }),
        ),
        (
            "ours is one",
            (Must::Either, "Roast", |request, mut videos| {
                for video in videos.iter_mut().filter(|video| is_ours(video)) {
                    *video = json!({ "id": { "text": 1 }, "title": [1] });
                }
                page(request, &videos, 100)
            }),
        ),
        ("one is null", (Must::Find, "Roast", |request, videos| odd(request, videos, json!(null)))),
        (
            "one has no id",
            (Must::Find, "Roast", |request, videos| {
                odd(request, videos, json!({ "title": "x", "created_at": 1 }))
            }),
        ),
        (
            "one's status is a number",
            (Must::Find, "Roast", |request, videos| {
                odd(request, videos, json!({ "id": "o", "title": "x", "status": 7 }))
            }),
        ),
        (
            "a page of them comes first",
            (Must::Find, "Roast", |request, videos| {
                let torn = (0..100).map(|_| json!(null));
                page(request, &torn.chain(videos).collect::<Vec<_>>(), 100)
            }),
        ),
        (
            "the total is a text",
            (Must::Find, "Roast", |request, videos| {
                let (videos, number) = part(request, &videos, 100);
                success(&json!({ "videos": videos, "total": "many", "page": [number] }))
            }),
        ),
        (
            "ours is odd but for its name",
            (Must::Find, "Roast", |request, mut videos| {
                for video in videos.iter_mut().filter(|video| is_ours(video)) {
                    video["created_at"] = json!("2026-11-27 10:00");
                    video["status"] = json!({ "word": "processing" });
                    video["video_duration"] = json!("long");
                }
                page(request, &videos, 100)
            }),
        ),
        (
            "times are none",
            (Must::Find, "Roast", |request, mut videos| {
                for video in &mut videos {
                    video["created_at"] = json!("yesterday");
                }
                page(request, &videos, 20)
            }),
        ),
        (
            "times are milliseconds",
            (Must::Either, "Roast", |request, mut videos| {
                for video in &mut videos {
                    video["created_at"] = json!(request.now_ms);
                }
                page(request, &videos, 20)
            }),
        ),
    ];
    side_by_side(members, play).await;
}

/// The answer to previews is lost, and they stand in their list beside a record without an id.
#[tokio::test]
async fn jogg_previews_beside_unreadable_ones() {
    let (jogg, workspace, title) =
        (Jogg::new(), Workspace::new(), std::sync::Mutex::new(String::new()));
    let server = Server::sped_up(SPEED, move |request| {
        if request.is("POST", PREVIEWS) {
            let name = request.json()["video_spec"]["name"].as_str().unwrap_or_default().to_owned();
            *title.lock().unwrap() = name;
            return Answer::hang_up();
        }
        if request.is("GET", "/v2/product_previews") {
            let title = title.lock().unwrap();
            let ours = json!({ "id": "preview_1", "title": *title, "created_at": "yesterday" });
            let previews = [json!(null), json!({ "title": "x" }), ours];
            return success(&json!({ "previews": previews, "total": "three" }));
        }
        jogg.answer(request)
    });
    let server = server.await;
    let asked = ["--set", "jogg.previews=[\"Simple Product Switch\", \"Split Screen\"]"];
    workspace.make(&server, "jogg", &asked).ended().await;
    let jobs = workspace.lines(&server, &["jobs"]).await;
    assert_ne!(jobs[0]["stage"], "uncertain", "{jobs:?}");
    assert_eq!(server.count("POST", PREVIEWS), 1);
}

/// A list with one more record before the others.
fn odd(request: &Request, videos: Vec<Value>, record: Value) -> Answer {
    page(request, &[vec![record], videos].concat(), 100)
}

fn is_ours(video: &Value) -> bool {
    video["id"].as_str().unwrap().starts_with("vid")
}

fn others(videos: Vec<Value>) -> Vec<Value> {
    videos.into_iter().filter(|video| !is_ours(video)).collect()
}

fn titled(mut videos: Vec<Value>, change: impl Fn(&str) -> String) -> Vec<Value> {
    for video in &mut videos {
        video["title"] = json!(change(video["title"].as_str().unwrap()));
    }
    videos
}

fn cut(title: &str, chars: usize) -> String {
    title.chars().take(chars).collect()
}
