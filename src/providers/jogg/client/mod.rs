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
use crate::transport::Transport;

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
        self.data(answer.value.data, &answer.left_out, "whoami")
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
        Ok(self.data(answer.value.data, &answer.left_out, "get_remaining_quota")?.remaining_quota)
    }

    pub(super) fn data<T>(
        &self,
        data: Option<T>,
        left_out: &[Drift],
        operation: &'static str,
    ) -> Result<T> {
        data.ok_or_else(|| self.no_data(left_out, operation))
    }

    fn no_data(&self, left_out: &[Drift], operation: &'static str) -> Error {
        let unread = left_out.iter().find(|drift| drift.pointer.starts_with("/data"));
        let message = match unread {
            Some(drift) => format!("the answer does not fit its spec: {drift}"),
            None => "code 0 without the data that belongs to it".to_owned(),
        };
        Error::new(ErrorKind::Decode, message)
            .with_provider(ProviderId::Jogg)
            .with_operation(operation)
            .with_attempts(1, std::time::Duration::ZERO)
    }
}
