//! Paid calls that came twice: the truth of the claim that there are none.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::check::web_url;
use super::clock::Moment;
use super::credits::Account;
use super::ids::digest;
use super::work::{Progress, Work};
use super::world::World;
use crate::ProviderId;

/// A paid call that was accepted although an equal one had been.
///
/// Two calls are equal where account, operation and body are: after addresses of uploads were
/// replaced by what was uploaded and ids by what they stand for, and without what only tells attempts
/// apart (adreel's tag in a name, the webhook's address). One whose equal has failed is none, and
/// neither is one that was [announced](super::Sandbox::announce_resubmit).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DoubleSubmit {
    /// Whose operation it is.
    pub provider: ProviderId,
    /// The account, as in the ledger.
    pub account: String,
    /// The paid operation.
    pub operation: &'static str,
    /// The provider's id of what the call made.
    pub job: String,
    /// And of what the first one had made.
    pub first: String,
}

/// What was accepted so far.
#[derive(Default)]
pub(super) struct Doubles {
    /// All equal calls, the oldest first, as the job that each made.
    accepted: HashMap<[u8; 16], Vec<(String, Arc<Work>)>>,
    /// How many more are meant, by the job that they repeat.
    announced: HashMap<String, u32>,
    found: Vec<DoubleSubmit>,
}

/// One accepted call.
pub(super) struct Accepted<'a> {
    pub(super) account: &'a Account,
    pub(super) operation: &'static str,
    pub(super) job: &'a str,
    pub(super) work: &'a Arc<Work>,
    /// As [`comparable`] gives it.
    pub(super) content: String,
}

impl Doubles {
    pub(super) fn announce(&mut self, job: &str) {
        *self.announced.entry(job.to_owned()).or_default() += 1;
    }

    pub(super) fn found(&self) -> &[DoubleSubmit] {
        &self.found
    }

    /// Takes a call down, and says whether it is a double.
    pub(super) fn note(&mut self, call: &Accepted<'_>, now: Moment) -> bool {
        let Accepted { account, operation, job, work, content } = call;
        let key = digest(&[account.name.as_bytes(), operation.as_bytes(), content.as_bytes()]);
        let equal = self.accepted.entry(key).or_default();
        let stands = |(_, work): &&(String, Arc<Work>)| {
            !matches!(work.progress(now), Progress::Failed { .. })
        };
        let first = equal.iter().find(stands).map(|(job, _)| job.clone());
        let announced = equal.iter().find_map(|(job, _)| {
            self.announced.get(job).filter(|left| **left > 0).map(|_| job.clone())
        });
        equal.push((job.to_string(), Arc::clone(work)));
        let Some(first) = first else { return false };
        if let Some(left) = announced.and_then(|job| self.announced.get_mut(&job)) {
            *left -= 1;
            return false;
        }
        self.found.push(DoubleSubmit {
            provider: account.provider,
            account: account.name.clone(),
            operation,
            job: job.to_string(),
            first,
        });
        true
    }
}

/// A request as text that is the same for two requests that mean the same.
pub(super) fn comparable(world: &World, content: &Value) -> String {
    let mut content = content.clone();
    simplify(world, &mut content);
    content.sort_all_objects();
    content.to_string()
}

/// Leaves what was bought: no addresses, no tags.
fn simplify(world: &World, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("webhook_url");
            fields.values_mut().for_each(|value| simplify(world, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| simplify(world, item)),
        Value::String(text) => {
            *text = uploaded(world, text).unwrap_or_else(|| without_tag(text).to_owned());
        }
        _ => {}
    }
}

/// What is behind an address of the sandbox's own.
fn uploaded(world: &World, text: &str) -> Option<String> {
    let path = world.own_path(&web_url(text)?)?;
    Some(world.assets.get(&path)?.etag.clone())
}

/// A text without the tag that adreel sets at the end of a name, such as
/// `ar-01JAAAAAAAAAAAAAAAAAAAAAAA-2`.
fn without_tag(text: &str) -> &str {
    let text = text.trim_end();
    let (before, last) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
    let tag = last.strip_prefix("ar-").and_then(|tag| tag.split_once('-'));
    let is_tag = tag.is_some_and(|(id, step)| {
        id.len() == 26
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !step.is_empty()
            && step.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_tag { before.trim_end() } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn only_our_own_tag_is_taken_off_a_name() {
        let tag = "ar-01JDABCDEFGHJKMNPQRSTVWXYZ-2";
        assert_eq!(without_tag(&format!("Morning Roast {tag}")), "Morning Roast");
        assert_eq!(without_tag(tag), "");
        for name in
            ["Morning Roast ar-1-2", "Morning Roast 2", &format!("{tag} x"), &format!("{tag}x")]
        {
            assert_eq!(without_tag(name), name);
        }
    }

    #[test]
    fn uploads_of_the_same_file_are_the_same() {
        let world = World::test();
        for path in ["a.png", "b.png", "c.png"] {
            let bytes = if path == "c.png" { &b"other"[..] } else { &b"same"[..] };
            world.assets.put(path.to_owned(), "image/png", bytes.into(), world.now());
        }
        let of = |path: &str| comparable(&world, &json!({"images": [world.media_url(path)]}));
        assert_eq!(of("a.png"), of("b.png"));
        assert_ne!(of("a.png"), of("c.png"));
        let plain = |hook: &str| comparable(&world, &json!({"a": 1, "webhook_url": hook}));
        assert_eq!(plain("https://a.example/1"), plain("https://a.example/2"));
    }

    #[test]
    fn a_second_call_counts_unless_the_first_has_failed_or_the_second_is_announced() {
        let account = Account::of_key(ProviderId::Jogg, "k").unwrap();
        let now = World::test().now();
        let mut doubles = Doubles::default();
        let mut submit = |job: &str, content: &str, announced: Option<&str>| {
            announced.into_iter().for_each(|job| doubles.announce(job));
            let work = Work::accepted(now, Duration::ZERO);
            let (operation, content) = ("create_video_from_product", content.to_owned());
            let call = Accepted { account: &account, operation, job, work: &work, content };
            (doubles.note(&call, now), work)
        };
        let (is_double, first) = submit("a", "x", None);
        assert!(!is_double && !submit("b", "y", None).0);
        assert!(submit("c", "x", None).0, "an equal call");
        assert!(!submit("d", "x", Some("c")).0, "an announced one");
        assert!(submit("e", "x", None).0, "an announcement is for one");
        first.made(now, Err("no".to_owned()));
        assert!(submit("f", "x", None).0, "others of them stand");
        let (_, only) = submit("g", "z", None);
        only.made(now, Err("no".to_owned()));
        assert!(!submit("h", "z", None).0, "the only one has failed");
    }
}
