//! Jobs under random outcomes, crashes, stalled processes, changed keys and lists that lag behind,
//! are cut, or are another account's: whatever happens, nobody pays twice without a decision that
//! looks have left room for, nothing that was paid is thrown away, and every job ends or rests.

use proptest::prelude::*;

use super::tests::{facts, job_of};
use super::*;
use crate::job::{Decision, Look, PlannedStep, Reach, Seen, SpendEvent, Survey};
use crate::model::Credits;

const SETTLE: Duration = Duration::from_secs(90);
const LONGEST: Duration = Duration::from_secs(1800);

/// How far a list may be behind: longer than anybody waits before a step is held.
const MAX_LAG: Duration = Duration::from_secs(600);

/// The keys that send, and those of another account.
const OURS: &str = "ours";
const ANOTHERS: &str = "another's";

/// The random choices of a run. When they have run out, everything goes well.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    /// A number below `sides`; 0 when nothing is left.
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % sides)
    }

    fn within(&mut self, most: Duration) -> Duration {
        most * u32::from(self.roll(255)) / 255
    }
}

/// What the provider has, and what is on its way to it.
#[derive(Default)]
struct Provider {
    /// When what a step's calls made is listed, by step.
    made: Vec<Vec<Timestamp>>,
    /// Calls that arrive later, although nobody waits for their answer.
    late: Vec<Late>,
}

struct Late {
    step: usize,
    arrives: Timestamp,
    listed_from: Timestamp,
}

impl Provider {
    fn make(&mut self, step: usize, listed_from: Timestamp) -> String {
        self.made[step].push(listed_from);
        format!("{step}-{}", self.made[step].len())
    }

    fn arrive(&mut self, now: Timestamp) {
        let (due, late): (Vec<Late>, _) = self.late.drain(..).partition(|late| late.arrives <= now);
        self.late = late;
        for late in due {
            self.make(late.step, late.listed_from);
        }
    }
}

/// One order: its row in the ledger, its provider, and processes that come and go.
struct World<'a> {
    row: Job,
    now: Timestamp,
    provider: Provider,
    /// Results that a stalled process has not recorded yet.
    unrecorded: Vec<Outcome>,
    /// How often somebody decided to send a step again although it may exist.
    resubmits: Vec<usize>,
    /// How many looks in a row have left each step that room, as far as this world knows.
    room: Vec<usize>,
    /// Whether somebody gave the job up, or the provider did.
    is_given_up: bool,
    dice: Dice<'a>,
}

impl World<'_> {
    /// Compare-and-set: what is made of an older row changes nothing.
    fn store(&mut self, read: &Job, outcome: Outcome) -> bool {
        let is_current = read.revision() == self.row.revision();
        if is_current {
            self.moved(apply(read.clone(), outcome, self.now));
        }
        is_current
    }

    fn act(&mut self) {
        self.provider.arrive(self.now);
        if self.dice.roll(8) == 1 {
            // A stalled process wakes up and records what it knows.
            if let Some(outcome) = self.unrecorded.pop() {
                self.moved(apply(self.row.clone(), outcome, self.now));
            }
        }
        let read = self.row.clone();
        match next(&read, self.now) {
            Action::Send(step) => self.send(&read, step),
            Action::LookUp(step) => self.look_up(&read, step),
            Action::Poll(step) => self.poll(&read, step),
            Action::Rest(until) => {
                let early = self.dice.roll(4) == 1;
                let rest = until.since(self.now);
                self.now = self.now + if early { rest / 2 } else { rest };
            }
            Action::Hold => {
                self.decide(&read);
                // Time passes while nobody decides.
                self.now = self.now + self.dice.within(LONGEST);
            }
            Action::Download => {
                let outcome = match self.dice.roll(3) {
                    1 => Outcome::Relinked { video: Box::new(facts("another")) },
                    _ => Outcome::Downloaded,
                };
                self.store(&read, outcome);
            }
            Action::End => {}
        }
        self.now = self.now + self.dice.within(Duration::from_secs(20));
    }

    fn send(&mut self, read: &Job, step: usize) {
        if self.dice.roll(12) == 1 {
            let reason = Reason::new(ErrorKind::OverCap, "over");
            self.store(read, Outcome::NotSent { reason, again_after: None });
            return;
        }
        let mut sending = Sending::new(SETTLE, LONGEST);
        sending.keys = Some(OURS.to_owned());
        if !self.store(read, Outcome::Sending(sending)) {
            return;
        }
        self.room[step] = 0;
        let (attempt, sent_at) = (self.row.steps()[step].attempt(), self.now);
        // A process sends no intent that is older than a third of the settle time.
        self.now = self.now + self.dice.within(SETTLE / 3);
        let is_paid = self.row.steps()[step].is_paid();
        let unknown = SubmitOutcome::Unknown {
            reason: Reason::new(ErrorKind::SubmitUnknown, "no answer"),
            look_after: Duration::from_secs(10),
        };
        let refused = |again_after| SubmitOutcome::Rejected {
            reason: Reason::new(ErrorKind::OutOfCredits, "no"),
            again_after,
        };
        let listed_from = self.now + self.dice.within(MAX_LAG);
        let answered = match self.dice.roll(8) {
            // Crashed before the call left.
            1 => return,
            // Never left, and the process knows it.
            2 => refused(Some(Duration::from_secs(5))),
            3 => refused(None),
            // The answer is lost, the call arrives at once, later, or never.
            4 => {
                self.provider.make(step, listed_from);
                unknown
            }
            5 => {
                let left = (sent_at + SETTLE).since(self.now);
                let arrives = self.now + self.dice.within(left);
                let listed_from = arrives + self.dice.within(MAX_LAG);
                self.provider.late.push(Late { step, arrives, listed_from });
                unknown
            }
            6 => unknown,
            _ => {
                let resource = self.provider.make(step, listed_from);
                let poll_after = is_paid.then_some(Duration::from_secs(5));
                SubmitOutcome::Accepted { resource, poll_after, offers: Vec::new() }
            }
        };
        let outcome = Outcome::Submitted { step, attempt, outcome: answered };
        match self.dice.roll(6) {
            // Crashed before the record.
            1 => {}
            // Stalled before the record.
            2 => self.unrecorded.push(outcome),
            _ => self.row = apply(self.row.clone(), outcome, self.now),
        }
    }

    fn look_up(&mut self, read: &Job, step: usize) {
        assert!(read.steps()[step].is_paid(), "free steps are sent again");
        let begun = self.now;
        let listed = self.provider.made[step].iter().position(|from| *from <= begun);
        let ours = match listed {
            Some(index) => Seen::Found {
                resource: format!("{step}-{}", index + 1),
                poll_after: Some(Duration::from_secs(5)),
                offers: Vec::new(),
                others: Vec::new(),
                doubt: None,
            },
            None => nothing(Reach::Whole),
        };
        let (keys, seen) = match self.dice.roll(8) {
            1 => (OURS, Seen::Failed(Reason::new(ErrorKind::Unavailable, "no answer"))),
            2 => (OURS, nothing(Reach::Never("no list".to_owned()))),
            // Crashed in the middle.
            3 => return,
            // Another account's list is empty, whole and true.
            4 => (ANOTHERS, nothing(Reach::Whole)),
            5 => (OURS, nothing(Reach::Partial("cut".to_owned()))),
            6 => (OURS, Seen::Busy),
            _ => (OURS, ours),
        };
        self.note_room(read, step, keys, &seen);
        let look = Look::new(begun, Some(keys.to_owned()), seen);
        self.now = self.now + self.dice.within(SETTLE);
        // Somebody else may have looked at the same time: one of two looks counts.
        if self.dice.roll(5) == 1 {
            self.store(read, Outcome::LookedUp(look.clone()));
        }
        self.store(read, Outcome::LookedUp(look));
    }

    /// Whether a look leaves room for sending the step again, by this world's own reckoning.
    fn note_room(&mut self, read: &Job, step: usize, keys: &str, seen: &Seen) {
        let sent = read.steps()[step].last_sent.unwrap_or_default();
        let is_over = self.now >= sent + LONGEST;
        let reach = match seen {
            Seen::Nothing(survey) => Some(&survey.reach),
            _ => None,
        };
        self.room[step] = match reach {
            Some(Reach::Whole) if is_over && keys == OURS => self.room[step] + 1,
            Some(Reach::Never(_)) => 2,
            _ => 0,
        };
    }

    fn poll(&mut self, read: &Job, step: usize) {
        let poll_after = Duration::from_secs(5);
        let reason = |kind| Reason::new(kind, "why");
        let outcome = match self.dice.roll(7) {
            1 => Outcome::Running { status: "dreaming".to_owned(), is_known: false, poll_after },
            2 => Outcome::PollFailed { reason: reason(ErrorKind::Unavailable), poll_after },
            3 => Outcome::PollFailed { reason: reason(ErrorKind::NotFound), poll_after },
            4 => {
                self.is_given_up = true;
                Outcome::Failed { reason: reason(ErrorKind::JobFailed), cost: None }
            }
            5 => Outcome::NeedsAction { status: "waiting".to_owned() },
            _ => {
                let is_last = step + 1 == read.steps().len();
                let video = is_last.then(|| Box::new(facts("u")));
                Outcome::Succeeded { status: "done".to_owned(), video }
            }
        };
        self.store(read, outcome);
    }

    fn decide(&mut self, read: &Job) {
        let Some(step) = read.current() else { return };
        let is_held = read.stage() == Stage::Uncertain;
        let decision = match self.dice.roll(8) {
            1 => Decision::Wake,
            2 | 3 if is_held => Decision::Resubmit { why: "told so".to_owned() },
            4 if is_held && !self.provider.made[step].is_empty() => {
                let resource = format!("{step}-1");
                Decision::Adopt { resource, is_done: false, offers: Vec::new() }
            }
            5 => {
                self.is_given_up = true;
                Decision::Abandon
            }
            // It is looked for again, and may have been listed since.
            6 | 7 if is_held => return self.look_up(read, step),
            _ => return,
        };
        let is_resubmit = matches!(decision, Decision::Resubmit { .. });
        self.store(read, Outcome::Decided(decision));
        if is_resubmit && self.row.steps()[step].state() == StepState::Ready {
            let sent = read.steps()[step].last_sent.unwrap_or_default();
            assert!(self.now >= sent + LONGEST, "sent again too soon: {:#?}", self.row);
            assert!(self.room[step] >= 2, "looks left no room: {:#?}", self.row);
            assert!(self.row.may_be_double());
            self.resubmits[step] += 1;
        }
    }

    fn is_at_rest(&self) -> bool {
        matches!(next(&self.row, self.now), Action::Hold | Action::End)
    }

    /// What must hold at every moment.
    fn check(&self) {
        for (index, step) in self.row.steps().iter().enumerate().filter(|(_, step)| step.is_paid())
        {
            let paid = self.provider.made[index].len() + self.pending(index);
            let allowed = 1 + self.resubmits[index];
            assert!(paid <= allowed, "step {index} paid {paid} times: {:#?}", self.row);
            // Whatever is known or thought of a step, an id that was given is kept.
            let known = step.resource().into_iter().count() + step.others().len();
            assert!(known <= self.provider.made[index].len());
        }
        // What was paid for is thrown away by nobody but who gives the job up.
        let is_paid = self.row.steps().iter().any(|s| s.is_paid() && s.resource().is_some());
        let is_failed = self.row.stage() == Stage::Failed && is_paid;
        assert!(!is_failed || self.is_given_up, "a paid step was thrown away: {:#?}", self.row);
        self.check_books();
    }

    /// Each call costs 1 credit.
    fn check_books(&self) {
        let steps = self.provider.made.iter().enumerate();
        let paid = steps.filter(|(index, _)| self.row.steps()[*index].is_paid());
        let taken: usize = paid.map(|(index, made)| made.len() + self.pending(index)).sum();
        let taken = Credits::whole(u32::try_from(taken).unwrap_or(u32::MAX));
        assert!(taken <= self.row.committed(), "{taken} are taken: {:#?}", self.row);
        let is_over = self.row.stage().is_over() || self.row.stage() == Stage::Rendered;
        assert!(!is_over || self.row.reserved() == Credits::ZERO, "{:#?}", self.row);
        let is_entry = |event: &SpendEvent| event.amount > Credits::ZERO;
        assert!(self.row.spending().iter().all(is_entry), "{:#?}", self.row);
    }

    /// Something has happened to the row, which has only added to its entries.
    fn moved(&mut self, row: Job) {
        assert!(row.spending().starts_with(self.row.spending()), "{:#?} {row:#?}", self.row);
        self.row = row;
    }

    fn pending(&self, step: usize) -> usize {
        self.provider.late.iter().filter(|late| late.step == step).count()
    }

    /// What must hold when nothing is left to do.
    fn check_end(&mut self) {
        self.now = self.now + SETTLE + MAX_LAG;
        self.provider.arrive(self.now);
        while let Some(outcome) = self.unrecorded.pop() {
            self.moved(apply(self.row.clone(), outcome, self.now));
        }
        self.check();
        for (index, step) in self.row.steps().iter().enumerate().filter(|(_, step)| step.is_paid())
        {
            let exists = !self.provider.made[index].is_empty();
            let is_told = step.resource().is_some()
                || step.doubt().is_some()
                || !matches!(step.state(), StepState::Failed | StepState::Ready)
                || self.row.stage() == Stage::Uncertain;
            assert!(!exists || is_told, "accepted and forgotten: {:#?}", self.row);
        }
    }
}

fn nothing(reach: Reach) -> Seen {
    Seen::Nothing(Survey { records: 1, back_to: None, reach })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_order_is_paid_twice_without_a_decision_and_every_order_ends_or_rests(
        shape in 0u8..4,
        rolls in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let paid = |operation| PlannedStep::paid(operation, Credits::whole(1));
        let steps = match shape {
            0 => vec![paid("create")],
            1 => vec![PlannedStep::free("upload"), PlannedStep::free("product"), paid("create")],
            2 => vec![paid("image"), paid("video")],
            _ => vec![PlannedStep::free("host"), paid("link"), paid("video")],
        };
        let row = job_of(steps);
        let made = vec![Vec::new(); row.steps().len()];
        let mut world = World {
            now: row.created_at(),
            resubmits: vec![0; row.steps().len()],
            room: vec![0; row.steps().len()],
            is_given_up: false,
            provider: Provider { made, late: Vec::new() },
            unrecorded: Vec::new(),
            dice: Dice(rolls.iter()),
            row,
        };
        // With no choice left nothing goes wrong any more, and then little is to be done.
        let mut calm = 0;
        while calm < 60 {
            let is_calm = world.dice.0.len() == 0;
            if is_calm && world.is_at_rest() {
                break;
            }
            calm += u32::from(is_calm);
            world.act();
            world.check();
        }
        prop_assert!(world.is_at_rest(), "it never ends: {:#?}", world.row);
        world.check_end();
    }
}
