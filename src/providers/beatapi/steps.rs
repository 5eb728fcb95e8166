use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::said::{failure_code, link, reason_in};
use super::super::steps::{
    Looking, Sent, Status, UNREADABLE, found, found_with, is_usable, nothing, picture, sound,
    tells_of,
};
use super::super::survey::no_look;
use super::super::{Prepared, Provider, nothing_to_choose, unknown_step};
use super::WebhookVerifier;
use super::contract::{Billing, KnownUnit, is_newer};
use super::plan::{CREATE, MUSIC, TRACK, UPLOAD, plan};
use super::types::{self, TaskStatus};
use super::{Client, IdempotencyKey, Options};
use crate::account::AccountConfig;
use crate::account::Keys;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Job, Plan, Seen, StepRef};
use crate::model::{AspectRatio, Cost, Credits, Medium, ProviderId, VideoFacts};
use crate::model::{CatalogueItem, CatalogueKind};
use crate::plain::plain;
use crate::providers::endpoints::Endpoints;
use crate::request::VideoRequest;
use crate::transport::Pages;
use crate::transport::{Operation, Permit, Transport, Upload};
use crate::webhook::{Delivered, Delivery, Secrets};

/// Task reads by one key.
const READS_PER_MINUTE: u32 = 120;

/// How long after the first send the same call is sent again under its key. How long a key is kept
/// is not documented.
const REPLAY_WINDOW: Duration = Duration::from_secs(600);

/// How much of the window is left to a repeated call to arrive in.
const REPLAY_MARGIN: Duration = Duration::from_secs(30);

/// By how much a task may seem younger than it is: its time is in whole seconds.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// By how much a task may seem older than the call that made it: the provider's clock may be behind.
const OLDEST: Duration = super::super::steps::CLOCK_SKEW;

const YOUNGER: &str = "the task that answered the repeated call is younger than the first call: \
                       if that arrived after all, both were paid for";

/// The calls that a job at BeatAPI is made of.
#[derive(Clone, Copy)]
enum Call {
    UploadImage,
    UploadTrack,
    CreateEcommerceVideo,
    CreateMusicVideo,
}

impl Call {
    fn of(step: StepRef<'_>) -> Result<Self> {
        Ok(match step.operation() {
            UPLOAD => Self::UploadImage,
            TRACK => Self::UploadTrack,
            CREATE => Self::CreateEcommerceVideo,
            MUSIC => Self::CreateMusicVideo,
            _ => return Err(unknown_step(step)),
        })
    }

    const fn is_paid(self) -> bool {
        matches!(self, Self::CreateEcommerceVideo | Self::CreateMusicVideo)
    }
}

/// The body of a paid call.
enum Body {
    Ecommerce(types::CreateEcommerceVideoRequest),
    Music(Box<types::CreateMusicVideoRequest>),
}

/// A paid call.
struct Create {
    body: Body,
    key: IdempotencyKey,
}

impl Create {
    fn of(step: StepRef<'_>) -> Result<Self> {
        let job = step.job();
        let own = job.request.beatapi.as_ref().and_then(|options| options.idempotency_key.clone());
        let key = IdempotencyKey::new(own.unwrap_or_else(|| step.tag()))?;
        let body = match Call::of(step)? {
            Call::CreateEcommerceVideo => Body::Ecommerce(body(job)),
            Call::CreateMusicVideo => Body::Music(Box::new(music_body(job))),
            Call::UploadImage | Call::UploadTrack => return Err(unknown_step(step)),
        };
        Ok(Self { body, key })
    }

    async fn send(&self, client: &Client) -> Result<types::Task> {
        match &self.body {
            Body::Ecommerce(body) => client.create_ecommerce_video(body, Some(&self.key)).await,
            Body::Music(body) => client.create_music_video(body, Some(&self.key)).await,
        }
    }
}

/// A BeatAPI account as the client drives it.
pub(crate) struct Account {
    client: Client,
    /// The same for the calls of jobs.
    of_jobs: Client,
    unit: KnownUnit,
}

impl Account {
    pub(crate) fn open(config: AccountConfig) -> Result<Self> {
        let client = Client::new(config)?;
        let of_jobs = Client { transport: client.transport.of_jobs() };
        Ok(Self { client, of_jobs, unit: KnownUnit::default() })
    }

    fn permitted(&self, permit: &Arc<Permit>) -> Client {
        Client { transport: self.client.transport.with_permit(permit) }
    }

    async fn ready<'a>(&'a self, step: StepRef<'a>) -> Result<Prepared<'a>> {
        let upload = |file: Upload| -> Prepared<'a> {
            Box::new(move |permit| {
                Box::pin(async move {
                    Ok(Sent::Done(self.permitted(&permit).upload_file(&file).await?.url))
                })
            })
        };
        Ok(match Call::of(step)? {
            Call::UploadImage => {
                let picture = picture(step).await?;
                upload(Upload::bytes(picture.bytes, picture.media_type))
            }
            Call::UploadTrack => {
                let track = sound(step).await?;
                upload(Upload::bytes(track.bytes, track.media_type))
            }
            Call::CreateEcommerceVideo | Call::CreateMusicVideo => {
                let create = Create::of(step)?;
                Box::new(move |permit| {
                    Box::pin(async move {
                        Ok(Sent::Running(create.send(&self.permitted(&permit)).await?.id))
                    })
                })
            }
        })
    }

    /// The same call again, under the same key: by the vendor's word a newer account answers with
    /// the first task and charges nothing. Nothing else can show a task whose id is not known.
    async fn replay(&self, step: StepRef<'_>, looking: Looking<'_>) -> Result<Seen> {
        let no = |why: &str| Ok(nothing(no_look(&format!("BeatAPI lists no tasks, and {why}"))));
        if let Err(why) = looking.may_repeat {
            return no(why);
        }
        let over = "the ten minutes are over in which the same call is sent again under its key";
        let Some(left) = replay_left(looking.age) else { return no(over) };
        let not_after = looking.elapsed + left;
        // By the newer contract a repeated key is answered with the first task.
        if !is_newer(&self.of_jobs).await? {
            return no("this account shows no sign of honouring idempotency keys");
        }
        let timeout = self.timeout(step.operation());
        let order = step.job().key.clone();
        let permit = Arc::new(Permit { keys: looking.keys.clone(), order, not_after, timeout });
        let task = match Create::of(step)?.send(&self.permitted(&permit)).await {
            Ok(task) => task,
            // The window has closed meanwhile: it is looked at last, before the first byte.
            Err(error) if error.kind() == ErrorKind::Conflict && error.status().is_none() => {
                return no(over);
            }
            // A conflict says that the first is still in flight. A refusal says nothing of it.
            Err(error) if error.status() == Some(409) => return Ok(Seen::Busy),
            Err(error) => return Err(error),
        };
        if !is_usable(&task.id) {
            return no(UNREADABLE);
        }
        let (sent, age) = (Sent::Running(task.id), looking.age.unwrap_or_default());
        let first_sent = step.first_sent().unwrap_or_default();
        let is_older = task.created_at.is_some_and(|at| at.timestamp() + OLDEST < first_sent);
        if is_older {
            return no("the repeated call was answered with a task that is older than the first");
        }
        let made_now = task.created_at.is_some_and(|at| {
            at.timestamp() + CLOCK_SKEW > first_sent + age && age > 2 * CLOCK_SKEW
        });
        Ok(match made_now {
            true => found_with(sent, Vec::new(), Some(YOUNGER.to_owned())),
            false => found(sent),
        })
    }

    async fn read(&self, step: StepRef<'_>) -> Result<Status> {
        let answer = self.of_jobs.read_task(step.id()).await?;
        let raw = answer.json();
        let task = answer.value.data;
        tells_of(step, &task.id)?;
        let status = task.status.to_string();
        Ok(match task.status {
            TaskStatus::Succeeded => {
                Status::Succeeded(status, Some(video(step.job(), &task, raw).ok_or_else(no_video)?))
            }
            TaskStatus::Failed => Status::Failed {
                cost: taken(step.job(), &task),
                code: failure_code(&raw["data"]),
                message: reason_in(&raw),
            },
            TaskStatus::RequiresAction => Status::NeedsAction(status),
            // Unless the caller puts the shots together, the provider goes on by itself.
            TaskStatus::StoryboardReady if is_manual(step.job()) => Status::NeedsAction(status),
            word => {
                let hint = task.poll_after_seconds.and_then(|secs| u64::try_from(secs).ok());
                let is_known = !matches!(word, TaskStatus::Unknown(_));
                Status::Running { status, is_known, hint: hint.map(Duration::from_secs) }
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
        is_priced: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            // Whatever is wrong with the request is said before anything is read.
            let assumed = plan(&self.client, request, local, Billing::Assumed)?;
            match is_priced {
                true => plan(&self.client, request, local, self.unit.of(&self.client).await?),
                false => Ok(assumed),
            }
        })
    }

    fn slots(&self) -> BoxFuture<'_, Result<Option<u32>>> {
        Box::pin(async move {
            let usage = self.of_jobs.get_usage(&types::GetUsageQuery::new()).await?;
            let limit = usage.concurrency.and_then(|concurrency| concurrency.limit);
            Ok(limit.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0))
        })
    }

    fn reads_per_minute(&self) -> Option<u32> {
        Some(READS_PER_MINUTE)
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
        Box::pin(self.replay(step, looking))
    }

    fn operations(&self) -> &'static [&'static Operation] {
        super::OPERATIONS
    }

    fn timeout(&self, operation: &str) -> Duration {
        // A track is uploaded as a picture is, by a step of its own name.
        let id = if operation == TRACK { UPLOAD } else { operation };
        let known = super::OPERATIONS.iter().find(|known| known.id == id);
        known.map_or(Duration::ZERO, |operation| self.client.transport.timeout(operation))
    }

    fn endpoints(&self) -> Option<&dyn Endpoints> {
        Some(&self.client)
    }

    fn read_delivery(
        &self,
        delivery: &Delivery<'_>,
        secrets: Option<&Secrets>,
    ) -> Result<Delivered> {
        let transport = self.transport();
        let secrets = Secrets::needed(secrets, transport.account())?;
        let verifier = WebhookVerifier::with(secrets, transport.clock());
        let event = verifier.verify(|name| delivery.header(name), delivery.body)?;
        Ok(Delivered::Signed(event.job_event()))
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        let query = types::GetUsageQuery::new();
        Box::pin(async move { Ok(self.client.get_usage(&query).await?.credit_balance) })
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        nothing_to_choose(ProviderId::BeatApi, kind)
    }
}

/// For how much longer the same call may be sent again under its key, by the time since it was first
/// sent; `None` where it may not any more.
pub(crate) fn replay_left(age: Option<Duration>) -> Option<Duration> {
    (REPLAY_WINDOW - REPLAY_MARGIN).checked_sub(age?)
}

fn is_manual(job: &Job) -> bool {
    let options = job.request.beatapi.as_ref();
    let mode = options.and_then(|options| options.music.as_ref()?.compose_mode.as_ref());
    mode == Some(&types::ComposeMode::Manual)
}

fn body(job: &Job) -> types::CreateEcommerceVideoRequest {
    let ratio = match job.request.aspect_ratio {
        AspectRatio::Portrait => types::EcommerceAspectRatio::V9x16,
        AspectRatio::Landscape => types::EcommerceAspectRatio::V16x9,
        AspectRatio::Square => types::EcommerceAspectRatio::V1x1,
    };
    let secs = i64::from(job.plan.duration_secs.unwrap_or_default());
    let language = job.request.language.as_ref();
    let extra = job.request.beatapi.as_ref().map(|options| options.extra.clone());
    types::CreateEcommerceVideoRequest::new(job.image_urls(), secs)
        .prompt(job.plan.prompt.clone())
        .aspect_ratio(ratio)
        .language(language.map(|language| types::Language::from(language.primary())))
        .extra(extra.unwrap_or_default())
}

/// A music video's body. What was asked for in a field that the tier does not have was noted by the
/// plan.
fn music_body(job: &Job) -> types::CreateMusicVideoRequest {
    let options = job.request.beatapi.clone().unwrap_or_default();
    let Options { extra, idempotency_key: _, music } = options;
    let music = music.unwrap_or_default();
    let is_premium = music.is_premium();
    let language = job.request.language.as_ref().filter(|_| !is_premium);
    let ratio = job.request.aspect_ratio.to_string();
    types::CreateMusicVideoRequest::new(job.track_url().unwrap_or_default())
        .images(job.image_urls())
        .prompt(job.plan.prompt.clone())
        .aspect_ratio(types::MusicVideoAspectRatio::from(ratio.as_str()))
        .language(language.map(|language| types::Language::from(language.primary())))
        .duration(job.plan.duration_secs.map(i64::from))
        .mv_tier(is_premium.then_some(types::MusicVideoTier::Premium))
        .mv_mode(music.mode)
        .quality(music.quality)
        .resolution(music.resolution)
        .style(music.style)
        .lip_sync(music.lip_sync)
        .lip_ref_url(music.lip_ref_url)
        .lip_ref_urls(music.lip_ref_urls)
        .add_subtitle(music.add_subtitle)
        .subtitle_color(music.subtitle_color)
        .srt_url(music.srt_url)
        .compose_mode(music.compose_mode)
        .extra(extra)
}

fn video(job: &Job, task: &types::Task, raw: Value) -> Option<VideoFacts> {
    let url = video_link(task.output.as_ref()?)?;
    let usage = task.usage.as_ref();
    let credits = usage.and_then(|usage| usage.credits_settled.or(usage.credits_charged));
    Some(VideoFacts {
        medium: Medium::Video,
        url,
        poster: None,
        // The billed length is what was asked for, not what was measured.
        duration: None,
        cost: credits.and_then(|credits| Cost::reported(credits, job.plan.cost.high)),
        raw,
    })
}

/// The address of the video among the files that were made, which may be beside pictures: whatever is
/// said to be a video, else what is not said to be anything else, else any.
fn video_link(output: &types::TaskOutput) -> Option<String> {
    let listed = |said: Option<bool>| {
        let meant = output.media.iter().flatten().filter(move |media| is_video(media) == said);
        meant.filter_map(|media| link(Some(&media.url))).next()
    };
    listed(Some(true))
        .or_else(|| listed(None))
        .or_else(|| link(output.r2_url.as_ref()))
        .or_else(|| listed(Some(false)))
}

/// Whether a file is said to be a video; `None` where nothing is said.
fn is_video(media: &types::OutputMedia) -> Option<bool> {
    let mime = media.mime_type.as_deref().map(|mime| plain(mime).trim().to_ascii_lowercase());
    let by_mime = mime.filter(|mime| !mime.is_empty()).map(|mime| mime.starts_with("video/"));
    match &media.type_ {
        Some(types::MediaType::Video) => Some(true),
        Some(types::MediaType::Image) => by_mime.or(Some(false)),
        _ => by_mime,
    }
}

/// What a failed task took all the same: nothing, as a rule.
fn taken(job: &Job, task: &types::Task) -> Option<Cost> {
    let credits = task.usage.as_ref()?.credits_settled?;
    Cost::reported(credits, job.plan.cost.high)
}

fn no_video() -> Error {
    Error::new(
        ErrorKind::Decode,
        "the task succeeded, and neither its output.media nor its r2_url is an address",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_several_files_the_video_is_taken() {
        let file = |name: &str| format!("https://x.example/{name}");
        let taken = |output: Value| {
            let output: types::TaskOutput = serde_json::from_value(output).unwrap();
            video_link(&output).map(|url| url.rsplit('/').next().unwrap_or_default().to_owned())
        };
        let image = json!({ "type": "image", "url": file("i") });
        let cover = json!({ "mime_type": "image/png", "url": file("c") });
        let video = json!({ "type": "video", "url": file("v") });
        let clip = json!({ "mime_type": " Video/MP4", "url": file("m") });
        let wrong = json!({ "type": "image", "mime_type": "video/mp4", "url": file("w") });
        let plain = json!({ "url": file("p") });
        let empty = json!({ "type": "video", "url": "" });
        for (media, expected) in [
            (json!([image, video]), "v"),
            (json!([cover, plain, clip]), "m"),
            (json!([image, wrong]), "w"),
            (json!([empty, image, plain]), "p"),
            (json!([image, cover]), "i"),
            (json!([video, clip]), "v"),
        ] {
            assert_eq!(taken(json!({ "media": media })).as_deref(), Some(expected), "{media}");
        }
        let beside = json!({ "media": [image], "r2_url": file("r") });
        assert_eq!(taken(beside).as_deref(), Some("r"));
        assert_eq!(taken(json!({ "media": [empty] })), None);
    }
}
