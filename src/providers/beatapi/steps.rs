use std::time::Duration;

use super::super::steps::{Look, Looking, Sent, Status, picture, sound};
use super::super::{Provider, nothing_to_choose};
use super::contract::{Billing, KnownUnit, is_newer};
use super::plan::{MUSIC, TRACK, UPLOAD, plan};
use super::types::{self, TaskStatus};
use super::{Client, IdempotencyKey, Options};
use crate::BoxFuture;
use crate::catalogue::{CatalogueItem, CatalogueKind};
use crate::client::AccountConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Plan};
use crate::model::{
    AspectRatio, Cost, CostSource, Credits, Medium, ProviderId, VideoFacts, VideoRequest,
};
use crate::pages::Pages;
use crate::providers::endpoints::Endpoints;
use crate::providers::request::Local;
use crate::transport::{Operation, Transport, Upload};

/// Task reads by one key.
const READS_PER_MINUTE: u32 = 120;

/// How long after the first send the same call is sent again under its key. How long a key is kept
/// is not documented.
const REPLAY_WINDOW: Duration = Duration::from_secs(600);

/// By how much a task may seem younger than it is: its time is in whole seconds.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

const YOUNGER: &str = "the task that answered the repeated call is younger than the first call: \
                       if that arrived after all, both were paid for";

/// A BeatAPI account as the client drives it.
pub(crate) struct Account(Client, KnownUnit);

impl Account {
    pub(crate) fn open(config: AccountConfig) -> Result<Self> {
        Ok(Self(Client::new(config)?, KnownUnit::default()))
    }

    async fn create(&self, job: &Job, step: usize) -> Result<types::Task> {
        let own = job.request.beatapi.as_ref().and_then(|options| options.idempotency_key.clone());
        let key = IdempotencyKey::new(own.unwrap_or_else(|| job.tag(step)))?;
        match job.steps[step].operation.as_str() {
            MUSIC => self.0.create_music_video(&music_body(job), Some(&key)).await,
            _ => self.0.create_ecommerce_video(&body(job), Some(&key)).await,
        }
    }

    async fn upload(&self, job: &Job, step: usize) -> Result<Sent> {
        let (bytes, media_type) = match job.steps[step].operation.as_str() {
            TRACK => sound(job).await.map(|track| (track.bytes, track.media_type))?,
            _ => picture(job, step).await.map(|picture| (picture.bytes, picture.media_type))?,
        };
        let file = self.0.upload_file(&Upload::bytes(bytes, media_type)).await?;
        Ok(Sent::Done(file.url))
    }

    /// The same call again, under the same key: a newer account answers with the first task.
    async fn replay(&self, job: &Job, step: usize, looking: Looking) -> Result<Look> {
        let first_sent = job.steps[step].first_sent.unwrap_or(looking.now);
        if !looking.may_replay {
            return Ok(Look::Unprovable("BeatAPI lists no tasks, and the policy is to hold"));
        }
        if looking.now.since(first_sent) > REPLAY_WINDOW {
            return Ok(Look::Unprovable(
                "BeatAPI lists no tasks, and the ten minutes are over in which the same call is \
                 sent again under its key",
            ));
        }
        // By the newer contract a repeated key is answered with the first task.
        if !is_newer(&self.0).await? {
            return Ok(Look::Unprovable(
                "BeatAPI lists no tasks, and this account shows no sign of honouring idempotency \
                 keys",
            ));
        }
        let task = match self.create(job, step).await {
            Ok(task) => task,
            // A conflict says that the first is still in flight. A refusal says nothing of it.
            Err(error) if error.status() == Some(409) => return Ok(Look::NotYet),
            Err(error) => return Err(error),
        };
        let sent = Sent::Running(task.id);
        let made_now = task.created_at.is_some_and(|at| {
            at.timestamp() + CLOCK_SKEW > looking.now && looking.now > first_sent + 2 * CLOCK_SKEW
        });
        Ok(match made_now {
            true => Look::Doubtful(sent, YOUNGER.to_owned()),
            false => Look::Found(sent),
        })
    }

    async fn read(&self, job: &Job, step: usize) -> Result<Status> {
        let id = job.steps[step].resource.as_deref().unwrap_or_default();
        let answer = self.0.read_task(id).await?;
        let task = answer.value.data;
        let status = task.status.to_string();
        Ok(match task.status {
            TaskStatus::Succeeded => {
                let raw = serde_json::from_slice(&answer.body).unwrap_or_default();
                Status::Succeeded(status, Some(video(&task, raw).ok_or_else(no_video)?))
            }
            TaskStatus::Failed => Status::Failed {
                cost: taken(&task),
                code: task.error_code,
                message: task.error_message,
            },
            TaskStatus::RequiresAction => Status::NeedsAction(status),
            // Unless the caller puts the shots together, the provider goes on by itself.
            TaskStatus::StoryboardReady if is_manual(job) => Status::NeedsAction(status),
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
        &self.0.transport
    }

    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        local: &'a Local,
        is_priced: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            // Whatever is wrong with the request is said before anything is read.
            let assumed = plan(&self.0, request, local, Billing::Assumed)?;
            match is_priced {
                true => plan(&self.0, request, local, self.1.of(&self.0).await?),
                false => Ok(assumed),
            }
        })
    }

    fn reads_per_minute(&self) -> Option<u32> {
        Some(READS_PER_MINUTE)
    }

    fn send<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>> {
        match job.steps[step].operation.as_str() {
            UPLOAD | TRACK => Box::pin(self.upload(job, step)),
            _ => Box::pin(async move { Ok(Sent::Running(self.create(job, step).await?.id)) }),
        }
    }

    fn poll<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(job, step))
    }

    fn look_up<'a>(
        &'a self,
        job: &'a Job,
        step: usize,
        looking: Looking,
    ) -> BoxFuture<'a, Result<Look>> {
        Box::pin(self.replay(job, step, looking))
    }

    fn operations(&self) -> &'static [&'static Operation] {
        super::OPERATIONS
    }

    fn endpoints(&self) -> Option<&dyn Endpoints> {
        Some(&self.0)
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        let query = types::GetUsageQuery::new();
        Box::pin(async move { Ok(self.0.get_usage(&query).await?.credit_balance) })
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        nothing_to_choose(ProviderId::BeatApi, kind)
    }
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

fn video(task: &types::Task, raw: serde_json::Value) -> Option<VideoFacts> {
    let output = task.output.as_ref()?;
    let media = output.media.as_ref().and_then(|media| media.first());
    let url = media.map(|media| media.url.clone()).or_else(|| output.r2_url.clone())?;
    let usage = task.usage.as_ref();
    let credits = usage.and_then(|usage| usage.credits_settled.or(usage.credits_charged));
    Some(VideoFacts {
        medium: Medium::Video,
        url,
        poster: None,
        // The billed length is what was asked for, not what was measured.
        duration: None,
        cost: credits.map(|credits| Cost { credits, source: CostSource::Reported }),
        raw,
    })
}

/// What a failed task took all the same: nothing, as a rule.
fn taken(task: &types::Task) -> Option<Cost> {
    let credits = task.usage.as_ref()?.credits_settled?;
    Some(Cost { credits, source: CostSource::Reported })
}

fn no_video() -> Error {
    Error::new(ErrorKind::Decode, "the task succeeded without the address of a video")
}
