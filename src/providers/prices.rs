//! Price tables: what each paid operation costs, who says so, and when that was read. The rows of a
//! provider stand in its own `prices.rs`, and a plan's estimate is made of nothing else.

use crate::job::{Confidence, Estimate, PlannedStep};
use crate::model::Credits;

/// A row of a provider's price table.
#[derive(Debug)]
pub(crate) struct Price {
    /// What is paid for: an operation and, where that matters, which kind of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the published table shows it"))]
    pub(crate) what: &'static str,
    /// The least and the most, in the provider's credits.
    pub(crate) low: Credits,
    pub(crate) high: Credits,
    pub(crate) per: Per,
    pub(crate) source: &'static str,
    /// The month in which the source was read.
    pub(crate) read: &'static str,
    pub(crate) confidence: Confidence,
}

/// For how much of it a price is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Per {
    Call,
    Second,
    /// Each started so many seconds.
    Started(u32),
}

impl Price {
    /// How many times it is due for so many seconds.
    fn count(&self, secs: u32) -> u32 {
        match self.per {
            Per::Call => 1,
            Per::Second => secs,
            Per::Started(length) => secs.div_ceil(length).max(1),
        }
    }
}

/// The paid steps of a plan, with what they cost together.
#[derive(Debug)]
pub(crate) struct Bill {
    steps: Vec<PlannedStep>,
    low: Credits,
    sources: Vec<String>,
    confidence: Confidence,
}

impl Bill {
    pub(crate) fn new() -> Self {
        let confidence = Confidence::Documented;
        Self { steps: Vec::new(), low: Credits::ZERO, sources: Vec::new(), confidence }
    }

    /// Adds a step for a video of so many seconds.
    pub(crate) fn step(self, operation: &str, price: &Price, secs: u32) -> Self {
        self.steps(operation, price, [secs, secs], 1)
    }

    /// Adds a step for a video of so many seconds at least and at most, `count` times.
    pub(crate) fn steps(
        mut self,
        operation: &str,
        price: &Price,
        [least_secs, most_secs]: [u32; 2],
        count: u32,
    ) -> Self {
        self.steps.push(PlannedStep::paid(operation, Credits::ZERO));
        self.and([least_secs, most_secs], price, count)
    }

    /// Adds something to the last step that is paid with it.
    pub(crate) fn and(mut self, [least, most]: [u32; 2], price: &Price, count: u32) -> Self {
        let high = price.high.times(price.count(most)).times(count);
        if let Some(step) = self.steps.last_mut() {
            step.credits = Some(step.credits.unwrap_or_default() + high);
        }
        self.low += price.low.times(price.count(least)).times(count);
        self.confidence = self.confidence.max(price.confidence);
        self.note(format!("{}, {}", price.source, price.read))
    }

    /// Says something more of where the prices stand.
    pub(crate) fn note(mut self, source: impl Into<String>) -> Self {
        let source = source.into();
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
        self
    }

    /// Says what it is whose price is not known.
    pub(crate) fn unknown(mut self, what: impl Into<String>) -> Self {
        self.confidence = Confidence::Unknown;
        self.note(what)
    }

    /// Fields that the spec does not know may cost something that no table knows.
    pub(crate) fn extra(self, extra: &serde_json::Map<String, serde_json::Value>) -> Self {
        let names: Vec<&str> = extra.keys().map(String::as_str).collect();
        match names.is_empty() {
            true => self,
            false => self.unknown(format!("what {} costs is not known", names.join(", "))),
        }
    }

    pub(crate) fn finish(self) -> (Vec<PlannedStep>, Estimate) {
        let cost = Estimate {
            low: self.low,
            high: self.steps.iter().filter_map(|step| step.credits).sum(),
            source: self.sources.join("; "),
            confidence: self.confidence,
        };
        (self.steps, cost)
    }
}

#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
#[allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;
    use crate::model::ProviderId;
    use crate::providers::{beatapi, creatify, jogg};

    /// The tables as the documentation shows them.
    fn shown() -> String {
        let mut text =
            "| provider | what | credits | for | source | read | confidence |\n".to_owned();
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        let tables: [(ProviderId, Vec<&Price>); 3] = [
            (ProviderId::BeatApi, beatapi::prices::all()),
            (ProviderId::Creatify, creatify::prices::ALL.to_vec()),
            (ProviderId::Jogg, jogg::prices::ALL.to_vec()),
        ];
        for (provider, rows) in tables {
            for row in rows {
                let Price { what, low, high, source, read, confidence, .. } = row;
                let amount = match low == high {
                    true => high.to_string(),
                    false => format!("{low} to {high}"),
                };
                let per = match row.per {
                    Per::Call => "a call".to_owned(),
                    Per::Second => "a second".to_owned(),
                    Per::Started(secs) => format!("each started {secs} s"),
                };
                let name = provider.display_name();
                let sure = format!("{confidence:?}").to_lowercase();
                writeln!(
                    text,
                    "| {name} | {what} | {amount} | {per} | {source} | {read} | {sure} |"
                )
                .unwrap();
            }
        }
        text
    }

    /// `ADREEL_WRITE_PRICES=1` writes the table; its diff is what a change of prices is reviewed by.
    #[test]
    fn the_documentation_shows_the_prices_that_are_used() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/prices.md");
        if std::env::var_os("ADREEL_WRITE_PRICES").is_some() {
            std::fs::write(&path, shown()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), shown());
    }

    #[test]
    fn a_bill_is_as_sure_as_the_least_sure_of_its_prices() {
        let price = |confidence, per| Price {
            what: "x",
            low: Credits::whole(1),
            high: Credits::whole(3),
            per,
            source: "page",
            read: "2026-08",
            confidence,
        };
        let fixed = price(Confidence::Derived, Per::Call);
        let timed = price(Confidence::Documented, Per::Started(30));
        let bill = Bill::new().step("a", &timed, 31).steps("b", &timed, [10, 70], 2);
        let (steps, cost) = bill.and([0, 0], &fixed, 1).finish();
        let most: Vec<_> = steps.iter().filter_map(|step| step.credits).collect();
        assert_eq!(most, [Credits::whole(6), Credits::whole(3 * 3 * 2 + 3)]);
        assert_eq!((cost.low, cost.high), (Credits::whole(2 + 2 + 1), Credits::whole(27)));
        assert_eq!((&*cost.source, cost.confidence), ("page, 2026-08", Confidence::Derived));
        let extra = [("turbo".to_owned(), true.into())].into_iter().collect();
        let (_, cost) = Bill::new().step("a", &timed, 5).extra(&extra).finish();
        assert_eq!(cost.confidence, Confidence::Unknown);
        assert_eq!(cost.source, "page, 2026-08; what turbo costs is not known");
    }
}
