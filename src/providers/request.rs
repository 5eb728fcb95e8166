//! Reading a request the same way for every provider: limits from its capabilities, fields that
//! join the prompt, fields that are ignored.

use crate::error::{Error, Result};
use crate::input::{Local, Picture};
use crate::job::{Account, Choice, Estimate, Note, Plan, PlannedMedia, PlannedStep};
use crate::model::{Capabilities, Durations, Field, FieldUse, Languages};
use crate::plain::trimmed;
use crate::request::{Image, Track, VideoRequest};
use crate::words::{NAME_MAX_CHARS, words_within};

/// A request beside what a provider can do with it.
pub(super) struct CheckedRequest<'a> {
    pub(super) request: &'a VideoRequest,
    pub(super) local: Option<&'a Local>,
    capabilities: &'static Capabilities,
    pub(super) notes: Vec<Note>,
    pub(super) choices: Vec<Choice>,
}

/// The length that is asked for where the caller names none.
pub(super) const DEFAULT_SECS: u32 = 15;

impl<'a> CheckedRequest<'a> {
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) or
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for whatever the provider cannot
    /// do, naming field and limit.
    pub(super) fn new(
        request: &'a VideoRequest,
        local: &'a Local,
        capabilities: &'static Capabilities,
    ) -> Result<Self> {
        let local = Some(local);
        let mut checked =
            Self { request, local, capabilities, notes: Vec::new(), choices: Vec::new() };
        if trimmed(&request.product.name).is_empty() {
            return Err(Error::invalid("product.name", "it is empty: name the product"));
        }
        checked.check_images()?;
        checked.check_language()?;
        if !capabilities.aspect_ratios.contains(&request.aspect_ratio) {
            let message = format!("{} is not made", request.aspect_ratio);
            return Err(checked.unsupported("aspect_ratio", message));
        }
        checked.note_fields();
        Ok(checked)
    }

    /// A request that was planned before: its fields are joined again, and nothing is checked.
    pub(super) fn of_planned(
        request: &'a VideoRequest,
        capabilities: &'static Capabilities,
    ) -> Self {
        Self { request, local: None, capabilities, notes: Vec::new(), choices: Vec::new() }
    }

    fn check_images(&mut self) -> Result<()> {
        let limits = self.capabilities.images;
        let images = &self.request.product.images;
        if images.len() < limits.min_count {
            let message = format!("at least {} is needed: add one", limits.min_count);
            return Err(self.invalid("product.images", message));
        }
        for (index, image) in images.iter().take(limits.max_count).enumerate() {
            let field = format!("product.images[{index}]");
            match (image, self.picture(index)) {
                (Image::Url(url), _) => self.check_url(url, field)?,
                (_, Some(picture)) => self.check_picture(picture, field)?,
                (_, None) => {}
            }
        }
        if images.len() > limits.max_count {
            let text = format!("only the first {} of {} are used", limits.max_count, images.len());
            self.note("product.images", text, true);
        }
        Ok(())
    }

    fn picture(&self, index: usize) -> Option<&'a Picture> {
        self.local?.pictures.get(index)?.as_ref()
    }

    fn check_url(&self, url: &str, field: String) -> Result<()> {
        let most = self.capabilities.images.url_max_chars.unwrap_or(usize::MAX);
        let length = url.chars().count();
        if length > most {
            let message = format!("an address of {length} characters: at most {most} are taken");
            return Err(self.invalid(field, message));
        }
        Ok(())
    }

    fn check_picture(&self, picture: &Picture, field: String) -> Result<()> {
        let limits = self.capabilities.images;
        if !limits.media_types.contains(&picture.media_type) {
            let message = format!(
                "{} is {}, which is not taken: use {}",
                picture.shown,
                picture.media_type,
                limits.media_types.join(", ")
            );
            return Err(self.unsupported(field, message));
        }
        let size = picture.bytes.len() as u64;
        if size > limits.max_bytes {
            let message = format!(
                "{} has {size} bytes: at most {} are taken",
                picture.shown, limits.max_bytes
            );
            return Err(self.invalid(field, message));
        }
        Ok(())
    }

    fn check_language(&self) -> Result<()> {
        match (&self.request.language, self.capabilities.languages) {
            (Some(language), Languages::Listed(known)) if !known.contains(&language.primary()) => {
                let message = format!("{language} is not spoken: use {}", known.join(", "));
                Err(self.unsupported("language", message))
            }
            _ => Ok(()),
        }
    }

    /// The length to ask for. A hint is the next longer one that the provider knows.
    pub(super) fn duration_secs(&mut self) -> Result<Option<u32>> {
        let asked = self.request.duration_secs;
        if asked == Some(0) {
            return Err(self.invalid("duration", "0 s is no length: ask for at least 1 s"));
        }
        match self.capabilities.durations {
            Durations::Range { min_secs, max_secs } => {
                let secs = asked.unwrap_or(DEFAULT_SECS);
                if (min_secs..=max_secs).contains(&secs) {
                    return Ok(Some(secs));
                }
                let message = format!("{secs} s: use {min_secs} to {max_secs} s");
                Err(self.invalid("duration", message))
            }
            Durations::Hint(lengths) => {
                let secs = asked.unwrap_or(DEFAULT_SECS);
                let Some(next) = lengths.iter().copied().find(|length| *length >= secs) else {
                    let words: Vec<String> = lengths.iter().map(u32::to_string).collect();
                    let message = format!("{secs} s: use one of {} s", words.join(", "));
                    return Err(self.invalid("duration", message));
                };
                if next != secs {
                    self.note("duration", format!("{secs} s becomes {next} s"), true);
                }
                Ok(Some(next))
            }
            Durations::None => match asked {
                Some(secs) if secs > MOST_SECS => {
                    let message = format!("{secs} s: no provider makes more than {MOST_SECS} s");
                    Err(self.invalid("duration", message))
                }
                _ => Ok(None),
            },
        }
    }

    /// The name and every field that joins it, a line each, with the provider's own wish last.
    pub(super) fn prompt(&self, own: Option<&str>) -> Result<String> {
        let prompt = self.lines(FieldUse::JoinsPrompt, own).join("\n");
        let length = prompt.chars().count();
        match self.capabilities.prompt_max_chars {
            Some(most) if length > most => {
                let message = format!(
                    "{length} characters with the name and the fields that join it: at most \
                     {most} are taken"
                );
                Err(self.invalid("prompt", message))
            }
            _ => Ok(prompt),
        }
    }

    /// The description and every field that joins it, a line each.
    pub(super) fn description(&self) -> Option<String> {
        let mut lines: Vec<&str> =
            self.request.product.description.as_deref().into_iter().collect();
        let joined = self.lines(FieldUse::JoinsDescription, None);
        lines.extend(joined.iter().map(String::as_str));
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn lines(&self, used: FieldUse, own: Option<&str>) -> Vec<String> {
        let joins = |field: &Field| {
            let this = self.capabilities.field(*field);
            this == used || (used == FieldUse::JoinsPrompt && this == FieldUse::RequiredInPrompt)
        };
        let fields = Field::ALL.into_iter().filter(joins).chain(
            // The caller's prompt comes after the fields that join it, even where the provider has
            // a prompt field of its own: the joined text is what is sent there.
            (used == FieldUse::JoinsPrompt).then_some(Field::Prompt),
        );
        let mut lines: Vec<String> = Vec::new();
        for line in fields.filter_map(|field| self.text(field)).chain(own) {
            let line = line.trim().to_owned();
            if !line.is_empty() && !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    fn text(&self, field: Field) -> Option<&str> {
        let VideoRequest { product, prompt, .. } = self.request;
        match field {
            Field::Name => Some(&product.name),
            Field::Description => product.description.as_deref(),
            Field::Audience => product.audience.as_deref(),
            Field::Price => product.price.as_deref(),
            Field::PageUrl => product.page_url.as_deref(),
            Field::Prompt => prompt.as_deref(),
            Field::Images
            | Field::Duration
            | Field::AspectRatio
            | Field::Language
            | Field::Track => None,
        }
    }

    fn is_given(&self, field: Field) -> bool {
        match field {
            Field::Images => !self.request.product.images.is_empty(),
            Field::Duration => self.request.duration_secs.is_some(),
            Field::Language => self.request.language.is_some(),
            Field::AspectRatio => true,
            Field::Track => self.request.track.is_some(),
            text => self.text(text).is_some_and(|text| !text.trim().is_empty()),
        }
    }

    fn note_fields(&mut self) {
        for (field, used) in self.capabilities.fields {
            if !self.is_given(*field) {
                continue;
            }
            match used {
                FieldUse::Ignored => {
                    let name = self.capabilities.provider.display_name();
                    self.note(field.path(), format!("ignored: {name} has no place for it"), true);
                }
                FieldUse::JoinsPrompt | FieldUse::JoinsDescription | FieldUse::RequiredInPrompt => {
                    self.note(field.path(), used.as_str().to_owned(), false);
                }
                FieldUse::Required | FieldUse::Sent => {}
            }
        }
    }

    pub(super) fn note(&mut self, field: &str, text: String, ignored: bool) {
        self.notes.push(Note { field: field.to_owned(), text, ignored });
    }

    /// Notes what was chosen, under the name that the provider gives it.
    pub(super) fn choose(&mut self, field: &str, value: String, label: &str) {
        let label = Some(words_within(label, NAME_MAX_CHARS)).filter(|label| !label.is_empty());
        let label = label.unwrap_or_else(|| value.clone());
        self.choices.push(Choice { field: field.to_owned(), value, label });
    }

    /// The images that the provider uses, and an upload step for each that is local.
    pub(super) fn images(&self, upload: &str) -> (Vec<PlannedMedia>, Vec<PlannedStep>) {
        let most = self.capabilities.images.max_count;
        let mut steps = Vec::new();
        let images = self.request.product.images.iter().take(most).enumerate();
        let planned = images.map(|(index, image)| match (image, self.picture(index)) {
            (Image::Url(url), _) => PlannedMedia::Url(url.clone()),
            (_, picture) => {
                steps.push(PlannedStep::for_image(upload, index));
                PlannedMedia::Upload {
                    sha256: picture.map(|p| p.sha256.clone()).unwrap_or_default(),
                    media_type: picture.map(|p| p.media_type.to_owned()).unwrap_or_default(),
                    size_bytes: picture.map_or(0, |p| p.bytes.len() as u64),
                }
            }
        });
        (planned.collect(), steps)
    }

    /// The request's track, and an upload step where it is local.
    pub(super) fn track(&self, upload: &str) -> (Option<PlannedMedia>, Option<PlannedStep>) {
        match (&self.request.track, self.local.and_then(|local| local.track.as_ref())) {
            (Some(Track::Url(url)), _) => (Some(PlannedMedia::Url(url.clone())), None),
            (Some(_), Some(sound)) => {
                let media = PlannedMedia::Upload {
                    sha256: sound.sha256.clone(),
                    media_type: sound.media_type.to_owned(),
                    size_bytes: sound.bytes.len() as u64,
                };
                (Some(media), Some(PlannedStep::free(upload)))
            }
            _ => (None, None),
        }
    }

    pub(super) fn finish(
        self,
        account: &Account,
        (images, mut steps): (Vec<PlannedMedia>, Vec<PlannedStep>),
        further_steps: impl IntoIterator<Item = PlannedStep>,
        prompt: Option<String>,
        duration_secs: Option<u32>,
        cost: Estimate,
    ) -> Plan {
        steps.extend(further_steps);
        Plan {
            account: account.clone(),
            steps,
            images,
            track: None,
            source: None,
            prompt,
            duration_secs,
            choices: self.choices,
            notes: self.notes,
            cost,
        }
    }

    pub(super) fn invalid(&self, field: impl Into<String>, message: impl Into<String>) -> Error {
        Error::invalid(field, message).with_provider(self.capabilities.provider)
    }

    pub(super) fn unsupported(
        &self,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Error {
        Error::unsupported(self.capabilities.provider, field, message)
    }
}

/// The longest length that any provider can be asked for.
const MOST_SECS: u32 = 60;

/// Fields that are newer than the spec, checked not to hide one that the spec knows.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the field.
pub(super) fn check_extra(
    extra: &serde_json::Map<String, serde_json::Value>,
    operation: &crate::transport::Operation,
) -> Result<()> {
    match extra.keys().find(|key| operation.request_fields.contains(&key.as_str())) {
        None => Ok(()),
        Some(known) => {
            let message = "adreel sets this field itself: use the option or the request's field";
            let field = format!("{}.extra.{known}", operation.provider);
            Err(Error::invalid(field, message).with_provider(operation.provider))
        }
    }
}
