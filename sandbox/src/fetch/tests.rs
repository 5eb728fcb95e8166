//! What is fetched and what is not: addresses, redirects, names, sizes and times.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;

/// Names are looked up in this table and nowhere else.
fn fetcher(policy: Fetch, names: &'static [(&'static str, &'static [&'static str])]) -> Fetcher {
    let look_up: LookUp = Arc::new(move |name| {
        let found = names.iter().find(|(known, _)| *known == name);
        let ips = found.map(|(_, ips)| ips.iter().map(|ip| ip.parse().unwrap()).collect());
        Box::pin(std::future::ready(ips.ok_or_else(|| io::ErrorKind::NotFound.into())))
    });
    Fetcher { look_up, ..Fetcher::new(policy, 8080) }
}

/// A server of this machine that reads each request's head and then does as it is told.
async fn server<F>(answer: impl Fn(String, TcpStream) -> F + Send + 'static) -> Url
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            tokio::spawn(answer(String::from_utf8(head).unwrap(), stream));
        }
    });
    Url::parse(&url).unwrap()
}

/// Answers every request with the same bytes and closes.
async fn always(answer: impl Into<Vec<u8>>) -> Url {
    let answer: Arc<[u8]> = answer.into().into();
    server(move |_, mut stream| {
        let answer = Arc::clone(&answer);
        async move { stream.write_all(&answer).await.unwrap() }
    })
    .await
}

fn moved(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

async fn fault(fetcher: &Fetcher, url: &Url) -> String {
    fetcher.get(url, &IMAGE).await.unwrap_err()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[tokio::test]
async fn whatever_is_not_a_whole_file_is_refused_without_its_text() {
    let fetcher = fetcher(Fetch::Loopback, &[]);
    let good = always("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
    assert_eq!(fetcher.get(&good, &IMAGE).await.unwrap(), "secret");
    for (answer, expected) in [
        (
            "HTTP/1.1 404 secret\r\nContent-Length: 6\r\n\r\nsecret",
            "the image's server answered 404",
        ),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", "the image's server answered 304"),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "the image's server answered 302"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecret", "the image broke off"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n",
            "the image broke off",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "the image is empty"),
        ("SSH-2.0-secret\r\n\r\n", "the image's server does not speak HTTP"),
        ("", "the image's server does not speak HTTP"),
    ] {
        assert_eq!(fault(&fetcher, &always(answer).await).await, expected, "{answer}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n";
    assert_eq!(fetcher.get(&always(chunked).await, &IMAGE).await.unwrap(), "secret");
}

#[tokio::test]
async fn an_address_outside_the_policy_is_not_connected_to() {
    let here = always("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na").await;
    let none = fetcher(Fetch::None, &[]);
    assert!(!none.reaches(&here));
    assert!(fault(&none, &here).await.contains("sends nothing"));

    let loopback = fetcher(Fetch::Loopback, &[("shop.example", &["127.0.0.1"])]);
    let public = fetcher(Fetch::Public, &[]);
    for outside in ["http://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/"] {
        assert_eq!(fault(&loopback, &url(outside)).await, "the image is not on this machine");
        let expected = "the image is at an address that is not public";
        assert_eq!(fault(&public, &url(outside)).await, expected, "{outside}");
    }
    for outside in ["https://127.0.0.1/", "file:///etc/passwd", "http://shop.example/"] {
        assert_eq!(fault(&loopback, &url(outside)).await, "the image is not on this machine");
    }
    assert!(fault(&public, &url("https://localhost/")).await.contains("not public"));
    assert!(public.get(&here, &IMAGE).await.is_ok(), "this machine by plain http");
    assert!(!public.reaches(&url("https://fault.sandbox.test/429")));
}

#[tokio::test]
async fn a_name_gives_only_addresses_that_may_be_reached() {
    let names: &[(&str, &[&str])] = &[
        ("inside.example", &["10.0.0.1", "127.0.0.1", "::1", "fe80::1"]),
        ("both.example", &["10.0.0.1", "8.8.8.8", "2606:4700::1111"]),
        ("localhost", &["8.8.8.8"]),
    ];
    let resolve = async |policy: Fetch, name: &str| {
        let resolver = Resolver { policy, look_up: fetcher(policy, names).look_up };
        let found = resolver.resolve(name.parse().unwrap()).await;
        found.map(|found| found.map(|address| address.ip().to_string()).collect::<Vec<_>>())
    };
    let both = resolve(Fetch::Public, "Both.example").await.unwrap();
    assert_eq!(both, ["8.8.8.8", "2606:4700::1111"]);
    assert!(resolve(Fetch::Public, "inside.example").await.unwrap_err().is::<Forbidden>());
    assert!(resolve(Fetch::Public, "none.example").await.unwrap_err().is::<io::Error>());
    assert!(resolve(Fetch::Loopback, "both.example").await.unwrap_err().is::<Forbidden>());
    assert!(resolve(Fetch::None, "localhost").await.unwrap_err().is::<Forbidden>());
    assert_eq!(resolve(Fetch::Loopback, "localhost").await.unwrap(), ["127.0.0.1", "::1"]);

    let public = fetcher(Fetch::Public, names);
    let inside = url("http://inside.example/");
    let expected = "the image is at an address that is not public";
    assert_eq!(fault(&public, &inside).await, expected);
    let unknown = "the image could not be fetched: entity not found";
    assert_eq!(fault(&public, &url("http://none.example/")).await, unknown);
    let suppressed =
        PostFault::Suppressed("the receiver is at an address that is not public".into());
    assert_eq!(public.post(&inside, &[], Bytes::new()).await, Err(suppressed));
}

#[tokio::test]
async fn redirects_are_checked_like_the_first_address() {
    let file = always("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na").await;
    let loopback = fetcher(Fetch::Loopback, &[]);
    let names: &[(&str, &[&str])] = &[("rebound.example", &["192.168.0.1"])];
    let public = fetcher(Fetch::Public, names);
    let once = always(moved(file.as_str())).await;
    assert_eq!(loopback.get(&once, &IMAGE).await.unwrap(), "a");
    for target in ["http://10.0.0.1/", "https://example.com/", "//8.8.8.8/", "file:///etc/passwd"] {
        let start = always(moved(target)).await;
        assert_eq!(fault(&loopback, &start).await, "the image is not on this machine", "{target}");
    }
    for target in ["http://169.254.169.254/latest", "http://rebound.example/", "ftp://8.8.8.8/"] {
        let start = always(moved(target)).await;
        let expected = "the image is at an address that is not public";
        assert_eq!(fault(&public, &start).await, expected, "{target}");
    }

    let mut far = file;
    for _ in 0..MOST_REDIRECTS {
        far = always(moved(far.as_str())).await;
    }
    assert!(loopback.get(&far, &IMAGE).await.is_ok());
    let further = always(moved(far.as_str())).await;
    let expected = "the image was redirected more than 3 times";
    assert_eq!(fault(&loopback, &further).await, expected);
    let circle = always(moved("/again")).await;
    assert_eq!(fault(&loopback, &circle).await, expected);
}

#[test]
fn the_internet_cannot_redirect_to_this_machine() {
    let answer = |location: &str| {
        let answer = http::Response::builder().status(302).header(LOCATION, location);
        Response::from(answer.body("").unwrap())
    };
    let shop = url("https://shop.example/a/b");
    let next = next_hop(&shop, &answer("../c")).unwrap();
    assert_eq!(next, Some(url("https://shop.example/c")));
    assert!(next_hop(&shop, &answer("http://127.0.0.1:9200/_search")).is_err());
    assert!(next_hop(&shop, &answer("http://localhost/")).is_err());
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit() {
    let limits = Limits { bytes: 1_000_000, ..LIMITS };
    let fetcher = Fetcher { limits, ..fetcher(Fetch::Loopback, &[]) };
    let endless = server(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await.unwrap();
        // It ends when the other side has had enough.
        while stream.write_all(&[7; 4096]).await.is_ok() {}
    });
    assert_eq!(fault(&fetcher, &endless.await).await, "the image has more than 1 MB");
    let stated = always("HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n").await;
    assert_eq!(fault(&fetcher, &stated).await, "the image has more than 1 MB");
    let body = [&b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"[..], &[7; 1_000_000]];
    let whole = always(body.concat()).await;
    assert_eq!(fetcher.get(&whole, &IMAGE).await.unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let limits = Limits { time: Duration::from_millis(20), ..LIMITS };
    let fetcher = Fetcher { limits, ..fetcher(Fetch::Loopback, &[]) };
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecret"] {
        let stalled = server(move |_, mut stream| async move {
            stream.write_all(begun.as_bytes()).await.unwrap();
            // Until the other side goes away.
            let _ = stream.read_u8().await;
        });
        let stalled = stalled.await;
        assert_eq!(fault(&fetcher, &stalled).await, "the image did not arrive within 0.02 s");
        if begun.is_empty() {
            let late = PostFault::Failed("the answer did not arrive within 0.02 s".into());
            assert_eq!(fetcher.post(&stalled, &[], Bytes::new()).await, Err(late));
        }
    }
}

#[tokio::test]
async fn a_post_tells_the_status_and_follows_nothing() {
    let fetcher = fetcher(Fetch::Loopback, &[]);
    let (arrived, mut heads) = mpsc::unbounded_channel();
    let receiver = server(move |head, mut stream| {
        let arrived = arrived.clone();
        async move {
            let mut body = [0; 2];
            stream.read_exact(&mut body).await.unwrap();
            arrived.send((head, body)).unwrap();
            stream.write_all(moved("http://10.0.0.1/").as_bytes()).await.unwrap();
        }
    });
    let receiver = receiver.await;
    let headers = [("x-signature", "abc".to_owned())];
    assert_eq!(fetcher.post(&receiver, &headers, Bytes::from_static(b"{}")).await, Ok(302));
    let (head, body) = heads.recv().await.unwrap();
    assert!(head.starts_with("POST / HTTP/1.1\r\n") && head.contains("x-signature: abc"), "{head}");
    assert_eq!(&body, b"{}");

    let elsewhere = fetcher.post(&url("https://shop.example/hook"), &[], Bytes::new()).await;
    assert_eq!(elsewhere, Err(PostFault::Suppressed("the receiver is not on this machine".into())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = url(&format!("http://{}/", listener.local_addr().unwrap()));
    drop(listener);
    let refused = PostFault::Failed("the receiver was not reached: connection refused".into());
    assert_eq!(fetcher.post(&closed, &[], Bytes::new()).await, Err(refused));
}
