//! A JoggAI account as the client drives it.

use std::sync::Arc;

use super::super::said::{failure_code, reason_in};
use super::super::steps::{Looking, Sent, Status};
use super::super::{Capacity, List, Prepared, Provider};
use super::calls::{Body, Call, is_of};
use super::find::{find, find_preview};
use super::plan::plan;
use super::status::{facts, no_video};
use super::types::ProductVideoStatus as Word;
use super::{Client, WebhookVerifier};
use crate::account::{AccountConfig, Keys};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Plan, Seen, StepRef};
use crate::model::{CatalogueItem, CatalogueKind, Credits};
use crate::providers::endpoints::Endpoints;
use crate::request::VideoRequest;
use crate::transport::{LookPages, Operation, Pages, Permit, Transport};
use crate::webhook::{Delivered, Delivery, Secrets};

/// Posts by one key. Source: the quick start's page on rate limits, read 2026-11.
const POSTS_PER_MINUTE: u32 = 20;

/// Where the status of videos stands, the newest first.
const VIDEOS: List = List { operation: "list_product_videos", most: 100 };

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
