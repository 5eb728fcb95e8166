//! What can go wrong, named for what to do next.

use serde::{Deserialize, Serialize};

/// What went wrong, named for what to do next.
///
/// Whatever the providers and the edges before them answer, and what each answer comes to:
///
#[doc = include_str!("../errors.md")]
///
/// A status or code that is not listed is read by its status. A **paid** call keeps its kind only
/// where the answer proves that nothing was accepted (400 to 404, 429, and the codes of their
/// meaning); everything else is [`SubmitUnknown`](Self::SubmitUnknown), with the same status, code
/// and message.
///
/// Source: the three API references; the table is kept true by a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A field of the request is missing or out of its limits.
    InvalidRequest,
    /// The provider cannot do what was asked.
    Unsupported,
    /// The provider refused the key.
    Unauthorized,
    /// No key is known for the account.
    NeedsCredentials,
    /// The account has too few credits.
    OutOfCredits,
    /// A spend cap of the caller's own leaves no room for what it may cost.
    OverCap,
    /// The account's plan or permissions do not cover the call.
    PlanLacks,
    /// What was asked for does not exist, or belongs to another account.
    NotFound,
    /// Something else already stands where this should go.
    Conflict,
    /// The provider's moderation refused the content.
    ContentRefused,
    /// Too many calls in a short time.
    RateLimited,
    /// All of the account's concurrent jobs are taken.
    NoSlot,
    /// The provider could not be reached or could not answer.
    Unavailable,
    /// Time ran out.
    Timeout,
    /// An answer could not be read.
    Decode,
    /// A paid call may or may not have been accepted.
    SubmitUnknown,
    /// The job waits for somebody to choose or to act.
    NeedsAction,
    /// The provider gave the job up.
    JobFailed,
    /// A local file or folder could not be used.
    Io,
    /// A webhook delivery that nothing proves to be the provider's.
    Forged,
}

impl ErrorKind {
    /// Whether the same call may succeed later without a change.
    ///
    /// BeatAPI's own word for this, `retryable`, is not read: only the newest state of its contract
    /// has it, and for every documented code it says the same as the kind.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::RateLimited | Self::NoSlot | Self::Unavailable | Self::Timeout)
    }

    /// What to do next, in a few words: `add credits to the account and submit again`.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::InvalidRequest => "correct the request",
            Self::Unsupported => "choose another provider or leave it out",
            Self::Unauthorized => "check the key",
            Self::NeedsCredentials => "set the key",
            Self::OutOfCredits => "add credits to the account and submit again",
            Self::OverCap => "raise the cap or wait until it has room",
            Self::PlanLacks => "check the account's plan and the key's permissions",
            Self::NotFound => "check the id and the account",
            Self::Conflict => "use another key or place",
            Self::ContentRefused => "change the content",
            Self::RateLimited => "wait, then send less often",
            Self::NoSlot => "wait until a job has ended",
            Self::Unavailable => "try again later",
            Self::Timeout => "try again or allow more time",
            Self::Decode => "report it, the spec has to follow",
            Self::SubmitUnknown => "look for it at the provider before you submit again",
            Self::NeedsAction => "choose or act, then resume the job",
            Self::JobFailed => "read the reason, then submit a new job",
            Self::Io => "check the file and its folder",
            Self::Forged => "answer 401 and forget it",
        }
    }

    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::InvalidRequest => "request refused",
            Self::Unsupported => "not supported",
            Self::Unauthorized => "key refused",
            Self::NeedsCredentials => "no key",
            Self::OutOfCredits => "out of credits",
            Self::OverCap => "over a spend cap",
            Self::PlanLacks => "not covered by the account's plan or permissions",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::ContentRefused => "content refused by moderation",
            Self::RateLimited => "too many calls",
            Self::NoSlot => "all concurrent jobs are taken",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Decode => "unreadable answer",
            Self::SubmitUnknown => "no answer: the job may have been accepted and paid",
            Self::NeedsAction => "a decision is needed",
            Self::JobFailed => "job failed",
            Self::Io => "file error",
            Self::Forged => "not proved to be the provider's",
        }
    }
}
