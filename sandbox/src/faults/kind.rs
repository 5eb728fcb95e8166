//! The faults by name: where each acts, and what can be said about it.

use serde::{Deserialize, Serialize};

/// What goes wrong. In JSON, in a scenario file, in a header and in a magic product's address it has
/// the name in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// A refusal "too fast" with `Retry-After` (`too-many-requests`, or `429`). `seconds` is how long
    /// it asks to wait (default 2), `date` gives that as a date.
    TooManyRequests,
    /// The provider's own server error (`server-error`, or `500`, `502`, `503`). `status`, and
    /// `accepted` for one that comes after the request was carried out.
    ServerError,
    /// A page in HTML from something before the provider (`html`), with `status` (default 502) and
    /// `accepted`.
    Html,
    /// The connection is reset before the request is carried out (`reset-before`).
    ResetBefore,
    /// The connection is reset after `bytes` of the answer's body, or behind it where it is shorter
    /// (`reset-middle`; default 20).
    ResetMiddle,
    /// The request is carried out, and the connection is reset instead of an answer (`reset-after`).
    ResetAfter,
    /// The request is carried out, and nothing is ever answered (`lost-answer`).
    LostAnswer,
    /// The request is carried out, and its answer comes `seconds` later (`delay`; default 5).
    Delay,
    /// The answer's body comes at `bytes` a second (`slow-body`; default 100).
    SlowBody,
    /// After `bytes` of the answer's body nothing more comes (`stalled-body`; default 20).
    StalledBody,
    /// The answer is not JSON, though it says so (`malformed-json`).
    MalformedJson,
    /// The answer's JSON ends in the middle (`truncated-json`).
    TruncatedJson,
    /// Of an answer about jobs each number is written as text (`numbers-as-text`): `"4.5"`.
    NumbersAsText,
    /// Of an answer about jobs each time is written as another text (`times-as-text`): a date instead
    /// of seconds, and a date with a blank instead of one in RFC 3339.
    TimesAsText,
    /// Of an answer about jobs each time has a fraction (`times-with-fraction`): seconds a quarter
    /// more, and a date nanoseconds.
    TimesWithFraction,
    /// Of an answer about jobs each status is in capitals (`upper-case-status`).
    UpperCaseStatus,
    /// A redirect (`redirect`) with `status` (default 302) to `to`, an address of the sandbox that
    /// nothing good comes from unless another is given.
    Redirect,
    /// The account has no credits for this request (`no-credits`).
    NoCredits,
    /// A read shows a status that is in no documentation (`unknown-status`): `value`, or
    /// `sandbox_unknown`.
    UnknownStatus,
    /// A read lacks a field of the record (`missing-field`): `field`, or `status`.
    MissingField,
    /// A read has a field more (`extra-field`): `field`, or `sandbox_extra`.
    ExtraField,
    /// A read shows the status that the job began with, after another one was there (`status-back`).
    StatusBack,
    /// A read shows what was so `seconds` ago (`stale-read`; default 30).
    StaleRead,
    /// A list does not show a record in its first `seconds` (`late-list`; default 30).
    LateList,
    /// A read shows null for a field of the record (`null-field`): `field`, or `webhook_url`.
    NullField,
    /// A read shows a finished job whose first link of a film is empty (`empty-link`).
    EmptyLink,
    /// A list shows a record's title or name (`changed-title`) as `value`, or cut after `count`
    /// characters (default 20).
    ChangedTitle,
    /// A list shows a text where a record should be (`unreadable-record`).
    UnreadableRecord,
    /// A list is cut (`short-list`): `count` records a page at the most (default 20), whatever was
    /// asked for, and without a total.
    ShortList,
    /// A list's total is the number of records on the page (`page-total`).
    PageTotal,
    /// A list shows the oldest first (`oldest-first`), whatever was asked for.
    OldestFirst,
    /// A read of one job or of a list is answered as to another account (`other-account`), the one
    /// with the key `value` (default `sk_sandbox_other`): a list has that account's records, and a
    /// job of the caller's is not found.
    OtherAccount,
    /// The job fails (`job-fails`), with `value` as the reason. `refund` says whether its credits come
    /// back; without it that is as the provider has it.
    JobFails,
    /// The job never ends (`job-stuck`).
    JobStuck,
    /// A webhook is delivered two times (`webhook-twice`).
    WebhookTwice,
    /// A webhook is delivered `seconds` late (`webhook-late`; default 120).
    WebhookLate,
    /// No webhook is delivered (`webhook-never`).
    WebhookNever,
    /// A job's webhooks come in another order than they happened (`webhook-out-of-order`).
    WebhookOutOfOrder,
    /// Before the true webhook comes one that somebody else made up (`webhook-forged`).
    WebhookForged,
    /// The first webhook comes before the answer that tells the job's id (`webhook-before-answer`).
    WebhookBeforeAnswer,
    /// The link of the video answers 404 (`video-404`).
    #[serde(rename = "video-404")]
    VideoMissing,
    /// The link gives the first `bytes` of the video, or half of it, with a length to match
    /// (`video-truncated`).
    VideoTruncated,
    /// The link gives the first `bytes` of the video, or half of it, and nothing proves that this is
    /// not all (`video-endless`): no length is stated, the connection just ends, and the last box of
    /// the file says that it goes on to the end.
    VideoEndless,
    /// The link gives the whole video and something behind it (`video-tail`): `value`, or a line
    /// break, or so many zeros as `bytes` says.
    VideoTail,
    /// The link gives a page instead of a video (`video-wrong-type`).
    VideoWrongType,
    /// The link has expired; reading the job again gives a fresh one (`video-expired`).
    VideoExpired,
    /// The link gives the whole video, whatever part was asked for (`video-no-ranges`).
    VideoNoRanges,
}

/// Where a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    /// On one request and its answer.
    Wire,
    /// On what a read shows of a job.
    Read,
    /// On a list of jobs.
    List,
    /// On whose records a read shows.
    Account,
    /// On a job, when it is accepted.
    Job,
    /// On a job's webhooks.
    Webhook,
    /// On a job's video.
    Video,
}

impl FaultKind {
    /// Every fault, in the order of the documentation.
    pub const ALL: [Self; 47] = [
        Self::TooManyRequests,
        Self::ServerError,
        Self::Html,
        Self::ResetBefore,
        Self::ResetMiddle,
        Self::ResetAfter,
        Self::LostAnswer,
        Self::Delay,
        Self::SlowBody,
        Self::StalledBody,
        Self::MalformedJson,
        Self::TruncatedJson,
        Self::NumbersAsText,
        Self::TimesAsText,
        Self::TimesWithFraction,
        Self::UpperCaseStatus,
        Self::Redirect,
        Self::NoCredits,
        Self::UnknownStatus,
        Self::MissingField,
        Self::ExtraField,
        Self::StatusBack,
        Self::StaleRead,
        Self::LateList,
        Self::NullField,
        Self::EmptyLink,
        Self::ChangedTitle,
        Self::UnreadableRecord,
        Self::ShortList,
        Self::PageTotal,
        Self::OldestFirst,
        Self::OtherAccount,
        Self::JobFails,
        Self::JobStuck,
        Self::WebhookTwice,
        Self::WebhookLate,
        Self::WebhookNever,
        Self::WebhookOutOfOrder,
        Self::WebhookForged,
        Self::WebhookBeforeAnswer,
        Self::VideoMissing,
        Self::VideoTruncated,
        Self::VideoEndless,
        Self::VideoTail,
        Self::VideoWrongType,
        Self::VideoExpired,
        Self::VideoNoRanges,
    ];

    /// Its name, such as `lost-answer`.
    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }

    pub(crate) const fn point(self) -> FaultPoint {
        self.facts().1
    }

    /// What may be said about it, apart from where and how often it happens.
    pub(super) const fn parameters(self) -> &'static [&'static str] {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, FaultPoint, &'static [&'static str]) {
        use FaultPoint::{Account, Job, List, Read, Video, Webhook, Wire};
        match self {
            Self::TooManyRequests => ("too-many-requests", Wire, &["seconds", "date"]),
            Self::ServerError => ("server-error", Wire, &["status", "accepted"]),
            Self::Html => ("html", Wire, &["status", "accepted"]),
            Self::ResetBefore => ("reset-before", Wire, &[]),
            Self::ResetMiddle => ("reset-middle", Wire, &["bytes"]),
            Self::ResetAfter => ("reset-after", Wire, &[]),
            Self::LostAnswer => ("lost-answer", Wire, &[]),
            Self::Delay => ("delay", Wire, &["seconds"]),
            Self::SlowBody => ("slow-body", Wire, &["bytes"]),
            Self::StalledBody => ("stalled-body", Wire, &["bytes"]),
            Self::MalformedJson => ("malformed-json", Wire, &[]),
            Self::TruncatedJson => ("truncated-json", Wire, &[]),
            Self::NumbersAsText => ("numbers-as-text", Wire, &[]),
            Self::TimesAsText => ("times-as-text", Wire, &[]),
            Self::TimesWithFraction => ("times-with-fraction", Wire, &[]),
            Self::UpperCaseStatus => ("upper-case-status", Wire, &[]),
            Self::Redirect => ("redirect", Wire, &["status", "to"]),
            Self::NoCredits => ("no-credits", Wire, &[]),
            Self::UnknownStatus => ("unknown-status", Read, &["value"]),
            Self::MissingField => ("missing-field", Read, &["field"]),
            Self::ExtraField => ("extra-field", Read, &["field"]),
            Self::StatusBack => ("status-back", Read, &[]),
            Self::StaleRead => ("stale-read", Read, &["seconds"]),
            Self::LateList => ("late-list", Read, &["seconds"]),
            Self::NullField => ("null-field", Read, &["field"]),
            Self::EmptyLink => ("empty-link", Read, &[]),
            Self::ChangedTitle => ("changed-title", Read, &["count", "value"]),
            Self::UnreadableRecord => ("unreadable-record", Read, &[]),
            Self::ShortList => ("short-list", List, &["count"]),
            Self::PageTotal => ("page-total", List, &[]),
            Self::OldestFirst => ("oldest-first", List, &[]),
            Self::OtherAccount => ("other-account", Account, &["value"]),
            Self::JobFails => ("job-fails", Job, &["refund", "value"]),
            Self::JobStuck => ("job-stuck", Job, &[]),
            Self::WebhookTwice => ("webhook-twice", Webhook, &[]),
            Self::WebhookLate => ("webhook-late", Webhook, &["seconds"]),
            Self::WebhookNever => ("webhook-never", Webhook, &[]),
            Self::WebhookOutOfOrder => ("webhook-out-of-order", Webhook, &[]),
            Self::WebhookForged => ("webhook-forged", Webhook, &[]),
            Self::WebhookBeforeAnswer => ("webhook-before-answer", Webhook, &[]),
            Self::VideoMissing => ("video-404", Video, &[]),
            Self::VideoTruncated => ("video-truncated", Video, &["bytes"]),
            Self::VideoEndless => ("video-endless", Video, &["bytes"]),
            Self::VideoTail => ("video-tail", Video, &["bytes", "value"]),
            Self::VideoWrongType => ("video-wrong-type", Video, &[]),
            Self::VideoExpired => ("video-expired", Video, &[]),
            Self::VideoNoRanges => ("video-no-ranges", Video, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_everywhere() {
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let mut names = FaultKind::ALL.map(FaultKind::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FaultKind::ALL.len());
    }
}
