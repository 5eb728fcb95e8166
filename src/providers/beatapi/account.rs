//! A BeatAPI account as the client drives it.

use std::sync::Arc;
use std::time::Duration;

use super::super::said::{failure_code, reason_in};
use super::super::steps::{
    Looking, Sent, Status, UNREADABLE, found, found_with, is_usable, nothing, picture, sound,
    tells_of,
};
use super::super::survey::no_look;
use super::super::{Prepared, Provider, nothing_to_choose};
use super::calls::{Call, Create, is_manual};
use super::contract::{Billing, KnownUnit, is_newer};
use super::plan::{TRACK, UPLOAD, plan};
use super::status::{no_video, taken, video};
use super::types::{self, TaskStatus};
use super::{Client, WebhookVerifier};
use crate::account::{AccountConfig, Keys};
use crate::error::{ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Plan, Seen, StepRef};
use crate::model::{CatalogueItem, CatalogueKind, Credits, ProviderId};
use crate::providers::endpoints::Endpoints;
use crate::request::VideoRequest;
use crate::transport::{Operation, Pages, Permit, Transport, Upload};
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
