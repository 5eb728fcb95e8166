//! Deliveries that go wrong as planted, and those that must not reach a sandbox.

use serde_json::json;

use super::*;
use crate::ledger::Account;
use crate::webhooks::{
    Delivery, DeliveryFault, DeliveryPolicy, FirstDelivery, JobEvents, Signing, event_id,
};
use crate::work::Work;
use crate::{Fault, FaultKind};

static POLICY: DeliveryPolicy =
    DeliveryPolicy { retries: &[Duration::from_secs(60)], timeout: Duration::from_secs(5) };

/// A job that takes ten seconds and is made already, with its faults.
fn plant(
    sandbox: &Sandbox,
    job: &str,
    at_start: Vec<Delivery>,
    delivery: Delivery,
    faults: &[DeliveryFault],
) -> FirstDelivery {
    let work = Work::accepted(sandbox.instance.world().now(), Duration::from_secs(10));
    work.made(sandbox.instance.world().now(), Ok(()));
    let subject = JobEvents {
        account: Account::of_key(Provider::BeatApi, "sk_test").unwrap(),
        job: job.to_owned(),
        work,
        policy: &POLICY,
        at_start,
        at_end: Box::new(move || vec![delivery.clone()]),
        faults: faults.to_vec(),
    };
    sandbox.instance.world().webhooks.follow(&sandbox.instance.world(), subject)
}

fn delivery(receiver: &Receiver, event: &str) -> Delivery {
    Delivery {
        url: receiver.at("hook?token=A1"),
        event: event.to_owned(),
        event_id: None,
        body: json!({"id": "a", "status": event}),
        signing: Signing::Nothing,
    }
}

fn signed(receiver: &Receiver, job: &str) -> Delivery {
    let id = event_id(job, "task.succeeded");
    let data = json!({"id": job, "status": "succeeded"});
    let body = json!({"id": id, "event": "task.succeeded", "created_at": 1, "data": data});
    Delivery {
        url: receiver.at(job),
        event: "task.succeeded".to_owned(),
        event_id: Some(id),
        body,
        signing: Signing::BeatApi("whsec_1".into()),
    }
}

#[tokio::test]
async fn twice_is_the_same_event_two_times() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    plant(&sandbox, "a", vec![], signed(&receiver, "a"), &[DeliveryFault::Twice])
        .before_answer()
        .await;
    skip(&sandbox, 10);
    settled(&sandbox, 2).await;
    let taken = receiver.takes(&sandbox, 2).await;
    assert_eq!(taken[0].body, taken[1].body);
}

#[tokio::test]
async fn late_is_after_its_delay_and_never_is_not_at_all() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let late = DeliveryFault::Late(Duration::from_secs(90));
    plant(&sandbox, "a", vec![], signed(&receiver, "a"), &[late]).before_answer().await;
    plant(&sandbox, "b", vec![], signed(&receiver, "b"), &[DeliveryFault::Never])
        .before_answer()
        .await;
    skip(&sandbox, 10);
    soon(&sandbox, || sandbox.webhooks().len() == 2).await;
    skip(&sandbox, 89);
    settle(&sandbox).await;
    assert_eq!(states(&sandbox), [DeliveryState::Pending, DeliveryState::Withheld]);
    skip(&sandbox, 1);
    settled(&sandbox, 2).await;
    let taken = receiver.takes(&sandbox, 1).await;
    assert_eq!(taken[0].path, "/a");
}

#[tokio::test]
async fn out_of_order_is_the_later_event_first() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let at_start = vec![delivery(&receiver, "video_generating")];
    let last = delivery(&receiver, "video_generated");
    plant(&sandbox, "a", at_start, last, &[DeliveryFault::OutOfOrder]).before_answer().await;
    settle(&sandbox).await;
    assert_eq!(receiver.taken().len(), 0);
    skip(&sandbox, 10);
    settled(&sandbox, 2).await;
    let taken = receiver.takes(&sandbox, 2).await;
    let statuses: Vec<_> = taken.iter().map(|taken| taken.json()["status"].take()).collect();
    assert_eq!(statuses, ["video_generated", "video_generating"]);
}

#[tokio::test]
async fn an_only_event_out_of_order_comes_after_one_of_another_job() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let first = signed(&receiver, "first");
    plant(&sandbox, "first", vec![], first, &[DeliveryFault::OutOfOrder]).before_answer().await;
    skip(&sandbox, 10);
    soon(&sandbox, || sandbox.webhooks().len() == 1).await;
    skip(&sandbox, 300);
    settle(&sandbox).await;
    assert_eq!(states(&sandbox), [DeliveryState::Pending]);
    plant(&sandbox, "second", vec![], signed(&receiver, "second"), &[]).before_answer().await;
    skip(&sandbox, 10);
    settled(&sandbox, 2).await;
    let paths = receiver.takes(&sandbox, 2).await.into_iter().map(|taken| taken.path);
    assert_eq!(paths.collect::<Vec<_>>(), ["/second", "/first"]);

    // Where there is no other, not for ever.
    let alone = signed(&receiver, "alone");
    plant(&sandbox, "alone", vec![], alone, &[DeliveryFault::OutOfOrder]).before_answer().await;
    skip(&sandbox, 10);
    soon(&sandbox, || sandbox.webhooks().len() == 3).await;
    settle(&sandbox).await;
    skip(&sandbox, 600);
    settled(&sandbox, 3).await;
}

#[tokio::test]
async fn a_forged_delivery_comes_first_and_proves_nothing() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    plant(&sandbox, "a", vec![], signed(&receiver, "a"), &[DeliveryFault::Forged])
        .before_answer()
        .await;
    skip(&sandbox, 10);
    settled(&sandbox, 2).await;
    let taken = receiver.takes(&sandbox, 2).await;
    assert!(!taken[0].is_signed_by_beatapi("whsec_1"));
    assert_eq!(
        taken[0].json()["data"],
        json!({
            "id": "a", "status": "failed", "stage": "failed", "output": null,
        })
    );
    assert!(taken[1].is_signed_by_beatapi("whsec_1"));
    assert_eq!(taken[1].json()["event"], "task.succeeded");
    let forged: Vec<_> = sandbox.webhooks().iter().map(|known| known.is_forged).collect();
    assert_eq!(forged.iter().filter(|forged| **forged).count(), 1);

    let unsigned = delivery(&receiver, "video_generated");
    plant(&sandbox, "b", vec![], unsigned, &[DeliveryFault::Forged]).before_answer().await;
    skip(&sandbox, 10);
    let taken = receiver.takes(&sandbox, 4).await;
    assert_eq!((&*taken[2].path, &taken[2].json()["status"]), ("/hook?token=ba", &"failed".into()));
    assert_eq!(taken[3].path, "/hook?token=A1");
}

#[tokio::test]
async fn before_the_answer_the_first_delivery_is_made() {
    let (sandbox, receiver) = (still().await, Receiver::start(500).await);
    let first_delivery =
        plant(&sandbox, "a", vec![], signed(&receiver, "a"), &[DeliveryFault::BeforeAnswer]);
    // Refused, so that a retry is still to come.
    tokio::time::timeout(Duration::from_secs(60), first_delivery.before_answer()).await.unwrap();
    assert_eq!(receiver.taken().len(), 1);
    let at_start = vec![delivery(&receiver, "video_generating")];
    let last = delivery(&receiver, "video_generated");
    let first_delivery = plant(&sandbox, "b", at_start, last, &[DeliveryFault::BeforeAnswer]);
    first_delivery.before_answer().await;
    assert_eq!(receiver.taken()[1].json()["status"], "video_generating");
    settle(&sandbox).await;
    assert_eq!(receiver.taken().len(), 2);
    // Of a job that never ends nothing is waited for.
    let stuck = [Fault::new(FaultKind::JobStuck), Fault::new(FaultKind::WebhookBeforeAnswer)];
    stuck.into_iter().for_each(|fault| drop(sandbox.arm(fault).unwrap()));
    beatapi::endpoint_of(&sandbox, "Bearer sk_test", &json!({"url": receiver.at("stuck")})).await;
    beatapi::create(&sandbox, &beatapi::images()).await;
    // Without the fault nothing is waited for.
    plant(&sandbox, "c", vec![], signed(&receiver, "c"), &[]).before_answer().await;
    assert_eq!(receiver.taken().len(), 2);
}

#[tokio::test]
async fn deliveries_end_with_their_sandbox_and_with_a_reset() {
    let (sandbox, receiver) = (still().await, Receiver::start(500).await);
    for job in ["a", "b"] {
        plant(&sandbox, job, vec![], signed(&receiver, job), &[]).before_answer().await;
    }
    skip(&sandbox, 10);
    receiver.takes(&sandbox, 2).await;
    soon(&sandbox, || sandbox.webhooks().iter().all(|known| known.attempts.len() == 1)).await;
    sandbox.reset();
    skip(&sandbox, 3_600);
    settle(&sandbox).await;
    assert_eq!((sandbox.webhooks(), receiver.taken().len()), (vec![], 2));

    plant(&sandbox, "c", vec![], signed(&receiver, "c"), &[]).before_answer().await;
    let (clock, world) = (sandbox.clock(), Arc::downgrade(&sandbox.instance.world()));
    drop(sandbox);
    let ended = async {
        while world.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the world is gone");
    clock.advance(Duration::from_secs(3_600));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(receiver.taken().len(), 2);
}

/// Whatever a webhook's address says, the sandbox gives itself no orders, and no other one.
#[tokio::test]
async fn nothing_is_delivered_to_a_sandbox() {
    let (sandbox, other, receiver) = (still().await, still().await, Receiver::start(200).await);
    let port = sandbox.port();
    let addresses = [
        format!("http://127.0.0.1:{port}/_sandbox/reset"),
        format!("http://localhost:{port}/_sandbox/reset"),
        format!("http://LOCALHOST:{port}/_sandbox/clock/advance"),
        format!("http://[::1]:{port}/_sandbox/reset"),
        format!("http://[::ffff:127.0.0.1]:{port}/_sandbox/reset"),
        format!("http://2130706433:{port}/_sandbox/reset"),
        format!("http://0x7f.1:{port}/_sandbox/reset"),
        format!("http://0.0.0.0:{port}/_sandbox/reset"),
        format!("http://localhost.:{port}/_sandbox/reset"),
        format!("http://u:p@127.0.0.1:{port}/x/../_sandbox/reset"),
        format!("http://127.0.0.1:{port}/v1/files"),
        format!("{}/_sandbox/reset", other.url()),
        format!("{}/./_sandbox/page/advance", other.url()),
    ];
    let (world, worlds) = (sandbox.instance.world(), other.instance.world());
    for (number, url) in addresses.iter().enumerate() {
        let delivery = Delivery { url: url.clone(), ..delivery(&receiver, "done") };
        let _ = plant(&sandbox, &format!("job-{number}"), Vec::new(), delivery, &[]);
    }
    skip(&sandbox, 10);
    settled(&sandbox, addresses.len()).await;
    assert_eq!(states(&sandbox), vec![DeliveryState::Suppressed; addresses.len()]);
    assert!(
        Arc::ptr_eq(&world, &sandbox.instance.world())
            && Arc::ptr_eq(&worlds, &other.instance.world())
    );
    assert!(receiver.taken().is_empty());
}

/// A receiver may lead elsewhere, and nobody follows.
#[tokio::test]
async fn a_redirect_leads_no_delivery_to_a_sandbox() {
    let sandbox = still().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let to = format!("{}/_sandbox/reset", sandbox.url());
    let app =
        Router::new().fallback(move || async move { axum::response::Redirect::temporary(&to) });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let world = sandbox.instance.world();
    let receiver = Receiver::start(200).await;
    let delivery = Delivery { url, ..delivery(&receiver, "done") };
    let _ = plant(&sandbox, "job", Vec::new(), delivery, &[]);
    skip(&sandbox, 10);
    let attempted = |known: &WebhookDelivery| !known.attempts.is_empty();
    soon(&sandbox, || sandbox.webhooks().iter().any(attempted)).await;
    assert_eq!(only(&sandbox).attempts[0].status, Some(307));
    assert!(Arc::ptr_eq(&world, &sandbox.instance.world()));
}

/// A thousand deliveries to somebody who never answers, and one to somebody who does.
#[tokio::test]
async fn receivers_that_hang_leave_room_for_others() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", hanging.local_addr().unwrap());
    let held = Arc::new(Mutex::new(Vec::new()));
    let open = Arc::clone(&held);
    tokio::spawn(async move {
        while let Ok((stream, _)) = hanging.accept().await {
            locked(&open).push(stream);
        }
    });
    for number in 0..1_000 {
        let delivery = Delivery { url: format!("{url}/{number}"), ..delivery(&receiver, "done") };
        let _ = plant(&sandbox, &format!("hanging-{number}"), Vec::new(), delivery, &[]);
    }
    let _ = plant(&sandbox, "other", Vec::new(), delivery(&receiver, "done"), &[]);
    skip(&sandbox, 10);
    receiver.takes(&sandbox, 1).await;
    let delivered = |known: &WebhookDelivery| known.state == DeliveryState::Delivered;
    soon(&sandbox, || sandbox.webhooks().iter().any(delivered)).await;
    settle(&sandbox).await;
    let open = locked(&held).len();
    assert!((1..=16).contains(&open), "{open} connections to one receiver");
}
