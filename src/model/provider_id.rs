//! The three providers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the three services that adreel speaks to.
///
/// The word of each variant ([`ProviderId::as_str`]) is also the name of its cargo feature, its
/// module, its spec file and its value on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProviderId {
    /// BeatAPI (`api.beatapi.io`).
    BeatApi,
    /// Creatify (`api.creatify.ai`).
    Creatify,
    /// JoggAI (`api.jogg.ai`).
    Jogg,
}

impl ProviderId {
    /// All providers, in the order in which adreel lists them.
    pub const ALL: [Self; 3] = [Self::BeatApi, Self::Creatify, Self::Jogg];

    /// The provider's one word: `beatapi`, `creatify` or `jogg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeatApi => "beatapi",
            Self::Creatify => "creatify",
            Self::Jogg => "jogg",
        }
    }

    /// The name that the company itself uses, for text that people read.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::BeatApi => "BeatAPI",
            Self::Creatify => "Creatify",
            Self::Jogg => "JoggAI",
        }
    }
}

impl AsRef<str> for ProviderId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text named no provider that adreel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProvider(String);

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown provider {:?}: use beatapi, creatify or jogg", self.0)
    }
}

impl std::error::Error for UnknownProvider {}

impl FromStr for ProviderId {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|id| id.as_str() == text)
            .ok_or_else(|| UnknownProvider(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_serves_text_and_json() {
        for id in ProviderId::ALL {
            assert_eq!(id.as_str().parse(), Ok(id));
            assert_eq!(serde_json::to_value(id).unwrap(), id.as_str());
        }
        let error = "vimeo".parse::<ProviderId>().unwrap_err();
        assert_eq!(error.to_string(), "unknown provider \"vimeo\": use beatapi, creatify or jogg");
    }
}
