//! A video's bytes as a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};

use super::super::Video;
use super::fetch::{Fetch, Piece};
use crate::error::Result;

/// The bytes of a video in order, for a bucket or another place that is no file.
///
/// It comes through what a [`Download`](super::Download) comes through, with one exception: what
/// was handed out cannot be taken back. So where all would have to begin anew, since the video
/// changed at its provider or its server gives no parts, it ends with
/// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable). Only a stream that ends without an
/// error was the whole video: keep nothing of another.
///
/// The next bytes are fetched when they are asked for. What is read of the stream is not recorded
/// with the job: say [`Video::mark_downloaded`] once it is stored.
///
/// ```
/// use std::io::Write;
///
/// async fn store(video: &adreel::Video, mut bucket: impl Write) -> adreel::Result<()> {
///     let mut bytes = video.bytes_stream();
///     while let Some(piece) = bytes.next().await {
///         bucket.write_all(&piece?).expect("the bucket takes it");
///     }
///     video.mark_downloaded().await
/// }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct VideoBytes(BoxStream<'static, Result<Bytes>>);

impl VideoBytes {
    pub(in crate::client) fn new(video: &Video) -> Self {
        let begun = Fetch::new(video).map(Box::new);
        Self(stream::unfold(Some(begun), step).fuse().boxed())
    }

    /// The next bytes, never none at all; `None` after the last.
    ///
    /// # Errors
    /// As [`Download`](super::Download), but for what concerns files. Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        self.0.next().await
    }
}

type State = Option<Result<Box<Fetch>>>;

async fn step(state: State) -> Option<(Result<Bytes>, State)> {
    let mut fetch = match state? {
        Ok(fetch) => fetch,
        Err(error) => return Some((Err(error), None)),
    };
    match fetch.next().await {
        Ok(Some(Piece::Bytes(bytes))) => Some((Ok(bytes), Some(Ok(fetch)))),
        Ok(Some(Piece::Anew)) => Some((Err(fetch.cannot_go_on()), None)),
        Ok(None) => None,
        Err(error) => Some((Err(error), None)),
    }
}

impl std::fmt::Debug for VideoBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VideoBytes")
    }
}

impl Stream for VideoBytes {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}
