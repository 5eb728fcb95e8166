use super::convert::DIALECT;
use super::types;
use crate::bindings::creatify::{Client as Api, operations, send};
use crate::client::AccountConfig;
use crate::error::{Error, Result};
use crate::model::Credits;
use crate::transport::{Answer, PathSegment, Transport};

/// Creatify's operations, one method each, named as in the spec.
///
/// Calls that cost nothing are repeated as the account's [`RetryPolicy`](crate::RetryPolicy)
/// allows; a paid call is never repeated after it may have arrived.
#[derive(Clone)]
pub struct Client {
    pub(super) transport: Transport,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("creatify::Client").field(&self.transport.base_url()).finish()
    }
}

impl Client {
    /// Opens an account. Its keys need an id beside the key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL, proxy or
    /// certificate that is none.
    pub fn new(config: AccountConfig) -> Result<Self> {
        Ok(Self { transport: Transport::new(&DIALECT, config)? })
    }

    /// Makes a record and starts its picture. **Paid**: 1 credit.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/product_to_videos/gen_image/`.
    pub async fn gen_image(&self, body: &types::GenImageRequest) -> Result<types::ProductToVideo> {
        let method = async |api: Api| api.gen_image(body).await;
        Ok(send(&self.transport, &operations::GEN_IMAGE, method).await?.value)
    }

    /// Starts the video of a record whose picture is ready. **Paid**: 3 credits.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/product_to_videos/{id}/gen_video/`.
    pub async fn gen_video(
        &self,
        id: &str,
        body: &types::GenVideoRequest,
    ) -> Result<types::ProductToVideo> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.gen_video(&id, body).await;
        Ok(send(&self.transport, &operations::GEN_VIDEO, method).await?.value)
    }

    /// Reads a record. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/product_to_videos/{id}/`.
    pub async fn get_product_to_video(&self, id: &str) -> Result<types::ProductToVideo> {
        Ok(self.read_record(id).await?.value)
    }

    pub(super) async fn read_record(&self, id: &str) -> Result<Answer<types::ProductToVideo>> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.get_product_to_video(&id).await;
        send(&self.transport, &operations::GET_PRODUCT_TO_VIDEO, method).await
    }

    /// Reads the records with these ids (at most 100), or all. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/product_to_videos/`.
    pub async fn list_product_to_videos(
        &self,
        ids: Option<&[&str]>,
    ) -> Result<Vec<types::ProductToVideo>> {
        let limit = 1..=100;
        if ids.is_some_and(|ids| !limit.contains(&ids.len())) {
            return Err(Error::invalid("ids", "name 1 to 100 records in one call"));
        }
        let ids = ids.map(|ids| ids.join(","));
        let method = async |api: Api| api.list_product_to_videos(ids.as_deref()).await;
        Ok(send(&self.transport, &operations::LIST_PRODUCT_TO_VIDEOS, method).await?.value)
    }

    /// Reads the credits that are left. Free, and the best check of the keys.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/remaining_credits/`.
    pub async fn get_remaining_credits(&self) -> Result<Credits> {
        let method = async |api: Api| api.get_remaining_credits().await;
        let answer = send(&self.transport, &operations::GET_REMAINING_CREDITS, method).await?;
        Ok(answer.value.remaining_credits)
    }
}
