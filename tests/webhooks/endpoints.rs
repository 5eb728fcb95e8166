//! Endpoints at BeatAPI and JoggAI, over the sandbox.

use std::sync::Arc;

use adreel::client::{Ensured, Registered};
use adreel::testing::{self, Sandbox};
use adreel::{AccountConfig, Client, ErrorKind, Keys, MemoryLedger, ProviderId, beatapi, jogg};
use futures_util::future::join_all;

use crate::soon;
use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

const URL: &str = "https://shop.example/hooks";

fn replica(sandbox: &Sandbox, ledger: &Arc<MemoryLedger>) -> Client {
    testing::client_builder(sandbox).ledger(Arc::clone(ledger)).build().unwrap()
}

fn config(sandbox: &Sandbox) -> AccountConfig {
    AccountConfig::new(Keys::key("sk_sandbox")).base_url(sandbox.url())
}

/// The addresses of all endpoints at both.
async fn listed(sandbox: &Sandbox) -> Vec<String> {
    let beatapi = beatapi::Client::new(config(sandbox)).unwrap().list_webhooks().await.unwrap();
    let jogg = jogg::Client::new(config(sandbox)).unwrap().list_endpoints().await.unwrap();
    let beatapi = beatapi.into_iter().map(|endpoint| endpoint.url.unwrap());
    beatapi.chain(jogg.into_iter().map(|endpoint| endpoint.url.unwrap())).collect()
}

async fn ensure(client: &Client) -> Vec<Ensured> {
    let ensured = client.webhooks().ensure(URL).await.unwrap();
    ensured.into_iter().map(Result::unwrap).collect()
}

fn told(ensured: &[Ensured]) -> Vec<(ProviderId, Registered, bool)> {
    let told = |one: &Ensured| (one.account.provider, one.registered, one.secret.is_some());
    ensured.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_replicas_that_boot_together_leave_one_endpoint_each() {
    let sandbox = Sandbox::start().await.unwrap();
    let ledger = Arc::new(MemoryLedger::new());
    let replicas: Vec<_> = (0..20).map(|_| replica(&sandbox, &ledger)).collect();
    let ensured = soon(join_all(replicas.iter().map(ensure))).await;
    assert_eq!(listed(&sandbox).await, [URL, URL]);
    for provider in [ProviderId::BeatApi, ProviderId::Jogg] {
        let of = |one: &&Ensured| one.account.provider == provider;
        let all: Vec<_> = ensured.iter().flatten().filter(of).collect();
        let created: Vec<_> =
            all.iter().filter(|one| one.registered == Registered::Created).collect();
        assert_eq!((all.len(), created.len()), (20, 1), "{provider}");
        assert!(created[0].secret.is_some());
        assert!(all.iter().all(|one| one.endpoint == created[0].endpoint));
        let knows = all.iter().filter(|one| one.secret == created[0].secret).count();
        assert_eq!(knows, if provider == ProviderId::Jogg { 20 } else { 1 }, "{provider}");
    }
    let shown = format!("{ensured:?}");
    assert!(!shown.contains("whsec"), "{shown}");
}

#[tokio::test]
async fn an_endpoint_is_changed_where_it_lacks_something_and_left_where_not() {
    use jogg::types::{EndpointRequest, EndpointStatus, WebhookEventName};
    let sandbox = Sandbox::start().await.unwrap();
    let client = replica(&sandbox, &Arc::default());
    let beatapi = beatapi::Client::new(config(&sandbox)).unwrap();
    let failed = beatapi::types::WebhookEventName::TaskFailed;
    let request = beatapi::types::CreateWebhookRequest::new(URL).events([failed]);
    let disabled =
        beatapi::types::UpdateWebhookRequest::new().status(beatapi::types::WebhookStatus::Disabled);
    let id = beatapi.create_webhook(&request).await.unwrap().id;
    beatapi.update_webhook(&id, &disabled).await.unwrap();
    let other = "https://shop.example/other";
    let other = beatapi::types::CreateWebhookRequest::new(other);
    beatapi.create_webhook(&other).await.unwrap();
    let jogg = jogg::Client::new(config(&sandbox)).unwrap();
    let image = vec![WebhookEventName::GeneratedImageSuccess];
    let request = EndpointRequest::new(URL, EndpointStatus::Enabled, image);
    let secret = jogg.create_endpoint(&request).await.unwrap().secret.unwrap();

    let ensured = ensure(&client).await;
    let changed = Registered::Changed;
    let expected = [(ProviderId::BeatApi, changed, false), (ProviderId::Jogg, changed, true)];
    assert_eq!(told(&ensured), expected);
    assert_eq!(ensured[0].endpoint, id);
    assert_eq!(ensured[1].secret, Some(secret));
    let hook = beatapi.get_webhook(&id).await.unwrap();
    assert_eq!(hook.status.unwrap().as_str(), "active");
    assert_eq!(hook.events.unwrap().len(), 2);
    let events = jogg.list_endpoints().await.unwrap().remove(0).events.unwrap();
    assert_eq!(events.len(), 5, "what was wanted before is kept: {events:?}");

    let existing = Registered::Existing;
    let expected = [(ProviderId::BeatApi, existing, false), (ProviderId::Jogg, existing, true)];
    assert_eq!(told(&ensure(&client).await), expected);
    assert_eq!(listed(&sandbox).await.len(), 3);
}

#[tokio::test]
async fn who_has_lost_a_secret_has_the_endpoint_made_anew() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = replica(&sandbox, &Arc::default());
    let first = ensure(&client).await;
    let again = client.webhooks().ensure(URL).on(ProviderId::BeatApi).recreate().await.unwrap();
    let again: Vec<_> = again.into_iter().map(Result::unwrap).collect();
    assert_eq!(told(&again), [(ProviderId::BeatApi, Registered::Created, true)]);
    assert!(again[0].endpoint != first[0].endpoint && again[0].secret != first[0].secret);
    assert_eq!(listed(&sandbox).await, [URL, URL]);
}

#[tokio::test]
async fn joggs_limit_is_an_error_in_its_place_and_names_what_to_delete() {
    use jogg::types::{EndpointRequest, EndpointStatus};
    let sandbox = Sandbox::start().await.unwrap();
    let client = replica(&sandbox, &Arc::default());
    let jogg = jogg::Client::new(config(&sandbox)).unwrap();
    let mut ids = Vec::new();
    for index in 0..20 {
        let status = match index {
            7 => EndpointStatus::Disabled,
            _ => EndpointStatus::Enabled,
        };
        let url = format!("https://other.example/{index}");
        let request = EndpointRequest::new(url, status, Vec::new());
        ids.push(jogg.create_endpoint(&request).await.unwrap().endpoint_id);
    }
    let mut ensured = client.webhooks().ensure(URL).await.unwrap();
    let error = ensured.pop().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.provider()), (ErrorKind::Conflict, Some(ProviderId::Jogg)));
    let text = error.to_string();
    assert!(text.contains("has 20 webhook endpoints") && text.contains(&ids[7]), "{text}");
    assert!(!text.contains("other.example"), "{text}");
    let beatapi = ensured.pop().unwrap().unwrap();
    assert!(beatapi.secret.is_some(), "the other's secret is not lost");
    assert_eq!(jogg.list_endpoints().await.unwrap().len(), 20);
}

/// A client of one provider, whose answers are scripted.
fn scripted(provider: ProviderId, server: &Server) -> Client {
    let config = AccountConfig::new(Keys::key("k")).base_url(&server.url);
    let builder = Client::builder().account(provider, config).clock(InstantClock::default());
    builder.in_memory().build().unwrap()
}

fn hooks(hooks: &str) -> Reply {
    json(200, &format!(r#"{{"data":{{"object":"list","data":[{hooks}]}}}}"#))
}

fn hook(id: &str, url: &str, secret: &str) -> String {
    format!(
        r#"{{"id":"{id}","object":"webhook_endpoint","url":"{url}","events":["task.succeeded","task.failed"],"status":"active","secret":"{secret}"}}"#
    )
}

#[tokio::test]
async fn an_endpoint_whose_answer_was_lost_is_made_anew_where_nobody_saw_its_secret() {
    let old = hook("wh_0", "https://shop.example/other", "whsec_****0000");
    let lost = hook("wh_1", URL, "whsec_****1111");
    let server = Server::start([
        hooks(&old),
        Reply::HangUp,
        hooks(&format!("{old},{lost}")),
        json(200, r#"{"data":{"id":"wh_1","deleted":true}}"#),
        json(201, &format!(r#"{{"data":{}}}"#, hook("wh_2", URL, "whsec_whole"))),
    ])
    .await;
    let client = scripted(ProviderId::BeatApi, &server);
    let ensured = ensure(&client).await;
    assert_eq!((&*ensured[0].endpoint, &ensured[0].secret), ("wh_2", &Some("whsec_whole".into())));
    let deleted: Vec<_> =
        server.requests().into_iter().filter(|request| request.starts_with("DELETE")).collect();
    assert_eq!(deleted.len(), 1);
    assert!(deleted[0].starts_with("DELETE /v1/webhooks/wh_1 "));
}

#[tokio::test]
async fn a_lost_answer_is_enough_where_the_list_shows_the_secret() {
    let answer = |data: &str| json(200, &format!(r#"{{"code":0,"msg":"ok","data":{data}}}"#));
    let endpoint = format!(
        r#"{{"endpoint_id":"wh_1","url":"{URL}","secret":"whsec_1","status":"enabled","events":[]}}"#
    );
    let server = Server::start([
        answer(r#"{"endpoints":[]}"#),
        Reply::HangUp,
        answer(&format!(r#"{{"endpoints":[{endpoint}]}}"#)),
    ])
    .await;
    let ensured = ensure(&scripted(ProviderId::Jogg, &server)).await;
    assert_eq!(told(&ensured), [(ProviderId::Jogg, Registered::Created, true)]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_told_and_leaves_the_turn_to_others() {
    let refused = r#"{"error":{"code":"bad_request","message":"no","request_id":"r"}}"#;
    let server = Server::start([hooks(""), json(400, refused), hooks("")]).await;
    let client = scripted(ProviderId::BeatApi, &server);
    let mut ensured = client.webhooks().ensure(URL).await.unwrap();
    assert_eq!(ensured.pop().unwrap().unwrap_err().kind(), ErrorKind::InvalidRequest);
    // The lease was given back, or this would wait for it.
    let again = client.webhooks().ensure(URL).await.unwrap().pop().unwrap();
    assert_ne!(again.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn an_address_that_nobody_reaches_and_an_account_that_is_not_there_are_refused() {
    let server = Server::start([]).await;
    let client = scripted(ProviderId::BeatApi, &server);
    for url in ["http://shop.example/hooks", "https://10.0.0.1/hooks", "hooks"] {
        let error = client.webhooks().ensure(url).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("url")));
    }
    let error = client.webhooks().ensure(URL).on(ProviderId::Jogg).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsCredentials);
    let error = client.webhooks().ensure(URL).account("eu").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsCredentials);
    assert!(server.requests().is_empty());
}
