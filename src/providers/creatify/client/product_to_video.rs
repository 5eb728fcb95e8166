//! Product videos: the picture first, then the video.

use super::super::super::accepted;
use super::super::types;
use super::{Client, joined};
use crate::bindings::creatify::{Client as Api, operations, send, send_raw};
use crate::error::Result;
use crate::providers::listed::Listed;
use crate::transport::{Answer, PathSegment};

impl Client {
    /// Makes a record and starts its picture. **Paid**: 1 credit.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/product_to_videos/gen_image/`.
    pub async fn gen_image(&self, body: &types::GenImageRequest) -> Result<types::ProductToVideo> {
        let method = async |api: Api| api.gen_image(body).await;
        let made = send(&self.transport, &operations::GEN_IMAGE, method).await?.value;
        accepted(&operations::GEN_IMAGE, made, |made| &made.id)
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
        let made = send(&self.transport, &operations::GEN_VIDEO, method).await?.value;
        accepted(&operations::GEN_VIDEO, made, |made| &made.id)
    }

    /// Makes a new record with a new picture of an old one, which stays. **Paid**: 1 credit.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/product_to_videos/{id}/regen_image/`.
    pub async fn regen_image(
        &self,
        id: &str,
        body: &types::RegenImageRequest,
    ) -> Result<types::ProductToVideo> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.regen_image(&id, body).await;
        let made = send(&self.transport, &operations::REGEN_IMAGE, method).await?.value;
        accepted(&operations::REGEN_IMAGE, made, |made| &made.id)
    }

    /// Makes a new record with a new video of an old one, which stays. **Paid**: 1 credit as
    /// printed; 3 is as likely. What the body may hold is assumed.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/product_to_videos/{id}/regen_video/`.
    pub async fn regen_video(
        &self,
        id: &str,
        body: &types::RegenVideoRequest,
    ) -> Result<types::ProductToVideo> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.regen_video(&id, body).await;
        let made = send(&self.transport, &operations::REGEN_VIDEO, method).await?.value;
        accepted(&operations::REGEN_VIDEO, made, |made| &made.id)
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

    pub(in super::super) async fn read_record(
        &self,
        id: &str,
    ) -> Result<Answer<types::ProductToVideo>> {
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
        let ids = joined(ids)?;
        let method = async |api: Api| api.list_product_to_videos(ids.as_deref()).await;
        Ok(send(&self.transport, &operations::LIST_PRODUCT_TO_VIDEOS, method).await?.value)
    }

    /// The records with these ids, or all, each as received.
    pub(in super::super) async fn read_records(&self, ids: Option<&[&str]>) -> Result<Listed> {
        let ids = joined(ids)?;
        let method = async |api: Api| api.list_product_to_videos(ids.as_deref()).await;
        let answer = send_raw(&self.transport, &operations::LIST_PRODUCT_TO_VIDEOS, method).await?;
        Listed::of(answer, &operations::LIST_PRODUCT_TO_VIDEOS)
    }
}
