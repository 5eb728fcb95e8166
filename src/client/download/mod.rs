use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use super::{Video, mp4};
use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Medium;

/// How long a download may stand still.
const STALL: Duration = Duration::from_secs(30);

/// How often the whole download is tried. Links were seen to fail right after a job ended.
const ATTEMPTS: u32 = 3;

/// A download in the making; await it.
///
/// The bytes go to a `.part` file beside the target, which takes its name when they are whole, on
/// disk and an MP4 (or a picture, where that was asked for).
///
/// # Errors
/// [`ErrorKind::Conflict`] where a file stands at the path; [`ErrorKind::Io`] where it cannot be
/// written; [`ErrorKind::Unavailable`] or [`ErrorKind::Decode`] where no whole video arrives. Each
/// carries the job's id; the video stays at its provider.
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
        let duration = check(path, medium).await.ok()?;
        Some(Self { path: path.to_owned(), size_bytes, duration })
    }
}

/// Whether what arrived is what it should be, and how long it is.
async fn check(path: &Path, medium: Medium) -> Result<Option<Duration>, String> {
    match medium {
        Medium::Video => {
            let broken = |error| format!("what arrived is no MP4 file: {error}");
            mp4::duration(path).await.map_err(broken)
        }
        Medium::Picture => {
            let bytes = fs::read(path).await.unwrap_or_default();
            let broken = |error| format!("what arrived is no picture: {error}");
            imagesize::blob_size(&bytes).map(|_| None).map_err(broken)
        }
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
        let part = Part::beside(&self.path, &self.video.job_id().to_string());
        let mut attempt = 1;
        let size_bytes = loop {
            match self.fetch(&part.0).await {
                Ok(size) => break size,
                Err(error) if error.kind() == ErrorKind::Unavailable && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        };
        let duration = check(&part.0, self.video.medium()).await.map_err(|message| {
            Error::new(ErrorKind::Decode, message).with_provider(self.video.provider())
        })?;
        match part.take_name(&self.path, self.overwrite).await {
            Err(error) if error.kind() == ErrorKind::Conflict && self.or_same => {
                if !is_same(&part.0, &self.path).await {
                    return Err(error);
                }
            }
            taken => taken?,
        }
        Ok(Downloaded { path: self.path.clone(), size_bytes, duration })
    }

    async fn fetch(&self, part: &Path) -> Result<u64> {
        let provider = self.video.provider();
        let broken = |message: &str| {
            Error::new(ErrorKind::Unavailable, format!("download: {message}"))
                .with_provider(provider)
        };
        let lost = |error: reqwest::Error| broken("no answer").with_source(error.without_url());
        let waited = |_| broken("it stands still");
        let request = self.video.http()?.get(self.video.url()).send();
        let response = tokio::time::timeout(STALL, request).await.map_err(waited)?.map_err(lost)?;
        let status = response.status();
        if !status.is_success() {
            return Err(broken(&format!("the link answers {}", status.as_u16())));
        }
        let expected = response.content_length();
        let unwritable = |error| file_error(part, error);
        let mut file = File::create(part).await.map_err(unwritable)?;
        let mut chunks = response.bytes_stream();
        let mut size = 0;
        while let Some(chunk) = tokio::time::timeout(STALL, chunks.next()).await.map_err(waited)? {
            let chunk =
                chunk.map_err(|error| broken("it broke off").with_source(error.without_url()))?;
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.sync_all().await.map_err(unwritable)?;
        match expected {
            Some(expected) if expected != size => Err(broken("it is shorter than announced")),
            _ => Ok(size),
        }
    }
}

impl<'a> IntoFuture for Download<'a> {
    type Output = Result<Downloaded>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

/// The unfinished file, which goes when it is not given the final name.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path, job: &str) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self(path.with_file_name(format!(".{name}.{job}.part")))
    }

    async fn take_name(&self, path: &Path, overwrite: bool) -> Result<()> {
        let failed = |error| file_error(path, error);
        if overwrite {
            return fs::rename(&self.0, path).await.map_err(failed);
        }
        // A link is refused where a file stands, which a rename would replace.
        match fs::hard_link(&self.0, path).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(already_there(path)),
            // Some file systems have no links.
            Err(_) => fs::rename(&self.0, path).await.map_err(failed),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone after a rename, and then there is nothing to do.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn is_same(part: &Path, path: &Path) -> bool {
    match (fs::read(part).await, fs::read(path).await) {
        (Ok(part), Ok(there)) => part == there,
        _ => false,
    }
}

fn already_there(path: &Path) -> Error {
    let message = format!("{} is already there: move it away or choose another", path.display());
    Error::new(ErrorKind::Conflict, message).with_field("path")
}

fn file_error(path: &Path, error: io::Error) -> Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let place = folder.unwrap_or(Path::new("."));
    let message = format!("cannot write to {}: {error}; choose another folder", place.display());
    Error::new(ErrorKind::Io, message).with_field("path").with_source(error)
}
