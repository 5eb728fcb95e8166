//! One product, its image and its video, on one record that is paid for twice.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Refusal;
use super::order::{ImageChange, ImageOrder, VideoOrder};
use super::records::Owned;
use crate::check::web_url;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::exchange::Submit;
use crate::ledger::{Account, Price, Terms};
use crate::studio::{self, Outputs, Script};
use crate::work::{Progress, Work};
use crate::world::World;

/// Seconds of every product video of Creatify in the sandbox. The service says neither how long
/// these are nor takes a length.
pub const CREATIFY_SECONDS: u32 = 10;

/// From one observed run.
const IMAGE_TAKES: Duration = Duration::from_secs(30);
const VIDEO_TAKES: Duration = Duration::from_secs(120);
/// How long a record says `initializing`; made up.
const INITIALIZING: Duration = Duration::from_secs(2);

const fn price(operation: &'static str, credits: u32) -> Price {
    Price { operation, amount: Credits::whole(credits), terms: Terms::Kept }
}

const IMAGE_PRICE: Price = price("gen_image", 1);
const VIDEO_PRICE: Price = price("gen_video", 3);
const REGEN_IMAGE_PRICE: Price = price("regen_image", 1);
/// As printed, though that looks copied from `regen_image`.
const REGEN_VIDEO_PRICE: Price = price("regen_video", 1);

pub(super) struct Record {
    account: Account,
    id: String,
    created_at: Moment,
    order: ImageOrder,
    regen: Option<Regen>,
    /// Where the copy of the product's image is.
    copy: String,
    photo: String,
    image: Arc<Work>,
    video: Option<Video>,
}

/// What a record was made from, by which operation.
struct Regen {
    operation: &'static str,
    source_id: String,
}

/// What a delivery is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Image,
    Video,
}

struct Video {
    order: VideoOrder,
    path: String,
    work: Arc<Work>,
}

impl Owned for Record {
    const MODEL: &'static str = "ProductToVideo";

    fn account(&self) -> &Account {
        &self.account
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Record {
    /// Takes the price of an image and starts to make it.
    pub(super) fn start(submit: &Submit, order: ImageOrder) -> Result<Self, Refusal> {
        Self::start_image(submit, order, &IMAGE_PRICE, None)
    }

    /// Starts a new record with another image of this one's product. Whether that takes a record
    /// without an image is not documented; here it does not. What the body leaves out is as it was.
    pub(super) fn regen_image(
        &self,
        submit: &Submit,
        change: ImageChange,
    ) -> Result<Self, Refusal> {
        let world = submit.world();
        self.check_image(world)?;
        let order = ImageOrder {
            product_url: self.picture(world),
            image_prompt: change.image_prompt.or_else(|| self.order.image_prompt.clone()),
            webhook_url: change.webhook_url,
            ..self.order.clone()
        };
        let regen = self.as_source("regen_image");
        Self::start_image(submit, order, &REGEN_IMAGE_PRICE, Some(regen))
    }

    fn start_image(
        submit: &Submit,
        order: ImageOrder,
        price: &Price,
        regen: Option<Regen>,
    ) -> Result<Self, Refusal> {
        let (world, account) = (submit.world(), submit.account.clone());
        let id = world.ids.uuid("record");
        let created_at = world.now();
        let image = Work::accepted(created_at, IMAGE_TAKES);
        submit.accept(&id, price, &image)?;
        let name = world.ids.hex("creatify image");
        let copy = format!("creatify/images/{name}.{}", image_extension(&order.product_url));
        let photo = format!("creatify/user/{}/{name}.jpg", account.name);
        let record =
            Self { account, id, created_at, order, regen, copy, photo, image, video: None };
        let outputs = Outputs {
            job: record.id.clone(),
            video: None,
            still: Some(record.photo.clone()),
            copy: Some(record.copy.clone()),
        };
        let script = record.script(&record.order.product_url, None);
        studio::start(world, script, outputs, &record.image);
        Ok(record)
    }

    /// Takes the price of the video and starts to make it, once the image is there. What the
    /// service does with a record in another state is not documented.
    pub(super) fn start_video(
        &mut self,
        submit: &Submit,
        order: VideoOrder,
    ) -> Result<(), Refusal> {
        if self.video.is_some() {
            return Err(Refusal::State("The video of this product was already requested."));
        }
        self.check_image(submit.world())?;
        self.film(submit, order, &VIDEO_PRICE)
    }

    /// Starts a new record with this one's image and another video. What the body leaves out is as
    /// it was.
    pub(super) fn regen_video(&self, submit: &Submit, order: VideoOrder) -> Result<Self, Refusal> {
        let world = submit.world();
        let film = self.video.as_ref().ok_or(Refusal::State("There is no video yet."))?;
        match film.work.progress(world.now()) {
            Progress::Running => return Err(Refusal::State("The video is not generated yet.")),
            Progress::Failed { .. } => return Err(Refusal::State("The video has failed.")),
            Progress::Done { .. } => {}
        }
        let order = VideoOrder {
            motion_style: order.motion_style.or(film.order.motion_style),
            video_prompt: order.video_prompt.or_else(|| film.order.video_prompt.clone()),
            webhook_url: order.webhook_url,
        };
        let mut record = Self {
            account: self.account.clone(),
            id: world.ids.uuid("record"),
            created_at: world.now(),
            order: ImageOrder { webhook_url: None, ..self.order.clone() },
            regen: Some(self.as_source("regen_video")),
            copy: self.copy.clone(),
            photo: self.photo.clone(),
            image: Arc::clone(&self.image),
            video: None,
        };
        record.film(submit, order, &REGEN_VIDEO_PRICE)?;
        Ok(record)
    }

    fn as_source(&self, operation: &'static str) -> Regen {
        Regen { operation, source_id: self.id.clone() }
    }

    fn check_image(&self, world: &World) -> Result<(), Refusal> {
        match self.image.progress(world.now()) {
            Progress::Running => Err(Refusal::State("The image is not generated yet.")),
            Progress::Failed { .. } => Err(Refusal::State("The image has failed.")),
            Progress::Done { .. } => Ok(()),
        }
    }

    fn film(&mut self, submit: &Submit, order: VideoOrder, price: &Price) -> Result<(), Refusal> {
        let world = submit.world();
        let work = Work::accepted(world.now(), VIDEO_TAKES);
        submit.accept(&self.id, price, &work)?;
        let name = world.ids.hex("creatify video");
        let path = format!("creatify/product_to_videos/{}/{name}.mp4", self.id);
        let script = self.script(&self.picture(world), order.video_prompt.as_deref());
        let outputs =
            Outputs { job: self.id.clone(), video: Some(path.clone()), ..Outputs::default() };
        studio::start(world, script, outputs, &work);
        self.video = Some(Video { order, path, work });
        Ok(())
    }

    /// The copy of the product's image, because the original may be gone by now. An image that is
    /// not fetched has none.
    fn picture(&self, world: &World) -> String {
        match world.assets.get(&self.copy) {
            Some(_) => world.media_url(&self.copy),
            None => self.order.product_url.clone(),
        }
    }

    /// The image prompt's lines, then those of the video's that are new.
    fn script(&self, image: &str, video_prompt: Option<&str>) -> Script {
        let image_prompt = self.order.image_prompt.as_deref().unwrap_or_default();
        let mut lines: Vec<&str> = image_prompt.lines().collect();
        for line in video_prompt.unwrap_or_default().lines() {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let images = [Some(image), self.order.product_showcase_url.as_deref()];
        Script {
            images: images.into_iter().flatten().map(str::to_owned).collect(),
            seconds: CREATIFY_SECONDS,
            ratio: studio::shape(self.order.ratio),
            seed: studio::seed_of(&self.id),
            ..Script::of_text(&lines.join("\n"))
        }
    }

    /// The webhook address for a part, and the work whose end is delivered there. Whether the image's
    /// address hears of a video without one is not known; here it does not.
    pub(super) fn followed(&self, part: Part) -> Option<(String, Arc<Work>)> {
        let (url, work) = match part {
            Part::Image => (&self.order.webhook_url, &self.image),
            Part::Video => {
                let video = self.video.as_ref()?;
                (&video.order.webhook_url, &video.work)
            }
        };
        Some((url.clone()?, Arc::clone(work)))
    }

    /// What is posted as soon as a video is ordered: the sample of `gen_video` has a status that is
    /// still running. None of a remade one is known.
    pub(super) fn event_of_acceptance(&self, world: &World, part: Part) -> Option<Value> {
        (part == Part::Video && self.regen.is_none()).then(|| {
            let now = world.now();
            let image = self.image.progress(now);
            let mut body = self.shown(world, now, &image, Some(&Progress::Running));
            leave_out(&mut body, &["regen_type", "regen_source_id", "failed_reason"]);
            body
        })
    }

    /// What is posted at the end of a part. Each operation leaves out what its sample lacks.
    pub(super) fn event(&self, world: &World, part: Part) -> Value {
        let now = world.now();
        let image = self.image.progress(now);
        let video = self.video.as_ref().filter(|_| part == Part::Video);
        let video = video.map(|video| video.work.progress(now));
        let mut body = self.shown(world, now, &image, video.as_ref());
        match (part, &self.regen) {
            (_, Some(_)) => leave_out(&mut body, &["motion_style"]),
            (Part::Image, None) => {
                leave_out(&mut body, &["regen_type", "regen_source_id", "motion_style"]);
                if body["failed_reason"] == "" {
                    leave_out(&mut body, &["failed_reason"]);
                }
            }
            (Part::Video, None) => leave_out(&mut body, &["regen_type", "regen_source_id"]),
        }
        body
    }

    pub(super) fn answer(&self, world: &World, now: Moment) -> Value {
        let video = self.video.as_ref().map(|video| video.work.progress(now));
        self.shown(world, now, &self.image.progress(now), video.as_ref())
    }

    /// All 18 fields, whatever the operation. What is not set is null, `failed_reason` is empty:
    /// so it was seen on sibling resources. Without a video's progress it is the record as it was
    /// before there was one.
    fn shown(
        &self,
        world: &World,
        now: Moment,
        image: &Progress,
        video: Option<&Progress>,
    ) -> Value {
        let started = self.image.accepted_at;
        let is_new = now.since(started) < INITIALIZING;
        let (status, updated, reason) = match (image, video) {
            (_, Some(Progress::Done { at })) => ("video_generated", *at, ""),
            (_, Some(Progress::Running)) => ("video_generating", self.video_start(), ""),
            (Progress::Failed { at, reason }, None)
            | (_, Some(Progress::Failed { at, reason })) => ("failed", *at, reason.as_str()),
            (Progress::Done { at }, None) => ("image_generated", *at, ""),
            (Progress::Running, None) if is_new => ("initializing", started, ""),
            (Progress::Running, None) => ("image_generating", started.plus(INITIALIZING), ""),
        };
        let has_photo = matches!(image, Progress::Done { .. });
        let film = self.video.as_ref().filter(|_| matches!(video, Some(Progress::Done { .. })));
        let video_order = self.video.as_ref().filter(|_| video.is_some());
        let video_order = video_order.map(|video| &video.order);
        let webhook_url = video_order.and_then(|order| order.webhook_url.as_ref());
        json!({
            "id": self.id,
            "type": self.order.kind,
            "product_url": world.media_url(&self.copy),
            "aspect_ratio": self.order.ratio,
            "override_avatar": self.order.override_avatar,
            "motion_style": video_order.and_then(|order| order.motion_style),
            "product_showcase_url": self.order.product_showcase_url,
            "image_prompt": self.order.image_prompt,
            "video_prompt": video_order.and_then(|order| order.video_prompt.as_ref()),
            "status": status,
            "generated_photo_url": has_photo.then(|| world.media_url(&self.photo)),
            "generated_video_url": film.map(|video| world.media_url(&video.path)),
            "created_at": self.created_at.rfc3339(),
            "updated_at": updated.rfc3339(),
            "webhook_url": webhook_url.or(self.order.webhook_url.as_ref()),
            "failed_reason": reason,
            "regen_type": self.regen.as_ref().map(|regen| regen.operation),
            "regen_source_id": self.regen.as_ref().map(|regen| &regen.source_id),
        })
    }

    pub(super) fn created_at(&self) -> Moment {
        self.created_at
    }

    /// What its id stands for, where two records may be of the same.
    pub(super) fn content(&self) -> Value {
        json!({
            "type": self.order.kind,
            "product_url": self.order.product_url,
            "aspect_ratio": self.order.ratio,
            "override_avatar": self.order.override_avatar,
            "product_showcase_url": self.order.product_showcase_url,
            "image_prompt": self.order.image_prompt,
        })
    }

    fn video_start(&self) -> Moment {
        let work = self.video.as_ref().map_or(&self.image, |video| &video.work);
        work.accepted_at
    }
}

fn leave_out(body: &mut Value, fields: &[&str]) {
    if let Some(body) = body.as_object_mut() {
        body.retain(|name, _| !fields.contains(&name.as_str()));
    }
}

fn image_extension(url: &str) -> &'static str {
    let path = web_url(url).map(|url| url.path().to_ascii_lowercase()).unwrap_or_default();
    let known = ["png", "webp", "gif"];
    known.into_iter().find(|extension| path.ends_with(extension)).unwrap_or("jpg")
}
