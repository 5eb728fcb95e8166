//! One video from the first of several accounts: when the next one is asked, and when never.

use adreel::Video;
use adreel::client::{Attempt, AttemptEnd, Route, RouteError, Routed};
use adreel::{
    Account, AccountConfig, Client, ErrorKind, Keys, Product, ProviderId, Stage, VideoRequest,
};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

const QUEUED: &str = r#"{"data":{"id":"task_1","status":"queued"}}"#;
const DONE: &str = r#"{"data":{"id":"task_1","status":"succeeded","usage":{"credits_settled":4.5},
    "output":{"media":[{"type":"video","url":"http://127.0.0.1:1/v.mp4"}]}}}"#;
const GAVE_UP: &str = r#"{"data":{"id":"task_1","status":"failed","error_code":"processing_failed",
    "error_message":"no video","usage":{"credits_settled":0,"credits_refunded":4.5}}}"#;

/// Two accounts of one provider, each at a server of its own.
struct TwoAccounts {
    servers: [Server; 2],
    client: Client,
}

impl TwoAccounts {
    async fn new(first: Vec<Reply>, second: Vec<Reply>) -> Self {
        let servers = [Server::start(first).await, Server::start(second).await];
        let mut builder = Client::builder().clock(InstantClock::default()).in_memory();
        for (name, server) in ["first", "second"].into_iter().zip(&servers) {
            let config = AccountConfig::new(Keys::key("k")).name(name).base_url(&server.url);
            builder = builder.account(ProviderId::BeatApi, config);
        }
        Self { client: builder.build().unwrap(), servers }
    }

    fn posts(&self) -> [usize; 2] {
        self.servers.each_ref().map(|server| {
            server.requests().iter().filter(|request| request.starts_with("POST")).count()
        })
    }

    async fn route(&self) -> Settled {
        let request = request();
        let route = self.client.route(&request).key("order-1042");
        settled(route.label("tenant", "roastery")).await
    }
}

fn request() -> VideoRequest {
    let product = Product::new("Morning Roast").image_url("https://x.example/p.png");
    VideoRequest::new(product).duration_secs(15)
}

fn refused(status: u16, code: &str) -> Reply {
    json(status, &format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#))
}

fn made() -> Vec<Reply> {
    vec![json(201, QUEUED), json(200, DONE)]
}

/// What became of a route, whether or not it made a video.
struct Settled {
    attempts: Vec<Attempt>,
    result: adreel::Result<Video>,
}

async fn settled(route: Route<'_>) -> Settled {
    match route.await {
        Ok(Routed { video, attempts, .. }) => Settled { attempts, result: Ok(video) },
        Err(RouteError { error, attempts, .. }) => Settled { attempts, result: Err(error) },
    }
}

fn ends(routed: &Settled) -> Vec<AttemptEnd> {
    routed.attempts.iter().map(|attempt| attempt.end).collect()
}

#[tokio::test]
async fn a_refusal_leads_to_the_next_account_and_costs_nothing() {
    for code in [(402, "insufficient_credits"), (401, "invalid_api_key"), (403, "forbidden")] {
        let stage = TwoAccounts::new(vec![refused(code.0, code.1)], made()).await;
        let routed = stage.route().await;
        assert_eq!(ends(&routed), [AttemptEnd::Refused, AttemptEnd::Made], "{code:?}");
        let video = routed.result.unwrap();
        assert_eq!(video.job().account().name, "second");
        assert_eq!(video.job().labels()["tenant"], "roastery");
        assert_eq!(stage.posts(), [1, 1]);
        assert_eq!(routed.attempts[0].cost.to_string(), "0");
        assert!(routed.attempts[0].reason.as_ref().unwrap().kind != ErrorKind::JobFailed);
    }
}

#[tokio::test]
async fn an_account_without_room_is_given_up_and_not_sent_later() {
    let full = || refused(429, "user_concurrency_exceeded");
    let stage = TwoAccounts::new((0..50).map(|_| full()).collect(), made()).await;
    let routed = stage.route().await;
    assert_eq!(ends(&routed), [AttemptEnd::Refused, AttemptEnd::Made]);
    let first = stage.client.job(routed.attempts[0].job.unwrap()).await.unwrap();
    assert_eq!(first.stage(), Stage::Failed);
    assert_eq!(routed.attempts[0].reason.as_ref().unwrap().kind, ErrorKind::NoSlot);
    assert!(first.may_retry());
    let open = stage.client.jobs().open().await.unwrap();
    assert_eq!(open.len(), 1, "only the video that is not saved yet");
}

#[tokio::test]
async fn an_account_whose_plan_lacks_something_is_not_asked() {
    let stage = TwoAccounts::new(made(), made()).await;
    let too_long = request().duration_secs(600);
    let routed = settled(stage.client.route(&too_long)).await;
    assert_eq!(ends(&routed), [AttemptEnd::Unfit, AttemptEnd::Unfit]);
    let error = routed.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("600"), "{error}");
    assert_eq!(stage.posts(), [0, 0]);
}

#[tokio::test]
async fn nothing_leads_past_a_refusal_of_the_content() {
    let stage = TwoAccounts::new(vec![refused(400, "content_policy_violation")], made()).await;
    let routed = stage.route().await;
    assert_eq!(routed.result.unwrap_err().kind(), ErrorKind::ContentRefused);
    assert_eq!(stage.posts(), [1, 0]);
}

#[tokio::test]
async fn nothing_leads_past_a_lost_answer() {
    let replies = (0..50).map(|_| Reply::HangUp).collect();
    let stage = TwoAccounts::new(replies, made()).await;
    let routed = stage.route().await;
    assert_eq!(ends(&routed), [AttemptEnd::Open]);
    assert_eq!(routed.result.unwrap_err().kind(), ErrorKind::SubmitUnknown);
    assert_eq!(stage.posts()[1], 0);
    // Nor does coming back, in whatever order.
    let mut accounts: Vec<Account> = stage.client.accounts().into_iter().cloned().collect();
    accounts.reverse();
    let request = request();
    let again = settled(stage.client.route(&request).over(accounts).key("order-1042")).await;
    assert_eq!(again.result.unwrap_err().kind(), ErrorKind::SubmitUnknown);
    assert_eq!(stage.posts()[1], 0);
}

#[tokio::test]
async fn a_job_that_was_given_up_leads_on_only_where_that_is_said() {
    let failed = || vec![json(201, QUEUED), json(200, GAVE_UP)];
    let stage = TwoAccounts::new(failed(), made()).await;
    let routed = stage.route().await;
    assert_eq!(ends(&routed), [AttemptEnd::Failed]);
    assert_eq!(routed.result.unwrap_err().kind(), ErrorKind::JobFailed);
    assert_eq!(stage.posts(), [1, 0]);

    let stage = TwoAccounts::new(failed(), made()).await;
    let request = request();
    let routed = settled(stage.client.route(&request).after_failure()).await;
    assert_eq!(ends(&routed), [AttemptEnd::Failed, AttemptEnd::Made]);
    assert_eq!(stage.posts(), [1, 1]);
}

#[tokio::test]
async fn where_all_have_given_up_the_same_route_again_tells_so() {
    let failed = || vec![json(201, QUEUED), json(200, GAVE_UP)];
    let stage = TwoAccounts::new(failed(), failed()).await;
    let request = request();
    for _ in 0..2 {
        let routed = settled(stage.client.route(&request).key("order-1042").after_failure()).await;
        assert_eq!(ends(&routed), [AttemptEnd::Failed, AttemptEnd::Failed]);
        let error = routed.result.unwrap_err();
        assert_eq!(error.to_string().matches("failed: ").count(), 2, "{error}");
    }
    assert_eq!(stage.posts(), [1, 1]);
}

#[tokio::test]
async fn the_same_route_again_is_the_same_video() {
    let stage = TwoAccounts::new(vec![refused(402, "insufficient_credits")], made()).await;
    let first = stage.route().await.result.unwrap();
    let again = stage.route().await;
    assert_eq!(again.result.unwrap().job_id(), first.job_id());
    assert_eq!(ends(&stage.route().await), [AttemptEnd::Made]);
    let mut accounts: Vec<Account> = stage.client.accounts().into_iter().cloned().collect();
    accounts.reverse();
    let request = request();
    let turned = settled(stage.client.route(&request).over(accounts).key("order-1042")).await;
    assert_eq!(turned.result.unwrap().job_id(), first.job_id());
    assert_eq!(stage.posts(), [1, 1]);
}

#[tokio::test]
async fn where_all_refuse_each_reason_is_told() {
    let empty = || vec![refused(402, "insufficient_credits")];
    let stage = TwoAccounts::new(empty(), empty()).await;
    let routed = stage.route().await;
    assert_eq!(ends(&routed), [AttemptEnd::Refused, AttemptEnd::Refused]);
    let error = routed.result.unwrap_err();
    assert_eq!(error.to_string().matches("refused").count(), 2, "{error}");
    let none = settled(stage.client.route(&request()).over(Vec::<adreel::Account>::new())).await;
    assert_eq!(none.result.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let stage = TwoAccounts::new(made(), made()).await;
    stage.route().await.result.unwrap();
    let other = request().duration_secs(10);
    let accounts: Vec<_> = stage.client.accounts().into_iter().cloned().collect();
    for accounts in [accounts.clone(), accounts.into_iter().rev().collect()] {
        let route = stage.client.route(&other).key("order-1042").over(accounts);
        assert_eq!(settled(route).await.result.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(stage.posts(), [1, 0]);
}
