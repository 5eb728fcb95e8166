//! What each fault of a webhook looks like to whoever receives it, in each way to ask for it.

use std::sync::{Arc, Mutex};

use adreel::testing::{DeliveryState, FaultKind};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::case::{Case, KEY, WAYS};
use crate::plain;

pub(crate) const TEXTS: [&str; 6] = [
    "webhook-twice",
    "webhook-late?seconds=300",
    "webhook-never",
    "webhook-out-of-order",
    "webhook-forged",
    "webhook-before-answer",
];

/// Bodies that were posted to a server of the test.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<Value>>>);

impl Received {
    /// Starts the server, and gives its address.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let body = loop {
                    assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                    let text = String::from_utf8_lossy(&request);
                    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                    if let Some(body) = body.and_then(|body| serde_json::from_str(&body).ok()) {
                        break body;
                    }
                };
                received.0.lock().unwrap().push(body);
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        url
    }

    fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn every_fault_of_a_webhook_arrives_however_it_is_asked_for() {
    for way in WAYS {
        for text in TEXTS {
            let case = Case::new(text, way).await;
            let received = Received::default();
            let endpoint = json!({"url": received.start().await});
            let made = plain::send(&case.sandbox, "POST /v1/webhooks", KEY, &endpoint).await;
            assert_eq!(made.answer().await.status(), 201);
            check(&case, &received).await;
            let noted = case.noted();
            assert_eq!(noted.len(), 1, "{text} {way:?}: {noted:?}");
        }
    }
}

async fn check(case: &Case, received: &Received) {
    let kind = case.fault().kind();
    let task = case.task().await;
    let count = || received.all().len();
    if kind == FaultKind::WebhookBeforeAnswer {
        assert_eq!(count(), 1, "{:?}: it is there when the answer comes", case.way);
        assert_eq!(received.all()[0]["data"]["id"], task.as_str());
        return;
    }
    assert_eq!(count(), 0);
    case.pass(140);
    let of_state = |state| move || case.sandbox.webhooks().iter().any(|known| known.state == state);
    match kind {
        FaultKind::WebhookNever => {
            case.until(of_state(DeliveryState::Withheld)).await;
            assert_eq!(count(), 0, "{:?}", case.way);
        }
        FaultKind::WebhookTwice => {
            case.until(|| count() == 2).await;
            assert_eq!(received.all()[0], received.all()[1]);
        }
        FaultKind::WebhookForged => {
            case.until(|| count() == 2).await;
            let statuses: Vec<_> =
                received.all().iter().map(|event| event["data"]["status"].clone()).collect();
            assert_eq!(statuses, ["failed", "succeeded"], "{:?}", case.way);
        }
        // It waits for its time, or for another job's.
        _ => {
            case.until(of_state(DeliveryState::Pending)).await;
            assert_eq!(count(), 0, "{:?}", case.way);
            case.pass(700);
            case.until(|| count() == 1).await;
        }
    }
}
