//! Which of the three services something belongs to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the three services. In the public API and in JSON it is its [name](Self::as_str).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    BeatApi,
    Creatify,
    Jogg,
}

/// A name that none of the services has.
#[derive(Debug)]
pub(crate) struct UnknownProvider(String);

impl Provider {
    /// All of them, in the order in which they are listed.
    pub(crate) const ALL: [Self; 3] = [Self::BeatApi, Self::Creatify, Self::Jogg];

    /// The one word that stands for it: `beatapi`, `creatify` or `jogg`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeatApi => "beatapi",
            Self::Creatify => "creatify",
            Self::Jogg => "jogg",
        }
    }

    /// The name that the company itself uses.
    pub(crate) const fn display_name(self) -> &'static str {
        match self {
            Self::BeatApi => "BeatAPI",
            Self::Creatify => "Creatify",
            Self::Jogg => "JoggAI",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        let known = Self::ALL.into_iter().find(|provider| provider.as_str() == name);
        known.ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown provider {:?}: use beatapi, creatify or jogg", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_serves_text_and_json() {
        for provider in Provider::ALL {
            assert_eq!(provider.as_str().parse::<Provider>().ok(), Some(provider));
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.as_str());
        }
        let error = "vimeo".parse::<Provider>().unwrap_err();
        assert_eq!(error.to_string(), "unknown provider \"vimeo\": use beatapi, creatify or jogg");
    }
}
