//! `adreel jobs --cost`: what was reserved, settled and refunded, for whom.

use std::collections::BTreeMap;

use adreel::Credits;
use adreel::client::{SpendEntry, SpendQuery};
use adreel::job::SpendKind;
use adreel::{Account, JobId};
use serde_json::json;

use crate::commands::save::FILE;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, query: SpendQuery) -> Exit {
    let mut exit = Exit::Done;
    let mut table = Table::default();
    let mut next = Some(query);
    while let Some(query) = next {
        let page = match context.client.jobs().spending(&query).await {
            Ok(page) => page,
            Err(error) => return output::report(&error),
        };
        for entry in page.entries {
            match entry {
                Ok(entry) if context.json => output::json(&as_json(&entry)),
                Ok(entry) => table.add(entry),
                Err(error) => exit = output::report(&error).max(exit),
            }
        }
        next = page.next;
    }
    if !context.json && !table.end() {
        context.note("nothing was spent");
    }
    exit
}

/// Reserved, settled, refunded.
#[derive(Clone, Copy, Default)]
struct Sums([Credits; 3]);

impl Sums {
    fn add(&mut self, kind: SpendKind, amount: Credits) {
        let column = match kind {
            SpendKind::Reserved => 0,
            SpendKind::Settled => 1,
            SpendKind::Refunded => 2,
            _ => return,
        };
        self.0[column] += amount;
    }
}

/// The job whose entries are being read.
struct Row {
    job: JobId,
    provider: &'static str,
    labels: BTreeMap<String, String>,
    sums: Sums,
}

/// Rows that are printed as they are read, and what they come to for each account.
#[derive(Default)]
struct Table {
    row: Option<Row>,
    totals: BTreeMap<Account, Sums>,
}

impl Table {
    fn add(&mut self, entry: SpendEntry) {
        let SpendEntry { job, account, labels, event, .. } = entry;
        if self.totals.is_empty() {
            line(["JOB", "PROVIDER", "RESERVED", "SETTLED", "REFUNDED", "LABELS"]);
        }
        if self.row.as_ref().is_none_or(|row| row.job != job) {
            self.print_row();
            let provider = account.provider.as_str();
            self.row = Some(Row { job, provider, labels, sums: Sums::default() });
        }
        if let Some(row) = &mut self.row {
            row.sums.add(event.kind, event.amount);
        }
        self.totals.entry(account).or_default().add(event.kind, event.amount);
    }

    fn print_row(&mut self) {
        let Some(Row { job, provider, labels, sums }) = self.row.take() else { return };
        let labels = users(&labels).map(|(name, value)| format!("{name}={value}"));
        let labels: Vec<_> = labels.collect();
        let labels = labels.join(", ");
        let [reserved, settled, refunded] = sums.0.map(fixed);
        line([&job.to_string(), provider, &reserved, &settled, &refunded, &labels]);
    }

    /// Prints what is left, and says whether there was anything.
    fn end(mut self) -> bool {
        self.print_row();
        if !self.totals.is_empty() {
            output::line("");
        }
        for (account, sums) in &self.totals {
            let [reserved, settled, refunded] = sums.0.map(fixed);
            let whose = format!("{} at {}", account.name, account.realm);
            let provider = account.provider.as_str();
            line(["TOTAL", provider, &reserved, &settled, &refunded, &whose]);
        }
        !self.totals.is_empty()
    }
}

fn line([job, provider, reserved, settled, refunded, labels]: [&str; 6]) {
    let text =
        format!("{job:26}  {provider:8}  {reserved:>9}  {settled:>9}  {refunded:>9}  {labels}");
    output::line(text.trim_end());
}

/// The labels that are the user's own: where the command has put its file is none.
fn users(labels: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    labels.iter().filter(|(name, _)| *name != FILE)
}

/// An amount with two decimals at least, so that points stand under each other.
fn fixed(amount: Credits) -> String {
    let text = amount.to_string();
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((_, decimals)) => {
            format!("{text}{}", "0".repeat(2usize.saturating_sub(decimals.len())))
        }
    }
}

/// An entry as data. Its amount is a text, which no reader rounds.
fn as_json(entry: &SpendEntry) -> serde_json::Value {
    json!({
        "job": entry.job,
        "provider": entry.account.provider,
        "account": entry.account.name,
        "realm": entry.account.realm,
        "labels": users(&entry.labels).collect::<BTreeMap<_, _>>(),
        "kind": entry.event.kind,
        "amount": entry.event.amount.to_string(),
        "at": entry.event.at,
        "run": entry.event.run,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals_or_more() {
        for (amount, shown) in [("12", "12.00"), ("4.5", "4.50"), ("0.125", "0.125"), ("0", "0.00")]
        {
            assert_eq!(fixed(amount.parse().unwrap()), shown);
        }
    }
}
