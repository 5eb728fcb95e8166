//! What each fault looks like to a client that is not ours, in each of the four ways to ask for it.

use std::collections::HashSet;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use adreel::Timestamp;
use adreel::testing::{Decimal, Fault, FaultKind};
use serde_json::{Value, json};

use crate::case::{Case, WAYS, Way};
use crate::lists;

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
