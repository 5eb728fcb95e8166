use super::convert::DIALECT;
use super::types;
use crate::bindings::jogg::{Client as Api, operations, send};
use crate::client::AccountConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Credits, ProviderId};
use crate::transport::{Answer, Operation, PathSegment, Replay, Transport, Upload};

/// The second half of an upload goes to storage that speaks no dialect of JoggAI's, at an address
/// that comes with each answer, so it stands in no spec.
static PUT_ASSET: Operation = Operation {
    provider: ProviderId::Jogg,
    id: "put_asset",
    method: "PUT",
    path: "",
    paid: false,
    replay: Replay::Always,
    refused: &[400, 401, 403, 404, 409, 411, 413, 415],
    timeout: std::time::Duration::from_secs(300),
    request_fields: &[],
};

/// JoggAI's operations, one method each, named as in the spec.
///
/// Calls that cost nothing are repeated as the account's [`RetryPolicy`](crate::RetryPolicy)
/// allows; a paid call is never repeated after it may have arrived.
#[derive(Clone)]
pub struct Client {
    pub(super) transport: Transport,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("jogg::Client").field(&self.transport.base_url()).finish()
    }
}

impl Client {
    /// Opens an account.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL, proxy or
    /// certificate that is none.
    pub fn new(config: AccountConfig) -> Result<Self> {
        Ok(Self { transport: Transport::new(&DIALECT, config)? })
    }

    /// Asks for an address to upload a file to. Free; the file follows with
    /// [`put_asset`](Self::put_asset).
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `POST /v2/upload/asset`.
    pub async fn upload_asset(
        &self,
        body: &types::UploadAssetRequest,
    ) -> Result<types::UploadedAsset> {
        let method = async |api: Api| api.upload_asset(body).await;
        let answer = send(&self.transport, &operations::UPLOAD_ASSET, method).await?;
        self.data(answer.value.data, "upload_asset")
    }

    /// Puts a file where [`upload_asset`](Self::upload_asset) said, without the key. The type must
    /// be the one that was announced. Free, and harmless to repeat.
    ///
    /// # Errors
    /// `Io` for a file that cannot be read; see [`ErrorKind`](crate::ErrorKind).
    pub async fn put_asset(&self, asset: &types::UploadedAsset, file: &Upload) -> Result<()> {
        self.transport.put_presigned(&PUT_ASSET, &asset.sign_url, file).await
    }

    /// Describes a product. With a `url` the page is read, which takes 10 to 30 s. Free; a repeat
    /// makes a second product, which does no harm.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `POST /v2/product`.
    pub async fn create_product(
        &self,
        body: &types::CreateProductRequest,
    ) -> Result<types::Product> {
        let method = async |api: Api| api.create_product(body).await;
        let answer = send(&self.transport, &operations::CREATE_PRODUCT, method).await?;
        self.data(answer.value.data, "create_product")
    }

    /// Submits a product video and returns its id. **Paid**: 1 credit for each started 2 minutes.
    ///
    /// # Errors
    /// [`ErrorKind::SubmitUnknown`] where it may have been accepted; any other kind means that it
    /// was not.
    ///
    /// Source: `POST /v2/create_video_from_product`.
    pub async fn create_video_from_product(
        &self,
        body: &types::CreateVideoFromProductRequest,
    ) -> Result<types::CreatedVideo> {
        let method = async |api: Api| api.create_video_from_product(body).await;
        let answer = send(&self.transport, &operations::CREATE_VIDEO_FROM_PRODUCT, method).await?;
        let unknown = |error: Error| error.into_submit_unknown();
        let video = self.data(answer.value.data, "create_video_from_product").map_err(unknown)?;
        // An accepted job without an id is one that has to be looked for.
        match video_id(&video) {
            Some(_) => Ok(video),
            None => Err(unknown(self.no_data("create_video_from_product"))),
        }
    }

    /// Reads a product video. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/product_video/{product_video_id}`.
    pub async fn get_product_video(&self, product_video_id: &str) -> Result<types::ProductVideo> {
        let answer = self.read_video(product_video_id).await?;
        self.data(answer.value.data, "get_product_video")
    }

    pub(super) async fn read_video(
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
        self.data(answer.value.data, "list_product_videos")
    }

    /// Reads a page of public presenters; pages count from 1. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/avatars/public`.
    pub async fn list_public_avatars(
        &self,
        query: &types::ListPublicAvatarsQuery,
    ) -> Result<Vec<types::Avatar>> {
        let method = async |api: Api| api.list_public_avatars_with(query).await;
        let answer = send(&self.transport, &operations::LIST_PUBLIC_AVATARS, method).await?;
        Ok(self.data(answer.value.data, "list_public_avatars")?.avatars.unwrap_or_default())
    }

    /// Reads the credits that are left. Free. A promotional key was seen to report 0 and work.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/user/remaining_quota`.
    pub async fn get_remaining_quota(&self) -> Result<Credits> {
        let method = async |api: Api| api.get_remaining_quota().await;
        let answer = send(&self.transport, &operations::GET_REMAINING_QUOTA, method).await?;
        Ok(self.data(answer.value.data, "get_remaining_quota")?.remaining_quota)
    }

    pub(super) fn data<T>(&self, data: Option<T>, operation: &'static str) -> Result<T> {
        data.ok_or_else(|| self.no_data(operation))
    }

    fn no_data(&self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Decode, "code 0 without the data that belongs to it")
            .with_provider(ProviderId::Jogg)
            .with_operation(operation)
            .with_attempts(1, std::time::Duration::ZERO)
    }
}

/// The id of a video that was made, under either of its names.
pub(super) fn video_id(video: &types::CreatedVideo) -> Option<&str> {
    let id = video.video_id.as_deref().or(video.product_video_id.as_deref());
    id.filter(|id| !id.is_empty())
}
