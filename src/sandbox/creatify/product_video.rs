//! Product videos: an image of a product, a video of that image, and others of both.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value};

use super::record::{self, Record};
use super::shelf::Kept as _;
use super::{Desk, Refusal, account, path_id, take_submit, wanted_ids};
use crate::ProviderId;
use crate::sandbox::exchange::{Exchange, Seen, Submit};
use crate::sandbox::world::locked;

pub(super) async fn gen_image(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let order = record::read_image_order(&body)?;
    let record = Record::start(&submit, order)?;
    Ok(desk.keep(record))
}

pub(super) async fn gen_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let mut records = locked(&desk.records);
    let record = records.product_videos.find(&submit.account, &path_id(id)?)?;
    let order = record::read_video_order(&body)?;
    record.start_video(&submit.about(&[], record.content()), order)?;
    Ok(Json(record.answer(&desk.world, desk.world.now())).into_response())
}

pub(super) async fn regen_image(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, submit: &_, body: &_| {
        source.regen_image(submit, record::read_image_change(body)?)
    };
    regen(&desk, id, request, remake).await
}

pub(super) async fn regen_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, submit: &_, body: &_| {
        source.regen_video(submit, record::read_video_order(body)?)
    };
    regen(&desk, id, request, remake).await
}

/// Makes a new record out of one that stays as it is.
async fn regen(
    desk: &Desk,
    id: Result<Path<String>, PathRejection>,
    request: Request,
    remake: impl FnOnce(&Record, &Submit, &Map<String, Value>) -> Result<Record, Refusal>,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let id = path_id(id)?;
    let record = {
        let mut records = locked(&desk.records);
        let source = records.product_videos.find(&submit.account, &id)?;
        let submit = submit.about(&[], source.content());
        remake(source, &submit, &body)?
    };
    Ok(desk.keep(record))
}

pub(super) async fn get_product_to_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    Extension(exchange): Seen,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let mut records = locked(&desk.records);
    let record = records.product_videos.find(&account, &path_id(id)?)?;
    let answer = |now| record.answer(&desk.world, now);
    Ok(Json(exchange.show(record.id(), record.created_at(), answer)).into_response())
}

pub(super) async fn list_product_to_videos(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let ids = wanted_ids(&request)?;
    let records = locked(&desk.records);
    let listed = records.product_videos.list(&account, ids.as_deref());
    let shown = |record: &Record| {
        exchange.list(record.id(), record.created_at(), |now| record.answer(&desk.world, now))
    };
    Ok(Json(listed.filter_map(shown).collect::<Vec<Value>>()).into_response())
}

impl Desk {
    /// Keeps a new record and shows it.
    fn keep(&self, record: Record) -> Response {
        let answer = record.answer(&self.world, self.world.now());
        locked(&self.records).product_videos.add(record);
        self.world.count(ProviderId::Creatify, |tally| tally.jobs += 1);
        Json(answer).into_response()
    }
}
