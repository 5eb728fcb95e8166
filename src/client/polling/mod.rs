//! Reading the status of running jobs: one task for each account that has any, for all waits.
//!
//! It reads what is due, many at a time where a list shows them, keeps to what the provider allows,
//! stores what is news, and passes it to the waits. What is not news is not stored.

mod budget;
#[cfg(all(test, feature = "beatapi"))]
mod double;
mod look_pace;
mod polls;
mod queue;
mod reading;
mod start;
mod task;
mod watch;

pub(super) use polls::Polls;
pub(super) use watch::{Limits as WatchLimits, News, Watch};

#[cfg(all(test, feature = "beatapi"))]
mod clock_tests;
#[cfg(all(test, feature = "beatapi"))]
mod look_tests;
#[cfg(all(test, feature = "beatapi"))]
mod pace_tests;
#[cfg(all(test, feature = "beatapi"))]
mod tests;
