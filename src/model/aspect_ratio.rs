//! The shapes of a video.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Width to height of a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum AspectRatio {
    /// 9:16, for phones. The default.
    #[default]
    #[serde(rename = "9:16")]
    Portrait,
    /// 16:9.
    #[serde(rename = "16:9")]
    Landscape,
    /// 1:1.
    #[serde(rename = "1:1")]
    Square,
}

impl AspectRatio {
    /// Every ratio, the default first.
    pub const ALL: [Self; 3] = [Self::Portrait, Self::Landscape, Self::Square];

    /// The ratio in numbers: `9:16`, `16:9` or `1:1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portrait => "9:16",
            Self::Landscape => "16:9",
            Self::Square => "1:1",
        }
    }

    /// The ratio in a word: `portrait`, `landscape` or `square`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Landscape => "landscape",
            Self::Square => "square",
        }
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text was no ratio that a provider makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAspectRatio(String);

impl fmt::Display for UnknownAspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown ratio {:?}: use 9:16, 16:9 or 1:1", self.0)
    }
}

impl std::error::Error for UnknownAspectRatio {}

impl FromStr for AspectRatio {
    type Err = UnknownAspectRatio;

    /// Takes numbers or the word: `9:16`, `portrait`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|ratio| ratio.as_str() == text || ratio.word() == text)
            .ok_or_else(|| UnknownAspectRatio(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_read_and_others_refused() {
        assert_eq!("9:16".parse(), Ok(AspectRatio::Portrait));
        assert_eq!("landscape".parse(), Ok(AspectRatio::Landscape));
        let error = "5:4".parse::<AspectRatio>().unwrap_err();
        assert_eq!(error.to_string(), "unknown ratio \"5:4\": use 9:16, 16:9 or 1:1");
    }
}
