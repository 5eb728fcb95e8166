//! Deliveries that were tampered with: none may be taken. `ADREEL_DELIVERIES` says how many.
//!
//!     ADREEL_DELIVERIES=1000000 cargo test --release --all-features --test webhooks mutated

use std::sync::Arc;

use adreel::Delivery;
use adreel::client::{Received, WebhookInbox};
use adreel::{
    AccountConfig, Client, Keys, MemoryLedger, Product, ProviderId, Timestamp, VideoRequest,
    beatapi, jogg,
};

use crate::support::scripted::{Server, json};
use crate::{HandClock, body};

const SAMPLE: usize = 6_000;
const NOW: i64 = 1_790_000_000_000;

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn text(&mut self) -> char {
        char::from(u8::try_from(self.below(94)).unwrap() + 33)
    }
}

/// A request as it stands on the wire.
#[derive(Clone, Debug, PartialEq)]
struct Wire {
    provider: ProviderId,
    account: &'static str,
    headers: Vec<(String, String)>,
    query: String,
    body: Vec<u8>,
}

/// Provider, account, signing headers, tokens in the query, and the body where it is signed.
type Presented = (ProviderId, &'static str, Vec<(String, String)>, Vec<String>, Vec<u8>);

impl Wire {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What proves it, as whoever checks it has to see it.
    fn presented(&self) -> Presented {
        let ours = |(name, value): (_, std::borrow::Cow<'_, str>)| {
            (name == "adreel").then(|| value.into_owned())
        };
        let query = url::form_urlencoded::parse(self.query.as_bytes()).filter_map(ours).collect();
        let is_creatify = self.provider == ProviderId::Creatify;
        let body = if is_creatify { Vec::new() } else { self.body.clone() };
        let mut headers = if is_creatify { Vec::new() } else { self.headers.clone() };
        headers.retain(|(name, _)| !name.ends_with("-event"));
        headers.sort();
        let query = if is_creatify { query } else { Vec::new() };
        (self.provider, self.account, headers, query, body)
    }

    async fn received(&self, inbox: &WebhookInbox) -> Received {
        let header = |name: &str| self.header(name);
        let delivery = Delivery::new(self.provider, header, &self.body);
        inbox.receive(delivery.account(self.account).query(&self.query)).await.received()
    }
}

/// Both accounts of each provider, an inbox for them, and valid deliveries to them.
struct Post {
    inbox: WebhookInbox,
    valid: Vec<Wire>,
}

fn owned(headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn post() -> Post {
    let record = json(200, r#"{"id":"r1","product_url":"p","status":"pending"}"#);
    let other = json(200, r#"{"id":"r2","product_url":"p","status":"pending"}"#);
    let server = Server::start([record, other]).await;
    let mut builder =
        Client::builder().clock(HandClock::new()).ledger(Arc::new(MemoryLedger::new()));
    for name in ["default", "eu"] {
        for provider in ProviderId::ALL {
            let keys = Keys::id_and_key("id", format!("sk_{provider}_{name}"));
            let config = AccountConfig::new(keys).base_url(&server.url).name(name);
            let config = config.webhook_url("https://hook.example/h?shop=7");
            builder = builder.account(provider, config);
        }
    }
    let client = builder.build().unwrap();
    let mut inbox = client.webhooks().inbox();
    let mut valid = Vec::new();
    for account in ["default", "eu"] {
        for (provider, signs) in [(ProviderId::BeatApi, true), (ProviderId::Jogg, false)] {
            let secret = format!("whsec_{provider}_{account}");
            inbox = inbox.secret_of(provider, account, &*secret);
            for (name, id) in [("succeeded", "task_1"), ("failed", "task_2")] {
                let event = format!("task.{name}");
                let body = match signs {
                    true => body(&event, id),
                    false => format!(
                        r#"{{"event_id":"evt_{id}","event":"generated_product_video_success","timestamp":1790000000,"data":{{"video_id":"{id}","status":"{name}"}}}}"#
                    ),
                };
                let (secret, bytes) = (secret.as_str().into(), body.as_bytes());
                let headers = match signs {
                    true => {
                        beatapi::sign_webhook(&secret, &event, Timestamp::from_millis(NOW), bytes)
                    }
                    false => jogg::sign_webhook(&secret, "generated_product_video_success", bytes),
                };
                let (headers, body) = (owned(headers), body.into_bytes());
                valid.push(Wire { provider, account, headers, query: String::new(), body });
            }
        }
        let product = Product::new("Roast").image_url("https://shop.example/p.png");
        let request = VideoRequest::new(product);
        let submit = client.submit(&request).on(ProviderId::Creatify).account(account);
        let job = submit.record().await.unwrap().id();
        client.advance(job).await.unwrap();
        let sent = server.requests().pop().unwrap();
        let sent: serde_json::Value =
            serde_json::from_str(sent.split_once("\r\n\r\n").unwrap().1).unwrap();
        let query = sent["webhook_url"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
        let body = br#"{"id":"r1","status":"image_generated"}"#.to_vec();
        let provider = ProviderId::Creatify;
        valid.push(Wire { provider, account, headers: Vec::new(), query, body });
    }
    Post { inbox: inbox.build().unwrap(), valid }
}

/// One change of some bytes.
fn change_bytes(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    match random.below(7) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
        2 if !bytes.is_empty() => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        4 => bytes.extend_from_slice(random.pick(&[" ", "\n", "{}", "\0", "}"]).as_bytes()),
        5 if !bytes.is_empty() => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        _ => {
            let pairs = [("succeeded", "failed"), ("success", "failed"), ("task_1", "task_2")];
            let (from, to) = random.pick(&pairs);
            let text = String::from_utf8_lossy(bytes).replace(from, to);
            *bytes = text.into_bytes();
        }
    }
}

/// One change of some text that stays text, as headers and queries are.
fn change_text(random: &mut Random, text: &mut String) {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len());
    match random.below(8) {
        0 if !chars.is_empty() => chars[at] = random.text(),
        1 => chars.insert(at, random.text()),
        2 if !chars.is_empty() => drop(chars.remove(at)),
        3 => chars.truncate(at),
        4 => chars.push(random.text()),
        5 => chars = text.to_uppercase().chars().collect(),
        6 => chars.insert(0, *random.pick(&['0', '+', ' ', '-'])),
        _ if !chars.is_empty() => {
            let other = random.below(chars.len());
            chars.swap(at, other);
        }
        _ => {}
    }
    *text = chars.into_iter().collect();
}

fn change_headers(random: &mut Random, wire: &mut Wire, others: &[Wire]) {
    let signed = others.iter().filter(|other| !other.headers.is_empty()).collect::<Vec<_>>();
    let other = random.pick(&signed);
    if wire.headers.is_empty() {
        return;
    }
    let at = random.below(wire.headers.len());
    match random.below(5) {
        0 => drop(wire.headers.remove(at)),
        1 => wire.headers[at].1 = random.pick(&other.headers).1.clone(),
        2 => {
            let values = random.below(wire.headers.len());
            let value = wire.headers[values].1.clone();
            wire.headers[at].1 = value;
        }
        3 => {
            // A time of another day, with the signature of this one.
            let far = [-1, 1, 300, 301, -86_400, 86_400, i64::MAX / 2_000];
            let time = (NOW / 1000 + random.pick(&far)).to_string();
            let time_header = wire.headers.iter_mut().find(|(name, _)| name.ends_with("timestamp"));
            if let Some((_, value)) = time_header {
                *value = time;
            }
        }
        _ => change_text(random, &mut wire.headers[at].1),
    }
}

/// A delivery that was signed as it should be, at another time or with another secret.
fn sign_anew(random: &mut Random, wire: &mut Wire) {
    let right = format!("whsec_{}_{}", wire.provider, wire.account);
    let secrets = ["whsec_guess", "whsec_", "sk_beatapi_default", "0"];
    let wrong = random.pick(&secrets).to_owned();
    let far = [-301, 301, -86_400, 31_536_000];
    let (secret, time) = match random.below(2) {
        0 => (wrong.into(), NOW),
        _ if wire.provider == ProviderId::Jogg => (wrong.into(), NOW),
        _ => (right, NOW + 1000 * random.pick(&far)),
    };
    wire.headers = owned(match wire.provider {
        ProviderId::BeatApi => {
            let time = Timestamp::from_millis(time);
            beatapi::sign_webhook(&secret.into(), "task.succeeded", time, &wire.body)
        }
        _ => jogg::sign_webhook(&secret.into(), "generated_product_video_success", &wire.body),
    });
}

fn change_query(random: &mut Random, wire: &mut Wire, others: &[Wire]) {
    match random.below(4) {
        0 => {
            // The token of one step before the tag of another.
            let same = others.iter().filter(|other| other.provider == ProviderId::Creatify);
            let same: Vec<_> = same.collect();
            let other = &random.pick(&same).query;
            let (Some((head, _)), Some((_, tag))) =
                (wire.query.split_once('.'), other.split_once('.'))
            else {
                return;
            };
            wire.query = format!("{head}.{tag}");
        }
        1 => {
            let (from, to) =
                *random.pick(&[("-0", "-1"), ("ar-", "br-"), (".", ""), ("adreel", "a")]);
            wire.query = wire.query.replace(from, to);
        }
        2 => wire.query = format!("{0}&{0}", wire.query),
        _ => change_text(random, &mut wire.query),
    }
}

fn mutated(random: &mut Random, valid: &[Wire]) -> Wire {
    let mut wire = random.pick(valid).clone();
    let is_creatify = wire.provider == ProviderId::Creatify;
    for _ in 0..=random.below(3) {
        match random.below(8) {
            0 => wire.account = if wire.account == "eu" { "default" } else { "eu" },
            1 => wire.provider = *random.pick(&ProviderId::ALL),
            _ if is_creatify => change_query(random, &mut wire, valid),
            2 if wire.provider != ProviderId::Creatify => sign_anew(random, &mut wire),
            3 | 4 => change_headers(random, &mut wire, valid),
            _ => change_bytes(random, &mut wire.body),
        }
    }
    wire
}

/// How many of so many tampered deliveries are accepted, and the first of them.
async fn campaign(
    count: usize,
    valid: &[Wire],
    accepts: impl AsyncFn(&Wire) -> bool,
) -> (usize, Option<Wire>) {
    let presented: Vec<_> = valid.iter().map(Wire::presented).collect();
    let mut random = Random(7);
    let (mut tried, mut accepted, mut first) = (0, 0, None);
    while tried < count {
        let wire = mutated(&mut random, valid);
        if presented.contains(&wire.presented()) {
            continue;
        }
        tried += 1;
        if accepts(&wire).await {
            accepted += 1;
            first.get_or_insert(wire);
        }
    }
    (accepted, first)
}

#[tokio::test]
async fn no_mutated_delivery_is_accepted() {
    let Post { inbox, valid } = post().await;
    let asked = std::env::var("ADREEL_DELIVERIES").ok();
    let count = asked.map_or(SAMPLE, |count| count.parse().unwrap());
    for wire in &valid {
        assert_eq!(wire.received(&inbox).await, Received::New, "{wire:?}");
    }
    let accepts = async |wire: &Wire| wire.received(&inbox).await != Received::Forged;
    let (accepted, first) = campaign(count, &valid, accepts).await;
    eprintln!("{count} mutated deliveries, {accepted} accepted");
    assert_eq!((accepted, first), (0, None));
    for wire in &valid {
        assert_eq!(wire.received(&inbox).await, Received::Known, "{wire:?}");
    }
}

/// A check that leaves something out, as a mistake would.
fn is_fooled(flaw: &str, wire: &Wire, valid: &[Wire]) -> bool {
    let (provider, account, headers, query, body) = wire.presented();
    valid.iter().map(Wire::presented).any(|known| {
        let near = |ours: &[(String, String)], theirs: &[(String, String)]| {
            let head = |(name, value): &(String, String)| {
                (name.clone(), value.get(..8).map(str::to_owned))
            };
            ours.iter().map(head).eq(theirs.iter().map(head))
        };
        let is_right = (
            provider == known.0,
            account == known.1,
            headers == known.2,
            query == known.3,
            body == known.4,
        );
        match flaw {
            "any account" => matches!(is_right, (true, _, true, true, true)),
            "any body" => matches!(is_right, (true, true, true, true, _)),
            "the start of the signature" => {
                near(&headers, &known.2) && matches!(is_right, (true, true, _, true, true))
            }
            _ => {
                let tag = |query: &[String]| {
                    query.first().and_then(|q| q.split_once('.')).map(|(_, tag)| tag.to_owned())
                };
                provider == ProviderId::Creatify
                    && tag(&query).is_some()
                    && tag(&query) == tag(&known.3)
            }
        }
    })
}

#[tokio::test]
async fn the_campaign_finds_a_check_that_leaves_something_out() {
    let Post { valid, .. } = post().await;
    for flaw in ["any account", "any body", "the start of the signature", "any token"] {
        let accepts = async |wire: &Wire| is_fooled(flaw, wire, &valid);
        let (accepted, _) = campaign(SAMPLE, &valid, accepts).await;
        assert!(accepted > 0, "{flaw}");
    }
}
