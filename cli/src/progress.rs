//! Progress on stderr: live lines on a terminal, plain lines elsewhere.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adreel::ProviderId;
use adreel::job::Job;
use adreel::text::plain;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::context::Context;
use crate::{commands, output};

/// How many jobs have a live line at a time: no terminal shows more.
const MOST_LINES: usize = 64;

/// Live lines on a terminal, plain lines elsewhere, nothing where nobody wants any.
pub(crate) enum Progress {
    Live(MultiProgress, Arc<Semaphore>),
    Plain,
    Silent,
}

impl Progress {
    pub(crate) fn new(context: &Context) -> Self {
        if context.quiet || context.json {
            Self::Silent
        } else if output::is_stderr_a_terminal() {
            let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            Self::Live(bars, Arc::new(Semaphore::new(MOST_LINES)))
        } else {
            Self::Plain
        }
    }

    pub(crate) fn begin(&self, provider: ProviderId) -> ProviderProgress {
        let room = match self {
            Self::Live(_, room) => Arc::clone(room).try_acquire_owned().ok(),
            Self::Plain | Self::Silent => None,
        };
        let bar = match self {
            Self::Live(bars, _) if room.is_some() => {
                let bar = bars.add(ProgressBar::new_spinner());
                let style =
                    ProgressStyle::with_template("{spinner} {prefix:9} {elapsed:>4}  {msg}");
                // The template is a constant; without it the plain look would do.
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                bar.set_prefix(provider.as_str());
                turn(&bar);
                Some(bar)
            }
            _ => None,
        };
        let is_plain = matches!(self, Self::Plain);
        ProviderProgress { provider, bar, _room: room, is_plain, last: Mutex::new(String::new()) }
    }
}

/// Keeps a line moving. A task does, since indicatif panics where it cannot have a thread for it.
fn turn(bar: &ProgressBar) {
    let bar = bar.downgrade();
    tokio::spawn(async move {
        while let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) {
            bar.tick();
            drop(bar);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

pub(crate) struct ProviderProgress {
    provider: ProviderId,
    bar: Option<ProgressBar>,
    _room: Option<OwnedSemaphorePermit>,
    is_plain: bool,
    last: Mutex<String>,
}

impl ProviderProgress {
    /// Shows where a job stands; on a plain terminal only what is new.
    pub(crate) fn show(&self, job: &Job) {
        self.say(&commands::progress(job));
    }

    pub(crate) fn say(&self, text: &str) {
        if let Some(bar) = &self.bar {
            // A bar writes by itself, past `output`.
            bar.set_message(plain(text).into_owned());
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.is_plain && *last != text {
            output::note(&format!("{:9} {text}", self.provider));
        }
        text.clone_into(&mut last);
    }

    /// Takes the live line away; what there is to say is printed as a result.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
