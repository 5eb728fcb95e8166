//! Images, pages and webhooks of other servers: of this machine alone, unless more is allowed.
//!
//! What a caller writes into a request decides where the sandbox connects to, so each address is
//! checked before anything is sent: that of the request and that of every redirect. Names are
//! looked up by a resolver that gives public addresses only, and what it gave is what is connected
//! to. There is no proxy, which would look up names by itself.

mod address;
mod client;
mod limit;

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;
use url::Url;

use self::address::is_public;
pub(crate) use self::address::{is_loopback, is_private};
pub(crate) use self::limit::ConnectionLimit;

/// Where a sandbox may fetch images and product pages from, and deliver webhooks to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fetch {
    /// Nowhere. Files that were uploaded to the sandbox are still used.
    None,
    /// Other servers of this machine, by plain http. A card is drawn for an image that is
    /// elsewhere, and of a product page that is elsewhere only the address is read.
    #[default]
    Loopback,
    /// The internet too, but no private, local or reserved address, neither directly nor by a
    /// redirect or a name.
    Public,
}

/// What one file may cost.
#[derive(Clone, Copy)]
struct Limits {
    /// From the first connection to the last byte, redirects included.
    time: Duration,
    bytes: usize,
}

const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 20_000_000 };
const MOST_REDIRECTS: usize = 3;

/// What is looked for at an address.
pub(super) struct Wanted {
    /// What a sentence calls it.
    noun: &'static str,
    media_types: &'static str,
}

pub(super) const IMAGE: Wanted =
    Wanted { noun: "image", media_types: "image/png, image/jpeg, image/webp, image/gif" };
pub(super) const PAGE: Wanted = Wanted { noun: "page", media_types: "text/html" };

/// Why nothing was delivered, for people.
#[derive(Debug, PartialEq)]
pub(super) enum PostFault {
    /// The address is one that nothing is sent to.
    Suppressed(String),
    /// It was tried.
    Failed(String),
}

/// Gets and posts within a policy.
pub(super) struct Fetcher {
    policy: Fetch,
    /// The sandbox's own.
    port: u16,
    limits: Limits,
    connections: Arc<ConnectionLimit>,
    look_up: LookUp,
    /// For http and for https, made when they are first needed: most sandboxes need neither.
    clients: [OnceLock<Result<reqwest::Client, String>>; 2],
}

impl Fetcher {
    pub(super) fn new(policy: Fetch, port: u16) -> Self {
        let look_up: LookUp = Arc::new(|name| Box::pin(by_system(name)));
        let connections = Arc::new(ConnectionLimit::new());
        Self { policy, port, limits: LIMITS, connections, look_up, clients: Default::default() }
    }

    /// Where whoever [posts](Self::post) waits for their turn.
    pub(super) fn connections(&self) -> Arc<ConnectionLimit> {
        Arc::clone(&self.connections)
    }

    /// Whether it is tried to get a file from there. What is not tried is no failure.
    pub(super) fn reaches(&self, url: &Url) -> bool {
        match self.policy {
            Fetch::None => false,
            Fetch::Loopback => is_loopback(url),
            // No such name ever leads anywhere: it is there to name faults.
            Fetch::Public => !url.host_str().is_some_and(|host| host.ends_with(".sandbox.test")),
        }
    }

    /// Gets a file.
    ///
    /// # Errors
    /// A sentence for the job's failure. It never holds any of what was answered.
    pub(super) async fn get(&self, url: &Url, wanted: &Wanted) -> Result<Bytes, String> {
        let noun = wanted.noun;
        let _permit = self.connections.enter(url).await;
        let fault = match timeout(self.limits.time, self.follow(url, wanted)).await {
            Ok(Ok(bytes)) => return Ok(bytes),
            Ok(Err(fault)) => fault,
            Err(_) => Fault::Late,
        };
        Err(match fault {
            Fault::Forbidden => format!("the {noun} is {}", self.outside()),
            Fault::Late => format!("the {noun} {}", self.late()),
            Fault::NotFetched(reason) => format!("the {noun} could not be fetched: {reason}"),
            Fault::NotHttp => format!("the {noun}'s server does not speak HTTP"),
            Fault::Status(status) => format!("the {noun}'s server answered {status}"),
            Fault::Redirects => format!("the {noun} was redirected more than 3 times"),
            Fault::BrokeOff => format!("the {noun} broke off"),
            Fault::Empty => format!("the {noun} is empty"),
            Fault::TooLarge => {
                format!("the {noun} has more than {} MB", self.limits.bytes / 1_000_000)
            }
        })
    }

    /// Posts a body and gives the status that was answered, whatever it is. Redirects are not
    /// followed, and the answer's body is not read. Nothing is posted to a sandbox, whose
    /// control routes would obey.
    ///
    /// # Errors
    /// [`PostFault`], with a sentence that holds nothing of the address.
    pub(super) async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<u16, PostFault> {
        if self.is_of_a_sandbox(url) {
            return Err(PostFault::Suppressed("the receiver is a sandbox".to_owned()));
        }
        let exchange = async {
            self.check(url)?;
            let mut request = self.client(url)?.post(url.clone()).body(body);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            request.send().await.map_err(Fault::of_send)
        };
        let fault = match timeout(self.limits.time, exchange).await {
            Ok(Ok(response)) => return Ok(response.status().as_u16()),
            Ok(Err(fault)) => fault,
            Err(_) => Fault::Late,
        };
        Err(match fault {
            Fault::Forbidden => {
                PostFault::Suppressed(format!("the receiver is {}", self.outside()))
            }
            Fault::Late => PostFault::Failed(format!("the answer {}", self.late())),
            Fault::NotFetched(reason) => {
                PostFault::Failed(format!("the receiver was not reached: {reason}"))
            }
            _ => PostFault::Failed("the receiver does not speak HTTP".to_owned()),
        })
    }

    async fn follow(&self, start: &Url, wanted: &Wanted) -> Result<Bytes, Fault> {
        let mut url = start.clone();
        for _ in 0..=MOST_REDIRECTS {
            self.check(&url)?;
            let request = self.client(&url)?.get(url.clone()).header(ACCEPT, wanted.media_types);
            let response = request.send().await.map_err(Fault::of_send)?;
            match next_hop(&url, &response)? {
                Some(next) => url = next,
                None => return self.read(response).await,
            }
        }
        Err(Fault::Redirects)
    }

    async fn read(&self, mut response: Response) -> Result<Bytes, Fault> {
        if response.status() != StatusCode::OK {
            return Err(Fault::Status(response.status().as_u16()));
        }
        let most = self.limits.bytes;
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(Fault::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Fault::BrokeOff)? {
            if body.len() + chunk.len() > most {
                return Err(Fault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        if body.is_empty() { Err(Fault::Empty) } else { Ok(body.freeze()) }
    }

    /// What can be said of an address before a name in it is looked up.
    fn check(&self, url: &Url) -> Result<(), Fault> {
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_allowed = match self.policy {
            Fetch::None => false,
            Fetch::Loopback => is_loopback(url),
            Fetch::Public => is_loopback(url) || (is_web && !is_private(url)),
        };
        if is_allowed { Ok(()) } else { Err(Fault::Forbidden) }
    }

    /// Whether an address is this sandbox's, under any name of this machine, or one of the control
    /// routes of another's.
    fn is_of_a_sandbox(&self, url: &Url) -> bool {
        let is_own = url.port_or_known_default() == Some(self.port);
        is_loopback(url) && (is_own || url.path().starts_with("/_sandbox"))
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, Fault> {
        let is_https = url.scheme() == "https";
        let client = self.clients[usize::from(is_https)].get_or_init(|| {
            let resolver = Resolver { policy: self.policy, look_up: Arc::clone(&self.look_up) };
            client::client(Arc::new(resolver), is_https)
        });
        client.as_ref().map_err(|reason| Fault::NotFetched(reason.clone()))
    }

    fn outside(&self) -> &'static str {
        match self.policy {
            Fetch::None => "not reached: this sandbox sends nothing",
            Fetch::Loopback => "not on this machine",
            Fetch::Public => "at an address that is not public",
        }
    }

    fn late(&self) -> String {
        format!("did not arrive within {} s", self.limits.time.as_secs_f64())
    }
}

/// Where an answer leads to, if it leads anywhere.
fn next_hop(url: &Url, response: &Response) -> Result<Option<Url>, Fault> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect);
    let location = location.and_then(|location| location.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok());
    // A server elsewhere has no say in what is asked of this machine.
    if next.as_ref().is_some_and(is_loopback) && !is_loopback(url) {
        return Err(Fault::Forbidden);
    }
    Ok(next)
}

/// Why there is no answer, or not the right one.
#[derive(Debug)]
enum Fault {
    Forbidden,
    Late,
    NotFetched(String),
    NotHttp,
    Status(u16),
    Redirects,
    BrokeOff,
    Empty,
    TooLarge,
}

impl Fault {
    /// Only the kind of an error is kept: its text may hold what was answered.
    fn of_send(error: reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<Forbidden>() {
                return Self::Forbidden;
            }
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Self::NotFetched(error.kind().to_string());
            }
            cause = error.source();
        }
        match error.is_builder() {
            true => Self::NotFetched("the request cannot be made".to_owned()),
            false => Self::NotHttp,
        }
    }
}

/// The addresses of a name.
type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
type LookUp = Arc<dyn Fn(String) -> Found + Send + Sync>;

async fn by_system(name: String) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

/// Gives the addresses of a name that the policy allows.
struct Resolver {
    policy: Fetch,
    look_up: LookUp,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_ascii_lowercase();
        if name == "localhost" && self.policy != Fetch::None {
            // Nobody else is asked what this machine's name means.
            let own = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
            return Box::pin(std::future::ready(Ok(addresses(own.to_vec()))));
        }
        if self.policy != Fetch::Public {
            return Box::pin(std::future::ready(Err(Forbidden.into())));
        }
        let found = (self.look_up)(name);
        Box::pin(async move {
            let mut found = found.await?;
            found.retain(|ip| is_public(*ip));
            if found.is_empty() { Err(Forbidden.into()) } else { Ok(addresses(found)) }
        })
    }
}

fn addresses(found: Vec<IpAddr>) -> Addrs {
    Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)))
}

/// A name leads only to addresses that the policy does not allow.
#[derive(Debug)]
struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to no address that may be reached")
    }
}

impl Error for Forbidden {}

#[cfg(test)]
mod tests;
