//! The log of deliveries: what was sent to which endpoint, and what was answered.

use std::time::SystemTime;

use serde::Serialize;

use crate::clock::as_unix_millis;
use crate::recent::Recent;

/// One event for one receiver, with each attempt to deliver it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// Whose event it is, by name.
    pub provider: &'static str,
    /// The account, as a fingerprint of its key.
    pub account: String,
    /// The provider's id of the job.
    pub job: String,
    /// The event's name; of Creatify, which has none, the status in the body.
    pub event: String,
    /// The event's id, the same in each of its deliveries. Creatify's have none.
    pub event_id: Option<String>,
    /// Where it is sent, without the values in the query.
    pub url: String,
    /// Whether it is not the provider's, but a planted fault.
    pub is_forged: bool,
    /// How far it is.
    pub state: DeliveryState,
    /// The oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// Its next attempt is still to come.
    Pending,
    /// It was answered with 2xx.
    Delivered,
    /// No attempt was answered with 2xx, and there will be no other.
    Failed,
    /// It was not sent, because nothing is sent to such an address: its one attempt says why.
    Suppressed,
    /// It was not sent, because a planted fault says so.
    Withheld,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeliveryAttempt {
    /// In sandbox time.
    #[serde(serialize_with = "as_unix_millis")]
    pub at: SystemTime,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none; empty where there was one.
    pub reason: String,
}

/// The newest deliveries.
#[derive(Default)]
pub(crate) struct Log(Recent<WebhookDelivery>);

impl Log {
    /// Keeps a delivery under a number of its own.
    pub(super) fn add(&mut self, delivery: WebhookDelivery) -> u64 {
        let number = self.0.next_number();
        self.0.push(delivery);
        number
    }

    /// Changes a delivery that was not dropped since.
    pub(super) fn change(&mut self, number: u64, change: impl FnOnce(&mut WebhookDelivery)) {
        if let Some(delivery) = self.0.get_mut(number) {
            change(delivery);
        }
    }

    /// Whether an event of another job of the account was sent that came up after this one.
    pub(super) fn was_overtaken(&self, number: u64) -> bool {
        let mut later = self.0.since(number);
        let Some(own) = later.next() else { return true };
        later.any(|other| {
            (other.provider, &other.account) == (own.provider, &own.account)
                && other.job != own.job
                && !other.attempts.is_empty()
        })
    }

    /// With their numbers, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = (u64, WebhookDelivery)> {
        self.0.numbered().rev().map(|(number, delivery)| (number, delivery.clone()))
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &WebhookDelivery> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::MOST;

    fn delivery(job: &str) -> WebhookDelivery {
        WebhookDelivery {
            provider: "beatapi",
            account: "a".to_owned(),
            job: job.to_owned(),
            event: "task.succeeded".to_owned(),
            event_id: None,
            url: String::new(),
            is_forged: false,
            state: DeliveryState::Pending,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn the_newest_are_kept_and_keep_their_numbers() {
        let mut log = Log::default();
        for number in 0..MOST as u64 + 5 {
            assert_eq!(log.add(delivery(&number.to_string())), number);
        }
        let oldest = |log: &Log| log.iter().next().unwrap().clone();
        assert_eq!((log.iter().count(), &*oldest(&log).job), (MOST, "5"));
        for number in [4, 5, u64::MAX] {
            log.change(number, |delivery| delivery.state = DeliveryState::Failed);
        }
        let failed = log.iter().filter(|known| known.state == DeliveryState::Failed).count();
        assert_eq!((failed, oldest(&log).state), (1, DeliveryState::Failed));
    }
}
