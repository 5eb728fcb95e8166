//! What is taken, and how it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adreel::Delivery;
use adreel::client::Received;
use adreel::clock::Clock as _;
use adreel::ledger::{EventLog, LoggedEvent, NewEvent};
use adreel::{
    Account, AccountConfig, BoxFuture, Client, Error, ErrorKind, Keys, Ledger, MemoryLedger,
    ProviderId, Result, Timestamp, beatapi, jogg,
};

use crate::with_log::WithLog;
use crate::{SECRET, World, body, deliver, hands_nothing_on, inbox, next, replica};

#[tokio::test]
async fn an_event_is_new_once_whatever_its_delivery_is_called() {
    let world = World::new().await;
    let inbox = world.inbox();
    world.submit().await;
    let first = world.deliver(&inbox, "task.succeeded", "task_1").await;
    assert_eq!((first.received(), first.status()), (Received::New, 200));
    for _ in 0..3 {
        let again = world.deliver(&inbox, "task.succeeded", "task_1").await;
        assert_eq!((again.received(), again.status()), (Received::Known, 200));
    }
    // Another replica knows it too.
    let elsewhere = world.deliver(&inbox_of(&world), "task.succeeded", "task_1").await;
    assert_eq!(elsewhere.received(), Received::Known);
    let other = world.deliver(&inbox, "task.failed", "task_1").await;
    assert_eq!(other.received(), Received::New, "another outcome is another event");
}

fn inbox_of(world: &World) -> adreel::client::WebhookInbox {
    inbox(&world.replica())
}

#[tokio::test]
async fn what_is_no_end_of_a_job_is_ignored() {
    let world = World::new().await;
    let inbox = world.inbox();
    let long = "t".repeat(300);
    for (event, task) in [("task.moved", "task_1"), ("task.succeeded", ""), ("task.failed", &long)]
    {
        let receipt = world.deliver(&inbox, event, task).await;
        assert_eq!((receipt.received(), receipt.status()), (Received::Ignored, 200), "{event}");
    }
    assert_eq!(world.ledger.events().unwrap().newest().await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_taken_without_the_proof_of_its_own_account() {
    let world = World::new().await;
    let inbox = world.client.webhooks().inbox();
    let inbox = inbox.secret(ProviderId::BeatApi, "whsec_new");
    let inbox = inbox.secret(ProviderId::BeatApi, "whsec_old");
    let inbox = inbox.secret_of(ProviderId::BeatApi, "eu", "whsec_eu").build().unwrap();
    let body = body("task.succeeded", "task_1");
    let receive = async |secret: &str, account: &str, age: u64| {
        let now = world.clock.now() - Duration::from_secs(age);
        let headers = beatapi::sign_webhook(&secret.into(), "e", now, body.as_bytes());
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v);
        let delivery = Delivery::new(ProviderId::BeatApi, header, body.as_bytes());
        let receipt = inbox.receive(delivery.account(account)).await;
        (receipt.received(), receipt.status())
    };
    for (secret, account, age) in [
        ("whsec_other", "default", 0),
        ("whsec_eu", "default", 0),
        ("whsec_new", "eu", 0),
        ("whsec_new", "nobody", 0),
        ("whsec_new", "default", 301),
    ] {
        let received = receive(secret, account, age).await;
        assert_eq!(received, (Received::Forged, 401), "{secret} {account} {age}");
    }
    assert_eq!(world.ledger.events().unwrap().newest().await.unwrap(), 0);
    // Both secrets of a change are taken, and each account has events of its own.
    assert_eq!(receive("whsec_old", "default", 300).await, (Received::New, 200));
    assert_eq!(receive("whsec_new", "default", 0).await, (Received::Known, 200));
    assert_eq!(receive("whsec_eu", "eu", 0).await, (Received::New, 200));
}

#[tokio::test]
async fn who_has_no_secret_takes_nothing() {
    let world = World::new().await;
    let inbox = world.client.webhooks().inbox().build().unwrap();
    let receipt = world.deliver(&inbox, "task.succeeded", "task_1").await;
    assert_eq!(receipt.received(), Received::Forged);
    let told = receipt.error().unwrap().to_string();
    assert!(told.contains("no secret is set for its account \"default\""), "{told}");
    let error = world.client.webhooks().inbox().secret(ProviderId::Jogg, "s").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsCredentials);
}

#[tokio::test]
async fn a_signed_body_that_cannot_be_read_is_refused_as_that() {
    let world = World::new().await;
    let inbox = world.inbox();
    let secret = SECRET.into();
    let headers = beatapi::sign_webhook(&secret, "e", world.clock.now(), b"<html>");
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    let receipt = inbox.receive(Delivery::new(ProviderId::BeatApi, header, b"<html>")).await;
    assert_eq!((receipt.received(), receipt.status()), (Received::Unreadable, 400));
}

#[tokio::test]
async fn joggs_old_name_for_an_event_and_an_old_delivery_of_it_are_the_same_event() {
    let world = World::new().await;
    let keys = || AccountConfig::new(Keys::key("k")).base_url(&world.double.url);
    let client = Client::builder()
        .account(ProviderId::Jogg, keys())
        .clock(world.clock.clone())
        .in_memory()
        .build()
        .unwrap();
    let inbox = client.webhooks().inbox().secret(ProviderId::Jogg, SECRET).build().unwrap();
    let receive = async |event: &str, id: &str, name: &str| {
        let body = format!(
            r#"{{"event_id":"{id}","event":"{event}","timestamp":1732806631,"data":{{"{name}":"v1","status":"x"}}}}"#
        );
        let headers = jogg::sign_webhook(&SECRET.into(), event, body.as_bytes());
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v);
        inbox.receive(Delivery::new(ProviderId::Jogg, header, body.as_bytes())).await.received()
    };
    assert_eq!(
        receive("generated_product_video_success", "evt_1", "video_id").await,
        Received::New
    );
    for (event, id, name) in [
        ("generated_product_video_success", "evt_1", "video_id"),
        ("generated_product_video_success", "evt_2", "project_id"),
        ("generated_video_success", "evt_3", "video_id"),
        ("generated_video_success", "", "product_video_id"),
    ] {
        assert_eq!(receive(event, id, name).await, Received::Known, "{event} {id}");
        // No time is signed, so it proves as much after a year.
        world.clock.advance(Duration::from_secs(365 * 24 * 60 * 60));
    }
    for event in ["generated_script_success", "generated_image_failed", "generated_opera_success"] {
        assert_eq!(receive(event, "evt_9", "video_id").await, Received::Ignored, "{event}");
    }
}

/// A log of events that cannot be written while it is told so.
struct Faulty(MemoryLedger, AtomicBool);

impl Faulty {
    fn check(&self) -> Result<()> {
        match self.1.load(Ordering::SeqCst) {
            true => Err(Error::new(ErrorKind::Unavailable, "the disk is full")),
            false => Ok(()),
        }
    }

    fn log(&self) -> &dyn EventLog {
        self.0.events().unwrap()
    }
}

impl EventLog for Faulty {
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            self.check()?;
            self.log().note(event).await
        })
    }

    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>> {
        Box::pin(async move {
            self.check()?;
            self.log().claim(holder, now, until).await
        })
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            self.check()?;
            self.log().acknowledge(number).await
        })
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        self.log().put_off(number, holder, until)
    }

    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>> {
        self.log().since(number, limit)
    }

    fn newest(&self) -> BoxFuture<'_, Result<u64>> {
        self.log().newest()
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>> {
        self.log().find(account, resource)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        self.log().lease(name, holder, now, until)
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        self.log().release(name, holder)
    }
}

#[tokio::test]
async fn a_ledger_in_trouble_has_the_delivery_come_again_and_loses_nothing() {
    let world = World::new().await;
    let log = Faulty(MemoryLedger::new(), AtomicBool::new(false));
    let ledger = Arc::new(WithLog(MemoryLedger::new(), log));
    let client = replica(&world.double, &world.clock, Arc::clone(&ledger));
    let world = World { client, ..world };
    let inbox = world.inbox();
    world.submit().await;
    world.double.set("task_1", "succeeded");

    ledger.1.1.store(true, Ordering::SeqCst);
    let receipt = world.deliver(&inbox, "task.succeeded", "task_1").await;
    assert_eq!((receipt.received(), receipt.status()), (Received::NotStored, 503));
    assert_eq!(inbox.next().await.unwrap_err().kind(), ErrorKind::Unavailable);
    ledger.1.1.store(false, Ordering::SeqCst);
    assert!(hands_nothing_on(&inbox).await);

    let now = world.clock.now();
    let again = deliver(&inbox, &SECRET.into(), now, "task.succeeded", "task_1").await;
    assert_eq!(again.received(), Received::New);
    let finished = next(&inbox).await;
    ledger.1.1.store(true, Ordering::SeqCst);
    assert!(finished.acknowledge().await.is_err());
    ledger.1.1.store(false, Ordering::SeqCst);
    world.clock.advance(Duration::from_secs(60));
    next(&inbox).await.acknowledge().await.unwrap();
    assert!(hands_nothing_on(&inbox).await);
}

#[tokio::test]
async fn no_delivery_or_receipt_shows_a_secret() {
    let world = World::new().await;
    let inbox = world.inbox();
    let receipt = deliver(&inbox, &"whsec_x".into(), world.clock.now(), "e", "task_1").await;
    let header = |_: &str| Some("deadbeef");
    let delivery = Delivery::new(ProviderId::BeatApi, header, b"{}").query("adreel=token");
    let shown = format!("{inbox:?} {receipt:?} {delivery:?}");
    for secret in [SECRET, "whsec_x", "deadbeef", "token"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
