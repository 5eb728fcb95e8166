//! The client of JoggAI alone: one method for each operation.

mod catalogue;
mod endpoints;
mod pages;
mod products;
mod videos;

pub(super) use videos::video_id;

use super::errors::DIALECT;
use super::types;
use crate::account::AccountConfig;
use crate::bindings::jogg::{Client as Api, operations, send};
use crate::error::{Error, ErrorKind, Result};
use crate::json::Drift;
use crate::model::{Credits, ProviderId};
use crate::transport::{Answer, Operation, Transport};

/// JoggAI's operations, one method each, named as in the spec.
///
/// Calls that cost nothing are repeated as the account's [`RetryPolicy`](crate::RetryPolicy)
/// allows; a paid call is never repeated after it may have arrived.
#[derive(Clone)]
pub struct Client {
    pub(super) transport: Transport,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("jogg::Client").field(&self.transport.base_url()).finish()
    }
}

impl Client {
    /// An account that is open already.
    pub(crate) fn over(transport: Transport) -> Self {
        Self { transport }
    }

    /// Opens an account.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL, proxy or
    /// certificate that is none.
    pub fn new(config: AccountConfig) -> Result<Self> {
        Ok(Self { transport: Transport::new(&DIALECT, config)? })
    }

    /// Reads who the key belongs to. Free, and the best check of a key.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/user/whoami`.
    pub async fn whoami(&self) -> Result<types::User> {
        let method = async |api: Api| api.whoami().await;
        let answer = send(&self.transport, &operations::WHOAMI, method).await?;
        data_of(answer, |answer| answer.data)
    }

    /// Reads the credits that are left. Free. A promotional key was seen to report 0 and work.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/user/remaining_quota`.
    pub async fn get_remaining_quota(&self) -> Result<Credits> {
        let method = async |api: Api| api.get_remaining_quota().await;
        let answer = send(&self.transport, &operations::GET_REMAINING_QUOTA, method).await?;
        Ok(data_of(answer, |answer| answer.data)?.remaining_quota)
    }
}

/// The data of an answer, which stands beside a code and a message.
///
/// # Errors
/// [`ErrorKind::Decode`] for an answer without data.
pub(super) fn data_of<A, T>(answer: Answer<A>, data: fn(A) -> Option<T>) -> Result<T> {
    let Answer { value, left_out, operation, .. } = answer;
    data(value).ok_or_else(|| no_data(operation, &left_out))
}

fn no_data(operation: &Operation, left_out: &[Drift]) -> Error {
    let unread = left_out.iter().find(|drift| drift.pointer.starts_with("/data"));
    let message = match unread {
        Some(drift) => format!("the answer does not fit its spec: {drift}"),
        None => "code 0 without the data that belongs to it".to_owned(),
    };
    Error::new(ErrorKind::Decode, message)
        .with_provider(ProviderId::Jogg)
        .with_operation(operation.id)
        .with_attempts(1, std::time::Duration::ZERO)
}
