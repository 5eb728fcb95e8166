//! Videos on their way from their provider: into a file, or as bytes.

mod answer;
mod content;
mod fetch;
mod mp4;
mod part;
mod relink;
mod stream;

pub use stream::VideoBytes;

use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::fs;

use super::Video;
use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "cli")]
use crate::model::Medium;
use fetch::{Fetch, Piece};
use part::{Naming, Part};

/// A download in the making; await it.
///
/// The bytes go to a `.part` file beside the target, which takes its name when they are whole, on
/// disk and an MP4 (or a picture, where that was asked for). Dropping it leaves nothing behind; a
/// process that ends midway leaves the `.part` file, which the next download of the job removes.
///
/// What breaks off, or stands still for longer than the client's
/// [`stall_timeout`](super::ClientBuilder::stall_timeout), goes on where it was, if the server
/// proves that the rest is of the same content, and begins anew if not. A link that is refused is
/// read again from the provider. It is given up after six tries in a row, 51 s in all, that got
/// less than 64 KiB further.
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
    /// A video that was saved before; `None` where the file is gone or another.
    #[cfg(feature = "cli")]
    pub(crate) async fn at(path: &Path, medium: Medium) -> Option<Self> {
        let size_bytes = fs::metadata(path).await.ok()?.len();
        let duration = content::of_file(path, medium).await?;
        Some(Self { path: path.to_owned(), size_bytes, duration })
    }
}

impl<'a> Download<'a> {
    pub(super) fn new(video: &'a Video, path: &Path) -> Self {
        Self { video, path: path.to_owned(), overwrite: false, or_same: false }
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

    async fn run(self) -> Result<Downloaded> {
        let id = self.video.job_id();
        let done = self.save().await.map_err(|error| error.with_job(id))?;
        self.video.mark_downloaded().await?;
        Ok(done)
    }

    async fn save(&self) -> Result<Downloaded> {
        if !self.overwrite && !self.or_same && fs::symlink_metadata(&self.path).await.is_ok() {
            return Err(already_there(&self.path));
        }
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => already_there(&self.path),
            _ => file_error(&self.path, error),
        };
        let mut fetch = Fetch::new(self.video)?;
        let mut part = Part::beside(&self.path, self.video.job_id()).await.map_err(failed)?;
        while let Some(piece) = fetch.next().await? {
            match piece {
                Piece::Bytes(bytes) => part.write(&bytes).await,
                Piece::Anew => part.clear().await,
            }
            .map_err(failed)?;
        }
        let naming = Naming { overwrite: self.overwrite, or_same: self.or_same };
        part.take_name(&self.path, naming).await.map_err(failed)?;
        let (size_bytes, duration) = (fetch.size_bytes(), fetch.duration());
        Ok(Downloaded { path: self.path.clone(), size_bytes, duration })
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
