//! What becomes of every paid step whose answer was lost: each cell of the published table.

mod cases;

use std::collections::BTreeSet;

use adreel::{
    AccountConfig, Client, ErrorKind, Job, Keys, ProviderId, Recovery, Resolution, Stage, beatapi,
};

use cases::{Case, End, NO_LOOK, case, cases, image, task, workflows};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// What came of a case: how it ended, and the posts from the lost one on.
struct Outcome {
    end: End,
    posts: Vec<String>,
    client: Client,
    job: Job,
}

async fn run(provider: ProviderId, case: Case, recovery: Recovery) -> Outcome {
    let count = case.before.len();
    let replies = case.before.into_iter().chain([Reply::HangUp]).chain(case.after);
    let server = Server::start(replies).await;
    let mut config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
    if case.has_webhook {
        config = config.webhook_url("https://hook.example/h");
    }
    let builder = Client::builder().account(provider, config).clock(InstantClock::default());
    let client = builder.recovery(recovery).in_memory().build().unwrap();
    let mut events = match case.part {
        None => client.generate(&case.request).events().await.unwrap(),
        Some(part) => {
            let parent = client.generate(&case.request).await.unwrap();
            let made = client.regenerate(parent.job_id(), part).await;
            let id = made.map_or_else(|error| error.job_id().unwrap(), |job| job.id());
            client.resume(id).events()
        }
    };
    let mut job = None;
    while let Some(event) = events.next().await {
        let now = event.unwrap().job;
        let mut steps = now.steps().iter();
        let step = steps.find(|step| step.operation() == case.operation).unwrap();
        let is_settled = step.resource().is_some() || now.stage() == Stage::Uncertain;
        job = Some(now);
        if is_settled {
            break;
        }
    }
    let job = job.unwrap();
    let posts = server.requests().into_iter().skip(count).filter(|r| r.starts_with("POST"));
    let end = match job.stage() {
        Stage::Uncertain => End::Held,
        _ if job.steps().iter().any(|step| step.attempt() > 1) => End::SentAgain,
        _ => End::Found,
    };
    Outcome { end, posts: posts.collect(), client, job }
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

fn idempotency_key(request: &str) -> Option<&str> {
    request.lines().find_map(|line| line.strip_prefix("idempotency-key: "))
}

#[tokio::test]
async fn every_cell_of_the_table_is_what_happens() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let (operation, cell, expected) = (case.operation, case.cell, case.end);
            let told = format!("{provider} {operation}: {cell}");
            let outcome = run(provider, case, Recovery::Prove).await;
            assert_eq!(outcome.end, expected, "{told}");
            let posts = outcome.posts;
            match (expected, provider) {
                (End::Found, ProviderId::BeatApi) => {
                    // The same call, so that it cannot be another task.
                    let first = (idempotency_key(&posts[0]), body(&posts[0]));
                    assert!(first.0.is_some() && posts.len() > 1, "{told}");
                    let is_same = |post: &String| (idempotency_key(post), body(post)) == first;
                    assert!(posts.iter().all(is_same), "{told}");
                }
                (End::SentAgain, _) => {
                    assert_eq!(posts.len(), 2, "{told}");
                    assert_eq!(body(&posts[0]), body(&posts[1]), "{told}: the tag is the step's");
                }
                _ => assert_eq!(posts.len(), 1, "{told}"),
            }
        }
    }
}

#[tokio::test]
async fn a_policy_of_holding_reads_and_sends_nothing() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let told = format!("{provider} {}: {}", case.operation, case.cell);
            let is_found = case.end == End::Found && provider != ProviderId::BeatApi;
            let outcome = run(provider, case, Recovery::Hold).await;
            let expected = if is_found { End::Found } else { End::Held };
            assert_eq!((outcome.end, outcome.posts.len()), (expected, 1), "{told}");
        }
    }
}

#[tokio::test]
async fn what_is_held_is_sent_again_by_decision_or_within_a_limit_only() {
    let link = || {
        let again =
            vec![json(200, r#"{"id":"l2"}"#), json(200, r#"{"id":"v","status":"pending"}"#)];
        case("create_link_with_params", "always", End::Held, again)
    };
    let creatify = ProviderId::Creatify;
    let below = Recovery::ResubmitIfAtMost("0.99".parse().unwrap());
    let outcome = run(creatify, link(), below).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::Held, 1));
    let (client, held) = (outcome.client, outcome.job);
    let listed = client.jobs().held().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].as_ref().unwrap().id(), held.id());

    // By decision.
    let job = client.jobs().resolve(&held, Resolution::Resubmit).await.unwrap();
    assert!(job.may_be_double() && job.stage() == Stage::Ready);
    let error = client.jobs().resolve(&held, Resolution::Resubmit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it was held once");
    let job = client.advance(&held).await.unwrap().job;
    assert_eq!(job.steps()[0].resource(), Some("l2"));

    // By policy, once.
    let within = Recovery::ResubmitIfAtMost("1".parse().unwrap());
    let outcome = run(creatify, link(), within).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::SentAgain, 2));
    assert!(outcome.job.may_be_double());
    let mut twice = link();
    twice.after = vec![Reply::HangUp];
    let outcome = run(creatify, twice, within).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::Held, 2));
}

#[tokio::test]
async fn what_is_held_is_adopted_after_it_was_read_or_given_up() {
    let link = |after| case("create_link_with_params", "always", End::Held, after);
    let not_found = json(404, r#"{"detail":"No Link matches the given query."}"#);
    let found = json(200, r#"{"id":"l9"}"#);
    let outcome = run(ProviderId::Creatify, link(vec![not_found, found]), Recovery::Prove).await;
    let (client, held) = (outcome.client, outcome.job);
    let adopt = |text: &str| Resolution::Adopt(text.to_owned());
    let error = client.jobs().resolve(&held, adopt("creatify:l8")).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::NotFound, Some(held.id())));
    let job = client.jobs().resolve(&held, adopt("creatify:l9")).await.unwrap();
    assert_eq!((job.stage(), job.steps()[0].resource()), (Stage::Running, Some("l9")));

    let outcome = run(ProviderId::Creatify, link(vec![]), Recovery::Prove).await;
    let (client, held) = (outcome.client, outcome.job);
    let job = client.jobs().resolve(held.id(), Resolution::Abandon).await.unwrap();
    assert_eq!((job.stage(), job.may_retry()), (Stage::Failed, false));
    assert!(client.jobs().open().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_task_that_is_younger_than_the_call_is_told_as_a_possible_double() {
    // The first look fails, so that the call is sent again 45 s later.
    let newer = workflows("video-analysis");
    let young = r#"{"data":{"id":"task_2","status":"queued","created_at":1790000045}}"#;
    let after = vec![json(503, "{}"), newer, json(201, young)];
    let case = case("create_ecommerce_video", "", End::Found, after);
    let outcome = run(ProviderId::BeatApi, case, Recovery::Prove).await;
    assert_eq!(outcome.end, End::Found);
    assert!(outcome.job.may_be_double());
    assert!(outcome.job.steps()[0].doubt().unwrap().contains("younger"));
}

#[tokio::test]
async fn the_callers_own_idempotency_key_wins() {
    let mut own = case("create_ecommerce_video", "", End::Found, vec![]);
    own.request = own.request.with(beatapi::Options::new().idempotency_key("order-1042"));
    own.after = vec![workflows("video-analysis"), task()];
    let outcome = run(ProviderId::BeatApi, own, Recovery::Prove).await;
    let keys: Vec<_> = outcome.posts.iter().map(|post| idempotency_key(post)).collect();
    assert_eq!(keys, [Some("order-1042"), Some("order-1042")]);
    let bad = image().with(beatapi::Options::new().idempotency_key("with a blank"));
    let error = outcome.client.plan(&bad).await.unwrap_err();
    assert_eq!(error.field(), Some("beatapi.idempotency_key"));
}

#[test]
fn every_cell_of_the_table_has_a_case_and_every_case_a_cell() {
    let table = include_str!("../../../src/recovery.md");
    let rows = table.lines().skip(2).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        <[&str; 5]>::try_from(cells).unwrap()
    });
    let mut cells = BTreeSet::new();
    for [provider, operation, found, absent, held] in rows {
        let operation = operation.trim_matches('`');
        let columns = [(found, "Found"), (absent, "SentAgain"), (held, "Held")];
        for (cell, end) in columns {
            // Alternatives are separated by `, or`, except in what a link is like.
            let parts: Vec<_> = match end {
                "Held" => cell.split(", or ").collect(),
                _ => vec![cell],
            };
            let told = parts.into_iter().filter(|part| ![NO_LOOK, "never"].contains(part));
            cells.extend(told.map(|part| format!("{provider} {operation} {end}: {part}")));
        }
    }
    let tested: BTreeSet<String> = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| cases(provider).into_iter().map(move |case| (provider, case)))
        .map(|(provider, case)| {
            let Case { operation, end, cell, .. } = case;
            format!("{} {operation} {end:?}: {cell}", provider.display_name())
        })
        .collect();
    assert_eq!(tested, cells);
    let paid: BTreeSet<_> = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| cases(provider).into_iter().map(|case| case.operation))
        .collect();
    assert_eq!(paid.len(), 12, "every paid step of every plan");
}
