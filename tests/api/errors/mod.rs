//! The table of errors (`src/errors.md`), row by row: what each answer comes to, for a read and for
//! a paid call. A row without a case fails here, and so does a case without a row.

mod cases;
mod jobs;
mod local;

use std::collections::BTreeSet;

use adreel::{Error, ErrorKind, Operation, ProviderId, RetryPolicy, beatapi, creatify, jogg};
use heck::ToSnakeCase as _;
use httpmock::prelude::*;

use self::cases::{Case, cases};
use crate::support::account;

/// A row of the table.
struct Row {
    /// `any`, or a provider's name.
    provider: String,
    /// None for what happens on this side of the wire.
    statuses: Vec<u16>,
    /// What the answer holds, in words; the name of its case.
    what: String,
    kind: ErrorKind,
    advice: String,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../../../src/errors.md").lines().skip(2);
    table.map(|line| Row::read(line).unwrap_or_else(|| panic!("not a row: {line}"))).collect()
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [provider, statuses, what, kind, advice] = cells[..] else { return None };
        let kind = kind.trim_matches('`').to_snake_case();
        let statuses = match statuses {
            "none" => Vec::new(),
            // No reference says which.
            "4xx" => vec![400, 403],
            list => list.split(", ").map(|status| status.parse().ok()).collect::<Option<_>>()?,
        };
        Some(Self {
            provider: provider.to_owned(),
            statuses,
            what: what.to_owned(),
            kind: serde_json::from_value(kind.into()).ok()?,
            advice: advice.to_owned(),
        })
    }

    /// Whether the answer is not in the provider's dialect.
    fn is_anybodys(&self) -> bool {
        self.provider == "any"
    }

    /// Whether it proves nothing of what the provider did: it is not its word, or not in its form.
    fn proves_nothing(&self) -> bool {
        self.is_anybodys() || self.what == "`error` as a text"
    }

    fn is_job(&self) -> bool {
        self.kind == ErrorKind::JobFailed
    }

    fn providers(&self) -> Vec<ProviderId> {
        let all = ProviderId::ALL.into_iter();
        all.filter(|id| self.is_anybodys() || self.provider == id.display_name()).collect()
    }

    fn case<'c>(&self, cases: &'c [Case]) -> &'c Case {
        let is_its = |case: &&Case| case.provider == self.provider && case.what == self.what;
        cases.iter().find(is_its).unwrap_or_else(|| panic!("{self} has no case"))
    }

    /// Whether such an answer to a paid call proves that nothing was accepted. The specs say it by
    /// number; this says it by meaning.
    fn proves_refusal(&self, status: u16) -> bool {
        match self.kind {
            _ if self.proves_nothing() => false,
            ErrorKind::Unauthorized
            | ErrorKind::NeedsCredentials
            | ErrorKind::OutOfCredits
            | ErrorKind::PlanLacks
            | ErrorKind::ContentRefused
            | ErrorKind::RateLimited
            | ErrorKind::NoSlot => true,
            // What no reference knows proves nothing, however much it looks like a refusal.
            ErrorKind::InvalidRequest | ErrorKind::NotFound => {
                let is_known = !["`1`", "an unknown code"].contains(&&*self.what);
                is_known && [200, 400, 403, 404].contains(&status)
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the row {} | {:?} | {}", self.provider, self.statuses, self.what)
    }
}

/// The three clients, each with a free read and a paid call.
struct Clients {
    beatapi: beatapi::Client,
    creatify: creatify::Client,
    jogg: jogg::Client,
}

impl Clients {
    fn new(url: &str) -> Self {
        let account = || account(url).retry(RetryPolicy::default().once());
        Self {
            beatapi: beatapi::Client::new(account()).unwrap(),
            creatify: creatify::Client::new(account()).unwrap(),
            jogg: jogg::Client::new(account()).unwrap(),
        }
    }

    async fn read(&self, provider: ProviderId) -> Error {
        match provider {
            ProviderId::BeatApi => self.beatapi.get_task("t").await.map(drop),
            ProviderId::Creatify => self.creatify.get_product_to_video("r").await.map(drop),
            _ => self.jogg.get_product_video("v").await.map(drop),
        }
        .unwrap_err()
    }

    async fn pay(&self, provider: ProviderId) -> Error {
        let image = "https://x.example/p.png";
        match provider {
            ProviderId::BeatApi => {
                let images = vec![image.to_owned()];
                let body = beatapi::types::CreateEcommerceVideoRequest::new(images, 15);
                self.beatapi.create_ecommerce_video(&body, None).await.map(drop)
            }
            ProviderId::Creatify => {
                let body = creatify::types::GenImageRequest::new(image);
                self.creatify.gen_image(&body).await.map(drop)
            }
            _ => {
                use jogg::types::*;
                let body = CreateVideoFromProductRequest::new(
                    "p",
                    VideoSpec::new("15"),
                    AvatarSpec::new(1),
                    VoiceSpec::new(),
                    AudioSpec::new(),
                    ScriptSpec::new(ScriptStyle::Discovery, "english"),
                );
                self.jogg.create_video_from_product(&body).await.map(drop)
            }
        }
        .unwrap_err()
    }
}

/// The operation of [`Clients::pay`].
fn paid(provider: ProviderId) -> &'static Operation {
    let (operations, id) = match provider {
        ProviderId::BeatApi => (beatapi::OPERATIONS, "create_ecommerce_video"),
        ProviderId::Creatify => (creatify::OPERATIONS, "gen_image"),
        _ => (jogg::OPERATIONS, "create_video_from_product"),
    };
    operations.iter().find(|operation| operation.id == id).unwrap()
}

#[test]
fn every_next_step_is_what_the_program_prints_and_no_row_stands_twice() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        assert_eq!(row.advice, row.kind.advice(), "{row}");
        assert!(!row.providers().is_empty(), "{row} is of no provider");
        assert!(seen.insert(row.to_string()), "{row} stands twice");
    }
}

#[test]
fn every_case_has_a_row() {
    let rows = rows();
    for case in cases() {
        let is_its = |row: &Row| row.provider == case.provider && row.what == case.what;
        assert!(rows.iter().any(is_its), "{} | {} has no row", case.provider, case.what);
    }
}

#[test]
fn every_code_of_the_specs_has_a_row() {
    let spec = include_str!("../../../openapi/beatapi.yaml");
    let spec: serde_json::Value = yaml_serde::from_str(spec).unwrap();
    let codes = spec["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    let codes = codes.iter().map(|code| ("BeatAPI", code.as_str().unwrap().to_owned()));
    let numbers = jogg::OPERATIONS.iter().flat_map(|operation| operation.refused);
    let numbers = numbers.filter(|number| **number > 599).map(|code| ("JoggAI", code.to_string()));
    let rows = rows();
    for (provider, code) in codes.chain(numbers) {
        let what = format!("`{code}`");
        let has_row = rows.iter().any(|row| row.provider == provider && row.what == what);
        assert!(has_row, "{provider} {code} has no row");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_comes_to_what_its_row_says() {
    let server = MockServer::start_async().await;
    let clients = Clients::new(&server.base_url());
    let cases = cases();
    for row in rows().into_iter().filter(|row| !row.is_job()) {
        for status in row.statuses.clone() {
            let case = row.case(&cases);
            let mock = server
                .mock_async(|when, then| {
                    when.any_request();
                    then.status(status).body(&case.body);
                })
                .await;
            for provider in row.providers() {
                let error = clients.read(provider).await;
                assert_eq!(error.kind(), row.kind, "{row} {status}: {error:?}");
                check(&error, &row, case, provider, status);
                let error = clients.pay(provider).await;
                check_paid(&error, &row, case, provider, status);
            }
            mock.delete_async().await;
        }
    }
}

fn check_paid(error: &Error, row: &Row, case: &Case, provider: ProviderId, status: u16) {
    let business_code = case.code.filter(|_| provider == ProviderId::Jogg);
    let number = business_code.and_then(|code| code.parse().ok()).unwrap_or(u32::from(status));
    let refused = !row.proves_nothing() && paid(provider).refused.contains(&number);
    assert_eq!(refused, row.proves_refusal(status), "{row} {status}: {error:?}");
    let kind = if refused { row.kind } else { ErrorKind::SubmitUnknown };
    assert_eq!(error.kind(), kind, "{row} {status}: {error:?}");
    check(error, row, case, provider, status);
}

/// What a read and a paid call have in common: who, where, and a line that says it.
fn check(error: &Error, row: &Row, case: &Case, provider: ProviderId, status: u16) {
    assert_eq!(error.provider(), Some(provider), "{row}");
    // Data that is missing is missed by the method, after the answer was taken.
    let is_missed = case.what == "`0` without data"
        || (case.what == "JSON that does not fit the spec" && provider == ProviderId::Jogg);
    let is_taken = status == 200 && is_missed;
    assert_eq!(error.status(), Some(status).filter(|_| !is_taken), "{row}");
    assert_eq!(error.code(), case.code, "{row}");
    assert_eq!(error.field(), case.field, "{row}");
    assert_eq!(error.request_id(), case.request_id, "{row}");
    if error.kind() != ErrorKind::SubmitUnknown {
        let wait = error.retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait, case.retry_after, "{row}");
        if let Some(retryable) = case.retryable {
            assert_eq!(error.is_transient(), retryable, "{row}: BeatAPI says otherwise");
        }
    }
    check_line(error, case);
}

/// One line that says what the answer said, ends with what to do, and shows neither a key nor what
/// an edge wrote.
fn check_line(error: &Error, case: &Case) {
    let line = error.to_string();
    let job = error.job_id().map(|job| format!(" (job {job})")).unwrap_or_default();
    assert!(line.ends_with(&format!("; {}{job}", error.kind().advice())), "{line}");
    assert!(!line.contains(char::is_control), "{line}");
    let says = case.says.trim_end_matches('.');
    assert!(line.contains(says), "{line:?} does not say {says:?}");
    for shown in [line, format!("{error:?}")] {
        for secret in ["test-key", "test-id", "EDGE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
