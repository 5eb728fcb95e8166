//! Videos on their way from their provider: into a file, or as bytes.

mod answer;
mod content;
mod fetch;
mod limits;
mod link;
mod mp4;
mod part;
mod picture;
mod relink;
mod stream;

pub(super) use limits::Limits;
pub use stream::VideoBytes;

use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::fs;

use super::Video;
use crate::digest::RunningDigest;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::SavedFile;
use crate::model::Medium;
use fetch::{Fetch, Piece};
use part::{Naming, Part};

impl Video {
    /// Saves it to a file: whole, or not at all. An existing file is refused unless
    /// [`overwrite`](Download::overwrite) is said.
    pub fn download(&self, path: impl AsRef<Path>) -> Download<'_> {
        Download::new(self, path.as_ref())
    }

    /// The file that it was saved to before at this path, or beside it with a picture's
    /// [own extension](Download::own_extension); `None` where that is gone or another. Nothing is
    /// fetched. What the file holds is compared with [what was saved](crate::Job::saved); where a job
    /// of an early version does not know that, any whole video is taken for its own.
    pub async fn saved_at(&self, path: impl AsRef<Path>) -> Option<Downloaded> {
        Downloaded::at(path.as_ref(), self.medium(), self.job().saved()).await
    }

    /// Its bytes as they arrive, for a place that is no file, such as a bucket.
    pub fn bytes_stream(&self) -> VideoBytes {
        VideoBytes::new(self)
    }
}

/// A download in the making; await it.
///
/// The bytes go to a `.part` file beside the target, which takes its name when they are whole, on
/// disk and an MP4 (or a picture, where that was asked for). Dropping it leaves nothing behind; a
/// process that ends midway leaves the `.part` file, which the next download of the job removes.
///
/// What breaks off, or stands still for longer than the client's
/// [`stall_timeout`](super::ClientBuilder::stall_timeout), goes on where it was, if the server
/// proves that the rest is of the same content, and begins anew if not. A link that is refused is
/// read again from the provider, and a new one is fetched from its beginning. It is given up after
/// six tries in a row, 51 s in all, that got less than 64 KiB further, or when it has come eight times
/// over.
///
/// It has to come at a [least rate](super::ClientBuilder::least_bytes_per_second), may not be larger
/// than [a video](super::ClientBuilder::video_max_bytes) or
/// [a picture](super::ClientBuilder::picture_max_bytes) may be nor than the disk has room for, and its
/// link, as every redirect behind it, may not lead to
/// [plain http](crate::HttpConfig::allow_plain_http) or a
/// [private address](crate::HttpConfig::allow_private_links) where the provider is reached by https.
/// Whatever ends it, the job stays as it is, and the next download begins again.
///
/// # Errors
/// [`ErrorKind::Conflict`] where a file stands at the path; [`ErrorKind::Io`] where it cannot be
/// written; [`ErrorKind::Unavailable`] or [`ErrorKind::Decode`] where no whole video arrives. Each
/// carries the job's id; the video stays at its provider, and nothing stands at the path. Only where
/// the ledger cannot record the download is the file there in spite of the error;
/// [`or_same`](Self::or_same) takes it next time.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Download<'a> {
    video: &'a Video,
    path: PathBuf,
    overwrite: bool,
    or_same: bool,
    own_extension: bool,
}

/// A video that was saved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// Its length, from the file itself.
    pub duration: Option<Duration>,
}

impl Downloaded {
    /// What a job saved at a path, as [`Video::saved_at`] says.
    async fn at(path: &Path, medium: Medium, saved: Option<&SavedFile>) -> Option<Self> {
        for path in Self::places(path, medium) {
            let Ok(facts) = fs::metadata(&path).await else { continue };
            if let Some(saved) = saved
                && (facts.len() != saved.size_bytes
                    || content::digest_of_file(&path).await.as_ref() != Some(&saved.sha256))
            {
                continue;
            }
            if let Some(duration) = content::of_file(&path, medium).await {
                return Some(Self { path, size_bytes: facts.len(), duration });
            }
        }
        None
    }

    /// Where a download to a path may come to stand: a picture also under its
    /// [own extension](Download::own_extension).
    pub fn places(path: &Path, medium: Medium) -> Vec<PathBuf> {
        let mut places = vec![path.to_owned()];
        if medium == Medium::Picture {
            places.extend(picture::EXTENSIONS.map(|extension| path.with_extension(extension)));
        }
        places
    }
}

impl<'a> Download<'a> {
    pub(super) fn new(video: &'a Video, path: &Path) -> Self {
        Self {
            video,
            path: path.to_owned(),
            overwrite: false,
            or_same: false,
            own_extension: false,
        }
    }

    /// Replaces a file that stands at the path.
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Takes a file that stands at the path for the saved one where it is the same, byte for byte:
    /// the process may have ended right after it was saved.
    pub fn or_same(mut self) -> Self {
        self.or_same = true;
        self
    }

    /// Gives a picture the extension of its kind (`jpg`, `png`, `webp`, `gif`) instead of the path's,
    /// since nobody knows before what a provider gives. [`Downloaded::path`] has it.
    pub fn own_extension(mut self) -> Self {
        self.own_extension = true;
        self
    }

    async fn run(self) -> Result<Downloaded> {
        let id = self.video.job_id();
        let (done, sha256) = self.save().await.map_err(|error| error.with_job(id))?;
        self.video.mark_saved(SavedFile { size_bytes: done.size_bytes, sha256 }).await?;
        Ok(done)
    }

    /// Saves it, and says what its SHA-256 is.
    async fn save(&self) -> Result<(Downloaded, String)> {
        if !self.overwrite && !self.or_same && fs::symlink_metadata(&self.path).await.is_ok() {
            return Err(already_there(&self.path));
        }
        let failed = |error: io::Error| file_error(&self.path, error);
        let mut fetch = Fetch::new(self.video)?;
        let mut part = Part::beside(&self.path, self.video.job_id()).await.map_err(failed)?;
        let mut digest = RunningDigest::default();
        while let Some(piece) = fetch.next().await? {
            match piece {
                Piece::Bytes(bytes) => {
                    digest.feed(&bytes);
                    part.write(&bytes, fetch.rest_bytes()).await
                }
                Piece::Anew => {
                    digest = RunningDigest::default();
                    part.clear().await
                }
            }
            .map_err(failed)?;
        }
        let naming = Naming { overwrite: self.overwrite, or_same: self.or_same };
        let path = match fetch.extension().filter(|_| self.own_extension) {
            Some(extension) => self.path.with_extension(extension),
            None => self.path.clone(),
        };
        part.take_name(&path, naming).await.map_err(|error| file_error(&path, error))?;
        let (size_bytes, duration) = (fetch.size_bytes(), fetch.duration());
        Ok((Downloaded { path, size_bytes, duration }, digest.finish()))
    }
}

impl<'a> IntoFuture for Download<'a> {
    type Output = Result<Downloaded>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

fn already_there(path: &Path) -> Error {
    let message = format!("{} is already there: move it away or choose another", path.display());
    Error::new(ErrorKind::Conflict, message).with_field("path")
}

fn file_error(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return already_there(path);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let place = folder.unwrap_or(Path::new("."));
    let then = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space or choose another folder"
        }
        _ => "choose another folder",
    };
    let message = format!("cannot write to {}: {error}; {then}", place.display());
    Error::new(ErrorKind::Io, message).with_field("path").with_source(error)
}
