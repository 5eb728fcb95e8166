//! What each provider can do, as data.

use super::{AspectRatio, ProviderId};

/// What a provider can do, as data, so that "unsupported" is known before any network use.
///
/// Source: the providers' API references and observed behaviour, read August to November 2026.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whose capabilities these are.
    pub provider: ProviderId,
    /// What a length in seconds does.
    pub durations: Durations,
    /// Ratios, all of which are always sent explicitly.
    pub aspect_ratios: &'static [AspectRatio],
    /// Languages of voice and text.
    pub languages: Languages,
    /// What is taken as an image.
    pub images: ImageLimits,
    /// Characters that the joined prompt may have, where the provider gives a limit.
    pub prompt_max_chars: Option<usize>,
    /// Whether a video needs an avatar, an artificial presenter.
    pub avatar: bool,
    /// Whether a submitted job can be cancelled.
    pub cancel: bool,
    /// Whether failed jobs are refunded, where the provider says so.
    pub refunds: Option<bool>,
    /// What one video costs, in words.
    pub price: &'static str,
    /// What becomes of each field of a request, one entry for each of [`Field::ALL`].
    pub fields: &'static [(Field, FieldUse)],
}

impl Capabilities {
    /// What becomes of one field of a request.
    pub fn field(&self, field: Field) -> FieldUse {
        let entry = self.fields.iter().find(|(listed, _)| *listed == field);
        entry.map_or(FieldUse::Ignored, |(_, used)| *used)
    }
}

/// What a length in seconds does at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durations {
    /// Any whole second in the range is kept exactly.
    Range {
        /// The shortest, in seconds.
        min_secs: u32,
        /// The longest, in seconds.
        max_secs: u32,
    },
    /// The next longer one of these lengths, in seconds, is asked for, and the result drifts.
    Hint(&'static [u32]),
    /// The provider decides.
    None,
}

/// The languages that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Languages {
    /// These, as primary tags.
    Listed(&'static [&'static str]),
    /// Its videos have neither voice nor text of a language.
    None,
}

/// What a provider takes as an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageLimits {
    /// The fewest.
    pub min_count: usize,
    /// The most that are used.
    pub max_count: usize,
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// Media types.
    pub media_types: &'static [&'static str],
    /// Characters that an image's address may have, where the provider gives a limit.
    pub url_max_chars: Option<usize>,
    /// Whether files can be uploaded to the provider itself.
    pub upload: bool,
}

/// A field of [`VideoRequest`](crate::VideoRequest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `product.name`
    Name,
    /// `product.description`
    Description,
    /// `product.audience`
    Audience,
    /// `product.price`
    Price,
    /// `product.page_url`
    PageUrl,
    /// `product.images`
    Images,
    /// `prompt`
    Prompt,
    /// `duration`
    Duration,
    /// `aspect_ratio`
    AspectRatio,
    /// `language`
    Language,
    /// `track`
    Track,
}

impl Field {
    /// Every field, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Name,
        Self::Description,
        Self::Audience,
        Self::Price,
        Self::PageUrl,
        Self::Images,
        Self::Prompt,
        Self::Duration,
        Self::AspectRatio,
        Self::Language,
        Self::Track,
    ];

    /// The field's path in a request, such as `product.name`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Name => "product.name",
            Self::Description => "product.description",
            Self::Audience => "product.audience",
            Self::Price => "product.price",
            Self::PageUrl => "product.page_url",
            Self::Images => "product.images",
            Self::Prompt => "prompt",
            Self::Duration => "duration",
            Self::AspectRatio => "aspect_ratio",
            Self::Language => "language",
            Self::Track => "track",
        }
    }
}

/// What becomes of a field at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldUse {
    /// It must be there, and is sent in a field of its own.
    Required,
    /// It is sent in a field of its own.
    Sent,
    /// It must be there, and becomes a line of the prompt.
    RequiredInPrompt,
    /// It becomes a line of the prompt, as the provider has no field for it.
    JoinsPrompt,
    /// It becomes a line of the product's description, as the provider has no field for it.
    JoinsDescription,
    /// It is not used; [`strict`](crate::client::Submit::strict) makes that an error.
    Ignored,
}

impl FieldUse {
    /// The use in the words of the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required, sent",
            Self::Sent => "sent",
            Self::RequiredInPrompt => "required, joins the prompt",
            Self::JoinsPrompt => "joins the prompt",
            Self::JoinsDescription => "joins the description",
            Self::Ignored => "ignored",
        }
    }
}
