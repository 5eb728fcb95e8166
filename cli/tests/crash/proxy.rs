//! Stands between the command and the sandbox, and has the command killed at a point that only
//! somebody in between can see.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adreel::testing::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// Where in the life of a call the command is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The call was sent and has not arrived.
    Before,
    /// It has arrived and was answered, but the answer has not.
    Between,
    /// The answer was handed over this many milliseconds ago.
    After(u64),
}

/// When the command is to be killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trigger {
    /// Only calls that cost money count.
    pub(crate) paid_only: bool,
    /// How many of them pass before.
    pub(crate) passing: usize,
    pub(crate) phase: Phase,
}

/// Asks for the command's death; the answer comes when it is dead.
pub(crate) type Kills = mpsc::UnboundedSender<oneshot::Sender<()>>;

#[derive(Default)]
struct Armed {
    next: Option<(Trigger, Kills)>,
    /// How many paid calls were kept from arriving since somebody asked.
    vain: usize,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    armed: Arc<Mutex<Armed>>,
}

impl Proxy {
    pub(crate) async fn start(sandbox: Arc<Sandbox>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = SocketAddr::from(([127, 0, 0, 1], sandbox.port()));
        let armed = Arc::new(Mutex::new(Armed::default()));
        let shared = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let armed = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A command that was killed breaks its connections off.
                    let _ = serve(stream, address, upstream, &armed).await;
                });
            }
        });
        Self { url: format!("http://{address}"), armed }
    }

    pub(crate) fn arm(&self, trigger: Trigger, kills: Kills) {
        self.armed.lock().unwrap().next = Some((trigger, kills));
    }

    /// Says how many paid calls never arrived since the last time.
    pub(crate) fn disarm(&self) -> usize {
        let mut armed = self.armed.lock().unwrap();
        armed.next = None;
        std::mem::take(&mut armed.vain)
    }
}

impl Armed {
    /// The phase and the way to have the command killed, where this is the call.
    fn fire(&mut self, is_paid: bool) -> Option<(Phase, Kills)> {
        let (trigger, _) = self.next.as_mut()?;
        if trigger.paid_only && !is_paid {
            return None;
        }
        if trigger.passing > 0 {
            trigger.passing -= 1;
            return None;
        }
        let fired = self.next.take().map(|(trigger, kills)| (trigger.phase, kills));
        self.vain += usize::from(is_paid && matches!(fired, Some((Phase::Before, _))));
        fired
    }
}

async fn kill(kills: &Kills) {
    let (dead, is_dead) = oneshot::channel();
    // It may have ended by itself meanwhile.
    if kills.send(dead).is_ok() {
        let _ = is_dead.await;
    }
}

async fn serve(
    mut stream: TcpStream,
    address: SocketAddr,
    upstream: SocketAddr,
    armed: &Mutex<Armed>,
) -> std::io::Result<()> {
    let request = read_request(&mut stream).await?;
    let line = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap());
    if let Some(page) = shop(&line, address) {
        return stream.write_all(&page).await;
    }
    let fired = armed.lock().unwrap().fire(is_paid(&line));
    if let Some((Phase::Before, kills)) = &fired {
        kill(kills).await;
        // Whether what was sent arrives after its sender's death is chance, so here it does not.
        return Ok(());
    }
    let mut there = TcpStream::connect(upstream).await?;
    there.write_all(&closing(&request)).await?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer).await?;
    if let Some((Phase::Between, kills)) = &fired {
        kill(kills).await;
        return Ok(());
    }
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    if let Some((Phase::After(millis), kills)) = &fired {
        tokio::time::sleep(Duration::from_millis(*millis)).await;
        kill(kills).await;
    }
    Ok(())
}

/// The request with a wish for a connection of its own, so that the answer ends with it.
fn closing(request: &[u8]) -> Vec<u8> {
    let head_end = request.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
    [&request[..head_end], b"connection: close\r\n", &request[head_end..]].concat()
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return Ok(bytes);
        }
    }
}

fn is_paid(line: &str) -> bool {
    let paid = [
        "/v1/ecommerce-video/tasks",
        "/v1/music-video/tasks",
        "/gen_image/",
        "/gen_video/",
        "/api/links/",
        "/api/link_to_videos/",
        "/v2/create_video_from_product",
    ];
    line.starts_with("POST ") && paid.iter().any(|path| line.contains(path))
}

const PNG: &[u8] = include_bytes!("../../../examples/products/coffee.png");

/// A shop's page and its pictures.
fn shop(line: &str, address: SocketAddr) -> Option<Vec<u8>> {
    let path = line.split(' ').nth(1)?;
    let (kind, body) = match path {
        "/shop/roast" => {
            let image = format!("http://{address}/shop/1.png");
            let head = format!(
                r#"<html><head><title>Morning Roast</title>
                   <meta property="og:image" content="{image}"></head></html>"#
            );
            ("text/html", head.into_bytes())
        }
        path if path.starts_with("/shop/") => ("image/png", PNG.to_vec()),
        _ => return None,
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    Some([head.into_bytes(), body].concat())
}
