//! The port: who is let in, what it serves, and the control API.

use serde_json::json;

use super::*;

#[tokio::test]
async fn only_loopback_names_get_in_and_every_answer_is_marked() {
    let sandbox = still().await;
    let info = || Call::new(&sandbox, "GET /_sandbox/info");
    let answer = info().send().await;
    assert_eq!((answer.status, answer.header("x-sandbox")), (200, Some("1")));
    assert_eq!((&answer.json()["url"], &answer.json()["seed"]), (&sandbox.url().into(), &7.into()));
    for host in ["evil.example", "127.0.0.1.evil.example:80"] {
        let answer = info().header("Host", host).send_as_is().await;
        assert_eq!((answer.status, answer.header("x-sandbox")), (421, Some("1")));
    }
    assert_eq!(info().send_as_is().await.status, 421);
    let nowhere = Call::new(&sandbox, "GET /nowhere").send().await;
    assert_eq!((nowhere.status, nowhere.header("x-sandbox")), (404, Some("1")));
}

#[tokio::test]
async fn the_clock_is_told_in_milliseconds() {
    let sandbox = still().await;
    let now = async || {
        let info = Call::new(&sandbox, "GET /_sandbox/info").send().await.json();
        info["now"].as_u64().unwrap()
    };
    let before = now().await;
    assert_eq!(before, sandbox.instance.world().now().unix_millis());
    skip(&sandbox, 90);
    assert_eq!(now().await, before + 90_000);
}

#[tokio::test]
async fn files_are_served_in_parts() {
    let sandbox = still().await;
    let hosted = Call::new(&sandbox, "POST /_sandbox/assets").bytes("image/png", &PNG).send().await;
    let line = format!("GET {}", hosted.json()["url"].as_str().unwrap());
    let get = || Call::new(&sandbox, &line);
    let whole = get().send().await;
    assert_eq!((whole.header("content-type"), &whole.body[..]), (Some("image/png"), &PNG[..]));
    let etag = whole.header("etag").unwrap();
    let part = get().header("Range", "bytes=4-7").header("If-Range", etag).send().await;
    assert_eq!((part.status, &part.body[..]), (206, &PNG[4..8]));
    assert_eq!(part.header("content-range").unwrap(), format!("bytes 4-7/{}", PNG.len()));
    let stale = get().header("Range", "bytes=4-7").header("If-Range", "\"old\"").send().await;
    assert_eq!((stale.status, stale.body.len()), (200, PNG.len()));
    let outside = get().header("Range", "bytes=5000-").send().await;
    assert_eq!((outside.status, outside.body.len()), (416, 0));
    assert_eq!(get().header("If-None-Match", etag).send().await.status, 304);
    let head = Call::new(&sandbox, &line.replacen("GET", "HEAD", 1)).send().await;
    assert_eq!(head.header("content-length").unwrap(), PNG.len().to_string());
    assert!(head.body.is_empty());
    let text =
        Call::new(&sandbox, "POST /_sandbox/assets").bytes("image/png", b"text").send().await;
    assert_eq!(text.status, 415);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_and_videos() {
    let mut runs = Vec::new();
    for polls in [0, 3] {
        let sandbox = still().await;
        let auth = |line: &str| Call::new(&sandbox, line).header("Authorization", "Bearer a");
        for _ in 0..polls {
            auth("GET /v1/tasks/none").send().await;
        }
        let body =
            json!({"images": ["https://cdn.example.com/a.png"], "duration": 10, "prompt": "A"});
        let task = auth("POST /v1/ecommerce-video/tasks").json(&body).send().await.json();
        let task = task["data"]["id"].as_str().unwrap().to_owned();
        skip(&sandbox, 134);
        let read = async || auth(&format!("GET /v1/tasks/{task}")).send().await.json();
        let done = until(read, |task| task["data"]["status"] == "succeeded").await;
        let url = done["data"]["output"]["r2_url"].as_str().unwrap();
        let video = Call::new(&sandbox, &format!("GET {url}")).send().await;
        runs.push((task, video.header("etag").unwrap().to_owned()));
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn images_of_another_server_on_this_machine_are_fetched() {
    let (other, sandbox) = (still().await, still().await);
    let hosted = Call::new(&other, "POST /_sandbox/assets").bytes("image/png", &PNG).send().await;
    let keys =
        |line: &str| Call::new(&sandbox, line).header("X-API-ID", "a").header("X-API-KEY", "b");
    let order = json!({"product_url": hosted.json()["url"]});
    let record = keys("POST /api/product_to_videos/gen_image/").json(&order).send().await.json();
    let line = format!("GET /api/product_to_videos/{}/", record["id"].as_str().unwrap());
    skip(&sandbox, 30);
    let read = async || keys(&line).send().await.json();
    let record = until(read, |record| record["status"] == "image_generated").await;
    let copy = Call::new(&sandbox, &format!("GET {}", record["product_url"].as_str().unwrap()));
    assert_eq!(copy.send().await.body, &PNG[..]);
}

#[tokio::test]
async fn ledger_and_counters_are_told_to_programs() {
    let sandbox = Sandbox::builder().speed(10_000.0).credits("beatapi", 3);
    let sandbox = sandbox.start().await.unwrap();
    let create = || {
        let body = json!({"images": ["https://cdn.example.com/a.png"], "duration": 10});
        let call = Call::new(&sandbox, "POST /v1/ecommerce-video/tasks");
        call.header("Authorization", "Bearer sk_private").json(&body).send()
    };
    assert_eq!((create().await.status, create().await.status), (201, 402));
    let read = async || Call::new(&sandbox, "GET /_sandbox/ledger").send().await.json();
    let ledger = until(read, |ledger| ledger["entries"][0]["settled"] == 3.0).await;
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 1);
    assert!(!ledger.to_string().contains("sk_private"));
    let counters = Call::new(&sandbox, "GET /_sandbox/counters").send().await.json();
    assert_eq!((&counters["submits"], &counters["jobs"]), (&2.into(), &1.into()));
    let beatapi = &counters["providers"]["beatapi"];
    assert_eq!((&beatapi["submits"], &beatapi["double_submits"]), (&2.into(), &0.into()));
    assert_eq!(ledger["accounts"][0]["balance"], 0.0);
    assert_eq!(ledger["accounts"][0]["balances"], true);
}

#[tokio::test]
async fn a_dropped_sandbox_frees_its_port() {
    let sandbox = still().await;
    let address: SocketAddr = sandbox.url().strip_prefix("http://").unwrap().parse().unwrap();
    drop(sandbox);
    for _ in 0..1000 {
        if tokio::net::TcpListener::bind(address).await.is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{address} is still taken");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    for speed in [-1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300, 0.0099] {
        let error = Sandbox::builder().speed(speed).start().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
    let sandbox = still().await;
    let port = sandbox.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Sandbox::builder().port(port).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_long_journal_is_told_in_parts() {
    let sandbox = still().await;
    for number in 0..7 {
        Call::new(&sandbox, &format!("GET /v1/{number}")).send().await;
    }
    let read = async |query: &str| {
        let line = format!("GET /_sandbox/requests?{query}");
        let told = Call::new(&sandbox, &line).send().await.json();
        let paths: Vec<_> = told["requests"].as_array().unwrap().iter().map(path_of).collect();
        (paths.join(" "), told["next"].as_u64())
    };
    assert_eq!(read("limit=3").await, ("/v1/4 /v1/5 /v1/6".to_owned(), Some(5)));
    assert_eq!(read("limit=3&before=5").await, ("/v1/1 /v1/2 /v1/3".to_owned(), Some(2)));
    assert_eq!(read("limit=3&before=2").await, ("/v1/0".to_owned(), None));
    assert_eq!(read("provider=beatapi&limit=7").await.1, None);
    for wrong in ["requests?limit=0", "requests?before=x", "webhooks?limit=1001"] {
        let refused = Call::new(&sandbox, &format!("GET /_sandbox/{wrong}")).send().await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

fn path_of(request: &Value) -> String {
    request["path"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn another_sites_page_reads_nothing_here() {
    let sandbox = still().await;
    let read = async |path: &str, site: &str| {
        let line = format!("GET {path}");
        Call::new(&sandbox, &line).header("Sec-Fetch-Site", site).send().await.status
    };
    for path in ["/_sandbox/", "/_sandbox/info", "/_sandbox/ledger", "/_sandbox/requests"] {
        assert_eq!(read(path, "cross-site").await, 403, "{path}");
        for site in ["same-origin", "same-site", "none"] {
            assert_eq!(read(path, site).await, 200, "{path} {site}");
        }
    }
}

/// The default is ample, for tests that are not about credits.
#[tokio::test]
async fn credits_are_ample_unless_somebody_says_how_many() {
    let builder = Sandbox::builder().virtual_clock().limits(false).quality(Quality::Thumbnail);
    let sandbox = builder.start().await.unwrap();
    let images = ["https://cdn.example.com/a.png"];
    for number in 0..500 {
        let body = json!({"images": images, "duration": 60, "prompt": number.to_string()});
        let create = Call::new(&sandbox, "POST /v1/ecommerce-video/tasks");
        let answer = create.header("Authorization", "Bearer k").json(&body).send().await;
        assert_eq!(answer.status, 201, "{number}");
    }
    for balance in sandbox.balances() {
        assert!(balance.balance > balance.started - Decimal::from(10_000), "{balance:?}");
    }
}
