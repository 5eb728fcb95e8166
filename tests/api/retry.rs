//! The attempt loop: what is sent again, and what never is.

use adreel::beatapi::{Client, IdempotencyKey, types};
use adreel::{AccountConfig, ErrorKind, Keys, ProviderId, RetryPolicy};

use crate::support::scripted::{Reply, Server, json};
use crate::support::{InstantClock, account};

const TASK: &str = r#"{"data":{"id":"task_1","status":"queued"}}"#;
const TOO_FAST: &str = r#"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#;
const BROKE: &str = r#"{"error":{"code":"insufficient_credits","message":"m"}}"#;

fn body() -> types::CreateEcommerceVideoRequest {
    types::CreateEcommerceVideoRequest::new(vec!["https://x.example/p.png".to_owned()], 15)
}

async fn submit(server: &Server, key: Option<&IdempotencyKey>) -> adreel::Result<types::Task> {
    Client::new(account(&server.url)).unwrap().create_ecommerce_video(&body(), key).await
}

#[tokio::test]
async fn a_read_is_sent_again_after_anything_that_may_pass() {
    let html = Reply::Answer(502, "", "<html>Bad gateway</html>".to_owned());
    let server = Server::start([Reply::HangUp, html, Reply::BreakOff, json(200, TASK)]).await;
    let client = Client::new(account(&server.url)).unwrap();
    assert_eq!(client.get_task("task_1").await.unwrap().id, "task_1");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_read_is_given_up_after_four_attempts() {
    let server = Server::start((0..9).map(|_| json(500, "{}"))).await;
    let error = Client::new(account(&server.url)).unwrap().get_task("t").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 4));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_paid_post_whose_answer_is_lost_is_not_sent_again() {
    let unreadable = Reply::Answer(201, "", "<html>".to_owned());
    let wrong_shape = json(201, r#"{"data":{"id":{"a":7}}}"#);
    let elsewhere = Reply::Answer(307, "location: /elsewhere\r\n", String::new());
    let lost = [
        Reply::HangUp,
        Reply::BreakOff,
        json(500, "{}"),
        json(503, "{}"),
        json(409, "{}"),
        unreadable,
        wrong_shape,
        elsewhere,
    ];
    for reply in lost {
        let server = Server::start([reply]).await;
        let error = submit(&server, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
        assert_eq!(server.requests().len(), 1, "{error}");
    }
}

/// JSON with something around it or in it says what it says; but of an answer that others may read
/// otherwise nothing follows that costs money.
#[tokio::test]
async fn what_has_to_be_guessed_is_read_and_proves_no_refusal() {
    let odd: [fn(&str) -> String; 7] = [
        |json| format!("\0{json}\0"),
        |json| format!("{json}<!-- edge -->"),
        |json| format!("{json}\n{json}"),
        |json| format!(")]}}',\n{json}"),
        |json| format!("{json}<html>"),
        |json| json.replacen('}', ",}", 1),
        |json| json[..json.len() - 1].to_owned(),
    ];
    for odd in odd {
        let server = Server::start([Reply::Answer(201, "", odd(TASK))]).await;
        assert_eq!(submit(&server, None).await.unwrap().id, "task_1", "{}", odd(TASK));
        let server = Server::start([Reply::Answer(402, "", odd(BROKE))]).await;
        let error = submit(&server, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{}", odd(BROKE));
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start([json(402, BROKE)]).await;
    assert_eq!(submit(&server, None).await.unwrap_err().kind(), ErrorKind::OutOfCredits);
    // What is free is asked again where some of it may be missing.
    let half = Reply::Answer(200, "", TASK[..TASK.len() - 1].to_owned());
    let server = Server::start([half, json(200, TASK)]).await;
    let client = Client::new(account(&server.url)).unwrap();
    assert_eq!(client.get_task("task_1").await.unwrap().id, "task_1");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_asked_for_again() {
    let long = || json(200, &format!("[{}1]", "1,".repeat(3 << 20)));
    let server = Server::start([long(), long()]).await;
    let error = Client::new(account(&server.url)).unwrap().get_task("t").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 1), "{error}");
    let key = IdempotencyKey::new("k1").unwrap().honoured();
    let error = submit(&server, Some(&key)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::SubmitUnknown, 1), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_paid_post_with_a_key_is_sent_again_only_where_the_key_is_honoured() {
    let key = IdempotencyKey::new("k1").unwrap();
    let server = Server::start([Reply::HangUp, json(201, TASK)]).await;
    let error = submit(&server, Some(&key)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubmitUnknown);
    assert_eq!(server.requests().len(), 1);

    let server = Server::start([Reply::HangUp, json(201, TASK)]).await;
    assert_eq!(submit(&server, Some(&key.honoured())).await.unwrap().id, "task_1");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.contains("idempotency-key: k1\r\n")));
}

#[tokio::test]
async fn the_key_of_a_music_video_counts_as_that_of_a_product_video_does() {
    let key = IdempotencyKey::new("k1").unwrap();
    let body = types::CreateMusicVideoRequest::new("https://example.com/song.mp3");
    for (key, sent) in [(key.clone(), 1), (key.honoured(), 2)] {
        let server = Server::start([Reply::HangUp, json(201, TASK)]).await;
        let client = Client::new(account(&server.url)).unwrap();
        let task = client.create_music_video(&body, Some(&key)).await;
        assert_eq!((task.is_ok(), server.requests().len()), (sent == 2, sent));
    }
}

#[tokio::test]
async fn a_refusal_after_an_unknown_attempt_stays_unknown() {
    let key = IdempotencyKey::new("k1").unwrap().honoured();
    let server = Server::start([Reply::HangUp, json(402, BROKE)]).await;
    let error = submit(&server, Some(&key)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubmitUnknown);
    assert_eq!((server.requests().len(), error.attempts()), (2, 2));
}

#[tokio::test]
async fn a_paid_post_that_was_refused_for_now_is_sent_again_after_the_wait() {
    let later = |header| Reply::Answer(429, header, TOO_FAST.to_owned());
    let server = Server::start([later("retry-after: 30\r\n"), later(""), json(201, TASK)]).await;
    let clock = InstantClock::default();
    let config = AccountConfig::new(Keys::key("k")).base_url(&server.url).clock(clock.clone());
    let before = adreel::clock::Clock::now(&clock);
    let task = Client::new(config).unwrap().create_ecommerce_video(&body(), None).await.unwrap();
    assert_eq!((task.id.as_str(), server.requests().len()), ("task_1", 3));
    assert!(adreel::clock::Clock::now(&clock).since(before).as_secs() >= 30);
}

#[tokio::test]
async fn a_wait_that_is_longer_than_the_deadline_is_not_waited() {
    let server =
        Server::start([Reply::Answer(429, "retry-after: 3600\r\n", TOO_FAST.into())]).await;
    let error = submit(&server, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after().unwrap().as_secs(), 3600);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_paid_post_that_never_left_is_sent_again_and_surely_not_accepted() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = Client::new(account(&format!("http://{port}"))).unwrap();
    let error = client.create_ecommerce_video(&body(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 4));
}

#[tokio::test]
async fn redirects_are_not_followed_so_that_keys_stay_home() {
    let target = Server::start([json(200, TASK)]).await;
    let location = format!("location: {}/stolen\r\n", target.url).leak();
    let server = Server::start((0..4).map(|_| Reply::Answer(302, location, String::new()))).await;
    let error = Client::new(account(&server.url)).unwrap().get_task("t").await.unwrap_err();
    assert_eq!(error.status(), Some(302));
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn no_key_and_an_impossible_key_are_errors_before_anything_is_sent() {
    let server = Server::start([]).await;
    for key in ["", "  ", "a\nb", "kéy"] {
        let config = AccountConfig::new(Keys::key(key)).base_url(&server.url);
        let error = Client::new(config)
            .unwrap()
            .get_usage(&adreel::beatapi::types::GetUsageQuery::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsCredentials, "{key:?}");
    }
    assert!(server.requests().is_empty());
}

/// What a client reads outside of jobs is repeated by the account's policy, and a job's calls are
/// not: the job comes back to them.
#[tokio::test]
async fn a_clients_own_reads_are_repeated() {
    let client = |url: &str, policy: Option<RetryPolicy>| {
        let mut account = account(url);
        if let Some(policy) = policy {
            account = account.retry(policy);
        }
        let builder = adreel::Client::builder().in_memory().clock(InstantClock::default());
        builder.account(ProviderId::Jogg, account).build().unwrap()
    };
    let avatars = r#"{"code":0,"msg":"m","data":{"avatars":[{"id":7,"name":"Ann"}]}}"#;
    let quota = r#"{"code":0,"msg":"m","data":{"remaining_quota":"12.5"}}"#;
    let down = || vec![json(500, "{}"), Reply::HangUp, json(503, "{}")];

    let server = Server::start(down().into_iter().chain([json(200, quota)])).await;
    let balance = client(&server.url, None).balance(ProviderId::Jogg).await.unwrap();
    assert_eq!((balance.to_string().as_str(), server.requests().len()), ("12.5", 4));

    let server = Server::start(down().into_iter().chain([json(200, avatars)])).await;
    let one = client(&server.url, None);
    let found = one.catalogue().on(ProviderId::Jogg).avatars().unwrap().next().await;
    assert_eq!((found.unwrap().unwrap().id.as_str(), server.requests().len()), ("7", 4));

    // A presenter is looked up for the plan.
    let request = adreel::VideoRequest::new(adreel::Product::new("Mug"));
    let server = Server::start(down().into_iter().chain([json(200, avatars)])).await;
    let plan = client(&server.url, None).plan(&request).on(ProviderId::Jogg).await.unwrap();
    let chosen = serde_json::to_string(&plan).unwrap();
    assert!(chosen.contains("\"7\""), "{chosen}");
    assert_eq!(server.requests().len(), 4);

    let server = Server::start(down()).await;
    let once = client(&server.url, Some(RetryPolicy::default().once()));
    let error = once.balance(ProviderId::Jogg).await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Unavailable, 1));
}
