//! What an account's jobs have committed, and the slots that they take.

use futures_util::future::join_all;

use super::jobs::{account, with_slot};
use super::limits::{DAY, RESERVES, within};
use super::{Broken, Checked, Suite, rule};
use crate::error::ErrorKind;
use crate::job::{Account, Job, SpendKind};
use crate::ledger::{Bounds, Ledger, Slots, SpendLimit, SpendScope, Stored};
use crate::model::{Credits, ProviderId, Timestamp};

/// How many jobs are stored at a time within bounds, four times each.
const PAYERS: usize = 250;
/// How many of them a limit lets through.
const AFFORDED: u32 = 40;

/// The beginning of a day on which no other rule's jobs reserve anything.
const MONDAY: Timestamp = Timestamp::from_millis(1_790_000_000_000 / DAY * DAY);

fn day(index: i64) -> SpendScope {
    SpendScope::Day(Timestamp::from_millis(MONDAY.as_millis() + index * DAY + 1_000))
}

fn late_on(index: i64) -> Timestamp {
    Timestamp::from_millis(MONDAY.as_millis() + (index + 1) * DAY - 1)
}

impl<L: Ledger> Suite<'_, L> {
    /// Whether the account's jobs come to so many credits: in all, in the runs `a` and `b`, and from
    /// the first, the second and the third day on.
    async fn comes_to(&self, mine: &Account, expected: [u32; 6], told: &str) -> Checked {
        let run = |name: &str| SpendScope::Run(name.to_owned());
        let scopes = [SpendScope::Account, run("a"), run("b"), day(0), day(1), day(2)];
        for ((scope, expected), ledger) in scopes.iter().zip(expected).zip(self.turns()) {
            let committed = ledger.committed(mine, scope).await?;
            rule(committed == Credits::whole(expected), told)?;
        }
        let alone = self.ledger.committed(mine, &SpendScope::Request).await?;
        rule(alone == Credits::ZERO, "a request's total counts no other jobs")
    }

    pub(super) async fn totals_follow_the_jobs(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "totals", "http://127.0.0.1");
        let enter = |job: &Job, kind, amount, day, run: &str| {
            self.jobs.entering(job, kind, Credits::whole(amount), late_on(day), run)
        };
        self.comes_to(&mine, [0; 6], "an account without jobs has committed nothing").await?;
        // One that comes with something reserved, and one that reserves it later.
        let told = "totals count what is inserted";
        let job = self.inserted(self.jobs.with(&mine, None)).await?;
        let first = enter(&self.jobs.with(&mine, None), SpendKind::Reserved, 3, 0, "a");
        rule(self.ledger.insert(&first).await?.is_none(), "a new job is inserted")?;
        self.comes_to(&mine, [3, 3, 0, 3, 0, 0], told).await?;
        let again = self.other.insert(&first).await?;
        rule(again.is_some(), "the job that has the id already is returned")?;
        self.comes_to(&mine, [3, 3, 0, 3, 0, 0], "what is not inserted counts nothing").await?;

        let told = "totals follow what is stored";
        let reserved = enter(&job, SpendKind::Reserved, 4, 0, "a");
        rule(self.ledger.store(&reserved).await?, "the next revision is stored")?;
        self.comes_to(&mine, [7, 7, 0, 7, 0, 0], told).await?;
        rule(!self.other.store(&reserved).await?, "a revision is stored once")?;
        self.comes_to(&mine, [7, 7, 0, 7, 0, 0], "what is not stored counts nothing").await?;
        // It is refused on the first day and sent again on the second, for another run.
        let refused = enter(&reserved, SpendKind::Refunded, 4, 0, "a");
        rule(self.ledger.store(&refused).await?, "the next revision is stored")?;
        self.comes_to(&mine, [3, 3, 0, 3, 0, 0], told).await?;
        let sent = enter(&refused, SpendKind::Reserved, 5, 1, "b");
        rule(self.other.store(&sent).await?, "the next revision is stored")?;
        self.comes_to(&mine, [8, 3, 5, 8, 5, 0], told).await?;
        // What is reserved once more takes all of the job to its day and its run.
        let more = enter(&sent, SpendKind::Reserved, 2, 2, "a");
        rule(self.ledger.store(&more).await?, "the next revision is stored")?;
        self.comes_to(&mine, [10, 10, 0, 10, 7, 7], told).await?;
        let settled = enter(&more, SpendKind::Settled, 6, 2, "a");
        let settled = enter(&settled, SpendKind::Refunded, 1, 2, "a");
        let settled = Job { revision: more.revision + 1, ..settled };
        rule(self.ledger.store(&settled).await?, "the next revision is stored")?;
        self.comes_to(&mine, [9, 9, 0, 9, 6, 6], told).await?;
        self.limits_see_the_same(&mine).await?;

        let others = account(ProviderId::Creatify, "totals", "https://api.creatify.ai");
        self.comes_to(&others, [0; 6], "each account has totals of its own").await
    }

    /// The account's jobs come to 9, of which 6 count for the third day.
    async fn limits_see_the_same(&self, mine: &Account) -> Checked {
        let (ready, intent) = self.jobs.payer(mine, "c");
        self.inserted(ready).await?;
        for (scope, others) in [(SpendScope::Account, 9), (day(1), 6), (day(2), 6)] {
            let others = Credits::whole(others);
            let bounds = within(scope.clone(), others);
            let stored = match self.ledger.store_within(&intent, &bounds).await {
                Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                stored => stored?,
            };
            let over = Stored::over(SpendLimit::new(scope, others), others);
            rule(stored == over, "limits are checked against the totals")?;
        }
        Ok(())
    }

    pub(super) async fn a_job_is_stored_where_a_slot_is_left(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "slots", "http://127.0.0.1");
        let (now, until) = (late_on(0), late_on(1));
        let within = |most| Bounds::none().slots(Slots::new(most, now));
        let payer = || self.jobs.payer(&mine, "a");
        let (ready, intent) = payer();
        let first = with_slot(intent, until);
        self.inserted(ready).await?;
        match self.ledger.store_within(&first, &within(1)).await {
            // A ledger may refuse slots altogether, as long as it then writes nothing.
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            stored => rule(stored? == Stored::Yes, "a job is stored where a slot is left")?,
        }
        rule(self.is_there(&first).await?, "a job is stored where a slot is left")?;
        rule(self.other.slots_taken(&mine, now).await? == 1, "a job takes a slot")?;
        let (ready, intent) = payer();
        let second = with_slot(intent, until);
        self.inserted(ready.clone()).await?;
        let full = self.ledger.store_within(&second, &within(1)).await?;
        rule(full == Stored::full(1), "a job is not stored where no slot is left")?;
        rule(self.is_there(&ready).await?, "what finds no slot is not written")?;
        let none = self.ledger.store_within(&second, &within(0)).await?;
        rule(none == Stored::full(1), "without slots nothing is stored")?;
        // At its end a slot is free.
        let later = Bounds::none().slots(Slots::new(1, until));
        let stored = self.ledger.store_within(&second, &later).await?;
        rule(stored == Stored::Yes, "a slot is free from its end on")?;
        rule(self.ledger.slots_taken(&mine, until).await? == 0, "a slot is free from its end on")?;
        rule(self.ledger.slots_taken(&mine, now).await? == 2, "each job takes a slot")?;
        // A job with a slot does not count against itself.
        let first = self.jobs.entering(&first, SpendKind::Reserved, RESERVES, now, "a");
        let stored = self.ledger.store_within(&first, &within(2)).await?;
        rule(stored == Stored::Yes, "a job's own slot is not in its way")?;
        let elsewhere = account(ProviderId::Jogg, "slots", "http://127.0.0.1");
        let others = self.ledger.slots_taken(&elsewhere, now).await?;
        rule(others == 0, "each account has slots of its own")?;
        // What is at rest takes none.
        let at_rest = Job { steps: ready.steps.clone(), ..second.clone() };
        let at_rest = Job { revision: second.revision + 1, ..at_rest };
        rule(self.ledger.store(&at_rest).await?, "the next revision is stored")?;
        let left = self.ledger.slots_taken(&mine, now).await?;
        rule(left == 1, "a job that is at work no more takes no slot")
    }

    pub(super) async fn a_thousand_store_within_slots_and_limits(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "a thousand", "http://127.0.0.1");
        let (now, until) = (late_on(0), late_on(1));
        let mut intents = Vec::new();
        for _ in 0..PAYERS {
            let (ready, intent) = self.jobs.payer(&mine, "a");
            self.inserted(ready).await?;
            intents.push(with_slot(intent, until));
        }
        let today = SpendScope::Day(intents[0].reserved_at().unwrap_or_default());
        let most = RESERVES.times(AFFORDED) + Credits::whole(3);
        let limits = [SpendScope::Account, today.clone(), SpendScope::Run("a".to_owned())];
        let limits = limits.map(|scope| SpendLimit::new(scope, most));
        // First the slots keep most of them back, then the limits do.
        for (slots, expected) in [(10, 10), (25, 15), (1_000, 15), (1_000, 0)] {
            let bounds = Bounds::spending(limits.clone()).slots(Slots::new(slots, now));
            let calls = intents.iter().zip(self.turns());
            let calls = calls.map(|(intent, ledger)| ledger.store_within(intent, &bounds));
            let mut left = Vec::new();
            let mut stored = 0;
            for (answer, intent) in join_all(calls).await.into_iter().zip(&intents) {
                match answer {
                    Ok(Stored::Yes) => stored += 1,
                    Ok(Stored::Over { .. } | Stored::Full { .. }) => left.push(intent.clone()),
                    Ok(Stored::Overtaken) => {
                        let told = "a ledger takes its own check for somebody else";
                        return Err(Broken(told.to_owned()));
                    }
                    Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            rule(stored <= expected, "of many who store at the same time none passes a bound")?;
            rule(stored == expected, "a bound keeps nobody back for whom there is room")?;
            intents = left;
        }
        let taken = self.ledger.slots_taken(&mine, now).await?;
        rule(taken == AFFORDED, "the slots that are taken are those of the jobs that were stored")?;
        for scope in [SpendScope::Account, today, SpendScope::Run("a".to_owned())] {
            let committed = self.other.committed(&mine, &scope).await?;
            let told = "totals come to what was stored, however many store at the same time";
            rule(committed == RESERVES.times(AFFORDED), told)?;
        }
        Ok(())
    }
}
