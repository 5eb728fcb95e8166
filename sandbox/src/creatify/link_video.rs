//! Link videos: made in one go, or after a look at previews.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use super::link::Link;
use super::link_order::{self, LinkOrder};
use super::link_record::LinkRecord;
use super::records::Owned as _;
use super::{Refusal, Service, account, path_id, take_submit, wanted_ids, webhooks};
use crate::check::Fields;
use crate::exchange::{CurrentExchange, Exchange, Submit};
use crate::provider::Provider;
use crate::world::locked;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/link_to_videos/", get(list_link_to_videos).post(create_link_to_video))
        .route("/api/link_to_videos/preview/", post(preview_link_to_video))
        .route("/api/link_to_videos/preview_list_async/", post(preview_link_to_video_list))
        .route("/api/link_to_videos/{id}/", get(get_link_to_video))
        .route("/api/link_to_videos/{id}/render/", post(render_link_to_video))
        .route("/api/link_to_videos/{id}/render_single_preview/", post(render_single_preview))
}

async fn create_link_to_video(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    submit(&service, request, LinkRecord::start).await
}

async fn preview_link_to_video(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    submit(&service, request, LinkRecord::preview).await
}

async fn preview_link_to_video_list(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    submit(&service, request, LinkRecord::preview_list).await
}

/// Makes a job of a link of the account.
async fn submit(
    service: &Arc<Service>,
    request: Request,
    start: impl FnOnce(&Submit, &Link, LinkOrder) -> Result<LinkRecord, Refusal>,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let order = link_order::read(&body)?;
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let link = records.links.find(&submit.account, &order.link);
        let link = link.map_err(|_| Refusal::field("link", "Invalid link ID"))?;
        link.check_media()?;
        let submit = submit.about(&["link"], link.content());
        let record = start(&submit, link, order)?;
        let answer = record.answer(&service.world, service.world.now());
        let first_delivery = webhooks::follow_link_video(service, &submit, &record);
        records.link_videos.add(record);
        service.world.count(Provider::Creatify, |tally| tally.jobs += 1);
        (answer, first_delivery)
    };
    first_delivery.before_answer().await;
    Ok(Json(answer).into_response())
}

async fn render_link_to_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    Extension(exchange): CurrentExchange,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let submit = Submit::new(exchange, account(&headers)?, &Map::new());
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let record = records.link_videos.find(&submit.account, &path_id(id)?)?;
        let submit = submit.about(&[], record.content());
        record.render(&submit)?;
        let answer = record.answer(&service.world, service.world.now());
        (answer, webhooks::follow_link_video(&service, &submit, record))
    };
    first_delivery.before_answer().await;
    Ok(Json(answer).into_response())
}

async fn render_single_preview(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let record = records.link_videos.find(&submit.account, &path_id(id)?)?;
        let mut fields = Fields::of(&body);
        let media_job = fields.required("media_job").uuid().unwrap_or_default();
        fields.finish()?;
        let media_job = media_job.to_ascii_lowercase();
        // Which preview is meant stands in what it stands for.
        let of = json!({"video": record.content(), "look": record.look_of(&media_job)});
        let submit = submit.about(&["media_job"], of);
        record.render_one(&submit, &media_job)?;
        let answer = record.answer(&service.world, service.world.now());
        (answer, webhooks::follow_link_video(&service, &submit, record))
    };
    first_delivery.before_answer().await;
    Ok(Json(answer).into_response())
}

async fn get_link_to_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    Extension(exchange): CurrentExchange,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let mut records = locked(&service.records);
    let record = records.link_videos.find(&account, &path_id(id)?)?;
    let answer = |now| record.answer(&service.world, now);
    let shown = exchange.show(record.id(), record.created_at(), answer);
    Ok(Json(shown.ok_or(Refusal::NoRecord(LinkRecord::MODEL))?).into_response())
}

async fn list_link_to_videos(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let ids = wanted_ids(&request)?;
    let records = locked(&service.records);
    let of = |account| records.link_videos.list(account, ids.as_deref());
    let faults = exchange.list_faults(of(&account).map(|record| record.id()));
    let listed =
        of(faults.account.as_ref().unwrap_or(&account)).take(faults.most.unwrap_or(usize::MAX));
    let shown = |record: &LinkRecord| {
        exchange.list(record.id(), record.created_at(), |now| record.answer(&service.world, now))
    };
    Ok(Json(listed.filter_map(shown).collect::<Vec<Value>>()).into_response())
}
