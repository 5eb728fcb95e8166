//! Product videos: ordering one, reading it, listing all.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::page::Page;
use super::product::Product;
use super::{Desk, Refusal, account, avatars, read_body, success};
use crate::sandbox::body;
use crate::sandbox::check::Fields;
use crate::sandbox::clock::Moment;
use crate::sandbox::credits::{Account, Price, Terms};
use crate::sandbox::studio::{self, Outputs, Script};
use crate::sandbox::work::{Progress, Work};
use crate::sandbox::world::{World, locked};
use crate::{Credits, ProviderId};

/// Between the two runs that were measured (32 and 80 s).
const TAKES: Duration = Duration::from_secs(60);

/// One credit for each started 2 minutes, and no video here is longer. Deducted at once; whether
/// a failed video gives it back is not documented, so it does not.
const PRICE: Price =
    Price { operation: "create_video_from_product", amount: Credits::whole(1), terms: Terms::Kept };

/// The styles of v2. Whether the ones that only v1 had still work is not known.
const STYLES: [&str; 6] =
    ["Don't Worry", "Storytime", "Discovery", "Data", "Top 3 reasons", "Light marketing"];

/// A body that keeps to the documentation.
struct Order {
    product_id: String,
    seconds: u32,
    ratio: &'static str,
    name: Option<String>,
    avatar: (i64, i64),
}

/// `voice` and `audio` are required on paper; leaving them out worked for real. What the presenter
/// would say (`override_script`, `script`) is checked, but never shown.
fn read_order(body: &Map<String, Value>) -> Result<Order, Refusal> {
    let mut fields = Fields::of(body);
    let product_id = fields.required("product_id").filled().unwrap_or_default();
    if fields.required("video_spec").object().is_some() {
        fields.required("video_spec.length").choice(&["15", "30", "60"]);
    }
    let seconds = fields.optional("video_spec.length").string();
    let ratio =
        fields.optional("video_spec.aspect_ratio").choice(&["portrait", "landscape", "square"]);
    fields.optional("video_spec.caption").boolean();
    let name = fields.optional("video_spec.name").string();
    let mut avatar = (0, 0);
    if fields.required("avatar").object().is_some() {
        avatar.0 = fields.required("avatar.id").integer(0..=i64::MAX).unwrap_or_default();
        avatar.1 = fields.optional("avatar.type").integer(0..=1).unwrap_or_default();
    }
    fields.optional("voice").object();
    fields.optional("voice.id").string();
    fields.optional("audio").object();
    fields.optional("audio.music_id").integer(0..=i64::MAX);
    if fields.required("script").object().is_some() {
        fields.required("script.style").choice(&STYLES);
        fields.required("script.language").filled();
    }
    fields.optional("visual_style").string();
    fields.optional("override_script").string();
    fields.optional("webhook_url").url(usize::MAX);
    fields.finish()?;
    Ok(Order {
        product_id: product_id.to_owned(),
        seconds: seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(15),
        ratio: ratio.unwrap_or("landscape"),
        name: name.map(str::to_owned),
        avatar,
    })
}

pub(super) struct Video {
    account: Account,
    id: String,
    title: String,
    seconds: u32,
    film: String,
    cover: String,
    work: Arc<Work>,
}

pub(super) async fn create_video_from_product(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Jogg, |tally| tally.submits += 1);
    let account = account(request.headers())?;
    let order = read_order(&read_body(request).await?)?;
    let mut records = locked(&desk.records);
    let product = records.products.get(&order.product_id);
    let product = product.filter(|product| product.account == account).ok_or(Refusal::Record)?;
    if !avatars::exists(order.avatar.0, order.avatar.1) {
        return Err(Refusal::Record);
    }
    let video = Video::start(&desk.world, account, product, order)?;
    let data = json!({"video_id": video.id, "status": "processing"});
    let index = records.videos.len();
    records.by_id.insert(video.id.clone(), index);
    records.videos.push(video);
    desk.world.count(ProviderId::Jogg, |tally| tally.jobs += 1);
    Ok(success(data))
}

pub(super) async fn get_product_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Jogg, |tally| tally.polls += 1);
    let account = account(&headers)?;
    let Path(id) = id.map_err(|_| Refusal::Record)?;
    let records = locked(&desk.records);
    let video = records.by_id.get(&id).and_then(|index| records.videos.get(*index));
    let video = video.filter(|video| video.account == account).ok_or(Refusal::Record)?;
    Ok(success(video.answer(&desk.world)))
}

pub(super) async fn list_product_videos(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Jogg, |tally| tally.polls += 1);
    let account = account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    let page = Page::read(&mut fields);
    let status = fields.optional("status").digits(3..=5);
    fields.optional("sort_by").choice(&["created_at"]);
    let order = fields.optional("sort_order").choice(&["asc", "desc"]).unwrap_or("desc");
    fields.finish()?;

    let now = desk.world.now();
    let records = locked(&desk.records);
    let mut matching: Vec<&Video> = records
        .videos
        .iter()
        .filter(|video| video.account == account)
        .filter(|video| status.is_none_or(|status| video.status(now).1 == status))
        .collect();
    if order == "desc" {
        matching.reverse();
    }
    let total = matching.len();
    let videos: Vec<Value> =
        page.of(matching.into_iter()).map(|video| video.item(&desk.world)).collect();
    let (page, size) = (page.number, page.size);
    Ok(success(json!({"videos": videos, "total": total, "page": page, "page_size": size})))
}

impl Video {
    /// Takes the price and starts to work.
    fn start(
        world: &Arc<World>,
        account: Account,
        product: &Product,
        order: Order,
    ) -> Result<Self, Refusal> {
        let id = world.ids.hex("jogg video");
        let work = Work::accepted(world.now(), TAKES);
        world.charge(&account, &id, &PRICE, &work)?;
        let film = format!("jogg/project/{id}/video.mp4");
        let cover = format!("jogg/project/{id}/cover.jpg");
        let script = Script {
            images: product.images.clone(),
            seconds: order.seconds,
            ratio: match order.ratio {
                "portrait" => (9, 16),
                "square" => (1, 1),
                _ => (16, 9),
            },
            seed: studio::seed_of(&id),
            ..Script::of_product(&product.name, &product.description)
        };
        let outputs = Outputs { video: Some(film.clone()), still: Some(cover.clone()), copy: None };
        studio::start(world, script, outputs, &work);
        let title = order.name.unwrap_or_else(|| product.name.clone());
        Ok(Self { account, id, title, seconds: order.seconds, film, cover, work })
    }

    /// The word of single answers and items, and the number of the list's filter.
    fn status(&self, now: Moment) -> (&'static str, i64) {
        match self.work.progress(now) {
            Progress::Running => ("processing", 3),
            Progress::Done { .. } => ("completed", 4),
            Progress::Failed { .. } => ("failed", 5),
        }
    }

    fn answer(&self, world: &World) -> Value {
        let now = world.now();
        let mut answer = json!({
            "id": self.id,
            "title": self.title,
            "status": self.status(now).0,
            "created_at": self.work.accepted_at.unix_secs(),
            "deducted_credit": PRICE.amount,
        });
        match self.work.progress(now) {
            Progress::Running => {}
            Progress::Done { .. } => {
                answer["video_url"] = world.media_url(&self.film).into();
                answer["cover_url"] = world.media_url(&self.cover).into();
                answer["duration"] = self.seconds.into();
            }
            Progress::Failed { reason, .. } => {
                answer["error"] = json!({"code": 50000, "message": reason});
            }
        }
        answer
    }

    /// As it stands in a list, where the length has another name and addresses are always there.
    fn item(&self, world: &World) -> Value {
        let (status, number) = self.status(world.now());
        let when_done = |path: &str| match number {
            4 => world.media_url(path),
            _ => String::new(),
        };
        json!({
            "id": self.id,
            "title": self.title,
            "video_duration": if number == 4 { self.seconds } else { 0 },
            "video_url": when_done(&self.film),
            "cover_url": when_done(&self.cover),
            "status": status,
            "created_at": self.work.accepted_at.unix_secs(),
        })
    }
}
