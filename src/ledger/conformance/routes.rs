//! Claims of routes: one job at a time has a route's key.

use futures_util::future::join_all;

use super::jobs::account;
use super::{Checked, RIVALS, Suite, rule};
use crate::error::ErrorKind;
use crate::job::{Account, Job, SpendKind};
use crate::ledger::Ledger;
use crate::model::{Credits, ProviderId, Timestamp};

/// How often a claim is moved on that many move at the same time.
const MOVES: usize = 8;

impl<L: Ledger> Suite<'_, L> {
    fn changed(&self, job: &Job, kind: SpendKind) -> Job {
        let at = Timestamp::from_millis(1_790_000_000_000);
        self.jobs.entering(job, kind, Credits::whole(2), at, "a route")
    }

    /// Whether somebody has the claim, and everything else stands as it is expected to.
    async fn claim_stands(&self, route: &str, job: &Job, told: &str) -> Checked {
        rule(self.other.claim(route).await? == Some(job.id()), told)?;
        rule(self.is_there(job).await?, told)
    }

    async fn is_unknown(&self, job: &Job, told: &str) -> Checked {
        rule(self.ledger.load(job.id()).await?.is_none(), told)
    }

    pub(super) async fn a_claim_moves_as_a_whole_or_not_at_all(&self) -> Checked {
        let route = &*self.jobs.key();
        rule(self.ledger.claim(route).await?.is_none(), "an unknown route is claimed by nobody")?;
        let first = self.jobs.with_key(&self.jobs.key());
        match self.ledger.move_claim(route, None, &first).await {
            // A ledger may keep no claims, as long as it then writes nothing.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return self.is_unknown(&first, "what is refused is not written").await;
            }
            moved => rule(moved?, "a route that nobody has claimed can be claimed")?,
        }
        self.claim_stands(route, &first, "whoever claims a route has it, and is inserted").await?;

        let told = "a claim that cannot be moved leaves everything as it was";
        let second = self.jobs.with_key(&self.jobs.key());
        rule(!self.other.move_claim(route, None, &second).await?, "a claim is made once")?;
        let left = self.changed(&first, SpendKind::Reserved);
        let stale = self.changed(&left, SpendKind::Reserved);
        rule(!self.ledger.move_claim(route, Some(&stale), &second).await?, told)?;
        self.is_unknown(&second, told).await?;
        self.claim_stands(route, &first, told).await?;
        let stranger = self.inserted(self.jobs.job()).await?;
        let next = self.changed(&stranger, SpendKind::Reserved);
        let moved = self.ledger.move_claim(route, Some(&next), &second).await?;
        rule(!moved, "only whoever has a claim can give it up")?;
        rule(self.is_there(&stranger).await?, told)?;
        self.is_unknown(&second, told).await?;
        for taken in [self.jobs.with_key(first.key_digest().unwrap_or_default()), stranger.clone()]
        {
            let moved = self.ledger.move_claim(route, Some(&left), &taken).await?;
            rule(!moved, "a claim does not go to a job whose id or key is taken")?;
            self.claim_stands(route, &first, told).await?;
        }
        let unknown = self.changed(&second, SpendKind::Reserved);
        rule(!self.ledger.move_claim(route, Some(&left), &unknown).await?, told)?;
        self.claim_stands(route, &first, told).await?;

        rule(self.ledger.move_claim(route, Some(&left), &second).await?, "a claim can be moved")?;
        self.claim_stands(route, &second, "whoever a claim is moved to has it").await?;
        rule(self.is_there(&left).await?, "whoever gives a claim up is stored as it did")?;
        let again = self.other.move_claim(route, Some(&left), &stranger).await?;
        rule(!again, "a claim is given up once")?;
        // Back to a job that is there already.
        let (from, to) =
            (self.changed(&second, SpendKind::Reserved), self.changed(&left, SpendKind::Refunded));
        rule(self.other.move_claim(route, Some(&from), &to).await?, "a claim can be moved back")?;
        self.claim_stands(route, &to, "a job that is there is stored where a claim comes to it")
            .await?;
        rule(self.is_there(&from).await?, "whoever gives a claim up is stored as it did")?;
        let other = self.ledger.claim(&self.jobs.key()).await?;
        rule(other.is_none(), "each route has a claim of its own")
    }

    /// Half of them plan one account first, and half the other.
    pub(super) async fn one_of_many_rivals_claims_a_route(&self) -> Checked {
        let route = &*self.jobs.key();
        let sides = self.sides();
        let mut made: Vec<Job> = Vec::new();
        let mut holder: Option<Job> = None;
        for _ in 0..MOVES {
            let from = holder.as_ref().map(|job| self.changed(job, SpendKind::Reserved));
            let rivals: Vec<_> = (0..RIVALS).map(|n| self.jobs.with(&sides[n % 2], None)).collect();
            let calls = rivals.iter().zip(self.turns());
            let calls = calls.map(|(to, ledger)| ledger.move_claim(route, from.as_ref(), to));
            let mut winners = Vec::new();
            for (rival, answer) in rivals.iter().zip(join_all(calls).await) {
                match answer {
                    Ok(true) => winners.push(rival.clone()),
                    Ok(false) => made.push(rival.clone()),
                    Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            rule(winners.len() == 1, "one of many moves of a claim wins")?;
            holder = winners.pop();
            if let Some(holder) = &holder {
                self.claim_stands(route, holder, "the move that won is what stands").await?;
            }
        }
        for job in &made {
            self.is_unknown(job, "a move that did not win writes nothing").await?;
        }
        Ok(())
    }

    /// Many routes at once, half of them from the one account to the other, half of them back. Each
    /// move changes the totals of both.
    pub(super) async fn claims_that_cross_do_not_block_each_other(&self) -> Checked {
        let sides = self.sides();
        let mut moves = Vec::new();
        for n in 0..RIVALS {
            let route = self.jobs.key();
            let from = self.jobs.with(&sides[n % 2], None);
            let to = self.inserted(self.jobs.with(&sides[(n + 1) % 2], None)).await?;
            match self.ledger.move_claim(&route, None, &from).await {
                Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                claimed => rule(claimed?, "a route that nobody has claimed can be claimed")?,
            }
            let changed = |job| self.changed(job, SpendKind::Reserved);
            moves.push((route, changed(&from), changed(&to)));
        }
        let calls = moves.iter().zip(self.turns());
        let calls =
            calls.map(|((route, from, to), ledger)| ledger.move_claim(route, Some(from), to));
        for (answer, (route, from, to)) in join_all(calls).await.into_iter().zip(&moves) {
            let told = "claims of other routes are in nobody's way";
            rule(answer?, told)?;
            self.claim_stands(route, to, told).await?;
            rule(self.is_there(from).await?, told)?;
        }
        Ok(())
    }

    fn sides(&self) -> [Account; 2] {
        ["left", "right"].map(|name| account(ProviderId::Jogg, name, "http://127.0.0.1"))
    }
}
