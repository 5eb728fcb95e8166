//! Files that the sandbox holds: uploads, copies, stills and videos, each under a path of its own.
//!
//! They share a budget of bytes, and what was not asked for the longest goes first. A film or still
//! can be drawn again, so only its bytes go; what came from outside is gone for good.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use super::clock::Moment;
use super::film::{Film, View};
use super::ids::{digest, hex};

/// What keeping a file costs besides its bytes, about: many small files are much, too.
const OVERHEAD_BYTES: u64 = 512;

/// One file.
pub(super) struct Asset {
    pub(super) bytes: Bytes,
    pub(super) media_type: String,
    /// With its quotes, as it stands in the header.
    pub(super) etag: String,
    pub(super) modified: Moment,
    /// Whether it is a picture that can be drawn, or why not, once somebody has looked.
    pub(super) decodes: OnceLock<Result<(), String>>,
}

impl Asset {
    fn new(media_type: &str, bytes: Bytes, modified: Moment) -> Arc<Self> {
        let etag = format!("\"{}\"", hex(&digest(&[&bytes])));
        let (media_type, decodes) = (media_type.to_owned(), OnceLock::new());
        Arc::new(Self { bytes, media_type, etag, modified, decodes })
    }

    /// The same file with other bytes.
    pub(super) fn with(&self, bytes: Bytes) -> Arc<Self> {
        Self::new(&self.media_type, bytes, self.modified)
    }

    fn cost(&self) -> u64 {
        self.bytes.len() as u64 + OVERHEAD_BYTES
    }
}

/// All files, by path.
pub(super) struct Assets {
    most_bytes: u64,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    places: HashMap<String, Place>,
    /// The paths of all bytes that may go, the longest unused first.
    by_use: BTreeMap<u64, String>,
    uses: u64,
    bytes: u64,
}

/// What there is at a path.
#[derive(Default)]
struct Place {
    /// `None` for a film that is still to be drawn, or was and is gone.
    asset: Option<Arc<Asset>>,
    film: Option<(Arc<Film>, View)>,
    /// Its place in `by_use`; `None` without bytes, and for what stays for good.
    used: Option<u64>,
}

impl Assets {
    pub(super) fn new(most_bytes: u64) -> Self {
        Self { most_bytes, shelf: Mutex::default() }
    }

    /// Stores a file; another one that was there under this path is replaced.
    pub(super) fn put(&self, path: String, media_type: &str, bytes: Bytes, now: Moment) {
        let asset = Asset::new(media_type, bytes, now);
        let mut shelf = self.shelf();
        if let Some(known) = shelf.get(&path)
            && (&known.etag, &known.media_type) == (&asset.etag, &asset.media_type)
        {
            return;
        }
        shelf.fill(&path, asset, self.most_bytes);
    }

    /// Stores a small file that is always there.
    pub(super) fn put_for_good(&self, path: String, media_type: &str, bytes: Bytes, now: Moment) {
        let asset = Some(Asset::new(media_type, bytes, now));
        self.shelf().places.insert(path, Place { asset, ..Place::default() });
    }

    /// Says what is to be drawn for this path once somebody asks for it.
    pub(super) fn promise(&self, path: String, film: &Arc<Film>, view: View) {
        let film = Some((Arc::clone(film), view));
        self.shelf().places.insert(path, Place { film, ..Place::default() });
    }

    /// What was promised for a path.
    pub(super) fn promised(&self, path: &str) -> Option<(Arc<Film>, View)> {
        self.shelf().places.get(path)?.film.clone()
    }

    /// Keeps what was drawn for a path, as long as there is room.
    pub(super) fn fulfil(
        &self,
        path: &str,
        media_type: &str,
        bytes: Bytes,
        at: Moment,
    ) -> Arc<Asset> {
        let asset = Asset::new(media_type, bytes, at);
        self.shelf().fill(path, Arc::clone(&asset), self.most_bytes);
        asset
    }

    /// What is there already.
    pub(super) fn get(&self, path: &str) -> Option<Arc<Asset>> {
        self.shelf().get(path)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn get(&mut self, path: &str) -> Option<Arc<Asset>> {
        let place = self.places.get_mut(path)?;
        let asset = place.asset.clone()?;
        if let Some(used) = &mut place.used {
            let path = self.by_use.remove(used).unwrap_or_else(|| path.to_owned());
            self.uses += 1;
            *used = self.uses;
            self.by_use.insert(self.uses, path);
        }
        Some(asset)
    }

    /// Puts bytes in their place and makes room for them. What is put last stays in any case.
    fn fill(&mut self, path: &str, asset: Arc<Asset>, most_bytes: u64) {
        self.clear(path);
        self.uses += 1;
        self.bytes += asset.cost();
        self.by_use.insert(self.uses, path.to_owned());
        let place = self.places.entry(path.to_owned()).or_default();
        (place.asset, place.used) = (Some(asset), Some(self.uses));
        while self.bytes > most_bytes && self.by_use.len() > 1 {
            let Some((_, longest_unused)) = self.by_use.pop_first() else { return };
            self.clear(&longest_unused);
            if self.places.get(&longest_unused).is_some_and(|place| place.film.is_none()) {
                self.places.remove(&longest_unused);
            }
        }
    }

    /// Lets the bytes of a path go.
    fn clear(&mut self, path: &str) {
        let Some(place) = self.places.get_mut(path) else { return };
        let asset = place.asset.take();
        if let Some(used) = place.used.take() {
            self.by_use.remove(&used);
            self.bytes -= asset.map_or(0, |asset| asset.cost());
        }
    }
}

/// What the first bytes say that an image is.
pub(super) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ => None,
    }
}

/// Media types and the extensions that files of theirs get.
const EXTENSIONS: [(&str, &str); 14] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/webp", "webp"),
    ("image/gif", "gif"),
    ("image/svg+xml", "svg"),
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("audio/mpeg", "mp3"),
    ("audio/wav", "wav"),
    ("audio/aac", "aac"),
    ("audio/mp4", "m4a"),
    ("application/x-subrip", "srt"),
    ("text/plain", "srt"),
];

pub(super) fn extension(media_type: &str) -> &'static str {
    let known = EXTENSIONS.iter().find(|(known, _)| *known == media_type);
    known.map_or("bin", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::studio::Script;

    /// Room for two files of 1,000 bytes.
    fn shelf() -> (Assets, impl Fn(&Assets, &str, u8)) {
        let now = Clock::new(0.0).now();
        let put = move |assets: &Assets, path: &str, byte: u8| {
            assets.put(path.to_owned(), "image/png", vec![byte; 1000].into(), now);
        };
        (Assets::new(2 * (1000 + OVERHEAD_BYTES)), put)
    }

    #[test]
    fn what_was_unused_the_longest_goes_first() {
        let (assets, put) = shelf();
        assets.put_for_good(
            "card".into(),
            "image/svg+xml",
            vec![0; 9000].into(),
            Clock::new(0.0).now(),
        );
        put(&assets, "a", 1);
        put(&assets, "b", 2);
        assert!(assets.get("a").is_some());
        put(&assets, "c", 3);
        let there = |path| assets.get(path).is_some();
        assert_eq!(["a", "b", "c", "card"].map(there), [true, false, true, true]);
        assert_eq!(assets.shelf().bytes, assets.most_bytes);
        // The same file again, and another one in its place, take no more room.
        put(&assets, "c", 3);
        put(&assets, "c", 4);
        assert_eq!(["a", "c"].map(there), [true, true]);
        assert_eq!(assets.get("c").unwrap().bytes[0], 4);
    }

    #[test]
    fn the_last_file_stays_however_large_it_is() {
        let (assets, put) = shelf();
        put(&assets, "a", 1);
        let now = assets.get("a").unwrap().modified;
        assets.put("large".into(), "video/mp4", vec![0; 1_000_000].into(), now);
        assert!(assets.get("a").is_none() && assets.get("large").is_some());
        put(&assets, "a", 1);
        assert!(assets.get("a").is_some() && assets.get("large").is_none());
        assert_eq!(assets.shelf().bytes, 1000 + OVERHEAD_BYTES);
    }

    #[test]
    fn a_film_stays_promised_when_its_bytes_go() {
        let (assets, put) = shelf();
        let now = Clock::new(0.0).now();
        let film = Film::new("job".into(), Script::of_text("A"), Vec::new(), Vec::new(), now);
        assets.promise("film".into(), &Arc::new(film), View::Video);
        assert!(assets.get("film").is_none() && assets.promised("film").is_some());
        assets.fulfil("film", "video/mp4", vec![0; 1000].into(), now);
        assert!(assets.get("film").is_some());
        put(&assets, "a", 1);
        put(&assets, "b", 2);
        assert!(assets.get("film").is_none() && assets.promised("film").is_some());
    }

    #[test]
    fn images_are_known_by_their_first_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(image_type(b"RIFF\x10\x00\x00\x00WEBPVP8 "), Some("image/webp"));
        assert_eq!(image_type(b"GIF89a"), Some("image/gif"));
        for other in [&b"<svg/>"[..], b"", b"\x89PN", b"RIFF\x10\x00\x00\x00WAVE"] {
            assert_eq!(image_type(other), None);
        }
    }
}
