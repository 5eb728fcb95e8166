//! Languages of voice and text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The language of a video's voice and text, as a BCP 47 tag such as `en` or `pt-BR`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = PATTERN, "examples" = ["en", "zh", "pt-BR"]))
)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// The tags that [`FromStr`] takes, as a regular expression.
#[cfg(feature = "schema")]
const PATTERN: &str = "^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$";

impl Language {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag's first part: `pt` of `pt-BR`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text was not a language tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLanguage(String);

impl fmt::Display for InvalidLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a language tag: write en, zh or pt-BR", self.0)
    }
}

impl std::error::Error for InvalidLanguage {}

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let is_primary = |part: &str| {
            (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase())
        };
        let is_sub = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if parts.next().is_some_and(is_primary) && parts.all(is_sub) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLanguage(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_other_text_refused() {
        assert_eq!("pt-BR".parse::<Language>().unwrap().primary(), "pt");
        for text in ["", "english", "EN", "en_US", "en-", "e"] {
            assert!(text.parse::<Language>().is_err(), "{text}");
        }
    }
}
