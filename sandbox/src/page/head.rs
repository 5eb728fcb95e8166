//! The top of the page: where it runs, its time, and what came in so far.

use maud::{Markup, html};

use super::{View, words};

/// What stands below each other on a narrow screen.
const SECTIONS: [(&str, &str); 5] = [
    ("#jobs", "Jobs"),
    ("#faults", "Faults"),
    ("#credits", "Credits"),
    ("#webhooks", "Webhooks"),
    ("#requests", "Requests"),
];

/// Steps of the clock: what the button says, and seconds.
const STEPS: [(&str, u32); 4] = [("10 s", 10), ("1 min", 60), ("10 min", 600), ("1 h", 3600)];

pub(super) fn head(view: &View) -> Markup {
    let world = &view.world;
    let speed = world.clock.speed();
    html! {
        header {
            h1 { a href=(super::PATH) { "adreel " span { "sandbox" } } }
            p.facts {
                code { (world.origin) }
                @if speed == 0.0 { " · virtual clock" } @else { " · " (speed) "× as fast" }
                " · seed " (world.settings.seed)
            }
            div.clock {
                time #clock data-now=(view.now.unix_millis()) data-speed=(speed) {
                    (words::day_and_time(view.now))
                }
                form method="post" action="/_sandbox/page/advance" aria-label="Advance the clock" {
                    @for (text, seconds) in STEPS {
                        button name="seconds" value=(seconds) { "+" (text) }
                    }
                }
                form method="post" action="/_sandbox/reset"
                    data-ask="Begin anew? All jobs are forgotten." {
                    button.quiet { "Reset" }
                }
            }
            nav.sections aria-label="Parts of this page" {
                @for (address, name) in SECTIONS { a href=(address) { (name) } }
            }
        }
    }
}

/// Counts, the ones that should be zero first among what is looked at.
pub(super) fn numbers(view: &View) -> Markup {
    let counters = view.world.counters();
    let tally = match view.provider {
        Some(provider) => counters.providers.get(provider.as_str()).copied().unwrap_or_default(),
        None => counters.total,
    };
    let wrong = |count: u64| if count > 0 { "wrong" } else { "" };
    html! {
        dl.numbers #numbers data-cell {
            div { dt { "Jobs" } dd { (tally.jobs) } }
            div { dt { "Paid calls" } dd { (tally.submits) } }
            div { dt { "Status reads" } dd { (tally.polls) } }
            div class=(wrong(tally.double_submits)) {
                dt { "Double submits" } dd { (tally.double_submits) }
            }
            div class=(wrong(tally.early_retries)) {
                dt { "Early retries" } dd { (tally.early_retries) }
            }
        }
    }
}

/// Filled by the answer to a form, and left alone by what is written again each second.
pub(super) fn notice(view: &View) -> Markup {
    html! {
        div.notice #notice role="status" {
            @if let Some(notice) = &view.notice { p { (notice) } }
        }
    }
}
