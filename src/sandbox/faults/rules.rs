//! The faults that wait for their chance.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use serde::Serialize;

use super::{Fault, Stage, magic};
use crate::ProviderId;
use crate::sandbox::ids::digest;
use crate::sandbox::operations::{Kind, Operation};
use crate::sandbox::world::locked;

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
pub(in crate::sandbox) struct Subject<'a> {
    pub(in crate::sandbox) provider: ProviderId,
    /// `None` for the link of a video.
    pub(in crate::sandbox) operation: Option<&'static Operation>,
    /// What the request, or the job, has on it.
    pub(in crate::sandbox) marks: &'a [String],
}

impl<'a> Subject<'a> {
    pub(in crate::sandbox) fn new(operation: &'static Operation, marks: &'a [String]) -> Self {
        Self { provider: operation.provider, operation: Some(operation), marks }
    }
}

/// One armed fault. A mark is what a request or a job has to carry for it: the rule's own id where
/// the rule asks for a product, the address of a magic product, the number of a request with a
/// header.
struct Rule {
    armed: ArmedFault,
    mark: Option<String>,
}

#[derive(Default)]
struct State {
    /// Those that somebody armed, the oldest first.
    rules: Vec<Rule>,
    /// Those that a request brought along, by their marks.
    brought: HashMap<String, Rule>,
    armed: u64,
    /// The marks of jobs, products, links and previews, by their ids.
    bound: HashMap<String, Vec<String>>,
    /// How many links of a job's video have expired.
    expired: HashMap<String, u32>,
}

/// All faults of a sandbox.
pub(in crate::sandbox) struct Faults {
    seed: u64,
    state: Mutex<State>,
    /// So that a sandbox without faults takes no lock for them.
    any: AtomicBool,
}

impl Faults {
    pub(in crate::sandbox) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let all = Self { seed, state: Mutex::default(), any: AtomicBool::new(false) };
        for fault in faults {
            all.arm(fault);
        }
        all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whether anything was ever armed.
    pub(in crate::sandbox) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Arms a fault that was checked, and tells its id.
    pub(in crate::sandbox) fn arm(&self, fault: Fault) -> String {
        let mut state = self.state();
        let armed = state.number(fault);
        let id = armed.id.clone();
        let mark = armed.fault.product.as_ref().map(|_| id.clone());
        state.rules.push(Rule { armed, mark });
        self.any.store(true, Ordering::Release);
        id
    }

    /// Arms a fault for whatever carries a mark, once for each mark.
    pub(super) fn arm_for(&self, mark: &str, fault: Fault) {
        let mut state = self.state();
        if !state.brought.contains_key(mark) {
            let armed = state.number(fault);
            state.brought.insert(mark.to_owned(), Rule { armed, mark: Some(mark.to_owned()) });
        }
        self.any.store(true, Ordering::Release);
    }

    /// Takes a fault back; what it did stays.
    pub(in crate::sandbox) fn disarm(&self, id: &str) -> bool {
        let mut state = self.state();
        let before = state.rules.len();
        state.rules.retain(|rule| rule.armed.id != id);
        state.rules.len() < before
    }

    /// All that somebody armed, the oldest first. Those that requests brought along are theirs.
    pub(in crate::sandbox) fn list(&self) -> Vec<ArmedFault> {
        self.state().rules.iter().map(|rule| rule.armed.clone()).collect()
    }

    /// The marks that a body's text and an id give.
    pub(super) fn marks_of(&self, text: &str, marks: &mut Vec<String>) {
        let state = self.state();
        let asked = state.rules.iter().filter(|rule| {
            rule.armed.fault.product.as_deref().is_some_and(|product| text.contains(product))
        });
        marks.extend(asked.filter_map(|rule| rule.mark.clone()));
        marks.extend(state.bound.get(text).into_iter().flatten().cloned());
        marks.sort_unstable();
        marks.dedup();
    }

    /// The marks of a job and of a request that asks for it, each once.
    pub(in crate::sandbox) fn marks_of_job(&self, id: &str, request: &[String]) -> Vec<String> {
        let mut marks = request.to_vec();
        marks.extend(self.state().bound.get(id).into_iter().flatten().cloned());
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// From now on an id stands for what was made with these marks.
    pub(in crate::sandbox) fn bind(&self, id: &str, marks: &[String]) {
        if !marks.is_empty() {
            self.state().bound.insert(id.to_owned(), marks.to_vec());
        }
    }

    /// The first fault that happens now, at this stage.
    pub(in crate::sandbox) fn pick(&self, stage: Stage, subject: &Subject<'_>) -> Option<Fault> {
        self.pick_all(stage, subject, 1, |_| true).pop()
    }

    /// At most so many of the faults that happen now, of those that would show. Those that were
    /// armed come before those that a request brought along.
    pub(in crate::sandbox) fn pick_all(
        &self,
        stage: Stage,
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
            if happening.len() < most && rule.matches(stage, subject) && is_apt(&rule.armed.fault) {
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
    pub(in crate::sandbox) fn expire(&self, job: &str, link: u32) {
        self.state().expired.insert(job.to_owned(), link.saturating_add(1));
    }

    /// The number of a job's link that is good now.
    pub(in crate::sandbox) fn good_link(&self, job: &str) -> u32 {
        if !self.any() {
            return 0;
        }
        self.state().expired.get(job).copied().unwrap_or_default()
    }
}

impl State {
    fn number(&mut self, fault: Fault) -> ArmedFault {
        self.armed += 1;
        let id = format!("fault_{}", self.armed);
        ArmedFault { id, fault, chances: 0, happened: 0 }
    }
}

impl Rule {
    fn matches(&self, stage: Stage, subject: &Subject<'_>) -> bool {
        let fault = &self.armed.fault;
        // What a product brings about happens to the call that is paid for it, unless it says which.
        let is_meant = match &fault.operation {
            Some(id) => subject.operation.is_some_and(|operation| operation.id == id),
            None if stage == Stage::Wire => subject.operation.is_some_and(|operation| {
                fault.kind.is_for(operation)
                    && (self.mark.is_none() || operation.kind == Kind::Submit)
            }),
            None => true,
        };
        fault.kind.stage() == stage
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
    pub(in crate::sandbox) fn marks_of_request(&self, request: &magic::Seen<'_>) -> Vec<String> {
        let mut marks = Vec::new();
        request.each_text(|text| {
            if let Some(fault) = magic::fault_of(text) {
                let mark = format!("{} {text}", request.account);
                self.arm_for(&mark, fault);
                marks.push(mark);
            }
        });
        if self.any() {
            request.each_text(|text| self.marks_of(text, &mut marks));
        }
        if let Some(fault) = &request.header {
            let mark = format!("request {}", request.number);
            let mut fault = fault.clone();
            if fault.kind.stage() == Stage::Wire {
                fault.operation = request.operation.map(|operation| operation.id.to_owned());
            }
            self.arm_for(&mark, fault);
            marks.push(mark);
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::sandbox::operations;

    fn create() -> &'static Operation {
        operations::find(&Method::POST, "/v1/ecommerce-video/tasks").unwrap()
    }

    fn happened(fault: &str, chances: u32) -> Vec<u32> {
        let faults = Faults::new(7, vec![fault.parse().unwrap()]);
        let subject = Subject::new(create(), &[]);
        (0..chances).filter(|_| faults.pick(Stage::Wire, &subject).is_some()).collect()
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
        faults.arm("job-stuck?product=roast".parse().unwrap());
        let mut marks = Vec::new();
        faults.marks_of("https://shop.example/morning-roast.png", &mut marks);
        assert_eq!(marks, ["fault_1"]);
        faults.bind("product_1", &marks);
        let mut by_id = Vec::new();
        faults.marks_of("product_1", &mut by_id);
        assert_eq!(by_id, marks);
        let none = Subject::new(create(), &[]);
        assert_eq!(faults.pick(Stage::Job, &none), None);
        let carries = Subject::new(create(), &marks);
        assert!(faults.pick(Stage::Job, &carries).is_some());
        assert_eq!(faults.list()[0].happened, 1);
        assert!(faults.disarm("fault_1") && !faults.disarm("fault_1"));
    }
}
