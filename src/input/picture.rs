//! A local picture, read and checked before anything is paid for.

use std::path::Path;

use bytes::Bytes;

use super::{format, whole};
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::regular_file::read_at_most;
use crate::request::Image;

/// No provider says how large a side it takes. What no camera makes and no provider is known to
/// read is refused here, before it is paid for.
pub(crate) const MAX_SIDE_PX: usize = 8192;

/// The largest file that any of the providers takes (BeatAPI's 50 MB).
const MAX_FILE_BYTES: u64 = 50_000_000;

/// A local image that was looked at: what it is, and its bytes.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) bytes: Bytes,
    pub(crate) media_type: &'static str,
    pub(crate) file_name: String,
    pub(crate) sha256: String,
    /// What errors call it.
    pub(crate) shown: String,
}

/// Reads a local image and checks that it is one. `None` for an image that the provider fetches.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] naming `product.images[index]` for a file that is missing, too
/// large or not an image.
pub(crate) async fn inspect(image: &Image, index: usize) -> Result<Option<Picture>> {
    let field = format!("product.images[{index}]");
    let (bytes, shown) = match image {
        Image::Url(_) => return Ok(None),
        Image::File(file) => {
            let shown = file.display().to_string();
            (read(file, &field, &shown, "name an image file").await?, shown)
        }
        Image::Bytes(bytes) => (bytes.clone(), format!("{} bytes in memory", bytes.len())),
    };
    let (media_type, extension) = check_content(&bytes, &field, &shown)?;
    let sha256 = sha256(&bytes);
    let file_name = format!("{}.{extension}", &sha256[..16]);
    Ok(Some(Picture { bytes, media_type, file_name, sha256, shown }))
}

pub(super) async fn read(path: &Path, field: &str, shown: &str, advice: &str) -> Result<Bytes> {
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read {shown}: {error}; {advice}");
        Error::invalid(field, message).with_source(error)
    };
    read_at_most(path, MAX_FILE_BYTES).await.map(Bytes::from).map_err(unreadable)
}

pub(super) fn check_content(
    bytes: &[u8],
    field: &str,
    shown: &str,
) -> Result<(&'static str, &'static str)> {
    use imagesize::ImageType;
    let not_an_image = || Error::invalid(field, foreign(bytes, shown));
    let kind = imagesize::image_type(bytes).map_err(|_| not_an_image())?;
    let (kind, check): (_, fn(&[u8]) -> _) = match kind {
        ImageType::Png => (("image/png", "png"), whole::png),
        ImageType::Jpeg => (("image/jpeg", "jpg"), whole::jpeg),
        ImageType::Webp => (("image/webp", "webp"), whole::webp),
        ImageType::Gif => (("image/gif", "gif"), whole::gif),
        _ => return Err(not_an_image()),
    };
    let fault = |why: &str| Error::invalid(field, format!("{shown} cannot be used: {why}"));
    check(bytes).map_err(fault)?;
    let size = imagesize::blob_size(bytes).map_err(|_| fault(whole::BROKEN))?;
    if size.width.min(size.height) == 0 {
        return Err(fault("it has no pixels: export it again"));
    }
    if size.width.max(size.height) > MAX_SIDE_PX {
        let message = format!(
            "{shown} is {} x {} px: at most {MAX_SIDE_PX} px a side; make it smaller",
            size.width, size.height
        );
        return Err(Error::invalid(field, message));
    }
    Ok(kind)
}

/// What is said of a file that is no image of a kind that is taken.
fn foreign(bytes: &[u8], shown: &str) -> String {
    let needed = "use a PNG, JPEG, WebP or GIF image";
    match format::seen(bytes) {
        // Its first bytes are right, and that is all.
        Some("a PNG picture" | "a JPEG picture" | "a GIF picture") => {
            format!("{shown} cannot be used: {}", whole::BROKEN)
        }
        Some(kind) => format!("{shown} is {kind}: {needed}"),
        None => format!("{shown} is not a PNG, JPEG, WebP or GIF image"),
    }
}

/// Refuses a file that changed between plan and upload, since the plan was made for another.
pub(crate) fn same_content(actual: &str, planned: &str, field: impl Into<String>) -> Result<()> {
    if actual == planned {
        return Ok(());
    }
    let message = "the file changed after the job was planned; submit it as a new job";
    Err(Error::new(ErrorKind::Conflict, message).with_field(field))
}
