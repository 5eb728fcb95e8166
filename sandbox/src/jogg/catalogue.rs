//! What can be chosen beside public presenters, and whose the key is. All of it is made up.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::page::Page;
use super::{Refusal, Service, account, success};
use crate::body;
use crate::check::Fields;

/// Ids come in the three forms that were seen.
#[rustfmt::skip]
const VOICES: [[&str; 7]; 12] = [
    // id, name, language, gender, age, accent, use
    ["en-US-ChristopherNeural", "Christopher", "english", "male", "middle_aged", "american", "narrative_story"],
    ["MFZUKuGQUsGJPQjTS4wC", "Jon", "english", "male", "young", "american", "social_media"],
    ["5f0c2a4e-7d1b-4c3f-9a58-1e2d3c4b5a69", "Amelia", "english", "female", "young", "british", "advertisement"],
    ["fr-FR-DeniseNeural", "Denise", "french", "female", "middle_aged", "parisian", "narrative_story"],
    ["de-DE-KatjaNeural", "Katja", "german", "female", "middle_aged", "standard", "advertisement"],
    ["es-ES-AlvaroNeural", "Alvaro", "spanish", "male", "old", "castilian", "narrative_story"],
    ["zh-CN-XiaoxiaoNeural", "Xiaoxiao", "chinese (simplified)", "female", "young", "mandarin", "social_media"],
    ["pt-BR-FranciscaNeural", "Francisca", "portuguese", "female", "young", "brazilian", "social_media"],
    ["it-IT-DiegoNeural", "Diego", "italian", "male", "old", "standard", "narrative_story"],
    ["Zq4cTnW8hLx2RbVe7KpD", "Margaret", "english", "female", "old", "british", "narrative_story"],
    ["9c1b7f3e-2a64-4d08-8e57-0f6a1b2c3d4e", "Sanjay", "hindi", "male", "middle_aged", "delhi", "advertisement"],
    ["ja-JP-KeitaNeural", "Keita", "japanese", "male", "young", "tokyo", "advertisement"],
];

const MUSIC: [(i64, &str, f64); 5] = [
    (13, "Morning Light", 92.5),
    (14, "Slow Walk", 120.0),
    (21, "City Bounce", 64.0),
    (22, "Paper Planes", 77.25),
    (34, "Deep Shelf", 180.0),
];

const STYLES: [(i64, &str); 5] = [
    (2400, "Simple split screen template"),
    (2401, "Simple Product Switch"),
    (2402, "Dynamic Showcase"),
    (2403, "Elegant Presentation"),
    (2404, "Floating Avatar Voiceover"),
];

/// Whether a preview can be made in a style.
pub(super) fn has_style(name: &str) -> bool {
    STYLES.iter().any(|(_, known)| *known == name)
}

pub(super) async fn list_voices(request: Request) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    let page = Page::read_leniently(&mut fields);
    fields.finish()?;
    // Sources disagree on the words that filters take, so one that is not known finds nothing.
    let word = |name: &str| query.get(name).and_then(Value::as_str).map(str::to_owned);
    let wanted = [word("language"), word("gender"), word("age")];
    let use_case = word("use_case");
    let fits = |voice: &&[&str; 7]| {
        let has = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        wanted.iter().zip(&voice[2..5]).all(|(wanted, value)| has(wanted, value))
            && has(&use_case, voice[6])
    };
    let matching: Vec<&[&str; 7]> = VOICES.iter().filter(fits).collect();
    let count = matching.len();
    let voices: Vec<Value> = page.of(matching.into_iter()).map(voice).collect();
    let has_more = page.number < page.count(count);
    Ok(success(json!({"voices": voices, "has_more": has_more})))
}

fn voice([id, name, language, gender, age, accent, use_case]: &[&str; 7]) -> Value {
    json!({
        "voice_id": id,
        "name": name,
        // There is nothing to hear here.
        "audio_url": null,
        "language": language,
        "gender": gender,
        "age": age,
        "accent": accent,
        "use_case": use_case,
    })
}

pub(super) async fn list_musics(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    let page = Page::read_leniently(&mut fields);
    fields.finish()?;
    let track = |(id, name, duration): &(i64, &str, f64)| {
        let url = service.world.media_url(&format!("jogg/music/{id}.mp3"));
        json!({"id": id, "name": name, "music_url": url, "duration": duration})
    };
    let music: Vec<Value> = page.of(MUSIC.iter()).map(track).collect();
    Ok(success(json!({
        "music": music,
        "pagination": {
            "page": page.number,
            "page_size": page.size,
            "total_items": MUSIC.len(),
            "total_pages": page.count(MUSIC.len()),
        },
    })))
}

pub(super) async fn list_visual_styles(request: Request) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    fields.optional("aspect_ratio").choice(&["portrait", "landscape", "square"]);
    fields.finish()?;
    let styles = STYLES.map(|(id, name)| json!({"id": id, "name": name}));
    Ok(success(json!({"visual_styles": styles})))
}

pub(super) async fn whoami(headers: HeaderMap) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let email = format!("{}@sandbox.test", account.name);
    Ok(success(json!({"email": email, "username": account.name})))
}

/// No account has presenters of its own here.
pub(super) async fn list_custom_avatars(request: Request) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    Page::read_leniently(&mut fields);
    fields.optional("status").choice(&["processing", "completed", "failed"]);
    fields.finish()?;
    Ok(success(json!({"avatars": []})))
}

/// No account has voices of its own here.
pub(super) async fn list_custom_voices(headers: HeaderMap) -> Result<Response, Refusal> {
    account(&headers)?;
    Ok(success(json!({"total": 0, "voices": []})))
}
