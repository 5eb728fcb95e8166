use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::Context;
use super::{commands, output};
use crate::job::Job;
use crate::model::ProviderId;

/// Live lines on a terminal, plain lines elsewhere, nothing where nobody wants any.
pub(super) enum Progress {
    Live(MultiProgress),
    Plain,
    Silent,
}

impl Progress {
    pub(super) fn new(context: &Context) -> Self {
        if context.quiet || context.json {
            Self::Silent
        } else if std::io::stderr().is_terminal() {
            Self::Live(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Self::Plain
        }
    }

    pub(super) fn begin(&self, provider: ProviderId) -> ProviderProgress {
        let bar = match self {
            Self::Live(bars) => {
                let bar = bars.add(ProgressBar::new_spinner());
                let style =
                    ProgressStyle::with_template("{spinner} {prefix:9} {elapsed:>4}  {msg}");
                // The template is a constant; without it the plain look would do.
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                bar.set_prefix(provider.as_str());
                bar.enable_steady_tick(Duration::from_millis(100));
                Some(bar)
            }
            Self::Plain | Self::Silent => None,
        };
        let is_plain = matches!(self, Self::Plain);
        ProviderProgress { provider, bar, is_plain, last: Mutex::new(String::new()) }
    }
}

pub(super) struct ProviderProgress {
    provider: ProviderId,
    bar: Option<ProgressBar>,
    is_plain: bool,
    last: Mutex<String>,
}

impl ProviderProgress {
    /// Shows where a job stands; on a plain terminal only what is new.
    pub(super) fn show(&self, job: &Job) {
        self.say(&commands::progress(job));
    }

    pub(super) fn say(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.is_plain && *last != text {
            output::note(&format!("{:9} {text}", self.provider));
        }
        text.clone_into(&mut last);
    }

    /// Takes the live line away; what there is to say is printed as a result.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
