//! Webhook endpoints in the form that registering them needs.

use super::Client;
use super::types::{
    CreateWebhookRequest, UpdateWebhookRequest, WebhookEndpoint, WebhookEventName, WebhookStatus,
};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::providers::endpoints::{Endpoint, Endpoints};

const WANTED: [WebhookEventName; 2] =
    [WebhookEventName::TaskSucceeded, WebhookEventName::TaskFailed];

/// The endpoint as any provider's. The secret is whole in the answer to its creation alone.
fn read(endpoint: WebhookEndpoint, is_new: bool) -> Endpoint {
    let events = endpoint.events.unwrap_or_default();
    Endpoint {
        id: endpoint.id,
        url: endpoint.url.unwrap_or_default(),
        is_enabled: endpoint.status.is_none_or(|status| status == WebhookStatus::Active),
        events: events.iter().map(ToString::to_string).collect(),
        secret: endpoint.secret.filter(|secret| is_new && !secret.expose().is_empty()),
    }
}

impl Endpoints for Client {
    fn wanted(&self) -> Vec<String> {
        WANTED.iter().map(ToString::to_string).collect()
    }

    fn most(&self) -> Option<usize> {
        None
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Endpoint>>> {
        Box::pin(async move {
            let listed = self.list_webhooks().await?;
            Ok(listed.into_iter().map(|endpoint| read(endpoint, false)).collect())
        })
    }

    fn create<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Endpoint>> {
        Box::pin(async move {
            let body =
                CreateWebhookRequest::new(url).description("adreel".to_owned()).events(WANTED);
            Ok(read(self.create_webhook(&body).await?, true))
        })
    }

    fn update<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        events: Vec<String>,
    ) -> BoxFuture<'a, Result<Endpoint>> {
        Box::pin(async move {
            let events: Vec<_> = events.into_iter().map(WebhookEventName::from).collect();
            let body = UpdateWebhookRequest::new().status(WebhookStatus::Active).events(events);
            Ok(read(self.update_webhook(&endpoint.id, &body).await?, false))
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.delete_webhook(id).await.map(drop) })
    }
}
