//! The faults that are armed, and which of them happen to a request or a job.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use serde::Serialize;

use super::{Fault, FaultPoint, InvalidFault, magic};
use crate::bounded_map::BoundedMap;
use crate::ids::{digest, hex};
use crate::operations::{Kind, Operation};
use crate::provider::Provider;
use crate::world::locked;

/// How many faults may be armed at a time, apart from those that a sandbox starts with.
const MOST_ARMED: usize = 1_000;

/// How many marks a request or a job has at the most.
const MOST_MARKS: usize = 1_000;

/// The longest id that stands for anything. Those that the sandbox gives are much shorter.
const MOST_ID_BYTES: usize = 100;

/// A fault that was asked for, and what became of it so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ArmedFault {
    /// By which it is taken back.
    pub id: String,
    /// The fault itself.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many chances there were.
    pub chances: u32,
    /// How many times it happened.
    pub happened: u32,
}

/// What a fault may happen to.
pub(crate) struct Subject<'a> {
    pub(crate) provider: Provider,
    /// `None` for the link of a video.
    pub(crate) operation: Option<&'static Operation>,
    /// The marks of the request or the job.
    pub(crate) marks: &'a [String],
}

impl<'a> Subject<'a> {
    pub(crate) fn new(operation: &'static Operation, marks: &'a [String]) -> Self {
        Self { provider: operation.provider, operation: Some(operation), marks }
    }
}

/// One armed fault. A mark is what a request or a job has to carry for it: the rule's own id where
/// the rule asks for a product, a digest of the address of a magic product, the number of a request
/// with a header.
struct Rule {
    number: u64,
    armed: ArmedFault,
    mark: Option<String>,
    /// Whether it is for its request alone, and not for what that makes.
    is_for_one: bool,
    /// Whether anything that was made has its mark.
    is_bound: bool,
}

impl Rule {
    fn new(number: u64, fault: Fault) -> Self {
        let id = format!("fault_{number}");
        let armed = ArmedFault { id, fault, chances: 0, happened: 0 };
        Self { number, armed, mark: None, is_for_one: false, is_bound: false }
    }
}

#[derive(Default)]
struct State {
    /// Those that were armed by rule, the oldest first.
    rules: Vec<Rule>,
    /// Those that a request brought along, by their marks.
    brought: BoundedMap<Rule>,
    armed: u64,
    /// The marks of jobs, products, links and previews, by their ids.
    bound: BoundedMap<Vec<String>>,
    /// How many links of a job's video have expired.
    expired: HashMap<String, u32>,
}

/// All faults of a sandbox.
pub(crate) struct Faults {
    seed: u64,
    state: Mutex<State>,
    /// So that a sandbox without faults takes no lock for them.
    any: AtomicBool,
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let any = AtomicBool::new(!faults.is_empty());
        let mut state = State::default();
        for fault in faults {
            state.arm(fault);
        }
        Self { seed, state: Mutex::new(state), any }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whether anything was ever armed.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Arms a fault that was checked, and tells its id.
    ///
    /// # Errors
    /// [`InvalidFault`] where too many are armed.
    pub(crate) fn arm(&self, fault: Fault) -> Result<String, InvalidFault> {
        let mut state = self.state();
        if state.rules.len() >= MOST_ARMED {
            let text = format!("{MOST_ARMED} faults are armed already: take some back first");
            return Err(InvalidFault(text));
        }
        let id = state.arm(fault);
        self.any.store(true, Ordering::Release);
        Ok(id)
    }

    /// Arms a fault for whatever carries a mark, once for each mark.
    fn arm_for(&self, mark: &str, fault: Fault, is_for_one: bool) {
        let mut state = self.state();
        if state.brought.get(mark).is_none() {
            let rule = Rule { mark: Some(mark.to_owned()), is_for_one, ..state.number(fault) };
            let bytes = rule.armed.fault.to_string().len();
            state.brought.put(mark.to_owned(), rule, bytes);
        }
        self.any.store(true, Ordering::Release);
    }

    /// The request with this number is over, and with it the fault in its header, unless that is
    /// for what the request made.
    pub(crate) fn forget(&self, request: u64) {
        let mut state = self.state();
        let mark = mark_of_request(request);
        if state.brought.get(&mark).is_some_and(|rule| !rule.is_bound) {
            state.brought.remove(&mark);
        }
    }

    /// Takes a fault back; what it did stays.
    pub(crate) fn disarm(&self, id: &str) -> bool {
        let mut state = self.state();
        let before = state.rules.len();
        state.rules.retain(|rule| rule.armed.id != id);
        state.rules.len() < before
    }

    /// All that somebody armed, the oldest first. Those that requests brought along are theirs.
    pub(crate) fn list(&self) -> Vec<ArmedFault> {
        self.state().rules.iter().map(|rule| rule.armed.clone()).collect()
    }

    /// The same with their numbers, the newest first.
    pub(crate) fn newest(&self) -> Vec<(u64, ArmedFault)> {
        let state = self.state();
        state.rules.iter().rev().map(|rule| (rule.number, rule.armed.clone())).collect()
    }

    /// The marks that the texts of a body and the ids in it and in a path give, each once.
    fn marks_of(&self, texts: &[&str], ids: &[&str], marks: &mut Vec<String>) {
        let state = self.state();
        for rule in &state.rules {
            let Some(product) = rule.armed.fault.product.as_deref() else { continue };
            if texts.iter().any(|text| text.contains(product)) {
                marks.extend(rule.mark.clone());
            }
        }
        let ids = texts.iter().chain(ids).filter(|id| id.len() <= MOST_ID_BYTES);
        for bound in ids.filter_map(|id| state.bound.get(id)) {
            marks.extend(bound.iter().cloned());
            if marks.len() > MOST_MARKS {
                tidy(marks);
            }
        }
        tidy(marks);
    }

    /// The marks of a job and of a request that asks for it, each once.
    pub(crate) fn marks_of_job(&self, id: &str, request: &[String]) -> Vec<String> {
        let mut marks = request.to_vec();
        marks.extend(self.state().bound.get(id).into_iter().flatten().cloned());
        tidy(&mut marks);
        marks
    }

    /// Gives an id these marks too, so that faults for the request find what it made.
    pub(crate) fn bind(&self, id: &str, marks: &[String]) {
        if marks.is_empty() || id.len() > MOST_ID_BYTES {
            return;
        }
        let mut state = self.state();
        let State { brought, bound, .. } = &mut *state;
        let mut all = bound.get(id).cloned().unwrap_or_default();
        for mark in marks {
            match brought.get_mut(mark) {
                Some(rule) if rule.is_for_one => continue,
                Some(rule) => rule.is_bound = true,
                None => {}
            }
            all.push(mark.clone());
        }
        tidy(&mut all);
        if !all.is_empty() {
            let bytes = all.iter().map(|mark| mark.len() + size_of::<String>()).sum();
            bound.put(id.to_owned(), all, bytes);
        }
    }

    /// The first fault that happens now, at this point.
    pub(crate) fn pick(&self, point: FaultPoint, subject: &Subject<'_>) -> Option<Fault> {
        self.pick_all(point, subject, 1, |_| true).pop()
    }

    /// At most so many of the faults that happen now, of those that would show. Those that were
    /// armed come before those that a request brought along.
    pub(crate) fn pick_all(
        &self,
        point: FaultPoint,
        subject: &Subject<'_>,
        most: usize,
        is_apt: impl Fn(&Fault) -> bool,
    ) -> Vec<Fault> {
        if !self.any() {
            return Vec::new();
        }
        let seed = self.seed;
        let mut state = self.state();
        let State { rules, brought, .. } = &mut *state;
        let mut happening = Vec::new();
        let mut offer = |rule: &mut Rule| {
            if happening.len() < most && rule.matches(point, subject) && is_apt(&rule.armed.fault) {
                happening.extend(rule.happens(seed));
            }
        };
        rules.iter_mut().for_each(&mut offer);
        for mark in subject.marks {
            brought.get_mut(mark).into_iter().for_each(&mut offer);
        }
        happening
    }

    /// The link with this number of a job's video has expired, and so have those before.
    pub(crate) fn expire(&self, job: &str, link: u32) {
        self.state().expired.insert(job.to_owned(), link.saturating_add(1));
    }

    /// The number of a job's link that is good now.
    pub(crate) fn good_link(&self, job: &str) -> u32 {
        if !self.any() {
            return 0;
        }
        self.state().expired.get(job).copied().unwrap_or_default()
    }
}

/// The mark of what a request with a header makes.
fn mark_of_request(number: u64) -> String {
    format!("request {number}")
}

/// Marks in one order, each once, and not too many.
fn tidy(marks: &mut Vec<String>) {
    marks.sort_unstable();
    marks.dedup();
    marks.truncate(MOST_MARKS);
}

impl State {
    fn number(&mut self, fault: Fault) -> Rule {
        self.armed += 1;
        Rule::new(self.armed, fault)
    }

    fn arm(&mut self, fault: Fault) -> String {
        let mut rule = self.number(fault);
        let id = rule.armed.id.clone();
        rule.mark = rule.armed.fault.product.as_ref().map(|_| id.clone());
        self.rules.push(rule);
        id
    }
}

impl Rule {
    fn matches(&self, point: FaultPoint, subject: &Subject<'_>) -> bool {
        let fault = &self.armed.fault;
        // The fault of a magic product happens to the paid call, unless it names another operation.
        let is_meant = match &fault.operation {
            Some(id) => subject.operation.is_some_and(|operation| operation.id == id),
            None if point == FaultPoint::Wire => subject.operation.is_some_and(|operation| {
                fault.kind.is_for(operation)
                    && (self.mark.is_none() || operation.kind == Kind::Submit)
            }),
            None => true,
        };
        fault.kind.point() == point
            && is_meant
            && fault.provider.is_none_or(|provider| provider == subject.provider)
            && self.mark.as_ref().is_none_or(|mark| subject.marks.contains(mark))
    }

    /// Counts a chance, and says whether it is taken. Each fault draws for itself, so that one more
    /// of them changes nothing for the others.
    fn happens(&mut self, seed: u64) -> Option<Fault> {
        let ArmedFault { id, fault, chances, happened } = &mut self.armed;
        if !fault.times.are_left_after(*happened) {
            return None;
        }
        *chances += 1;
        if *chances <= fault.skip {
            return None;
        }
        if let Some(probability) = fault.probability {
            let drawn = digest(&[&seed.to_le_bytes(), id.as_bytes(), &chances.to_le_bytes()]);
            let [a, b, c, d, ..] = drawn;
            let drawn = f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX);
            if drawn >= probability {
                return None;
            }
        }
        *happened += 1;
        Some(fault.clone())
    }
}

impl Faults {
    /// The marks that a request has on it: by magic products and ids in its body, by ids in its path
    /// and by its header, which is armed with it.
    pub(crate) fn marks_of_request(&self, request: &magic::RequestFacts<'_>) -> Vec<String> {
        let mut marks = Vec::new();
        // No operation has the path, so nothing is made.
        if request.operation.is_some() {
            let texts = request.texts();
            for (text, fault) in magic::faults_of(&texts) {
                let account = request.account.as_bytes();
                let mark = format!("product {}", hex(&digest(&[account, text.as_bytes()])));
                self.arm_for(&mark, fault, false);
                marks.push(mark);
            }
            if self.any() {
                self.marks_of(&texts, &request.parts(), &mut marks);
            }
        }
        if let Some(fault) = &request.header {
            let mark = mark_of_request(request.number);
            let mut fault = fault.clone();
            let is_for_one = fault.kind.point() == FaultPoint::Wire;
            if is_for_one {
                fault.operation = request.operation.map(|operation| operation.id.to_owned());
            }
            self.arm_for(&mark, fault, is_for_one);
            marks.push(mark);
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::operations;

    fn create() -> &'static Operation {
        operations::find(&Method::POST, "/v1/ecommerce-video/tasks").unwrap()
    }

    fn happened(fault: &str, chances: u32) -> Vec<u32> {
        let faults = Faults::new(7, vec![fault.parse().unwrap()]);
        let subject = Subject::new(create(), &[]);
        (0..chances).filter(|_| faults.pick(FaultPoint::Wire, &subject).is_some()).collect()
    }

    #[test]
    fn faults_happen_as_often_as_they_should() {
        assert_eq!(happened("reset-after", 5), [0]);
        assert_eq!(happened("reset-after?skip=2&times=2", 9), [2, 3]);
        assert_eq!(happened("reset-after?times=always", 3), [0, 1, 2]);
        assert_eq!(happened("reset-after?operation=create_music_video", 3), [0; 0]);
        assert_eq!(happened("reset-after?provider=jogg", 3), [0; 0]);
    }

    #[test]
    fn a_draw_depends_on_the_seed_and_on_nothing_else() {
        let drawn = happened("reset-after?probability=0.3&times=always", 10_000);
        assert!((2_700..3_300).contains(&drawn.len()), "{}", drawn.len());
        assert_eq!(drawn, happened("reset-after?probability=0.3&times=always", 10_000));
        assert_eq!(happened("reset-after?probability=0&times=always", 100), [0; 0]);
        assert_eq!(happened("reset-after?probability=1&times=always", 100).len(), 100);
    }

    #[test]
    fn a_fault_of_a_product_happens_to_what_carries_its_mark() {
        let faults = Faults::new(7, Vec::new());
        faults.arm("job-stuck?product=roast".parse().unwrap()).unwrap();
        let of = |texts: &[&str], ids: &[&str]| {
            let mut marks = Vec::new();
            faults.marks_of(texts, ids, &mut marks);
            marks
        };
        let marks = of(&["https://shop.example/morning-roast.png"], &[]);
        assert_eq!(marks, ["fault_1"]);
        faults.bind("product_1", &marks);
        assert_eq!(
            (of(&["product_1"], &[]), of(&[], &["product_1"])),
            (marks.clone(), marks.clone())
        );
        assert_eq!(of(&[], &["roast"]), [""; 0], "a path is no product");
        let none = Subject::new(create(), &[]);
        assert_eq!(faults.pick(FaultPoint::Job, &none), None);
        let carries = Subject::new(create(), &marks);
        assert!(faults.pick(FaultPoint::Job, &carries).is_some());
        assert_eq!(faults.list()[0].happened, 1);
        assert!(faults.disarm("fault_1") && !faults.disarm("fault_1"));
    }

    fn seen<'a>(
        number: u64,
        body: Option<&'a Value>,
        header: Option<&str>,
    ) -> magic::RequestFacts<'a> {
        let header = header.map(|text| text.parse().unwrap());
        magic::RequestFacts {
            operation: Some(create()),
            number,
            account: "a",
            path: "/v1",
            body,
            header,
        }
    }

    #[test]
    fn a_header_lasts_as_long_as_its_request_or_what_that_made() {
        let faults = Faults::new(7, Vec::new());
        let is_there = |number: u64| faults.state().brought.get(&mark_of_request(number)).is_some();
        for (number, header, is_made, stays) in [
            (1, "job-stuck", false, false),
            (2, "unknown-status?times=always", true, true),
            (3, "reset-after?times=2", true, false),
        ] {
            let marks = faults.marks_of_request(&seen(number, None, Some(header)));
            assert_eq!(marks, [mark_of_request(number)]);
            assert!(is_there(number));
            if is_made {
                faults.bind("job", &marks);
            }
            faults.forget(number);
            assert_eq!(is_there(number), stays, "{header}");
        }
        assert_eq!(faults.marks_of_job("job", &[]), [mark_of_request(2)]);
    }

    #[test]
    fn what_is_bound_again_keeps_what_it_had() {
        let faults = Faults::new(7, Vec::new());
        let marks = |all: &[&str]| all.iter().map(|mark| mark.to_string()).collect::<Vec<_>>();
        faults.bind("job", &marks(&["b"]));
        faults.bind("job", &marks(&["a", "b"]));
        faults.bind("job", &[]);
        assert_eq!(faults.marks_of_job("job", &[]), ["a", "b"]);
        faults.bind(&"x".repeat(101), &marks(&["a"]));
        assert!(faults.state().bound.get(&"x".repeat(101)).is_none());
    }

    #[test]
    fn whatever_requests_bring_along_little_is_kept() {
        let faults = Faults::new(7, Vec::new());
        let long = "x".repeat(900_000);
        let long = json!({"image": format!("https://fault.sandbox.test/delay?skip=1#{long}")});
        assert_eq!(faults.marks_of_request(&seen(1, Some(&long), None)), [""; 0]);
        let address = |number: usize| format!("https://fault.sandbox.test/delay?skip={number}");
        let many = json!((0..8_000).map(address).collect::<Vec<_>>());
        let marks = faults.marks_of_request(&seen(2, Some(&many), None));
        assert_eq!(marks.len(), magic::MOST_TEXTS);
        assert!(marks.iter().all(|mark| mark.len() < 50));
        assert!((0..1_000).all(|_| faults.arm("delay".parse().unwrap()).is_ok()));
        let error = faults.arm("delay".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("take some back"), "{error}");
    }
}
