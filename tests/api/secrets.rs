//! Whatever a provider repeats of what it knows: no key, no webhook's secret and no signature of a
//! link is logged at any level, stands in an error or its `Debug`, or is kept. The ledger has the
//! link of the job's own video, and nothing else that is signed.

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use adreel::{
    AccountConfig, CatalogueKind, Client, JobQuery, Keys, Ledger, MemoryLedger, Product,
    ProviderId, VideoRequest,
};
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::InstantClock;

const ID: &str = "id_live_LEAK0";
const KEY: &str = "sk_live_LEAK1/+=";
const SIGNATURE: &str = "X-Amz-Signature=LEAK2";
const SECRET: &str = "whsec_LEAK3";

static LOGGED: Mutex<String> = Mutex::new(String::new());

fn logged() -> MutexGuard<'static, String> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Logger;

impl log::Log for Logger {
    /// The providers here have a log of their own, in which each request stands.
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        !metadata.target().starts_with("httpmock")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!("{} {}: {}\n", record.level(), record.target(), record.args());
        logged().push_str(&line);
    }

    fn flush(&self) {}
}

/// Everything that is logged in this process from now on, by whomever.
fn log_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_boxed_logger(Box::new(Logger)).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

fn words() -> String {
    format!("bad key {KEY} of {ID} ({SECRET}) at https://files.example/a.png?{SIGNATURE}&b=c")
}

/// Words wherever some may stand.
fn odd(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let mut odd: serde_json::Map<_, _> =
                fields.iter().map(|(name, value)| (name.clone(), odd(value))).collect();
            odd.insert(words(), json!([words()]));
            odd.into()
        }
        Value::String(text) if text.is_empty() => words().into(),
        other => other.clone(),
    }
}

fn client(url: &str, ledger: &Arc<MemoryLedger>) -> Client {
    let keys = || Keys::id_and_key(ID, KEY);
    let builder = Client::builder().ledger(Arc::clone(ledger)).clock(InstantClock::default());
    let account = || AccountConfig::new(keys()).base_url(url);
    ProviderId::ALL
        .into_iter()
        .fold(builder, |builder, id| builder.account(id, account()))
        .build()
        .unwrap()
}

/// Calls all that a client can be asked for, and gives back what it said.
async fn say_all(client: &Client, url: &str) -> String {
    let mut said = String::new();
    let mut note = |what: String| said.push_str(&format!("{what}\n"));
    for provider in ProviderId::ALL {
        let request = VideoRequest::new(Product::new("Mug").image_url("https://x.example/p.png"));
        note(format!("{:?}", client.balance(provider).await));
        for kind in CatalogueKind::ALL {
            let Ok(list) = client.catalogue().on(provider).list(kind) else { continue };
            note(format!("{:?}", list.all().await));
        }
        let made = client.generate(&request).on(provider).await;
        if let Ok(video) = &made {
            let folder = tempfile::tempdir().unwrap();
            let saved = video.download(folder.path().join("film.mp4")).await;
            note(format!(
                "{saved:?} {}",
                saved.as_ref().map_or_else(ToString::to_string, |_| String::new())
            ));
        }
        let error = made.err();
        note(format!("{error:?} {}", error.as_ref().map(ToString::to_string).unwrap_or_default()));
        let ensured = client.webhooks().ensure(format!("{url}/hook")).on(provider).await;
        note(format!("{ensured:?}"));
    }
    said
}

#[track_caller]
fn assert_no_secret(text: &str, place: &str) {
    for line in text.lines() {
        assert!(!line.contains("LEAK"), "in {place}: {line:.2000}");
    }
}

async fn kept(ledger: &MemoryLedger) -> Vec<String> {
    let jobs = ledger.list(&JobQuery::all()).await.unwrap();
    jobs.into_iter().map(|job| format!("{:?}", job.unwrap())).collect()
}

/// Every answer refuses in words.
#[tokio::test]
async fn no_refusal_tells_a_secret() {
    log_everything();
    let (server, ledger) = (MockServer::start_async().await, Arc::new(MemoryLedger::new()));
    for (status, body) in [
        (402, json!({ "error": { "code": words(), "message": words() }, "detail": words() })),
        (200, json!({ "code": 18020, "msg": words(), "rid": words(), "data": [words()] })),
        (400, json!({ words(): [words()] })),
        (201, json!({ "data": { "id": [words()], "secret": SECRET }, "code": 0 })),
        (500, json!(words())),
        (401, json!({ "detail": format!("https://api.example/docs/{ID}/x") })),
        (400, json!({ "link": { "url": format!("https://api.example/{ID}?k={KEY}") } })),
        (403, json!({ "error": { "message": format!("{} {}", KEY.to_uppercase(), ID) } })),
    ] {
        let answers = server.mock_async(|when, then| {
            when.any_request();
            then.status(status).json_body(body);
        });
        let answers = answers.await;
        let client = client(&server.base_url(), &ledger);
        assert_no_secret(&say_all(&client, &server.base_url()).await, "what is said");
        answers.delete_async().await;
    }
    for job in kept(&ledger).await {
        assert_no_secret(&job, "the ledger");
    }
    assert!(logged().contains("adreel"), "nothing was logged");
    assert_no_secret(&logged(), "the log");
}

/// A video is made, whose link is signed and leads nowhere.
#[tokio::test]
async fn a_signed_link_stands_in_the_ledger_alone() {
    log_everything();
    let (server, ledger) = (MockServer::start_async().await, Arc::new(MemoryLedger::new()));
    let film = format!("{}/film.mp4?{SIGNATURE}", server.base_url());
    let task = |status: &str| {
        odd(&json!({ "data": { "id": "task_1", "status": status, "error_message": "",
            "output": { "media": [{ "url": film }] } } }))
    };
    let (created, done) = (task("queued"), task("succeeded"));
    let create = server.mock_async(|when, then| {
        when.method(POST).path("/v1/ecommerce-video/tasks");
        then.status(201).json_body(created);
    });
    let read = server.mock_async(|when, then| {
        when.method(GET).path("/v1/tasks/task_1");
        then.status(200).json_body(done);
    });
    let gone = server.mock_async(|when, then| {
        when.method(GET).path("/film.mp4");
        then.status(403).body(words());
    });
    let _mocks = (create.await, read.await, gone.await);
    let client = client(&server.base_url(), &ledger);
    let request = VideoRequest::new(Product::new("Mug").image_url("https://x.example/p.png"));
    let video = client.generate(&request).on(ProviderId::BeatApi).await.unwrap();
    assert_eq!(video.url(), film);
    let folder = tempfile::tempdir().unwrap();
    let error = video.download(folder.path().join("film.mp4")).await.unwrap_err();
    assert_no_secret(&format!("{error} {error:?}"), "the error");
    assert_no_secret(&logged(), "the log");
    let jobs = kept(&ledger).await;
    let job = jobs[0].replace(&film, "LINK");
    // Once as the video's address, once in the answer that it was read from.
    assert_eq!(job.matches("LINK").count(), 2, "{job}");
    for secret in [KEY, ID, SECRET] {
        assert!(!job.contains(secret), "{secret} in {job}");
    }
}
