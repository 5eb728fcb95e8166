//! A Creatify account as the client drives it.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::steps::{Looking, Sent, Status, picture, tells_of};
use super::super::{List, Prepared, Provider, unknown_step};
use super::calls::{Body, Call, record_id};
use super::find::find;
use super::plan::{URL_MAX_CHARS, plan, plan_anew};
use super::status::record_status;
use super::{Client, WebhookHint, link as link_video};
use crate::account::{AccountConfig, Asset, AssetHost, Keys};
use crate::address;
use crate::bindings::creatify::shapes;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::input::{Local, Picture};
use crate::job::{Job, Plan, Seen, StepRef};
use crate::json::Shape;
use crate::model::{CatalogueItem, CatalogueKind, Credits, Part, ProviderId};
use crate::providers::listed;
use crate::request::VideoRequest;
use crate::transport::{Operation, Pages, Permit, Transport};
use crate::webhook::{Claim, Delivered, Delivery, Secrets, check_size, unproved};

/// The most ids that a list takes.
const MOST_IDS: usize = 100;

/// Where the status of pictures and videos of records stands.
const RECORDS: List = List { operation: "list_product_to_videos", most: MOST_IDS };

/// Where that of videos of links stands.
const LINK_VIDEOS: List = List { operation: "list_link_to_videos", most: MOST_IDS };

/// A Creatify account as the client drives it.
pub(crate) struct Account {
    client: Client,
    /// The same for the calls of jobs.
    of_jobs: Client,
    host: Option<Arc<dyn AssetHost>>,
}

impl Account {
    pub(crate) fn open(config: AccountConfig, host: Option<Arc<dyn AssetHost>>) -> Result<Self> {
        let client = Client::new(config)?;
        let of_jobs = Client { transport: client.transport.of_jobs() };
        Ok(Self { client, of_jobs, host })
    }

    fn permitted(&self, permit: &Arc<Permit>) -> Client {
        Client { transport: self.client.transport.with_permit(permit) }
    }

    async fn ready<'a>(&'a self, step: StepRef<'a>, keys: &Keys) -> Result<Prepared<'a>> {
        if Call::of(step)? == Call::HostAsset {
            return self.hosting(step).await;
        }
        let webhook_url = self.client.transport.webhook_address(&step.tag(), keys);
        let body = Body::of(step, webhook_url)?;
        Ok(Box::new(move |permit| {
            Box::pin(async move { body.send(&self.permitted(&permit), record_id(step)).await })
        }))
    }

    async fn hosting<'a>(&'a self, step: StepRef<'a>) -> Result<Prepared<'a>> {
        let refused =
            |message: String| Error::unsupported(ProviderId::Creatify, "asset_host", message);
        let host = self.host.as_ref().ok_or_else(|| refused("none is set".to_owned()))?;
        let Picture { bytes, media_type, file_name, .. } = picture(step).await?;
        let media_type = media_type.to_owned();
        Ok(Box::new(move |_| {
            Box::pin(async move {
                let url = host.host(Asset { bytes, media_type, file_name }).await?;
                let url = address::web("asset_host", &url)
                    .map(String::from)
                    .map_err(|error| error.with_provider(ProviderId::Creatify))?;
                let length = url.chars().count();
                if length > URL_MAX_CHARS {
                    return Err(refused(format!(
                        "it gave an address of {length} characters: Creatify takes at most \
                         {URL_MAX_CHARS}"
                    )));
                }
                Ok(Sent::Done(url))
            })
        }))
    }

    async fn read(&self, step: StepRef<'_>) -> Result<Status> {
        let id = step.id();
        match Call::of(step)? {
            Call::HostAsset => return Err(unknown_step(step)),
            Call::CreateLink | Call::CreateLinkWithParams => {
                tells_of(step, &self.of_jobs.get_link(id).await?.id)?;
                return Ok(Status::Succeeded("link".to_owned(), None));
            }
            Call::CreateLinkToVideo => {
                let answer = self.of_jobs.read_link_to_video(id).await?;
                let raw = answer.json();
                tells_of(step, &answer.value.id)?;
                return link_video::status(step.job(), answer.value, raw);
            }
            Call::GenImage | Call::GenVideo | Call::RegenImage | Call::RegenVideo => {}
        }
        let answer = self.of_jobs.read_record(id).await?;
        let raw = answer.json();
        tells_of(step, &answer.value.id)?;
        record_status(step, answer.value, raw)
    }

    /// The status of each job as a list shows it.
    async fn read_list(
        &self,
        list: List,
        steps: &[StepRef<'_>],
    ) -> Result<Vec<Option<Result<Status>>>> {
        let ids: Vec<_> = steps.iter().filter_map(|step| step.resource()).collect();
        let listed = match list == LINK_VIDEOS {
            true => self.of_jobs.read_link_to_videos(Some(&ids)).await?,
            false => self.of_jobs.read_records(Some(&ids)).await?,
        };
        // One that cannot be read is left out, to be read by itself.
        let status = |step: &StepRef<'_>| {
            let id = step.resource()?;
            let is_its = |item: &&Value| listed::id(item).as_deref() == Some(id);
            let item = listed.records.iter().find(is_its)?.clone();
            Some(match list == LINK_VIDEOS {
                true => link_video::status(step.job(), typed(&shapes::LINK_TO_VIDEO, &item)?, item),
                false => record_status(*step, typed(&shapes::PRODUCT_TO_VIDEO, &item)?, item),
            })
        };
        Ok(steps.iter().map(status).collect())
    }
}

fn typed<T: DeserializeOwned>(shape: &Shape, item: &Value) -> Option<T> {
    shape.decode(item.clone()).ok().map(|(typed, _)| typed)
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
        let planned = plan(&self.client, request, local, self.host.is_some());
        Box::pin(std::future::ready(planned))
    }

    fn plan_anew(
        &self,
        parent: &Job,
        part: Part,
        prompt: Option<&str>,
    ) -> Result<(VideoRequest, Plan)> {
        plan_anew(self.transport().account(), parent, part, prompt)
    }

    fn works_on<'a>(&self, step: StepRef<'a>) -> Option<&'a str> {
        // What is made anew has a record of its own.
        Call::of(step).is_ok_and(|call| call == Call::GenVideo).then(|| record_id(step))
    }

    fn list_of(&self, step: StepRef<'_>) -> Option<List> {
        match Call::of(step).ok()? {
            Call::HostAsset | Call::CreateLink | Call::CreateLinkWithParams => None,
            Call::CreateLinkToVideo => Some(LINK_VIDEOS),
            Call::GenImage | Call::GenVideo | Call::RegenImage | Call::RegenVideo => Some(RECORDS),
        }
    }

    fn poll_list<'a>(
        &'a self,
        list: List,
        steps: &'a [StepRef<'a>],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        Box::pin(self.read_list(list, steps))
    }

    fn is_paid(&self, step: StepRef<'_>) -> Result<bool> {
        Call::of(step).map(|call| call != Call::HostAsset)
    }

    fn prepare<'a>(
        &'a self,
        step: StepRef<'a>,
        keys: &'a Keys,
    ) -> BoxFuture<'a, Result<Prepared<'a>>> {
        Box::pin(self.ready(step, keys))
    }

    fn poll<'a>(&'a self, step: StepRef<'a>) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(step))
    }

    fn look<'a>(&'a self, step: StepRef<'a>, looking: Looking<'a>) -> BoxFuture<'a, Result<Seen>> {
        Box::pin(find(&self.of_jobs, step, looking.pages))
    }

    fn operations(&self) -> &'static [&'static Operation] {
        super::OPERATIONS
    }

    /// It signs nothing: the address alone says which job a delivery is about, and proves it.
    fn read_delivery(&self, delivery: &Delivery<'_>, _: Option<&Secrets>) -> Result<Delivered> {
        check_size(delivery.provider, delivery.body)?;
        let claim = Claim::of(delivery.query).ok_or_else(|| unproved(delivery.provider))?;
        // What it says is not believed, so one that cannot be read does as well.
        let hint = WebhookHint::read(delivery.body);
        let is_of_an_end = hint.is_ok_and(|hint| hint.is_of_an_end());
        Ok(Delivered::Claimed(claim, if is_of_an_end { "ended" } else { "moved" }))
    }

    fn event_key(&self, job: &Job) -> Option<String> {
        Some(job.id().to_string())
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(self.client.get_remaining_credits())
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Ok(super::catalogue::list(&self.client, kind))
    }
}
