//! When and how often: rules that decide, apart from the loops that follow them.

mod caps;
mod poll;
mod recovery;
mod retry;
mod wait;

pub use caps::Caps;
pub use poll::{AdaptivePolling, PollPolicy, PollState};
pub use recovery::Recovery;
pub(crate) use recovery::Settling;
pub use retry::RetryPolicy;
pub(crate) use retry::{RetryBudget, growing_pause};
pub use wait::WaitPolicy;
