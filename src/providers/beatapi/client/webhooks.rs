//! Webhook endpoints.

use super::super::types;
use super::Client;
use crate::bindings::beatapi::{Client as Api, operations, send};
use crate::error::Result;
use crate::transport::PathSegment;

impl Client {
    /// Reads the webhook endpoints of the account, their secrets masked. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v1/webhooks`.
    pub async fn list_webhooks(&self) -> Result<Vec<types::WebhookEndpoint>> {
        let method = async |api: Api| api.list_webhooks().await;
        Ok(send(&self.transport, &operations::LIST_WEBHOOKS, method).await?.value.data.data)
    }

    /// Adds a webhook endpoint (HTTPS). Free. The answer is the only one with the whole secret, for
    /// [`WebhookVerifier`](super::super::WebhookVerifier). It is not sent again after a lost
    /// answer, since a second endpoint would get every delivery as well.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `POST /v1/webhooks`.
    pub async fn create_webhook(
        &self,
        body: &types::CreateWebhookRequest,
    ) -> Result<types::WebhookEndpoint> {
        let method = async |api: Api| api.create_webhook(body).await;
        Ok(send(&self.transport, &operations::CREATE_WEBHOOK, method).await?.value.data)
    }

    /// Reads a webhook endpoint, its secret masked. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v1/webhooks/{webhook_id}`.
    pub async fn get_webhook(&self, webhook_id: &str) -> Result<types::WebhookEndpoint> {
        let webhook_id = PathSegment::new("webhook_id", webhook_id)?;
        let method = async |api: Api| api.get_webhook(&webhook_id).await;
        Ok(send(&self.transport, &operations::GET_WEBHOOK, method).await?.value.data)
    }

    /// Changes a webhook endpoint. Free. Fields that are left out stay, and so does its secret.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `PATCH /v1/webhooks/{webhook_id}`.
    pub async fn update_webhook(
        &self,
        webhook_id: &str,
        body: &types::UpdateWebhookRequest,
    ) -> Result<types::WebhookEndpoint> {
        let webhook_id = PathSegment::new("webhook_id", webhook_id)?;
        let method = async |api: Api| api.update_webhook(&webhook_id, body).await;
        Ok(send(&self.transport, &operations::UPDATE_WEBHOOK, method).await?.value.data)
    }

    /// Deletes a webhook endpoint. Free.
    ///
    /// # Errors
    /// `NotFound` also where an earlier call, whose answer was lost, deleted it; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `DELETE /v1/webhooks/{webhook_id}`.
    pub async fn delete_webhook(&self, webhook_id: &str) -> Result<types::Deleted> {
        let webhook_id = PathSegment::new("webhook_id", webhook_id)?;
        let method = async |api: Api| api.delete_webhook(&webhook_id).await;
        Ok(send(&self.transport, &operations::DELETE_WEBHOOK, method).await?.value.data)
    }
}
