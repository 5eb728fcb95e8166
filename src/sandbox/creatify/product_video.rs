//! Product videos: an image of a product, a video of that image, and others of both.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::record::{self, Record};
use super::{Desk, Refusal, account, path_id, wanted_ids};
use crate::ProviderId;
use crate::sandbox::world::locked;

pub(super) async fn gen_image(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (account, body) = desk.take_submit(request).await?;
    let order = record::read_image_order(&body)?;
    let record = Record::start(&desk.world, account, order)?;
    Ok(desk.keep(record))
}

pub(super) async fn gen_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let (account, body) = desk.take_submit(request).await?;
    let mut records = locked(&desk.records);
    let record = records.product_videos.find(&account, &path_id(id)?)?;
    let order = record::read_video_order(&body)?;
    record.start_video(&desk.world, order)?;
    Ok(Json(record.answer(&desk.world)).into_response())
}

pub(super) async fn regen_image(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, body: &_| {
        source.regen_image(&desk.world, record::read_image_change(body)?)
    };
    regen(&desk, id, request, remake).await
}

pub(super) async fn regen_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let remake = |source: &Record, body: &_| {
        source.regen_video(&desk.world, record::read_video_order(body)?)
    };
    regen(&desk, id, request, remake).await
}

/// Makes a new record out of one that stays as it is.
async fn regen(
    desk: &Desk,
    id: Result<Path<String>, PathRejection>,
    request: Request,
    remake: impl FnOnce(&Record, &Map<String, Value>) -> Result<Record, Refusal>,
) -> Result<Response, Refusal> {
    let (account, body) = desk.take_submit(request).await?;
    let id = path_id(id)?;
    let record = {
        let mut records = locked(&desk.records);
        remake(records.product_videos.find(&account, &id)?, &body)?
    };
    Ok(desk.keep(record))
}

pub(super) async fn get_product_to_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.polls += 1);
    let account = account(&headers)?;
    let mut records = locked(&desk.records);
    let record = records.product_videos.find(&account, &path_id(id)?)?;
    Ok(Json(record.answer(&desk.world)).into_response())
}

pub(super) async fn list_product_to_videos(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.polls += 1);
    let account = account(request.headers())?;
    let ids = wanted_ids(&request)?;
    let records = locked(&desk.records);
    let listed = records.product_videos.list(&account, ids.as_deref());
    let listed: Vec<Value> = listed.map(|record| record.answer(&desk.world)).collect();
    Ok(Json(listed).into_response())
}

impl Desk {
    /// Keeps a new record and shows it.
    fn keep(&self, record: Record) -> Response {
        let answer = record.answer(&self.world);
        locked(&self.records).product_videos.add(record);
        self.world.count(ProviderId::Creatify, |tally| tally.jobs += 1);
        Json(answer).into_response()
    }
}
