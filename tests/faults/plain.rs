//! An HTTP client that knows nothing: it writes a request and takes what comes.

use std::{fmt, io};

use adreel::testing::Sandbox;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came before the connection ended, and how it ended.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    /// `None` where it ended as it should.
    pub(crate) broken: Option<io::ErrorKind>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.broken, String::from_utf8_lossy(&self.bytes))
    }
}

impl Answer {
    fn split(&self) -> (String, &[u8]) {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {self:?}"));
        (String::from_utf8(self.bytes[..end].to_vec()).unwrap(), &self.bytes[end + 4..])
    }

    pub(crate) fn status(&self) -> u16 {
        self.split().0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.split().0;
        let mut fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.split().1
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body().to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn is_json(&self) -> bool {
        serde_json::from_slice::<Value>(self.body()).is_ok()
    }
}

/// A connection on which a request was sent.
pub(crate) struct Sent(TcpStream);

/// Sends a request, whose line may have a whole address in it.
pub(crate) async fn send(sandbox: &Sandbox, line: &str, headers: &str, body: &Value) -> Sent {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    upload(sandbox, line, headers, "application/json", body.as_bytes()).await
}

/// The same with a body of any kind.
pub(crate) async fn upload(
    sandbox: &Sandbox,
    line: &str,
    headers: &str,
    media_type: &str,
    body: &[u8],
) -> Sent {
    let host = sandbox.url().strip_prefix("http://").unwrap();
    let line = line.replace(sandbox.url(), "");
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
         Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len(),
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    Sent(stream)
}

impl Sent {
    /// Reads to the end.
    pub(crate) async fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        let broken = self.0.read_to_end(&mut bytes).await.err().map(|error| error.kind());
        Answer { bytes, broken }
    }

    /// Reads so many bytes, or to the end.
    pub(crate) async fn some(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let mut length = 0;
        while length < count {
            match self.0.read(&mut bytes[length..]).await.unwrap() {
                0 => break,
                more => length += more,
            }
        }
        bytes.truncate(length);
        bytes
    }

    /// Reads to the empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.some(1).await);
        }
        String::from_utf8(head).unwrap()
    }

    /// Whether nothing is there to be read.
    pub(crate) fn is_silent(&self) -> bool {
        let nothing = self.0.try_read(&mut [0; 16]);
        nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}
