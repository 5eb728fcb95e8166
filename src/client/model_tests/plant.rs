//! Rows that somebody else wrote: with a step that nobody knows, or a paid one that says that it is
//! free.

use serde_json::Value;

use super::dice::Dice;
use super::world::World;
use crate::job::{Job, Stage, StoredJob};
use crate::ledger::{JobQuery, Ledger as _};

/// Edits the texts of a job that was not sent yet.
pub(super) async fn plant(world: &World, dice: &mut Dice) {
    let jobs = world.ledger.list(&JobQuery::at([Stage::Ready])).await.unwrap();
    let jobs = jobs.into_iter().map(Result::unwrap);
    let unsent = jobs.filter(|job| job.steps().iter().all(|step| step.attempt() == 0));
    let unsent: Vec<Job> = unsent.collect();
    let (which, is_unknown) = (dice.roll(8), dice.roll(2) == 1);
    let Some(job) = unsent.get(usize::from(which) % unsent.len().max(1)) else { return };
    let paid: Vec<_> =
        (0..job.steps().len()).filter(|index| job.steps()[*index].is_paid()).collect();
    if paid.is_empty() {
        return;
    }
    let index = dice.pick(&paid);
    let StoredJob { order, state } = job.to_stored().unwrap();
    let (mut order, mut state): (Value, Value) =
        (serde_json::from_str(&order).unwrap(), serde_json::from_str(&state).unwrap());
    for step in [&mut order["plan"]["steps"][index], &mut state["steps"][index]] {
        match is_unknown {
            true => step["operation"] = "create_hologram".into(),
            false => step["paid"] = false.into(),
        }
    }
    state["revision"] = (job.revision() + 1).into();
    let stored = StoredJob::new(order.to_string(), state.to_string());
    let job = Job::from_stored(&stored).unwrap();
    if world.ledger.store(&job).await.unwrap() {
        world.tell(|| format!("planted at {} step {index}", job.id()));
        world.seen().planted.insert((job.id(), index));
    }
}
