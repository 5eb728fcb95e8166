//! A download is whole or not there.

use adreel::{
    AccountConfig, Client, ErrorKind, Keys, Product, ProviderId, Stage, Video, VideoRequest,
};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// A finished video whose link leads to `media`.
async fn video(media: &Server) -> Video {
    let queued = r#"{"data":{"id":"task_1","status":"queued"}}"#;
    let done = format!(
        r#"{{"data":{{"id":"task_1","status":"succeeded",
            "output":{{"media":[{{"url":"{}/v.mp4"}}]}}}}}}"#,
        media.url
    );
    let api = Server::start([json(201, queued), json(200, &done)]).await;
    let config = AccountConfig::new(Keys::key("secret-key")).base_url(&api.url);
    let builder = Client::builder().account(ProviderId::BeatApi, config);
    let client = builder.clock(InstantClock::default()).in_memory().build().unwrap();
    let product = Product::new("Roast").image_url("https://x.example/p.png");
    client.generate(&VideoRequest::new(product)).await.unwrap()
}

fn mp4() -> String {
    // An empty movie of 12.5 s: ftyp, and a moov with nothing but its header.
    let mut bytes = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x74moov\0\0\0\x6cmvhd".to_vec();
    bytes.extend([0; 12]);
    bytes.extend([0, 0, 0x03, 0x68, 0, 0, 0x2a, 0x94]);
    bytes.resize(16 + 0x74, 0);
    // All of it is below 0x80 and so the same as text, except one byte of the length.
    bytes[16 + 8 + 8 + 12 + 7] = 0x14;
    String::from_utf8(bytes).unwrap()
}

fn film() -> Reply {
    Reply::Answer(200, "content-type: video/mp4\r\n", mp4())
}

#[tokio::test]
async fn what_breaks_off_is_fetched_again_and_saved_whole_without_a_key() {
    let media = Server::start([Reply::BreakOff, Reply::HangUp, film()]).await;
    let video = video(&media).await;
    let folder = tempfile::tempdir().unwrap();
    let saved = video.download(folder.path().join("v.mp4")).await.unwrap();
    assert_eq!(std::fs::read_to_string(&saved.path).unwrap(), mp4());
    assert_eq!(saved.duration.unwrap().as_millis(), 12_353);
    assert!(media.requests().iter().all(|request| !request.contains("secret-key")));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_never_arrives_whole_leaves_nothing_and_names_the_job() {
    let html = || Reply::Answer(200, "", "<html>expired</html>".to_owned());
    let gone = || Reply::Answer(404, "", String::new());
    let cut = || Reply::Answer(200, "", mp4()[..100].to_owned());
    let cases: [(Vec<Reply>, ErrorKind); 5] = [
        ((0..3).map(|_| Reply::BreakOff).collect(), ErrorKind::Unavailable),
        ((0..3).map(|_| gone()).collect(), ErrorKind::Unavailable),
        (vec![html()], ErrorKind::Decode),
        (vec![cut()], ErrorKind::Decode),
        (vec![Reply::Answer(200, "", String::new())], ErrorKind::Decode),
    ];
    for (replies, kind) in cases {
        let media = Server::start(replies).await;
        let video = video(&media).await;
        let folder = tempfile::tempdir().unwrap();
        let error = video.download(folder.path().join("v.mp4")).await.unwrap_err();
        assert_eq!((error.kind(), error.job_id()), (kind, Some(video.job_id())), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{error}");
        // The video is still there to be fetched.
        assert_eq!(video.job().stage(), Stage::Rendered);
    }
}
