//! Uploads to presigned addresses.

use std::io::Write as _;

use adreel::{ErrorKind, RetryPolicy, Upload, beatapi, jogg};
use serde_json::json;

use crate::support::account;
use crate::support::scripted::{Reply, Server, json};

/// More than one piece of a file that is read while it is sent.
fn large_file() -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for line in 0..40_000 {
        writeln!(file, "{line:07}").unwrap();
    }
    file
}

fn stored() -> String {
    json!({"data": {
        "id": "file_3", "object": "file", "url": "https://media.example/f.srt", "key": "f",
        "mime_type": "application/x-subrip", "size_bytes": 5, "purpose": "input", "created_at": 1,
    }})
    .to_string()
}

#[tokio::test]
async fn a_file_is_sent_again_whole_after_a_lost_answer() {
    let file = large_file();
    let replies = [json(503, "{}"), Reply::HangUp, Reply::BreakOff, json(201, &stored())];
    let server = Server::start(replies).await;
    let client = beatapi::Client::new(account(&server.url)).unwrap();
    let upload = Upload::file(file.path(), "application/x-subrip");
    assert_eq!(client.upload_file(&upload).await.unwrap().id.as_deref(), Some("file_3"));
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    let content = std::fs::read_to_string(file.path()).unwrap();
    for request in requests {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(body == content, "{} of {} bytes", body.len(), content.len());
        assert!(head.contains(&format!("content-length: {}", content.len())), "{head}");
        assert!(head.contains("content-type: application/x-subrip"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
}

#[tokio::test]
async fn a_presigned_put_is_repeated_too_and_sees_no_key() {
    let file = large_file();
    let refusal = Reply::Answer(503, "", "<Error><Code>SlowDown</Code></Error>".to_owned());
    let server = Server::start([refusal, Reply::HangUp, json(200, "")]).await;
    let asset =
        json!({"sign_url": format!("{}/put?signature=s3cret", server.url), "asset_url": "a"});
    let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
    let client = jogg::Client::new(account(&server.url)).unwrap();
    client.put_asset(&asset, &Upload::file(file.path(), "text/plain")).await.unwrap();
    assert_eq!(server.requests().len(), 3);
    assert!(server.requests().iter().all(|request| !request.contains("test-key")));
}

#[tokio::test]
async fn a_presigned_address_that_refuses_is_not_asked_again_and_not_shown() {
    let refusal = Reply::Answer(403, "", "<Error><Code>AccessDenied</Code></Error>".to_owned());
    let server = Server::start([refusal]).await;
    let asset =
        json!({"sign_url": format!("{}/put?signature=s3cret", server.url), "asset_url": "a"});
    let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
    let client = jogg::Client::new(account(&server.url)).unwrap();
    let error = client.put_asset(&asset, &Upload::bytes("x", "image/png")).await.unwrap_err();
    assert_eq!((error.status(), error.operation()), (Some(403), Some("put_asset")));
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_storage_refuses_is_refused_and_not_waited_out() {
    for status in [400, 401, 403, 404, 409, 411, 412, 413, 415] {
        for body in ["", "<Error><Code>AccessDenied</Code></Error>", "{}", "no"] {
            let server = Server::start([Reply::Answer(status, "", body.to_owned())]).await;
            let asset = json!({"sign_url": format!("{}/put", server.url), "asset_url": "a"});
            let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
            let client = jogg::Client::new(account(&server.url)).unwrap();
            let error =
                client.put_asset(&asset, &Upload::bytes("x", "image/png")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{status} {body:?}: {error}");
            assert!(error.to_string().contains("refuses it"), "{error}");
            assert_eq!(server.requests().len(), 1, "{status} {body:?}");
        }
    }
}

#[tokio::test]
async fn an_address_that_held_a_key_is_none() {
    let server = Server::start([json(200, "")]).await;
    let asset = json!({"sign_url": format!("{}/put?k=[redacted]", server.url), "asset_url": "a"});
    let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
    let client = jogg::Client::new(account(&server.url)).unwrap();
    let error = client.put_asset(&asset, &Upload::bytes("x", "image/png")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(error.to_string().contains("a key of the account"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_presigned_address_that_leads_on_is_not_followed_with_the_file() {
    for status in [301, 302, 307, 308] {
        let elsewhere = Server::start([json(200, "")]).await;
        let head = format!("HTTP/1.1 {status} On\r\nlocation: {}/x\r\n", elsewhere.url);
        let on = format!("{head}content-length: 0\r\nconnection: close\r\n\r\n");
        let server = Server::start([Reply::Raw(on.into_bytes())]).await;
        let asset =
            json!({"sign_url": format!("{}/put?signature=s3cret", server.url), "asset_url": "a"});
        let asset: jogg::types::UploadedAsset = serde_json::from_value(asset).unwrap();
        let once = RetryPolicy::default().once();
        let client = jogg::Client::new(account(&server.url).retry(once)).unwrap();
        let picture = Upload::bytes("a picture", "image/png");
        let error = client.put_asset(&asset, &picture).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(elsewhere.requests().is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_said_before_anything_is_sent() {
    let server = Server::start([]).await;
    let client = beatapi::Client::new(account(&server.url)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.png");
    let cases = [
        (Upload::file(&missing, "image/png"), ErrorKind::Io, "none.png"),
        (Upload::file(folder.path(), "image/png"), ErrorKind::InvalidRequest, "is not a file"),
        (Upload::bytes("", "image/png"), ErrorKind::InvalidRequest, "an empty file"),
        (Upload::bytes("x", "image\n"), ErrorKind::InvalidRequest, "is not a media type"),
    ];
    for (upload, kind, told) in cases {
        let error = client.upload_file(&upload).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    assert!(server.requests().is_empty());
}
