use serde_json::json;

use super::super::args::DoctorArgs;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use crate::client::Client;
use crate::doctor::{self, Checkup, Finding, FreeRead};
use crate::error::Error;
use crate::model::ProviderId;

pub(in super::super) async fn run(context: &Context, args: &DoctorArgs) -> Exit {
    let providers = match context.providers(&args.provider) {
        Ok(providers) => providers,
        Err(error) => return output::report(&error),
    };
    if args.provider.is_empty() {
        note_skipped(context, &providers);
    }
    context.note("only free reads are sent: nothing is paid");
    let reads: Vec<Vec<FreeRead>> = providers.iter().copied().map(doctor::free_reads).collect();
    let mut report = Report::new(context, reads.iter().flatten());
    for (provider, reads) in providers.into_iter().zip(&reads) {
        match context.client.transport(provider) {
            Ok(transport) => {
                doctor::examine(transport, reads, |checkup| report.add(&checkup)).await;
            }
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
    fn new<'r>(context: &Context, reads: impl Iterator<Item = &'r FreeRead>) -> Self {
        let width = reads.map(|read| read.operation.id.len()).max().unwrap_or_default();
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
        };
        *count += 1;
        self.exit = self.exit.max(exit);
        if self.json {
            output::json(&as_json(checkup));
            return;
        }
        match &checkup.finding {
            Finding::Fits => self.line(checkup, "ok", ""),
            Finding::Drifts(drifts) => {
                for drift in drifts {
                    self.line(checkup, "drift", &drift.to_string());
                }
            }
            Finding::NotChecked(reason) => self.line(checkup, "not checked", reason),
            Finding::Failed(error) => self.line(checkup, "failed", &told(checkup, error)),
        }
    }

    /// Every line names its operation, so that a search finds whole sentences.
    fn line(&self, checkup: &Checkup, word: &str, text: &str) {
        let (provider, id) = (checkup.operation.provider, checkup.operation.id);
        let line = format!("{provider:8}  {id:width$}  {word:11}  {text}", width = self.width);
        output::line(line.trim_end());
    }

    fn summary(&self) -> String {
        let Self { fitting, drifting, not_checked, failed, .. } = self;
        format!("{fitting} ok, {drifting} with drift, {not_checked} not checked, {failed} failed")
    }
}

/// An error without its operation, which has a column of its own.
fn told(checkup: &Checkup, error: &Error) -> String {
    let told = output::describe(error);
    let place = format!("{} {}: ", checkup.operation.provider, checkup.operation.id);
    told.strip_prefix(&place).unwrap_or(&told).to_owned()
}

fn as_json(checkup: &Checkup) -> serde_json::Value {
    let mut line = json!({
        "provider": checkup.operation.provider,
        "operation": checkup.operation.id,
    });
    let (word, key, value) = match &checkup.finding {
        Finding::Fits => ("ok", "drift", json!([])),
        Finding::Drifts(drifts) => ("drift", "drift", json!(drifts)),
        Finding::NotChecked(reason) => ("not_checked", "reason", json!(reason)),
        Finding::Failed(error) => ("failed", "reason", json!(told(checkup, error))),
    };
    line["result"] = word.into();
    line[key] = value;
    line
}
