//! Links: pages of products.

use super::super::super::accepted;
use super::super::types;
use super::{Client, joined};
use crate::bindings::creatify::{Client as Api, operations, send, send_raw};
use crate::error::Result;
use crate::providers::listed::Listed;
use crate::transport::PathSegment;

impl Client {
    /// Reads a product page, which takes up to a minute. **Paid**: 1 credit. Pass on the outer
    /// `id`.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/links/`.
    pub async fn create_link(&self, body: &types::CreateLinkRequest) -> Result<types::Link> {
        let method = async |api: Api| api.create_link(body).await;
        let made = send(&self.transport, &operations::CREATE_LINK, method).await?.value;
        accepted(&operations::CREATE_LINK, made, |made| &made.id)
    }

    /// Describes a product without a page: at least 3 pictures, or a video. **Paid**: 1 credit.
    /// Pass on the outer `id`.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/links/link_with_params/`.
    pub async fn create_link_with_params(
        &self,
        body: &types::CreateLinkWithParamsRequest,
    ) -> Result<types::Link> {
        let method = async |api: Api| api.create_link_with_params(body).await;
        let made = send(&self.transport, &operations::CREATE_LINK_WITH_PARAMS, method).await?.value;
        accepted(&operations::CREATE_LINK_WITH_PARAMS, made, |made| &made.id)
    }

    /// Reads a link, by its outer id. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/links/{id}/`.
    pub async fn get_link(&self, id: &str) -> Result<types::Link> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.get_link(&id).await;
        Ok(send(&self.transport, &operations::GET_LINK, method).await?.value)
    }

    /// Changes what is known of a product. Free. Send all fields: whether those that are left out
    /// are emptied is not documented. The `id` of the answer is an inner one and goes nowhere.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `PUT /api/links/{id}/`.
    pub async fn update_link(
        &self,
        id: &str,
        body: &types::UpdateLinkRequest,
    ) -> Result<types::InnerLink> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.update_link(&id, body).await;
        Ok(send(&self.transport, &operations::UPDATE_LINK, method).await?.value)
    }

    /// Reads the links with these outer ids (at most 100), or all. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/links/`.
    pub async fn list_links(&self, ids: Option<&[&str]>) -> Result<Vec<types::Link>> {
        let ids = joined(ids)?;
        let method = async |api: Api| api.list_links(ids.as_deref()).await;
        Ok(send(&self.transport, &operations::LIST_LINKS, method).await?.value)
    }

    /// All links, each as received.
    pub(in super::super) async fn read_links(&self) -> Result<Listed> {
        let method = async |api: Api| api.list_links(None).await;
        let answer = send_raw(&self.transport, &operations::LIST_LINKS, method).await?;
        Listed::of(answer, &operations::LIST_LINKS)
    }
}
