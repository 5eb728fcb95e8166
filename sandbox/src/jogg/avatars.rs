//! Public presenters. The service has hundreds; these are enough for each ratio, style and voice.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::page::Page;
use super::{Refusal, Service, account, success};
use crate::body;
use crate::check::Fields;
use crate::world::World;

struct Avatar {
    id: i64,
    name: &'static str,
    ratio: &'static str,
    style: &'static str,
    gender: &'static str,
    age: &'static str,
    scene: &'static str,
    ethnicity: &'static str,
}

/// The ids 1, 127 and 1768 are those of the documented examples, so that these can be tried.
#[rustfmt::skip]
const AVATARS: [Avatar; 9] = [
    Avatar { id: 1, name: "Ada", ratio: "landscape", style: "professional", gender: "female", age: "adult", scene: "business", ethnicity: "european" },
    Avatar { id: 12, name: "Ravi", ratio: "portrait", style: "social", gender: "male", age: "young_adult", scene: "lifestyle", ethnicity: "south_asian" },
    Avatar { id: 45, name: "Mei", ratio: "portrait", style: "social", gender: "female", age: "young_adult", scene: "outdoors", ethnicity: "east_asian" },
    Avatar { id: 78, name: "Kofi", ratio: "landscape", style: "social", gender: "male", age: "adult", scene: "studio", ethnicity: "african" },
    Avatar { id: 127, name: "Lena", ratio: "square", style: "professional", gender: "female", age: "adult", scene: "news", ethnicity: "european" },
    Avatar { id: 203, name: "Omar", ratio: "square", style: "social", gender: "male", age: "senior", scene: "education", ethnicity: "middle_eastern" },
    Avatar { id: 512, name: "Ines", ratio: "portrait", style: "professional", gender: "female", age: "senior", scene: "health_fitness", ethnicity: "south_american" },
    Avatar { id: 998, name: "Jack", ratio: "landscape", style: "professional", gender: "male", age: "senior", scene: "business", ethnicity: "north_american" },
    Avatar { id: 1768, name: "Nora", ratio: "portrait", style: "social", gender: "female", age: "adult", scene: "lifestyle", ethnicity: "north_american" },
];

/// Whether a video may be made with a presenter. No account has own ones (type 1) here.
pub(super) fn exists(id: i64, kind: i64) -> bool {
    kind == 0 && AVATARS.iter().any(|avatar| avatar.id == id)
}

/// Puts the presenters' pictures where their addresses say.
pub(super) fn publish(world: &World) {
    for avatar in &AVATARS {
        world.publish_presenter(avatar.name, cover(avatar), clip_path(avatar));
    }
}

fn cover(avatar: &Avatar) -> String {
    format!("jogg/avatars/{}.svg", avatar.id)
}

fn clip_path(avatar: &Avatar) -> String {
    format!("jogg/avatars/{}.mp4", avatar.id)
}

pub(super) async fn list_public_avatars(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let mut fields = Fields::of(&query);
    let page = Page::read_leniently(&mut fields);
    let ratio = fields.optional("aspect_ratio").choice(&["portrait", "landscape", "square"]);
    let style = fields.optional("style").choice(&["professional", "social"]);
    let gender = fields.optional("gender").choice(&["female", "male"]);
    let age = fields.optional("age").choice(&["adult", "senior", "young_adult"]);
    let scene = fields.optional("scene").choice(&[
        "lifestyle",
        "outdoors",
        "business",
        "studio",
        "health_fitness",
        "education",
        "news",
    ]);
    let ethnicity = fields.optional("ethnicity").choice(&[
        "european",
        "african",
        "south_asian",
        "east_asian",
        "middle_eastern",
        "south_american",
        "north_american",
    ]);
    fields.finish()?;

    let fits = |wanted: Option<&str>, has: &str| wanted.is_none_or(|wanted| wanted == has);
    let matching = AVATARS.iter().filter(|avatar| {
        fits(ratio, avatar.ratio)
            && fits(style, avatar.style)
            && fits(gender, avatar.gender)
            && fits(age, avatar.age)
            && fits(scene, avatar.scene)
            && fits(ethnicity, avatar.ethnicity)
    });
    let avatars: Vec<Value> =
        page.of(matching).map(|avatar| answer(&service.world, avatar)).collect();
    Ok(success(json!({"avatars": avatars})))
}

/// A ratio is a word in requests and a number in answers.
fn answer(world: &World, avatar: &Avatar) -> Value {
    let ratio = match avatar.ratio {
        "portrait" => 0,
        "landscape" => 1,
        _ => 2,
    };
    json!({
        "id": avatar.id,
        "name": avatar.name,
        "video_url": world.media_url(&clip_path(avatar)),
        "cover_url": world.media_url(&cover(avatar)),
        "aspect_ratio": ratio,
        "style": avatar.style,
        "gender": avatar.gender,
        "age": avatar.age,
    })
}
