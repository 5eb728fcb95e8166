//! Making videos and stills out of what a request carried, and nothing else.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::assets::{extension, image_type};
use super::check::web_url;
use super::fetch;
use super::film::draw;
use super::ids::digest;
use super::work::Work;
use super::world::World;

/// What is to be made. The same script and the same images give the same bytes.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "render"), expect(dead_code, reason = "the clip shows none of it"))]
pub(super) struct Script {
    /// Addresses of the images, the main one first.
    pub(super) images: Vec<String>,
    pub(super) title: String,
    pub(super) captions: Vec<String>,
    pub(super) price: Option<String>,
    pub(super) seconds: u32,
    /// Width to height.
    pub(super) ratio: (u32, u32),
    pub(super) seed: u64,
}

impl Script {
    /// A product's name is the title, whatever it is made of; its description is read as a text.
    pub(super) fn of_product(name: &str, description: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::of_text(&format!("{name}\n{description}"))
    }

    /// The first line of a text is the title; a line that is a price is shown as one; all others
    /// are captions.
    pub(super) fn of_text(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let title = lines.next().unwrap_or_default().to_owned();
        let (prices, captions): (Vec<_>, Vec<_>) =
            lines.map(str::to_owned).partition(|line| is_price(line));
        Self {
            images: Vec::new(),
            title,
            captions,
            price: prices.into_iter().next(),
            seconds: 1,
            ratio: (9, 16),
            seed: 0,
        }
    }
}

/// A few characters with a digit, and a currency's sign or three-letter code at one end.
fn is_price(line: &str) -> bool {
    const SIGNS: [char; 6] = ['$', '€', '£', '¥', '₹', '₩'];
    let code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let words = || line.split_whitespace();
    let has_sign = line.starts_with(SIGNS) || line.ends_with(SIGNS);
    let has_code = words().next().is_some_and(code) || words().last().is_some_and(code);
    let has_digit = line.chars().any(|c| c.is_ascii_digit());
    line.chars().count() <= 16 && words().count() <= 2 && has_digit && (has_sign || has_code)
}

/// Width to height, as `9:16` or `9x16` says it.
pub(super) fn shape(ratio: &str) -> (u32, u32) {
    let sides = ratio.split_once([':', 'x']);
    let sides = sides.and_then(|(across, down)| Some((across.parse().ok()?, down.parse().ok()?)));
    sides.unwrap_or((16, 9))
}

/// Where the results are to be put; `None` is not made.
#[derive(Clone, Debug, Default)]
pub(super) struct Outputs {
    pub(super) video: Option<String>,
    pub(super) still: Option<String>,
    /// A copy of the first image.
    pub(super) copy: Option<String>,
}

/// Limits how much is drawn at once: drawing takes a core.
pub(super) struct Studio(Semaphore);

impl Studio {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(2))
    }
}

/// Starts to make what a paid call asked for, and says in `work` how it went.
pub(super) fn start(world: &Arc<World>, script: Script, outputs: Outputs, work: &Arc<Work>) {
    let (world, work) = (Arc::clone(world), Arc::clone(work));
    tokio::spawn(async move {
        let result = make(&world, script, outputs).await;
        work.made(world.now(), result);
    });
}

async fn make(world: &World, mut script: Script, outputs: Outputs) -> Result<(), String> {
    script.seed ^= world.settings.seed;
    let images = gather(world, &script.images).await?;
    if let (Some(path), Some(image)) = (&outputs.copy, images.first()) {
        let media_type = image_type(image).unwrap_or("application/octet-stream");
        world.assets.put(path.clone(), media_type, image.clone(), world.now());
    }
    let (wants_video, wants_still) = (outputs.video.is_some(), outputs.still.is_some());
    let permit = world.studio.0.acquire().await.map_err(|_| "the studio is closed".to_owned())?;
    let quality = world.settings.quality;
    let drawing = move || draw(&script, &images, quality, wants_video, wants_still);
    let drawn = tokio::task::spawn_blocking(drawing)
        .await
        .map_err(|_| "drawing was given up".to_owned())??;
    drop(permit);
    let now = world.now();
    if let (Some(path), Some(video)) = (outputs.video, drawn.video) {
        world.assets.put(path, "video/mp4", video, now);
    }
    if let (Some(path), Some((media_type, still))) = (outputs.still, drawn.still) {
        world.assets.put(path, media_type, still, now);
    }
    Ok(())
}

/// The images that can be had. For one that is not fetched a card stands in.
async fn gather(world: &World, addresses: &[String]) -> Result<Vec<Bytes>, String> {
    let mut images = Vec::new();
    for address in addresses {
        let Some(url) = web_url(address) else { continue };
        let image = match world.own_path(&url) {
            Some(path) => {
                let asset = world.assets.get(&path).ok_or("the image was not found")?;
                asset.bytes.clone()
            }
            None if world.fetcher.reaches(&url) => world.fetcher.get(&url, &fetch::IMAGE).await?,
            None => continue,
        };
        if image_type(&image).is_none() {
            return Err("the image is not PNG, JPEG, WebP or GIF".to_owned());
        }
        images.push(image);
    }
    Ok(images)
}

/// A path for a file made of its content, so that the same file has the same address.
pub(super) fn path_by_content(folder: &str, media_type: &str, bytes: &[u8]) -> String {
    format!("{folder}/{}.{}", super::ids::hex(&digest(&[bytes])), extension(media_type))
}

/// A number for a job's id that chooses the colours and movements of its video.
pub(super) fn seed_of(id: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = digest(&[id.as_bytes()]);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_title_captions_and_price() {
        let script = Script::of_text("Morning Roast\n\n  Steam rises \n€ 12.90\nSlow push in");
        assert_eq!(script.title, "Morning Roast");
        assert_eq!(script.captions, ["Steam rises", "Slow push in"]);
        assert_eq!(script.price.as_deref(), Some("€ 12.90"));
        assert_eq!(Script::of_text("").title, "");
    }

    #[test]
    fn prices_are_short_and_have_a_currency() {
        for price in ["$5", "12,90 €", "EUR 12.90", "1200 JPY", "₹499"] {
            assert!(is_price(price), "{price}");
        }
        for other in ["Free", "5 stars", "Only $5 today", "USD", "https://a.example/$5", "A BIG 4"]
        {
            assert!(!is_price(other), "{other}");
        }
    }
}
