//! Webhook endpoints in the form that registering them needs.

use super::Client;
use super::types::{self, EndpointRequest, EndpointStatus, WebhookEventName};
use super::webhook::ENDS;
use crate::error::Result;
use crate::future::BoxFuture;
use crate::providers::endpoints::{Endpoint, Endpoints};

/// How many endpoints a user may have. Source: page AddWebhookEndpoint, read 2026-11.
const MOST_ENDPOINTS: usize = 20;

fn read(endpoint: types::Endpoint) -> Endpoint {
    let events = endpoint.events.unwrap_or_default();
    Endpoint {
        id: endpoint.endpoint_id,
        url: endpoint.url.unwrap_or_default(),
        is_enabled: endpoint.status.is_none_or(|status| status == EndpointStatus::Enabled),
        events: events.iter().map(ToString::to_string).collect(),
        secret: endpoint.secret.filter(|secret| !secret.expose().is_empty()),
    }
}

fn request(url: &str, events: Vec<WebhookEventName>) -> EndpointRequest {
    EndpointRequest::new(url, EndpointStatus::Enabled, events)
}

impl Endpoints for Client {
    fn wanted(&self) -> Vec<String> {
        ENDS.iter().map(ToString::to_string).collect()
    }

    fn most(&self) -> Option<usize> {
        Some(MOST_ENDPOINTS)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Endpoint>>> {
        Box::pin(async move { Ok(self.list_endpoints().await?.into_iter().map(read).collect()) })
    }

    fn create<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Endpoint>> {
        Box::pin(async move { self.create_endpoint(&request(url, ENDS.to_vec())).await.map(read) })
    }

    fn update<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        events: Vec<String>,
    ) -> BoxFuture<'a, Result<Endpoint>> {
        Box::pin(async move {
            let events = events.into_iter().map(WebhookEventName::from).collect();
            let changed = self.update_endpoint(&endpoint.id, &request(&endpoint.url, events)).await;
            changed.map(read)
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.delete_endpoint(id))
    }
}
