//! Rate limits, slots, and requests that come too early.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// A sandbox that refuses what is too much, with two slots.
async fn strict() -> Sandbox {
    still_with(|builder| builder.beatapi_slots(2)).await
}

fn beatapi<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer sk_test")
}

fn order() -> Value {
    json!({"images": ["https://cdn.example.com/a.png"], "duration": 10})
}

async fn create(sandbox: &Sandbox) -> Answer {
    beatapi(sandbox, "POST /v1/ecommerce-video/tasks").json(&order()).send().await
}

/// Limit and use of the slots, as the account is told.
async fn concurrency(sandbox: &Sandbox) -> (u64, u64) {
    let usage = beatapi(sandbox, "GET /v1/usage").send().await.json();
    let slots = &usage["data"]["concurrency"];
    (slots["limit"].as_u64().unwrap(), slots["active"].as_u64().unwrap())
}

fn assert_refused(answer: &Answer, code: &str, secs: u64) {
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some(&*secs.to_string()));
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["retryable"], &error["retry_after_seconds"]),
        (&code.into(), &true.into(), &secs.into())
    );
    assert!(error["request_id"].as_str().unwrap().starts_with("req_"));
}

fn tally(sandbox: &Sandbox, provider: Provider) -> Tally {
    sandbox.counters().providers[provider.as_str()]
}

#[tokio::test]
async fn the_twenty_first_post_of_a_minute_is_refused_at_jogg() {
    let sandbox = strict().await;
    let post = |key: &str| {
        let call = Call::new(&sandbox, "POST /v2/product").header("x-api-key", key);
        call.json(&json!({"name": "Morning Roast"})).send()
    };
    for left in (0..20).rev() {
        let answer = post("a").await;
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(&*left.to_string()));
        assert_eq!(answer.json()["code"], 0);
        skip(&sandbox, 1);
    }
    let refused = post("a").await;
    let text = "Rate limit exceeded. Please try again later.";
    assert_eq!(refused.json(), json!({"code": 429, "msg": text, "data": null}));
    assert_eq!((refused.status, refused.header("retry-after")), (200, Some("40")));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));

    // Neither another's nor a read, and a refused one does not put off the next.
    assert_eq!(post("b").await.json()["code"], 0);
    let read = Call::new(&sandbox, "GET /v2/product_videos").header("x-api-key", "a").send().await;
    assert_eq!((&read.json()["code"], read.header("x-ratelimit-remaining")), (&0.into(), None));
    skip(&sandbox, 39);
    assert_eq!(post("a").await.json()["code"], 429);
    skip(&sandbox, 1);
    assert_eq!(post("a").await.json()["code"], 0);
    assert_eq!(post("a").await.json()["code"], 429);
    // What is wrong with a request does not keep it from being counted.
    let wrong = Call::new(&sandbox, "POST /v2/product").header("x-api-key", "c");
    let wrong = wrong.json(&json!([])).send().await;
    assert_eq!(wrong.header("x-ratelimit-remaining"), Some("19"));
    assert_eq!(wrong.json()["code"], 40000);
}

#[tokio::test]
async fn a_hundred_and_twenty_reads_of_tasks_pass_in_a_minute() {
    let sandbox = strict().await;
    let read = || beatapi(&sandbox, "GET /v1/tasks/task_nobody").send();
    for _ in 0..120 {
        assert_eq!(read().await.status, 404);
    }
    skip(&sandbox, 48);
    assert_refused(&read().await, "rate_limit_exceeded", 12);
    assert_eq!(beatapi(&sandbox, "GET /v1/usage").send().await.status, 200);
    skip(&sandbox, 12);
    assert_eq!(read().await.status, 404);
}

#[tokio::test]
async fn a_task_more_than_there_are_slots_has_to_wait_for_one() {
    let sandbox = strict().await;
    assert_eq!(concurrency(&sandbox).await, (2, 0));
    let first = create(&sandbox).await.json()["data"]["id"].as_str().unwrap().to_owned();
    skip(&sandbox, 20);
    assert_eq!(create(&sandbox).await.status, 201);
    assert_eq!(concurrency(&sandbox).await, (2, 2));
    assert_refused(&create(&sandbox).await, "user_concurrency_exceeded", 30);
    assert_eq!((sandbox.ledger().len(), tally(&sandbox, Provider::BeatApi).jobs), (2, 2));
    // It is the account's slots that are taken.
    let other = Call::new(&sandbox, "POST /v1/ecommerce-video/tasks");
    let other = other.header("Authorization", "Bearer sk_other").json(&order()).send().await;
    assert_eq!(other.status, 201);

    skip(&sandbox, 114);
    let task = async || beatapis_task(&sandbox, &first).await;
    until(task, |task| task["status"] != "processing").await;
    assert_eq!(concurrency(&sandbox).await, (2, 1));
    assert_eq!(create(&sandbox).await.status, 201);
    assert_refused(&create(&sandbox).await, "user_concurrency_exceeded", 30);
    assert_eq!(tally(&sandbox, Provider::BeatApi).slots_over_limit, 2);
}

/// A task, read so that reading it over and over is not too much.
async fn beatapis_task(sandbox: &Sandbox, id: &str) -> Value {
    let task = beatapi(sandbox, &format!("GET /v1/tasks/{id}")).send().await;
    if task.status == 429 {
        skip(sandbox, 1);
        return json!({"status": "processing"});
    }
    task.json()["data"].take()
}

#[tokio::test]
async fn a_storyboard_that_waits_for_its_caller_holds_no_slot() {
    let sandbox = strict().await;
    let mut body = order();
    body["audio_url"] = "https://cdn.example.com/a.mp3".into();
    body["compose_mode"] = "manual".into();
    let made = beatapi(&sandbox, "POST /v1/music-video/tasks").json(&body).send().await;
    assert_eq!(made.status, 201, "{}", made.json());
    assert_eq!(concurrency(&sandbox).await, (2, 1));
    skip(&sandbox, 300);
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    let task = async || beatapis_task(&sandbox, &id).await;
    until(task, |task| task["status"] == "storyboard_ready").await;
    assert_eq!(concurrency(&sandbox).await, (2, 0));
}

#[tokio::test]
async fn of_many_at_once_as_many_are_accepted_as_there_are_slots() {
    let sandbox = strict().await;
    let creates = futures_util::future::join_all((0..20).map(|_| create(&sandbox))).await;
    let accepted = creates.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((accepted, sandbox.ledger().len()), (2, 2));
    assert!(creates.iter().all(|answer| matches!(answer.status, 201 | 429)));
    assert_eq!(tally(&sandbox, Provider::BeatApi).slots_over_limit, 18);
}

#[tokio::test]
async fn without_limits_nothing_is_too_much() {
    let sandbox = still_with(|builder| builder.beatapi_slots(1).limits(false)).await;
    for _ in 0..3 {
        assert_eq!(create(&sandbox).await.status, 201);
    }
    for _ in 0..130 {
        assert_eq!(beatapi(&sandbox, "GET /v1/tasks/task_nobody").send().await.status, 404);
    }
    assert_eq!(concurrency(&sandbox).await, (1, 3));
    assert_eq!(tally(&sandbox, Provider::BeatApi).slots_over_limit, 2);
}

/// A create of which only the head has been sent, and which the sandbox has begun to read.
struct HalfSent {
    stream: TcpStream,
    body: String,
}

impl HalfSent {
    async fn send(sandbox: &Sandbox, key: &str, body: &Value) -> Self {
        let host = sandbox.url().strip_prefix("http://").unwrap();
        let body = body.to_string();
        // Whoever expects this is told when somebody reads the body.
        let head = format!(
            "POST /v1/ecommerce-video/tasks HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Authorization: Bearer sk_test\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut told = [0; 25];
        stream.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    async fn finish(mut self) -> Value {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

#[tokio::test]
async fn a_key_is_in_flight_until_its_first_request_is_answered() {
    let sandbox = strict().await;
    let send = async |line: &str, body: &Value| {
        beatapi(&sandbox, line).header("Idempotency-Key", "k").json(body).send().await
    };
    let line = "POST /v1/ecommerce-video/tasks";
    let conflict = |answer: Answer| {
        assert_eq!(super::beatapi::refusal(&answer), (409, "idempotency_conflict".to_owned()));
        answer.json()["error"]["message"].as_str().unwrap().to_owned()
    };

    let first = HalfSent::send(&sandbox, "k", &order()).await;
    assert!(conflict(send(line, &order()).await).ends_with("in flight"));
    let other = Call::new(&sandbox, line).header("Authorization", "Bearer sk_other");
    let other = other.header("Idempotency-Key", "k").json(&order()).send().await;
    assert_eq!(other.status, 201, "another account's key is another key");
    let task = first.finish().await["data"]["id"].take();
    let replay = send(line, &order()).await;
    assert_eq!((replay.status, &replay.json()["data"]["id"]), (201, &task));

    // The other way round, the first is over when the second's head is read.
    let late = HalfSent::send(&sandbox, "k", &order()).await;
    assert_eq!(send(line, &order()).await.json()["data"]["id"], task);
    assert_eq!(late.finish().await["data"]["id"], task);
    let mut changed = order();
    changed["duration"] = 11.into();
    let late = HalfSent::send(&sandbox, "k", &changed).await.finish().await;
    assert_eq!(late["error"]["code"], "idempotency_conflict");
    let music = json!({"images": ["https://cdn.example.com/a.png"], "duration": 10});
    assert!(conflict(send("POST /v1/music-video/tasks", &music).await).contains("another request"));
    assert_eq!(sandbox.ledger().len(), 2);
}

#[tokio::test]
async fn a_request_that_came_to_nothing_leaves_its_key_free() {
    let sandbox = strict().await;
    let send = async |key: &str, body: &Value| {
        let call = beatapi(&sandbox, "POST /v1/ecommerce-video/tasks");
        call.header("Idempotency-Key", key).json(body).send().await.status
    };
    // One that is wrong, one that breaks off, and one that finds no slot.
    let mut wrong = order();
    wrong["duration"] = 61.into();
    assert_eq!((send("a", &wrong).await, send("a", &order()).await), (400, 201));
    drop(HalfSent::send(&sandbox, "b", &wrong).await);
    let mut status = send("b", &order()).await;
    for _ in 0..100_000 {
        if status != 409 {
            break;
        }
        tokio::task::yield_now().await;
        status = send("b", &order()).await;
    }
    assert_eq!((status, sandbox.ledger().len()), (201, 2));
    assert_eq!(send("c", &order()).await, 429);
    skip(&sandbox, 134);
    let free = async || Value::from(concurrency(&sandbox).await.1);
    until(free, |active| *active == 0).await;
    assert_eq!(send("c", &order()).await, 201);
}

#[tokio::test]
async fn who_comes_back_before_the_wait_is_over_is_counted() {
    let sandbox = strict().await;
    let early = |provider| tally(&sandbox, provider).early_retries;
    for _ in 0..3 {
        create(&sandbox).await;
    }
    assert_eq!(early(Provider::BeatApi), 0);
    skip(&sandbox, 29);
    create(&sandbox).await;
    assert_eq!(early(Provider::BeatApi), 1);
    // The second refusal asked for a wait of its own; another operation is another matter.
    skip(&sandbox, 29);
    create(&sandbox).await;
    beatapi(&sandbox, "GET /v1/usage").send().await;
    assert_eq!(early(Provider::BeatApi), 2);
    skip(&sandbox, 30);
    create(&sandbox).await;
    assert_eq!(early(Provider::BeatApi), 2);

    // What a fault refuses counts like what a limit refuses, in seconds and as a date.
    let list = |fault: &'static str| {
        let line = "GET /api/product_to_videos/";
        let call = Call::new(&sandbox, line).header("X-API-ID", "a").header("X-API-KEY", "b");
        if fault.is_empty() { call } else { call.header("x-sandbox-fault", fault) }
    };
    for (fault, early_so_far) in [("429?seconds=5", 1), ("429?seconds=5&date=true", 2)] {
        assert_eq!(list(fault).send().await.status, 429);
        skip(&sandbox, 3);
        assert_eq!(list("").send().await.status, 200);
        assert_eq!(early(Provider::Creatify), early_so_far, "{fault}");
        skip(&sandbox, 2);
        list("").send().await;
        assert_eq!(early(Provider::Creatify), early_so_far, "{fault}");
    }
    let post = || {
        let call = Call::new(&sandbox, "POST /v2/product").header("x-api-key", "a");
        call.json(&json!({"name": "Morning Roast"})).send()
    };
    for _ in 0..21 {
        post().await;
    }
    assert_eq!(early(Provider::Jogg), 0);
    post().await;
    assert_eq!(early(Provider::Jogg), 1);
    assert_eq!(sandbox.counters().total.early_retries, 5);
}
