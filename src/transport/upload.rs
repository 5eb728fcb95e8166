//! Putting a file where a provider says.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Request};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::error::{Error, ErrorKind, Result};

/// How much of a file is in memory at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// A file to upload: from disk, read in pieces while it is sent, or from memory.
///
/// A lost upload is sent again from its beginning; nothing is read into memory as a whole.
///
/// ```
/// use adreel::Upload;
///
/// let picture = Upload::file("coffee.png", "image/png");
/// let subtitles = Upload::bytes("1\n00:00:01,000 --> 00:00:02,000\nHi\n", "application/x-subrip");
/// ```
#[derive(Clone)]
pub struct Upload {
    source: Source,
    media_type: String,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Bytes(Bytes),
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({self}, {})", self.media_type)
    }
}

/// What is uploaded, as an error may name it.
impl fmt::Display for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => path.display().fmt(f),
            Source::Bytes(bytes) => write!(f, "{} bytes in memory", bytes.len()),
        }
    }
}

impl Upload {
    /// A file on this machine, with its media type, such as `image/png`.
    pub fn file(path: impl Into<PathBuf>, media_type: impl Into<String>) -> Self {
        Self { source: Source::File(path.into()), media_type: media_type.into() }
    }

    /// A file's bytes, with its media type, such as `image/png`.
    pub fn bytes(bytes: impl Into<Bytes>, media_type: impl Into<String>) -> Self {
        Self { source: Source::Bytes(bytes.into()), media_type: media_type.into() }
    }

    /// Its media type.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// How many bytes will be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for a file that cannot be read, [`ErrorKind::InvalidRequest`] for one
    /// that is empty, which no provider takes.
    pub async fn size_bytes(&self) -> Result<u64> {
        Ok(self.open().await?.1)
    }

    /// Makes it the body of one attempt. BeatAPI and presigned addresses insist on a length.
    pub(super) async fn fill(&self, request: &mut Request) -> Result<()> {
        let (body, size_bytes) = self.open().await?;
        let media_type = HeaderValue::from_str(&self.media_type).map_err(|error| {
            let message = format!("{:?} is not a media type", self.media_type);
            Error::invalid("media_type", message).with_source(error)
        })?;
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size_bytes));
        *request.body_mut() = Some(body);
        Ok(())
    }

    async fn open(&self) -> Result<(Body, u64)> {
        let (body, size_bytes) = match &self.source {
            Source::Bytes(bytes) => (Body::from(bytes.clone()), bytes.len() as u64),
            Source::File(path) => {
                let failed = |error: std::io::Error| {
                    let message = format!("cannot read {self}: {error}");
                    Error::new(ErrorKind::Io, message).with_field("file").with_source(error)
                };
                // Before it is opened, which for a pipe would have no end.
                let facts = tokio::fs::metadata(path).await.map_err(failed)?;
                if !facts.is_file() {
                    return Err(Error::invalid("file", format!("{self} is not a file")));
                }
                let file = tokio::fs::File::open(path).await.map_err(failed)?;
                let facts = file.metadata().await.map_err(failed)?;
                // No more than was announced, should the file grow meanwhile.
                let pieces = ReaderStream::with_capacity(file.take(facts.len()), CHUNK_BYTES);
                (Body::wrap_stream(pieces), facts.len())
            }
        };
        if size_bytes == 0 {
            return Err(Error::invalid(
                "file",
                format!("{self}: an empty file cannot be uploaded"),
            ));
        }
        Ok((body, size_bytes))
    }
}
