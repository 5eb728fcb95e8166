//! Creatify's records: pictures that become videos, links, and videos of links.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{VIDEO, file};
use crate::server::{Answer, Request};

pub(crate) const IMAGE: &str = "/api/product_to_videos/gen_image/";
pub(crate) const RECORDS: &str = "/api/product_to_videos/";
pub(crate) const LINKS: &str = "/api/links/";
pub(crate) const LINK_VIDEOS: &str = "/api/link_to_videos/";

/// What is asked for to have the video of a picture made.
pub(crate) fn is_video(request: &Request) -> bool {
    request.method == "POST" && request.path.ends_with("/gen_video/")
}

/// What was accepted, as the service shows it.
#[derive(Clone)]
struct Record {
    key: String,
    body: Value,
}

/// The service, with the records that it made.
#[derive(Clone, Default)]
pub(crate) struct Creatify {
    records: Arc<Mutex<Vec<Record>>>,
    links: Arc<Mutex<Vec<Record>>>,
    link_videos: Arc<Mutex<Vec<Record>>>,
}

impl Creatify {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn pictures(&self) -> usize {
        self.records.lock().unwrap().len()
    }

    pub(crate) fn links(&self) -> usize {
        self.links.lock().unwrap().len()
    }

    pub(crate) fn link_videos(&self) -> usize {
        self.link_videos.lock().unwrap().len()
    }

    /// What it answers when nothing goes wrong: whatever was asked for is there when it is read.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        if request.is("POST", IMAGE) {
            return Answer::json(200, &self.accept_picture(request));
        }
        if is_video(request) {
            return self.accept_video(request);
        }
        if request.is("POST", LINKS) {
            let url = request.json()["url"].clone();
            let link = json!({ "id": id(3, self.links()), "url": url, "credits_used": 1,
                "link": { "id": id(4, self.links()), "url": url, "title": "Roast" } });
            keep(&self.links, request, &link);
            return Answer::json(200, &link);
        }
        if request.is("POST", LINK_VIDEOS) {
            let mut video = request.json();
            video["id"] = json!(id(5, self.link_videos()));
            video["status"] = json!("pending");
            video["credits_used"] = json!(0);
            keep(&self.link_videos, request, &video);
            return Answer::json(200, &video);
        }
        if request.is("GET", LINKS) {
            return read(request, LINKS, &self.listed_links(request));
        }
        if request.is("GET", LINK_VIDEOS) {
            let odd = json!({ "status": "done", "video_output": request.address(VIDEO),
                "credits_used": 5 });
            return read(request, LINK_VIDEOS, &self.listed_link_videos(request, &odd));
        }
        if request.is("GET", RECORDS) {
            return read(request, RECORDS, &self.listed(request));
        }
        if request.is("GET", "/api/remaining_credits/") {
            return Answer::json(200, &json!({ "remaining_credits": 1000 }));
        }
        file(request).unwrap_or_else(not_found)
    }

    /// The records of this key's account. A picture is made when it is read, and so is a video.
    pub(crate) fn listed(&self, request: &Request) -> Vec<Value> {
        let mut records = of(&self.records, request);
        for record in &mut records {
            record["generated_photo_url"] = json!("https://cdn.example/p.jpg");
            record["status"] = match record["status"].as_str() {
                Some("video_generating") => json!("video_generated"),
                _ => json!("image_generated"),
            };
            if record["status"] == "video_generated" {
                record["generated_video_url"] = json!(request.address(VIDEO));
            }
        }
        records
    }

    pub(crate) fn listed_links(&self, request: &Request) -> Vec<Value> {
        of(&self.links, request)
    }

    /// The link videos of this key's account, with other values in some fields.
    pub(crate) fn listed_link_videos(&self, request: &Request, odd: &Value) -> Vec<Value> {
        let mut videos = of(&self.link_videos, request);
        for video in &mut videos {
            for (name, value) in odd.as_object().unwrap() {
                video[name] = value.clone();
            }
        }
        videos
    }

    fn accept_picture(&self, request: &Request) -> Value {
        let asked = request.json();
        let record = json!({
            "id": id(7, self.pictures()),
            "type": "product_anyshot",
            // What was fetched is kept elsewhere, so its address is another one.
            "product_url": "https://cdn.example/kept.png",
            "status": "initializing",
            "generated_photo_url": "",
            "generated_video_url": "",
            "failed_reason": "",
            "webhook_url": asked["webhook_url"],
            "created_at": time(request),
            "updated_at": time(request),
            "regen_type": "",
            "regen_source_id": "",
        });
        keep(&self.records, request, &record);
        record
    }

    fn accept_video(&self, request: &Request) -> Answer {
        let id = request.path.trim_start_matches(RECORDS).trim_end_matches("/gen_video/");
        let mut records = self.records.lock().unwrap();
        let is_it = |record: &&mut Record| record.body["id"] == id && record.key == request.key();
        let Some(record) = records.iter_mut().find(is_it) else { return not_found() };
        record.body["status"] = json!("video_generating");
        Answer::json(200, &record.body)
    }
}

fn keep(records: &Mutex<Vec<Record>>, request: &Request, body: &Value) {
    records.lock().unwrap().push(Record { key: request.key(), body: body.clone() });
}

/// What an account has, the newest first.
fn of(records: &Mutex<Vec<Record>>, request: &Request) -> Vec<Value> {
    let records = records.lock().unwrap();
    let own = records.iter().rev().filter(|record| record.key == request.key());
    own.map(|record| record.body.clone()).collect()
}

/// One of the items by its id, or all of them, or those whose ids are asked for.
pub(crate) fn read(request: &Request, list: &str, items: &[Value]) -> Answer {
    if request.path != list {
        let item = items.iter().find(|item| item["id"] == request.id());
        return item.map_or_else(not_found, |item| Answer::json(200, item));
    }
    let ids = request.query.get("ids");
    let is_asked_for =
        |item: &&Value| ids.is_none_or(|ids| ids.split(',').any(|id| item["id"] == id));
    Answer::json(200, &items.iter().filter(is_asked_for).cloned().collect())
}

fn id(kind: u32, number: usize) -> String {
    format!("{kind}e5e8a6f-d0d5-4736-b390-{number:012}")
}

fn time(request: &Request) -> String {
    let time = chrono::DateTime::from_timestamp_millis(request.now_ms).unwrap();
    // As RFC 3339 has it; the method of that name is part of a feature that nobody needs here.
    format!("{time:?}")
}

pub(crate) fn refused(status: u16, detail: &str) -> Answer {
    Answer::json(status, &json!({ "detail": detail }))
}

pub(crate) fn not_found() -> Answer {
    refused(404, "Not found.")
}
