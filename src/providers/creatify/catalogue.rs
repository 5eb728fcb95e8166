//! Creatify's lists as items to choose from.

use serde_json::Value;

use super::{Client, types};
use crate::model::{CatalogueItem, CatalogueKind, ProviderId};
use crate::transport::Pages;

/// What can be chosen at Creatify.
pub(super) fn list(client: &Client, kind: CatalogueKind) -> Pages<CatalogueItem> {
    match kind {
        CatalogueKind::Avatars => {
            client.all_personas(types::ListPersonasPaginatedQuery::new()).map(persona)
        }
        CatalogueKind::Voices => client.all_voices().flat_map(accents),
        CatalogueKind::Music => client.all_musics(types::ListMusicsQuery::new()).map(music),
        CatalogueKind::Styles => {
            let styles = types::LinkToVideoVisualStyle::VALUES.iter();
            let styles = styles.map(|name| item(kind, "the visual_style of link videos", *name));
            let styles: Vec<_> = styles.collect();
            Pages::once(std::future::ready(Ok(styles)))
        }
    }
}

fn item(kind: CatalogueKind, option: &'static str, id: impl Into<String>) -> CatalogueItem {
    CatalogueItem::new(ProviderId::Creatify, kind, option, id)
}

fn persona(persona: types::Persona) -> CatalogueItem {
    let preview = persona.preview_video_9_16.or(persona.preview_image_9_16);
    item(CatalogueKind::Avatars, "creatify.override_avatar", persona.id)
        .named(persona.creator_name)
        .traits([persona.gender, persona.age_range, persona.style, persona.location])
        .preview(preview)
}

/// A voice has no id: its accents do.
fn accents(voice: types::Voice) -> Vec<CatalogueItem> {
    let gender = voice.gender.map(String::from);
    let accents = voice.accents.unwrap_or_default().into_iter().map(|accent| {
        item(CatalogueKind::Voices, "the override_voice of link videos", accent.id)
            .named(voice.name.clone())
            .traits([accent.accent_name, gender.clone()])
            .preview(accent.preview_url)
    });
    accents.collect()
}

fn music(track: Value) -> CatalogueItem {
    let text = |name: &str| match &track[name] {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    let url = text("url").or_else(|| text("music_url"));
    let id = url.clone().or_else(|| text("id")).unwrap_or_default();
    item(CatalogueKind::Music, "the background_music_url of link videos", id)
        .named(text("name").or_else(|| text("title")))
        .traits([text("category"), text("duration").map(|secs| format!("{secs} s"))])
        .preview(url)
}
