//! The middleware in front of every handler: it writes the journal, counts, and applies faults to the
//! request and its answer.

use std::io;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use super::body::BodyFault;
use super::connection::Connection;
use super::exchange::Exchange;
use super::faults::{self, Fault, FaultPoint, Fired, Subject};
use super::ids::{digest, hex};
use super::journal::RequestRecord;
use super::ledger::Account;
use super::operations::{self, Kind, Operation};
use super::provider::Provider;
use super::world::World;
use super::{beatapi, body, control};

/// The header with a fault for its request, or for the job that the request makes.
const HEADER: &str = "x-sandbox-fault";

/// The header that says which order a paid call is for.
const ORDER: &str = "x-sandbox-order";

/// Records a request, carries out the faults that are planted for it, and records its answer. The
/// control API below `/_sandbox` is left alone.
pub(super) async fn intercept(
    State(world): State<Arc<World>>,
    matched: Option<MatchedPath>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let operation = matched.and_then(|path| operations::find(request.method(), path.as_str()));
    beatapi::claim(&world, operation, &mut request);
    let (request, json) = buffered(request).await;
    let header = request.headers().get(HEADER).map(|value| faults::of_header(value.as_bytes()));
    let header = match header.transpose() {
        Ok(header) => header,
        Err(error) => {
            return control::refusal(StatusCode::BAD_REQUEST, &format!("{HEADER}: {error}"));
        }
    };
    let has_header = header.is_some();
    let exchange = open(&world, operation, &request, json.as_ref(), header);
    let _header_fault = has_header.then(|| HeaderFault(&exchange));
    let (answer, fired) = answer(&exchange, &connection, request, next).await;
    let is_answered = fired.as_ref().is_none_or(Fired::is_answered);
    let answer = match fired {
        Some(fired) => faults::after(fired, answer, &exchange, &connection).await,
        None => answer,
    };
    let status = is_answered.then(|| answer.status().as_u16());
    world.journal.note(exchange.number, |record| record.status = status);
    answer
}

/// Takes the fault of a request's header back when the request is over, whether it happened or not.
struct HeaderFault<'a>(&'a Exchange);

impl Drop for HeaderFault<'_> {
    fn drop(&mut self) {
        self.0.world.faults.forget(self.0.number);
    }
}

/// The handler's answer, or the one that a fault puts in its place, and the fault that is still to be
/// applied to it.
async fn answer(
    exchange: &Arc<Exchange>,
    connection: &Connection,
    mut request: Request,
    next: Next,
) -> (Response, Option<Fired>) {
    let fault = exchange.operation.and_then(|operation| {
        let subject = Subject::new(operation, &exchange.marks);
        exchange.world.faults.pick(FaultPoint::Wire, &subject)
    });
    if let Some(fault) = &fault {
        exchange.note_fault(fault);
        if let Some(answer) = faults::before(fault, exchange, connection) {
            return (answer, Some(Fired::Before(fault.clone())));
        }
    }
    // What is only shown was made by others.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    request.extensions_mut().insert(Arc::clone(exchange));
    let mut answer = next.run(request).await;
    if !is_read && !exchange.marks.is_empty() && answer.status().is_success() {
        answer = bind(exchange, answer).await;
    }
    (answer, fault.map(Fired::After))
}

/// Reads a JSON body, which tells of products, and puts it back. What is too long or breaks off is
/// left to the handler to refuse, in its own words.
async fn buffered(request: Request) -> (Request, Option<Value>) {
    let is_json = body::media_type(request.headers()) == "application/json";
    if !is_json || matches!(*request.method(), Method::GET | Method::HEAD) {
        return (request, None);
    }
    let most = body::MOST_JSON_BYTES;
    let (head, body) = request.into_parts();
    let (body, json) = match body::collect(body, most).await {
        Ok(bytes) => {
            let json = serde_json::from_slice(&bytes).ok();
            (Body::from(bytes), json)
        }
        Err(BodyFault::TooLarge { .. }) => (Body::from(vec![0; most + 1]), None),
        Err(_) => {
            let broken = Err::<Bytes, _>(io::Error::from(io::ErrorKind::UnexpectedEof));
            (Body::from_stream(stream::iter([broken])), None)
        }
    };
    (Request::from_parts(head, body), json)
}

/// Counts a request, opens its record in the journal, and collects the marks by which faults find it.
fn open(
    world: &Arc<World>,
    operation: Option<&'static Operation>,
    request: &Request,
    json: Option<&Value>,
    header: Option<Fault>,
) -> Arc<Exchange> {
    let path = request.uri().path();
    let provider = operation.map(|known| known.provider).or_else(|| operations::provider_of(path));
    let account = provider.and_then(|provider| Account::of_headers(provider, request.headers()));
    if let Some(operation) = operation {
        let is_early = |account| world.limits.is_early(account, operation.id, world.now());
        let is_early = account.as_ref().is_some_and(is_early);
        world.count(operation.provider, |tally| {
            tally.early_retries += u64::from(is_early);
            match operation.kind {
                Kind::Submit => tally.submits += 1,
                Kind::Poll => tally.polls += 1,
                Kind::Other => {}
            }
        });
    }
    let name = account.as_ref().map(|account| account.name.clone());
    let uri = request.uri();
    let number = world.journal.open(RequestRecord {
        provider: provider.map(Provider::as_str),
        operation: operation.map(|known| known.id),
        method: request.method().to_string(),
        path: uri.path_and_query().map_or(path, |whole| whole.as_str()).to_owned(),
        account: name.clone(),
        body: json.map(Value::to_string),
        ..RequestRecord::arrived(world.now())
    });
    let facts = faults::RequestFacts {
        operation,
        number,
        account: name.as_deref().unwrap_or_default(),
        path,
        body: json,
        header,
    };
    let marks = world.faults.marks_of_request(&facts);
    let order = request.headers().get(ORDER).map(|value| hex(&digest(&[value.as_bytes()])));
    Arc::new(Exchange { world: Arc::clone(world), number, operation, account, marks, order })
}

/// Gives the records that a request made its marks, so that faults planted for the request find them.
async fn bind(exchange: &Exchange, answer: Response) -> Response {
    if !is_json(answer.headers()) {
        return answer;
    }
    let (head, body) = answer.into_parts();
    // It was made by a handler, out of memory.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if let Ok(json) = serde_json::from_slice::<Value>(&bytes) {
        for id in faults::ids_of(&json) {
            exchange.world.faults.bind(id, &exchange.marks);
        }
    }
    Response::from_parts(head, Body::from(bytes))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}
