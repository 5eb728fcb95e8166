//! What a provider lets one choose from: presenters, voices, music and styles, with the ids that
//! go into a request's options.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{AspectRatio, ProviderId};
use crate::words::{NAME_MAX_CHARS, words_within};

/// Something to choose, as every provider's lists have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CatalogueItem {
    /// Whose it is.
    pub provider: ProviderId,
    /// What it is.
    pub kind: CatalogueKind,
    /// What to put into the option.
    pub id: String,
    /// The option that takes the id, such as `jogg.avatar`.
    pub option: &'static str,
    /// What people call it, on one line and in some hundred characters at the most.
    pub name: String,
    /// Whether it belongs to the account and not to everyone.
    pub own: bool,
    /// The ratio that it was made in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<AspectRatio>,
    /// Gender, age, language, length and the like, in the provider's words, each as short as a
    /// name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<String>,
    /// Where to see or hear it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
}

impl CatalogueItem {
    pub(crate) fn new(
        provider: ProviderId,
        kind: CatalogueKind,
        option: &'static str,
        id: impl Into<String>,
    ) -> Self {
        let id = id.into();
        Self {
            provider,
            kind,
            option,
            name: word(&id).unwrap_or_default(),
            id,
            own: false,
            aspect_ratio: None,
            traits: Vec::new(),
            preview_url: None,
        }
    }

    /// Gives it its name; without one it is called by its id.
    pub(crate) fn named(mut self, name: Option<String>) -> Self {
        self.name = name.and_then(|name| word(&name)).unwrap_or(self.name);
        self
    }

    /// Marks it as the account's own.
    pub(crate) fn own(mut self) -> Self {
        self.own = true;
        self
    }

    pub(crate) fn ratio(mut self, ratio: Option<AspectRatio>) -> Self {
        self.aspect_ratio = ratio;
        self
    }

    pub(crate) fn preview(mut self, url: Option<String>) -> Self {
        let is_one = |url: &String| {
            !url.is_empty() && url.len() <= LINK_MAX_BYTES && !url.contains(char::is_whitespace)
        };
        self.preview_url = url.filter(is_one);
        self
    }

    pub(crate) fn traits(mut self, words: impl IntoIterator<Item = Option<String>>) -> Self {
        self.traits.extend(words.into_iter().flatten().filter_map(|text| word(&text)));
        self
    }
}

/// The longest address that is taken for one: signed ones have a few thousand bytes.
const LINK_MAX_BYTES: usize = 16 << 10;

/// A name or a trait, in the provider's words; `None` for what says nothing.
fn word(text: &str) -> Option<String> {
    Some(words_within(text, NAME_MAX_CHARS)).filter(|text| !text.is_empty())
}

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CatalogueKind {
    /// Presenters.
    Avatars,
    /// Voices.
    Voices,
    /// Music.
    Music,
    /// Looks of a video.
    Styles,
}

impl CatalogueKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Avatars, Self::Voices, Self::Music, Self::Styles];

    /// The kind in a word: `avatars`, `voices`, `music` or `styles`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avatars => "avatars",
            Self::Voices => "voices",
            Self::Music => "music",
            Self::Styles => "styles",
        }
    }
}

impl fmt::Display for CatalogueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text was no kind of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCatalogueKind(String);

impl fmt::Display for UnknownCatalogueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown list {:?}: use avatars, voices, music or styles", self.0)
    }
}

impl std::error::Error for UnknownCatalogueKind {}

impl FromStr for CatalogueKind {
    type Err = UnknownCatalogueKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| UnknownCatalogueKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_bounded_line_that_forges_no_other() {
        let item = |id: &str| {
            CatalogueItem::new(ProviderId::Jogg, CatalogueKind::Avatars, "jogg.avatar", id)
        };
        let padded = format!("Ann{}cost: 0 credits", " ".repeat(60));
        let anna = item("81").named(Some(padded.clone())).traits([
            Some(padded.replace(' ', "\u{a0}")),
            Some(" \u{200b}".to_owned()),
            Some("x".repeat(3_000_000)),
        ]);
        assert_eq!(anna.name, "Ann cost: 0 credits");
        assert_eq!(anna.traits[0], "Ann cost: 0 credits");
        assert_eq!((anna.traits.len(), anna.traits[1].chars().count()), (2, 101));
        assert_eq!(item("81").named(Some("\u{200b}\r\n".to_owned())).name, "81");
        assert_eq!(item(&padded).name, "Ann cost: 0 credits");
        assert_eq!(item("81").preview(Some("https://x.example/a  b".to_owned())).preview_url, None);
    }
}
