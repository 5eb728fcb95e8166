//! What the sandbox knows besides jobs: faults, accounts, deliveries and requests.

use std::time::SystemTime;

use maud::{Markup, html};
use rust_decimal::Decimal;

use super::{MOST_BODY_CHARS, MOST_ROWS, View, badge, job_address, short, total, words};
use crate::clock::Moment;
use crate::excerpt::shown;
use crate::faults::{FaultKind, FaultPoint};
use crate::journal::RequestRecord;
use crate::operations;
use crate::provider::Provider;
use crate::webhooks::{DeliveryState, WebhookDelivery};

/// Faults that are tried first, each armed by one press.
const AT_HAND: [FaultKind; 6] = [
    FaultKind::LostAnswer,
    FaultKind::TooManyRequests,
    FaultKind::ServerError,
    FaultKind::JobFails,
    FaultKind::VideoMissing,
    FaultKind::WebhookTwice,
];

const POINTS: [(FaultPoint, &str); 7] = [
    (FaultPoint::Wire, "A request and its answer"),
    (FaultPoint::Read, "What a read shows"),
    (FaultPoint::List, "A list of jobs"),
    (FaultPoint::Account, "Whose records are shown"),
    (FaultPoint::Job, "The job"),
    (FaultPoint::Webhook, "Its webhooks"),
    (FaultPoint::Video, "Its video's link"),
];

pub(super) fn faults(view: &View) -> Markup {
    html! {
        section.faults #faults {
            h2 { "Faults" }
            form.at-hand method="post" action="/_sandbox/page/arm" aria-label="Arm a fault at once" {
                @for kind in AT_HAND {
                    button name="fault" value=(kind.as_str()) { (kind.as_str()) }
                }
            }
            (arm_form())
            ul.armed #armed data-cell { (armed(view)) }
        }
    }
}

fn arm_form() -> Markup {
    html! {
        form.arm method="post" action="/_sandbox/page/arm" {
            label { "Fault"
                select name="fault" {
                    @for (point, text) in POINTS {
                        optgroup label=(text) {
                            @for kind in FaultKind::ALL.iter().filter(|kind| kind.point() == point) {
                                option { (kind.as_str()) }
                            }
                        }
                    }
                }
            }
            label { "Provider"
                select name="provider" {
                    option value="" { "any" }
                    @for provider in Provider::ALL {
                        option value=(provider) { (provider.display_name()) }
                    }
                }
            }
            label { "Operation"
                input name="operation" list="operations" placeholder="any" autocomplete="off";
            }
            label { "Times" input name="times" value="1" pattern="[0-9]+|always" size="6"; }
            label { "More" input name="more" placeholder="status=503" autocomplete="off"; }
            button { "Arm" }
            datalist #operations {
                @for (provider, id) in operations::names() {
                    option value=(id) { (provider.display_name()) }
                }
            }
        }
    }
}

fn armed(view: &View) -> Markup {
    let mut faults = view.world.faults.list();
    faults.reverse();
    html! {
        @if faults.len() > MOST_ROWS { li.none { (total(faults.len())) } }
        @for armed in faults.iter().take(MOST_ROWS) {
            li.fired[armed.happened > 0] data-fault=(armed.id) {
                code { (short(&armed.fault.to_string())) }
                span.count { "happened " (words::count(armed.happened.into(), "time", "times")) }
                form method="post" action="/_sandbox/page/disarm" {
                    button.quiet name="id" value=(armed.id) { "Take back" }
                }
            }
        }
        @if faults.is_empty() { li.none { "None is armed." } }
    }
}

pub(super) fn credits(view: &View) -> Markup {
    let mut accounts = view.world.balances();
    accounts.retain(|account| {
        view.provider.is_none_or(|provider| provider.as_str() == account.provider)
    });
    html! {
        section.credits #credits data-cell {
            h2 { "Credits " (total(accounts.len())) }
            @if accounts.is_empty() { p.none { "Nothing was paid yet." } }
            @for account in accounts.iter().rev().take(MOST_ROWS) {
                @let amount = |credits: Decimal| words::amount(&view.world, account.provider, credits);
                div.account {
                    (badge(account.provider))
                    strong { (amount(account.balance)) " left" }
                    meter min="0" max=(account.started) value=(account.balance) {}
                    p {
                        code title="A fingerprint of the key" { (account.account) }
                        " of " (amount(account.started)) ": " (amount(account.settled)) " spent"
                        @if account.open > Decimal::ZERO { ", " (amount(account.open)) " reserved" }
                        @if account.refunded > Decimal::ZERO {
                            ", " (amount(account.refunded)) " given back"
                        }
                    }
                    @if !account.balances { p.reason { "These figures do not add up." } }
                }
            }
        }
    }
}

pub(super) fn webhooks(view: &View) -> Markup {
    let is_wanted =
        |delivery: &&WebhookDelivery| view.shows(Some(delivery.provider), Some(&delivery.job));
    let (all, newest) = view.world.webhooks.look(|deliveries| {
        let wanted = || deliveries.iter().rev().filter(is_wanted);
        (wanted().count(), wanted().take(MOST_ROWS).cloned().collect::<Vec<_>>())
    });
    html! {
        section.webhooks #webhooks data-cell {
            h2 { "Webhook deliveries " (total(all)) }
            @if all == 0 { p.none { "Nothing was to be delivered yet." } }
            div.rows {
                @for delivery in &newest {
                    @let (class, word) = delivery_state(delivery.state);
                    div.row {
                        (badge(delivery.provider))
                        span.state.(class) { (word) @if delivery.is_forged { ", forged" } }
                        span.what { (delivery.event) " → " code { (short(&delivery.url)) } }
                        (job_link(Some(&delivery.job)))
                        ol.attempts {
                            @for attempt in &delivery.attempts {
                                li {
                                    (moment(attempt.at)) " "
                                    @match attempt.status {
                                        Some(status) => (status),
                                        None => (attempt.reason),
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn delivery_state(state: DeliveryState) -> (&'static str, &'static str) {
    match state {
        DeliveryState::Pending => ("running", "pending"),
        DeliveryState::Delivered => ("done", "delivered"),
        DeliveryState::Failed => ("failed", "failed"),
        DeliveryState::Suppressed => ("failed", "suppressed"),
        DeliveryState::Withheld => ("failed", "withheld"),
    }
}

pub(super) fn requests(view: &View) -> Markup {
    let is_wanted = |record: &&RequestRecord| view.shows(record.provider, record.job.as_deref());
    let (all, newest) = view.world.journal.look(|records| {
        let wanted = || records.iter().rev().filter(is_wanted);
        (wanted().count(), wanted().take(MOST_ROWS).cloned().collect::<Vec<_>>())
    });
    html! {
        section.requests #requests data-cell {
            h2 { "Requests " (total(all)) }
            @if all == 0 { p.none { "Nobody has asked for anything yet." } }
            div.rows { @for record in &newest { (request(record)) } }
        }
    }
}

fn request(record: &RequestRecord) -> Markup {
    let status = match record.status {
        Some(200..400) => "done",
        Some(_) => "failed",
        None => "running",
    };
    html! {
        div.row data-request=(record.number) {
            span.at { (moment(record.at)) }
            @match record.provider {
                Some(provider) => (badge(provider)),
                None => span.provider { "file" },
            }
            span.state.(status) {
                @match record.status { Some(status) => (status), None => "—" }
            }
            span.what {
                (record.method) " "
                @match record.operation {
                    Some(id) => strong { (id) },
                    None => code { (short(&record.path)) },
                }
                @for fault in &record.faults { " " span.fault { (fault) } }
            }
            (job_link(record.job.as_deref()))
            details id=(format!("request-{}", record.number)) {
                summary { "details" }
                p { code { (short(&record.path)) } }
                @if let Some(account) = &record.account { p { "account " code { (account) } } }
                @if let Some(body) = &record.body { pre { (shown(body, MOST_BODY_CHARS)) } }
            }
        }
    }
}

fn job_link(job: Option<&str>) -> Markup {
    html! {
        span.job-link {
            @if let Some(job) = job {
                a href=(job_address(job)) { code { (job) } }
            }
        }
    }
}

fn moment(at: SystemTime) -> String {
    words::time(Moment::of_record(at))
}
