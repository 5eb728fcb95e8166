//! An account that is reached by https, on loopback: roots, identities, and where links may lead.

use std::sync::{Arc, Mutex};

use adreel::{
    AccountConfig, Client, Error, ErrorKind, HttpConfig, Keys, Product, ProviderId, Stage, Upload,
    Video, VideoRequest, beatapi, jogg,
};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server};

const CLIP: &[u8] = include_bytes!("../fixtures/clip.mp4");

/// A root, and what it has signed for `localhost` and 127.0.0.1, with one key in two forms.
const ROOT: &[u8] = include_bytes!("../fixtures/tls/root.der");
const CERTIFICATE: &[u8] = include_bytes!("../fixtures/tls/server.der");
const KEY: &[u8] = include_bytes!("../fixtures/tls/server.key.der");
const SEC1_KEY: &[u8] = include_bytes!("../fixtures/tls/server.sec1.der");

/// BeatAPI as far as a finished job goes, and a place for videos.
struct Service {
    port: u16,
    link: Arc<Mutex<String>>,
    paths: Arc<Mutex<Vec<String>>>,
}

fn server_config(asks_for_identity: bool) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match asks_for_identity {
        false => builder.with_no_client_auth(),
        true => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(ROOT)).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    builder.with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key).unwrap()
}

impl Service {
    async fn start(asks_for_identity: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(server_config(asks_for_identity)));
        let (link, paths) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let service = Self { port, link: Arc::clone(&link), paths: Arc::clone(&paths) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let Some(head) = read_request(&mut stream).await else { continue };
                let Some(path) = head.split(' ').nth(1) else { continue };
                paths.lock().unwrap().push(path.to_owned());
                let answer = answer(&head, path, &link.lock().unwrap());
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        });
        service
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn paths(&self) -> usize {
        self.paths.lock().unwrap().len()
    }

    /// A finished video whose link leads to `link`.
    async fn video(&self, http: HttpConfig, link: &str) -> Video {
        link.clone_into(&mut self.link.lock().unwrap());
        let config = AccountConfig::new(Keys::key("k")).base_url(self.url());
        let builder = Client::builder().account(ProviderId::BeatApi, config.http(http));
        let client = builder.clock(InstantClock::default()).in_memory().build().unwrap();
        let product = Product::new("Roast").image_url("https://x.example/p.png");
        client.generate(&VideoRequest::new(product)).await.unwrap()
    }
}

/// The head of a request, when its body has been read, too.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

fn answer(head: &str, path: &str, link: &str) -> Vec<u8> {
    let body = match path {
        "/v.mp4" => CLIP.to_vec(),
        path if path.starts_with("/on.mp4?to=") => {
            let head = "HTTP/1.1 302 On\r\ncontent-length: 0\r\nconnection: close\r\nlocation: ";
            return format!("{head}{}\r\n\r\n", &path["/on.mp4?to=".len()..]).into_bytes();
        }
        _ if head.starts_with("POST") => br#"{"data":{"id":"task_1","status":"queued"}}"#.to_vec(),
        _ => {
            let media = json!({"media": [{"url": link}]});
            json!({"data": {"id": "task_1", "status": "succeeded", "output": media}})
                .to_string()
                .into_bytes()
        }
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

fn trusting() -> HttpConfig {
    HttpConfig::default().root_certificate(ROOT)
}

async fn saved(video: &Video) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let saved = video.download(folder.path().join("v.mp4")).await?;
    Ok(std::fs::read(saved.path).unwrap())
}

/// What a refused link is told with. Nothing but the account's own calls reached the service.
async fn refused(service: &Service, http: HttpConfig, link: &str, fetched: usize) -> String {
    let before = service.paths();
    let video = service.video(http, link).await;
    let error = saved(&video).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Unavailable, Some(video.job_id())));
    // The call, its status, and the job's link once more.
    assert_eq!(service.paths() - before, 3 + fetched, "{link}");
    assert_eq!(video.job().stage(), Stage::Rendered);
    error.to_string()
}

#[tokio::test]
async fn links_of_an_https_account_lead_to_no_private_address_unless_it_says_so() {
    let service = Service::start(false).await;
    let plain = Server::start([]).await;
    let own = |host: &str| format!("https://{host}:{}/v.mp4", service.port);
    for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433"] {
        let told = refused(&service, trusting(), &own(host), 0).await;
        assert!(told.contains("private address"), "{host}: {told}");
    }
    for host in ["127.0.0.1", "localhost"] {
        let video = service.video(trusting().allow_private_links(), &own(host)).await;
        assert_eq!(saved(&video).await.unwrap(), CLIP);
    }
    // Neither does a redirect.
    let on = format!("https://localhost:{}/on.mp4?to={}/v.mp4", service.port, plain.url);
    let told = refused(&service, trusting().allow_private_links(), &on, 1).await;
    assert!(told.contains("plain http"), "{told}");
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn links_of_an_https_account_lead_to_https_unless_it_says_so() {
    let service = Service::start(false).await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", CLIP.len());
    let plain = Server::start([Reply::Raw([head.as_bytes(), CLIP].concat())]).await;
    let link = format!("{}/v.mp4", plain.url);
    let told = refused(&service, trusting().allow_private_links(), &link, 0).await;
    assert!(told.contains("plain http"), "{told}");
    let all = trusting().allow_private_links().allow_plain_http();
    assert_eq!(saved(&service.video(all, &link).await).await.unwrap(), CLIP);
    // A presigned address is such a link, too.
    let asset = json!({"sign_url": format!("{}/put", plain.url), "asset_url": "a"});
    let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
    let config = AccountConfig::new(Keys::key("k")).base_url(service.url()).http(trusting());
    let client = jogg::Client::new(config).unwrap();
    let error = client.put_asset(&asset, &Upload::bytes("x", "image/png")).await.unwrap_err();
    assert!(error.to_string().contains("plain http"), "{error}");
    assert_eq!(plain.requests().len(), 1);
}

#[tokio::test]
async fn a_root_and_an_identity_of_ones_own_are_used() {
    let service = Service::start(true).await;
    let reads = async |http: HttpConfig| {
        let config = AccountConfig::new(Keys::key("k")).base_url(service.url());
        let retry = adreel::RetryPolicy::default().once();
        let client = beatapi::Client::new(config.http(http).retry(retry)).unwrap();
        client.get_task("task_1").await.map(|task| task.id)
    };
    for key in [KEY, SEC1_KEY] {
        let known = trusting().client_identity(vec![CERTIFICATE.to_vec()], key.to_vec());
        assert_eq!(reads(known).await.unwrap(), "task_1");
    }
    assert!(reads(trusting()).await.is_err(), "without an identity");
    let unknown = HttpConfig::default().client_identity(vec![CERTIFICATE.to_vec()], KEY.to_vec());
    assert!(reads(unknown).await.is_err(), "without the root");
}
