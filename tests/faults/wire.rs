//! What each fault looks like to a client that is not ours, in each of the four ways to ask for it.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adreel::testing::{Decimal, Fault, FaultKind, Quality, Sandbox};
use adreel::{ProviderId, Timestamp};
use serde_json::{Value, json};

use crate::lists;
use crate::plain::{self, Answer, Sent};

/// How a fault is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Rule,
    Scenario,
    Header,
    Product,
}

pub(crate) const WAYS: [Way; 4] = [Way::Rule, Way::Scenario, Way::Header, Way::Product];

pub(crate) const KEY: &str = "Authorization: Bearer k\r\n";

/// One fault in one way, at BeatAPI, in a sandbox whose time stands still.
pub(crate) struct Case {
    pub(crate) sandbox: Sandbox,
    pub(crate) text: &'static str,
    pub(crate) way: Way,
}

impl Case {
    pub(crate) async fn new(text: &'static str, way: Way) -> Self {
        let builder = Sandbox::builder().virtual_clock().seed(7).quality(Quality::Thumbnail);
        let fault: Fault = text.parse().unwrap();
        let builder = match way {
            Way::Scenario => {
                let line = toml::to_string(&fault).unwrap();
                let scenario: toml::Table = format!("[[fault]]\n{line}").parse().unwrap();
                builder.fault(scenario["fault"][0].clone().try_into().unwrap())
            }
            _ => builder,
        };
        let sandbox = builder.start().await.unwrap();
        if way == Way::Rule {
            let rule = serde_json::to_value(&fault).unwrap();
            let armed = plain::send(&sandbox, "POST /_sandbox/faults", "", &rule).await;
            assert_eq!(armed.answer().await.status(), 201, "{text}");
        }
        Self { sandbox, text, way }
    }

    pub(crate) fn fault(&self) -> Fault {
        self.text.parse().unwrap()
    }

    /// Sends the create that the fault is meant for.
    async fn send(&self) -> Sent {
        let image = match self.way {
            Way::Product => format!("https://fault.sandbox.test/{}", self.text),
            _ => "https://cdn.example.com/roast.png".to_owned(),
        };
        let header = match self.way {
            Way::Header => format!("{KEY}x-sandbox-fault: {}\r\n", self.text),
            _ => KEY.to_owned(),
        };
        let body = json!({"images": [image], "duration": 10});
        plain::send(&self.sandbox, "POST /v1/ecommerce-video/tasks", &header, &body).await
    }

    async fn create(&self) -> Answer {
        self.send().await.answer().await
    }

    /// A create that nothing happens to, and its task.
    pub(crate) async fn task(&self) -> String {
        let made = self.create().await;
        assert_eq!(made.status(), 201, "{:?}: {made:?}", self.way);
        made.json()["data"]["id"].as_str().unwrap().to_owned()
    }

    async fn read(&self, task: &str) -> Value {
        let line = format!("GET /v1/tasks/{task}");
        let read = plain::send(&self.sandbox, &line, KEY, &Value::Null).await.answer().await;
        read.json()["data"].clone()
    }

    pub(crate) fn pass(&self, secs: u64) {
        self.sandbox.advance(Duration::from_secs(secs));
    }

    fn jobs(&self) -> usize {
        self.sandbox.ledger().len()
    }

    /// Waits for something of the sandbox's.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        for _ in 0..100_000 {
            if is_so() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} {:?}: it does not come to that", self.text, self.way);
    }

    /// The task's video, and its link as it is now.
    async fn video(&self, task: &str) -> (String, Answer) {
        let link = self.read(task).await["output"]["media"][0]["url"].as_str().unwrap().to_owned();
        (link.clone(), self.get(&link, "").await)
    }

    async fn get(&self, link: &str, headers: &str) -> Answer {
        plain::send(&self.sandbox, &format!("GET {link}"), headers, &Value::Null)
            .await
            .answer()
            .await
    }

    /// The faults in the journal.
    pub(crate) fn noted(&self) -> Vec<&'static str> {
        self.sandbox.requests().into_iter().flat_map(|request| request.faults).collect()
    }
}

/// Every fault but those of webhooks, with what it has to say.
pub(crate) const TEXTS: [&str; 57] = [
    "429?seconds=7",
    "429?seconds=7&date=true",
    "500",
    "502",
    "503",
    "500?accepted=true",
    "502?accepted=true",
    "503?accepted=true",
    "html",
    "html?status=403",
    "html?accepted=true",
    "reset-before",
    "reset-middle?bytes=20",
    "reset-after",
    "lost-answer",
    "delay?seconds=9",
    "slow-body?bytes=300",
    "stalled-body?bytes=20",
    "malformed-json",
    "truncated-json",
    "numbers-as-text",
    "times-as-text",
    "times-with-fraction",
    "upper-case-status",
    "redirect",
    "redirect?status=307&to=https://elsewhere.example/",
    "no-credits",
    "unknown-status",
    "unknown-status?value=paused",
    "missing-field",
    "missing-field?field=usage",
    "extra-field",
    "status-back?times=2",
    "stale-read?seconds=60",
    "late-list?seconds=600",
    "null-field?field=status",
    "empty-link",
    "changed-title?count=5",
    "changed-title?value=Fresh",
    "unreadable-record",
    "short-list?count=0",
    "page-total",
    "oldest-first",
    "other-account",
    "job-fails?value=too_dark",
    "job-fails?refund=false",
    "job-stuck",
    "video-404",
    "video-truncated",
    "video-truncated?bytes=999",
    "video-endless",
    "video-tail",
    "video-tail?value=%0A%00",
    "video-tail?bytes=4096",
    "video-wrong-type",
    "video-expired",
    "video-no-ranges",
];

#[test]
fn every_fault_is_tried() {
    let tried = TEXTS.iter().chain(&crate::hooks::TEXTS);
    let tried: HashSet<FaultKind> =
        tried.map(|text| text.parse::<Fault>().unwrap().kind()).collect();
    let missing: Vec<_> = FaultKind::ALL.into_iter().filter(|kind| !tried.contains(kind)).collect();
    assert_eq!(missing, []);
}

#[tokio::test]
async fn every_fault_shows_on_the_wire_however_it_is_asked_for() {
    for way in WAYS {
        for text in TEXTS {
            let case = Case::new(text, way).await;
            let kind = case.fault().kind();
            check(&case, kind).await;
            let noted = case.noted();
            assert!(noted.contains(&kind.as_str()), "{text} {way:?}: {noted:?}");
        }
    }
}

async fn check(case: &Case, kind: FaultKind) {
    use FaultKind as Kind;
    match kind {
        Kind::TooManyRequests | Kind::ServerError | Kind::Html => check_refusal(case).await,
        Kind::Redirect | Kind::NoCredits => check_refusal(case).await,
        Kind::ResetBefore | Kind::ResetMiddle | Kind::ResetAfter => check_reset(case).await,
        Kind::LostAnswer | Kind::Delay | Kind::SlowBody | Kind::StalledBody => {
            check_slow(case, kind).await;
        }
        Kind::MalformedJson | Kind::TruncatedJson => check_json(case).await,
        Kind::NumbersAsText
        | Kind::TimesAsText
        | Kind::TimesWithFraction
        | Kind::UpperCaseStatus => check_writing(case, kind).await,
        Kind::EmptyLink => check_link(case).await,
        Kind::UnknownStatus | Kind::MissingField | Kind::ExtraField | Kind::NullField => {
            check_record(case).await;
        }
        Kind::StatusBack | Kind::StaleRead => check_past(case, kind).await,
        Kind::LateList
        | Kind::ChangedTitle
        | Kind::UnreadableRecord
        | Kind::ShortList
        | Kind::PageTotal
        | Kind::OldestFirst
        | Kind::OtherAccount => lists::check(case, kind).await,
        Kind::JobFails | Kind::JobStuck => check_job(case).await,
        _ => check_video(case, kind).await,
    }
}

/// What comes instead of an answer, before or after the job was made; the next call is served.
async fn check_refusal(case: &Case) {
    let answer = case.create().await;
    let (status, jobs) = match case.text {
        "429?seconds=7" | "429?seconds=7&date=true" => (429, 0),
        "500" => (500, 0),
        "502" | "html" => (502, 0),
        "503" => (503, 0),
        "500?accepted=true" => (500, 1),
        "502?accepted=true" | "html?accepted=true" => (502, 1),
        "503?accepted=true" => (503, 1),
        "html?status=403" => (403, 0),
        "redirect" => (302, 0),
        "no-credits" => (402, 0),
        _ => (307, 0),
    };
    assert_eq!((answer.status(), case.jobs()), (status, jobs), "{} {:?}", case.text, case.way);
    assert_eq!(case.sandbox.requests()[0].status, Some(status), "as it was answered");
    match case.text {
        "429?seconds=7" => assert_eq!(answer.header("retry-after").unwrap(), "7"),
        "429?seconds=7&date=true" => {
            let date = httpdate::parse_http_date(&answer.header("retry-after").unwrap()).unwrap();
            let secs = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
            assert_eq!(secs(date), secs(case.sandbox.requests()[0].at) + 7);
        }
        "redirect" => assert!(answer.header("location").unwrap().ends_with("/_sandbox/elsewhere")),
        "redirect?status=307&to=https://elsewhere.example/" => {
            assert_eq!(answer.header("location").unwrap(), "https://elsewhere.example/");
        }
        text if text.starts_with("html") => {
            assert!(answer.header("content-type").unwrap().starts_with("text/html"));
            assert!(answer.text().contains("<html>") && !answer.is_json());
        }
        "no-credits" => assert_eq!(answer.json()["error"]["code"], "insufficient_credits"),
        _ => assert!(answer.json()["error"]["code"].is_string()),
    }
    if case.way != Way::Header {
        assert_eq!(case.create().await.status(), 201, "{} {:?}: it is over", case.text, case.way);
    }
}

async fn check_reset(case: &Case) {
    let answer = case.create().await;
    assert_eq!(answer.broken, Some(io::ErrorKind::ConnectionReset), "{} {answer:?}", case.text);
    let (body, jobs) = match case.text {
        "reset-before" => (None, 0),
        "reset-after" => (None, 1),
        _ => (Some(20), 1),
    };
    let received = (!answer.bytes.is_empty()).then(|| answer.body().len());
    assert_eq!((received, case.jobs()), (body, jobs), "{} {:?}", case.text, case.way);
}

/// The job is made; its answer takes its time.
async fn check_slow(case: &Case, kind: FaultKind) {
    let mut sent = case.send().await;
    case.until(|| case.jobs() == 1).await;
    match kind {
        FaultKind::LostAnswer => {
            case.pass(86_400);
            tokio::task::yield_now().await;
            assert!(sent.is_silent(), "{:?}", case.way);
            assert_eq!(case.sandbox.requests()[0].status, None);
        }
        FaultKind::Delay => {
            case.until(|| case.noted().len() == 1).await;
            assert!(sent.is_silent(), "{:?}", case.way);
            case.pass(9);
            assert_eq!(sent.answer().await.status(), 201);
        }
        FaultKind::StalledBody => {
            let head = sent.head().await;
            assert_eq!(sent.some(20).await.len(), 20);
            case.pass(86_400);
            assert!(sent.is_silent() && content_length(&head) > 20);
        }
        _ => {
            let head = sent.head().await;
            assert!(sent.is_silent(), "{:?}", case.way);
            let mut left = content_length(&head);
            assert!(left > 300);
            while left > 0 {
                case.pass(1);
                let part = sent.some(left.min(300)).await;
                assert_eq!(part.len(), left.min(300));
                assert!(sent.is_silent() || left <= 300, "{:?}", case.way);
                left -= part.len();
            }
        }
    }
}

fn content_length(head: &str) -> usize {
    let line = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    line.unwrap().parse().unwrap()
}

async fn check_json(case: &Case) {
    let answer = case.create().await;
    assert_eq!((answer.status(), answer.broken, case.jobs()), (201, None, 1));
    assert_eq!(answer.header("content-type").unwrap(), "application/json");
    assert!(!answer.is_json() && answer.body().starts_with(b"{"), "{}", case.text);
}

/// The answer says the same in other writing; the next read is as usual.
async fn check_writing(case: &Case, kind: FaultKind) {
    let told = case.create().await.json()["data"].clone();
    let plain = case.read(told["id"].as_str().unwrap()).await;
    let secs = plain["created_at"].as_u64().unwrap();
    let expected = match kind {
        FaultKind::NumbersAsText => json!([secs.to_string(), "10", "queued"]),
        FaultKind::TimesAsText => {
            let date = Timestamp::from_millis(i64::try_from(secs).unwrap() * 1_000).to_string();
            json!([date.replace('Z', ".000000Z"), 10, "queued"])
        }
        FaultKind::TimesWithFraction => json!([secs as f64 + 0.25, 10, "queued"]),
        _ => json!([secs, 10, "QUEUED"]),
    };
    let shown = |task: &Value| {
        json!([task["created_at"], task["usage"]["billable_duration_seconds"], task["status"]])
    };
    assert_eq!(shown(&told), expected, "{} {:?}", case.text, case.way);
    assert_eq!(shown(&plain), json!([secs, 10, "queued"]), "{} {:?}", case.text, case.way);
}

/// A finished task whose first link is empty; the other one is there.
async fn check_link(case: &Case) {
    let task = case.task().await;
    assert_eq!(case.read(&task).await["status"], "queued");
    case.pass(140);
    let shown = case.read(&task).await["output"].clone();
    let again = case.read(&task).await["output"].clone();
    assert_eq!(shown["media"][0]["url"], "", "{:?}", case.way);
    assert_eq!((&shown["r2_url"], &again["media"][0]["url"]), (&again["r2_url"], &again["r2_url"]));
}

async fn check_record(case: &Case) {
    let task = case.task().await;
    let shown = case.read(&task).await;
    match case.text {
        "unknown-status" => assert_eq!(shown["status"], "sandbox_unknown"),
        "unknown-status?value=paused" => {
            assert_eq!((&shown["status"], &shown["stage"]), (&"paused".into(), &"paused".into()));
        }
        "missing-field" => assert_eq!(shown.get("status"), None),
        "missing-field?field=usage" => assert_eq!(shown.get("usage"), None),
        "null-field?field=status" => assert_eq!(shown.get("status"), Some(&Value::Null)),
        _ => assert!(shown["sandbox_extra"].is_object()),
    }
    let shown = case.read(&task).await;
    assert_eq!((&shown["status"], shown.get("sandbox_extra")), (&"queued".into(), None));
    assert!(shown.get("usage").is_some());
}

async fn check_past(case: &Case, kind: FaultKind) {
    let task = case.task().await;
    let status = async || case.read(&task).await["status"].clone();
    if kind == FaultKind::StatusBack {
        assert_eq!(status().await, "queued");
        case.pass(10);
        assert_eq!(
            (status().await, status().await, status().await),
            ("queued".into(), "queued".into(), "processing".into())
        );
    } else {
        case.pass(140);
        assert_eq!((status().await, status().await), ("processing".into(), "succeeded".into()));
    }
}

async fn check_job(case: &Case) {
    let task = case.task().await;
    let price = case.sandbox.ledger()[0].reserved;
    case.pass(140);
    let shown = case.read(&task).await;
    let entry = &case.sandbox.ledger()[0];
    match case.text {
        "job-stuck" => {
            case.pass(30 * 86_400);
            assert_eq!(case.read(&task).await["status"], "processing");
            assert_eq!((entry.settled, entry.refunded), (Decimal::ZERO, Decimal::ZERO));
        }
        "job-fails?refund=false" => {
            assert_eq!(shown["status"], "failed");
            assert_eq!(shown["usage"]["credits_refunded"], 0.0);
            assert_eq!((entry.settled, entry.refunded), (price, Decimal::ZERO));
        }
        _ => {
            assert_eq!(
                (&shown["status"], &shown["error_message"]),
                (&"failed".into(), &"too_dark".into())
            );
            assert_eq!((entry.settled, entry.refunded), (Decimal::ZERO, price));
        }
    }
}

async fn check_video(case: &Case, kind: FaultKind) {
    let task = case.task().await;
    case.pass(140);
    if kind == FaultKind::VideoNoRanges {
        let link = case.read(&task).await["output"]["media"][0]["url"].as_str().unwrap().to_owned();
        let (whole, part) = (
            case.get(&link, "Range: bytes=0-9\r\n").await,
            case.get(&link, "Range: bytes=0-9\r\n").await,
        );
        assert_eq!((whole.status(), part.status(), part.body().len()), (200, 206, 10));
        assert!(whole.body().len() > 1_000 && whole.header("accept-ranges").is_none());
        return;
    }
    let (link, wrong) = case.video(&task).await;
    match kind {
        FaultKind::VideoMissing => assert_eq!(wrong.status(), 404),
        FaultKind::VideoWrongType => {
            assert_eq!((wrong.status(), &wrong.text()[..9]), (200, "<!doctype"));
        }
        FaultKind::VideoTruncated | FaultKind::VideoTail => {
            assert_eq!((wrong.status(), wrong.broken), (200, None));
            let length = wrong.header("content-length").unwrap();
            assert_eq!(length, wrong.body().len().to_string());
        }
        FaultKind::VideoEndless => {
            assert_eq!((wrong.status(), wrong.broken), (200, None));
            for name in ["content-length", "transfer-encoding", "accept-ranges"] {
                assert_eq!(wrong.header(name), None, "{:?}", case.way);
            }
        }
        _ => {
            // The old link stays bad; reading the job again gives a good one.
            assert_eq!((wrong.status(), case.get(&link, "").await.status()), (403, 403));
        }
    }
    let (_, good) = case.video(&task).await;
    assert_eq!((good.status(), &good.body()[4..8]), (200, &b"ftyp"[..]));
    let (wrong, good) = (wrong.body(), good.body());
    match case.text {
        "video-truncated" => assert_eq!(wrong, &good[..good.len() / 2]),
        "video-truncated?bytes=999" => assert_eq!(wrong, &good[..999]),
        "video-tail" => assert_eq!(wrong, [good, b"\r\n"].concat()),
        "video-tail?bytes=4096" => assert_eq!(wrong, [good, &[0; 4096][..]].concat()),
        "video-tail?value=%0A%00" => assert_eq!(wrong, [good, b"\n\0"].concat()),
        "video-endless" => {
            assert_eq!(wrong.len(), good.len() / 2);
            let changed = wrong.iter().zip(good).filter(|(wrong, good)| wrong != good);
            assert!(
                changed.clone().count() <= 4 && changed.into_iter().all(|(wrong, _)| *wrong == 0)
            );
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_refusal_is_in_its_providers_own_words() {
    for (text, statuses, provider, line, key) in [
        (
            "429?seconds=7",
            [429, 429],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "500",
            [500, 500],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "no-credits",
            [402, 402],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "429?seconds=7",
            [200, 429],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "500",
            [200, 500],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "503",
            [503, 503],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "no-credits",
            [200, 402],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
    ] {
        for (status, with_statuses) in statuses.into_iter().zip([false, true]) {
            let fault = text.parse::<Fault>().unwrap().provider(provider);
            let builder = Sandbox::builder().virtual_clock().jogg_statuses(with_statuses);
            let sandbox = builder.fault(fault).start().await.unwrap();
            let answer = plain::send(&sandbox, line, key, &json!({})).await.answer().await;
            assert_eq!(answer.status(), status, "{provider} {text}");
            let said = answer.text();
            let words = match (provider, text) {
                (ProviderId::Creatify, "429?seconds=7") => {
                    "{\"detail\":\"Request was throttled. Expected available in 7 seconds.\"}"
                }
                (ProviderId::Creatify, "500") => "<h1>Server Error (500)</h1>",
                (ProviderId::Creatify, _) => "{\"detail\":\"Insufficient credits.\"}",
                (_, "429?seconds=7") => "\"code\":429",
                (_, "500") => "\"code\":50000",
                (_, "503") => "<h1>503 Service Unavailable</h1>",
                _ => "\"code\":18020",
            };
            assert!(said.contains(words), "{provider} {text}: {said}");
            assert_eq!(answer.header("retry-after").is_some(), text.starts_with("429"));
        }
    }
}

#[tokio::test]
async fn faults_are_armed_listed_taken_back_and_refused() {
    let sandbox = Sandbox::builder().virtual_clock().start().await.unwrap();
    let call =
        async |line: &str, body: Value| plain::send(&sandbox, line, "", &body).await.answer().await;
    let rule = json!({"fault": "lost-answer", "provider": "jogg", "times": "always", "skip": 3});
    let id = call("POST /_sandbox/faults", rule).await.json()["id"].as_str().unwrap().to_owned();
    let listed = call("GET /_sandbox/faults", Value::Null).await.json();
    assert_eq!(
        (&listed["faults"][0]["id"], &listed["faults"][0]["happened"]),
        (&id.as_str().into(), &0.into())
    );
    assert_eq!(sandbox.faults().len(), 1);
    for (rule, expected) in [
        (json!({"fault": "lost-anser"}), "unknown variant"),
        (json!({"fault": "lost-answer", "seconds": 3}), "lost-answer has no seconds"),
        (json!({"fault": "delay", "operation": "make"}), "no provider has it"),
        (json!({}), "missing field `fault`"),
        (json!([]), "must be a JSON object"),
    ] {
        let refused = call("POST /_sandbox/faults", rule).await;
        assert_eq!(refused.status(), 400);
        let said = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(expected), "{said}");
    }
    let headers = format!("{KEY}x-sandbox-fault: nothing\r\n");
    let refused =
        plain::send(&sandbox, "GET /v1/usage", &headers, &Value::Null).await.answer().await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("x-sandbox-fault"), "{refused:?}");
    assert_eq!(call(&format!("DELETE /_sandbox/faults/{id}"), Value::Null).await.status(), 204);
    assert_eq!(call(&format!("DELETE /_sandbox/faults/{id}"), Value::Null).await.status(), 404);
    assert!(sandbox.faults().is_empty());
}
