//! One call: its attempts, and what they prove.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Request, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::operation::{Operation, Replay};
use super::receive::{Answer, Failure, max_body_bytes, receive};
use super::reply::{Proof, Refusal, Reply};
use super::{Shared, Transport, Upload};
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::json::Drift;
use crate::model::Timestamp;
use crate::policy::RetryPolicy;
use crate::secret::{HIDDEN, Kept};
use crate::words::words;

/// One call on its way through the generated client, which holds it as its inner value.
#[derive(Clone)]
pub(crate) struct Call(Arc<CallState>);

struct CallState {
    transport: Transport,
    operation: &'static Operation,
    /// How refusals are read: as the provider's, or as those of the storage for its files.
    refusal: fn(&Reply) -> Option<Refusal>,
    way: Way,
    may_repeat: bool,
    policy: RetryPolicy,
    /// What became of the call. The generated client cannot carry it: its hooks must return a
    /// `reqwest` result, and an error of that type cannot be made here.
    result: Mutex<Option<Result<Reply>>>,
}

/// Where a call goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To the provider, with the account's keys.
    Signed,
    /// To an address that is as good as a key and must not see ours.
    Presigned,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Call").field(&self.0.operation.id).finish()
    }
}

impl Transport {
    pub(crate) fn call(&self, operation: &'static Operation) -> Call {
        self.call_with_key(operation, false)
    }

    /// A call with an idempotency key. Where this account is known to honour keys, a lost answer
    /// may be asked for again; elsewhere a repeat would be paid a second time.
    pub(crate) fn call_with_key(&self, operation: &'static Operation, honoured: bool) -> Call {
        let may_repeat = match operation.replay {
            Replay::Always => true,
            Replay::IdempotencyKey => honoured,
            Replay::Never => false,
        };
        self.new_call(operation, Way::Signed, may_repeat)
    }

    fn new_call(&self, operation: &'static Operation, way: Way, may_repeat: bool) -> Call {
        let policy = self.policy();
        let refusal = match way {
            Way::Signed => self.shared.dialect.refusal,
            Way::Presigned => plain_refusal,
        };
        let transport = self.clone();
        let result = Mutex::new(None);
        Call(Arc::new(CallState { transport, operation, refusal, way, may_repeat, policy, result }))
    }

    /// Reads a free operation as the JSON that it answers, whatever the spec says of it.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an operation that is no free read: nothing is sent.
    #[cfg(feature = "doctor")]
    pub(crate) async fn get_json(
        &self,
        operation: &'static Operation,
        path: &str,
    ) -> Result<Value> {
        let call = self.new_call(operation, Way::Signed, true);
        if operation.paid || operation.method != "GET" {
            return Err(call.error(ErrorKind::Unsupported, "not a free read"));
        }
        let url = format!("{}{path}", self.base_url());
        let request = call.build(self.api().get(url).header(ACCEPT, "application/json"))?;
        call.run(self.api(), request).await;
        call.finish_as_json()
    }

    /// Sends a file as the whole body of an operation.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        file: &Upload,
    ) -> Result<Answer<T>> {
        let call = self.call(operation);
        let url = format!("{}{}", self.base_url(), operation.path);
        let head = self.api().post(url).header(ACCEPT, "application/json");
        call.decode(call.attempts(self.api(), call.build(head)?, Some(file)).await?)
    }

    /// Puts a file at a presigned address, without keys.
    pub(crate) async fn put_presigned(
        &self,
        operation: &'static Operation,
        url: &str,
        file: &Upload,
    ) -> Result<()> {
        let call = self.new_call(operation, Way::Presigned, true);
        // Without it the address leads nowhere, and with it the key would be in others' logs.
        if url.contains(HIDDEN) {
            let message = "the address for the file held a key of the account, and is not used";
            return Err(call.error(ErrorKind::InvalidRequest, message));
        }
        let head = call.build(self.api().put(url))?;
        let client = self.links().reach(head.url()).map_err(|error| call.place(error))?;
        call.attempts(client, head, Some(file)).await.map(drop)
    }
}

impl Call {
    /// Sends a request as often as its operation allows, and keeps the result for
    /// [`finish`](Self::finish). The generated client is shown nothing that it could decode.
    pub(crate) async fn run(&self, client: &reqwest::Client, request: Request) -> Response {
        *self.slot() = Some(self.attempts(client, request, None).await);
        not_a_success()
    }

    /// The call's result, once the generated client has sent it.
    pub(crate) fn finish<T: DeserializeOwned>(
        &self,
        sent: Result<progenitor_client::ResponseValue<T>, progenitor_client::Error<()>>,
    ) -> Result<Answer<T>> {
        if let Some(result) = self.slot().take() {
            return self.decode(result?);
        }
        let error = self.error(ErrorKind::InvalidRequest, "not a request");
        Err(match sent {
            Ok(_) => error,
            Err(source) => error.with_source(std::io::Error::other(source.to_string())),
        })
    }

    /// [`finish`](Self::finish) for callers that want the JSON, whether or not all of it fits the
    /// spec.
    pub(crate) fn finish_as_json(&self) -> Result<Value> {
        let missing = || Err(self.error(ErrorKind::InvalidRequest, "not a request"));
        let reply = self.slot().take().unwrap_or_else(missing)?;
        // No caller of this looks for a webhook's secret.
        let kept = Kept { ids_in_links: true, of_webhooks: false };
        let reply = reply.without(&self.0.transport.shared.secrets, kept).unwrap_or(reply);
        reply.json().ok_or_else(|| self.undecodable(&reply, &Drift::of_all("JSON")))
    }

    /// Reads an answer as its spec says, as far as its meaning is plain.
    fn decode<T: DeserializeOwned>(&self, reply: Reply) -> Result<Answer<T>> {
        let shape = self.0.operation.answer;
        let decoded = match reply.json() {
            Some(value) => shape.decode(shape.opened(value)),
            None => Err(Drift::of_all("JSON")),
        };
        match decoded {
            Ok((value, left_out)) => {
                self.0.transport.shared.drifts.log(self.0.operation, &left_out);
                Ok(Answer { value, left_out, body: reply.body, operation: self.0.operation })
            }
            Err(drift) => Err(self.undecodable(&reply, &drift)),
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Result<Reply>>> {
        self.0.result.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build(&self, request: RequestBuilder) -> Result<Request> {
        request.build().map_err(|error| {
            let error = error.without_url();
            self.error(ErrorKind::InvalidRequest, "not an address").with_source(error)
        })
    }

    /// A request for one attempt. A file is opened anew, since a body can be read only once.
    async fn copy_of(&self, request: &Request, file: Option<&Upload>) -> Result<Request> {
        let unrepeatable = || self.error(ErrorKind::InvalidRequest, "its body cannot be repeated");
        let mut request = request.try_clone().ok_or_else(unrepeatable)?;
        if let Some(file) = file {
            file.fill(&mut request).await.map_err(|error| self.place(error))?;
        }
        Ok(request)
    }

    async fn attempts(
        &self,
        client: &reqwest::Client,
        request: Request,
        file: Option<&Upload>,
    ) -> Result<Reply> {
        let Shared { clock, budget, .. } = &*self.0.transport.shared;
        let policy = &self.0.policy;
        let started = Moment::now(&**clock);
        let mut lost: Option<Error> = None;
        let mut attempt = 0;
        budget.refill();
        loop {
            attempt += 1;
            let elapsed = Moment::now(&**clock).since(started);
            let (proof, error) =
                match self.attempt(client, self.copy_of(&request, file).await?, elapsed).await? {
                    Ok(reply) => return Ok(reply),
                    Err((proof, error)) => (proof, error),
                };
            let elapsed = Moment::now(&**clock).since(started);
            let error = error.with_attempts(attempt, elapsed);
            tracing::debug!(operation = self.0.operation.id, attempt, ?proof, %error, "failed");
            if matches!(proof, Proof::Unknown | Proof::TooLong) && self.0.operation.paid {
                lost.get_or_insert_with(|| self.copy(&error).into_submit_unknown());
            }
            let delay = policy.delay(attempt, clock.random(), error.retry_after());
            let in_time = elapsed.saturating_add(delay) < policy.deadline;
            let again = self.may_follow(proof, &error) && attempt < policy.max_attempts && in_time;
            if !(again && budget.take()) {
                // An attempt that may have been accepted stays unknown, whatever a later one is
                // answered, so the first such error is the call's.
                return Err(lost.map_or(error, |lost| lost.with_attempts(attempt, elapsed)));
            }
            clock.sleep(delay).await;
        }
    }

    /// Whether another attempt may follow one with this proof. An error that a repeat would not
    /// change is not repeated, whether or not its operation lists it.
    fn may_follow(&self, proof: Proof, error: &Error) -> bool {
        let may_pass = || {
            let is_odd = matches!(error.kind(), ErrorKind::Decode | ErrorKind::Conflict);
            error.is_transient() || is_odd
        };
        match proof {
            Proof::NeverLeft | Proof::RefusedLater => true,
            Proof::Refused | Proof::TooLong => false,
            Proof::Unknown => self.0.may_repeat && may_pass(),
        }
    }

    /// One attempt. The outer error ends the call: nothing was sent, and nothing can be.
    async fn attempt(
        &self,
        client: &reqwest::Client,
        mut request: Request,
        elapsed: Duration,
    ) -> Result<Result<Reply, (Proof, Error)>> {
        let Shared { dialect, clock, secrets, .. } = &*self.0.transport.shared;
        // The generator adds a header that no provider knows.
        request.headers_mut().remove("api-version");
        if self.0.way == Way::Signed {
            let keys = self.0.transport.keys().await.map_err(|error| self.place(error))?;
            (dialect.sign)(&keys, request.headers_mut()).map_err(|error| self.place(error))?;
            secrets.learn(keys.id.as_ref(), &keys.key);
        }
        if let Some(order) = self.0.transport.order_header(self.0.operation) {
            request.headers_mut().insert("x-sandbox-order", order);
        }
        let left = self.0.policy.deadline.saturating_sub(elapsed);
        let mut timeout = self.0.transport.timeout(self.0.operation).min(left);
        if let Some(permit) = self.0.transport.permit() {
            timeout = timeout.min(permit.timeout);
            // The last thing before the first byte: others may have looked for the call by now.
            if clock.elapsed() > permit.not_after {
                return Err(self.error(ErrorKind::Conflict, "not sent: its intent had grown old"));
            }
        }
        *request.timeout_mut() = Some(timeout);
        let mut reply = match receive(client, request, max_body_bytes(self.0.operation)).await {
            Ok(reply) => reply,
            Err(failure) => return Ok(Err(self.lost(failure))),
        };
        let is_sure = reply.straighten(self.0.operation.paid);
        // Before anything is read of it: what is read may be shown, logged or kept.
        let hidden = reply.without(secrets, Kept::default());
        let shown = hidden.as_ref().unwrap_or(&reply);
        if let Some(refusal) = (self.0.refusal)(shown) {
            let (proof, error) = self.refused(shown, refusal, clock.now());
            return Ok(Err((if is_sure { proof } else { Proof::Unknown }, error)));
        }
        let kept = Kept { ids_in_links: true, of_webhooks: self.0.operation.gives_secret };
        let left = hidden.and_then(|_| reply.without(secrets, kept));
        Ok(Ok(left.unwrap_or(reply)))
    }

    fn lost(&self, failure: Failure) -> (Proof, Error) {
        match failure {
            Failure::Send(error) => {
                let proof = Proof::of_failed_send(&error);
                let (kind, message) = match proof {
                    Proof::NeverLeft => (ErrorKind::Unavailable, "no connection"),
                    _ if error.is_timeout() => (ErrorKind::Timeout, "no answer in time"),
                    _ => (ErrorKind::Unavailable, "the connection broke before the answer"),
                };
                // An address may hold what only its owner should see.
                (proof, self.error(kind, message).with_source(error.without_url()))
            }
            Failure::TooLong => {
                let most = max_body_bytes(self.0.operation);
                let message = format!("an answer of more than {most} bytes");
                (Proof::TooLong, self.error(ErrorKind::Decode, message))
            }
        }
    }

    fn refused(&self, reply: &Reply, refusal: Refusal, now: Timestamp) -> (Proof, Error) {
        let refusal = refusal.unless_stray(reply);
        let proof = Proof::of_refusal(self.0.operation, reply.status, refusal.number);
        let kind = refusal.kind(reply.status);
        // All of it is the provider's text.
        let shown = |text: String| Some(words(&text)).filter(|text| !text.is_empty());
        // Where the head and the body both ask, the longer wait counts.
        let wait = refusal.retry_after.max(reply.retry_after(now));
        let error = self
            .error(kind, shown(refusal.message).unwrap_or_default())
            .with_status(reply.status.as_u16())
            .with_code(refusal.code.and_then(shown))
            .with_request_id(refusal.request_id.and_then(shown))
            .with_retry_after(wait);
        match refusal.field.and_then(shown) {
            Some(field) => (proof, error.with_field(field)),
            None => (proof, error),
        }
    }

    /// A 2xx that cannot be read: for a paid call it may well mean "accepted".
    fn undecodable(&self, reply: &Reply, drift: &Drift) -> Error {
        let message = format!("the answer does not fit its spec: {drift}");
        let error = self
            .error(ErrorKind::Decode, message)
            .with_status(reply.status.as_u16())
            .with_attempts(1, Duration::ZERO);
        if self.0.operation.paid { error.into_submit_unknown() } else { error }
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.place(Error::new(kind, message))
    }

    fn place(&self, error: Error) -> Error {
        error
            .with_provider(self.0.transport.shared.dialect.provider)
            .with_operation(self.0.operation.id)
    }

    fn copy(&self, error: &Error) -> Error {
        let mut copy = self
            .error(error.kind(), error.message())
            .with_code(error.code().map(str::to_owned))
            .with_request_id(error.request_id().map(str::to_owned));
        if let Some(status) = error.status() {
            copy = copy.with_status(status);
        }
        match error.field() {
            Some(field) => copy.with_field(field),
            None => copy,
        }
    }
}

/// A refusal of the storage that keeps a provider's files: a status, and XML or nothing. No service
/// stands behind the storage, so a 4xx of its own is final and not waited out.
fn plain_refusal(reply: &Reply) -> Option<Refusal> {
    if reply.status.is_success() {
        return None;
    }
    let number = u32::from(reply.status.as_u16());
    let stray = reply.stray();
    let may_pass = !reply.status.is_client_error() || matches!(number, 408 | 425 | 429);
    // `stray` has already named the edge's refusal of this client.
    if may_pass || stray.field.is_some() {
        return Some(Refusal { number, ..stray });
    }
    let message = "the place that the provider gave for the file refuses it".to_owned();
    Some(Refusal { number, kind: Some(ErrorKind::InvalidRequest), message, ..stray })
}

/// What the generated client is shown where the call failed, so that it decodes nothing.
fn not_a_success() -> Response {
    let mut response = http::Response::new(bytes::Bytes::new());
    *response.status_mut() = reqwest::StatusCode::BAD_GATEWAY;
    Response::from(response)
}
