//! Which faults can be: each kind has its parameters, and each parameter its bounds.

use super::times::{TIMES, Times};
use super::{Fault, FaultKind, FaultPoint, InvalidFault};
use crate::excerpt::{MOST_CHARS, cut, shown};
use crate::operations;

/// The most that follows a film.
const MOST_ZEROS: u64 = 1_000_000;

/// The most that is counted of a body or a file, which have less.
const MOST_BYTES: u64 = 1_000_000_000;

impl Fault {
    /// Looks whether it can be, as [`Sandbox::arm`](crate::Sandbox::arm) and the start do.
    ///
    /// # Errors
    /// [`InvalidFault`] for a parameter that the fault does not have or that cannot be, for a text
    /// of more than 2,000 characters, and for a provider or an operation that there is not.
    pub fn check(&self) -> Result<(), InvalidFault> {
        let name = self.kind.as_str();
        let given = [
            ("status", self.status.is_some()),
            ("accepted", self.accepted.is_some()),
            ("seconds", self.seconds.is_some()),
            ("date", self.date.is_some()),
            ("bytes", self.bytes.is_some()),
            ("count", self.count.is_some()),
            ("field", self.field.is_some()),
            ("value", self.value.is_some()),
            ("to", self.to.is_some()),
            ("refund", self.refund.is_some()),
        ];
        let known = self.kind.parameters();
        if let Some((other, _)) = given.iter().find(|(name, is)| *is && !known.contains(name)) {
            let has = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(InvalidFault(format!("{name} has no {other}: its parameters are {has}")));
        }
        let refuse = |text: String| Err(InvalidFault(format!("{name}: {text}")));
        if let Some(unknown) = &self.unknown_provider {
            let unknown = shown(unknown, 100);
            return refuse(format!("provider must be beatapi, creatify or jogg, not {unknown:?}"));
        }
        if self.seconds.is_some_and(|seconds| !(0.0..=1e9).contains(&seconds)) {
            return refuse("seconds must be from 0 to 1000000000".to_owned());
        }
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return refuse("probability must be from 0 to 1".to_owned());
        }
        if self.times == Times::Number(0) {
            return refuse(format!("times must be {TIMES}"));
        }
        let (least, most) = match self.kind {
            FaultKind::VideoTail => (1, MOST_ZEROS),
            FaultKind::SlowBody => (1, MOST_BYTES),
            _ => (0, MOST_BYTES),
        };
        if self.bytes.is_some_and(|bytes| !(least..=most).contains(&bytes)) {
            return refuse(format!("bytes must be from {least} to {most}"));
        }
        if self.kind == FaultKind::VideoTail && self.bytes.is_some() && self.value.is_some() {
            return refuse("say bytes or value, and not both".to_owned());
        }
        self.check_texts().or_else(refuse)?;
        let statuses = match self.kind {
            FaultKind::Redirect => 300..=399,
            FaultKind::ServerError => 500..=599,
            _ => 400..=599,
        };
        if let Some(status) = self.status.filter(|status| !statuses.contains(status)) {
            let (least, most) = statuses.into_inner();
            return refuse(format!("status {status}: must be from {least} to {most}"));
        }
        match &self.operation {
            Some(_) if self.kind.point() == FaultPoint::Video => {
                refuse("operation: a link belongs to none; say provider or product".to_owned())
            }
            Some(id) if !operations::exists(id) => {
                let id = shown(id, 100);
                refuse(format!("operation {id:?}: no provider has it; use an operationId"))
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with the texts.
    fn check_texts(&self) -> Result<(), String> {
        // A status, a title or a reason may well be empty.
        let may_be_empty = !matches!(self.kind, FaultKind::VideoTail | FaultKind::OtherAccount);
        for (name, text, may_be_empty) in [
            ("product", &self.product, false),
            ("field", &self.field, false),
            ("value", &self.value, may_be_empty),
            ("to", &self.to, false),
        ] {
            let Some(text) = text else { continue };
            if text.is_empty() && !may_be_empty {
                return Err(format!("{name} must not be empty"));
            }
            if cut(text, MOST_CHARS).len() < text.len() {
                return Err(format!("{name} may have at most {MOST_CHARS} characters"));
            }
        }
        Ok(())
    }
}
