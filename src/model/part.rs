//! What of a finished job can be made anew.

/// What to make anew of a finished job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The picture, and with it the video where the job has one.
    Image,
    /// The video, from the same picture. For a job that made a picture only, its first video.
    Video,
}

impl Part {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
        }
    }
}
