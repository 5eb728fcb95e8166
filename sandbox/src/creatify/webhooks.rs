//! Webhooks of Creatify: posted to the address that a call carries, with no signature and no name.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::link_record::LinkRecord;
use super::record::{Part, Record};
use super::records::Owned as _;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::ledger::Account;
use crate::webhooks::{Delivery, DeliveryPolicy, FirstDelivery, JobEvents, Signing};
use crate::work::Work;
use crate::world::{World, locked};

/// Neither retries nor how long an answer is waited for are documented.
const POLICY: DeliveryPolicy = DeliveryPolicy { retries: &[], timeout: Duration::from_secs(10) };

/// A job with an address to post to.
struct Addressed {
    account: Account,
    id: String,
    work: Arc<Work>,
    url: String,
    /// What is posted at once.
    at_start: Option<Value>,
}

/// Delivers the events of a record's image or video.
pub(super) fn follow(
    service: &Arc<Service>,
    submit: &Submit,
    record: &Record,
    part: Part,
) -> FirstDelivery {
    let Some((url, work)) = record.followed(part) else { return FirstDelivery::none() };
    let (account, id) = (record.account().clone(), record.id().to_owned());
    let at_start = record.event_of_acceptance(&service.world, part);
    let job = Addressed { account: account.clone(), id: id.clone(), work, url, at_start };
    deliver(service, submit, job, move |records, world| {
        Some(records.product_videos.find(&account, &id).ok()?.event(world, part))
    })
}

/// Delivers the events of what was asked for last: a rendering, or previews.
pub(super) fn follow_link_video(
    service: &Arc<Service>,
    submit: &Submit,
    record: &LinkRecord,
) -> FirstDelivery {
    let Some((url, work, film)) = record.followed() else { return FirstDelivery::none() };
    let (account, id) = (record.account().clone(), record.id().to_owned());
    let job = Addressed { account: account.clone(), id: id.clone(), work, url, at_start: None };
    deliver(service, submit, job, move |records, world| {
        records.link_videos.find(&account, &id).ok()?.event(world, film.as_deref())
    })
}

fn deliver(
    service: &Arc<Service>,
    submit: &Submit,
    job: Addressed,
    read: impl Fn(&mut Records, &World) -> Option<Value> + Send + Sync + 'static,
) -> FirstDelivery {
    let Addressed { account, id, work, url, at_start } = job;
    let at_start = at_start.map(|body| delivery(&url, body)).into_iter().collect();
    let weak = Arc::downgrade(service);
    let at_end = move || {
        let body =
            weak.upgrade().and_then(|service| read(&mut locked(&service.records), &service.world));
        body.map(|body| delivery(&url, body)).into_iter().collect()
    };
    let (at_end, faults) = (Box::new(at_end), submit.delivery_faults());
    let events = JobEvents { account, job: id, work, policy: &POLICY, at_start, at_end, faults };
    service.world.webhooks.follow(&service.world, events)
}

fn delivery(url: &str, body: Value) -> Delivery {
    let event = body["status"].as_str().unwrap_or_default().to_owned();
    Delivery { url: url.to_owned(), event, event_id: None, body, signing: Signing::Nothing }
}
