//! The calls that a job at JoggAI is made of, and their bodies.

use serde_json::Value;

use super::super::answer::word;
use super::super::call_result::Sent;
use super::super::ids::tells_of;
use super::super::media::picture;
use super::super::request::CheckedRequest;
use super::super::unknown_step;
use super::client::video_id;
use super::plan::{AVATAR, CAPABILITIES, CREATE, PREVIEWS, PRODUCT, RENDER, UPLOAD, wire_ratio};
use super::types::{self};
use super::{Client, Options, language};
use crate::error::{Error, ErrorKind, Result};
use crate::input::Picture;
use crate::job::{Job, Offer, StepRef};
use crate::transport::Upload;
use crate::words::words;

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

    pub(super) const fn is_paid(self) -> bool {
        matches!(
            self,
            Self::CreateVideoFromProduct | Self::CreatePreviews | Self::RenderSinglePreview
        )
    }
}

/// A call with its body.
pub(super) enum Body {
    Upload(Picture),
    Product(types::CreateProductRequest),
    Video(types::CreateVideoFromProductRequest),
    Previews(types::CreatePreviewsRequest),
    Render(types::RenderSinglePreviewRequest),
}

impl Body {
    pub(super) async fn of(step: StepRef<'_>) -> Result<Self> {
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

    pub(super) async fn send(self, client: &Client) -> Result<Sent> {
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

pub(super) async fn upload(client: &Client, picture: Picture) -> Result<Sent> {
    let Picture { bytes, media_type, file_name, .. } = picture;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let request = types::UploadAssetRequest::new(file_name, media_type).file_size(size);
    let asset = client.upload_asset(&request).await?;
    client.put_asset(&asset, &Upload::bytes(bytes, media_type)).await?;
    Ok(Sent::Done(asset.asset_url))
}

/// Some looks may be refused while others start. Those that started are offered; where none did,
/// nothing was accepted.
pub(super) async fn create_previews(
    client: &Client,
    body: &types::CreatePreviewsRequest,
) -> Result<Sent> {
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

/// Checks that an answer about a video is the step's. It may name no id; where it does, one of its
/// two has to be the step's, since `id` may be a row's.
pub(super) fn is_of(step: StepRef<'_>, answer: &Value) -> Result<()> {
    let ids = ["video_id", "id"].map(|name| word(&answer["data"][name]));
    let mut checks = ids.iter().flatten().map(|id| tells_of(step, id));
    let Some(first) = checks.next() else { return Ok(()) };
    checks.fold(first, Result::or)
}

pub(super) fn product_body(job: &Job) -> types::CreateProductRequest {
    let product = &job.request.product;
    let checked = CheckedRequest::of_planned(&job.request, &CAPABILITIES);
    let media = job.image_urls().into_iter().map(|url| {
        // 1 is an image, 2 a video.
        types::ProductMediaSpec::new().type_(1).url(url).name(product.name.clone())
    });
    types::CreateProductRequest::new()
        .name(product.name.clone())
        .description(checked.description())
        .target_audience(product.audience.clone())
        .url(product.page_url.clone())
        .media(media.collect::<Vec<_>>())
}

pub(super) fn video_body(step: StepRef<'_>) -> Result<types::CreateVideoFromProductRequest> {
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

pub(super) fn previews_body(step: StepRef<'_>) -> Result<types::CreatePreviewsRequest> {
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
pub(super) const NAME_MAX_CHARS: usize = 60;

/// Our tag follows the user's own name, which stays readable.
pub(super) fn video_spec(job: &Job, options: &Options, tag: &str) -> types::VideoSpec {
    let length = job.plan.duration_secs.unwrap_or_default().to_string();
    types::VideoSpec::new(length.as_str())
        .aspect_ratio(wire_ratio(job.request.aspect_ratio))
        .caption(options.caption.unwrap_or(true))
        .name(format!("{} {tag}", own_name(job)))
}

/// The user's own part of a title.
pub(super) fn own_name(job: &Job) -> String {
    let options = job.request.jogg.as_ref();
    let name = options.and_then(|options| options.name.as_deref());
    name.unwrap_or(&job.request.product.name).chars().take(NAME_MAX_CHARS).collect()
}

pub(super) fn avatar(job: &Job, options: &Options) -> Result<types::AvatarSpec> {
    let chosen = || job.plan.choice(AVATAR).and_then(|id| id.parse().ok());
    let missing = || Error::new(ErrorKind::InvalidRequest, "none was chosen").with_field(AVATAR);
    let id: i64 = options.avatar.or_else(chosen).ok_or_else(missing)?;
    Ok(types::AvatarSpec::new(id).type_(i64::from(options.custom_avatar)))
}
