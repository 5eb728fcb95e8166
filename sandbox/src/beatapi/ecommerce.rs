//! Ecommerce videos: what may be ordered, and what it costs.

use std::time::Duration;

use serde_json::{Map, Value};

use super::files::check_images;
use super::task::{DEFAULT_RATIO, Order};
use super::{ECOMMERCE, read_urls};
use crate::check::Fields;
use crate::credits::Credits;
use crate::studio::{Script, shape};
use crate::world::World;

/// From the accepted call to the finished video, as one was observed.
const TAKES: Duration = Duration::from_secs(134);
/// The dollars for a second that the newest contract's examples imply.
const RATE: Credits = Credits::cents(30);

/// Reads the body of a create call.
///
/// # Errors
/// The first problem, with the field's name.
pub(super) fn read_order(world: &World, body: &Map<String, Value>) -> Result<Order, String> {
    let mut fields = Fields::of(body);
    fields.required("images");
    let images = read_urls(&mut fields, "images", 1..=7);
    check_images(world, &mut fields, body, false);
    let seconds = fields.required("duration").integer(10..=60).unwrap_or_default();
    let prompt = fields.optional("prompt").text(2000).unwrap_or_default();
    let ratio = fields.optional("aspect_ratio").choice(&["16:9", "9:16", "1:1"]);
    fields.optional("language").choice(&["en", "zh"]);
    fields.finish().map_err(|problems| problems[0].to_string())?;
    let seconds = u32::try_from(seconds).unwrap_or_default();
    let ratio = shape(ratio.unwrap_or(DEFAULT_RATIO));
    Ok(Order {
        workflow: ECOMMERCE,
        operation: "create_ecommerce_video",
        rate: RATE,
        takes: TAKES,
        script: Script { images, seconds, ratio, ..Script::of_text(prompt) },
        waits: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(body: &Value) -> Option<String> {
        let world = World::test();
        read_order(&world, body.as_object().unwrap()).err()
    }

    #[test]
    fn the_limits_of_the_contract_hold() {
        let good = json!({"images": ["https://cdn.example.com/a.png"], "duration": 15});
        assert_eq!(problem(&good), None);
        let url = "https://cdn.example.com/a.png";
        for (field, value, expected) in [
            ("images", json!(null), "images must not be null"),
            ("images", json!([]), "images must hold 1 to 7 items"),
            ("images", Value::from(vec![url; 8]), "images must hold 1 to 7 items"),
            ("images", json!(url), "images must be a list"),
            ("duration", json!(9), "duration must be from 10 to 60"),
            ("duration", json!(61), "duration must be from 10 to 60"),
            ("duration", json!("15"), "duration must be an integer"),
            ("duration", json!(15.5), "duration must be an integer"),
            ("prompt", json!("x".repeat(2001)), "prompt must have at most 2000 characters"),
            ("aspect_ratio", json!("4:3"), "aspect_ratio must be one of 16:9, 9:16, 1:1"),
            ("language", json!("de"), "language must be one of en, zh"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            assert_eq!(problem(&body).as_deref(), Some(expected));
        }
    }
}
