//! The jobs as people look at them: what was paid for, what is made of it, and where that is.
//! Providers keep records of their own, in their own words.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::film::Film;
use super::ledger::Account;
use super::recent::Recent;
use super::work::Work;
use super::world::locked;

/// One job, whatever it took.
#[derive(Clone)]
pub(super) struct JobRecord {
    pub(super) account: Account,
    /// The provider's id.
    pub(super) id: String,
    /// The oldest first. A job has one at least.
    pub(super) steps: Vec<Step>,
    /// What is made of it, as far as that is known.
    pub(super) reels: Vec<Reel>,
}

/// One accepted call of a job.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) operation: &'static str,
    pub(super) work: Arc<Work>,
}

/// A film and the paths at which it is shown.
#[derive(Clone)]
pub(super) struct Reel {
    pub(super) film: Arc<Film>,
    pub(super) work: Arc<Work>,
    /// `None` for a job that makes a picture.
    pub(super) video: Option<String>,
    pub(super) still: Option<String>,
}

/// The newest jobs.
#[derive(Default)]
pub(super) struct Jobs(Mutex<State>);

#[derive(Default)]
struct State {
    kept: Recent<JobRecord>,
    /// The number of each job that is kept.
    numbers: HashMap<String, u64>,
}

impl Jobs {
    /// Takes an accepted call down, as a job of its own or as a further step of one.
    pub(super) fn accepted(
        &self,
        account: &Account,
        id: &str,
        operation: &'static str,
        work: &Arc<Work>,
    ) {
        let step = Step { operation, work: Arc::clone(work) };
        let mut state = locked(&self.0);
        match state.find(id) {
            Some(job) => job.steps.push(step),
            None => state.add(JobRecord {
                account: account.clone(),
                id: id.to_owned(),
                steps: vec![step],
                reels: Vec::new(),
            }),
        }
    }

    /// Says what is made of a job.
    pub(super) fn filmed(&self, id: &str, reel: Reel) {
        if let Some(job) = locked(&self.0).find(id) {
            job.reels.push(reel);
        }
    }

    /// How many there are that `is_wanted`, and a part of them, the newest first.
    pub(super) fn newest(
        &self,
        is_wanted: impl Fn(&JobRecord) -> bool,
        skip: usize,
        most: usize,
    ) -> (usize, Vec<JobRecord>) {
        let state = locked(&self.0);
        let wanted = || state.kept.iter().rev().filter(|job| is_wanted(job));
        (wanted().count(), wanted().skip(skip).take(most).cloned().collect())
    }
}

impl State {
    fn find(&mut self, id: &str) -> Option<&mut JobRecord> {
        self.kept.get_mut(*self.numbers.get(id)?)
    }

    fn add(&mut self, job: JobRecord) {
        self.numbers.insert(job.id.clone(), self.kept.next_number());
        if let Some(oldest) = self.kept.push(job) {
            self.numbers.remove(&oldest.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::provider::Provider;
    use crate::recent::MOST;
    use crate::studio::Script;

    #[test]
    fn the_newest_are_kept_and_found_by_their_ids() {
        let account = Account::of_key(Provider::Jogg, "a").unwrap();
        let now = Clock::new(0.0).now();
        let work = Work::accepted(now, Duration::ZERO);
        let jobs = Jobs::default();
        for number in 0..MOST + 5 {
            jobs.accepted(&account, &number.to_string(), "create_video_from_product", &work);
        }
        jobs.accepted(&account, "7", "render_single_preview", &work);
        for id in ["7", "1"] {
            let film = Film::new(id.to_owned(), Script::of_text("A"), Vec::new(), Vec::new(), now);
            let (film, work) = (Arc::new(film), Arc::clone(&work));
            jobs.filmed(id, Reel { film, work, video: None, still: None });
        }
        let (all, newest) = jobs.newest(|_| true, 1, 2);
        assert_eq!((all, &*newest[0].id, &*newest[1].id), (MOST, "10003", "10002"));
        let (found, seventh) = jobs.newest(|job| job.id == "7", 0, 9);
        assert_eq!((found, seventh[0].steps.len(), seventh[0].reels.len()), (1, 2, 1));
        assert_eq!(jobs.newest(|job| job.id == "1", 0, 9).0, 0, "it was dropped");
    }
}
