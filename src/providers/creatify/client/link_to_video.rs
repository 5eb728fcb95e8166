//! Videos of links.

use super::super::super::accepted;
use super::super::types;
use super::{Client, joined};
use crate::bindings::creatify::{Client as Api, operations, send, send_raw};
use crate::error::Result;
use crate::providers::listed::Listed;
use crate::transport::{Answer, PathSegment};

impl Client {
    /// Makes a video of a link in one go. **Paid**: 5 credits for each started 30 s, more for some
    /// models.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/link_to_videos/`.
    pub async fn create_link_to_video(
        &self,
        body: &types::LinkToVideoRequest,
    ) -> Result<types::LinkToVideo> {
        let method = async |api: Api| api.create_link_to_video(body).await;
        let made = send(&self.transport, &operations::CREATE_LINK_TO_VIDEO, method).await?.value;
        accepted(&operations::CREATE_LINK_TO_VIDEO, made, |made| &made.id)
    }

    /// Makes one preview of a link. **Paid**: 1 credit for each started 30 s.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/link_to_videos/preview/`.
    pub async fn preview_link_to_video(
        &self,
        body: &types::LinkToVideoRequest,
    ) -> Result<types::LinkToVideo> {
        let method = async |api: Api| api.preview_link_to_video(body).await;
        let made = send(&self.transport, &operations::PREVIEW_LINK_TO_VIDEO, method).await?.value;
        accepted(&operations::PREVIEW_LINK_TO_VIDEO, made, |made| &made.id)
    }

    /// Makes previews of a link in several styles. **Paid**: 1 credit for each started 30 s, by one
    /// page for each preview. They are complete when their number is, whatever the status says.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/link_to_videos/preview_list_async/`.
    pub async fn preview_link_to_video_list(
        &self,
        body: &types::PreviewLinkToVideoListRequest,
    ) -> Result<types::LinkToVideo> {
        let method = async |api: Api| api.preview_link_to_video_list(body).await;
        let made =
            send(&self.transport, &operations::PREVIEW_LINK_TO_VIDEO_LIST, method).await?.value;
        accepted(&operations::PREVIEW_LINK_TO_VIDEO_LIST, made, |made| &made.id)
    }

    /// Renders a previewed job. **Paid**: 4 credits for each started 30 s.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/link_to_videos/{id}/render/`.
    pub async fn render_link_to_video(&self, id: &str) -> Result<types::LinkToVideo> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.render_link_to_video(&id).await;
        let made = send(&self.transport, &operations::RENDER_LINK_TO_VIDEO, method).await?.value;
        accepted(&operations::RENDER_LINK_TO_VIDEO, made, |made| &made.id)
    }

    /// Renders one preview of a list. **Paid**: 4 credits for each started 30 s.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /api/link_to_videos/{id}/render_single_preview/`.
    pub async fn render_single_preview(
        &self,
        id: &str,
        body: &types::RenderSinglePreviewRequest,
    ) -> Result<types::LinkToVideo> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.render_single_preview(&id, body).await;
        let made = send(&self.transport, &operations::RENDER_SINGLE_PREVIEW, method).await?.value;
        accepted(&operations::RENDER_SINGLE_PREVIEW, made, |made| &made.id)
    }

    /// Reads a link video. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/link_to_videos/{id}/`.
    pub async fn get_link_to_video(&self, id: &str) -> Result<types::LinkToVideo> {
        Ok(self.read_link_to_video(id).await?.value)
    }

    pub(in super::super) async fn read_link_to_video(
        &self,
        id: &str,
    ) -> Result<Answer<types::LinkToVideo>> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.get_link_to_video(&id).await;
        send(&self.transport, &operations::GET_LINK_TO_VIDEO, method).await
    }

    /// Reads the link videos with these ids (at most 100), or all. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/link_to_videos/`.
    pub async fn list_link_to_videos(
        &self,
        ids: Option<&[&str]>,
    ) -> Result<Vec<types::LinkToVideo>> {
        let ids = joined(ids)?;
        let method = async |api: Api| api.list_link_to_videos(ids.as_deref()).await;
        Ok(send(&self.transport, &operations::LIST_LINK_TO_VIDEOS, method).await?.value)
    }

    /// The link videos with these ids, or all, each as received.
    pub(in super::super) async fn read_link_to_videos(
        &self,
        ids: Option<&[&str]>,
    ) -> Result<Listed> {
        let ids = joined(ids)?;
        let method = async |api: Api| api.list_link_to_videos(ids.as_deref()).await;
        let answer = send_raw(&self.transport, &operations::LIST_LINK_TO_VIDEOS, method).await?;
        Listed::of(answer, &operations::LIST_LINK_TO_VIDEOS)
    }
}
