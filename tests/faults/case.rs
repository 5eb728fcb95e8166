//! One fault at BeatAPI, asked for in one of the four ways.

use std::time::Duration;

use adreel::testing::{Fault, Quality, Sandbox};
use serde_json::{Value, json};

use crate::plain::{self, Answer, Sent};

/// How a fault is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Rule,
    Scenario,
    Header,
    Product,
}

pub(crate) const WAYS: [Way; 4] = [Way::Rule, Way::Scenario, Way::Header, Way::Product];

pub(crate) const KEY: &str = "Authorization: Bearer k\r\n";

/// One fault in one way, at BeatAPI, in a sandbox whose time stands still.
pub(crate) struct Case {
    pub(crate) sandbox: Sandbox,
    pub(crate) text: &'static str,
    pub(crate) way: Way,
}

impl Case {
    pub(crate) async fn new(text: &'static str, way: Way) -> Self {
        let builder = Sandbox::builder().virtual_clock().seed(7).quality(Quality::Thumbnail);
        let fault: Fault = text.parse().unwrap();
        let builder = match way {
            Way::Scenario => {
                let line = toml::to_string(&fault).unwrap();
                let scenario: toml::Table = format!("[[fault]]\n{line}").parse().unwrap();
                builder.fault(scenario["fault"][0].clone().try_into().unwrap())
            }
            _ => builder,
        };
        let sandbox = builder.start().await.unwrap();
        if way == Way::Rule {
            let rule = serde_json::to_value(&fault).unwrap();
            let armed = plain::send(&sandbox, "POST /_sandbox/faults", "", &rule).await;
            assert_eq!(armed.answer().await.status(), 201, "{text}");
        }
        Self { sandbox, text, way }
    }

    pub(crate) fn fault(&self) -> Fault {
        self.text.parse().unwrap()
    }

    /// Sends the create that the fault is meant for.
    pub(crate) async fn send(&self) -> Sent {
        let image = match self.way {
            Way::Product => format!("https://fault.sandbox.test/{}", self.text),
            _ => "https://cdn.example.com/roast.png".to_owned(),
        };
        let header = match self.way {
            Way::Header => format!("{KEY}x-sandbox-fault: {}\r\n", self.text),
            _ => KEY.to_owned(),
        };
        let body = json!({"images": [image], "duration": 10});
        plain::send(&self.sandbox, "POST /v1/ecommerce-video/tasks", &header, &body).await
    }

    pub(crate) async fn create(&self) -> Answer {
        self.send().await.answer().await
    }

    /// A create that nothing happens to, and its task.
    pub(crate) async fn task(&self) -> String {
        let made = self.create().await;
        assert_eq!(made.status(), 201, "{:?}: {made:?}", self.way);
        made.json()["data"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn read(&self, task: &str) -> Value {
        let line = format!("GET /v1/tasks/{task}");
        let read = plain::send(&self.sandbox, &line, KEY, &Value::Null).await.answer().await;
        read.json()["data"].clone()
    }

    pub(crate) fn pass(&self, secs: u64) {
        self.sandbox.advance(Duration::from_secs(secs));
    }

    pub(crate) fn jobs(&self) -> usize {
        self.sandbox.ledger().len()
    }

    /// Waits for something of the sandbox's.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        for _ in 0..100_000 {
            if is_so() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} {:?}: it does not come to that", self.text, self.way);
    }

    /// The task's video, and its link as it is now.
    pub(crate) async fn video(&self, task: &str) -> (String, Answer) {
        let link = self.read(task).await["output"]["media"][0]["url"].as_str().unwrap().to_owned();
        (link.clone(), self.get(&link, "").await)
    }

    pub(crate) async fn get(&self, link: &str, headers: &str) -> Answer {
        plain::send(&self.sandbox, &format!("GET {link}"), headers, &Value::Null)
            .await
            .answer()
            .await
    }

    /// The faults in the journal.
    pub(crate) fn noted(&self) -> Vec<&'static str> {
        self.sandbox.requests().into_iter().flat_map(|request| request.faults).collect()
    }
}
