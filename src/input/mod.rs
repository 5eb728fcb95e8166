//! What a caller brings: the files and addresses of a request, read and checked before a plan.

mod addresses;
mod format;
mod picture;
mod sound;
mod walk;
mod whole;

pub(crate) use picture::{Picture, inspect, same_content};
pub(crate) use sound::{Sound, listen};
pub(crate) use walk::Walk;

use crate::error::Result;
use crate::request::VideoRequest;

/// What a request has on this machine, looked at.
pub(crate) struct Local {
    /// The request with its addresses and words as they are sent, and files named from the root.
    pub(crate) request: VideoRequest,
    pub(crate) pictures: Vec<Option<Picture>>,
    pub(crate) track: Option<Sound>,
}

impl Local {
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the field for a file
    /// that is missing, too large, or not what it should be.
    pub(crate) async fn of(request: &VideoRequest) -> Result<Self> {
        let read = request.with_read_addresses()?.with_trimmed_words().with_absolute_paths();
        let mut pictures = Vec::new();
        for (index, image) in request.product.images.iter().enumerate() {
            pictures.push(inspect(image, index).await?);
        }
        let track = match &request.track {
            Some(track) => listen(track).await?,
            None => None,
        };
        Ok(Self { request: read, pictures, track })
    }

    /// A digest of the request with its files by their content.
    pub(crate) fn fingerprint(&self, request: &VideoRequest) -> String {
        let digest = |picture: &Option<Picture>| picture.as_ref().map(|p| p.sha256.clone());
        let images: Vec<Option<String>> = self.pictures.iter().map(digest).collect();
        let images: Vec<Option<&str>> = images.iter().map(Option::as_deref).collect();
        request.fingerprint(&images, self.track.as_ref().map(|track| &*track.sha256))
    }
}
