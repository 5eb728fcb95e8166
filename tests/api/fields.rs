//! The table field x provider is what really travels.

use adreel::{
    AccountConfig, AspectRatio, Client, ErrorKind, Field, FieldUse, Keys, Product, ProviderId,
    Track, VideoRequest,
};
use serde_json::Value;

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// A request in which every field can be told from every other.
fn full() -> VideoRequest {
    let product = Product::new("NAME-M")
        .description("DESCRIPTION-M")
        .audience("AUDIENCE-M")
        .price("PRICE-M")
        .page_url("https://page.example/m")
        .image_url("https://image.example/m.png");
    let request = VideoRequest::new(product).prompt("PROMPT-M").duration_secs(30).square();
    request.language("zh".parse().unwrap()).track(Track::url("https://music.example/m.mp3"))
}

/// The request with a track and, since another operation takes that, without one.
fn requests() -> [(VideoRequest, bool); 2] {
    let mut silent = full();
    silent.track = None;
    [(full(), true), (silent, false)]
}

fn replies(provider: ProviderId) -> Vec<Reply> {
    let envelope = |data: &str| json(200, &format!(r#"{{"code":0,"msg":"","data":{data}}}"#));
    let record = |status: &str| json(200, &format!(r#"{{"id":"r","status":"{status}"}}"#));
    match provider {
        ProviderId::BeatApi => vec![json(201, r#"{"data":{"id":"t","status":"queued"}}"#)],
        ProviderId::Creatify => {
            vec![record("initializing"), record("image_generated"), record("video_generating")]
        }
        _ => vec![
            envelope(r#"{"avatars":[{"id":7,"aspect_ratio":2}]}"#),
            envelope(r#"{"product_id":"p"}"#),
            envelope(r#"{"video_id":"v"}"#),
        ],
    }
}

/// The bodies of all posts that a request leads to.
async fn bodies(provider: ProviderId, request: &VideoRequest) -> Vec<Value> {
    let server = Server::start(replies(provider)).await;
    let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
    let builder = Client::builder().account(provider, config).clock(InstantClock::default());
    let client = builder.in_memory().build().unwrap();
    let mut events = client.generate(request).events().await.unwrap();
    while let Some(Ok(event)) = events.next().await {
        let sent = event.job.steps().last().unwrap().resource().is_some();
        if sent {
            break;
        }
    }
    let posts = server.requests().into_iter().filter(|request| request.starts_with("POST"));
    posts
        .map(|post| serde_json::from_str(post.split_once("\r\n\r\n").unwrap().1).unwrap())
        .collect()
}

/// What stands for a field on the wire.
fn marker(field: Field) -> &'static [&'static str] {
    match field {
        Field::Name => &["NAME-M"],
        Field::Description => &["DESCRIPTION-M"],
        Field::Audience => &["AUDIENCE-M"],
        Field::Price => &["PRICE-M"],
        Field::PageUrl => &["https://page.example/m"],
        Field::Images => &["https://image.example/m.png"],
        Field::Prompt => &["PROMPT-M"],
        Field::Duration => &["30"],
        Field::AspectRatio => &["1:1", "1x1", "square"],
        Field::Track => &["https://music.example/m.mp3"],
        _ => &["zh", "chinese (simplified)"],
    }
}

/// Every text and number in a body, with the name of its field.
fn leaves<'a>(name: &'a str, value: &'a Value, found: &mut Vec<(&'a str, String)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| leaves(key, value, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(name, item, found)),
        Value::String(text) => found.push((name, text.clone())),
        other => found.push((name, other.to_string())),
    }
}

#[tokio::test]
async fn every_field_goes_where_the_table_says() {
    let cases = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| requests().map(|(request, has_track)| (provider, request, has_track)));
    for (provider, request, has_track) in cases {
        let bodies = bodies(provider, &request).await;
        assert!(!bodies.is_empty(), "{provider}");
        let mut found = Vec::new();
        bodies.iter().for_each(|body| leaves("", body, &mut found));
        for (field, used) in Client::capabilities(provider).unwrap().fields {
            if *field == Field::Track && !has_track {
                continue;
            }
            let whole = found.iter().any(|(_, text)| marker(*field).contains(&text.as_str()));
            let line_of = |place: &str| {
                found.iter().any(|(name, text)| {
                    name.ends_with(place)
                        && text.lines().any(|line| marker(*field).contains(&line))
                        && text.lines().count() > 1
                })
            };
            let held = match used {
                FieldUse::Required => whole,
                // The prompt's own field also holds what joins it.
                FieldUse::Sent => whole || line_of("prompt") || line_of("description"),
                FieldUse::JoinsPrompt | FieldUse::RequiredInPrompt => line_of("prompt"),
                FieldUse::JoinsDescription => line_of("description"),
                _ => !whole && !line_of("prompt") && !line_of("description"),
            };
            assert!(held, "{provider} {}: not {}: {bodies:?}", field.path(), used.as_str());
        }
    }
}

#[tokio::test]
async fn a_required_field_that_is_missing_is_named() {
    for provider in ProviderId::ALL {
        let server = Server::start(replies(provider)).await;
        let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
        let client = Client::builder().account(provider, config).in_memory().build().unwrap();
        for (field, used) in Client::capabilities(provider).unwrap().fields {
            let mut request = full();
            match field {
                Field::Name => request.product.name.clear(),
                Field::Images => {
                    request.product.images.clear();
                    // Creatify makes another kind of video of a page.
                    request.product.page_url = None;
                }
                _ => continue,
            }
            let error = client.plan(&request).await.err();
            let required = matches!(used, FieldUse::Required | FieldUse::RequiredInPrompt);
            assert_eq!(error.is_some(), required, "{provider} {}", field.path());
            if let Some(error) = error {
                let named = (error.kind(), error.field());
                assert_eq!(named, (ErrorKind::InvalidRequest, Some(field.path())));
            }
        }
    }
}

#[tokio::test]
async fn strict_makes_every_ignored_field_an_error_and_the_plan_lists_them() {
    for provider in ProviderId::ALL {
        let server = Server::start(replies(provider)).await;
        let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
        let client = Client::builder().account(provider, config).in_memory().build().unwrap();
        let request = full().aspect_ratio(AspectRatio::Square);
        let plan = client.plan(&request).await.unwrap();
        let ignored: Vec<_> = plan.notes.iter().filter(|note| note.ignored).collect();
        for (field, used) in Client::capabilities(provider).unwrap().fields {
            let listed = ignored.iter().any(|note| note.field == field.path());
            assert_eq!(listed, *used == FieldUse::Ignored, "{provider} {}", field.path());
        }
        let error = match provider {
            // Its replies were used up by the first plan's choice of a presenter.
            ProviderId::Jogg => continue,
            _ => client.plan(&request).strict().await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.field(), Some(&*ignored[0].field));
    }
}
