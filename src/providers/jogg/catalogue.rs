//! JoggAI's lists as items to choose from.

use super::{Client, types};
use crate::model::{AspectRatio, CatalogueItem, CatalogueKind, ProviderId};
use crate::transport::Pages;

/// What can be chosen at JoggAI, the account's own behind what everyone has.
pub(super) fn list(client: &Client, kind: CatalogueKind) -> Pages<CatalogueItem> {
    let client = client.clone();
    match kind {
        CatalogueKind::Avatars => {
            let public = client.all_public_avatars(types::ListPublicAvatarsQuery::new());
            let own = client.all_custom_avatars(types::ListCustomAvatarsQuery::new());
            public.map(avatar).chain(own.map(own_avatar))
        }
        CatalogueKind::Voices => {
            let public = client.all_voices(types::ListVoicesQuery::new());
            let query = types::ListCustomVoicesQuery::new();
            let own = Pages::once(async move { client.list_custom_voices(&query).await });
            public.map(voice).chain(own.map(own_voice))
        }
        CatalogueKind::Music => client.all_musics(types::ListMusicsQuery::new()).map(music),
        CatalogueKind::Styles => {
            let query = types::ListVisualStylesQuery::new();
            let styles = Pages::once(async move { client.list_visual_styles(&query).await });
            styles.map(move |style| item(kind, "jogg.visual_style", style.name))
        }
    }
}

fn item(kind: CatalogueKind, option: &'static str, id: impl Into<String>) -> CatalogueItem {
    CatalogueItem::new(ProviderId::Jogg, kind, option, id)
}

fn avatar(avatar: types::Avatar) -> CatalogueItem {
    let ratio = match avatar.aspect_ratio {
        Some(0) => Some(AspectRatio::Portrait),
        Some(1) => Some(AspectRatio::Landscape),
        Some(2) => Some(AspectRatio::Square),
        _ => None,
    };
    item(CatalogueKind::Avatars, "jogg.avatar", avatar.id.to_string())
        .named(avatar.name)
        .ratio(ratio)
        .traits([
            avatar.gender.map(String::from),
            avatar.age.map(String::from),
            avatar.style.map(String::from),
        ])
        .preview(avatar.video_url.or(avatar.cover_url))
}

fn own_avatar(avatar: types::CustomAvatar) -> CatalogueItem {
    let status = avatar.avatar_status.as_ref().and_then(|status| status.as_str());
    item(CatalogueKind::Avatars, "jogg.avatar", avatar.id.to_string())
        .named(avatar.name)
        .own()
        .traits([status.map(str::to_owned)])
        .preview(avatar.video_url.or(avatar.cover_url))
}

fn voice(voice: types::Voice) -> CatalogueItem {
    item(CatalogueKind::Voices, "jogg.voice", voice.voice_id)
        .named(voice.name)
        .traits([voice.language, voice.gender, voice.age, voice.accent, voice.use_case])
        .preview(voice.audio_url)
}

fn own_voice(voice: types::CustomVoice) -> CatalogueItem {
    item(CatalogueKind::Voices, "jogg.voice", voice.voice_id)
        .named(voice.name)
        .own()
        .traits([voice.language])
        .preview(voice.audio_url)
}

fn music(track: types::Music) -> CatalogueItem {
    item(CatalogueKind::Music, "jogg.music", track.id.to_string())
        .named(track.name)
        .traits([track.duration.map(|secs| format!("{secs} s"))])
        .preview(track.music_url)
}
