use super::convert::DIALECT;
use super::types;
use crate::bindings::beatapi::{Client as Api, operations, send, send_call};
use crate::client::AccountConfig;
use crate::error::{Error, Result};
use crate::transport::{Answer, PathSegment, Transport, Upload};

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

/// The value of `Idempotency-Key`: visible ASCII, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    value: String,
    honoured: bool,
}

impl IdempotencyKey {
    /// A key that the account may or may not know how to honour. The launch contract ignores it,
    /// so a lost answer is not asked for again with it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for text that no header
    /// takes.
    pub fn new(value: impl Into<String>) -> Result<Self> {
        let value = value.into();
        let visible = value.bytes().all(|byte| byte.is_ascii_graphic());
        if value.is_empty() || value.len() > 255 || !visible {
            let message = "use 1 to 255 visible ASCII characters";
            return Err(Error::invalid("idempotency_key", message));
        }
        Ok(Self { value, honoured: false })
    }

    /// Says that this account is known to run the newer contract, which answers a repeated key
    /// with the first task: after a lost answer the call is then sent again with the key.
    #[must_use]
    pub fn honoured(mut self) -> Self {
        self.honoured = true;
        self
    }
}

impl Client {
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

    /// Submits a product video. **Paid**: the whole price is reserved when it is accepted.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /v1/ecommerce-video/tasks`.
    pub async fn create_ecommerce_video(
        &self,
        body: &types::CreateEcommerceVideoRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<types::Task> {
        let honoured = key.is_some_and(|key| key.honoured);
        let call = self.transport.call_with_key(&operations::CREATE_ECOMMERCE_VIDEO, honoured);
        let key = key.map(|key| key.value.as_str());
        let method = async |api: Api| api.create_ecommerce_video(key, body).await;
        Ok(send_call(&self.transport, call, method).await?.value.data)
    }

    /// Reads a task. Free; at most 120 reads a minute for each key.
    ///
    /// # Errors
    /// `NotFound` also for another account's task; see [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v1/tasks/{task_id}`.
    pub async fn get_task(&self, task_id: &str) -> Result<types::Task> {
        Ok(self.read_task(task_id).await?.value.data)
    }

    pub(super) async fn read_task(&self, task_id: &str) -> Result<Answer<types::TaskResponse>> {
        let id = PathSegment::new("task_id", task_id)?;
        send(&self.transport, &operations::GET_TASK, async |api: Api| api.get_task(&id).await).await
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
