//! One product, its image and its video, on one record that is paid for twice.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Refusal;
use crate::Credits;
use crate::sandbox::check::{Fields, web_url};
use crate::sandbox::credits::{Account, Price, Terms};
use crate::sandbox::studio::{self, Outputs, Script};
use crate::sandbox::work::{Progress, Work};
use crate::sandbox::world::World;

/// Seconds of every Creatify video of the sandbox. The service says neither how long its product
/// videos are nor takes a length.
pub const CREATIFY_SECONDS: u32 = 10;

/// From one observed run.
const IMAGE_TAKES: Duration = Duration::from_secs(30);
const VIDEO_TAKES: Duration = Duration::from_secs(120);
/// How long a record says `initializing`; made up.
const INITIALIZING: Duration = Duration::from_secs(2);

const IMAGE_PRICE: Price =
    Price { operation: "gen_image", amount: Credits::whole(1), terms: Terms::Kept };
const VIDEO_PRICE: Price =
    Price { operation: "gen_video", amount: Credits::whole(3), terms: Terms::Kept };

/// The longest address that is taken; documented for `product_url`, and for `webhook_url` on
/// sibling resources.
const MOST_URL_CHARS: usize = 200;

/// A body of `gen_image` that keeps to the reference.
pub(super) struct ImageOrder {
    kind: &'static str,
    product_url: String,
    ratio: &'static str,
    override_avatar: Option<String>,
    product_showcase_url: Option<String>,
    image_prompt: Option<String>,
    webhook_url: Option<String>,
}

pub(super) fn read_image_order(body: &Map<String, Value>) -> Result<ImageOrder, Refusal> {
    let mut fields = Fields::of(body);
    let product_url = fields.required("product_url").url(MOST_URL_CHARS).unwrap_or_default();
    let kind = fields.optional("type").choice(&["product_anyshot", "product_avatar"]);
    let ratio = fields.optional("aspect_ratio").choice(&["16x9", "9x16", "1x1"]);
    let override_avatar = fields.optional("override_avatar").uuid();
    let product_showcase_url = fields.optional("product_showcase_url").url(usize::MAX);
    let image_prompt = fields.optional("image_prompt").string();
    let webhook_url = fields.optional("webhook_url").url(MOST_URL_CHARS);
    fields.finish()?;
    Ok(ImageOrder {
        kind: kind.unwrap_or("product_anyshot"),
        product_url: product_url.to_owned(),
        // Reported from the reference itself, while older samples show 9x16.
        ratio: ratio.unwrap_or("16x9"),
        override_avatar: override_avatar.map(str::to_owned),
        product_showcase_url: product_showcase_url.map(str::to_owned),
        image_prompt: image_prompt.map(str::to_owned),
        webhook_url: webhook_url.map(str::to_owned),
    })
}

/// A body of `gen_video`; all of it is optional.
pub(super) struct VideoOrder {
    motion_style: Option<&'static str>,
    video_prompt: Option<String>,
    webhook_url: Option<String>,
}

pub(super) fn read_video_order(body: &Map<String, Value>) -> Result<VideoOrder, Refusal> {
    let mut fields = Fields::of(body);
    let motion_style = fields.optional("motion_style").choice(&["talking", "display", ""]);
    let video_prompt = fields.optional("video_prompt").string().map(str::to_owned);
    let webhook_url = fields.optional("webhook_url").url(MOST_URL_CHARS).map(str::to_owned);
    fields.finish()?;
    Ok(VideoOrder { motion_style, video_prompt, webhook_url })
}

pub(super) struct Record {
    pub(super) account: Account,
    pub(super) id: String,
    order: ImageOrder,
    /// Where the copy of the product's image is.
    copy: String,
    photo: String,
    image: Arc<Work>,
    video: Option<Video>,
}

struct Video {
    order: VideoOrder,
    path: String,
    work: Arc<Work>,
}

impl Record {
    /// Takes the price of an image and starts to make it.
    pub(super) fn start(
        world: &Arc<World>,
        account: Account,
        order: ImageOrder,
    ) -> Result<Self, Refusal> {
        let id = world.ids.uuid("record");
        let work = Work::accepted(world.now(), IMAGE_TAKES);
        world.charge(&account, &id, &IMAGE_PRICE, &work)?;
        let name = world.ids.hex("creatify image");
        let copy = format!("creatify/images/{name}.{}", image_extension(&order.product_url));
        let photo = format!("creatify/user/{}/{name}.jpg", account.name);
        let record = Self { account, id, order, copy, photo, image: work, video: None };
        let outputs = Outputs {
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
        world: &Arc<World>,
        order: VideoOrder,
    ) -> Result<(), Refusal> {
        if self.video.is_some() {
            return Err(Refusal::State("The video of this product was already requested."));
        }
        match self.image.progress(world.now()) {
            Progress::Running => return Err(Refusal::State("The image is not generated yet.")),
            Progress::Failed { .. } => return Err(Refusal::State("The image has failed.")),
            Progress::Done { .. } => {}
        }
        let work = Work::accepted(world.now(), VIDEO_TAKES);
        world.charge(&self.account, &self.id, &VIDEO_PRICE, &work)?;
        let name = world.ids.hex("creatify video");
        let path = format!("creatify/product_to_videos/{}/{name}.mp4", self.id);
        // The copy, because the original may be gone by now. An image that is not fetched has none.
        let has_copy = world.assets.get(&self.copy).is_some();
        let copy = has_copy.then(|| world.media_url(&self.copy));
        let image = copy.as_deref().unwrap_or(&self.order.product_url);
        let script = self.script(image, order.video_prompt.as_deref());
        let outputs = Outputs { video: Some(path.clone()), ..Outputs::default() };
        studio::start(world, script, outputs, &work);
        self.video = Some(Video { order, path, work });
        Ok(())
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
            ratio: match self.order.ratio {
                "9x16" => (9, 16),
                "1x1" => (1, 1),
                _ => (16, 9),
            },
            seed: studio::seed_of(&self.id),
            ..Script::of_text(&lines.join("\n"))
        }
    }

    /// All 18 fields, whatever the operation. What is not set is null, `failed_reason` is empty:
    /// so it was seen on sibling resources.
    pub(super) fn answer(&self, world: &World) -> Value {
        let now = world.now();
        let image = self.image.progress(now);
        let video = self.video.as_ref().map(|video| video.work.progress(now));
        let accepted = self.image.accepted_at;
        let is_new = now.since(accepted) < INITIALIZING;
        let (status, updated, reason) = match (&image, &video) {
            (_, Some(Progress::Done { at })) => ("video_generated", *at, ""),
            (_, Some(Progress::Running)) => ("video_generating", self.video_start(), ""),
            (Progress::Failed { at, reason }, None)
            | (_, Some(Progress::Failed { at, reason })) => ("failed", *at, reason.as_str()),
            (Progress::Done { at }, None) => ("image_generated", *at, ""),
            (Progress::Running, None) if is_new => ("initializing", accepted, ""),
            (Progress::Running, None) => ("image_generating", accepted.plus(INITIALIZING), ""),
        };
        let has_photo = matches!(image, Progress::Done { .. });
        let film = self.video.as_ref().filter(|_| matches!(video, Some(Progress::Done { .. })));
        let video_order = self.video.as_ref().map(|video| &video.order);
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
            "created_at": accepted.rfc3339(),
            "updated_at": updated.rfc3339(),
            "webhook_url": webhook_url.or(self.order.webhook_url.as_ref()),
            "failed_reason": reason,
            "regen_type": null,
            "regen_source_id": null,
        })
    }

    fn video_start(&self) -> crate::sandbox::clock::Moment {
        let work = self.video.as_ref().map_or(&self.image, |video| &video.work);
        work.accepted_at
    }
}

fn image_extension(url: &str) -> &'static str {
    let path = web_url(url).map(|url| url.path().to_ascii_lowercase()).unwrap_or_default();
    let known = ["png", "webp", "gif"];
    known.into_iter().find(|extension| path.ends_with(extension)).unwrap_or("jpg")
}
