//! What a job went through, in order of time: as a line with marks, and as a list.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};

use super::{MOST_ROWS, View, short, total, words};
use crate::clock::Moment;
use crate::jobs::{JobRecord, Step};
use crate::journal::RequestRecord;
use crate::webhooks::{DeliveryState, WebhookDelivery};
use crate::work::Progress;

/// Something that happened to a job, as often as it happened in a row.
pub(super) struct Event {
    /// In milliseconds since 1970, sandbox time; one at least.
    times: Vec<u64>,
    mark: Mark,
    text: String,
}

/// How an event is marked.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Accepted,
    Read,
    Webhook,
    Download,
    Done,
    Failed,
    Fault,
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Read => "read",
            Self::Webhook => "webhook",
            Self::Download => "download",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Fault => "fault",
        }
    }
}

/// The events of each of some jobs, by its id.
pub(super) fn of(view: &View, jobs: &[JobRecord]) -> HashMap<String, Vec<Event>> {
    let mut events: HashMap<String, Vec<Event>> = jobs
        .iter()
        .map(|job| (job.id.clone(), job.steps.iter().flat_map(|s| of_step(view, s)).collect()))
        .collect();
    view.world.journal.look(|records| {
        for record in records.iter() {
            let events = record.job.as_ref().and_then(|job| events.get_mut(job));
            if let (Some(events), Some(event)) = (events, of_request(record)) {
                events.push(event);
            }
        }
    });
    view.world.webhooks.look(|deliveries| {
        for delivery in deliveries.iter() {
            if let Some(events) = events.get_mut(&delivery.job) {
                events.extend(of_delivery(delivery));
            }
        }
    });
    for events in events.values_mut() {
        events.sort_by_key(|event| event.times[0]);
        events.dedup_by(|next, before| before.absorb(next));
    }
    events
}

fn of_step(view: &View, step: &Step) -> Vec<Event> {
    let accepted = step.work.accepted_at.unix_millis();
    let mut events =
        vec![Event::new(accepted, Mark::Accepted, format!("{} accepted", step.operation))];
    match step.work.progress(view.now) {
        Progress::Running => {}
        Progress::Done { at } => {
            events.push(Event::new(
                at.unix_millis(),
                Mark::Done,
                format!("{} done", step.operation),
            ));
        }
        Progress::Failed { at, reason } => {
            let text = format!("{} failed: {}", step.operation, short(&reason));
            events.push(Event::new(at.unix_millis(), Mark::Failed, text));
        }
    }
    events
}

/// `None` for a paid call without a fault: that it was accepted is known already.
fn of_request(record: &RequestRecord) -> Option<Event> {
    let at = Moment::of_record(record.at).unix_millis();
    let answer = match record.status {
        Some(status) => format!("→ {status}"),
        None => "→ no answer".to_owned(),
    };
    let name = record.operation.unwrap_or("download");
    if !record.faults.is_empty() {
        let text = format!("{name} {answer}, fault {}", record.faults.join(", "));
        return Some(Event::new(at, Mark::Fault, text));
    }
    match (record.operation, &*record.method) {
        (None, _) => Some(Event::new(at, Mark::Download, format!("{name} {answer}"))),
        (Some(_), "GET") => Some(Event::new(at, Mark::Read, format!("{name} {answer}"))),
        _ => None,
    }
}

fn of_delivery(delivery: &WebhookDelivery) -> Vec<Event> {
    let made_up = if delivery.is_forged { ", forged" } else { "" };
    let attempts = delivery.attempts.iter().map(|attempt| {
        let answer = match attempt.status {
            Some(status) => status.to_string(),
            None => attempt.reason.clone(),
        };
        let text = format!("webhook {} → {answer}{made_up}", delivery.event);
        let is_sound = delivery.state == DeliveryState::Delivered && !delivery.is_forged;
        let mark = if is_sound { Mark::Webhook } else { Mark::Fault };
        Event::new(Moment::of_record(attempt.at).unix_millis(), mark, text)
    });
    attempts.collect()
}

impl Event {
    fn new(at: u64, mark: Mark, text: String) -> Self {
        Self { times: vec![at], mark, text }
    }

    /// Takes in what follows and is the same, if it is.
    fn absorb(&mut self, next: &mut Self) -> bool {
        let is_same = (self.mark, &self.text) == (next.mark, &next.text);
        if is_same {
            self.times.append(&mut next.times);
        }
        is_same
    }
}

/// A line from the first call to the last event, or to the end that is still to come.
pub(super) fn line(view: &View, job: &JobRecord, events: &[Event]) -> Markup {
    let now = view.now.unix_millis();
    let start = job.steps[0].work.accepted_at.unix_millis();
    let spans = job.steps.iter().map(|step| Span::of(view, step));
    let spans: Vec<_> = spans.collect();
    let seen = events.iter().flat_map(|event| &event.times).copied();
    let end = seen.chain(spans.iter().map(|span| span.due)).max().unwrap_or(now).max(start + 1);
    let place = |at: u64| (at.saturating_sub(start) * 1000 / (end - start)).min(1000);
    let percent = |thousandths: u64| format!("{}.{}%", thousandths / 10, thousandths % 10);
    html! {
        svg.line role="img" aria-label=(format!("{} to {}", words::after(0), words::after(end - start))) {
            rect.base x="0" y="13" width="100%" height="2" {}
            @for span in &spans {
                @let from = place(span.from);
                @let until = place(span.until);
                rect class=(span.class) x=(percent(from)) y="10" rx="3" height="8"
                    width=(percent(until.saturating_sub(from).max(4))) {}
            }
            @for (event, at) in dots(events, place) {
                (dot(event, &percent((at * EACH).clamp(6, 994))))
            }
        }
    }
}

/// The width of a mark, in thousandths of the line: those that would cover each other are one.
const EACH: u64 = 3;

/// How many marks stand on a line at the most: the newest.
const MOST_DOTS: usize = 200;

/// The events that a line shows, with their places in widths of a mark.
fn dots(events: &[Event], place: impl Fn(u64) -> u64) -> Vec<(&Event, u64)> {
    let mut seen = HashSet::new();
    let all = events.iter().flat_map(|event| event.times.iter().map(move |at| (event, *at)));
    let places = all.map(|(event, at)| (event, place(at) / EACH));
    let mut dots: Vec<_> =
        places.filter(|(event, at)| seen.insert((event.mark.class(), *at))).collect();
    dots.split_off(dots.len().saturating_sub(MOST_DOTS))
}

fn dot(event: &Event, x: &str) -> Markup {
    let class = event.mark.class();
    html! {
        @match event.mark {
            Mark::Read => rect class=(class) x=(x) y="4" width="1.5" height="20" { title { (event.text) } },
            _ => circle class=(class) cx=(x) cy="14" r="5" { title { (event.text) } },
        }
    }
}

/// How long a step has run, or ran.
struct Span {
    from: u64,
    until: u64,
    /// When it ends, as far as that is known.
    due: u64,
    class: &'static str,
}

impl Span {
    fn of(view: &View, step: &Step) -> Self {
        let (now, due) = (view.now, step.work.ends_at_earliest());
        let (until, class) = match step.work.progress(now) {
            Progress::Running => (now, "span running"),
            Progress::Done { at } => (at, "span done"),
            Progress::Failed { at, .. } => (at, "span failed"),
        };
        let due = due.max(until).unix_millis();
        Self { from: step.work.accepted_at.unix_millis(), until: until.unix_millis(), due, class }
    }
}

pub(super) fn list(job: &JobRecord, events: &[Event]) -> Markup {
    let start = job.steps[0].work.accepted_at.unix_millis();
    let all: usize = events.iter().map(|event| event.times.len()).sum();
    html! {
        details id=(format!("events-{}", job.id)) {
            summary { (words::count(all as u64, "event", "events")) " " (total(events.len())) }
            ol.events {
                @for event in &events[events.len().saturating_sub(MOST_ROWS)..] {
                    @let first = event.times[0].saturating_sub(start);
                    @let last = event.times[event.times.len() - 1].saturating_sub(start);
                    li {
                        span.at { (words::after(first)) }
                        span class={ "dot " (event.mark.class()) } {}
                        span {
                            (event.text)
                            @if event.times.len() > 1 {
                                small { " ×" (event.times.len()) " until " (words::after(last)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
