//! A server that gives its replies in order and keeps the requests, for what no mock server does:
//! hanging up before the answer, or in the middle of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) enum Reply {
    /// A whole answer: status, further header lines, body.
    Answer(u16, &'static str, String),
    /// The request is read, then the connection is closed.
    HangUp,
    /// The answer breaks off in its body.
    BreakOff,
    /// These bytes, head and all, then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, then nothing until the client closes the connection.
    Stall(Vec<u8>),
    /// These bytes, then one byte after the other until the client closes the connection.
    Drip(Vec<u8>),
    /// A JSON answer in which `{tag}` is the tag of a job's step that was sent last.
    WithTag(String),
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "content-type: application/json\r\n", body.to_owned())
}

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that gives these replies, then refuses to answer.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start_with(replies, |_| json(418, "{}")).await
    }

    /// Starts a server that gives these replies, and then whatever each request is answered with.
    pub(crate) async fn start_with(
        replies: impl IntoIterator<Item = Reply>,
        answer: impl Fn(&str) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        tokio::spawn(async move {
            // One request a connection, so that replies are given in the order of the requests.
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read_request(&mut stream).await else { continue };
                let reply = replies.pop_front().unwrap_or_else(|| answer(&request));
                seen.lock().unwrap().push(request);
                match reply {
                    Reply::WithTag(body) => {
                        let tag = last_tag(&seen.lock().unwrap());
                        write_reply(&mut stream, json(200, &body.replace("{tag}", &tag))).await;
                    }
                    reply => write_reply(&mut stream, reply).await,
                }
            }
        });
        Self { url, requests }
    }

    /// The requests so far, each with its head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The tag that the last request with one carries: `ar-`, a job's id, `-` and a step.
fn last_tag(requests: &[String]) -> String {
    let tag_in = |request: &String| {
        let at = request.rfind("ar-01")?;
        let end = |c: char| !c.is_ascii_alphanumeric() && c != '-';
        request[at..].split(end).next().map(str::to_owned)
    };
    requests.iter().rev().find_map(tag_in).unwrap()
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

async fn write_reply(stream: &mut TcpStream, reply: Reply) {
    let text = match reply {
        Reply::Raw(bytes) => return stream.write_all(&bytes).await.unwrap(),
        Reply::Stall(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            // Either end of it says that the client is gone.
            let _ = stream.read(&mut [0]).await;
            return;
        }
        Reply::Drip(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            return;
        }
        Reply::HangUp | Reply::WithTag(_) => return,
        Reply::BreakOff => "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\":".to_owned(),
        Reply::Answer(status, headers, body) => format!(
            "HTTP/1.1 {status} Scripted\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
    };
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}
