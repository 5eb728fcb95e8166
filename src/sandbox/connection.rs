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

/// A listener whose connections do as their [`Connection`] says.
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
    /// After so many bytes of the answer's body.
    InBody(usize),
}

/// The end that a handler holds. Its connection is used for several requests, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<Mutex<Option<Cut>>>);

impl Connection {
    /// Resets it instead of an answer.
    pub(super) fn reset(&self) {
        *locked(&self.0) = Some(Cut::Now);
    }

    /// Resets it after so many bytes of the answer's body.
    pub(super) fn reset_in_body(&self, bytes: usize) {
        *locked(&self.0) = Some(Cut::InBody(bytes));
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

/// A stream that stops where it is told to.
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
        let most = match self.connection.cut() {
            None => bytes.len(),
            Some(Cut::Now) => return Poll::Ready(Err(self.reset())),
            // The head and the body come in one piece or in two; both are told by the empty line.
            Some(Cut::InBody(body)) => {
                match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    Some(end) => bytes.len().min(end + 4 + body),
                    None => bytes.len().min(body),
                }
            }
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most]))?;
        if written == most && most < bytes.len() {
            self.connection.reset();
        }
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
