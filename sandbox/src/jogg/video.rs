//! Product videos: ordering one, reading it, listing all.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::order::{self, Order};
use super::page::Page;
use super::product::Product;
use super::{Records, Refusal, Service, account, avatars, events, read_body, success};
use crate::body;
use crate::check::Fields;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::exchange::{CurrentExchange, Exchange, Submit};
use crate::ledger::{Account, Price, Terms};
use crate::provider::Provider;
use crate::studio::{self, Outputs, Script};
use crate::webhooks::FirstDelivery;
use crate::work::{Progress, Work};
use crate::world::{World, locked};

/// Between the two runs that were measured (32 and 80 s).
const TAKES: Duration = Duration::from_secs(60);

/// One credit for each started 2 minutes, and no video here is longer. Deducted at once; whether
/// a failed video gives it back is not documented, so it does not.
const PRICE: Price =
    Price { operation: "create_video_from_product", amount: Credits::whole(1), terms: Terms::Kept };

/// A product video, or a preview of one.
pub(super) struct Video {
    pub(super) account: Account,
    pub(super) id: String,
    title: String,
    seconds: u32,
    film: String,
    cover: String,
    amount: Credits,
    pub(super) work: Arc<Work>,
    /// The webhook address in the request itself.
    pub(super) webhook_url: Option<String>,
}

/// Under which id and where a video is to be made, and what was paid for it.
pub(super) struct Making {
    pub(super) id: String,
    pub(super) film: String,
    pub(super) cover: String,
    pub(super) amount: Credits,
    pub(super) work: Arc<Work>,
}

pub(super) async fn create_video_from_product(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let order = order::read(&body)?;
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let product = records.product_for(&account, &order)?;
        let submit = Submit::new(exchange, account, &body);
        let submit = submit.about(&["product_id"], product.content());
        let video = Video::start(&submit, product, &order, &PRICE)?;
        service.keep(&mut records, &submit, video)
    };
    first_delivery.before_answer().await;
    Ok(answer)
}

impl Records {
    /// The product of an order, whose presenter has to be known too.
    pub(super) fn product_for(
        &self,
        account: &Account,
        order: &Order,
    ) -> Result<&Product, Refusal> {
        let product = self.products.get(&order.product_id);
        let product = product.filter(|product| product.account == *account);
        let (avatar, kind) = order.avatar;
        product.filter(|_| avatars::exists(avatar, kind)).ok_or(Refusal::Record)
    }
}

impl Service {
    /// Keeps a new video and tells its id.
    pub(super) fn keep(
        self: &Arc<Self>,
        records: &mut Records,
        submit: &Submit,
        video: Video,
    ) -> (Response, FirstDelivery) {
        let first_delivery = events::follow(self, records, submit, &video);
        let data = json!({"video_id": video.id, "status": "processing"});
        records.by_id.insert(video.id.clone(), records.videos.len());
        records.videos.push(video);
        self.world.count(Provider::Jogg, |tally| tally.jobs += 1);
        (success(data), first_delivery)
    }
}

pub(super) async fn get_product_video(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    Extension(exchange): CurrentExchange,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let Path(id) = id.map_err(|_| Refusal::Record)?;
    let records = locked(&service.records);
    let video = records.by_id.get(&id).and_then(|index| records.videos.get(*index));
    let video = video.filter(|video| video.account == account).ok_or(Refusal::Record)?;
    let answer = |now| video.answer(&service.world, now);
    let shown = exchange.show(&video.id, video.work.accepted_at, answer);
    Ok(success(shown.ok_or(Refusal::Record)?))
}

pub(super) async fn list_product_videos(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let data =
        list_videos(&service, &request, "videos", |records| records.videos.iter().collect())?;
    Ok(success(data))
}

/// One page of the account's videos, or previews, under `name`.
pub(super) fn list_videos(
    service: &Service,
    request: &Request,
    name: &str,
    all: impl FnOnce(&Records) -> Vec<&Video>,
) -> Result<Value, Refusal> {
    let exchange = Exchange::of(request);
    let account = account(request.headers())?;
    let query = body::query(request);
    let mut fields = Fields::of(&query);
    let page = Page::read(&mut fields);
    let status = fields.optional("status").digits(3..=5);
    fields.optional("sort_by").choice(&["created_at"]);
    let order = fields.optional("sort_order").choice(&["asc", "desc"]).unwrap_or("desc");
    fields.finish()?;

    let now = service.world.now();
    let records = locked(&service.records);
    let all = all(&records);
    let of = |account: &Account| {
        let mut own = all.clone();
        own.retain(|video| video.account == *account);
        own.retain(|video| {
            status.is_none_or(|status| video.status(&service.world, now).1 == status)
        });
        own
    };
    let mut matching = of(&account);
    let faults = exchange.list_faults(matching.iter().map(|video| video.id.as_str()));
    if let Some(other) = &faults.account {
        matching = of(other);
    }
    if order == "desc" && !faults.is_oldest_first {
        matching.reverse();
    }
    let total = faults.most.is_none().then_some(matching.len());
    let page = page.at_most(faults.most);
    let shown = |video: &Video| {
        exchange.list(&video.id, video.work.accepted_at, |now| video.item(&service.world, now))
    };
    let items: Vec<Value> = page.of(matching.into_iter()).filter_map(shown).collect();
    let mut data = json!({name: items, "page": page.number, "page_size": page.size});
    if let Some(total) = total {
        let on_page = data[name].as_array().map(Vec::len).filter(|_| faults.is_total_of_page);
        data["total"] = on_page.unwrap_or(total).into();
    }
    Ok(data)
}

impl Video {
    /// Takes the price and starts to work.
    pub(super) fn start(
        submit: &Submit,
        product: &Product,
        order: &Order,
        price: &Price,
    ) -> Result<Self, Refusal> {
        let world = submit.world();
        let id = world.ids.hex("jogg video");
        let work = Work::accepted(world.now(), TAKES);
        submit.accept(&id, price, &work)?;
        let making = Making {
            film: format!("jogg/project/{id}/video.mp4"),
            cover: format!("jogg/project/{id}/cover.jpg"),
            amount: price.amount,
            id,
            work,
        };
        Ok(Self::make(world, submit.account.clone(), product, order, making))
    }

    /// Starts to work on what was paid for.
    pub(super) fn make(
        world: &Arc<World>,
        account: Account,
        product: &Product,
        order: &Order,
        making: Making,
    ) -> Self {
        let Making { id, film, cover, amount, work } = making;
        let said = Script::of_product(&product.name, &product.description);
        let script = Script {
            price: product.price.clone().or(said.price),
            images: product.images.clone(),
            seconds: order.seconds,
            ratio: match order.ratio {
                "portrait" => (9, 16),
                "square" => (1, 1),
                _ => (16, 9),
            },
            seed: studio::seed_of(&id),
            ..said
        };
        let outputs = Outputs {
            job: id.clone(),
            video: Some(film.clone()),
            still: Some(cover.clone()),
            copy: None,
        };
        studio::start(world, script, outputs, &work);
        let title = order.name.clone().unwrap_or_else(|| product.name.clone());
        let (seconds, webhook_url) = (order.seconds, order.webhook_url.clone());
        Self { account, id, title, seconds, film, cover, amount, work, webhook_url }
    }

    /// The word of single answers and items, and the number of the list's filter.
    fn status(&self, world: &World, now: Moment) -> (&'static str, i64) {
        match self.work.progress(now) {
            Progress::Running => ("processing", 3),
            Progress::Done { .. } if world.settings.jogg.success => ("success", 4),
            Progress::Done { .. } => ("completed", 4),
            Progress::Failed { .. } => ("failed", 5),
        }
    }

    pub(super) fn answer(&self, world: &World, now: Moment) -> Value {
        let mut answer = json!({
            "id": self.id,
            "title": self.title,
            "status": self.status(world, now).0,
            "created_at": self.work.accepted_at.unix_secs(),
            "deducted_credit": self.amount,
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
    fn item(&self, world: &World, now: Moment) -> Value {
        let (status, number) = self.status(world, now);
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
