//! What is posted to the address that a call carries: no endpoints, no signature, no name.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::link_record::LinkRecord;
use super::record::{Part, Record};
use super::shelf::Kept as _;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::hooks::{Habits, Letter, Signing, Subject, Told};
use crate::ledger::Account;
use crate::work::Work;
use crate::world::{World, locked};

/// Neither retries nor how long an answer is waited for are documented.
const HABITS: Habits = Habits { retries: &[], patience: Duration::from_secs(10) };

/// A job with an address to post to.
struct Addressed {
    account: Account,
    id: String,
    work: Arc<Work>,
    url: String,
    /// What is posted at once.
    early: Option<Value>,
}

/// Tells of a record's image or video.
pub(super) fn follow(service: &Arc<Service>, submit: &Submit, record: &Record, part: Part) -> Told {
    let Some((url, work)) = record.followed(part) else { return Told::nobody() };
    let (account, id) = (record.account().clone(), record.id().to_owned());
    let early = record.early_hook(&service.world, part);
    let job = Addressed { account: account.clone(), id: id.clone(), work, url, early };
    tell(service, submit, job, move |records, world| {
        Some(records.product_videos.find(&account, &id).ok()?.hook(world, part))
    })
}

/// Tells of what was asked for last: a rendering, or previews.
pub(super) fn follow_link_video(
    service: &Arc<Service>,
    submit: &Submit,
    record: &LinkRecord,
) -> Told {
    let Some((url, work, film)) = record.followed() else { return Told::nobody() };
    let (account, id) = (record.account().clone(), record.id().to_owned());
    let job = Addressed { account: account.clone(), id: id.clone(), work, url, early: None };
    tell(service, submit, job, move |records, world| {
        records.link_videos.find(&account, &id).ok()?.hook(world, film.as_deref())
    })
}

fn tell(
    service: &Arc<Service>,
    submit: &Submit,
    job: Addressed,
    read: impl Fn(&mut Records, &World) -> Option<Value> + Send + Sync + 'static,
) -> Told {
    let Addressed { account, id, work, url, early } = job;
    let early = early.map(|body| letter(&url, body)).into_iter().collect();
    let weak = Arc::downgrade(service);
    let letters = move || {
        let body =
            weak.upgrade().and_then(|service| read(&mut locked(&service.records), &service.world));
        body.map(|body| letter(&url, body)).into_iter().collect()
    };
    let (letters, faults) = (Box::new(letters), submit.hook_faults());
    let subject = Subject { account, job: id, work, habits: &HABITS, early, letters, faults };
    service.world.hooks.follow(&service.world, subject)
}

fn letter(url: &str, body: Value) -> Letter {
    let event = body["status"].as_str().unwrap_or_default().to_owned();
    Letter { url: url.to_owned(), event, event_id: None, body, signing: Signing::Nothing }
}
