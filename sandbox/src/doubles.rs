//! Paid calls that came twice: the truth of the claim that there are none.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Number, Value};

use super::check::web_url;
use super::clock::Moment;
use super::ids::digest;
use super::ledger::Account;
use super::work::{Progress, Work};
use super::world::World;

/// A paid call that was accepted although an equal one had been.
///
/// Two calls are equal where account, operation and body are: after addresses of uploads were
/// replaced by what was uploaded and ids by what they stand for, and without what only tells attempts
/// apart (adreel's tag in a name, the webhook's address, an `Idempotency-Key`, which a careless
/// client makes anew for each attempt) or writes the same in another way (`15.0`, a field that is
/// null, a host in capitals). A call whose equal has failed is no double, nor is one that was
/// [announced](super::Sandbox::announce_resubmit).
///
/// Two calls of one account and operation that say in the header `x-sandbox-order` that they are for
/// one order are equal too, whatever is in them: the order was paid for twice.
///
/// The same product may also be ordered twice. Two calls for different orders are no double, where
/// both say which order they are for, in the header `x-sandbox-order`, as the clients of
/// `adreel::testing` do by themselves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DoubleSubmit {
    /// Whose operation it is, by name.
    pub provider: &'static str,
    /// The account, as in the ledger.
    pub account: String,
    /// The paid operation.
    pub operation: &'static str,
    /// The provider's id of what the call made.
    pub job: String,
    /// The provider's id of what the first call had made.
    pub first: String,
}

/// What was accepted so far.
#[derive(Default)]
pub(super) struct Doubles {
    /// All of them, the oldest first.
    accepted: Vec<Equal>,
    /// The places of those that have the same content, and of those that are for one order.
    alike: HashMap<[u8; 16], Vec<usize>>,
    /// What they made.
    jobs: HashSet<String>,
    /// How many announced repeats are still to come, by the job that they repeat.
    announced: HashMap<String, u32>,
    found: Vec<DoubleSubmit>,
}

/// One accepted call, for those that come later.
struct Equal {
    /// What it made.
    job: String,
    work: Arc<Work>,
    /// The order that it said it was for.
    order: Option<String>,
}

impl Equal {
    /// Whether the two are known to be for different orders.
    fn is_for_another(&self, order: Option<&str>) -> bool {
        self.order.as_deref().zip(order).is_some_and(|(first, second)| first != second)
    }
}

/// One accepted call.
pub(super) struct Accepted<'a> {
    pub(super) account: &'a Account,
    pub(super) operation: &'static str,
    pub(super) job: &'a str,
    pub(super) work: &'a Arc<Work>,
    /// The order that it says it is for.
    pub(super) order: Option<&'a str>,
    /// As [`comparable`] gives it.
    pub(super) content: String,
}

impl Doubles {
    /// Announces one more call equal to the one that made the job, if there was any.
    pub(super) fn announce(&mut self, job: &str) -> bool {
        let is_known = self.jobs.contains(job);
        if is_known {
            *self.announced.entry(job.to_owned()).or_default() += 1;
        }
        is_known
    }

    pub(super) fn found(&self) -> &[DoubleSubmit] {
        &self.found
    }

    /// Records a call, and returns whether it is a double.
    pub(super) fn note(&mut self, call: &Accepted<'_>, now: Moment) -> bool {
        let Accepted { account, operation, job, work, order, content } = call;
        let key = |what: &str, of: &str| {
            let parts = [account.name.as_str(), operation, what, of];
            digest(&parts.map(str::as_bytes))
        };
        let mut keys = vec![key("content", content)];
        keys.extend(order.map(|order| key("order", order)));
        let place = self.accepted.len();
        let mut alike = Vec::new();
        for key in keys {
            let known = self.alike.entry(key).or_default();
            alike.extend_from_slice(known);
            known.push(place);
        }
        alike.sort_unstable();
        alike.dedup();
        let equal = alike.iter().map(|place| &self.accepted[*place]);
        let equal = equal.filter(|equal| !equal.is_for_another(*order));
        let stands = |equal: &&Equal| !matches!(equal.work.progress(now), Progress::Failed { .. });
        let first = equal.clone().find(stands).map(|equal| equal.job.clone());
        let announced = equal
            .map(|equal| &equal.job)
            .find(|job| self.announced.get(*job).is_some_and(|left| *left > 0));
        let announced = announced.cloned();
        self.jobs.insert(job.to_string());
        self.accepted.push(Equal {
            job: job.to_string(),
            work: Arc::clone(work),
            order: order.map(str::to_owned),
        });
        let Some(first) = first else { return false };
        if let Some(left) = announced.and_then(|job| self.announced.get_mut(&job)) {
            *left -= 1;
            return false;
        }
        self.found.push(DoubleSubmit {
            provider: account.provider.as_str(),
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

/// Reduces a request to what it buys, in one form: without webhooks, tags and empty fields.
fn simplify(world: &World, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "webhook_url" && !value.is_null());
            fields.values_mut().for_each(|value| simplify(world, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| simplify(world, item)),
        Value::String(text) => {
            *text = address(world, text).unwrap_or_else(|| without_tag(text).to_owned());
        }
        Value::Number(number) => {
            *number = whole(number).unwrap_or_else(|| number.clone());
        }
        _ => {}
    }
}

/// What is behind an address of the sandbox's own; any other as it is parsed, with its host in small
/// letters and without a port that says nothing.
fn address(world: &World, text: &str) -> Option<String> {
    let url = web_url(text)?;
    let own = world.own_path(&url).and_then(|path| world.assets.get(&path));
    Some(own.map_or_else(|| url.into(), |file| file.etag.clone()))
}

/// A number that has no fraction, without one. What is beyond these was rounded already.
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number.as_f64().filter(|_| number.is_f64())?;
    (value.fract() == 0.0 && value.abs() < EXACT).then(|| (value as i64).into())
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
    use crate::provider::Provider;

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
    fn what_means_the_same_is_the_same_however_it_is_written() {
        let world = World::test();
        let of = |text: &str| comparable(&world, &serde_json::from_str(text).unwrap());
        for (one, other) in [
            (r#"{"a": 15}"#, r#"{"a": 15.0}"#),
            (r#"{"a": -30}"#, r#"{"a": -3e1}"#),
            (r#"{"a": {"b": 1}}"#, r#"{"a": {"b": 1, "c": null}, "d": null}"#),
            (r#"["https://cdn.example/A?b=C"]"#, r#"["HTTPS://CDN.example:443/A?b=C"]"#),
            (r#"["http://a.example/"]"#, r#"["http://A.EXAMPLE:80"]"#),
        ] {
            assert_eq!(of(one), of(other));
        }
        for (one, other) in [
            (r#"{"a": 15}"#, r#"{"a": 15.5}"#),
            (r#"{"a": 15}"#, r#"{"a": "15"}"#),
            (r#"{"a": 9007199254740993}"#, r#"{"a": 9007199254740992}"#),
            (r#"[1, null]"#, r#"[1]"#),
            (r#"{"a": false}"#, r#"{}"#),
            (r#"["https://cdn.example/a"]"#, r#"["https://cdn.example/A"]"#),
            (r#"["https://cdn.example/"]"#, r#"["https://cdn.example:444/"]"#),
            (r#"["https://cdn.example/#/1"]"#, r#"["https://cdn.example/#/2"]"#),
        ] {
            assert_ne!(of(one), of(other));
        }
    }

    #[test]
    fn a_second_call_counts_unless_the_first_has_failed_or_the_second_is_announced() {
        let account = Account::of_key(Provider::Jogg, "k").unwrap();
        let now = World::test().now();
        let mut doubles = Doubles::default();
        let mut submit = |job: &str, content: &str, announced: Option<&str>| {
            announced.into_iter().for_each(|job| assert!(doubles.announce(job)));
            let work = Work::accepted(now, Duration::ZERO);
            let (operation, content) = ("create_video_from_product", content.to_owned());
            let order = None;
            let call = Accepted { account: &account, operation, job, work: &work, order, content };
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
        assert!(!doubles.announce("nobody") && doubles.announced.len() == 1);
    }

    #[test]
    fn one_order_is_paid_for_once_whatever_is_in_it() {
        let account = |key: &str| Account::of_key(Provider::BeatApi, key).unwrap();
        let (account, other) = (account("k"), account("l"));
        let now = World::test().now();
        let mut doubles = Doubles::default();
        let mut works = Vec::new();
        let mut submit =
            |account: &Account, operation: &'static str, content: &str, order: &str| {
                let work = &Work::accepted(now, Duration::ZERO);
                works.push(Arc::clone(work));
                let (number, order) = (works.len().to_string(), Some(order));
                let job = number.as_str();
                let content = content.to_owned();
                let call = Accepted { account, operation, job, work, order, content };
                doubles.note(&call, now)
            };
        assert!(!submit(&account, "create_ecommerce_video", "x", "1"));
        assert!(submit(&account, "create_ecommerce_video", "y", "1"), "another prompt");
        assert!(!submit(&account, "create_music_video", "y", "1"), "another step");
        assert!(!submit(&other, "create_ecommerce_video", "y", "1"), "another account");
        assert!(!submit(&account, "create_ecommerce_video", "z", "2"), "another order");
        assert!(submit(&account, "create_ecommerce_video", "z", "1"), "the first order again");
        works[4].made(now, Err("no".to_owned()));
        assert!(doubles.announce("1"));
        let work = &Work::accepted(now, Duration::ZERO);
        let mut note = |job: &str, order: Option<&str>| {
            let (account, operation, content) =
                (&account, "create_ecommerce_video", "w".to_owned());
            doubles.note(&Accepted { account, operation, job, work, order, content }, now)
        };
        assert!(!note("a", Some("1")), "it was announced");
        assert!(!note("b", Some("2")), "the other has failed");
    }

    #[test]
    fn two_orders_are_no_double_where_both_say_so() {
        let account = Account::of_key(Provider::BeatApi, "k").unwrap();
        let now = World::test().now();
        let mut doubles = Doubles::default();
        let mut submit = |job: &str, order: Option<&str>| {
            let work = &Work::accepted(now, Duration::ZERO);
            let (operation, content) = ("create_ecommerce_video", "x".to_owned());
            let call = Accepted { account: &account, operation, job, work, order, content };
            doubles.note(&call, now)
        };
        assert!(!submit("a", Some("1")) && !submit("b", Some("2")));
        assert!(submit("c", Some("2")), "the second order again");
        assert!(!submit("d", Some("3")));
        assert!(submit("e", None), "it may be any of them");
        assert!(submit("f", Some("4")), "and so may what follows it");
        let first = |job: &str| {
            let double = doubles.found().iter().find(|double| double.job == job);
            double.unwrap().first.clone()
        };
        assert_eq!((first("c"), first("e"), first("f")), ("b".into(), "a".into(), "e".into()));
    }
}
