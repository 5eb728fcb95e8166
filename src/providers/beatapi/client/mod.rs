//! The client of BeatAPI alone: one method for each operation.

mod tasks;
mod webhooks;

pub use tasks::IdempotencyKey;

use super::errors::DIALECT;
use super::types;
use crate::account::AccountConfig;
use crate::bindings::beatapi::{Client as Api, operations, send};
use crate::error::Result;
use crate::transport::{Transport, Upload};

/// BeatAPI's operations, one method each, named as in the spec.
///
/// Calls that cost nothing are repeated as the account's [`RetryPolicy`](crate::RetryPolicy)
/// allows; a paid call is never repeated after it may have arrived.
#[derive(Clone)]
pub struct Client {
    pub(super) transport: Transport,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("beatapi::Client").field(&self.transport.base_url()).finish()
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

    /// Lists the workflows, without a key. Free.
    ///
    /// # Errors
    /// Whatever keeps the answer from arriving; see [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v1/workflows`.
    pub async fn list_workflows(&self) -> Result<types::WorkflowList> {
        let answer = send(&self.transport, &operations::LIST_WORKFLOWS, async |api| {
            api.list_workflows().await
        })
        .await?;
        Ok(answer.value.data)
    }

    /// Uploads a file and returns its long-lived address. Free. Images (PNG, JPEG, WebP), audio
    /// (MP3, WAV, AAC, M4A) and subtitles (SRT) of at most 50 MB, video (MP4, MOV) of at most
    /// 100 MB.
    ///
    /// A repeat makes a second file, which does no harm.
    ///
    /// # Errors
    /// `Io` for a file that cannot be read, `InvalidRequest` for a type or size that is not taken;
    /// see [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `POST /v1/files`, in its raw form: the multipart form says nothing more, and its
    /// body could not be sent a second time.
    pub async fn upload_file(&self, file: &Upload) -> Result<types::File> {
        let answer = self.transport.upload(&operations::UPLOAD_FILE, file).await?;
        let types::FileResponse { data, .. } = answer.value;
        Ok(data)
    }

    /// Reads balance, concurrency and what was used in a period (all time unless said). Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v1/usage`.
    pub async fn get_usage(&self, query: &types::GetUsageQuery) -> Result<types::Usage> {
        let method = async |api: Api| api.get_usage_with(query).await;
        Ok(send(&self.transport, &operations::GET_USAGE, method).await?.value.data)
    }
}
