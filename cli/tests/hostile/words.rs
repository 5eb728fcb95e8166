//! A provider's words hold whatever it likes: our keys, a webhook's secret, a signed link, what a
//! terminal obeys, and more of it than anybody reads. [`Workspace`] finds secrets in every output and
//! every file; what else may not get through is asked for here.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::command::{Ended, KEY, Workspace};
use crate::dialect::{BeatApi, Services, VIDEO, beatapi, creatify, is_paid, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// What only a signed link holds.
const SIGNATURE: &str = "X-Signature=c0ffee";

/// Everything at once.
fn words() -> String {
    let split = format!("{}\u{200b}{}", &KEY[..5], &KEY[5..]);
    format!(
        "bad key {KEY} ({split}) of whsec_c29tZXRoaW5n\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e} \
         at https://files.example/a.png?{SIGNATURE}\r\n{}",
        "and so on ".repeat(3_000)
    )
}

/// What nobody may see or keep, whatever was said.
#[track_caller]
fn assert_plain(text: &str, place: &str) {
    for odd in ["\u{1b}", "\u{7}", "\u{9b}", "\u{202e}", "\u{200b}", SIGNATURE] {
        assert!(!text.contains(odd), "{odd:?} stands in {place}: {text:.300}");
    }
    assert!(text.len() < 50_000, "{} bytes of {place}", text.len());
}

/// What is answered in place of what the service answers, which is asked only then.
type Odd = fn(&Request, &dyn Fn() -> Answer) -> Answer;

fn is_read(request: &Request) -> bool {
    [beatapi::TASK, creatify::RECORDS, jogg::READ].iter().any(|path| request.is("GET", path))
}

fn with_fields(answer: Answer, fields: &Value) -> Answer {
    answer.with_json(|body| {
        let record = if body["data"].is_object() { &mut body["data"] } else { body };
        let records = match record {
            Value::Array(records) => records.iter_mut().collect(),
            record => vec![record],
        };
        for record in records {
            for (name, value) in fields.as_object().unwrap() {
                record[name] = value.clone();
            }
        }
    })
}

/// A refusal in the words of each provider.
fn refused(request: &Request, status: u16) -> Answer {
    match request.path.split('/').nth(1) {
        Some("v1") => Answer::json(
            status,
            &json!({ "error": { "code": words(), "message": words(), "request_id": words() } }),
        ),
        Some("api") => Answer::json(status, &json!({ words(): [words()] })),
        _ => Answer::json(200, &json!({ "code": 18020, "msg": words(), "rid": words() })),
    }
}

#[track_caller]
fn ended_plainly(args: &[&str], ended: &Ended) {
    assert!(ended.code.is_some(), "{args:?} did not end: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{args:?}: {ended:?}");
    assert_plain(&ended.stdout, &format!("the output of {args:?}"));
    assert_plain(&ended.stderr, &format!("the messages of {args:?}"));
}

/// Makes a job, and then asks for all that the command can show.
async fn is_told_plainly((provider, odd): (&'static str, Odd)) {
    let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = || service.answer(request);
        if request.is("GET", VIDEO) { answer() } else { odd(request, &answer) }
    });
    let server = server.await;
    for more in [&["--time-limit", "4s"][..], &["--json", "--time-limit", "4s"]] {
        ended_plainly(&["make"], &workspace.make(&server, provider, more).ended().await);
    }
    // What shows what is there waits for nothing of the others.
    let shown = [
        &["jobs"][..],
        &["jobs", "--json"],
        &["balance"],
        &["doctor"],
        &["doctor", "--json"],
        &["resolve", "--all"],
        &["catalogue", "voices", "--provider", provider],
        &["catalogue", "presenters", "--json", "--provider", provider],
    ];
    let (workspace, server) = (&workspace, &server);
    let shown = shown.map(|args| async move { (args, workspace.run(server, args).ended().await) });
    for (args, ended) in join_all(shown).await {
        ended_plainly(args, &ended);
    }
    assert!(services.accepted() <= 1, "paid {} times", services.accepted());
    assert_plain_ledger(workspace);
}

/// The ledger keeps what was said in short.
fn assert_plain_ledger(workspace: &Workspace) {
    let ledger = std::fs::read(workspace.path("jobs.db")).unwrap();
    let holds = |part: &str| ledger.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    for odd in [SIGNATURE, "\u{1b}[2J", "\\u001b", "\u{202e}"] {
        assert!(!holds(odd), "{odd:?} was kept");
    }
    assert!(ledger.len() < 1 << 20, "{} bytes", ledger.len());
}

const PROVIDERS: [&str; 3] = ["beatapi", "creatify", "jogg"];

async fn at_each(odd: Odd) {
    side_by_side(PROVIDERS.map(|name| (name, (name, odd))), is_told_plainly).await;
}

#[tokio::test]
async fn of_a_job_that_failed() {
    at_each(|request, answer| match is_read(request) {
        true => with_fields(
            answer(),
            &json!({ "status": "failed", "error_message": words(), "error_code": words(),
                "failed_reason": words(), "error": { "message": words(), "code": words() } }),
        ),
        false => answer(),
    })
    .await;
}

#[tokio::test]
async fn of_a_status_that_nobody_knows() {
    at_each(|request, answer| match is_read(request) {
        true => with_fields(answer(), &json!({ "status": words() })),
        false => answer(),
    })
    .await;
}

#[tokio::test]
async fn of_a_call_that_is_refused() {
    at_each(|request, answer| match is_paid(request) || request.method == "GET" {
        true => refused(request, 402),
        false => answer(),
    })
    .await;
}

/// It is told by its place and by what was expected there.
#[tokio::test]
async fn of_an_answer_that_does_not_fit() {
    at_each(|request, answer| match is_paid(request) {
        true => with_fields(
            answer(),
            &json!({ "id": { words(): words() }, "video_id": [words()], "status": [words()] }),
        ),
        false if is_read(request) => {
            with_fields(answer(), &json!({ "status": { words(): words() } }))
        }
        false => Answer::json(200, &json!({ "data": words(), "code": 0, words(): words() })),
    })
    .await;
}

#[tokio::test]
async fn of_an_edge() {
    at_each(|_, _| Answer::text(503, &words())).await;
}

type Id = fn() -> String;

/// An id of ten megabytes is none, and neither is a way up. Both are held at once.
async fn is_held_at_once((provider, id): (&'static str, Id)) {
    let (services, workspace, is_first) =
        (Services::new(BeatApi::at_launch()), Workspace::new(), Switch::default());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(request);
        match is_paid(request) && is_first.is_first() {
            true => with_fields(answer, &json!({ "id": id(), "video_id": id() })),
            false => answer,
        }
    });
    let server = server.await;
    let made = workspace.make(&server, provider, &[]).ended().await;
    made.is(if provider == "jogg" { 0 } else { 6 });
    assert_plain(&made.stderr, "the messages");
    assert_eq!(services.accepted(), 1);
    assert_plain_ledger(&workspace);
}

#[tokio::test]
async fn for_an_id() {
    let members: [(&str, (&str, Id)); 4] = [
        ("words at BeatAPI", ("beatapi", words)),
        ("dots at BeatAPI", ("beatapi", || "...".to_owned())),
        ("300 letters at Creatify", ("creatify", || "x".repeat(300))),
        ("nothing that is seen at Creatify", ("creatify", || "a\u{200b}b".to_owned())),
    ];
    side_by_side(members, is_held_at_once).await;
}

/// Apart from the others, whose answers would wait for these to be written.
#[tokio::test]
async fn for_an_id_of_ten_megabytes() {
    let members: [(&str, (&str, Id)); 2] = [
        ("at BeatAPI", ("beatapi", || "x".repeat(10_000_000))),
        ("at JoggAI", ("jogg", || "x".repeat(10_000_000))),
    ];
    side_by_side(members, is_held_at_once).await;
}

/// What stands beside a video is kept with it, but neither without end nor with a key.
#[tokio::test]
async fn beside_a_video() {
    async fn play(provider: &'static str) {
        let (services, workspace) = (Services::new(BeatApi::at_launch()), Workspace::new());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = service.answer(request);
            match is_read(request) {
                true => {
                    with_fields(answer, &json!({ "note": words(), "more": [words(), words()] }))
                }
                false => answer,
            }
        });
        let server = server.await;
        workspace.make(&server, provider, &[]).ended().await.is(0);
        assert_eq!((services.accepted(), workspace.videos()), (1, 1));
        assert!(std::fs::metadata(workspace.path("jobs.db")).unwrap().len() < 1 << 20);
    }
    side_by_side(PROVIDERS.map(|name| (name, name)), play).await;
}
