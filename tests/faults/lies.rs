//! Lies that matter most, for as long as they are told: nothing is paid for again on their word, and
//! what was made is found once they end.

use std::time::Duration;

use adreel::WaitPolicy;
use adreel::testing::{Fault, FaultKind};
use adreel::{ErrorKind, ProviderId};

use crate::library::{builder, client, client_of, request};

/// Ten minutes are 15 s.
const SPEED: f64 = 40.0;

fn list_of(provider: ProviderId) -> (&'static str, &'static str) {
    match provider {
        ProviderId::Creatify => ("gen_image", "list_product_to_videos"),
        _ => ("create_video_from_product", "list_product_videos"),
    }
}

/// The answer to the paid call is lost, and from then on every list is of another account, which has
/// a job of its own of the same product.
#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_list_is_no_proof_that_nothing_was_made() {
    for provider in [ProviderId::Creatify, ProviderId::Jogg] {
        let (create, list) = list_of(provider);
        let sandbox = builder(SPEED).start().await.unwrap();
        let request = request("Morning Roast");
        let other = client_of(&sandbox, "sk_sandbox_other");
        other.generate(&request).key("order-1").on(provider).await.unwrap();
        let before = sandbox.ledger().len();

        let lost = Fault::new(FaultKind::LostAnswer).operation(create);
        sandbox.arm(lost).unwrap();
        let lie = sandbox.arm(Fault::new(FaultKind::OtherAccount).operation(list).always());
        let client = client(&sandbox);
        let policy = WaitPolicy::new().time_limit(Duration::from_secs(3_600));
        let generate = || client.generate(&request).key("order-1").on(provider).policy(policy);
        let error = generate().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{provider}: {error}");
        assert!(generate().await.is_err(), "{provider}");
        assert_eq!(sandbox.ledger().len(), before + 1, "{provider}");
        assert!(sandbox.faults().iter().all(|fault| fault.happened > 0), "{provider}");

        sandbox.disarm(&lie.unwrap());
        let video = generate().await.unwrap();
        assert!(sandbox.ledger()[before..].iter().any(|entry| video.url().contains(&entry.job)));
        assert_eq!(sandbox.ledger().len(), 2 * before, "{provider}");
        sandbox.assert_no_double_submits();
    }
}

/// A job that is not found under its own key, for some reads, is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_another_account_does_not_have_is_not_made_again() {
    for (provider, read) in [
        (ProviderId::BeatApi, "get_task"),
        (ProviderId::Creatify, "get_product_to_video"),
        (ProviderId::Jogg, "get_product_video"),
    ] {
        let fault = Fault::new(FaultKind::OtherAccount).operation(read).times(3);
        let sandbox = builder(SPEED).fault(fault).start().await.unwrap();
        let made = client(&sandbox).generate(&request("Roast")).key("order-1").on(provider).await;
        made.unwrap_or_else(|error| panic!("{provider}: {error}"));
        assert!(sandbox.faults()[0].happened > 0, "{provider}");
        sandbox.assert_no_double_submits();
    }
}

/// However the numbers, times and statuses of every answer are written, one job is paid for once.
#[tokio::test(flavor = "multi_thread")]
async fn odd_writing_costs_no_job() {
    let kinds = [
        FaultKind::NumbersAsText,
        FaultKind::TimesAsText,
        FaultKind::TimesWithFraction,
        FaultKind::UpperCaseStatus,
    ];
    for provider in ProviderId::ALL {
        for kind in kinds {
            // As often as a paid call is answered and looked for, and its job is first read.
            let sandbox = builder(SPEED).fault(Fault::new(kind).times(3)).start().await.unwrap();
            let request = request("Roast");
            let client = client(&sandbox);
            let generate = || client.generate(&request).key("order-1").on(provider);
            let mut made = generate().await;
            for _ in 0..3 {
                if made.is_err() {
                    made = generate().await;
                }
            }
            made.unwrap_or_else(|error| panic!("{provider} {kind:?}: {error}"));
            assert!(sandbox.faults()[0].happened > 0, "{provider} {kind:?}");
            sandbox.assert_no_double_submits();
            let calls = if provider == ProviderId::Creatify { 2 } else { 1 };
            sandbox.assert_submits(calls);
        }
    }
}

/// A film of which nothing proves that it is whole is not taken for one, however often it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_may_go_on_is_not_saved() {
    let fault = Fault::new(FaultKind::VideoEndless).always();
    let sandbox = builder(SPEED).fault(fault).start().await.unwrap();
    let client = client(&sandbox);
    let video = client.generate(&request("Roast")).on(ProviderId::BeatApi).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roast.mp4");
    let error = video.download(&path).await.unwrap_err();
    assert!(!path.exists(), "{error}");
    sandbox.disarm(&sandbox.faults()[0].id);
    video.download(&path).await.unwrap();
    assert!(path.exists());
}
