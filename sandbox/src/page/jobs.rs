//! The jobs, each as a card: its video, the product's picture, what it cost and went through.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use rust_decimal::Decimal;

use super::events::{self, Event};
use super::{PATH, View, badge, file_address, job_address, short, words};
use crate::jobs::{JobRecord, Reel};
use crate::ledger::LedgerEntry;
use crate::provider::Provider;
use crate::work::Progress;

/// How many jobs stand on one page: each still that is shown has to be drawn.
const PER_PAGE: usize = 12;
/// How many pictures and videos of one job are shown.
const MOST_PICTURES: usize = 8;
const MOST_VIDEOS: usize = 4;

pub(super) fn jobs(view: &View) -> Markup {
    let is_wanted =
        |job: &JobRecord| view.shows(Some(job.account.provider.as_str()), Some(job.id.as_str()));
    let skip = (view.page - 1).saturating_mul(PER_PAGE);
    let (all, jobs) = view.world.jobs.newest(is_wanted, skip, PER_PAGE);
    let ids: HashSet<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let entries = view.world.ledger_of(|job| ids.contains(job));
    let events = events::of(view, &jobs);
    html! {
        section.jobs {
            div.bar {
                h2 { "Jobs" }
                (filters(view))
            }
            div.empty #empty data-cell { @if all == 0 { (empty(view)) } }
            div.cards #jobs data-list {
                @for job in &jobs { (card(view, job, &entries, &events)) }
            }
            nav.pages #pages data-cell { (pages(view, all)) }
        }
    }
}

fn filters(view: &View) -> Markup {
    let current = |is: bool| is.then_some("page");
    html! {
        nav.filters #filters data-cell aria-label="Which jobs" {
            @let is_all = view.provider.is_none() && view.job.is_none();
            a href=(PATH) aria-current=[current(is_all)] { "All" }
            @for provider in Provider::ALL {
                a href=(format!("{PATH}?provider={provider}"))
                    aria-current=[current(view.provider == Some(provider))] {
                    (provider.display_name())
                }
            }
            @if let Some(job) = &view.job {
                a href=(view.address(1)) aria-current="page" { "Job " code { (job) } }
            }
        }
    }
}

fn empty(view: &View) -> Markup {
    html! {
        @if view.provider.is_some() || view.job.is_some() {
            p { "There is no such job. " a href=(PATH) { "See all." } }
        } @else {
            p { "Nothing was ordered yet. Send a client here instead of to a provider, or try:" }
            pre { "adreel make photo.png --name \"Morning Roast\" --sandbox-url " (view.world.origin) }
        }
    }
}

fn pages(view: &View, all: usize) -> Markup {
    let last = all.div_ceil(PER_PAGE).max(1);
    html! {
        @if last > 1 || view.page > 1 {
            @if view.page > 1 { a href=(view.address(view.page - 1)) { "← Newer" } }
            span { "Page " (view.page) " of " (last) }
            @if view.page < last { a href=(view.address(view.page + 1)) { "Older →" } }
        }
    }
}

fn card(
    view: &View,
    job: &JobRecord,
    entries: &[LedgerEntry],
    events: &HashMap<String, Vec<Event>>,
) -> Markup {
    let is_wide = job.reels.last().is_some_and(|reel| {
        let (across, down) = reel.film.script.ratio;
        across > down
    });
    let events = events.get(&job.id).map(Vec::as_slice).unwrap_or_default();
    html! {
        article.job.wide[is_wide] id=(format!("job-{}", job.id)) {
            div.screen id=(format!("screen-{}", job.id)) data-cell { (screen(view, job)) }
            div.about id=(format!("about-{}", job.id)) data-cell {
                (title(view, job))
                (pictures(view, job))
                (facts(view, job, entries))
                (events::line(view, job, events))
                (events::list(job, events))
            }
        }
    }
}

/// The videos that there are, or what stands in for them.
fn screen(view: &View, job: &JobRecord) -> Markup {
    let is_done = |reel: &&Reel| matches!(reel.work.progress(view.now), Progress::Done { .. });
    let videos =
        job.reels.iter().filter(is_done).filter_map(|reel| Some((reel, reel.video.as_ref()?)));
    let videos: Vec<_> = videos.take(MOST_VIDEOS).collect();
    let picture =
        job.reels.iter().filter(is_done).filter_map(|reel| reel.still.as_ref()).next_back();
    html! {
        @if videos.is_empty() {
            @match picture {
                Some(path) => img src=(file_address(path)) alt="The picture that was made" loading="lazy";,
                None => (waiting(view, job)),
            }
        }
        @for (reel, path) in videos {
            @let (across, down) = reel.film.script.ratio;
            video controls preload="none" playsinline width=(across * 40) height=(down * 40)
                src=(file_address(path))
                poster=[reel.still.as_ref().map(|path| file_address(path))]
                aria-label=(format!("Video of {}", name(job))) {}
        }
    }
}

/// In place of a video that is not there: how far it is.
fn waiting(view: &View, job: &JobRecord) -> Markup {
    let (class, word) = state(view, job);
    let picture = job.reels.last().and_then(|reel| reel.film.images.first());
    html! {
        div.waiting.(class) {
            @if let Some(path) = picture { img src=(file_address(path)) alt="" loading="lazy"; }
            span { (word) }
            @if class == "running" && let Some(step) = job.steps.last() {
                @let whole = step.work.ends_at_earliest().since(step.work.accepted_at).as_millis();
                @let passed = view.now.since(step.work.accepted_at).as_millis();
                progress max=(whole.max(1)) value=(passed.min(whole)) { (word) }
            }
        }
    }
}

/// Where its last step stands: a class and a word.
fn state(view: &View, job: &JobRecord) -> (&'static str, &'static str) {
    match job.steps.last().map(|step| (step.work.progress(view.now), step.work.is_stuck())) {
        Some((Progress::Done { .. }, _)) => ("done", "done"),
        Some((Progress::Failed { .. }, _)) => ("failed", "failed"),
        Some((Progress::Running, true)) => ("failed", "stuck"),
        _ => ("running", "running"),
    }
}

/// What the video calls the product; for what makes no video, the paid call.
fn name(job: &JobRecord) -> String {
    let titles = job.reels.iter().rev().map(|reel| reel.film.script.title.as_str());
    let title = titles.into_iter().find(|title| !title.is_empty());
    title.map_or_else(|| job.steps[0].operation.replace('_', " "), |title| short(title).into())
}

fn title(view: &View, job: &JobRecord) -> Markup {
    let (class, word) = state(view, job);
    html! {
        div.title {
            (badge(job.account.provider.as_str()))
            span.state.(class) { (word) }
            h3 dir="auto" { (name(job)) }
            a.id href=(job_address(&job.id)) { code { (job.id) } }
        }
    }
}

/// The pictures of the product, each once, wherever copies of it are.
fn pictures(view: &View, job: &JobRecord) -> Markup {
    let films = || job.reels.iter().map(|reel| &reel.film);
    let mut seen = HashSet::new();
    let images = films().flat_map(|film| &film.images).filter(|path| {
        let image = view.world.assets.get(path);
        image.is_some_and(|image| seen.insert(image.etag.clone()))
    });
    let missing: HashSet<&str> =
        films().flat_map(|film| &film.not_fetched).map(String::as_str).collect();
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_unstable();
    html! {
        div.pictures {
            @for path in images.take(MOST_PICTURES) {
                img src=(file_address(path)) alt="A picture of the product" loading="lazy";
            }
            @for address in missing.iter().take(MOST_PICTURES) {
                p.missing { "Not fetched, so a card stands in: " code { (short(address)) } }
            }
        }
    }
}

fn facts(view: &View, job: &JobRecord, entries: &[LedgerEntry]) -> Markup {
    let own = || entries.iter().filter(|entry| entry.job == job.id);
    let sum = |of: fn(&LedgerEntry) -> Decimal| own().map(of).sum::<Decimal>();
    let (paid, back) = (sum(|entry| entry.reserved), sum(|entry| entry.refunded));
    let open = sum(|entry| entry.reserved - entry.settled - entry.refunded);
    let amount =
        |credits: Decimal| words::amount(&view.world, job.account.provider.as_str(), credits);
    let reason = job.steps.iter().find_map(|step| match step.work.progress(view.now) {
        Progress::Failed { reason, .. } => Some(reason),
        _ => None,
    });
    html! {
        p.facts {
            @if let Some(reel) = job.reels.iter().rfind(|reel| reel.video.is_some()) {
                @let script = &reel.film.script;
                (script.seconds) " s · " (script.ratio.0) ":" (script.ratio.1) " · "
            }
            (words::time(job.steps[0].work.accepted_at))
            " · "
            strong { (amount(paid)) }
            @if open == paid && open > Decimal::ZERO { " reserved" }
            @else if open > Decimal::ZERO { ", " (amount(open)) " of it reserved" }
            @if back > Decimal::ZERO { ", " (amount(back)) " given back" }
        }
        @if let Some(reason) = reason { p.reason { (short(&reason)) } }
    }
}
