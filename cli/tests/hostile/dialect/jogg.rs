//! JoggAI's envelopes.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{VIDEO, file};
use crate::server::{Answer, Request};

pub(crate) const CREATE: &str = "/v2/create_video_from_product";
pub(crate) const PREVIEWS: &str = "/v2/create_video_from_product/preview_list";
pub(crate) const RENDER: &str = "/v2/create_video_from_product/render_single_preview";
pub(crate) const LIST: &str = "/v2/product_videos";
pub(crate) const READ: &str = "/v2/product_video/";

/// A video that was accepted, or that was there before.
#[derive(Clone)]
struct Video {
    id: String,
    key: String,
    title: String,
    made_ms: i64,
}

/// The service, with the videos that it accepted.
#[derive(Clone, Default)]
pub(crate) struct Jogg {
    videos: Arc<Mutex<Vec<Video>>>,
}

impl Jogg {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How many videos were accepted, and charged for.
    pub(crate) fn accepted(&self) -> usize {
        self.videos.lock().unwrap().iter().filter(|video| video.id.starts_with("vid")).count()
    }

    /// Puts somebody else's videos before ours: made at the same time, and newer.
    pub(crate) fn add_others(&self, count: usize, request: &Request) {
        let mut videos = self.videos.lock().unwrap();
        videos.extend((0..count).map(|number| Video {
            id: format!("other{number}"),
            key: request.key(),
            title: format!("Something else {number}"),
            made_ms: request.now_ms,
        }));
    }

    /// What it answers when nothing goes wrong: a video is completed when it is read.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        if request.is("GET", "/v2/avatars/public") {
            return avatars();
        }
        if request.is("POST", "/v2/product") {
            return success(&json!({ "product_id": "NTIz" }));
        }
        if request.is("POST", PREVIEWS) {
            return success(&json!({ "previews": [
                { "visual_style": "Simple Product Switch", "preview_id": "preview_1" },
            ] }));
        }
        if request.is("POST", CREATE) {
            let id = self.accept(request);
            return success(&json!({ "video_id": id, "status": "processing" }));
        }
        if request.is("GET", LIST) {
            return page(request, &self.listed(request), 100);
        }
        if request.is("GET", READ) {
            return self.video(request, &json!({}));
        }
        if request.is("GET", "/v2/user/whoami") {
            let user = request.key();
            return success(&json!({ "username": user, "email": format!("{user}@example.com") }));
        }
        if request.is("GET", "/v2/user/remaining_quota") {
            return success(&json!({ "remaining_quota": 100 }));
        }
        file(request).unwrap_or_else(not_found)
    }

    /// A completed video, where it is of this key's account, with other values in some fields.
    pub(crate) fn video(&self, request: &Request, odd: &Value) -> Answer {
        let videos = self.videos.lock().unwrap();
        let is_it = |video: &&Video| video.id == request.id() && video.key == request.key();
        let Some(video) = videos.iter().find(is_it) else { return not_found() };
        let mut data = json!({ "id": video.id, "video_id": video.id, "status": "completed",
            "deducted_credit": 1, "video_url": request.address(VIDEO) });
        for (name, value) in odd.as_object().unwrap() {
            data[name] = value.clone();
        }
        success(&data)
    }

    /// The account's videos as its list shows them, the newest first.
    pub(crate) fn listed(&self, request: &Request) -> Vec<Value> {
        let videos = self.videos.lock().unwrap();
        let own = videos.iter().rev().filter(|video| video.key == request.key());
        own.map(|video| {
            json!({ "id": video.id, "title": video.title, "status": "processing",
                "created_at": video.made_ms / 1000 })
        })
        .collect()
    }

    fn accept(&self, request: &Request) -> String {
        let mut videos = self.videos.lock().unwrap();
        let id = format!("vid{}", videos.len());
        // The video of a preview says no name.
        let title = request.json()["video_spec"]["name"].as_str().unwrap_or("Preview").to_owned();
        let (key, made_ms) = (request.key(), request.now_ms);
        videos.push(Video { id: id.clone(), key, title, made_ms });
        id
    }
}

/// A page of a list, of at most `most` videos whatever is asked for, and how many there are.
pub(crate) fn page(request: &Request, videos: &[Value], most: usize) -> Answer {
    let (part, number) = part(request, videos, most);
    success(&json!({ "videos": part, "total": videos.len(), "page": number, "page_size": most }))
}

/// The videos of the page that is asked for, and its number.
pub(crate) fn part<'a>(
    request: &Request,
    videos: &'a [Value],
    most: usize,
) -> (&'a [Value], usize) {
    let number = request.number("page").unwrap_or(1);
    let size = request.number("page_size").unwrap_or(10).min(most);
    let start = ((number - 1) * size).min(videos.len());
    (&videos[start..(start + size).min(videos.len())], number)
}

pub(crate) fn avatars() -> Answer {
    success(&json!({ "avatars": [{ "id": 1, "name": "Ann", "aspect_ratio": 0 }] }))
}

pub(crate) fn success(data: &Value) -> Answer {
    Answer::json(200, &json!({ "code": 0, "msg": "Success", "data": data }))
}

pub(crate) fn refused(code: u32) -> Answer {
    Answer::json(200, &json!({ "code": code, "msg": "no", "data": null }))
}

pub(crate) fn not_found() -> Answer {
    refused(10104)
}

pub(crate) const NO_CREDITS: u32 = 18020;
pub(crate) const WRONG_KEY: u32 = 10105;
pub(crate) const PLAN_LACKS: u32 = 18025;
