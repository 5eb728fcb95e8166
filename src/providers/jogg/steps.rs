use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::request::Reading;
use super::super::said::{failure_code, link, reason_in, word};
use super::super::steps::{Looking, Sent, Status, picture, tells_of};
use super::super::{Capacity, List, Prepared, Provider, unknown_step};
use super::WebhookVerifier;
use super::client::video_id;
use super::find::{find, find_preview};
use super::plan::{
    AVATAR, CAPABILITIES, CREATE, PREVIEWS, PRODUCT, RENDER, UPLOAD, plan, wire_ratio,
};
use super::types::{self, ProductVideoStatus as Word};
use super::{Client, Options, language};
use crate::account::AccountConfig;
use crate::account::Keys;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::input::Picture;
use crate::job::{Job, Offer, Plan, Seen, StepRef};
use crate::model::{CatalogueItem, CatalogueKind};
use crate::model::{Cost, CostSource, Credits, Medium, VideoFacts};
use crate::providers::endpoints::Endpoints;
use crate::request::VideoRequest;
use crate::transport::LookPages;
use crate::transport::Pages;
use crate::transport::{Operation, Permit, Transport, Upload};
use crate::webhook::{Delivered, Delivery, Secrets};
use crate::words::words;

/// Posts by one key. Source: the quick start's page on rate limits, read 2026-11.
const POSTS_PER_MINUTE: u32 = 20;

/// Where the status of videos stands, the newest first.
const VIDEOS: List = List { operation: "list_product_videos", most: 100 };

/// The calls that a job at JoggAI is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    UploadAsset,
    CreateProduct,
    CreateVideoFromProduct,
    CreatePreviews,
    RenderSinglePreview,
}

impl Call {
    pub(super) fn of(step: StepRef<'_>) -> Result<Self> {
        Ok(match step.operation() {
            UPLOAD => Self::UploadAsset,
            PRODUCT => Self::CreateProduct,
            CREATE => Self::CreateVideoFromProduct,
            PREVIEWS => Self::CreatePreviews,
            RENDER => Self::RenderSinglePreview,
            _ => return Err(unknown_step(step)),
        })
    }

    const fn is_paid(self) -> bool {
        matches!(
            self,
            Self::CreateVideoFromProduct | Self::CreatePreviews | Self::RenderSinglePreview
        )
    }
}

/// A call with its body.
enum Body {
    Upload(Picture),
    Product(types::CreateProductRequest),
    Video(types::CreateVideoFromProductRequest),
    Previews(types::CreatePreviewsRequest),
    Render(types::RenderSinglePreviewRequest),
}

impl Body {
    async fn of(step: StepRef<'_>) -> Result<Self> {
        Ok(match Call::of(step)? {
            Call::UploadAsset => Self::Upload(picture(step).await?),
            Call::CreateProduct => Self::Product(product_body(step.job())),
            Call::CreateVideoFromProduct => Self::Video(video_body(step)?),
            Call::CreatePreviews => Self::Previews(previews_body(step)?),
            Call::RenderSinglePreview => {
                let missing = || Error::new(ErrorKind::NeedsAction, "no preview was chosen");
                let preview = step.chosen_before().ok_or_else(missing)?;
                Self::Render(types::RenderSinglePreviewRequest::new(preview))
            }
        })
    }

    async fn send(self, client: &Client) -> Result<Sent> {
        let video = match self {
            Self::Upload(picture) => return upload(client, picture).await,
            Self::Product(body) => {
                return Ok(Sent::Done(client.create_product(&body).await?.product_id));
            }
            Self::Previews(body) => return create_previews(client, &body).await,
            Self::Video(body) => client.create_video_from_product(&body).await?,
            Self::Render(body) => client.render_single_preview(&body).await?,
        };
        Ok(Sent::Running(video_id(&video).unwrap_or_default().to_owned()))
    }
}

async fn upload(client: &Client, picture: Picture) -> Result<Sent> {
    let Picture { bytes, media_type, file_name, .. } = picture;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let request = types::UploadAssetRequest::new(file_name, media_type).file_size(size);
    let asset = client.upload_asset(&request).await?;
    client.put_asset(&asset, &Upload::bytes(bytes, media_type)).await?;
    Ok(Sent::Done(asset.asset_url))
}

/// Some looks may be refused while others start. Those that started are offered; where none did,
/// nothing was accepted.
async fn create_previews(client: &Client, body: &types::CreatePreviewsRequest) -> Result<Sent> {
    let made = client.create_previews(body).await?;
    let mut refused = String::new();
    let mut offers = Vec::new();
    for preview in made.previews.into_iter().flatten() {
        match preview.preview_id.filter(|id| !id.is_empty()) {
            Some(id) => {
                let label = preview.visual_style.unwrap_or_else(|| "preview".to_owned());
                offers.push(Offer { id, label });
            }
            None => refused = preview.err_msg.unwrap_or(refused),
        }
    }
    let Some(first) = offers.first() else {
        return Err(Error::new(ErrorKind::InvalidRequest, words(&refused)));
    };
    let id = made.preview_list_id.filter(|id| !id.is_empty());
    Ok(Sent::Offered(id.unwrap_or_else(|| first.id.clone()), offers))
}

/// A video need not say whose it is, but where it does, it is the step's under one of its names: `id`
/// may be a row's.
fn is_of(step: StepRef<'_>, answer: &Value) -> Result<()> {
    let ids = ["video_id", "id"].map(|name| word(&answer["data"][name]));
    let mut told = ids.iter().flatten().map(|id| tells_of(step, id));
    let Some(first) = told.next() else { return Ok(()) };
    told.fold(first, Result::or)
}

/// A JoggAI account as the client drives it.
pub(crate) struct Account {
    client: Client,
    /// The same for the calls of jobs.
    of_jobs: Client,
}

impl Account {
    pub(crate) fn open(config: AccountConfig) -> Result<Self> {
        let client = Client::new(config)?;
        let of_jobs = Client { transport: client.transport.of_jobs() };
        Ok(Self { client, of_jobs })
    }

    fn permitted(&self, permit: &Arc<Permit>) -> Client {
        Client { transport: self.client.transport.with_permit(permit) }
    }

    async fn ready<'a>(&'a self, step: StepRef<'a>) -> Result<Prepared<'a>> {
        let body = Body::of(step).await?;
        Ok(Box::new(move |permit| {
            Box::pin(async move { body.send(&self.permitted(&permit)).await })
        }))
    }

    async fn read(&self, step: StepRef<'_>) -> Result<Status> {
        let answer = self.of_jobs.read_video(step.id()).await?;
        let raw = answer.json();
        let video = self.of_jobs.data(answer.value.data, &answer.left_out, "get_product_video")?;
        is_of(step, &raw)?;
        let status = video.status.to_string();
        // The vendor's own script compares these without regard to case.
        Ok(match Word::from(status.to_lowercase()) {
            Word::Completed | Word::Success | Word::Succeeded => Status::Succeeded(
                status,
                Some(facts(step.job(), &video, raw).ok_or_else(no_video)?),
            ),
            Word::Failed | Word::Error | Word::Cancelled | Word::Canceled => {
                let code = failure_code(&raw["data"]);
                Status::Failed { code, message: reason_in(&raw), cost: None }
            }
            word => {
                let is_known = !matches!(word, Word::Unknown(_));
                Status::Running { status, is_known, hint: None }
            }
        })
    }
}

impl Provider for Account {
    fn transport(&self) -> &Transport {
        &self.client.transport
    }

    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        local: &'a Local,
        _: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(plan(&self.client, request, local))
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_minute: Some(POSTS_PER_MINUTE) }
    }

    fn list_of(&self, _: StepRef<'_>) -> Option<List> {
        Some(VIDEOS)
    }

    fn poll_list<'a>(
        &'a self,
        _: List,
        steps: &'a [StepRef<'a>],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        Box::pin(super::list::read(&self.of_jobs, steps))
    }

    fn is_paid(&self, step: StepRef<'_>) -> Result<bool> {
        Call::of(step).map(Call::is_paid)
    }

    fn prepare<'a>(
        &'a self,
        step: StepRef<'a>,
        _: &'a Keys,
    ) -> BoxFuture<'a, Result<Prepared<'a>>> {
        Box::pin(self.ready(step))
    }

    fn poll<'a>(&'a self, step: StepRef<'a>) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(step))
    }

    fn look<'a>(&'a self, step: StepRef<'a>, looking: Looking<'a>) -> BoxFuture<'a, Result<Seen>> {
        Box::pin(find(&self.of_jobs, step, looking.pages))
    }

    fn adopt<'a>(&'a self, step: StepRef<'a>, pages: &'a LookPages) -> BoxFuture<'a, Result<Sent>> {
        Box::pin(async move {
            let id = step.id().to_owned();
            if Call::of(step)? == Call::CreatePreviews {
                return find_preview(&self.of_jobs, step, pages).await;
            }
            let answer = self.of_jobs.read_video(&id).await?;
            let raw = answer.json();
            self.of_jobs.data(answer.value.data, &answer.left_out, "get_product_video")?;
            is_of(step, &raw)?;
            Ok(Sent::Running(id))
        })
    }

    fn operations(&self) -> &'static [&'static Operation] {
        super::OPERATIONS
    }

    fn endpoints(&self) -> Option<&dyn Endpoints> {
        Some(&self.client)
    }

    fn read_delivery(
        &self,
        delivery: &Delivery<'_>,
        secrets: Option<&Secrets>,
    ) -> Result<Delivered> {
        let secrets = Secrets::needed(secrets, self.transport().account())?;
        let verifier = WebhookVerifier::with(secrets);
        let event = verifier.verify(|name| delivery.header(name), delivery.body)?;
        Ok(Delivered::Signed(event.job_event()))
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(self.client.get_remaining_quota())
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Ok(super::catalogue::list(&self.client, kind))
    }
}

fn product_body(job: &Job) -> types::CreateProductRequest {
    let product = &job.request.product;
    let reading = Reading::of_planned(&job.request, &CAPABILITIES);
    let media = job.image_urls().into_iter().map(|url| {
        // 1 is an image, 2 a video.
        types::ProductMediaSpec::new().type_(1).url(url).name(product.name.clone())
    });
    types::CreateProductRequest::new()
        .name(product.name.clone())
        .description(reading.description())
        .target_audience(product.audience.clone())
        .url(product.page_url.clone())
        .media(media.collect::<Vec<_>>())
}

fn video_body(step: StepRef<'_>) -> Result<types::CreateVideoFromProductRequest> {
    let job = step.job();
    let options = job.request.jogg.clone().unwrap_or_default();
    let product_id = job.resource_of(PRODUCT).unwrap_or_default();
    let spec = video_spec(job, &options, &step.tag());
    let style = options.script_style.clone().unwrap_or(types::ScriptStyle::Discovery);
    let script = types::ScriptSpec::new(style, language::word(job.request.language.as_ref()));
    Ok(types::CreateVideoFromProductRequest::new(
        product_id,
        spec,
        avatar(job, &options)?,
        types::VoiceSpec::new().id(options.voice),
        types::AudioSpec::new().music_id(options.music),
        script,
    )
    .visual_style(options.visual_style)
    .override_script(options.override_script)
    .extra(options.extra))
}

fn previews_body(step: StepRef<'_>) -> Result<types::CreatePreviewsRequest> {
    let job = step.job();
    let options = job.request.jogg.clone().unwrap_or_default();
    let product_id = job.resource_of(PRODUCT).unwrap_or_default();
    let language = language::word(job.request.language.as_ref());
    let style = options.script_style.clone().unwrap_or(types::ScriptStyle::Discovery);
    Ok(types::CreatePreviewsRequest::new(
        product_id,
        options.previews.clone(),
        video_spec(job, &options, &step.tag()),
        avatar(job, &options)?,
        types::VoiceSpec::new().id(options.voice),
        types::AudioSpec::new().music_id(options.music),
        types::ScriptSpec::new(style, language),
    )
    // Sources disagree on its place.
    .language(language.to_string())
    .override_script(options.override_script)
    .extra(options.extra))
}

/// The longest part of the user's own name in a title. No limit is documented, and a tag that were
/// cut off would be lost.
const NAME_MAX_CHARS: usize = 60;

/// Our tag follows the user's own name, which stays readable.
fn video_spec(job: &Job, options: &Options, tag: &str) -> types::VideoSpec {
    let length = job.plan.duration_secs.unwrap_or_default().to_string();
    types::VideoSpec::new(length.as_str())
        .aspect_ratio(wire_ratio(job.request.aspect_ratio))
        .caption(options.caption.unwrap_or(true))
        .name(format!("{} {tag}", own_name(job)))
}

/// The user's own part of a title.
fn own_name(job: &Job) -> String {
    let options = job.request.jogg.as_ref();
    let name = options.and_then(|options| options.name.as_deref());
    name.unwrap_or(&job.request.product.name).chars().take(NAME_MAX_CHARS).collect()
}

fn avatar(job: &Job, options: &Options) -> Result<types::AvatarSpec> {
    let chosen = || job.plan.choice(AVATAR).and_then(|id| id.parse().ok());
    let missing = || Error::new(ErrorKind::InvalidRequest, "none was chosen").with_field(AVATAR);
    let id: i64 = options.avatar.or_else(chosen).ok_or_else(missing)?;
    Ok(types::AvatarSpec::new(id).type_(i64::from(options.custom_avatar)))
}

fn facts(job: &Job, video: &types::ProductVideo, raw: serde_json::Value) -> Option<VideoFacts> {
    let secs = video.video_duration.or(video.duration).filter(|secs| secs.is_finite());
    Some(VideoFacts {
        medium: Medium::Video,
        url: link(video.video_url.as_ref())?,
        poster: link(video.cover_url.as_ref()),
        duration: secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
        cost: video.deducted_credit.and_then(|credits| cost(job, credits)),
        raw,
    })
}

/// What a video reports is its own price; that of its previews is the price table's.
fn cost(job: &Job, credits: Credits) -> Option<Cost> {
    let reported = Cost::reported(credits, job.plan.cost.high)?;
    let previews = job.plan.steps.iter().find(|step| step.operation == PREVIEWS);
    Some(match previews.and_then(|step| step.credits) {
        Some(previews) => Cost { credits: credits + previews, source: CostSource::PriceTable },
        None => reported,
    })
}

fn no_video() -> Error {
    Error::new(ErrorKind::Decode, "the video is completed, and its video_url is no address")
}
