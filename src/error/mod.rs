//! One error for everything that can go wrong, whichever provider or layer it came from.

mod kind;
mod limit;
mod over_cap;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{JobHandle, JobId, ProviderId};

pub use kind::ErrorKind;
pub use limit::Limit;
pub use over_cap::{CapScope, OverCap};

/// The result of everything in adreel that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What happened, to which call, field or job, and what to do next.
///
/// `Display` is one line without the cause, which stands in
/// [`source`](std::error::Error::source). Neither it nor `Debug` ever holds a key.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Default)]
struct Inner {
    kind: Option<ErrorKind>,
    provider: Option<ProviderId>,
    operation: Option<Cow<'static, str>>,
    status: Option<u16>,
    code: Option<String>,
    field: Option<String>,
    request_id: Option<String>,
    attempts: u32,
    elapsed: Duration,
    retry_after: Option<Duration>,
    job: Option<JobId>,
    handle: Option<JobHandle>,
    limit: Option<Limit>,
    message: String,
    over_cap: Option<OverCap>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of one's own, for a [`Ledger`](crate::Ledger), [`Credentials`](crate::Credentials)
    /// or an [`AssetHost`](crate::account::AssetHost). The message is one line without a secret, and
    /// says what happened and what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind: Some(kind), message: message.into(), ..Inner::default() }))
    }

    /// A field of the caller's own input that breaks a limit.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message).with_field(field)
    }

    /// Something a provider cannot do.
    pub(crate) fn unsupported(
        provider: ProviderId,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let error = Self::new(ErrorKind::Unsupported, message);
        error.with_provider(provider).with_field(field)
    }

    /// The same error, of this provider.
    #[must_use]
    pub fn with_provider(mut self, provider: ProviderId) -> Self {
        self.0.provider = Some(provider);
        self
    }

    pub(crate) fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// The same error with the field that is at fault, such as `product.images`.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    /// The same error, of this job.
    #[must_use]
    pub fn with_job(mut self, job: JobId) -> Self {
        self.0.job = Some(job);
        self
    }

    /// The same error with the job as it stood, by which others come back to it.
    #[must_use]
    pub fn with_handle(mut self, handle: JobHandle) -> Self {
        self.0.handle = Some(handle);
        self
    }

    pub(crate) fn with_over_cap(mut self, over: Option<OverCap>) -> Self {
        self.0.over_cap = over;
        self
    }

    pub(crate) fn with_limit(mut self, limit: Limit) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same error as a paid call's lost answer: what failed becomes the cause.
    pub(crate) fn into_submit_unknown(mut self) -> Self {
        if self.0.kind != Some(ErrorKind::SubmitUnknown) {
            let cause = self.kind().phrase();
            let told = std::mem::take(&mut self.0.message);
            self.0.message =
                if told.is_empty() { cause.to_owned() } else { format!("{cause}: {told}") };
            self.0.kind = Some(ErrorKind::SubmitUnknown);
        }
        self
    }

    /// What went wrong, named for what to do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Unavailable)
    }

    /// Whether the same call may succeed later without a change.
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }

    /// The provider that was called, or that cannot do what was asked.
    pub fn provider(&self) -> Option<ProviderId> {
        self.0.provider
    }

    /// The operation that was called, by its `operationId`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's own code, such as `insufficient_credits` or `18020`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The field that is at fault, such as `product.images`.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The provider's id of the request, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How many attempts were sent; zero where nothing was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The job that exists and may still be running, or may have been paid for.
    pub fn job_id(&self) -> Option<JobId> {
        self.0.job
    }

    /// The job as it stood, where a wait stopped before it ended: what others need to come back.
    pub fn handle(&self) -> Option<&JobHandle> {
        self.0.handle.as_ref()
    }

    /// Which spend cap left no room, and how much is committed under it.
    pub fn over_cap(&self) -> Option<&OverCap> {
        self.0.over_cap.as_ref()
    }

    /// The limit that ended a wait.
    pub fn limit(&self) -> Option<Limit> {
        self.0.limit
    }

    /// What the deepest cause says, on one line, where it says more than the error itself: of what
    /// could not be reached or read. A line for people is the error and this in parentheses.
    pub fn root_cause(&self) -> Option<String> {
        let says_little = matches!(self.kind(), ErrorKind::Unavailable | ErrorKind::Decode);
        let mut cause = std::error::Error::source(self).filter(|_| says_little)?;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Some(cause.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// What was said, without the parts that have an accessor of their own.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (inner.provider, &inner.operation) {
            (Some(provider), Some(operation)) => write!(f, "{provider} {operation}: ")?,
            (Some(provider), None) => write!(f, "{provider}: ")?,
            (None, _) => {}
        }
        if let Some(field) = &inner.field {
            write!(f, "{field}: ")?;
        }
        let kind = self.kind();
        let from_provider = inner.attempts > 0;
        if from_provider {
            f.write_str(kind.phrase())?;
            match (inner.status, &inner.code) {
                (Some(status), Some(code)) => write!(f, " ({status}, {code})")?,
                (Some(status), None) => write!(f, " ({status})")?,
                // A job that failed is told of inside a success.
                (None, Some(code)) => write!(f, " ({code})")?,
                (None, None) => {}
            }
        }
        if !inner.message.is_empty() {
            let separator = if from_provider { ": " } else { "" };
            // What follows makes one sentence of it.
            let message = match from_provider {
                true => inner.message.trim_end_matches('.'),
                false => &inner.message,
            };
            write!(f, "{separator}{message}")?;
        }
        if from_provider {
            write!(f, "; {}", kind.advice())?;
        }
        match inner.job {
            Some(job) => write!(f, " (job {job})"),
            None => Ok(()),
        }
    }
}

/// The line of `Display` with the kind and the causes; `{:#?}` shows every part.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !f.alternate() {
            write!(f, "{:?}({self}", self.kind())?;
            let mut cause = std::error::Error::source(self);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
            return f.write_str(")");
        }
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("field", &inner.field)
            .field("request_id", &inner.request_id)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("retry_after", &inner.retry_after)
            .field("job", &inner.job)
            .field("limit", &inner.limit)
            .field("over_cap", &inner.over_cap)
            .field("message", &inner.message)
            .field("source", &inner.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_that_says_what_where_and_what_next() {
        let error = Error::new(ErrorKind::OutOfCredits, "Insufficient credit")
            .with_provider(ProviderId::Jogg)
            .with_operation("create_video_from_product")
            .with_status(200)
            .with_code(Some("18020".to_owned()))
            .with_attempts(1, Duration::ZERO);
        assert_eq!(
            error.to_string(),
            "jogg create_video_from_product: out of credits (200, 18020): Insufficient credit; \
             add credits to the account and submit again"
        );
        let error = Error::invalid("duration", "600 s is too long: use 10 to 60 s");
        assert_eq!(error.to_string(), "duration: 600 s is too long: use 10 to 60 s");
    }

    #[test]
    fn a_lost_answer_keeps_what_was_lost() {
        let error = Error::new(ErrorKind::Timeout, "")
            .with_provider(ProviderId::BeatApi)
            .with_operation("create_ecommerce_video")
            .with_attempts(1, Duration::ZERO)
            .into_submit_unknown();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown);
        assert!(error.to_string().ends_with(
            "may have been accepted and paid: timed out; look for it at the provider before you \
             submit again"
        ));
    }
}
