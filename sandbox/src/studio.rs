//! Making videos and stills out of what a request carried, and nothing else.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use url::Url;

use super::assets::{Asset, extension, image_type};
use super::check::web_url;
use super::film::{Film, View, draw};
use super::ids::digest;
use super::jobs::Reel;
use super::work::Work;
use super::world::World;
use super::{fetch, film};

/// What is to be made. The same script and the same images give the same bytes.
#[derive(Clone, Debug)]
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

/// Where the results are to be had; `None` is not made.
#[derive(Clone, Debug, Default)]
pub(super) struct Outputs {
    /// The id of the job that they are of.
    pub(super) job: String,
    pub(super) video: Option<String>,
    pub(super) still: Option<String>,
    /// A copy of the first image.
    pub(super) copy: Option<String>,
}

/// Limits how much is drawn or decoded at once: it takes a core, and a large picture's memory.
pub(super) struct Studio(Arc<Semaphore>);

impl Studio {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(2)))
    }

    /// Runs work that takes CPU on a blocking thread, as soon as there is a permit for it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let permit = permit.map_err(|_| "the studio is closed".to_owned())?;
        let work = move || {
            let result = work();
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| "drawing was given up".to_owned())
    }
}

/// Starts to make the video that a paid call asked for, and reports the outcome to `work`. Where
/// nothing has to be fetched or decoded, it is made at once.
pub(super) fn start(world: &Arc<World>, script: Script, outputs: Outputs, work: &Arc<Work>) {
    let (world, work) = (Arc::clone(world), Arc::clone(work));
    let mut making = Box::pin(async move {
        let result = make(&world, script, outputs, &work).await;
        work.made(world.now(), result);
    });
    if making.as_mut().now_or_never().is_none() {
        tokio::spawn(making);
    }
}

/// Fetches the images, since a job without them fails, and registers the paths of its results, which
/// are drawn when they are first read.
async fn make(
    world: &Arc<World>,
    mut script: Script,
    outputs: Outputs,
    work: &Arc<Work>,
) -> Result<(), String> {
    let (images, not_fetched) = gather(world, &std::mem::take(&mut script.images)).await?;
    script.seed ^= world.settings.seed;
    let now = world.now();
    if let (Some(path), Some((_, image))) = (outputs.copy, images.first()) {
        world.assets.put(path, &image.media_type, image.bytes.clone(), now);
    }
    let images = images.into_iter().map(|(path, _)| path).collect();
    let film = Arc::new(Film::new(outputs.job, script, images, not_fetched, now));
    let (video, still) = (outputs.video, outputs.still);
    // A video of which the provider shows no still has one all the same, for the page.
    let still = still.or_else(|| Some(format!("{}.jpg", video.as_deref()?.strip_suffix(".mp4")?)));
    for (path, view) in [(&video, View::Video), (&still, View::Still)] {
        if let Some(path) = path {
            world.assets.promise(path.clone(), &film, view);
        }
    }
    let reel = Reel { film: Arc::clone(&film), work: Arc::clone(work), video, still };
    world.jobs.filmed(&film.job, reel);
    Ok(())
}

/// A file, which is drawn if it has to be.
///
/// # Errors
/// A sentence that says why it cannot be drawn.
pub(super) async fn open(world: &Arc<World>, path: &str) -> Result<Option<Arc<Asset>>, String> {
    if let Some(asset) = world.assets.get(path) {
        return Ok(Some(asset));
    }
    let Some((film, view)) = world.assets.promised(path) else { return Ok(None) };
    let (world, path) = (Arc::clone(world), path.to_owned());
    // A reader that goes away does not stop the drawing: the next one finds it done.
    let drawing = tokio::spawn(async move {
        let _turn = film.drawing.lock().await;
        if let Some(asset) = world.assets.get(&path) {
            return Ok(asset);
        }
        let images = film.images.iter().filter_map(|path| world.assets.get(path));
        let images: Vec<Bytes> = images.map(|image| image.bytes.clone()).collect();
        let (shown, drawing) = (Arc::clone(&film), Arc::clone(&world));
        let drawn = world.studio.run(move || draw(&shown.script, &images, &drawing.settings, view));
        let (media_type, bytes) = drawn.await??;
        Ok(world.assets.fulfil(&path, media_type, bytes, film.made_at))
    });
    drawing.await.map_err(|_| "drawing was given up".to_owned())?.map(Some)
}

/// The images that can be had, with their paths, and the addresses of those that are not fetched.
async fn gather(
    world: &Arc<World>,
    addresses: &[String],
) -> Result<(Vec<(String, Arc<Asset>)>, Vec<String>), String> {
    let (mut images, mut not_fetched) = (Vec::new(), Vec::new());
    for address in addresses {
        let Some(url) = web_url(address) else { continue };
        let own = world.own_path(&url);
        // A file that is drawn is kept as it is now, or films could be made of films without end.
        let image = match own.filter(|path| world.assets.promised(path).is_none()) {
            Some(path) => {
                let image = world.assets.get(&path).ok_or("the image was not found")?;
                (path, image)
            }
            None => match bytes_at(world, &url).await? {
                Some(bytes) => keep(world, bytes)?,
                None => {
                    not_fetched.push(address.clone());
                    continue;
                }
            },
        };
        check(world, &image.1).await?;
        images.push(image);
    }
    Ok((images, not_fetched))
}

async fn bytes_at(world: &Arc<World>, url: &Url) -> Result<Option<Bytes>, String> {
    match world.own_path(url) {
        Some(path) => Ok(open(world, &path).await?.map(|asset| asset.bytes.clone())),
        None if world.fetcher.reaches(url) => world.fetcher.get(url, &fetch::IMAGE).await.map(Some),
        None => Ok(None),
    }
}

/// Keeps an image from elsewhere for the time when it is drawn.
fn keep(world: &World, bytes: Bytes) -> Result<(String, Arc<Asset>), String> {
    let media_type = image_type(&bytes).ok_or(NOT_AN_IMAGE)?;
    let path = path_by_content("fetched", media_type, &bytes);
    world.assets.put(path.clone(), media_type, bytes, world.now());
    let image = world.assets.get(&path).ok_or("the image was not found")?;
    Ok((path, image))
}

/// Whether an image can be drawn; it is looked into once.
async fn check(world: &World, image: &Arc<Asset>) -> Result<(), String> {
    if image_type(&image.bytes).is_none() {
        return Err(NOT_AN_IMAGE.to_owned());
    }
    if let Some(known) = image.decodes.get() {
        return known.clone();
    }
    let image = Arc::clone(image);
    let look = move || image.decodes.get_or_init(|| film::check(&image.bytes)).clone();
    world.studio.run(look).await?
}

const NOT_AN_IMAGE: &str = "the image is not PNG, JPEG, WebP or GIF";

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
