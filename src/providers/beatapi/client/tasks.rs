//! Tasks: videos, files and their statuses.

use super::super::super::accepted;
use super::super::types;
use super::Client;
use crate::bindings::beatapi::{Client as Api, operations, send, send_call};
use crate::error::{Error, Result};
use crate::transport::{Answer, Call, Operation, PathSegment};

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
        let call = self.paid_call(&operations::CREATE_ECOMMERCE_VIDEO, key);
        let key = key.map(|key| key.value.as_str());
        let method = async |api: Api| api.create_ecommerce_video(key, body).await;
        let task = send_call(&self.transport, call, method).await?.value.data;
        accepted(&operations::CREATE_ECOMMERCE_VIDEO, task, |task| &task.id)
    }

    /// Submits a music video, standard or premium: which fields go with which tier is said at
    /// [`CreateMusicVideoRequest`](types::CreateMusicVideoRequest). **Paid**: the price of the
    /// track's length is reserved when it is accepted.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /v1/music-video/tasks`.
    pub async fn create_music_video(
        &self,
        body: &types::CreateMusicVideoRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<types::Task> {
        let call = self.paid_call(&operations::CREATE_MUSIC_VIDEO, key);
        let key = key.map(|key| key.value.as_str());
        let method = async |api: Api| api.create_music_video(key, body).await;
        let task = send_call(&self.transport, call, method).await?.value.data;
        accepted(&operations::CREATE_MUSIC_VIDEO, task, |task| &task.id)
    }

    fn paid_call(&self, operation: &'static Operation, key: Option<&IdempotencyKey>) -> Call {
        self.transport.call_with_key(operation, key.is_some_and(|key| key.honoured))
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

    pub(in super::super) async fn read_task(
        &self,
        task_id: &str,
    ) -> Result<Answer<types::TaskResponse>> {
        let id = PathSegment::new("task_id", task_id)?;
        send(&self.transport, &operations::GET_TASK, async |api: Api| api.get_task(&id).await).await
    }
}
