//! A server whose answers are a function of the request, and which can be gone for a while.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A real video of two seconds.
const CLIP: &[u8] = include_bytes!("../../../tests/fixtures/clip.mp4");

/// How long a test waits for a request that should come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    /// By their names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// When it came, in real time.
    pub(crate) at: Instant,
    /// Milliseconds since 1970 by the server's clock, which may run faster than the machine's.
    pub(crate) now_ms: i64,
}

impl Request {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.starts_with(path)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whose key came with it.
    pub(crate) fn key(&self) -> String {
        let bearer = self.header("authorization").trim_start_matches("Bearer ");
        if bearer.is_empty() { self.header("x-api-key") } else { bearer }.to_owned()
    }

    /// An address of the server that was asked.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.header("host"))
    }

    pub(crate) fn number(&self, parameter: &str) -> Option<usize> {
        self.query.get(parameter)?.parse().ok()
    }

    /// The last part of the path.
    pub(crate) fn id(&self) -> &str {
        self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

/// What is answered, when, and what else happens then.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `None` where nothing is said: the connection is closed.
    head: Option<(u16, &'static str)>,
    lines: String,
    body: Vec<u8>,
    delay: Duration,
    others: Option<Arc<Barrier>>,
    is_last: bool,
}

impl Answer {
    fn new(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        let (head, lines) = (Some((status, kind)), String::new());
        Self { head, lines, body, delay: Duration::ZERO, others: None, is_last: false }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    /// A page of something that stands before the provider.
    pub(crate) fn html(status: u16) -> Self {
        let page = format!("<html><body><h1>{status}</h1>at the edge</body></html>");
        Self::new(status, "text/html", page.into_bytes())
    }

    /// The words of something that stands before the provider.
    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain", text.as_bytes().to_vec())
    }

    pub(crate) fn clip() -> Self {
        Self::new(200, "video/mp4", CLIP.to_vec())
    }

    /// The connection is closed without a word.
    pub(crate) fn hang_up() -> Self {
        Self { head: None, ..Self::new(0, "", Vec::new()) }
    }

    /// The same with something else in its JSON.
    pub(crate) fn with_json(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut body = serde_json::from_slice(&self.body).unwrap();
        change(&mut body);
        self.body = body.to_string().into_bytes();
        self
    }

    /// The same with other bytes.
    pub(crate) fn with_body(mut self, change: impl FnOnce(String) -> Vec<u8>) -> Self {
        self.body = change(String::from_utf8(self.body).unwrap());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.lines.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// It is said when as many wait for theirs as the barrier holds back.
    #[allow(dead_code, reason = "needed where many jobs are settled")]
    pub(crate) fn with(mut self, others: &Arc<Barrier>) -> Self {
        self.others = Some(Arc::clone(others));
        self
    }

    /// Nothing listens any more when this is read.
    pub(crate) fn and_stop(mut self) -> Self {
        self.is_last = true;
        self
    }

    async fn write(self, stream: &mut TcpStream) {
        tokio::time::sleep(self.delay).await;
        if let Some(others) = &self.others {
            others.wait().await;
        }
        let Some((status, kind)) = self.head else { return };
        let length = self.body.len();
        let head = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
             connection: close\r\n{}\r\n",
            self.lines
        );
        // Whoever was killed reads no answer.
        let _ = stream.write_all(&[head.as_bytes(), &self.body].concat()).await;
        let _ = stream.shutdown().await;
    }
}

type Script = Box<dyn Fn(&Request) -> Answer + Send + Sync>;

struct Shared {
    address: SocketAddr,
    speed: Option<f64>,
    started: Instant,
    started_ms: AtomicI64,
    script: Script,
    seen: Mutex<Vec<Request>>,
    news: Notify,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// A provider, or several behind one address.
#[derive(Clone)]
pub(crate) struct Server(Arc<Shared>);

impl Server {
    /// A server in the machine's time, reached as a real provider is.
    pub(crate) async fn in_real_time(
        script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, Box::new(script)).await
    }

    /// A server that the command takes for a sandbox, whose clock runs `speed` times as fast: so
    /// does the command's, and every wait is as much shorter.
    pub(crate) async fn sped_up(
        speed: f64,
        script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(speed), Box::new(script)).await
    }

    async fn start(speed: Option<f64>, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let server = Self(Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            speed,
            started: Instant::now(),
            started_ms: AtomicI64::new(millis(since_epoch)),
            script,
            seen: Mutex::default(),
            news: Notify::new(),
            listening: Mutex::default(),
        }));
        server.serve(listener);
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    pub(crate) fn speed(&self) -> Option<f64> {
        self.0.speed
    }

    fn now_ms(&self) -> i64 {
        let elapsed = self.0.started.elapsed().mul_f64(self.0.speed.unwrap_or(1.0));
        self.0.started_ms.load(Ordering::SeqCst) + millis(elapsed)
    }

    /// Moves the server's clock on. Commands that begin after that have the new time.
    pub(crate) fn step(&self, time: Duration) {
        self.0.started_ms.fetch_add(millis(time), Ordering::SeqCst);
    }

    fn serve(&self, listener: TcpListener) {
        let server = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().answer(stream));
            }
        });
        *self.0.listening.lock().unwrap() = Some(task);
    }

    /// Refuses connections from now on.
    pub(crate) async fn stop(&self) {
        let task = self.0.listening.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            // The listener is closed when the task is gone, and not before.
            let _ = task.await;
        }
    }

    /// Listens again, at the same address.
    pub(crate) async fn listen_again(&self) {
        self.serve(TcpListener::bind(self.0.address).await.unwrap());
    }

    async fn answer(self, mut stream: TcpStream) {
        let Some(request) = self.read(&mut stream).await else { return };
        if request.path == "/_sandbox/info" {
            let info = serde_json::json!({ "speed": self.0.speed, "now": request.now_ms });
            return Answer::json(200, &info).write(&mut stream).await;
        }
        self.0.seen.lock().unwrap().push(request.clone());
        let answer = (self.0.script)(&request);
        self.0.news.notify_waiters();
        if answer.is_last {
            self.stop().await;
        }
        answer.write(&mut stream).await;
    }

    async fn read(&self, stream: &mut TcpStream) -> Option<Request> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16_384];
        loop {
            let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&buffer[..read]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let mut request = self.head_of(std::str::from_utf8(&bytes[..end]).ok()?)?;
            let length = request.header("content-length").parse().unwrap_or(0);
            let body = &bytes[end + 4..];
            if body.len() >= length {
                request.body = body[..length].to_vec();
                return Some(request);
            }
        }
    }

    fn head_of(&self, head: &str) -> Option<Request> {
        let (first, lines) = head.split_once("\r\n")?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let url = url::Url::parse(&format!("{}{target}", self.url())).ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Some(Request {
            method,
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: lines.split("\r\n").filter_map(header).collect(),
            body: Vec::new(),
            at: Instant::now(),
            now_ms: self.now_ms(),
        })
    }

    /// What was asked for so far, where the path begins so.
    pub(crate) fn seen(&self, method: &str, path: &str) -> Vec<Request> {
        let seen = self.0.seen.lock().unwrap();
        seen.iter().filter(|request| request.is(method, path)).cloned().collect()
    }

    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        self.seen(method, path).len()
    }

    /// Waits until so many were asked for.
    pub(crate) async fn reach(&self, count: usize, method: &str, path: &str) {
        let reached = async {
            loop {
                let news = self.0.news.notified();
                if self.count(method, path) >= count {
                    return;
                }
                news.await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, reached).await;
        assert!(in_time.is_ok(), "{method} {path} was not asked for {count} times");
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}
