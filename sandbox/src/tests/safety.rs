//! Bounds of memory, files and drawing.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::SandboxBuilder;
use crate::studio::open;

fn beatapi<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer a")
}

async fn small(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Sandbox {
    let builder = Sandbox::builder().speed(0.0).seed(7).quality(Quality::Thumbnail);
    settings(builder).start().await.unwrap()
}

async fn host(sandbox: &Sandbox, image: &[u8]) -> Value {
    let hosted = Call::new(sandbox, "POST /_sandbox/assets").bytes("image/png", image).send().await;
    hosted.json()["url"].take()
}

/// The finished task of an image.
async fn film(sandbox: &Sandbox, image: &Value) -> Value {
    let body = json!({"images": [image], "duration": 10, "prompt": "Morning Roast"});
    let task = beatapi(sandbox, "POST /v1/ecommerce-video/tasks").json(&body).send().await.json();
    skip(sandbox, 134);
    let line = format!("GET /v1/tasks/{}", task["data"]["id"].as_str().unwrap());
    let read = async || beatapi(sandbox, &line).send().await.json()["data"].take();
    until(read, |task| task["completed_at"].is_u64()).await
}

fn address(task: &Value) -> &str {
    task["output"]["r2_url"].as_str().unwrap()
}

fn path<'a>(sandbox: &Sandbox, task: &'a Value) -> &'a str {
    address(task).strip_prefix(&sandbox.instance.world().media_url("")).unwrap()
}

/// Fills a small store with other files.
async fn crowd_out(sandbox: &Sandbox) {
    for byte in 0..3 {
        let image = [&PNG[..], &[byte; 60_000]].concat();
        host(sandbox, &image).await;
    }
}

#[tokio::test]
async fn a_film_is_drawn_once_for_all_who_ask() {
    let sandbox = still().await;
    let task = film(&sandbox, &host(&sandbox, &PNG).await).await;
    let (world, path) = (&sandbox.instance.world(), path(&sandbox, &task));
    assert!(world.assets.get(path).is_none(), "nobody asked for it yet");
    let (promised, _) = world.assets.promised(path).unwrap();
    assert_eq!(task["id"], promised.job);
    let readers = (0..8).map(|_| open(world, path));
    let films = futures_util::future::join_all(readers).await;
    let films: Vec<_> = films.into_iter().map(|film| film.unwrap().unwrap()).collect();
    assert!(films.iter().all(|film| Arc::ptr_eq(film, &films[0])));
}

#[tokio::test]
async fn a_film_that_went_is_drawn_again_byte_for_byte() {
    let sandbox = small(|builder| builder.keep_bytes(100_000)).await;
    let cdn = json!("https://cdn.example.com/a.png");
    let task = film(&sandbox, &cdn).await;
    let get = || Call::new(&sandbox, &format!("GET {}", address(&task)));
    // A HEAD, and then a part, are enough to have it drawn.
    let head = Call::new(&sandbox, &format!("HEAD {}", address(&task))).send().await;
    crowd_out(&sandbox).await;
    assert!(sandbox.instance.world().assets.get(path(&sandbox, &task)).is_none());
    let part = get().header("Range", "bytes=4-7").send().await;
    assert_eq!((part.status, &part.body[..]), (206, &b"ftyp"[..]));
    crowd_out(&sandbox).await;
    let whole = get().send().await;
    assert_eq!((whole.status, head.header("etag")), (200, whole.header("etag")));
    assert_eq!(head.header("content-length").unwrap(), whole.body.len().to_string());
    assert_eq!(head.header("last-modified"), whole.header("last-modified"));
}

#[tokio::test]
async fn a_card_stands_in_for_an_image_that_went() {
    let sandbox = small(|builder| builder.keep_bytes(100_000)).await;
    let image = host(&sandbox, &PNG).await;
    let task = film(&sandbox, &image).await;
    crowd_out(&sandbox).await;
    let get = async |url: &str| Call::new(&sandbox, &format!("GET {url}")).send().await.status;
    assert_eq!(get(image.as_str().unwrap()).await, 404);
    assert_eq!(get(address(&task)).await, 200);
}

/// A page or image at an address that is not the sandbox's own.
async fn serve(media_type: &str, body: &[u8]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), body].concat();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
            stream.write_all(&answer).await.unwrap();
        }
    });
    format!("http://{address}/a")
}

#[tokio::test]
async fn nothing_is_fetched_where_nothing_may_be() {
    let sandbox = small(|builder| builder.fetch(super::super::Fetch::None)).await;
    let other = serve("image/png", b"not an image").await;
    // A card stands in, as for an image of the internet.
    assert_eq!(film(&sandbox, &other.clone().into()).await["status"], "succeeded");
    let own = host(&sandbox, &PNG).await;
    assert_eq!(film(&sandbox, &own).await["status"], "succeeded");
    let sandbox = still().await;
    let failed = film(&sandbox, &other.into()).await;
    assert_eq!(failed["error_message"], "the image is not PNG, JPEG, WebP or GIF");
}

/// A PNG of zeros, whose rows have so many bytes: a fraction of a thousandth of what it becomes.
fn zeros(width: u32, height: u32, depth: u8, colour: u8, row: usize) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let sum = !body.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
        });
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &body, &sum.to_be_bytes()].concat()
    };
    let head =
        [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    let bytes = (row + 1) * height as usize;
    // One block of fixed codes: a zero, and then "258 bytes of what was there a byte ago".
    let (mut packed, mut bits, mut filled) = (Vec::new(), 0b011_u32, 3);
    let mut push = |code: u32, length: u32| {
        bits |= (code.reverse_bits() >> (32 - length)) << filled;
        filled += length;
        while filled >= 8 {
            packed.push(bits as u8);
            (bits, filled) = (bits >> 8, filled - 8);
        }
    };
    push(0x30, 8);
    for _ in 0..(bytes - 1) / 258 {
        push(0b1100_0101 << 5, 13);
    }
    for _ in 0..(bytes - 1) % 258 {
        push(0x30, 8);
    }
    // The block's end, and what fills its last byte.
    push(0, 7 + 8);
    let adler = (u32::try_from(bytes % 65_521).unwrap() << 16 | 1).to_be_bytes();
    let data = [&[0x78, 0x01][..], &packed, &adler].concat();
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &head),
        &chunk(b"IDAT", &data),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

#[tokio::test]
#[cfg_attr(not(feature = "render"), ignore = "nothing is decoded")]
async fn pictures_that_grow_too_large_fail_their_jobs() {
    let sandbox = still().await;
    // 25 MP of black are no harm, and show that the bytes are right.
    let black = zeros(5000, 5000, 1, 0, 625);
    assert_eq!(film(&sandbox, &host(&sandbox, &black).await).await["status"], "succeeded");
    for (bomb, grows_to) in [
        // Too many pixels a side.
        (zeros(30_000, 30_000, 1, 0, 3750), 30_000 * 3750),
        // Within the sides, with 8 bytes a pixel.
        (zeros(8192, 4200, 16, 6, 8192 * 8), 8192 * 4200 * 8),
    ] {
        assert!(bomb.len() * 150 < grows_to, "{}", bomb.len());
        let url = serve("image/png", &bomb).await;
        let failed = film(&sandbox, &url.into()).await;
        assert_eq!(
            failed["error_message"],
            "picture has more than 8192 px a side, or 256 MB of pixels"
        );
    }
}

#[tokio::test]
async fn an_image_of_more_than_20_mb_is_not_fetched() {
    let sandbox = still().await;
    let url = serve("image/png", &[&PNG[..], &vec![0; 20_000_000]].concat()).await;
    let failed = film(&sandbox, &url.into()).await;
    assert_eq!(failed["error_message"], "the image has more than 20 MB");
}
