//! Webhook endpoints.

use super::super::types;
use super::Client;
use crate::bindings::jogg::{Client as Api, operations, send};
use crate::error::Result;
use crate::transport::PathSegment;

impl Client {
    /// Reads the webhook endpoints of the account, with their secrets. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/endpoints`.
    pub async fn list_endpoints(&self) -> Result<Vec<types::Endpoint>> {
        let method = async |api: Api| api.list_endpoints().await;
        let answer = send(&self.transport, &operations::LIST_ENDPOINTS, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_endpoints")?
            .endpoints
            .unwrap_or_default())
    }

    /// Adds a webhook endpoint (HTTPS, at most 20 for each user). Free. It is not sent again after
    /// a lost answer, since a second endpoint would get every delivery as well.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `POST /v2/endpoint`.
    pub async fn create_endpoint(&self, body: &types::EndpointRequest) -> Result<types::Endpoint> {
        let method = async |api: Api| api.create_endpoint(body).await;
        let answer = send(&self.transport, &operations::CREATE_ENDPOINT, method).await?;
        self.data(answer.value.data, &answer.left_out, "create_endpoint")
    }

    /// Replaces the address, the status and the events of a webhook endpoint. Free. Its secret
    /// stays.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `PUT /v2/endpoint/{endpoint_id}`.
    pub async fn update_endpoint(
        &self,
        endpoint_id: &str,
        body: &types::EndpointRequest,
    ) -> Result<types::Endpoint> {
        let endpoint_id = PathSegment::new("endpoint_id", endpoint_id)?;
        let method = async |api: Api| api.update_endpoint(&endpoint_id, body).await;
        let answer = send(&self.transport, &operations::UPDATE_ENDPOINT, method).await?;
        self.data(answer.value.data, &answer.left_out, "update_endpoint")
    }

    /// Deletes a webhook endpoint. Free.
    ///
    /// # Errors
    /// `NotFound` also where an earlier call, whose answer was lost, deleted it; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `DELETE /v2/endpoint/{endpoint_id}`.
    pub async fn delete_endpoint(&self, endpoint_id: &str) -> Result<()> {
        let endpoint_id = PathSegment::new("endpoint_id", endpoint_id)?;
        let method = async |api: Api| api.delete_endpoint(&endpoint_id).await;
        send(&self.transport, &operations::DELETE_ENDPOINT, method).await.map(drop)
    }

    /// Reads the events that endpoints can take. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/events`.
    pub async fn list_events(&self) -> Result<Vec<types::WebhookEventName>> {
        let method = async |api: Api| api.list_events().await;
        let answer = send(&self.transport, &operations::LIST_EVENTS, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_events")?
            .events
            .unwrap_or_default())
    }
}
