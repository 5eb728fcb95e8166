//! Turning a local file into an address, for providers that take no uploads.

use bytes::Bytes;

use crate::error::Result;
use crate::future::BoxFuture;

/// A file that needs an address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asset {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its type, such as `image/png`.
    pub media_type: String,
    /// A name made from its content, such as `9f86d081884c7d65.png`: the same file has the same
    /// name, so that hosting it again need not make a second copy.
    pub file_name: String,
}

/// Puts a file where a provider can fetch it. Creatify takes images by address only, of at most
/// 200 characters; a bucket with public names will do, presigned addresses are mostly too long.
pub trait AssetHost: Send + Sync + 'static {
    /// The public address of the file.
    ///
    /// # Errors
    /// Whatever keeps the file from being hosted; nothing has been paid for then.
    fn host(&self, asset: Asset) -> BoxFuture<'_, Result<String>>;
}
