//! Connections that end when nothing moves on them, so that those who forget them, or send a byte
//! now and then less, do not hold them for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long neither side may say anything, in real time. The longest video is drawn in less.
pub(super) const MOST_IDLE: Duration = Duration::from_secs(300);

/// A stream that fails with [`io::ErrorKind::TimedOut`] after a while in which no byte came or went.
pub(super) struct Idle<S> {
    stream: S,
    most: Duration,
    moved: Instant,
    /// Looks after `moved` once in a while: to set it anew for each byte would cost more.
    alarm: Pin<Box<Sleep>>,
}

impl<S> Idle<S> {
    pub(super) fn new(stream: S, most: Duration) -> Self {
        Self { stream, most, moved: Instant::now(), alarm: Box::pin(sleep(most)) }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// What became of an attempt to move something.
    fn noted<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.moved = Instant::now();
            return result;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let until = self.moved + self.most;
            if until <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Idle<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.noted(cx, result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Idle<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(cx, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::advance;

    use super::*;

    const MOST: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_nothing_moves() {
        let (ours, mut theirs) = duplex(8);
        let mut ours = Idle::new(ours, MOST);
        let begun = Instant::now();
        for _ in 0..3 {
            advance(MOST * 2 / 3).await;
            theirs.write_all(b"a").await.unwrap();
            assert_eq!(ours.read_u8().await.unwrap(), b'a');
        }
        assert_eq!(begun.elapsed(), MOST * 2, "a byte now and then keeps it");
        let error = ours.read_u8().await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed()), (io::ErrorKind::TimedOut, MOST * 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_stops_is_not_waited_for() {
        let (ours, _theirs) = duplex(8);
        let mut ours = Idle::new(ours, MOST);
        let error = ours.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
