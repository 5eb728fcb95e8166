//! A download is whole or not there, and it comes through what can be come through.

use std::path::Path;
use std::time::Duration;

use adreel::client::{ClientBuilder, VideoBytes};
use adreel::clock::Clock as _;
use adreel::{
    AccountConfig, Client, Error, ErrorKind, Keys, Product, ProviderId, Stage, Video, VideoRequest,
    creatify,
};

use crate::support::scripted::{Reply, Server, json};
use crate::support::{InstantClock, TINY_PNG};

const CLIP: &[u8] = include_bytes!("../fixtures/clip.mp4");

/// How often a download is tried that gets no further, and how long that takes.
const TRIES: usize = 6;
const WAITS: Duration = Duration::from_secs(51);

/// The task's answer when the video is at `url`.
fn done(url: &str) -> Reply {
    let body = format!(
        r#"{{"data":{{"id":"task_1","status":"succeeded",
            "output":{{"media":[{{"url":"{url}/v.mp4"}}]}}}}}}"#
    );
    json(200, &body)
}

struct Made {
    client: Client,
    clock: InstantClock,
    video: Video,
    api: Server,
}

/// A finished video at `url`, of whose job `later` is read afterwards.
async fn made(builder: ClientBuilder, url: &str, later: Vec<Reply>) -> Made {
    let queued = json(201, r#"{"data":{"id":"task_1","status":"queued"}}"#);
    let api = Server::start([queued, done(url)].into_iter().chain(later)).await;
    let config = AccountConfig::new(Keys::key("secret-key")).base_url(&api.url);
    let clock = InstantClock::default();
    let builder = builder.account(ProviderId::BeatApi, config).clock(clock.clone());
    let client = builder.in_memory().build().unwrap();
    let product = Product::new("Roast").image_url("https://x.example/p.png");
    let video = client.generate(&VideoRequest::new(product)).await.unwrap();
    Made { client, clock, video, api }
}

/// A finished video whose link leads to `media`.
async fn video(media: &Server) -> Video {
    made(Client::builder(), &media.url, Vec::new()).await.video
}

/// The head of an answer, and some bytes.
fn raw(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An answer with all of `clip`, of which only `sent` bytes come.
fn whole(tag: &str, clip: &[u8], sent: usize) -> Vec<u8> {
    let head = format!("200 OK\r\ncontent-length: {}\r\netag: {tag}", clip.len());
    raw(&head, &clip[..sent])
}

/// An answer with all of `clip` from `start` on.
fn rest(tag: &str, clip: &[u8], start: usize) -> Vec<u8> {
    let (last, size) = (clip.len() - 1, clip.len());
    let head = format!(
        "206 Partial Content\r\ncontent-length: {}\r\netag: {tag}\r\n\
         content-range: bytes {start}-{last}/{size}",
        size - start
    );
    raw(&head, &clip[start..])
}

/// Another video of the same size.
fn other_clip() -> Vec<u8> {
    let mut clip = CLIP.to_vec();
    *clip.last_mut().unwrap() ^= 1;
    clip
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Saves a video in a folder of its own, which has nothing else in it then, or nothing.
async fn saved(video: &Video) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let saved = video.download(folder.path().join("v.mp4")).await;
    assert_eq!(files(folder.path()), usize::from(saved.is_ok()));
    let saved = saved?;
    let bytes = std::fs::read(&saved.path).unwrap();
    assert_eq!(saved.size_bytes, bytes.len() as u64);
    assert!(saved.duration.unwrap() > Duration::ZERO);
    Ok(bytes)
}

#[tokio::test]
async fn what_breaks_off_goes_on_where_it_was_and_without_a_key() {
    let replies = [
        Reply::HangUp,
        Reply::Raw(whole("\"a\"", CLIP, 1000)),
        Reply::Raw(rest("\"a\"", CLIP, 1000)),
    ];
    let media = Server::start(replies).await;
    assert_eq!(saved(&video(&media).await).await.unwrap(), CLIP);
    let requests = media.requests();
    assert!(requests.iter().all(|request| !request.contains("secret-key")));
    assert!(requests.iter().all(|request| request.contains("accept-encoding: identity\r\n")));
    assert!(requests[..2].iter().all(|request| !request.contains("range")), "{requests:?}");
    assert!(requests[2].contains("range: bytes=1000-\r\n"), "{requests:?}");
    assert!(requests[2].contains("if-range: \"a\"\r\n"), "{requests:?}");
}

#[tokio::test]
async fn what_changed_or_may_have_changed_is_fetched_anew() {
    let other = other_clip();
    for first in ["\"a\"", "W/\"b\""] {
        let replies =
            [Reply::Raw(whole(first, CLIP, 1000)), Reply::Raw(whole("\"b\"", &other, CLIP.len()))];
        let media = Server::start(replies).await;
        assert_eq!(saved(&video(&media).await).await.unwrap(), other, "{first}");
        assert_eq!(media.requests()[1].contains("range"), first == "\"a\"");
    }
    // A server that gives a part of something else is not asked for parts again.
    let replies = [
        Reply::Raw(whole("\"a\"", CLIP, 1000)),
        Reply::Raw(rest("\"b\"", &other, 1000)),
        Reply::Raw(whole("\"b\"", &other, CLIP.len())),
    ];
    let media = Server::start(replies).await;
    assert_eq!(saved(&video(&media).await).await.unwrap(), other);
    assert!(!media.requests()[2].contains("range"));
}

#[tokio::test]
async fn what_stands_still_is_given_up_and_goes_on() {
    let replies = [
        Reply::Stall(Vec::new()),
        Reply::Stall(whole("\"a\"", CLIP, 1000)),
        Reply::Raw(rest("\"a\"", CLIP, 1000)),
    ];
    let media = Server::start(replies).await;
    let builder = Client::builder().stall_timeout(Duration::from_millis(100));
    let made = made(builder, &media.url, Vec::new()).await;
    assert_eq!(saved(&made.video).await.unwrap(), CLIP);
}

#[tokio::test]
async fn a_link_that_is_refused_is_read_again_and_kept() {
    let page = || Reply::Answer(200, "content-type: text/html\r\n", "<html>".to_owned());
    for old in [Reply::Answer(403, "", String::new()), page()] {
        let expired = Server::start([old]).await;
        let media = Server::start([Reply::Raw(whole("\"a\"", CLIP, CLIP.len()))]).await;
        let made = made(Client::builder(), &expired.url, vec![done(&media.url)]).await;
        let begun = made.clock.now();
        assert_eq!(saved(&made.video).await.unwrap(), CLIP);
        assert_eq!(made.clock.now(), begun, "a new link need not be waited for");
        assert_eq!((expired.requests().len(), made.api.requests().len()), (1, 3));
        let job = made.client.job(made.video.job_id()).await.unwrap();
        assert_eq!(job.stage(), Stage::Done);
        let again = made.client.resume(job.id()).await.unwrap();
        assert_eq!(again.url(), format!("{}/v.mp4", media.url));
    }
}

#[tokio::test]
async fn a_link_that_does_not_work_yet_is_waited_for_and_not_for_ever() {
    let refused = || Reply::Answer(404, "", String::new());
    let replies = (0..TRIES - 1).map(|_| refused());
    let last = Reply::Raw(whole("\"a\"", CLIP, CLIP.len()));
    let media = Server::start(replies.chain([last])).await;
    let same = (0..TRIES).map(|_| done(&media.url)).collect();
    let made = made(Client::builder(), &media.url, same).await;
    let begun = made.clock.now();
    assert_eq!(saved(&made.video).await.unwrap(), CLIP);
    assert_eq!(made.clock.now().since(begun), WAITS);
}

#[tokio::test]
async fn what_never_arrives_whole_leaves_nothing_and_names_the_job() {
    let length = CLIP.len();
    let answer = |head: &str, body: &[u8]| raw(&format!("200 OK\r\n{head}"), body);
    let announced = |size: usize| format!("content-length: {size}");
    let cases: [(&str, Vec<u8>, ErrorKind); 8] = [
        ("it breaks off", whole("\"a\"", CLIP, 0), ErrorKind::Unavailable),
        ("it is refused", raw("404 Not Found", b""), ErrorKind::Unavailable),
        ("it fails", raw("503 Busy\r\nretry-after: 3", b""), ErrorKind::Unavailable),
        ("a message", answer("content-type: application/json", b"{}"), ErrorKind::Unavailable),
        ("it is packed", answer("content-encoding: gzip", CLIP), ErrorKind::Unavailable),
        ("it is no video", answer(&announced(22), b"<html>it expired</html>"), ErrorKind::Decode),
        ("it is cut off", answer(&announced(length - 9), &CLIP[..length - 9]), ErrorKind::Decode),
        ("it is empty", answer(&announced(0), b""), ErrorKind::Decode),
    ];
    for (what, reply, kind) in cases {
        let media = Server::start((0..TRIES).map(|_| Reply::Raw(reply.clone()))).await;
        let made = made(Client::builder(), &media.url, Vec::new()).await;
        let begun = made.clock.now();
        let error = saved(&made.video).await.unwrap_err();
        let id = made.video.job_id();
        assert_eq!((error.kind(), error.job_id()), (kind, Some(id)), "{what}: {error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
        assert_eq!(media.requests().len(), TRIES, "{what}");
        assert!(made.clock.now().since(begun) >= WAITS, "{what}");
        // The video is still there to be fetched.
        assert_eq!(made.client.job(id).await.unwrap().stage(), Stage::Rendered);
    }
}

/// A video that says everywhere how long it is, but for its last box.
fn open_ended() -> Vec<u8> {
    let media = CLIP.windows(4).rposition(|kind| kind == b"mdat").unwrap() - 4;
    let mut clip = CLIP.to_vec();
    clip[media..media + 4].copy_from_slice(&[0; 4]);
    clip
}

fn chunked(clip: &[u8]) -> Vec<u8> {
    let body = [format!("{:x}\r\n", clip.len()).as_bytes(), clip, b"\r\n0\r\n\r\n"].concat();
    raw("200 OK\r\ntransfer-encoding: chunked", &body)
}

#[tokio::test]
async fn a_video_without_an_end_of_its_own_needs_one_that_is_told() {
    let clip = open_ended();
    for part in [&clip[..], &clip[..clip.len() / 2]] {
        let media = Server::start((0..TRIES).map(|_| Reply::Raw(raw("200 OK", part)))).await;
        let error = saved(&video(&media).await).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
    for told in [whole("\"a\"", &clip, clip.len()), chunked(&clip)] {
        let media = Server::start([Reply::Raw(told)]).await;
        assert_eq!(saved(&video(&media).await).await.unwrap(), clip);
    }
}

#[tokio::test]
async fn what_a_server_appends_is_no_fault() {
    for tail in [&b"\n"[..], b"\r\n\r\n", &[0; 700], b"<!-- edge 7 -->"] {
        let clip = [CLIP, tail].concat();
        let told = [whole("\"a\"", &clip, clip.len()), chunked(&clip), raw("200 OK", &clip)];
        let media = Server::start(told.map(Reply::Raw)).await;
        let video = video(&media).await;
        for _ in 0..3 {
            assert_eq!(saved(&video).await.unwrap(), clip, "{tail:?}");
        }
    }
}

/// Ways in which a server may say no to a part, without a word of it.
fn refused_parts() -> Vec<Reply> {
    let status = |status| Reply::Answer(status, "", String::new());
    let part = |more: &str, body: &[u8]| {
        let (last, size) = (CLIP.len() - 1, CLIP.len());
        let range = format!("content-range: bytes 1000-{last}/{size}\r\netag: \"a\"");
        Reply::Raw(raw(&format!("206 Partial Content\r\n{range}{more}"), body))
    };
    let page = Reply::Answer(200, "content-type: text/html\r\n", "<html>".to_owned());
    let statuses = [204, 400, 401, 403, 404, 405, 412, 416, 429, 500, 501, 503].map(status);
    let others = [
        Reply::HangUp,
        page,
        part("\r\ncontent-length: 0", b""),
        part("", b""),
        part("\r\ncontent-encoding: gzip", b"\x1f\x8b\x08"),
    ];
    statuses.into_iter().chain(others).collect()
}

#[tokio::test]
async fn where_a_part_is_refused_in_whatever_way_the_whole_is_asked_for() {
    for (number, refusal) in refused_parts().into_iter().enumerate() {
        let replies = [
            Reply::Raw(whole("\"a\"", CLIP, 1000)),
            refusal,
            Reply::Raw(whole("\"a\"", CLIP, CLIP.len())),
        ];
        let media = Server::start(replies).await;
        assert_eq!(saved(&video(&media).await).await.unwrap(), CLIP, "{number}");
        let requests = media.requests();
        assert!(requests[1].contains("range: bytes=1000-"), "{requests:?}");
        assert!(!requests[2].contains("range"), "{number}: {requests:?}");
    }
    // Once: what breaks off again may be continued all the same.
    let replies = [
        Reply::Raw(whole("\"a\"", CLIP, 1000)),
        Reply::HangUp,
        Reply::Raw(whole("\"a\"", CLIP, 2000)),
        Reply::Raw(rest("\"a\"", CLIP, 2000)),
    ];
    let media = Server::start(replies).await;
    assert_eq!(saved(&video(&media).await).await.unwrap(), CLIP);
}

#[tokio::test]
async fn what_a_redirect_leads_to_is_continued_at_its_own_address_alone() {
    let other = other_clip();
    let (first, second) = (CLIP.to_vec(), other.clone());
    let count = std::cell::Cell::new(0);
    let media = Server::start_with([], move |request| {
        let to = |place: &str| Reply::Raw(raw(&format!("302 On\r\nlocation: {place}"), b""));
        if request.starts_with("GET /v.mp4") {
            count.set(count.get() + 1);
            return to(&format!("/v_{}.mp4?sig=x", count.get()));
        }
        match (request.starts_with("GET /v_1.mp4"), request.contains("range: bytes=1000-")) {
            (true, _) => Reply::Raw(whole("\"a\"", &first, 1000)),
            (false, true) => Reply::Raw(rest("\"a\"", &second, 1000)),
            (false, false) => Reply::Raw(whole("\"a\"", &second, second.len())),
        }
    });
    assert_eq!(saved(&video(&media.await).await).await.unwrap(), other);
    // Signed anew it is still the same.
    let to = |sig| Reply::Raw(raw(&format!("302 On\r\nlocation: /there.mp4?sig={sig}"), b""));
    let replies = [
        to(1),
        Reply::Raw(whole("\"a\"", CLIP, 1000)),
        to(2),
        Reply::Raw(rest("\"a\"", CLIP, 1000)),
    ];
    let media = Server::start(replies).await;
    assert_eq!(saved(&video(&media).await).await.unwrap(), CLIP);
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_tells_no_end_whatever_its_coding() {
    let clip = open_ended();
    let half = &clip[..clip.len() / 2];
    for coding in ["identity", "gzip", "chunked, gzip"] {
        let head = format!("200 OK\r\ntransfer-encoding: {coding}");
        let media = Server::start((0..TRIES).map(|_| Reply::Raw(raw(&head, half)))).await;
        let error = saved(&video(&media).await).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
    // That the whole would come in chunks says nothing of a part.
    let head = "200 OK\r\ntransfer-encoding: chunked\r\netag: \"a\"";
    let chunk = [b"3e8\r\n", &clip[..1000], b"\r\n"].concat();
    let part = "206 Partial Content\r\ncontent-range: bytes 1000-1999/*\r\netag: \"a\"";
    let replies = [
        Reply::Raw(raw(head, &chunk)),
        Reply::Raw(raw(part, &clip[1000..2000])),
        Reply::Answer(416, "", String::new()),
        Reply::Raw(chunked(&clip)),
    ];
    let media = Server::start(replies).await;
    assert_eq!(saved(&video(&media).await).await.unwrap(), clip);
    assert_eq!(media.requests().len(), 4);
}

#[tokio::test]
async fn what_gives_a_little_more_each_time_has_an_end() {
    let media = CLIP.windows(4).rposition(|kind| kind == b"mdat").unwrap() - 4;
    let (start, size) = (CLIP[..media].to_vec(), 400_000_000_usize);
    let count = std::cell::Cell::new(0);
    let media = Server::start_with([], move |_| {
        count.set(count.get() + 1);
        assert!(count.get() < 100, "it has no end");
        let length = u32::try_from(size - start.len()).unwrap().to_be_bytes();
        let more = vec![7; 70_000 * count.get()];
        let head = format!("200 OK\r\ncontent-length: {size}");
        Reply::Raw(raw(&head, &[&start[..], &length, b"mdat", &more].concat()))
    });
    let error = saved(&video(&media.await).await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

/// The old link breaks off, then is refused; behind the new one is another video with the same tag.
async fn relinked() -> (Made, Server, Vec<u8>) {
    let other = other_clip();
    let refused = Reply::Answer(403, "", String::new());
    let old = Server::start([Reply::Raw(whole("\"v1\"", CLIP, 1000)), refused]).await;
    let new = Server::start([Reply::Raw(whole("\"v1\"", &other, CLIP.len()))]).await;
    let made = made(Client::builder(), &old.url, vec![done(&new.url)]).await;
    (made, new, other)
}

#[tokio::test]
async fn a_new_link_is_not_continued_with_what_the_old_one_gave() {
    let (made, new, other) = relinked().await;
    assert_eq!(saved(&made.video).await.unwrap(), other);
    assert!(!new.requests()[0].contains("range"), "{:?}", new.requests());
    // A stream cannot take back what it has handed out.
    let (made, new, _) = relinked().await;
    let (bytes, error) = read(made.video.bytes_stream()).await;
    assert_eq!((&bytes[..], error.unwrap().kind()), (&CLIP[..1000], ErrorKind::Unavailable));
    assert!(!new.requests()[0].contains("range"));
}

#[tokio::test]
async fn no_server_learns_by_which_link_it_was_found() {
    let media = Server::start([Reply::Raw(whole("\"a\"", CLIP, CLIP.len()))]).await;
    let there = format!("302 Found\r\nlocation: {}/there.mp4", media.url);
    let second = Server::start([Reply::Raw(raw(&there, b""))]).await;
    let on = format!("307 On\r\nlocation: {}/on.mp4?signature=s3cret", second.url);
    let first = Server::start([Reply::Raw(raw(&on, b""))]).await;
    assert_eq!(saved(&video(&first).await).await.unwrap(), CLIP);
    for request in second.requests().iter().chain(&media.requests()) {
        assert!(!request.to_lowercase().contains("referer"), "{request}");
    }
    assert!(!media.requests()[0].contains("s3cret"));
}

#[tokio::test]
async fn what_leads_on_without_an_end_or_elsewhere_is_given_up() {
    let on = || Reply::Answer(302, "location: /on.mp4\r\n", String::new());
    let media = Server::start((0..6 * TRIES).map(|_| on())).await;
    let error = saved(&video(&media).await).await.unwrap_err();
    assert!(error.to_string().contains("without an end"), "{error}");
    let elsewhere = || Reply::Answer(302, "location: file:///etc/passwd\r\n", String::new());
    let media = Server::start([elsewhere()]).await;
    let again = vec![done(&media.url)];
    let made = made(Client::builder(), &media.url, again).await;
    let error = saved(&made.video).await.unwrap_err();
    assert!(error.to_string().contains("no web address"), "{error}");
    assert_eq!(made.client.job(made.video.job_id()).await.unwrap().stage(), Stage::Rendered);
}

#[tokio::test]
async fn what_is_too_large_is_given_up_at_once_and_stays_at_its_provider() {
    let told = whole("\"a\"", CLIP, CLIP.len());
    for reply in [told, chunked(CLIP), raw("200 OK", CLIP)] {
        let media = Server::start([Reply::Raw(reply)]).await;
        let builder = Client::builder().video_max_bytes(CLIP.len() as u64 - 1);
        let made = made(builder, &media.url, Vec::new()).await;
        let error = saved(&made.video).await.unwrap_err();
        assert!(error.to_string().contains("video_max_bytes"), "{error}");
        assert_eq!(media.requests().len(), 1);
        assert_eq!(made.client.job(made.video.job_id()).await.unwrap().stage(), Stage::Rendered);
    }
    let media = Server::start([Reply::Raw(whole("\"a\"", CLIP, CLIP.len()))]).await;
    let builder = Client::builder().video_max_bytes(CLIP.len() as u64).picture_max_bytes(1);
    assert_eq!(saved(&made(builder, &media.url, Vec::new()).await.video).await.unwrap(), CLIP);
}

#[tokio::test]
async fn what_a_disk_has_no_room_for_is_not_begun() {
    let head = format!("200 OK\r\ncontent-length: {}", 1_u64 << 62);
    let media = Server::start([Reply::Raw(raw(&head, CLIP))]).await;
    let builder = Client::builder().video_max_bytes(u64::MAX);
    let error = saved(&made(builder, &media.url, Vec::new()).await.video).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(media.requests().len(), 1);
}

#[tokio::test]
async fn what_crawls_is_given_up_though_it_never_stands_still() {
    let crawling = || Reply::Drip(whole("\"a\"", CLIP, 1000));
    let media = Server::start((0..TRIES).map(|_| crawling())).await;
    let builder =
        Client::builder().stall_timeout(Duration::from_millis(100)).least_bytes_per_second(1 << 20);
    let made = made(builder, &media.url, Vec::new()).await;
    let error = saved(&made.video).await.unwrap_err();
    assert!(error.to_string().contains("bytes a second"), "{error}");
    assert_eq!((error.kind(), media.requests().len()), (ErrorKind::Unavailable, TRIES));
    assert_eq!(made.client.job(made.video.job_id()).await.unwrap().stage(), Stage::Rendered);
}

/// A picture that was all that was asked for, at `media`.
async fn picture(builder: ClientBuilder, media: &Server) -> Video {
    let record = |status: &str, photo: &str| {
        json(
            200,
            &format!(
                r#"{{"id":"id-1","status":"{status}","product_url":"",
                    "generated_photo_url":"{photo}"}}"#
            ),
        )
    };
    let photo = format!("{}/p.jpg", media.url);
    let api = Server::start_with([], move |request| match request.starts_with("POST") {
        true => record("initializing", ""),
        false => record("image_generated", &photo),
    });
    let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&api.await.url);
    let builder = builder.account(ProviderId::Creatify, config).clock(InstantClock::default());
    let client = builder.in_memory().build().unwrap();
    let product = Product::new("Roast").image_url("https://x.example/p.png");
    let request = VideoRequest::new(product).with(creatify::Options::product_shot().image_only());
    client.generate(&request).await.unwrap()
}

#[tokio::test]
async fn a_picture_may_have_the_extension_of_its_kind() {
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";
    for (bytes, name) in [(TINY_PNG, "p.png"), (&webp[..], "p.webp")] {
        let media = Server::start((0..2).map(|_| Reply::Raw(whole("\"a\"", bytes, bytes.len()))));
        let picture = picture(Client::builder(), &media.await).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.jpg");
        let saved = picture.download(&path).own_extension().await.unwrap();
        assert_eq!(saved.path, folder.path().join(name));
        assert_eq!(std::fs::read(&saved.path).unwrap(), bytes);
        // Whoever names a file has it under that name.
        assert_eq!(picture.download(&path).await.unwrap().path, path);
        assert_eq!(files(folder.path()), 2);
    }
}

#[tokio::test]
async fn a_picture_has_a_limit_of_its_own() {
    let media = Server::start([Reply::Raw(whole("\"a\"", TINY_PNG, TINY_PNG.len()))]).await;
    let builder = Client::builder().picture_max_bytes(TINY_PNG.len() as u64 - 1);
    let picture = picture(builder, &media).await;
    let folder = tempfile::tempdir().unwrap();
    let error = picture.download(folder.path().join("p.png")).await.unwrap_err();
    assert!(error.to_string().contains("picture_max_bytes"), "{error}");
    assert_eq!((files(folder.path()), media.requests().len()), (0, 1));
}

/// All that a stream gives, and the error that ended it.
async fn read(mut bytes: VideoBytes) -> (Vec<u8>, Option<Error>) {
    let mut read = Vec::new();
    while let Some(piece) = bytes.next().await {
        match piece {
            Ok(piece) => read.extend_from_slice(&piece),
            Err(error) => {
                assert!(bytes.next().await.is_none(), "nothing follows an error");
                return (read, Some(error));
            }
        }
    }
    (read, None)
}

#[tokio::test]
async fn a_stream_comes_through_the_same_and_the_job_is_done_when_it_is_said() {
    let replies = [
        Reply::Raw(whole("\"a\"", CLIP, 1000)),
        Reply::Raw(rest("\"b\"", CLIP, 1000)),
        // No parts any more, but surely the same.
        Reply::Raw(whole("\"a\"", CLIP, 2000)),
        Reply::Raw(whole("\"a\"", CLIP, CLIP.len())),
    ];
    let media = Server::start(replies).await;
    let made = made(Client::builder(), &media.url, Vec::new()).await;
    let stream = made.video.bytes_stream();
    let (bytes, error) = tokio::spawn(read(stream)).await.unwrap();
    assert!(error.is_none() && bytes == CLIP, "{error:?}");
    let id = made.video.job_id();
    assert_eq!(made.client.job(id).await.unwrap().stage(), Stage::Rendered);
    made.video.mark_downloaded().await.unwrap();
    assert_eq!(made.client.job(id).await.unwrap().stage(), Stage::Done);
}

#[tokio::test]
async fn a_stream_whose_video_changes_midway_ends_with_an_error() {
    let other = other_clip();
    let replies =
        [Reply::Raw(whole("\"a\"", CLIP, 1000)), Reply::Raw(whole("\"b\"", &other, CLIP.len()))];
    let media = Server::start(replies).await;
    let video = video(&media).await;
    let (bytes, error) = read(video.bytes_stream()).await;
    let error = error.unwrap();
    assert_eq!(bytes, CLIP[..1000]);
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::Unavailable, Some(video.job_id())));
    assert!(error.to_string().contains("changed at its provider"), "{error}");
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.mp4");
    let media = Server::start((0..3).map(|_| Reply::Raw(whole("\"a\"", CLIP, CLIP.len())))).await;
    let video = video(&media).await;
    let download = video.download(&path).or_same();
    std::fs::write(&path, "mine").unwrap();
    let error = download.await.unwrap_err();
    assert_eq!((error.kind(), files(folder.path())), (ErrorKind::Conflict, 1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    video.download(&path).overwrite().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), CLIP);
    video.download(&path).or_same().await.unwrap();
    assert_eq!(files(folder.path()), 1);
    let nowhere = folder.path().join("none").join("v.mp4");
    let error = video.download(nowhere).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Io, Some("path")));
}
