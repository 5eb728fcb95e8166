//! Videos and their previews.

use serde_json::Value;

use super::super::types;
use super::Client;
use crate::bindings::jogg::{Client as Api, operations, send, send_raw};
use crate::error::{Error, Result};
use crate::json::Drift;
use crate::providers::listed::records_in;
use crate::providers::said::{says_failure, says_only};
use crate::providers::steps::is_usable;
use crate::transport::{Answer, PathSegment};

impl Client {
    /// Submits a product video and returns its id. **Paid**: 1 credit for each started 2 minutes.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /v2/create_video_from_product`.
    pub async fn create_video_from_product(
        &self,
        body: &types::CreateVideoFromProductRequest,
    ) -> Result<types::CreatedVideo> {
        let method = async |api: Api| api.create_video_from_product(body).await;
        let answer = send(&self.transport, &operations::CREATE_VIDEO_FROM_PRODUCT, method).await?;
        self.started(answer.value.data, &answer.left_out, "create_video_from_product")
    }

    /// Submits previews of a product in several styles. **Paid**: 0.5 credits for each started 2
    /// minutes and preview. Some may be refused while others start: those have `err_msg` and no
    /// `preview_id`. Send the language twice, in `script` and beside it: sources disagree on its
    /// place.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /v2/create_video_from_product/preview_list`.
    pub async fn create_previews(
        &self,
        body: &types::CreatePreviewsRequest,
    ) -> Result<types::PreviewList> {
        let method = async |api: Api| api.create_previews(body).await;
        let answer = send(&self.transport, &operations::CREATE_PREVIEWS, method).await?;
        let raw = answer.json();
        let unknown = Error::into_submit_unknown;
        let list =
            self.data(answer.value.data, &answer.left_out, "create_previews").map_err(unknown)?;
        let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let mut previews = list.previews.iter().flatten();
        let has_started = previews.clone().any(|preview| is_set(&preview.preview_id));
        // Accepted, and one of which nothing is said may have been started: it is to be looked for.
        // So may one of which more is said than its style and why it was refused.
        let is_plain = |preview: &Value| says_only(preview, &["visual_style", "err_msg"]);
        let told = raw["data"]["previews"].as_array().filter(|told| !told.is_empty());
        let all_are_refused = answer.left_out.is_empty()
            && told.is_some_and(|told| told.iter().all(is_plain))
            && previews.all(|preview| preview.err_msg.as_deref().is_some_and(says_failure));
        match has_started || all_are_refused {
            true => Ok(list),
            false => Err(unknown(self.no_data(&answer.left_out, "create_previews"))),
        }
    }

    /// Submits the video of a preview and returns its id. **Paid**: 1 credit for each started 2
    /// minutes.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`](crate::ErrorKind::SubmitUnknown) where it may have been
    /// accepted; any other kind means that it was not.
    ///
    /// Source: `POST /v2/create_video_from_product/render_single_preview`.
    pub async fn render_single_preview(
        &self,
        body: &types::RenderSinglePreviewRequest,
    ) -> Result<types::CreatedVideo> {
        let method = async |api: Api| api.render_single_preview(body).await;
        let answer = send(&self.transport, &operations::RENDER_SINGLE_PREVIEW, method).await?;
        self.started(answer.value.data, &answer.left_out, "render_single_preview")
    }

    /// Reads a product video. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/product_video/{product_video_id}`.
    pub async fn get_product_video(&self, product_video_id: &str) -> Result<types::ProductVideo> {
        let answer = self.read_video(product_video_id).await?;
        self.data(answer.value.data, &answer.left_out, "get_product_video")
    }

    pub(in super::super) async fn read_video(
        &self,
        product_video_id: &str,
    ) -> Result<Answer<types::ProductVideoResponse>> {
        let id = PathSegment::new("product_video_id", product_video_id)?;
        let method = async |api: Api| api.get_product_video(&id).await;
        send(&self.transport, &operations::GET_PRODUCT_VIDEO, method).await
    }

    /// Reads a page of product videos; pages count from 1 and hold 10 unless `page_size` says
    /// otherwise (at most 100). Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/product_videos`.
    pub async fn list_product_videos(
        &self,
        query: &types::ListProductVideosQuery,
    ) -> Result<types::ProductVideoPage> {
        let method = async |api: Api| api.list_product_videos_with(query).await;
        let answer = send(&self.transport, &operations::LIST_PRODUCT_VIDEOS, method).await?;
        self.data(answer.value.data, &answer.left_out, "list_product_videos")
    }

    /// Reads a page of previews; pages count from 1 and hold 10 unless `page_size` says otherwise
    /// (at most 100). Free. There is no read of a single preview.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/product_previews`.
    pub async fn list_product_previews(
        &self,
        query: &types::ListProductPreviewsQuery,
    ) -> Result<types::PreviewPage> {
        let method = async |api: Api| api.list_product_previews_with(query).await;
        let answer = send(&self.transport, &operations::LIST_PRODUCT_PREVIEWS, method).await?;
        self.data(answer.value.data, &answer.left_out, "list_product_previews")
    }

    /// A page of product videos, each as received.
    pub(in super::super) async fn read_product_videos(
        &self,
        query: &types::ListProductVideosQuery,
    ) -> Result<Vec<Value>> {
        let method = async |api: Api| api.list_product_videos_with(query).await;
        let answer = send_raw(&self.transport, &operations::LIST_PRODUCT_VIDEOS, method).await?;
        records_in(answer, "videos", &operations::LIST_PRODUCT_VIDEOS)
    }

    /// A page of previews, each as received.
    pub(in super::super) async fn read_product_previews(
        &self,
        query: &types::ListProductPreviewsQuery,
    ) -> Result<Vec<Value>> {
        let method = async |api: Api| api.list_product_previews_with(query).await;
        let answer = send_raw(&self.transport, &operations::LIST_PRODUCT_PREVIEWS, method).await?;
        records_in(answer, "previews", &operations::LIST_PRODUCT_PREVIEWS)
    }

    /// A video that was accepted. One without an id has to be looked for.
    fn started(
        &self,
        video: Option<types::CreatedVideo>,
        left_out: &[Drift],
        operation: &'static str,
    ) -> Result<types::CreatedVideo> {
        let video = self.data(video, left_out, operation).map_err(Error::into_submit_unknown)?;
        match video_id(&video) {
            Some(_) => Ok(video),
            None => Err(self.no_data(left_out, operation).into_submit_unknown()),
        }
    }
}

/// The id of a video that was made, under either of its names.
pub(in super::super) fn video_id(video: &types::CreatedVideo) -> Option<&str> {
    [&video.video_id, &video.product_video_id].into_iter().flatten().find_map(|id| {
        let id = id.trim();
        is_usable(id).then_some(id)
    })
}
