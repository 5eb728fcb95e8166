//! Faults that a request brings along: in the address of a product, or in a header.

use serde_json::Value;
use url::Url;

use super::{Fault, FaultPoint, InvalidFault};
use crate::check::web_url;
use crate::excerpt::MOST_CHARS;
use crate::operations::{Kind, Operation};

/// A name that can never be resolved, since `.test` is reserved for that (RFC 6761).
const HOST: &str = "fault.sandbox.test";

/// How many texts of a body are looked at, and ids of an answer: no request has as many.
pub(super) const MOST_TEXTS: usize = 1_000;

/// The faults that the addresses of products ask for, with the addresses.
pub(super) fn faults_of<'a>(texts: &[&'a str]) -> Vec<(&'a str, Fault)> {
    texts.iter().filter_map(|text| Some((*text, fault_of(text)?))).collect()
}

/// The fault that a product's address asks for. An address on that host whose path is no fault asks
/// for none: it is a product like any other. So is one that is longer than any fault.
fn fault_of(text: &str) -> Option<Fault> {
    if text.len() > MOST_CHARS || !text.contains(HOST) {
        return None;
    }
    let url = web_url(text).filter(|url| url.host_str() == Some(HOST))?;
    let (name, query) = (name_of(&url), url.query().unwrap_or_default());
    format!("{name}?{query}").parse().ok()
}

/// The first part of the path, without the ending that some clients want an image to have.
fn name_of(url: &Url) -> String {
    let first = url.path_segments().and_then(|mut parts| parts.next()).unwrap_or_default();
    let endings = [".png", ".jpg", ".jpeg", ".webp"];
    let bare = endings.iter().find_map(|ending| first.strip_suffix(ending));
    bare.unwrap_or(first).to_owned()
}

/// Reads the header `x-sandbox-fault`.
pub(crate) fn of_header(value: &[u8]) -> Result<Fault, InvalidFault> {
    String::from_utf8_lossy(value).parse()
}

/// The parts of a request that can name a fault or be matched by one.
pub(crate) struct RequestFacts<'a> {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) number: u64,
    pub(crate) account: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a Value>,
    pub(crate) header: Option<Fault>,
}

impl RequestFacts<'_> {
    /// The texts of the body.
    pub(super) fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        if let Some(body) = self.body {
            add_texts(body, &mut texts);
        }
        texts
    }

    /// The parts of the path, some of which may be ids.
    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).take(MOST_TEXTS).collect()
    }
}

fn add_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        _ if texts.len() >= MOST_TEXTS => {}
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| add_texts(field, texts)),
        _ => {}
    }
}

/// The ids that an answer gives to what it made.
pub(crate) fn ids_of(answer: &Value) -> Vec<&str> {
    let mut ids = Vec::new();
    add_ids(answer, &mut ids);
    ids
}

fn add_ids<'a>(answer: &'a Value, ids: &mut Vec<&'a str>) {
    const NAMES: [&str; 5] = ["id", "product_id", "video_id", "preview_id", "media_job"];
    match answer {
        _ if ids.len() >= MOST_TEXTS => {}
        Value::Object(fields) => {
            ids.extend(NAMES.iter().filter_map(|name| fields.get(*name)?.as_str()));
            fields.values().for_each(|field| add_ids(field, ids));
        }
        Value::Array(items) => items.iter().for_each(|item| add_ids(item, ids)),
        _ => {}
    }
}

impl super::FaultKind {
    /// Whether it can happen to an operation that the fault does not name.
    pub(super) fn is_for(self, operation: &Operation) -> bool {
        match self {
            Self::NoCredits => operation.kind == Kind::Submit,
            // Answers about jobs, and not about uploads or the account.
            Self::NumbersAsText
            | Self::TimesAsText
            | Self::TimesWithFraction
            | Self::UpperCaseStatus => operation.kind != Kind::Other,
            _ => self.point() == FaultPoint::Wire,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_product_of_that_host_asks_for_a_fault() {
        let fault = |text: &str| fault_of(text);
        let expected: Fault = "429?seconds=5&times=2".parse().unwrap();
        assert_eq!(fault("https://fault.sandbox.test/429?seconds=5&times=2"), Some(expected));
        let expected: Fault = "reset-after".parse().unwrap();
        for text in [
            "https://fault.sandbox.test/reset-after",
            "http://fault.sandbox.test/reset-after.png",
            "https://fault.sandbox.test/reset-after/morning-roast.jpg",
        ] {
            assert_eq!(fault(text), Some(expected.clone()), "{text}");
        }
        for other in [
            "https://sandbox.test/reset-after",
            "https://fault.sandbox.test.example/reset-after",
            "https://fault.sandbox.test/",
            "https://fault.sandbox.test/morning-roast.png",
            "see fault.sandbox.test/reset-after",
        ] {
            assert_eq!(fault(other), None, "{other}");
        }
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let answer = json!({"data": {"previews": [{"preview_id": "a"}, {"preview_id": "b"}]}});
        assert_eq!(ids_of(&answer), ["a", "b"]);
        assert_eq!(ids_of(&json!({"id": "a", "link": {"id": "b", "title": "c"}})), ["a", "b"]);
    }
}
