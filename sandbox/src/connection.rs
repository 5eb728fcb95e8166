//! Connections that can be broken from inside: a handler says after how much of its answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::idle::{Idle, MOST_IDLE};
use super::world::locked;

/// Connections at once. More wait until others end: each takes memory, however little it asks for.
const MOST_CONNECTIONS: usize = 4_096;

/// A listener whose connections can be broken through their [`Connection`].
pub(super) struct Port {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl Port {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(MOST_CONNECTIONS)) }
    }
}

impl Listener for Port {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        // The semaphore is never closed.
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let stream = Idle::new(stream, MOST_IDLE);
        (Wire { stream, connection: Connection::default(), _room: room }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// How a connection is to be broken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// Before anything is answered.
    Now,
    /// In the body of the answer that is being written.
    InBody {
        /// How much of the empty line was written that ends the head.
        ended: usize,
        /// How many bytes of the body may still be.
        left: usize,
    },
}

impl Cut {
    /// What ends a head. It may come in pieces, with the body or without.
    const END: &[u8] = b"\r\n\r\n";

    /// How many of these bytes pass, and what then is left of it.
    fn pass(self, bytes: &[u8]) -> (usize, Self) {
        let Self::InBody { mut ended, left } = self else { return (0, self) };
        let mut head = 0;
        while ended < Self::END.len() && head < bytes.len() {
            ended = match bytes[head] {
                byte if byte == Self::END[ended] => ended + 1,
                b'\r' => 1,
                _ => 0,
            };
            head += 1;
        }
        let body = left.min(bytes.len() - head);
        (head + body, Self::InBody { ended, left: left - body })
    }
}

/// The end that a handler holds. Its connection is used for several requests, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<Mutex<Option<Cut>>>);

impl Connection {
    /// Resets it instead of an answer.
    pub(super) fn reset(&self) {
        *locked(&self.0) = Some(Cut::Now);
    }

    /// Resets it after so many bytes of the answer's body. That answer has to be the last one of the
    /// connection, and at least as long: nothing else is to be cut.
    pub(super) fn reset_in_body(&self, bytes: usize) {
        *locked(&self.0) = Some(Cut::InBody { ended: 0, left: bytes });
    }

    fn cut(&self) -> Option<Cut> {
        *locked(&self.0)
    }
}

impl Connected<IncomingStream<'_, Port>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        stream.io().connection.clone()
    }
}

/// A stream that breaks at a given place.
pub(super) struct Wire {
    stream: Idle<TcpStream>,
    connection: Connection,
    _room: Option<OwnedSemaphorePermit>,
}

impl Wire {
    /// Closes without the usual goodbye.
    fn reset(&self) -> io::Error {
        // Without this the system would send what is left, and then a plain end.
        let _ = self.stream.get_ref().set_zero_linger();
        io::ErrorKind::ConnectionReset.into()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(cut) = self.connection.cut() else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        let (most, _) = cut.pass(bytes);
        if most == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(self.reset()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most]))?;
        let (_, left) = cut.pass(&bytes[..written]);
        *locked(&self.connection.0) = Some(left);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.cut().is_some() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes of an answer that is written in such pieces, each of which is offered until it is
    /// gone.
    fn passed(body: usize, pieces: &[&[u8]]) -> String {
        let mut cut = Cut::InBody { ended: 0, left: body };
        let mut passed = Vec::new();
        for piece in pieces {
            let (most, left) = cut.pass(piece);
            cut = left;
            passed.extend_from_slice(&piece[..most]);
            if most < piece.len() {
                break;
            }
        }
        String::from_utf8(passed).unwrap()
    }

    #[test]
    fn a_cut_counts_the_body_however_it_is_written() {
        let whole = "HTTP/1.1 200 OK\r\na: b\r\n\r\n0123\r\n\r\n456";
        let cut = "HTTP/1.1 200 OK\r\na: b\r\n\r\n0123\r\n";
        for at in [whole.len(), 1, 10, 16, 23, 25, 26, 27, 28, 30] {
            let pieces: Vec<_> = whole.as_bytes().chunks(at).collect();
            assert_eq!(passed(6, &pieces), cut, "{at}");
            assert_eq!(passed(usize::MAX, &pieces), whole, "{at}");
            assert_eq!(passed(0, &pieces), &whole[..25], "{at}");
        }
        assert_eq!(Cut::Now.pass(whole.as_bytes()).0, 0);
        assert_eq!(passed(3, &[b"a\r\r\n\r\n0123"]), "a\r\r\n\r\n012");
    }
}
