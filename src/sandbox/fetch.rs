//! Images and pages from other servers on this machine, and from nowhere else.
//!
//! A request is written by hand instead of by an HTTP client: there is no proxy, no redirect, no
//! TLS and no name service that could lead to another address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

/// Largest file that is fetched.
const MOST_BYTES: usize = 20_000_000;
const MOST_HEADER_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a plain http address names this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && loopback_ip(url).is_some()
}

fn loopback_ip(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) if ip.is_loopback() => Some(ip.into()),
        Host::Ipv6(ip) if ip == Ipv6Addr::LOCALHOST => Some(ip.into()),
        Host::Domain("localhost") => Some(Ipv4Addr::LOCALHOST.into()),
        _ => None,
    }
}

/// Whether a host is one that a service on the internet could never reach.
pub(super) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => {
            let carrier_grade = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || carrier_grade
        }
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some()
        }
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    }
}

/// What is looked for at an address.
pub(super) struct Wanted {
    /// What a sentence calls it.
    noun: &'static str,
    media_types: &'static str,
}

pub(super) const IMAGE: Wanted =
    Wanted { noun: "image", media_types: "image/png, image/jpeg, image/webp, image/gif" };
pub(super) const PAGE: Wanted = Wanted { noun: "page", media_types: "text/html" };

/// Gets a file from a loopback address.
///
/// # Errors
/// A sentence for the job's failure. It never holds any of what was answered.
pub(super) async fn get(url: &Url, wanted: &Wanted) -> Result<Bytes, String> {
    let Wanted { noun, media_types } = wanted;
    let ip = loopback_ip(url).ok_or_else(|| format!("the {noun} is not on this machine"))?;
    let address = SocketAddr::new(ip, url.port_or_known_default().unwrap_or(80));
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    // HTTP/1.0, so that the answer comes without chunks and ends with the connection.
    let request = format!(
        "GET {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: adreel-sandbox\r\n\
         Accept: {media_types}\r\nConnection: close\r\n\r\n"
    );
    let exchange = exchange(address, request.as_bytes(), MOST_HEADER_BYTES + MOST_BYTES);
    let answer = timeout(TIMEOUT, exchange)
        .await
        .map_err(|_| format!("the {noun} did not arrive within 10 s"))?
        .map_err(|error| format!("the {noun} could not be fetched: {}", error.kind()))?;
    let body = body_of(&answer, noun)?;
    match body.len() {
        0 => Err(format!("the {noun} is empty")),
        length if length > MOST_BYTES => Err(format!("the {noun} has more than 20 MB")),
        _ => Ok(body),
    }
}

/// Sends a request and reads to the end of the connection, but not more than `most` bytes.
pub(super) async fn exchange(
    address: SocketAddr,
    request: &[u8],
    most: usize,
) -> std::io::Result<Bytes> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.take(most as u64).read_to_end(&mut answer).await?;
    Ok(answer.into())
}

/// The body of a 200 that arrived whole.
fn body_of(answer: &Bytes, noun: &str) -> Result<Bytes, String> {
    let head_end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let head_end = head_end.ok_or_else(|| format!("the {noun}'s server does not speak HTTP"))?;
    let head = String::from_utf8_lossy(&answer[..head_end]).to_ascii_lowercase();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if status != "200" {
        let status: String = status.chars().filter(char::is_ascii_digit).take(3).collect();
        return Err(format!("the {noun}'s server answered {status}"));
    }
    let body = answer.slice(head_end + 4..);
    let header = |name: &str| {
        let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| *field == name).map(|(_, value)| value.trim())
    };
    if header("transfer-encoding").is_some() {
        return Err(format!("the {noun}'s server does not speak HTTP/1.0"));
    }
    match header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if length > body.len() && body.len() < MOST_BYTES => {
            Err(format!("the {noun} broke off"))
        }
        _ => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_fetched_from() {
        let is_local = |text: &str| is_loopback(&Url::parse(text).unwrap());
        for local in
            ["http://127.0.0.1:9/a.png", "http://127.1/", "http://[::1]/", "http://localhost/"]
        {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "https://127.0.0.1/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "http://localhost.example.com/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://127.0.0.1@example.com/",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn private_hosts_are_told_from_public_ones() {
        let is_private = |text: &str| is_private(&Url::parse(text).unwrap());
        for private in [
            "https://192.168.1.2/",
            "https://[fd00::1]/",
            "https://localhost/",
            "https://100.64.0.1/",
        ] {
            assert!(is_private(private), "{private}");
        }
        assert!(!is_private("https://media.beatapi.io/a.png"));
        assert!(!is_private("https://8.8.8.8/a.png"));
    }

    #[test]
    fn answers_that_are_not_a_whole_200_are_refused() {
        let body = |text: &str| body_of(&Bytes::copy_from_slice(text.as_bytes()), "image");
        assert_eq!(body("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap(), "abc");
        for refused in [
            "HTTP/1.0 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "SSH-2.0-OpenSSH",
            "",
        ] {
            assert!(body(refused).is_err(), "{refused}");
        }
    }
}
