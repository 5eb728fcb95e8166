//! Only the keys that sent a step can say anything about its absence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adreel::{Account, BoxFuture, Result};

use super::*;

/// Keys that are exchanged for another account's, and back.
#[derive(Clone, Default)]
struct Exchanged(Arc<AtomicBool>);

impl Credentials for Exchanged {
    fn keys<'a>(&'a self, _: &'a Account) -> BoxFuture<'a, Result<Keys>> {
        let others = Keys::id_and_key("another", "another's");
        let keys = if self.0.load(Ordering::SeqCst) { others } else { keys() };
        Box::pin(std::future::ready(Ok(keys)))
    }
}

async fn with_others_keys(provider: ProviderId, case: Case) -> (Exchanged, End, Lost) {
    let exchanged = Exchanged::default();
    let mut lost = Lost::new(provider, case, Recovery::Adopt, exchanged.clone()).await;
    exchanged.0.store(true, Ordering::SeqCst);
    let end = lost.look().await;
    (exchanged, end, lost)
}

#[tokio::test]
async fn what_another_accounts_lists_lack_proves_nothing() {
    for provider in [ProviderId::Creatify, ProviderId::Jogg] {
        let is_listed = |case: &Case| {
            // What is made anew is looked for by its submit already, until it is held.
            case.end == End::Held
                && case.part.is_none()
                && matches!(Shown::of(case.cell), Shown::Whole | Shown::PresenceOnly)
        };
        for case in cases(provider).into_iter().filter(is_listed) {
            let operation = case.operation;
            let (exchanged, end, lost) = with_others_keys(provider, case).await;
            assert_eq!(end, End::Held, "{operation}");
            assert!(!lost.evidence().by_same_keys, "{operation}");
            let told = lost.evidence().to_string();
            assert!(told.ends_with("another account's"), "{operation}: {told}");
            lost.clock.pass(LONGEST);
            let jobs = lost.client.jobs();
            let resubmit = || jobs.resolve(&lost.job, Resolution::Resubmit);
            let error = resubmit().await.unwrap_err();
            assert!(error.to_string().contains("other keys"), "{operation}: {error}");
            assert_eq!(lost.posts().len(), 1, "{operation}");
            // By its own keys two looks are enough.
            exchanged.0.store(false, Ordering::SeqCst);
            assert!(resubmit().await.unwrap().may_be_double(), "{operation}");
        }
    }
}

#[tokio::test]
async fn beatapis_call_is_not_repeated_by_other_keys() {
    for operation in ["create_ecommerce_video", "create_music_video"] {
        let case = case(operation, "", End::Held, vec![]);
        let case = case.look(|| workflows("video-analysis"));
        let (exchanged, end, mut lost) = with_others_keys(ProviderId::BeatApi, case).await;
        assert_eq!((end, lost.posts().len()), (End::Held, 1), "{operation}");
        assert!(lost.evidence().to_string().contains("keys"), "{}", lost.evidence());
        // With its own it is, while the ten minutes last.
        exchanged.0.store(false, Ordering::SeqCst);
        let mut events = lost.client.resume(lost.job.id()).events();
        events.next().await.unwrap().unwrap();
        lost.job = lost.client.job(lost.job.id()).await.unwrap();
        assert_eq!(lost.step().resource(), Some("task_1"), "{operation}");
        assert_eq!(lost.posts().len(), 2, "{operation}");
        assert!(!lost.job.may_be_double(), "{operation}");
    }
}
