//! Products: what videos are made of.

use super::super::types;
use super::Client;
use crate::bindings::jogg::{Client as Api, operations, send};
use crate::error::Result;
use crate::json::Shape;
use crate::model::ProviderId;
use crate::transport::{Operation, Replay, Upload};

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
    answer: &Shape::Any,
    gives_secret: false,
};

impl Client {
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
        self.data(answer.value.data, &answer.left_out, "upload_asset")
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
        self.data(answer.value.data, &answer.left_out, "create_product")
    }

    /// Changes a product. Free. Fields that are left out stay; a list of media replaces the old
    /// one.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `PUT /v2/product`.
    pub async fn update_product(&self, body: &types::UpdateProductRequest) -> Result<()> {
        let method = async |api: Api| api.update_product(body).await;
        send(&self.transport, &operations::UPDATE_PRODUCT, method).await.map(drop)
    }
}
