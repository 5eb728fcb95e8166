//! Every plan of every provider, from request to file.

use adreel::Part;
use adreel::testing::{self, Sandbox};
use adreel::{
    Client, CostSource, Credits, ErrorKind, Job, JobId, Medium, Product, ProviderId, Stage, Track,
    VideoRequest, beatapi, creatify, jogg,
};
use httpmock::MockServer;

use crate::{PHOTO, read, sandbox};

/// A request, and the paid operations that it leads to.
pub(crate) struct Plan {
    pub(crate) provider: ProviderId,
    pub(crate) request: VideoRequest,
    pub(crate) paid: &'static [&'static str],
}

/// A shop with a page and its pictures.
pub(crate) async fn shop() -> MockServer {
    let shop = MockServer::start_async().await;
    let image = shop.url("/1.png");
    let page = format!(
        r#"<html><head><title>Roast</title><meta property="og:image" content="{image}"></head></html>"#
    );
    shop.mock_async(|when, then| {
        when.path("/roast");
        then.status(200).header("content-type", "text/html").body(page);
    })
    .await;
    shop.mock_async(|when, then| {
        when.path_suffix(".png");
        then.status(200).header("content-type", "image/png").body(std::fs::read(PHOTO).unwrap());
    })
    .await;
    shop
}

/// A silent WAV of 12 s: 8 kHz, 8 bits, one channel.
fn wav() -> Vec<u8> {
    let samples = 8_000u32 * 12;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend(b"\x01\0\x08\0data");
    bytes.extend(samples.to_le_bytes());
    bytes.resize(bytes.len() + samples as usize, 128);
    bytes
}

/// One of each. The name tells orders apart.
pub(crate) fn plans(shop: &MockServer, name: &str, photo: &str) -> Vec<Plan> {
    let photo = || VideoRequest::new(Product::new(name).image_file(photo));
    let page = Product::new(name).page_url(shop.url("/roast"));
    let images = ["/1.png", "/2.png", "/3.png"].into_iter();
    let images = images.fold(Product::new(name), |product, path| product.image_url(shop.url(path)));
    let link = creatify::Options::default().link(creatify::LinkOptions::new());
    let previews = jogg::Options::new().previews(["Simple Product Switch", "Dynamic Showcase"]);
    let plan = |provider, request, paid| Plan { provider, request, paid };
    vec![
        plan(ProviderId::BeatApi, photo(), &["create_ecommerce_video"]),
        plan(ProviderId::BeatApi, photo().track(Track::bytes(wav())), &["create_music_video"]),
        plan(ProviderId::Creatify, photo(), &["gen_image", "gen_video"]),
        plan(
            ProviderId::Creatify,
            photo().with(creatify::Options::default().image_only()),
            &["gen_image"],
        ),
        plan(
            ProviderId::Creatify,
            VideoRequest::new(page),
            &["create_link", "create_link_to_video"],
        ),
        plan(
            ProviderId::Creatify,
            VideoRequest::new(images).with(link),
            &["create_link_with_params", "create_link_to_video"],
        ),
        plan(ProviderId::Jogg, photo(), &["create_video_from_product"]),
        plan(
            ProviderId::Jogg,
            photo().with(previews),
            &["create_previews", "render_single_preview"],
        ),
    ]
}

/// Drives a job until its last paid step was accepted, choosing what is offered first.
pub(crate) async fn accepted(client: &Client, plan: &Plan, key: &str) -> adreel::Result<Job> {
    let order = client.generate(&plan.request).on(plan.provider).key(key);
    let mut events = order.events().await?;
    loop {
        let Some(event) = events.next().await else { unreachable!("it was not accepted") };
        let adreel::client::Event { job, kind, .. } = event?;
        let mut paid = job.steps().iter().rev().filter(|step| step.is_paid());
        if paid.next().unwrap().resource().is_some() {
            return Ok(job);
        }
        match (job.offers(), kind) {
            (Some(offers), _) => {
                let first = offers[0].id.clone();
                let job = client.jobs().choose(&job, &first).await?;
                events = client.resume(&job).events();
            }
            (None, kind) if kind.is_last() => panic!("{kind} {:?}", job.trouble()),
            _ => {}
        }
    }
}

/// The paid operations that the sandbox accepted since then, in order.
pub(crate) fn paid_since(sandbox: &Sandbox, before: usize) -> Vec<&'static str> {
    let mut entries = sandbox.ledger();
    entries.drain(before..).map(|entry| entry.operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_leads_to_a_file_and_pays_each_step_once() {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let shop = shop().await;
    let folder = tempfile::tempdir().unwrap();
    for (index, plan) in plans(&shop, "Morning Roast", PHOTO).iter().enumerate() {
        let before = sandbox.ledger().len();
        let job = accepted(&client, plan, &index.to_string()).await.unwrap();
        let video = client.resume(&job).await.unwrap();
        let path = folder.path().join(index.to_string());
        let saved = video.download(&path).await.unwrap();
        assert!(saved.size_bytes > 0);
        if video.medium() == Medium::Video {
            assert!(read(&path).secs > 5.0);
        }
        // Its books are a second reading of the prices.
        let charged: Credits =
            sandbox.ledger()[before..].iter().map(|entry| entry.reserved.into()).sum();
        assert_eq!(paid_since(&sandbox, before), plan.paid);
        let job = client.job(&job).await.unwrap();
        assert_eq!(job.stage(), Stage::Done);
        let cost = video.cost().unwrap();
        let credits = cost.credits;
        let estimate = &job.plan().cost;
        assert!((estimate.low..=estimate.high).contains(&credits), "{credits} {estimate:?}");
        assert!((estimate.low..=estimate.high).contains(&charged), "{charged} {estimate:?}");
        let steps = job.plan().steps.iter().filter_map(|step| step.credits);
        assert_eq!(steps.sum::<Credits>(), estimate.high);
        assert_eq!((job.settled(), job.reserved()), (credits, Credits::ZERO));
        let reports = cost.source == CostSource::Reported;
        assert!(
            if reports { credits == charged } else { credits >= charged },
            "{cost:?} {charged}"
        );
        assert!(serde_json::to_string(&job.handle()).unwrap().len() < 1024);
    }
}

async fn finished(client: &Client, request: &VideoRequest) -> JobId {
    client.generate(request).on(ProviderId::Creatify).await.unwrap().job_id()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_videos_of_finished_jobs_are_made_anew() {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let photo = || VideoRequest::new(Product::new("Morning Roast").image_file(PHOTO));
    let whole = finished(&client, &photo()).await;
    let picture = finished(&client, &photo().with(creatify::Options::default().image_only())).await;
    let cases: [(JobId, Part, &[&str], Medium); 4] = [
        (whole, Part::Image, &["regen_image", "gen_video"], Medium::Video),
        (whole, Part::Video, &["regen_video"], Medium::Video),
        (picture, Part::Image, &["regen_image"], Medium::Picture),
        (picture, Part::Video, &["gen_video"], Medium::Video),
    ];
    for (parent, part, paid, medium) in cases {
        let before = sandbox.ledger().len();
        let job = client.regenerate(parent, part).prompt("by candle light").await.unwrap();
        assert_eq!(job.parent(), Some(parent));
        let video = client.resume(&job).await.unwrap();
        assert_eq!((paid_since(&sandbox, before), video.medium()), (paid.to_vec(), medium));
    }
    // The same key is the same job, and what is not finished is not made anew.
    let first = client.regenerate(whole, Part::Video).key("k").await.unwrap();
    let again = client.regenerate(whole, Part::Video).key("k").await.unwrap();
    assert_eq!(first.id(), again.id());
    let error = client.regenerate(whole, Part::Image).key("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = client.regenerate(&first, Part::Video).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let other = client.generate(&photo()).on(ProviderId::BeatApi).await.unwrap();
    let error = client.regenerate(other.job_id(), Part::Video).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storyboard_that_waits_for_somebody_is_no_failure() {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let music = beatapi::MusicOptions::standard().compose_mode("manual".into());
    let request = VideoRequest::new(Product::new("Morning Roast").image_file(PHOTO))
        .track(Track::bytes(wav()))
        .with(beatapi::Options::new().music(music));
    let error = client.generate(&request).on(ProviderId::BeatApi).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    let id = error.job_id().unwrap();
    let job = client.job(id).await.unwrap();
    assert_eq!((job.stage(), job.status()), (Stage::NeedsAction, Some("storyboard_ready")));
    // Resuming it looks again, once.
    let error = client.resume(id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsAction);
    assert_eq!(client.job(id).await.unwrap().polls(), job.polls() + 1);
}
