//! Fields of answers that no spec knows in this form. A call that was paid for and accepted is
//! neither held nor lost for one of them, and neither is its status.

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::dialect::{BeatApi, Services, beatapi, creatify, is_paid, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, side_by_side};

/// What is written into the answers about a job: to the call that was paid for, and to reads.
type Odd = fn(&mut Value, &Request);

/// Fields that are written over those of a record.
type Fields = fn() -> Value;

/// What is sent instead of a body.
type Rewrite = fn(String) -> Vec<u8>;

fn is_about_a_job(request: &Request) -> bool {
    let reads = [beatapi::TASK, creatify::RECORDS, jogg::READ];
    is_paid(request)
        || creatify::is_video(request)
        || reads.iter().any(|path| request.is("GET", path))
}

/// Writes fields over those of a record, also inside of BeatAPI's and JoggAI's envelope.
fn write(answer: &mut Value, fields: Value) {
    let record = if answer["data"].is_object() { &mut answer["data"] } else { answer };
    for (name, value) in fields.as_object().unwrap() {
        record[name] = value.clone();
    }
}

async fn is_made((provider, odd): (&'static str, Odd)) {
    let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        match is_about_a_job(request) {
            true => answer.with_json(|body| odd(body, request)),
            false => answer,
        }
    });
    let server = server.await;
    let made = workspace.make(&server, provider, &[]).ended().await;
    made.is(0);
    assert_eq!((services.accepted(), workspace.videos()), (1, 1), "{made:?}");
}

#[tokio::test]
async fn odd_fields_of_a_task() {
    let members: [(&str, (&str, Odd)); 10] = [
        (
            "times of every kind",
            ("beatapi", |body, _| {
                write(
                    body,
                    json!({ "created_at": "2026-06-23T10:20:00Z", "updated_at": 1.78221e9 }),
                );
            }),
        ),
        (
            "times that are none",
            ("beatapi", |body, _| {
                write(body, json!({ "created_at": {}, "updated_at": [], "completed_at": "soon" }));
            }),
        ),
        (
            "amounts that are none",
            ("beatapi", |body, _| {
                let usage = json!({ "credits_reserved": "4,50 €", "credits_settled": {} });
                write(body, json!({ "usage": usage }));
            }),
        ),
        (
            "texts where objects were",
            ("beatapi", |body, _| {
                write(body, json!({ "usage": "none", "storyboard": "", "workflow": 7 }));
            }),
        ),
        (
            "a wait as text",
            ("beatapi", |body, _| {
                write(body, json!({ "poll_after_seconds": "1.5", "progress": "90 %" }));
            }),
        ),
        (
            "errors of no kind",
            ("beatapi", |body, _| {
                write(body, json!({ "error_code": { "a": 1 }, "error_message": [] }));
            }),
        ),
        (
            "capitals",
            ("beatapi", |body, _| {
                let word = body["data"]["status"].as_str().unwrap().to_uppercase();
                write(body, json!({ "status": format!(" {word} ") }));
            }),
        ),
        (
            "a picture first",
            ("beatapi", |body, request| {
                if body["data"]["output"].is_object() {
                    let picture = json!({ "type": "image", "url": request.address("/cover.png") });
                    let video =
                        json!({ "mime_type": "video/mp4", "url": request.address("/v.mp4") });
                    write(body, json!({ "output": { "media": [picture, video] } }));
                }
            }),
        ),
        (
            "what nobody sees in a status",
            ("beatapi", |body, _| {
                let word = body["data"]["status"].as_str().unwrap().to_owned();
                write(body, json!({ "status": format!("\u{feff}{word}\u{200b}") }));
            }),
        ),
        (
            "an empty link first",
            ("beatapi", |body, request| {
                if body["data"]["output"].is_object() {
                    let media = json!([{ "url": "" }, null, { "url": 7 }, "x"]);
                    let output = json!({ "media": media, "r2_url": request.address("/v.mp4") });
                    write(body, json!({ "output": output }));
                }
            }),
        ),
    ];
    side_by_side(members, is_made).await;
}

#[tokio::test]
async fn odd_fields_of_a_record() {
    let members: [(&str, (&str, Odd)); 5] = [
        (
            "what nobody sees in a status",
            ("creatify", |body, _| {
                let word = body["status"].as_str().unwrap().replace('_', "\u{2060}_");
                write(body, json!({ "status": word }));
            }),
        ),
        (
            "times as numbers",
            ("creatify", |body, _| {
                write(body, json!({ "created_at": 1_782_210_000.25, "updated_at": false }));
            }),
        ),
        (
            "texts that are none",
            ("creatify", |body, _| {
                write(body, json!({ "failed_reason": [], "type": {}, "regen_type": 7 }));
            }),
        ),
        (
            "capitals",
            ("creatify", |body, _| {
                let word = body["status"].as_str().unwrap().to_uppercase();
                write(body, json!({ "status": word }));
            }),
        ),
        (
            "an address that is none",
            ("creatify", |body, _| {
                write(body, json!({ "generated_photo_url": { "url": "x" }, "webhook_url": false }));
            }),
        ),
    ];
    side_by_side(members, is_made).await;
}

#[tokio::test]
async fn odd_fields_of_a_video() {
    let members: [(&str, (&str, Odd)); 8] = [
        (
            "what nobody sees in a status",
            ("jogg", |body, _| {
                let word = body["data"]["status"].as_str().unwrap().to_owned();
                write(body, json!({ "status": format!("{word}\u{200b}") }));
            }),
        ),
        ("a row's number as its id", ("jogg", |body, _| write(body, json!({ "id": 777 })))),
        (
            "an id of its row beside its own",
            ("jogg", |body, request| {
                if request.method == "GET" {
                    write(body, json!({ "video_id": "row-777" }));
                }
            }),
        ),
        (
            "an envelope as text",
            ("jogg", |body, _| {
                body["code"] = json!("0");
                body["msg"] = Value::Null;
            }),
        ),
        (
            "an envelope without a word",
            ("jogg", |body, _| {
                body["code"] = json!(0.0);
                body["msg"] = json!(["Success"]);
            }),
        ),
        (
            "numbers as text",
            ("jogg", |body, _| {
                write(body, json!({ "deducted_credit": "1.5", "video_duration": "15.0" }));
            }),
        ),
        (
            "numbers that are none",
            ("jogg", |body, _| {
                write(
                    body,
                    json!({ "deducted_credit": "one", "duration": {}, "created_at": "soon" }),
                );
            }),
        ),
        (
            "capitals and blanks",
            ("jogg", |body, _| {
                let word = body["data"]["status"].as_str().unwrap().to_uppercase();
                write(body, json!({ "status": format!("{word}\n"), "cover_url": "" }));
            }),
        ),
    ];
    side_by_side(members, is_made).await;
}

/// The ids of the services here, by which they know what they made, and the numbers that stand for
/// them on the wire.
const NUMBERS: [(&str, &str); 3] =
    [("task_1", "4711"), ("7e5e8a6f-d0d5-4736-b390-000000000000", "4712"), ("vid0", "4713")];

#[tokio::test]
async fn an_id_as_a_number() {
    fn number(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(number),
            Value::Object(fields) => fields.values_mut().for_each(number),
            Value::String(text) => {
                if let Some((_, number)) = NUMBERS.iter().find(|(id, _)| id == text) {
                    *value = json!(number.parse::<u64>().unwrap());
                }
            }
            _ => {}
        }
    }
    async fn play(provider: &'static str) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let mut known = request.clone();
            for (id, number) in NUMBERS {
                known.path = known.path.replace(number, id);
                if let Some(ids) = known.query.get_mut("ids") {
                    *ids = ids.replace(number, id);
                }
            }
            let is_file = request.is("GET", crate::dialect::VIDEO);
            let answer = service.answer(&known);
            if is_file { answer } else { answer.with_json(number) }
        });
        let server = server.await;
        let made = workspace.make(&server, provider, &[]).ended().await;
        made.is(0);
        assert_eq!((services.accepted(), workspace.videos()), (1, 1), "{made:?}");
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}

/// A job failed, and why stands where no spec says it. It is told all the same.
#[tokio::test]
async fn a_reason_in_an_unusual_place() {
    async fn play((provider, reason): (&'static str, Fields)) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            let is_read = is_about_a_job(request) && request.method == "GET";
            match is_read {
                true => answer.with_json(|body| {
                    write(body, json!({ "status": "failed" }));
                    write(body, reason());
                }),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, provider, &[]).ended().await;
        assert!(made.stderr.contains("the mug has no handle"), "{made:?}");
        assert_eq!(services.accepted(), 1);
    }
    let members: [(&str, (&str, Fields)); 7] = [
        (
            "in an error at BeatAPI",
            ("beatapi", || json!({ "error": { "message": "the mug has no handle", "code": 7 } })),
        ),
        (
            "in its output",
            ("beatapi", || json!({ "output": { "failure_reason": "the mug has no handle" } })),
        ),
        (
            "in a list at Creatify",
            ("creatify", || json!({ "failed_reason": ["the mug has no handle"] })),
        ),
        (
            "in details at Creatify",
            (
                "creatify",
                || json!({ "failed_reason": "", "details": { "image": "the mug has no handle" } }),
            ),
        ),
        ("in a message at JoggAI", ("jogg", || json!({ "message": "the mug has no handle" }))),
        (
            "in an error at JoggAI",
            ("jogg", || json!({ "error": [{ "reason": "the mug has no handle" }] })),
        ),
        ("as a text at JoggAI", ("jogg", || json!({ "error": "the mug has no handle" }))),
    ];
    side_by_side(members, play).await;
}

/// What stands beside a failed video is why, and what says nothing is not.
#[tokio::test]
async fn a_reason_in_the_envelope() {
    async fn play((message, code, is_told): (&'static str, Value, bool)) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match is_about_a_job(request) && request.method == "GET" {
                true => answer.with_json(|body| {
                    body["msg"] = json!(message);
                    let script = json!({ "message": "Buy now!" });
                    let attempts = json!([{ "status": "success", "error": "none" }]);
                    write(
                        body,
                        json!({ "status": "failed", "script": script, "attempts": attempts,
                            "error_code": code, "error": "null" }),
                    );
                }),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, "jogg", &[]).ended().await;
        assert_eq!(made.stderr.contains("the mug has no handle"), is_told, "{made:?}");
        assert_eq!(made.stderr.contains("gives no reason"), !is_told, "{made:?}");
        for other in ["Buy now", "(0)", "none", "null"] {
            assert!(!made.stderr.contains(other), "{made:?}");
        }
        assert_eq!(services.accepted(), 1);
    }
    let members = [
        ("a sentence", ("video failed: the mug has no handle", json!(0), true)),
        ("the usual word", ("Success", json!("0"), false)),
        ("no word", ("", json!(null), false)),
    ];
    side_by_side(members, play).await;
}

/// An answer that names another video, also by a number, is not one about ours.
#[tokio::test]
async fn the_status_of_another_video() {
    async fn play(ids: Value) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match request.is("GET", jogg::READ) {
                true => answer.with_json(|body| write(body, ids.clone())),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, "jogg", &["--time-limit", "3s"]).ended().await;
        assert!(made.stderr.contains("another id"), "{made:?}");
        assert_eq!((services.accepted(), workspace.videos()), (1, 0));
    }
    let members = [
        ("a number", json!({ "video_id": 999, "id": null })),
        ("a number under its other name", json!({ "video_id": "", "id": 999 })),
        ("both", json!({ "video_id": "vid1", "id": "999" })),
    ];
    side_by_side(members, play).await;
}

/// What moderation refused has ended, however its word is written.
#[tokio::test]
async fn a_word_of_an_end_with_what_nobody_sees() {
    async fn play(word: &'static str) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match is_about_a_job(request) && request.method == "GET" {
                true => answer.with_json(|body| {
                    write(body, json!({ "status": word, "failed_reason": "no mug" }));
                }),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, "creatify", &[]).ended().await;
        assert!(made.stderr.contains("no mug"), "{made:?}");
        assert_eq!((services.accepted(), workspace.videos()), (1, 0));
    }
    let members = ["REJECTED ", "rejected\u{200b}", "\u{feff}Rejected\n"];
    side_by_side(members.map(|word| (word, word)), play).await;
}

/// A job has succeeded, and no address of its video can be read. The wait ends, and says so.
#[tokio::test]
async fn a_success_without_a_link() {
    async fn play((provider, fields): (&'static str, Fields)) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match is_about_a_job(request) && request.method == "GET" {
                true => answer.with_json(|body| write(body, fields())),
                false => answer,
            }
        });
        let server = server.await;
        let made = workspace.make(&server, provider, &["--time-limit", "3s"]).ended().await;
        assert!(
            made.stderr.contains("is no address") || made.stderr.contains("is an address"),
            "{made:?}"
        );
        assert!(!made.stderr.contains("not submitted"), "{made:?}");
        assert_eq!((services.accepted(), workspace.videos()), (1, 0));
    }
    let members: [(&str, (&str, Fields)); 5] = [
        ("null", ("beatapi", || json!({ "output": null }))),
        ("empty", ("beatapi", || json!({ "output": { "media": [], "r2_url": " " } }))),
        ("no address", ("beatapi", || json!({ "output": { "r2_url": "file:///etc/passwd" } }))),
        ("a word", ("jogg", || json!({ "video_url": "pending" }))),
        ("a script", ("jogg", || json!({ "video_url": "javascript:alert(1)" }))),
    ];
    side_by_side(members, play).await;
}

/// One record that cannot be read hides no other of a list.
#[tokio::test]
async fn a_torn_record_in_a_list() {
    let workspace = Workspace::new();
    let server = Server::sped_up(SPEED, |request| match request.path.as_str() {
        "/api/voices/paginated/" => Answer::json(
            200,
            &json!({ "count": "3", "next": "", "results": [
                { "name": "Ann", "accents": [{ "id": "a1", "accent_name": "UK" }] },
                null,
                7,
                { "name": { "sk": 1 }, "accents": "x" },
                { "name": "Bob", "accents": [{ "id": [] }, { "id": 12, "accent_name": "US" }] },
            ] }),
        ),
        _ => creatify::not_found(),
    });
    let server = server.await;
    let listed = workspace.lines(&server, &["catalogue", "voices", "--provider", "creatify"]).await;
    let ids: Vec<_> = listed.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a1", "12"], "{listed:?}");
}

/// Bodies that are not quite JSON, and an answer that says an id and no status.
#[tokio::test]
async fn bodies_that_are_not_quite_json() {
    async fn play((provider, odd): (&'static str, Rewrite)) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            if is_about_a_job(request) { answer.with_body(odd) } else { answer }
        });
        let server = server.await;
        workspace.make(&server, provider, &[]).ended().await.is(0);
        assert_eq!((services.accepted(), workspace.videos()), (1, 1));
    }
    fn with(body: String, more: &[u8]) -> Vec<u8> {
        let head = body.trim_end_matches('}');
        let closing = "}".repeat(body.len() - head.len());
        [head.as_bytes(), b",\"note\":", more, closing.as_bytes()].concat()
    }
    let members: [(&str, (&str, Rewrite)); 11] = [
        ("half a character", ("beatapi", |body| with(body, br#""\ud83d""#))),
        ("no number", ("beatapi", |body| with(body, b"NaN"))),
        ("no text", ("creatify", |body| with(body, b"\"caf\xe9\""))),
        ("beyond a number", ("creatify", |body| with(body, b"-1e999"))),
        ("a mark of byte order", ("jogg", |body| [b"\xef\xbb\xbf", body.as_bytes()].concat())),
        ("a line break", ("jogg", |body| with(body, b"\"a\nb\""))),
        ("a byte 0 behind", ("beatapi", |body| [body.as_bytes(), b"\0"].concat())),
        ("a comment behind", ("creatify", |body| [body.as_bytes(), b"<!-- a -->"].concat())),
        ("a guard before", ("jogg", |body| [b")]}'\n", body.as_bytes()].concat())),
        ("another language's nothing", ("creatify", |body| with(body, b"None,"))),
        ("twice", ("beatapi", |body| [body.as_bytes(), body.as_bytes()].concat())),
    ];
    side_by_side(members, play).await;
}

#[tokio::test]
async fn an_id_without_a_status() {
    fn without_status(body: &mut Value, request: &Request) {
        if request.method == "POST" {
            write(body, json!({ "status": null }));
        }
    }
    let members: [(&str, (&str, Odd)); 3] = [
        ("beatapi", ("beatapi", without_status)),
        ("creatify", ("creatify", without_status)),
        ("jogg", ("jogg", without_status)),
    ];
    side_by_side(members, is_made).await;
}
