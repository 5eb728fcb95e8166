//! One link video: its previews, if any were asked for, and what was rendered.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Refusal;
use super::link::{Link, Product};
use super::link_order::{LinkOrder, Look};
use super::records::Owned;
use crate::card;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::exchange::Submit;
use crate::ledger::{Account, Price};
use crate::studio::{self, Outputs, Script};
use crate::work::{Progress, Work};
use crate::world::World;

/// About five minutes by the FAQ.
const TAKES: Duration = Duration::from_secs(300);
/// How much of that a job says `pending`, and then `in_queue`; made up.
const PENDING: Duration = Duration::from_secs(2);
const IN_QUEUE: Duration = Duration::from_secs(10);
/// Made up.
const PREVIEWS_TAKE: Duration = Duration::from_secs(60);

pub(super) struct LinkRecord {
    account: Account,
    id: String,
    media_job: String,
    created_at: Moment,
    order: LinkOrder,
    /// As it was when the job was ordered.
    product: Product,
    previews: Option<Previews>,
    /// The newest last.
    films: Vec<Film>,
}

struct Previews {
    /// Whether they were asked for as a list.
    listed: bool,
    items: Vec<Preview>,
    price: Credits,
    work: Arc<Work>,
}

struct Preview {
    media_job: String,
    look: Look,
    page: String,
}

struct Film {
    media_job: String,
    look: Look,
    video: String,
    thumbnail: String,
    price: Credits,
    work: Arc<Work>,
}

impl Owned for LinkRecord {
    const MODEL: &'static str = "LinkToVideo";

    fn account(&self) -> &Account {
        &self.account
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl LinkRecord {
    fn new(world: &World, link: &Link, order: LinkOrder) -> Self {
        Self {
            account: link.account().clone(),
            id: world.ids.uuid("link video"),
            media_job: world.ids.uuid("media job"),
            created_at: world.now(),
            order,
            product: link.product.clone(),
            previews: None,
            films: Vec::new(),
        }
    }

    /// Takes the price of a video and starts to make it.
    pub(super) fn start(submit: &Submit, link: &Link, order: LinkOrder) -> Result<Self, Refusal> {
        let world = submit.world();
        let mut record = Self::new(world, link, order);
        let (media_job, look) = (record.media_job.clone(), record.order.look.clone());
        let price = record.order.price();
        record.film(submit, media_job, look, &price)?;
        Ok(record)
    }

    /// Takes the price of one preview.
    pub(super) fn preview(submit: &Submit, link: &Link, order: LinkOrder) -> Result<Self, Refusal> {
        let world = submit.world();
        let mut record = Self::new(world, link, order);
        let only = (record.media_job.clone(), record.order.look.clone());
        let price = record.order.preview_price("preview_link_to_video", 1);
        record.preview_all(submit, vec![only], false, &price)?;
        Ok(record)
    }

    /// Takes the price of a preview in each look.
    pub(super) fn preview_list(
        submit: &Submit,
        link: &Link,
        order: LinkOrder,
    ) -> Result<Self, Refusal> {
        let world = submit.world();
        let mut record = Self::new(world, link, order);
        let looks = record.order.looks.iter();
        let looks: Vec<_> =
            looks.map(|look| (world.ids.uuid("media job of preview"), look.clone())).collect();
        let count = u32::try_from(looks.len()).unwrap_or(u32::MAX);
        let price = record.order.preview_price("preview_link_to_video_list", count);
        record.preview_all(submit, looks, true, &price)?;
        Ok(record)
    }

    fn preview_all(
        &mut self,
        submit: &Submit,
        looks: Vec<(String, Look)>,
        listed: bool,
        price: &Price,
    ) -> Result<(), Refusal> {
        let world = submit.world();
        let work = Work::accepted(world.now(), PREVIEWS_TAKE);
        submit.accept(&self.id, price, &work)?;
        work.made(world.now(), Ok(()));
        let items = looks.into_iter().map(|(media_job, look)| {
            let page = format!("creatify/previews/{media_job}.svg");
            let (across, down) = studio::shape(look.ratio);
            let card = card::svg(&self.product.title, (across * 40, down * 40));
            world.assets.put(page.clone(), "image/svg+xml", card.into(), world.now());
            Preview { media_job, look, page }
        });
        let items = items.collect();
        self.previews = Some(Previews { listed, items, price: price.amount, work });
        Ok(())
    }

    /// Renders the only preview of this job.
    pub(super) fn render(&mut self, submit: &Submit) -> Result<(), Refusal> {
        if self.ready_previews(submit.world())?.listed {
            return Err(Refusal::State("This video has several previews: render one of them."));
        }
        let (media_job, look) = (self.media_job.clone(), self.order.look.clone());
        self.render_look(submit, media_job, look, "render_link_to_video")
    }

    /// Renders one preview of a list.
    pub(super) fn render_one(&mut self, submit: &Submit, media_job: &str) -> Result<(), Refusal> {
        let previews = self.ready_previews(submit.world())?;
        let chosen = previews.items.iter().find(|preview| preview.media_job == media_job);
        let chosen = chosen.ok_or_else(|| Refusal::field("media_job", "Invalid media job ID"))?;
        let look = chosen.look.clone();
        self.render_look(submit, media_job.to_owned(), look, "render_single_preview")
    }

    /// What the service does with a job that has no previews, or none yet, is not documented.
    fn ready_previews(&self, world: &World) -> Result<&Previews, Refusal> {
        let previews = self.previews.as_ref();
        let previews = previews.ok_or(Refusal::State("This video has no preview."))?;
        match previews.work.progress(world.now()) {
            Progress::Done { .. } => Ok(previews),
            _ => Err(Refusal::State("The preview is not ready yet.")),
        }
    }

    fn render_look(
        &mut self,
        submit: &Submit,
        media_job: String,
        look: Look,
        operation: &'static str,
    ) -> Result<(), Refusal> {
        if self.films.iter().any(|film| film.media_job == media_job) {
            return Err(Refusal::State("The preview was already rendered."));
        }
        let price = self.order.render_price(operation);
        self.film(submit, media_job, look, &price)
    }

    fn film(
        &mut self,
        submit: &Submit,
        media_job: String,
        look: Look,
        price: &Price,
    ) -> Result<(), Refusal> {
        let world = submit.world();
        let work = Work::accepted(world.now(), TAKES);
        submit.accept(&self.id, price, &work)?;
        let path = |ending: &str| format!("creatify/link_to_videos/{media_job}.{ending}");
        let (video, thumbnail) = (path("mp4"), path("jpg"));
        let words = self.order.script.as_deref().unwrap_or(&self.product.description);
        let script = Script {
            images: self.product.image_urls.clone(),
            seconds: self.order.seconds,
            ratio: studio::shape(look.ratio),
            seed: studio::seed_of(&media_job),
            ..Script::of_product(&self.product.title, words)
        };
        let outputs = Outputs {
            job: self.id.clone(),
            video: Some(video.clone()),
            still: Some(thumbnail.clone()),
            copy: None,
        };
        studio::start(world, script, outputs, &work);
        self.films.push(Film { media_job, look, video, thumbnail, price: price.amount, work });
        Ok(())
    }

    pub(super) fn created_at(&self) -> Moment {
        self.created_at
    }

    /// What its id stands for, where two jobs may be of the same.
    pub(super) fn content(&self) -> Value {
        json!({"order": self.order.echo, "product": self.product.title})
    }

    /// The style and ratio of one of its previews.
    pub(super) fn look_of(&self, media_job: &str) -> Value {
        let previews = self.previews.iter().flat_map(|previews| &previews.items);
        let chosen = previews.into_iter().find(|preview| preview.media_job == media_job);
        json!(chosen.map(|preview| [preview.look.style.as_str(), preview.look.ratio]))
    }

    /// The address of the job, and the work that is newest, with its name if it is a rendering.
    pub(super) fn followed(&self) -> Option<(String, Arc<Work>, Option<String>)> {
        let url = self.order.echo.get("webhook_url").and_then(Value::as_str)?.to_owned();
        if let Some(film) = self.films.last() {
            return Some((url, Arc::clone(&film.work), Some(film.media_job.clone())));
        }
        Some((url, Arc::clone(&self.previews.as_ref()?.work), None))
    }

    /// What is posted at the end of a rendering, or of the previews: a short form of the job.
    pub(super) fn event(&self, world: &World, film: Option<&str>) -> Option<Value> {
        let state = match film {
            Some(name) => {
                let film = self.films.iter().find(|film| film.media_job == name)?;
                film.state(world.now(), world)
            }
            None => State::default(),
        };
        let mut body = json!({
            "id": self.id,
            "status": state.status,
            "failed_reason": state.failed_reason.unwrap_or_default(),
        });
        match self.previews.as_ref().filter(|previews| previews.listed && film.is_none()) {
            Some(previews) => {
                let items = previews.items.iter().map(|preview| {
                    let mut item = self.preview_item(preview, world);
                    if let Some(item) = item.as_object_mut() {
                        item.retain(|name, _| name != "editor_url" && name != "duration");
                    }
                    item
                });
                body["previews"] = items.collect();
            }
            None => {
                body["video_output"] = json!(state.video);
                body["video_thumbnail"] = json!(state.thumbnail);
            }
        }
        Some(body)
    }

    /// While previews are made and rest, a job says `pending`, as the service's own samples do.
    pub(super) fn answer(&self, world: &World, now: Moment) -> Value {
        let newest = self.films.last().map(|film| film.state(now, world));
        let state = newest.unwrap_or_default();
        let outputs: Vec<Value> = self
            .films
            .iter()
            .filter_map(|film| film.item(now, self.order.seconds, world))
            .collect();
        let previews =
            self.previews.as_ref().filter(|previews| previews.work.progress(now).is_over());
        let listed = previews.filter(|previews| previews.listed);
        let single = previews.filter(|previews| !previews.listed).and_then(|all| all.items.first());
        let listed = listed.into_iter().flat_map(|previews| &previews.items);
        let listed: Vec<Value> = listed.map(|preview| self.preview_item(preview, world)).collect();
        let mut answer = self.order.echo.clone();
        answer.extend(Map::from_iter([
            ("id".to_owned(), json!(self.id)),
            ("media_job".to_owned(), json!(self.media_job)),
            ("status".to_owned(), json!(state.status)),
            ("failed_reason".to_owned(), json!(state.failed_reason)),
            ("is_hidden".to_owned(), json!(false)),
            ("video_output".to_owned(), json!(state.video)),
            ("video_thumbnail".to_owned(), json!(state.thumbnail)),
            ("outputs".to_owned(), json!(outputs)),
            ("credits_used".to_owned(), json!(self.credits_used(now))),
            ("duration".to_owned(), json!(state.video.is_some().then_some(self.order.seconds))),
            ("progress".to_owned(), json!(state.progress)),
            ("preview".to_owned(), json!(single.map(|preview| world.media_url(&preview.page)))),
            ("previews".to_owned(), json!(listed)),
            // There is no editor here.
            ("editor_url".to_owned(), Value::Null),
        ]));
        answer.into()
    }

    /// The balance falls at once; what a job says that it cost comes later, as it was seen.
    fn credits_used(&self, now: Moment) -> Credits {
        let films = self.films.iter().map(|film| (film.price, &film.work));
        let parts =
            self.previews.iter().map(|previews| (previews.price, &previews.work)).chain(films);
        parts.filter(|(_, work)| work.progress(now).is_over()).map(|(price, _)| price).sum()
    }

    fn preview_item(&self, preview: &Preview, world: &World) -> Value {
        json!({
            "media_job": preview.media_job,
            "visual_style": preview.look.style,
            "aspect_ratio": preview.look.ratio,
            "url": world.media_url(&preview.page),
            "editor_url": null,
            "duration": self.order.seconds,
        })
    }
}

/// How a job shows where its newest rendering stands.
struct State {
    status: &'static str,
    progress: String,
    failed_reason: Option<String>,
    video: Option<String>,
    thumbnail: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        let progress = "0".to_owned();
        Self { status: "pending", progress, failed_reason: None, video: None, thumbnail: None }
    }
}

impl Film {
    fn state(&self, now: Moment, world: &World) -> State {
        let passed = now.since(self.work.accepted_at);
        match self.work.progress(now) {
            Progress::Running if passed < PENDING => State::default(),
            Progress::Running if passed < IN_QUEUE => {
                State { status: "in_queue", ..State::default() }
            }
            Progress::Running => {
                let hundredths = (passed.as_secs() * 100 / TAKES.as_secs()).min(99);
                let progress = format!("0.{hundredths:02}");
                State { status: "running", progress, ..State::default() }
            }
            Progress::Done { .. } => State {
                status: "done",
                progress: "1.0".to_owned(),
                failed_reason: None,
                video: Some(world.media_url(&self.video)),
                thumbnail: Some(world.media_url(&self.thumbnail)),
            },
            Progress::Failed { reason, .. } => {
                State { status: "failed", failed_reason: Some(reason), ..State::default() }
            }
        }
    }

    /// As it stands among the renderings of a job, once it is over.
    fn item(&self, now: Moment, seconds: u32, world: &World) -> Option<Value> {
        let state = self.state(now, world);
        state.video.map(|video| {
            json!({
                "media_job": self.media_job,
                "visual_style": self.look.style,
                "aspect_ratio": self.look.ratio,
                "duration": seconds,
                "video_output": video,
                "video_thumbnail": state.thumbnail,
                "status": state.status,
                "progress": state.progress,
                "failed_reason": null,
            })
        })
    }
}
