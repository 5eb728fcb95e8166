//! What each provider has to pass, once for each of them. A fourth one is done when its promise
//! stands here and all of this passes.

use std::time::Duration;

use adreel::WaitPolicy;
use adreel::clock::Clock as _;
use adreel::job::Action;
use adreel::testing::{self, CREATIFY_SECONDS, Fault, FaultKind, Sandbox};
use adreel::{AccountConfig, AspectRatio, Client, CostSource, ErrorKind, Keys, ProviderId, Stage};

use crate::{request, sandbox};

/// What is known of a provider that its capabilities do not say.
#[derive(Clone, Copy, Debug)]
struct Promise {
    provider: ProviderId,
    /// Seconds of the video of a request for 12.
    secs: u32,
    /// The paid calls of one video, in order.
    paid: &'static [&'static str],
    /// Whether it says what a video cost.
    reports_cost: bool,
    /// Whether a job that fails costs nothing.
    refunds: bool,
}

const BEATAPI: Promise = Promise {
    provider: ProviderId::BeatApi,
    secs: 12,
    paid: &["create_ecommerce_video"],
    reports_cost: true,
    refunds: true,
};

const CREATIFY: Promise = Promise {
    provider: ProviderId::Creatify,
    secs: CREATIFY_SECONDS,
    paid: &["gen_image", "gen_video"],
    reports_cost: false,
    refunds: false,
};

const JOGG: Promise = Promise {
    provider: ProviderId::Jogg,
    secs: 15,
    paid: &["create_video_from_product"],
    reports_cost: true,
    refunds: false,
};

/// Makes the suite's tests for each provider, as `suite::beatapi::…`.
macro_rules! suite {
    ($tests:tt: $($provider:ident = $promise:ident),+ $(,)?) => {
        const UNDER_CONTRACT: &[ProviderId] = &[$($promise.provider),+];
        $(suite!(@one $provider $promise $tests);)+
    };
    (@one $provider:ident $promise:ident [$($test:ident),+ $(,)?]) => {
        mod $provider {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::$test(super::$promise).await;
                }
            )+
        }
    };
}

suite! {
    [
        a_photo_becomes_a_video_of_the_asked_ratio_and_the_promised_length,
        credits_fall_by_what_a_video_cost_or_by_less_where_its_provider_is_silent,
        a_submitted_job_is_resumed_by_its_id_and_by_its_key,
        a_job_is_driven_by_advance_alone,
        a_refused_key_and_an_empty_account_say_so_and_cost_nothing,
        a_lost_answer_is_not_paid_for_again,
        a_refusal_for_now_is_asked_again_when_it_said,
        an_unknown_status_is_still_running,
        a_job_that_fails_says_so_and_what_it_cost,
        a_job_that_never_ends_ends_the_wait_and_can_be_resumed,
    ]: beatapi = BEATAPI, creatify = CREATIFY, jogg = JOGG
}

#[test]
fn every_provider_is_under_contract() {
    assert_eq!(UNDER_CONTRACT, ProviderId::ALL);
}

/// A client whose lost calls can all be proved: Creatify's by the address for its webhooks.
fn client(sandbox: &Sandbox, promise: Promise) -> Client {
    let keys = Keys::id_and_key("sk_sandbox", "sk_sandbox");
    let account = AccountConfig::new(keys).base_url(sandbox.url());
    let account = account.webhook_url("https://hooks.example.com/");
    let settle = Duration::from_millis(1_500).mul_f64(sandbox.speed());
    let account = account.submit_timeout(Duration::from_secs(1));
    let builder =
        testing::client_builder(sandbox).settle(settle).account(promise.provider, account);
    builder.in_memory().build().unwrap()
}

async fn faulted(promise: Promise, kind: FaultKind) -> Sandbox {
    let fault = Fault::new(kind).provider(promise.provider);
    let builder = Sandbox::builder().seed(7).speed(40.0);
    let builder = builder.quality(adreel::testing::Quality::Thumbnail);
    let builder = match kind {
        FaultKind::UnknownStatus => builder.fault(fault.times(3)),
        _ => builder.fault(fault.operation(promise.paid[0])),
    };
    builder.start().await.unwrap()
}

/// The paid calls that were accepted, in order.
fn paid(sandbox: &Sandbox) -> Vec<&'static str> {
    sandbox.ledger().iter().map(|entry| entry.operation).collect()
}

#[cfg_attr(not(feature = "render"), expect(unused, reason = "a clip has the length it has"))]
async fn a_photo_becomes_a_video_of_the_asked_ratio_and_the_promised_length(promise: Promise) {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for ratio in AspectRatio::ALL {
        let video = client.generate(&request(ratio)).on(promise.provider).await.unwrap();
        let path = folder.path().join(format!("{}.mp4", ratio.word()));
        let saved = video.download(&path).await.unwrap();
        assert_eq!(saved.size_bytes, std::fs::metadata(&path).unwrap().len());
        #[cfg(feature = "render")]
        {
            let facts = crate::read(&path);
            assert!((facts.secs - f64::from(promise.secs)).abs() < 0.01);
            assert_eq!(facts.samples, 24 * promise.secs);
            let is_of_ratio = match ratio {
                AspectRatio::Portrait => facts.width * 16 == facts.height * 9,
                AspectRatio::Landscape => facts.width * 9 == facts.height * 16,
                _ => facts.width == facts.height,
            };
            assert!(is_of_ratio, "{ratio}: {} x {}", facts.width, facts.height);
            // What the library itself reads from the file is what the other reader finds.
            assert!((saved.duration.unwrap().as_secs_f64() - facts.secs).abs() < 0.01);
        }
    }
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, AspectRatio::ALL.len(), "no unfinished file is left");
}

async fn credits_fall_by_what_a_video_cost_or_by_less_where_its_provider_is_silent(
    promise: Promise,
) {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let before = client.balance(promise.provider).await.unwrap();
    let request = request(AspectRatio::Square);
    let plan = client.plan(&request).on(promise.provider).await.unwrap();
    let video = client.generate(&request).on(promise.provider).await.unwrap();
    let cost = video.cost().unwrap();
    let fell = before - client.balance(promise.provider).await.unwrap();
    assert_eq!(cost.source == CostSource::Reported, promise.reports_cost);
    assert_eq!(fell, if promise.reports_cost { cost.credits } else { plan.cost.low });
    assert_eq!(cost.credits, plan.cost.high);
    assert_eq!(paid(&sandbox), promise.paid);
    sandbox.assert_balanced();
}

async fn a_submitted_job_is_resumed_by_its_id_and_by_its_key(promise: Promise) {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let request = request(AspectRatio::Portrait);
    let job = client.submit(&request).key("order-1042").on(promise.provider).await.unwrap();
    assert_eq!(job.stage(), Stage::Running);
    assert!(job.provider_ref().is_some());
    assert_eq!(paid(&sandbox), promise.paid[..1]);
    let video = client.resume(job.id()).await.unwrap();
    let again = client.generate(&request).key("order-1042").on(promise.provider).await.unwrap();
    assert_eq!((video.job_id(), again.job_id()), (job.id(), job.id()));
    assert_eq!(video.url(), again.url());
    assert_eq!(paid(&sandbox), promise.paid);
}

async fn a_job_is_driven_by_advance_alone(promise: Promise) {
    let sandbox = sandbox().await;
    let client = testing::client(&sandbox).unwrap();
    let request = request(AspectRatio::Landscape);
    let id = client.submit(&request).on(promise.provider).record().await.unwrap().id();
    let clock = sandbox.clock();
    for _ in 0..2_000 {
        let advance = client.advance(id).await.unwrap();
        match advance.next {
            Action::Download => return,
            Action::Hold | Action::End => panic!("{:?}", advance.job),
            Action::Rest(until) => clock.sleep(until.since(clock.now())).await,
            _ => {}
        }
    }
    panic!("it does not end");
}

async fn a_refused_key_and_an_empty_account_say_so_and_cost_nothing(promise: Promise) {
    let sandbox = sandbox().await;
    let provider = promise.provider;
    for (key, kind) in [
        ("sk_sandbox_revoked", ErrorKind::Unauthorized),
        ("sk_sandbox_nocredits", ErrorKind::OutOfCredits),
    ] {
        let config = AccountConfig::new(Keys::id_and_key("id", key)).base_url(sandbox.url());
        let builder = testing::client_builder(&sandbox).account(provider, config);
        let client = builder.in_memory().build().unwrap();
        let request = request(AspectRatio::Portrait);
        let error = client.generate(&request).on(provider).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let line = error.to_string();
        assert!(line.starts_with(provider.as_str()) && !line.contains('\n'), "{line}");
        assert!(!line.contains(key), "{line}");
    }
    sandbox.assert_submits(0);
}

async fn a_lost_answer_is_not_paid_for_again(promise: Promise) {
    let sandbox = faulted(promise, FaultKind::ResetAfter).await;
    let client = client(&sandbox, promise);
    client.generate(&request(AspectRatio::Square)).on(promise.provider).await.unwrap();
    assert_eq!((paid(&sandbox), sandbox.faults()[0].happened), (promise.paid.to_vec(), 1));
    sandbox.assert_no_double_submits();
}

async fn a_refusal_for_now_is_asked_again_when_it_said(promise: Promise) {
    let sandbox = faulted(promise, FaultKind::TooManyRequests).await;
    let client = client(&sandbox, promise);
    client.generate(&request(AspectRatio::Square)).on(promise.provider).await.unwrap();
    assert_eq!((paid(&sandbox), sandbox.faults()[0].happened), (promise.paid.to_vec(), 1));
    sandbox.assert_no_early_retries();
}

async fn an_unknown_status_is_still_running(promise: Promise) {
    let sandbox = faulted(promise, FaultKind::UnknownStatus).await;
    let client = client(&sandbox, promise);
    client.generate(&request(AspectRatio::Square)).on(promise.provider).await.unwrap();
    assert_eq!(sandbox.faults()[0].happened, 3);
}

async fn a_job_that_fails_says_so_and_what_it_cost(promise: Promise) {
    let sandbox = faulted(promise, FaultKind::JobFails).await;
    let client = client(&sandbox, promise);
    let made = client.generate(&request(AspectRatio::Square)).on(promise.provider).await;
    let error = made.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed, "{error}");
    let entry = &sandbox.ledger()[0];
    assert_eq!(entry.refunded == entry.reserved, promise.refunds);
    let job = client.job(error.job_id().unwrap()).await.unwrap();
    assert_eq!(job.stage(), Stage::Failed);
    sandbox.assert_balanced();
}

async fn a_job_that_never_ends_ends_the_wait_and_can_be_resumed(promise: Promise) {
    let sandbox = faulted(promise, FaultKind::JobStuck).await;
    let client = client(&sandbox, promise);
    let policy = WaitPolicy::new().time_limit(Duration::from_secs(600));
    let request = request(AspectRatio::Square);
    let made = client.generate(&request).on(promise.provider).policy(policy).await;
    let error = made.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let job = client.job(error.job_id().unwrap()).await.unwrap();
    assert_eq!(job.stage(), Stage::Running);
    assert_eq!(client.resume(job.id()).policy(policy).await.unwrap_err().job_id(), Some(job.id()));
    sandbox.assert_submits(1);
}
