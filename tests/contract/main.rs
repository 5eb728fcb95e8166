//! What every provider has to pass, over the sandbox and the public API alone.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod caps;
mod dropped;
mod launch;
mod limits;
mod plans;

use std::path::Path;

use adreel::sandbox::{CREATIFY_SECONDS, Quality, SandboxBuilder};
use adreel::{
    AccountConfig, AspectRatio, CostSource, Credits, ErrorKind, Keys, Product, ProviderId, Sandbox,
    Stage, VideoRequest,
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

/// The seconds that a provider promises for a request of 12.
fn promised_secs(provider: ProviderId) -> u32 {
    match provider {
        ProviderId::BeatApi => 12,
        ProviderId::Creatify => CREATIFY_SECONDS,
        _ => 15,
    }
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

#[cfg(feature = "render")]
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_becomes_a_video_of_the_asked_ratio_and_the_promised_length() {
    let sandbox = sandbox().await;
    let client = sandbox.client().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for provider in ProviderId::ALL {
        for ratio in AspectRatio::ALL {
            let video = client.generate(&request(ratio)).on(provider).await.unwrap();
            let path = folder.path().join(format!("{provider}-{}.mp4", ratio.word()));
            let saved = video.download(&path).await.unwrap();
            let facts = read(&path);
            assert!((facts.secs - f64::from(promised_secs(provider))).abs() < 0.01, "{provider}");
            assert_eq!(facts.samples, 24 * promised_secs(provider), "{provider}");
            let shape = match ratio {
                AspectRatio::Portrait => facts.width * 16 == facts.height * 9,
                AspectRatio::Landscape => facts.width * 9 == facts.height * 16,
                _ => facts.width == facts.height,
            };
            assert!(shape, "{provider} {ratio}: {} x {}", facts.width, facts.height);
            // What the library itself reads from the file is what the other reader finds.
            assert!((saved.duration.unwrap().as_secs_f64() - facts.secs).abs() < 0.01);
            assert_eq!(saved.size_bytes, std::fs::metadata(&path).unwrap().len());
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 9, "no unfinished file is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_fall_by_what_a_video_says_that_it_cost_or_by_less_where_its_provider_is_silent() {
    let sandbox = sandbox().await;
    let client = sandbox.client().unwrap();
    for provider in ProviderId::ALL {
        let before = client.balance(provider).await.unwrap();
        let plan = client.plan(&request(AspectRatio::Square)).on(provider).await.unwrap();
        let video = client.generate(&request(AspectRatio::Square)).on(provider).await.unwrap();
        let cost = video.cost().unwrap();
        let fell = before - client.balance(provider).await.unwrap();
        let reports = provider != ProviderId::Creatify;
        assert_eq!(cost.source == CostSource::Reported, reports, "{provider}");
        assert_eq!(fell, if reports { cost.credits } else { plan.cost.low }, "{provider}");
        assert_eq!(cost.credits, plan.cost.high, "{provider}");
    }
    let counters = sandbox.counters();
    // Creatify pays twice for one video.
    assert_eq!((counters.total.submits, sandbox.ledger().len()), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_job_is_resumed_by_its_id_and_by_its_key() {
    let sandbox = sandbox().await;
    let client = sandbox.client().unwrap();
    for provider in ProviderId::ALL {
        let request = request(AspectRatio::Portrait);
        let job = client.submit(&request).key("order-1042").on(provider).await.unwrap();
        assert_eq!(job.stage(), Stage::Running);
        assert!(job.provider_ref().is_some());
        let submits = sandbox.counters().total.submits;
        let video = client.resume(job.id()).await.unwrap();
        let again = client.generate(&request).key("order-1042").on(provider).await.unwrap();
        assert_eq!((video.job_id(), again.job_id()), (job.id(), job.id()));
        assert_eq!(video.url(), again.url());
        let second_paid_step = u64::from(provider == ProviderId::Creatify);
        assert_eq!(sandbox.counters().total.submits, submits + second_paid_step);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_driven_by_advance_alone() {
    use adreel::job::Action;
    let sandbox = sandbox().await;
    let client = sandbox.client().unwrap();
    for provider in ProviderId::ALL {
        let request = request(AspectRatio::Landscape);
        let id = client.submit(&request).on(provider).record().await.unwrap().id();
        let clock = adreel::clock::ScaledClock::new(sandbox.speed());
        let mut turns = 0;
        loop {
            let advance = client.advance(id).await.unwrap();
            match advance.next {
                Action::Download => break,
                Action::Hold | Action::End => panic!("{:?}", advance.job),
                Action::Rest(until) => {
                    use adreel::clock::Clock as _;
                    clock.sleep(until.since(clock.now())).await;
                }
                _ => {}
            }
            turns += 1;
            assert!(turns < 2_000, "{:?}", advance.job);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_and_an_empty_account_say_so_and_cost_nothing() {
    let sandbox = sandbox().await;
    let kinds = [
        ("sk_sandbox_revoked", ErrorKind::Unauthorized),
        ("sk_sandbox_nocredits", ErrorKind::OutOfCredits),
    ];
    for (key, kind) in kinds {
        for provider in ProviderId::ALL {
            let config = AccountConfig::new(Keys::id_and_key("id", key)).base_url(sandbox.url());
            let builder = sandbox.client_builder().account(provider, config);
            let client = builder.in_memory().build().unwrap();
            let error =
                client.generate(&request(AspectRatio::Portrait)).on(provider).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{provider}: {error}");
            let line = error.to_string();
            assert!(line.starts_with(provider.as_str()) && !line.contains('\n'), "{line}");
            assert!(!line.contains(key), "{line}");
        }
    }
    assert!(sandbox.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_way_is_left_as_it_is() {
    let sandbox = sandbox().await;
    let client = sandbox.client().unwrap();
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
    let client = sandbox.client().unwrap();
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
