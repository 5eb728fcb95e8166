//! What commands take that name jobs of the ledger, or choose among them.

use std::path::PathBuf;

use adreel::JobId;
use clap::Args;

use super::{Age, Month};

#[derive(Args, Debug)]
pub(crate) struct JobsArgs {
    /// Only jobs that something is still to be done for.
    #[arg(long)]
    pub(crate) open: bool,
    /// Only jobs that may have been paid for and wait for `resolve`.
    #[arg(long, conflicts_with = "open")]
    pub(crate) held: bool,
    /// What was reserved, settled and refunded for each job, with its labels, and for each account.
    ///
    /// With --json a line for each entry, with its amount as a text.
    #[arg(long, conflicts_with_all = ["open", "held"])]
    pub(crate) cost: bool,
    /// Only entries of this month of UTC, such as 2026-11 [default: all].
    #[arg(long, value_name = "YYYY-MM", requires = "cost")]
    pub(crate) month: Option<Month>,
}

#[derive(Args, Debug)]
pub(crate) struct JobArgs {
    /// The job's id.
    #[arg(value_name = "JOB")]
    pub(crate) id: JobId,
    /// Take this one of what it offers, such as a preview, by its id.
    #[arg(long, value_name = "OFFER")]
    pub(crate) choose: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct WaitArgs {
    /// The jobs' ids.
    #[arg(value_name = "JOB", required = true)]
    pub(crate) ids: Vec<JobId>,
    /// The file for the video, of a single job [default: the one that it was made for].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ResumeArgs {
    /// First hold every job that may have been sent since the ledger's copy was made.
    ///
    /// For a ledger that was restored from a backup, or lost its last writes, before anything else
    /// is done with it: what it takes for unsent may have been paid for since. What is found at
    /// the providers goes on by itself. Jobs that were made after the copy are not in it: look at
    /// the providers before the same requests are sent again.
    #[arg(long)]
    pub(crate) after_restore: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ResolveArgs {
    /// The job's id.
    #[arg(value_name = "JOB", required_unless_present = "all")]
    pub(crate) id: Option<JobId>,
    #[command(flatten)]
    pub(crate) decision: DecisionArgs,
    /// Decide for all held jobs, after a list of what that would send and cost.
    #[arg(long, conflicts_with_all = ["id", "adopt"])]
    pub(crate) all: bool,
    /// Look for each now, and decide only for those that a look by the same keys does not find.
    #[arg(long, conflicts_with = "id")]
    pub(crate) not_found: bool,
    /// Only what has been held for this long: 30s, 15m, 2h, 3d.
    #[arg(long, value_name = "AGE", conflicts_with = "id")]
    pub(crate) older_than: Option<Age>,
    /// Only list what would be done.
    #[arg(long, conflicts_with_all = ["id", "yes"])]
    pub(crate) dry_run: bool,
    /// Do not ask first, on a terminal.
    #[arg(long, conflicts_with = "id")]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct DecisionArgs {
    /// The call was accepted: this is the provider's id of what it made.
    #[arg(long, value_name = "REF")]
    pub(crate) adopt: Option<String>,
    /// Send the call again. If the first was accepted after all, both are paid.
    #[arg(long)]
    pub(crate) resubmit: bool,
    /// Give the job up. What it has at the provider goes on there.
    #[arg(long)]
    pub(crate) abandon: bool,
}
