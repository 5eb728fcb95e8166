//! How a command ends: its exit codes, and which errors they stand for.

use std::process::ExitCode;

use adreel::{Error, ErrorKind};

/// How a command ended. The numbers are listed in `--help` and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Input = 2,
    Account = 3,
    StoppedWaiting = 4,
    NotSaved = 5,
    MaybePaid = 6,
    Drift = 7,
    Interrupted = 130,
}

pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    a job failed, a provider could not be reached, or the output could not be written
  2    the command line, the request or the ledger cannot be used; nothing was paid
  3    a key, the credits, the plan or a cap of an account do not do; nothing more was paid
  4    stopped waiting, or the ledger failed; the job goes on, or waits for somebody to choose
  5    the video is made and paid, but could not be saved
  6    a job may have been paid for and is held, or could not be recorded: look for it at the
       provider, then `resolve`
  7    an answer differs from its spec (doctor), whether or not another call failed
  130  interrupted, by Ctrl-C, SIGTERM or SIGHUP";

/// What errors of a ledger that cannot be opened name as their field.
pub(crate) const LEDGER: &str = "--ledger";

impl Exit {
    pub(crate) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::SubmitUnknown => Self::MaybePaid,
            // It could not be opened, so nothing was sent.
            _ if error.field() == Some(LEDGER) => Self::Input,
            // The ledger cannot be used any more, and something is or may be paid for: what stops
            // early before that carries no handle.
            ErrorKind::Io | ErrorKind::Unavailable | ErrorKind::Decode
                if error.handle().is_some() =>
            {
                Self::StoppedWaiting
            }
            ErrorKind::InvalidRequest
            | ErrorKind::Unsupported
            | ErrorKind::Io
            | ErrorKind::Conflict => Self::Input,
            ErrorKind::Unauthorized
            | ErrorKind::NeedsCredentials
            | ErrorKind::OutOfCredits
            | ErrorKind::OverCap
            | ErrorKind::PlanLacks => Self::Account,
            ErrorKind::NeedsAction => Self::StoppedWaiting,
            ErrorKind::Timeout if error.job_id().is_some() => Self::StoppedWaiting,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adreel::ledger::conformance;

    #[test]
    fn a_ledger_that_cannot_be_opened_is_the_callers_to_see_to() {
        for kind in [ErrorKind::Io, ErrorKind::Unavailable, ErrorKind::Decode] {
            let failed = Error::new(kind, "the ledger cannot be reached").with_field(LEDGER);
            assert_eq!(Exit::of(&failed), Exit::Input);
        }
    }

    #[test]
    fn a_ledger_that_fails_says_that_nothing_was_paid_only_where_that_is_so() {
        let job = conformance::job();
        for kind in [ErrorKind::Io, ErrorKind::Unavailable, ErrorKind::Decode] {
            let failed = || Error::new(kind, "the ledger fails").with_job(job.id());
            assert_ne!(Exit::of(&failed()), Exit::StoppedWaiting);
            assert_eq!(Exit::of(&failed().with_handle(job.handle())), Exit::StoppedWaiting);
        }
        let unknown = Error::new(ErrorKind::SubmitUnknown, "the ledger fails").with_job(job.id());
        assert_eq!(Exit::of(&unknown), Exit::MaybePaid);
    }
}
