//! One request and its answer as handlers see them: its operation, its account, and the faults planted
//! for what it reads or makes.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use serde_json::{Map, Value, json};

use super::clock::Moment;
use super::doubles::{self, Accepted};
use super::faults::{Fault, FaultKind, FaultPoint, Subject, distort, has_link, title_of};
use super::ledger::{Account, Insufficient, Price, Terms};
use super::operations::Operation;
use super::webhooks::DeliveryFault;
use super::work::{Fate, Work};
use super::world::World;

/// The key of the account that a read may be answered to by mistake.
const OTHER_KEY: &str = "sk_sandbox_other";

/// For handlers that do not take the whole request.
pub(super) type CurrentExchange = Extension<Arc<Exchange>>;

pub(super) struct Exchange {
    pub(super) world: Arc<World>,
    /// In the journal.
    pub(super) number: u64,
    pub(super) operation: Option<&'static Operation>,
    /// The account of its key.
    pub(super) account: Option<Account>,
    /// The texts by which faults find this request and what it makes.
    pub(super) marks: Vec<String>,
    /// The order that it says it is for.
    pub(super) order: Option<String>,
}

impl Exchange {
    /// That of a request, which the middleware has added.
    pub(super) fn of(request: &Request) -> Arc<Self> {
        request.extensions().get().cloned().expect("the middleware adds it to every request")
    }

    /// What a read of one record shows; `None` where it is answered as to another account, which has
    /// no such record.
    pub(super) fn show(
        &self,
        id: &str,
        made: Moment,
        answer: impl Fn(Moment) -> Value,
    ) -> Option<Value> {
        self.note_job(id);
        let faults = &self.world.faults;
        if faults.any() && self.other_account(&faults.marks_of_job(id, &self.marks)).is_some() {
            return None;
        }
        // A record is late in lists only.
        self.read(id, made, false, answer)
    }

    /// The account that a read is answered to, if it is another one than the caller's.
    fn other_account(&self, marks: &[String]) -> Option<Account> {
        let subject = Subject::new(self.operation?, marks);
        let fault = self.world.faults.pick(FaultPoint::Account, &subject)?;
        self.note_fault(&fault);
        Account::of_key(subject.provider, fault.value_or(OTHER_KEY))
    }

    /// What a list shows of one of its records, if it shows it.
    pub(super) fn list(
        &self,
        id: &str,
        made: Moment,
        answer: impl Fn(Moment) -> Value,
    ) -> Option<Value> {
        self.read(id, made, true, answer)
    }

    fn read(
        &self,
        id: &str,
        made: Moment,
        is_list: bool,
        answer: impl Fn(Moment) -> Value,
    ) -> Option<Value> {
        let now = self.world.now();
        let shown = answer(now);
        let faults = &self.world.faults;
        let Some(operation) = self.operation.filter(|_| faults.any()) else { return Some(shown) };
        let marks = faults.marks_of_job(id, &self.marks);
        let subject = Subject::new(operation, &marks);
        let is_apt = |fault: &Fault| match fault.kind() {
            FaultKind::LateList => is_list && now.since(made) < fault.secs(30),
            FaultKind::StatusBack => answer(made).get("status") != shown.get("status"),
            FaultKind::MissingField => shown.get(fault.field_or("status")).is_some(),
            FaultKind::NullField => {
                shown.get(fault.field_or("webhook_url")).is_some_and(|value| !value.is_null())
            }
            FaultKind::EmptyLink => has_link(&shown),
            FaultKind::ChangedTitle => is_list && title_of(&shown).is_some(),
            FaultKind::UnreadableRecord => is_list,
            _ => true,
        };
        let mut shown = shown.clone();
        for fault in faults.pick_all(FaultPoint::Read, &subject, usize::MAX, is_apt) {
            self.note_fault(&fault);
            match fault.kind() {
                FaultKind::LateList => return None,
                FaultKind::StatusBack => shown = answer(made),
                FaultKind::StaleRead => shown = answer(made.max(now.minus(fault.secs(30)))),
                _ => distort(&mut shown, &fault),
            }
        }
        renew_links(&mut shown, &self.world, faults.good_link(id));
        Some(shown)
    }

    /// The faults planted for a list, whose records have these ids.
    pub(super) fn list_faults<'a>(&self, ids: impl Iterator<Item = &'a str>) -> ListFaults {
        let mut planted = ListFaults::default();
        let faults = &self.world.faults;
        let Some(operation) = self.operation.filter(|_| faults.any()) else { return planted };
        let mut marks: Vec<_> = ids.flat_map(|id| faults.marks_of_job(id, &self.marks)).collect();
        marks.sort_unstable();
        marks.dedup();
        planted.account = self.other_account(&marks);
        let subject = Subject::new(operation, &marks);
        for fault in faults.pick_all(FaultPoint::List, &subject, usize::MAX, |_| true) {
            self.note_fault(&fault);
            match fault.kind() {
                FaultKind::ShortList => {
                    let most = fault.count_or(20);
                    planted.most = Some(planted.most.map_or(most, |known: usize| known.min(most)));
                }
                FaultKind::PageTotal => planted.is_total_of_page = true,
                _ => planted.is_oldest_first = true,
            }
        }
        planted
    }

    /// The request is refused, and asked to come again at this time.
    pub(super) fn refused_until(&self, until: Moment) {
        if let (Some(operation), Some(account)) = (self.operation, &self.account) {
            self.world.limits.refused(account, operation.id, until);
        }
    }

    pub(super) fn note_job(&self, id: &str) {
        self.world.journal.note(self.number, |record| record.job = Some(id.to_owned()));
    }

    pub(super) fn note_fault(&self, fault: &Fault) {
        self.world.journal.note_fault(self.number, fault.kind().as_str());
    }
}

/// What faults make of a list.
#[derive(Default)]
pub(super) struct ListFaults {
    /// How many records it shows on a page at the most.
    pub(super) most: Option<usize>,
    pub(super) is_oldest_first: bool,
    /// Whether its total counts the page alone.
    pub(super) is_total_of_page: bool,
    /// The account whose records it shows in place of the caller's.
    pub(super) account: Option<Account>,
}

/// Gives the links of a job's videos the number that is good now.
fn renew_links(value: &mut Value, world: &World, link: u32) {
    if link == 0 {
        return;
    }
    match value {
        Value::String(text) if text.starts_with(&world.media_url("")) && text.ends_with(".mp4") => {
            text.push_str(&format!("?link={link}"));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renew_links(item, world, link)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| renew_links(field, world, link));
        }
        _ => {}
    }
}

/// A paid call whose request is right and which has not been accepted yet.
pub(super) struct Submit {
    pub(super) account: Account,
    exchange: Arc<Exchange>,
    content: Value,
}

impl Submit {
    pub(super) fn new(
        exchange: Arc<Exchange>,
        account: Account,
        body: &Map<String, Value>,
    ) -> Self {
        Self { account, exchange, content: Value::Object(body.clone()) }
    }

    pub(super) fn world(&self) -> &Arc<World> {
        &self.exchange.world
    }

    /// Compares this call with others by what its ids refer to: the same product can be sent under two
    /// ids. `fields` are the fields of the body that hold such ids, and `of` is what stands for them.
    pub(super) fn about(mut self, fields: &[&str], of: Value) -> Self {
        if let Some(body) = self.content.as_object_mut() {
            body.retain(|name, _| !fields.contains(&name.as_str()));
        }
        self.content = json!({"body": self.content, "of": of});
        self
    }

    /// Charges for a job, decides whether it is to fail, and enters it as accepted.
    pub(super) fn accept(
        &self,
        job: &str,
        price: &Price,
        work: &Arc<Work>,
    ) -> Result<(), Insufficient> {
        let Self { account, exchange, content } = self;
        let world = &exchange.world;
        let now = world.now();
        if world.balance(account) < price.amount {
            return Err(Insufficient);
        }
        self.decide_fate(work);
        let terms = match work.refund() {
            Some(true) => Terms::RefundedOnFailure,
            Some(false) => Terms::Kept,
            None => price.terms,
        };
        let price = Price { operation: price.operation, amount: price.amount, terms };
        world.charge(account, job, &price, work)?;
        world.jobs.accepted(account, job, price.operation, work);
        let content = doubles::comparable(world, content);
        let (operation, order) = (price.operation, exchange.order.as_deref());
        let call = Accepted { account, operation, job, work, order, content };
        world.note_accepted(&call, now);
        world.faults.bind(job, &exchange.marks);
        exchange.note_job(job);
        Ok(())
    }

    /// The faults planted for the job's webhooks. Asked once, where there is an endpoint.
    pub(super) fn delivery_faults(&self) -> Vec<DeliveryFault> {
        let Some(operation) = self.exchange.operation else { return Vec::new() };
        let subject = Subject::new(operation, &self.exchange.marks);
        let faults = &self.exchange.world.faults;
        let picked = faults.pick_all(FaultPoint::Webhook, &subject, usize::MAX, |_| true);
        picked.iter().for_each(|fault| self.exchange.note_fault(fault));
        picked.iter().filter_map(DeliveryFault::of).collect()
    }

    fn decide_fate(&self, work: &Work) {
        let Some(operation) = self.exchange.operation else { return };
        let subject = Subject::new(operation, &self.exchange.marks);
        let Some(fault) = self.exchange.world.faults.pick(FaultPoint::Job, &subject) else {
            return;
        };
        self.exchange.note_fault(&fault);
        work.decide_fate(match fault.kind() {
            FaultKind::JobStuck => Fate::Stuck,
            _ => Fate::Fails {
                reason: fault.value_or("The sandbox was told to let this job fail.").to_owned(),
                refund: fault.refunds(),
            },
        });
    }
}
