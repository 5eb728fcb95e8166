//! Uploads in two steps: an address is asked for, and the file is put there without the key.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::{Refusal, Service, account, read_body, success};
use crate::assets::extension;
use crate::body;
use crate::check::{Fault, Fields};
use crate::world::locked;

const MEGABYTE: u32 = 1_000_000;
/// What is taken, and the most bytes of each.
const TYPES: [(&str, u32); 10] = [
    ("image/jpeg", 10 * MEGABYTE),
    ("image/png", 10 * MEGABYTE),
    ("image/webp", 10 * MEGABYTE),
    ("image/gif", 10 * MEGABYTE),
    ("video/mp4", 100 * MEGABYTE),
    ("video/webm", 100 * MEGABYTE),
    ("video/quicktime", 100 * MEGABYTE),
    ("audio/mpeg", 20 * MEGABYTE),
    ("audio/wav", 20 * MEGABYTE),
    ("audio/mp4", 20 * MEGABYTE),
];

/// An address that waits for its file. It takes the file again, since a put may be repeated.
#[derive(Clone)]
pub(super) struct Slot {
    media_type: &'static str,
    most: u32,
    signature: String,
    path: String,
}

pub(super) async fn upload_asset(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    let body = read_body(request).await?;
    let mut fields = Fields::of(&body);
    fields.required("filename").filled();
    let given = fields.required("content_type").string().unwrap_or_default();
    let size = fields.optional("file_size").integer(1..=i64::MAX);
    let known = TYPES.iter().find(|(known, _)| given.eq_ignore_ascii_case(known));
    let (media_type, most) = known.copied().unwrap_or_default();
    if known.is_none() {
        fields.note("content_type", Fault::Other("is not a supported format"));
    } else if size.is_some_and(|size| size > i64::from(most)) {
        fields.note("file_size", Fault::Outside(1..=i64::from(most)));
    }
    fields.finish()?;

    let name = format!("{}.{}", service.world.ids.hex("jogg asset"), extension(media_type));
    let signature = service.world.ids.hex("jogg signature");
    let path = format!("jogg/usermedia/{name}");
    let data = json!({
        "sign_url": format!("{}/storage/jogg/{name}?signature={signature}", service.world.origin),
        "asset_url": service.world.media_url(&path),
    });
    let bytes = signature.len() + path.len();
    locked(&service.records).slots.put(name, Slot { media_type, most, signature, path }, bytes);
    Ok(success(data))
}

/// The storage is another service than the API: it answers with a bare status.
pub(super) async fn put_asset(
    State(service): State<Arc<Service>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> StatusCode {
    let Ok(Path(name)) = name else { return StatusCode::NOT_FOUND };
    let slot = locked(&service.records).slots.get(&name).cloned();
    let Some(slot) = slot else { return StatusCode::NOT_FOUND };
    let query = body::query(&request);
    let is_signed = query.get("signature").is_some_and(|given| *given == slot.signature);
    if !is_signed || body::media_type(request.headers()) != slot.media_type {
        return StatusCode::FORBIDDEN;
    }
    match body::read(request, slot.most as usize).await {
        Ok(bytes) => {
            service.world.assets.put(slot.path, slot.media_type, bytes, service.world.now());
            StatusCode::OK
        }
        Err(body::BodyFault::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
