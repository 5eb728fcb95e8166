//! The picture or the track that a step uploads, read again and checked against the plan.

use crate::error::{Error, ErrorKind, Result};
use crate::input::{Picture, Sound, inspect, listen, same_content};
use crate::job::{PlannedMedia, StepRef};

/// The picture that a step uploads, read again and checked to be the one that was planned.
pub(super) async fn picture(step: StepRef<'_>) -> Result<Picture> {
    let job = step.job();
    let missing = || Error::new(ErrorKind::InvalidRequest, "the step has no image to upload");
    let index = step.image.ok_or_else(missing)?;
    let image = job.request.product.images.get(index).ok_or_else(missing)?;
    let picture = inspect(image, index).await?.ok_or_else(missing)?;
    match job.plan.images.get(index) {
        Some(PlannedMedia::Upload { sha256, .. }) => {
            same_content(&picture.sha256, sha256, format!("product.images[{index}]"))?;
        }
        _ => return Err(missing()),
    }
    Ok(picture)
}

/// The track that a step uploads, read again and checked to be the one that was planned.
pub(super) async fn sound(step: StepRef<'_>) -> Result<Sound> {
    let job = step.job();
    let missing = || Error::new(ErrorKind::InvalidRequest, "the step has no track to upload");
    let track = job.request.track.as_ref().ok_or_else(missing)?;
    let sound = listen(track).await?.ok_or_else(missing)?;
    match &job.plan.track {
        Some(PlannedMedia::Upload { sha256, .. }) => {
            same_content(&sound.sha256, sha256, "track")?;
        }
        _ => return Err(missing()),
    }
    Ok(sound)
}
