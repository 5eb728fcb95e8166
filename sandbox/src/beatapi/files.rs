//! Uploads: the raw bytes, or a form with a part `file`.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Code, Refusal, Service};
use crate::assets::{Asset, extension, image_type};
use crate::check::{Fault, Fields, web_url};
use crate::world::World;
use crate::{audio, body};

/// 101 MiB: the largest file and 1 MiB for the frame of a form.
const MOST_BODY_BYTES: usize = 105_906_176;
const MOST_VIDEO_BYTES: usize = 100_000_000;
const MOST_BYTES: usize = 50_000_000;
const TRACK_SECONDS: RangeInclusive<f64> = 10.0..=300.0;
const TYPES: [&str; 10] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "audio/mpeg",
    "audio/wav",
    "audio/aac",
    "audio/mp4",
    "application/x-subrip",
    "video/mp4",
    "video/quicktime",
];
/// How many of the types, the last ones, are of film.
const FILM_TYPES: usize = 2;

/// A file as it arrived.
struct Upload {
    media_type: String,
    bytes: Bytes,
}

pub(super) async fn upload_file(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    service.account(&request)?;
    let refuse = |message: &str| service.refuse(Code::BadRequest, message);
    match body::stated_length(request.headers()) {
        None => return Err(refuse("Content-Length is required")),
        Some(0) => return Err(refuse("file must not be empty")),
        Some(length) if length > MOST_BODY_BYTES as u64 => {
            return Err(refuse("file is too large"));
        }
        Some(_) => {}
    }
    let upload = match body::media_type(request.headers()).as_str() {
        "multipart/form-data" => read_form(request).await,
        media_type => read_raw(request, media_type.to_owned()).await,
    };
    let takes_film = !service.contract().is_launch();
    let upload = upload
        .and_then(|upload| checked(upload, takes_film))
        .map_err(|problem| refuse(&problem))?;
    let Upload { media_type, bytes } = upload;

    let now = service.world.now();
    let id = service.world.ids.named("file");
    let key = format!("inputs/{id}.{}", extension(&media_type));
    let path = format!("beatapi/{key}");
    let url = service.world.media_url(&path);
    let size = bytes.len();
    let track = track_length(&media_type, &bytes);
    service.world.assets.put(path, &media_type, bytes, now);
    let mut file = json!({
        "id": id,
        "object": "file",
        "url": url,
        "key": key,
        "mime_type": media_type,
        "size_bytes": size,
        "purpose": "input",
        "created_at": now.unix_secs(),
    });
    if let Some(audio::Length { seconds, source }) = track {
        file["audio_duration_seconds"] = ((seconds * 100.0).round() / 100.0).into();
        file["audio_duration_source"] = source.into();
    }
    Ok((StatusCode::CREATED, Json(json!({"data": file}))).into_response())
}

async fn read_raw(request: Request, media_type: String) -> Result<Upload, String> {
    let bytes = body::read(request, MOST_BODY_BYTES).await.map_err(|fault| fault.to_string())?;
    Ok(Upload { media_type, bytes })
}

async fn read_form(request: Request) -> Result<Upload, String> {
    let parts = body::read_parts(request, MOST_BODY_BYTES).await;
    let mut upload = None;
    for part in parts.map_err(|fault| fault.to_string())? {
        match part.name.as_str() {
            "file" => upload = Some(part),
            "purpose" if part.bytes != "input" => return Err("purpose must be input".to_owned()),
            _ => {}
        }
    }
    let part = upload.ok_or_else(|| "file is required".to_owned())?;
    // The one case in which general text is taken.
    let is_subtitle = part.file_name.is_some_and(|name| name.ends_with(".srt"));
    let media_type = match part.media_type.as_str() {
        "text/plain" if is_subtitle => "application/x-subrip".to_owned(),
        _ => part.media_type,
    };
    Ok(Upload { media_type, bytes: part.bytes })
}

fn checked(upload: Upload, takes_film: bool) -> Result<Upload, String> {
    let Upload { media_type, bytes } = &upload;
    let types = &TYPES[..if takes_film { TYPES.len() } else { TYPES.len() - FILM_TYPES }];
    if !types.contains(&media_type.as_str()) {
        return Err(format!("file must be one of {}", types.join(", ")));
    }
    let most = if media_type.starts_with("video/") { MOST_VIDEO_BYTES } else { MOST_BYTES };
    if bytes.is_empty() || bytes.len() > most {
        return Err(format!("file must have 1 to {most} bytes"));
    }
    // The service reads width and height, so it sees what is none. Film is not looked into here,
    // nor is sound whose length cannot be found.
    if media_type.starts_with("image/") && image_type(bytes) != Some(media_type) {
        return Err(format!("file is not {media_type}"));
    }
    match track_length(media_type, bytes) {
        Some(track) if !TRACK_SECONDS.contains(&track.seconds) => {
            Err("a track must have 10 to 300 s".to_owned())
        }
        _ => Ok(upload),
    }
}

/// Notes the images of a body that are uploads of ours and none that a video is made of. What is
/// elsewhere is looked at when the video is made, as the contract says.
pub(super) fn check_images(
    world: &World,
    fields: &mut Fields<'_>,
    body: &Map<String, Value>,
    are_scenes: bool,
) {
    for (index, url) in
        body.get("images").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let file = url.as_str().and_then(|url| upload_at(world, url));
        if let Some(sentence) = file.and_then(|file| image_fault(&file, are_scenes)) {
            fields.note(&format!("images[{index}]"), Fault::Other(sentence));
        }
    }
}

/// An upload of ours, if the address is one.
pub(super) fn upload_at(world: &World, url: &str) -> Option<Arc<Asset>> {
    let path = web_url(url).and_then(|url| world.own_path(&url))?;
    world.assets.get(&path)
}

/// The shape is stated for the scenes of music videos alone.
fn image_fault(file: &Asset, are_scenes: bool) -> Option<&'static str> {
    if !TYPES[..3].contains(&file.media_type.as_str()) {
        return Some("must be a PNG, JPEG or WebP image");
    }
    let size = imagesize::blob_size(&file.bytes).ok()?;
    let (across, down) = (size.width, size.height);
    let is_odd = across > down.saturating_mul(4) || down > across.saturating_mul(4);
    (are_scenes && is_odd).then_some("must be from 1:4 to 4:1")
}

fn track_length(media_type: &str, bytes: &[u8]) -> Option<audio::Length> {
    media_type.starts_with("audio/").then(|| audio::length(bytes)).flatten()
}
