//! Product videos: an image of a product, a video of that image, and others of both.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value};

use super::order;
use super::record::{Part, Record};
use super::records::Owned as _;
use super::{Refusal, Service, account, path_id, take_submit, wanted_ids, webhooks};
use crate::exchange::{CurrentExchange, Exchange, Submit};
use crate::provider::Provider;
use crate::world::locked;

pub(super) async fn gen_image(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let order = order::read_image_order(&body)?;
    let record = Record::start(&submit, order)?;
    Ok(service.keep(&submit, record, Part::Image).await)
}

pub(super) async fn gen_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let record = records.product_videos.find(&submit.account, &path_id(id)?)?;
        let order = order::read_video_order(&body)?;
        let submit = submit.about(&[], record.content());
        record.start_video(&submit, order)?;
        let answer = record.answer(&service.world, service.world.now());
        (answer, webhooks::follow(&service, &submit, record, Part::Video))
    };
    first_delivery.before_answer().await;
    Ok(Json(answer).into_response())
}

pub(super) async fn regen_image(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, submit: &_, body: &_| {
        source.regen_image(submit, order::read_image_change(body)?)
    };
    regen(&service, id, request, Part::Image, remake).await
}

pub(super) async fn regen_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, submit: &_, body: &_| {
        source.regen_video(submit, order::read_video_order(body)?)
    };
    regen(&service, id, request, Part::Video, remake).await
}

/// Makes a new record out of one that stays as it is.
async fn regen(
    service: &Arc<Service>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
    part: Part,
    remake: impl FnOnce(&Record, &Submit, &Map<String, Value>) -> Result<Record, Refusal>,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let id = path_id(id)?;
    let (submit, record) = {
        let mut records = locked(&service.records);
        let source = records.product_videos.find(&submit.account, &id)?;
        let submit = submit.about(&[], source.content());
        let record = remake(source, &submit, &body)?;
        (submit, record)
    };
    Ok(service.keep(&submit, record, part).await)
}

pub(super) async fn get_product_to_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    Extension(exchange): CurrentExchange,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let mut records = locked(&service.records);
    let record = records.product_videos.find(&account, &path_id(id)?)?;
    let answer = |now| record.answer(&service.world, now);
    let shown = exchange.show(record.id(), record.created_at(), answer);
    Ok(Json(shown.ok_or(Refusal::NoRecord(Record::MODEL))?).into_response())
}

pub(super) async fn list_product_to_videos(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let ids = wanted_ids(&request)?;
    let records = locked(&service.records);
    let of = |account| records.product_videos.list(account, ids.as_deref());
    let faults = exchange.list_faults(of(&account).map(|record| record.id()));
    let listed =
        of(faults.account.as_ref().unwrap_or(&account)).take(faults.most.unwrap_or(usize::MAX));
    let shown = |record: &Record| {
        exchange.list(record.id(), record.created_at(), |now| record.answer(&service.world, now))
    };
    Ok(Json(listed.filter_map(shown).collect::<Vec<Value>>()).into_response())
}

impl Service {
    /// Keeps a new record and shows it.
    async fn keep(self: &Arc<Self>, submit: &Submit, record: Record, part: Part) -> Response {
        let answer = record.answer(&self.world, self.world.now());
        let first_delivery = {
            let mut records = locked(&self.records);
            let first_delivery = webhooks::follow(self, submit, &record, part);
            records.product_videos.add(record);
            first_delivery
        };
        self.world.count(Provider::Creatify, |tally| tally.jobs += 1);
        first_delivery.before_answer().await;
        Json(answer).into_response()
    }
}
