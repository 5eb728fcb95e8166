//! What every provider has to pass, over the sandbox and the public API alone.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod caps;
mod dropped;
mod launch;
#[cfg(feature = "sqlite")]
mod limits;
mod plans;
mod suite;

use std::path::Path;

use adreel::testing::{self, Quality, Sandbox, SandboxBuilder};
use adreel::{
    AccountConfig, AspectRatio, Credits, ErrorKind, Keys, Product, ProviderId, Stage, VideoRequest,
};

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/products/coffee.png");

fn builder() -> SandboxBuilder {
    Sandbox::builder().seed(7).speed(2_000.0).quality(Quality::Thumbnail)
}

async fn sandbox() -> Sandbox {
    builder().start().await.unwrap()
}

/// So many credits that nothing is refused for want of them.
async fn sandbox_without_limits() -> Sandbox {
    let builder = ProviderId::ALL
        .into_iter()
        .fold(builder(), |builder, provider| builder.credits(provider, Credits::whole(1_000_000)));
    builder.limits(false).start().await.unwrap()
}

fn request(ratio: AspectRatio) -> VideoRequest {
    let product = Product::new("Morning Roast").image_file(PHOTO).price("12.90 €");
    VideoRequest::new(product)
        .prompt("Steam rises, slow push in")
        .duration_secs(12)
        .aspect_ratio(ratio)
}

struct Facts {
    secs: f64,
    width: u32,
    height: u32,
    samples: u32,
}

/// What an independent reader finds in a file.
fn read(path: &Path) -> Facts {
    let mp4 = mp4::read_mp4(std::fs::File::open(path).unwrap()).unwrap();
    let (_, track) = mp4.tracks().iter().next().unwrap();
    assert_eq!(track.media_type().unwrap(), mp4::MediaType::H264);
    Facts {
        secs: track.duration().as_secs_f64(),
        width: track.width().into(),
        height: track.height().into(),
        samples: track.sample_count(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_way_is_left_as_it_is() {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let video = client.generate(&request(AspectRatio::Square)).on(ProviderId::Jogg).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roast.mp4");
    std::fs::write(&path, "mine").unwrap();
    let error = video.download(&path).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Conflict, Some(video.job_id())));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    video.download(&path).overwrite().await.unwrap();
    assert!(read(&path).secs > 0.0);
    let nowhere = folder.path().join("roast.mp4").join("roast.mp4");
    let error = video.download(nowhere).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Io, Some(video.job_id())));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(client.job(video.job_id()).await.unwrap().stage(), Stage::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_presenter_that_was_chosen_is_in_the_plan_and_fits_the_ratio() {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let mut chosen = Vec::new();
    for ratio in AspectRatio::ALL {
        let plan = client.plan(&request(ratio)).on(ProviderId::Jogg).await.unwrap();
        let choice = plan.choices.iter().find(|choice| choice.field == "jogg.avatar").unwrap();
        assert!(!choice.label.is_empty());
        chosen.push(choice.value.clone());
    }
    chosen.dedup();
    assert_eq!(chosen.len(), 3, "each ratio has a presenter of its own: {chosen:?}");
}

/// The sandbox reads the facts a second time, so a mistake in the spec shows here.
#[tokio::test]
async fn a_webhook_endpoint_is_made_changed_and_deleted() {
    use adreel::beatapi::types::{
        CreateWebhookRequest, UpdateWebhookRequest, WebhookEventName, WebhookStatus,
    };
    let sandbox = sandbox().await;
    let config = AccountConfig::new(Keys::key("k")).base_url(sandbox.url());
    let client = adreel::beatapi::Client::new(config).unwrap();
    let new = CreateWebhookRequest::new("https://example.com/hook")
        .events(vec![WebhookEventName::TaskFailed]);
    let made = client.create_webhook(&new).await.unwrap();
    let read = client.get_webhook(&made.id).await.unwrap();
    assert_eq!(client.list_webhooks().await.unwrap()[0].id, read.id);
    assert_eq!((&read.url, &read.events), (&made.url, &made.events));
    assert_ne!(read.secret, made.secret);
    let change = UpdateWebhookRequest::new().status(WebhookStatus::Disabled);
    let changed = client.update_webhook(&made.id, &change).await.unwrap();
    assert_eq!((changed.status, changed.url), (Some(WebhookStatus::Disabled), made.url));
    let gone = client.delete_webhook(&made.id).await.unwrap();
    assert_eq!((gone.id, gone.deleted), (made.id.clone(), Some(true)));
    let error = client.delete_webhook(&made.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let plain = CreateWebhookRequest::new("http://example.com/hook");
    let error = client.create_webhook(&plain).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}
