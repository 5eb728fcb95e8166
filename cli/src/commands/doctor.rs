//! `adreel doctor`: prints what the library's checkups have found.

use adreel::ProviderId;
use adreel::client::Client;
use adreel::doctor::{self, Checkup, Finding};
use futures_util::stream::{FuturesOrdered, StreamExt as _};

use crate::args::DoctorArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, args: &DoctorArgs) -> Exit {
    let providers = match context.providers(&args.provider) {
        Ok(providers) => providers,
        Err(error) => return output::report(&error),
    };
    if args.provider.is_empty() {
        note_skipped(context, &providers);
    }
    context.note("only free reads are sent: nothing is paid");
    let mut report = Report::new(context, &providers);
    // Side by side, and printed in order.
    let mut checks: FuturesOrdered<_> =
        providers.iter().map(|provider| doctor::check(&context.client, *provider)).collect();
    while let Some(checkups) = checks.next().await {
        match checkups {
            Ok(checkups) => checkups.iter().for_each(|checkup| report.add(checkup)),
            Err(error) => report.exit = report.exit.max(output::report(&error)),
        }
    }
    context.note(&report.summary());
    report.exit
}

fn note_skipped(context: &Context, providers: &[ProviderId]) {
    for provider in ProviderId::ALL {
        if Client::capabilities(provider).is_some() && !providers.contains(&provider) {
            context.note(&format!("{provider}: skipped, because no key is set"));
        }
    }
}

struct Report {
    json: bool,
    /// The longest name of an operation.
    width: usize,
    exit: Exit,
    fitting: usize,
    drifting: usize,
    not_checked: usize,
    failed: usize,
}

impl Report {
    fn new(context: &Context, providers: &[ProviderId]) -> Self {
        let operations = providers.iter().flat_map(|provider| doctor::operations(*provider));
        let width = operations.map(str::len).max().unwrap_or_default();
        let json = context.json;
        let exit = Exit::Done;
        Self { json, width, exit, fitting: 0, drifting: 0, not_checked: 0, failed: 0 }
    }

    fn add(&mut self, checkup: &Checkup) {
        let (count, exit) = match &checkup.finding {
            Finding::Fits => (&mut self.fitting, Exit::Done),
            Finding::Drifts(_) => (&mut self.drifting, Exit::Drift),
            Finding::NotChecked(_) => (&mut self.not_checked, Exit::Done),
            Finding::Failed(error) => (&mut self.failed, Exit::of(error)),
            _ => return,
        };
        *count += 1;
        self.exit = self.exit.max(exit);
        if self.json {
            output::json(checkup);
            return;
        }
        let reason = checkup.reason().unwrap_or_default();
        match &checkup.finding {
            Finding::Fits => self.line(checkup, "ok", ""),
            Finding::Drifts(drifts) => {
                for drift in drifts {
                    self.line(checkup, "drift", &drift.to_string());
                }
            }
            Finding::NotChecked(_) => self.line(checkup, "not checked", &reason),
            _ => self.line(checkup, "failed", &reason),
        }
    }

    /// Every line names its operation, so that a search finds whole sentences.
    fn line(&self, checkup: &Checkup, word: &str, text: &str) {
        let (provider, id) = (checkup.provider, checkup.operation);
        let line = format!("{provider:8}  {id:width$}  {word:11}  {text}", width = self.width);
        output::line(line.trim_end());
    }

    fn summary(&self) -> String {
        let Self { fitting, drifting, not_checked, failed, .. } = self;
        format!("{fitting} ok, {drifting} with drift, {not_checked} not checked, {failed} failed")
    }
}
