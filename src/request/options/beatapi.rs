//! What a request may ask of BeatAPI alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::beatapi::{ComposeMode, MusicVideoMode, MusicVideoQuality, MusicVideoResolution};

/// What only BeatAPI has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BeatApiOptions"))]
#[non_exhaustive]
pub struct Options {
    /// A music video, where the request brings a track. Default: a standard one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub music: Option<MusicOptions>,
    /// The `Idempotency-Key` of the paid call, 1 to 255 visible ASCII characters, for callers who
    /// have one already. One key stands for one video. Default: a key of the job's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Fields that are newer than the spec, put into the body of the paid call as they are.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what the music video of the request's track is like.
    #[must_use]
    pub fn music(mut self, music: MusicOptions) -> Self {
        self.music = Some(music);
        self
    }

    /// Names the `Idempotency-Key` of the paid call.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Adds a field that is newer than the spec.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(field.into(), value.into());
        self
    }
}

impl From<Options> for crate::request::ProviderOptions {
    fn from(options: Options) -> Self {
        Self::BeatApi(options)
    }
}

/// What a music video is like. With a `mode` it is a premium one, which takes a track of up to
/// 300 s with vocals; without, a standard one of up to 180 s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BeatApiMusicOptions")
)]
#[non_exhaustive]
pub struct MusicOptions {
    /// What is seen in a premium video: somebody who sings, dances or performs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<MusicVideoMode>,
    /// Premium, `sing` and `sing_perform`: the addresses of 1 or 2 faces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lip_ref_urls: Vec<String>,
    /// Standard: how much work goes into it. `high` not with 540p.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<MusicVideoQuality>,
    /// Lines of the video. Premium ones have 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<MusicVideoResolution>,
    /// The style in a short phrase of at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Standard: whether a face moves its lips. Needs `lip_ref_url`; not with 540p. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lip_sync: Option<bool>,
    /// Standard: the address of one frontal close-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lip_ref_url: Option<String>,
    /// Whether words are burnt in. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_subtitle: Option<bool>,
    /// The colour of the words, as `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle_color: Option<String>,
    /// Standard: the address of a `.srt` file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srt_url: Option<String>,
    /// Standard: whether the shots are put together by themselves, or the job rests at
    /// `storyboard_ready` until somebody has done it. Default: by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_mode: Option<ComposeMode>,
}

impl MusicOptions {
    /// A standard music video.
    pub fn standard() -> Self {
        Self::default()
    }

    /// A premium music video.
    pub fn premium(mode: MusicVideoMode) -> Self {
        Self { mode: Some(mode), ..Self::default() }
    }

    /// Whether it is a premium one.
    pub fn is_premium(&self) -> bool {
        self.mode.is_some()
    }

    /// Names a face of a premium video.
    #[must_use]
    pub fn lip_ref_url(mut self, url: impl Into<String>) -> Self {
        match self.is_premium() {
            true => self.lip_ref_urls.push(url.into()),
            false => {
                self.lip_sync = Some(true);
                self.lip_ref_url = Some(url.into());
            }
        }
        self
    }

    /// Names the lines of the video.
    #[must_use]
    pub fn resolution(mut self, resolution: MusicVideoResolution) -> Self {
        self.resolution = Some(resolution);
        self
    }

    /// Says how much work goes into it.
    #[must_use]
    pub fn quality(mut self, quality: MusicVideoQuality) -> Self {
        self.quality = Some(quality);
        self
    }

    /// Names the style.
    #[must_use]
    pub fn style(mut self, style: impl Into<String>) -> Self {
        self.style = Some(style.into());
        self
    }

    /// Says who puts the shots together.
    #[must_use]
    pub fn compose_mode(mut self, mode: ComposeMode) -> Self {
        self.compose_mode = Some(mode);
        self
    }
}
