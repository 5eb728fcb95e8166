//! The rows of jobs that their provider gave up: a success of HTTP that says so.

use adreel::{Client, Error, ErrorKind, Product, ProviderId, VideoRequest};

use super::cases::cases;
use super::{check_line, rows};
use crate::support::account;
use crate::support::scripted::{Reply, Server, json};

/// What a provider answers until its job runs.
fn accepted(provider: ProviderId) -> Vec<Reply> {
    let envelope = |data: &str| json(200, &format!(r#"{{"code":0,"msg":"","data":{data}}}"#));
    match provider {
        ProviderId::BeatApi => vec![json(201, r#"{"data":{"id":"task_1","status":"queued"}}"#)],
        ProviderId::Creatify => vec![json(201, r#"{"id":"r","status":"initializing"}"#)],
        _ => vec![
            envelope(r#"{"avatars":[{"id":7,"aspect_ratio":0}]}"#),
            envelope(r#"{"product_id":"p"}"#),
            envelope(r#"{"video_id":"v"}"#),
        ],
    }
}

async fn fail(provider: ProviderId, status: u16, body: &str) -> Error {
    let replies = accepted(provider).into_iter().chain([json(status, body)]);
    let server = Server::start(replies).await;
    let builder = Client::builder().account(provider, account(&server.url));
    let builder = builder.clock(crate::support::InstantClock::default());
    let client = builder.in_memory().build().unwrap();
    let product = Product::new("Morning Roast").image_url("https://x.example/p.png");
    client.generate(&VideoRequest::new(product)).await.unwrap_err()
}

#[tokio::test]
async fn every_job_that_was_given_up_tells_why() {
    let cases = cases();
    for row in rows().into_iter().filter(|row| row.is_job()) {
        let case = row.case(&cases);
        for provider in row.providers() {
            let error = fail(provider, row.statuses[0], &case.body).await;
            assert_eq!(error.kind(), ErrorKind::JobFailed, "{row}: {error:?}");
            assert_eq!(error.provider(), Some(provider), "{row}");
            assert_eq!((error.code(), error.status()), (case.code, None), "{row}");
            assert!(error.job_id().is_some(), "{row}");
            check_line(&error, case);
        }
    }
}
