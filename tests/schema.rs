//! The JSON Schema of a request and the reading of one agree.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::collections::BTreeSet;

use adreel::{
    AspectRatio, Client, Durations, Product, ProviderId, Track, VideoRequest, beatapi, creatify,
    jogg,
};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator() -> Validator {
    jsonschema::draft202012::new(&VideoRequest::json_schema()).unwrap()
}

fn read(json: &Value) -> serde_json::Result<VideoRequest> {
    serde_json::from_value(json.clone())
}

fn product(mut request: VideoRequest, change: fn(Product) -> Product) -> VideoRequest {
    request.product = change(request.product);
    request
}

fn creatify(
    mut request: VideoRequest,
    change: fn(creatify::Options) -> creatify::Options,
) -> VideoRequest {
    let options = request.creatify.take().unwrap_or_default();
    request.with(change(options))
}

fn jogg(mut request: VideoRequest, change: fn(jogg::Options) -> jogg::Options) -> VideoRequest {
    let options = request.jogg.take().unwrap_or_default();
    request.with(change(options))
}

/// Everything that a request can say, one thing each.
const CHANGES: &[fn(VideoRequest) -> VideoRequest] = &[
    |request| product(request, |product| product.description("Beans from one farm\n\"whole\"")),
    |request| product(request, |product| product.audience("people who rise early")),
    |request| product(request, |product| product.price("4.50 €")),
    |request| product(request, |product| product.page_url("https://shop.example/roast")),
    |request| product(request, |product| product.image_url("https://shop.example/roast.png")),
    |request| product(request, |product| product.image_file("examples/products/coffee.png")),
    |request| product(request, |product| product.image_bytes(Vec::new())),
    |request| product(request, |product| product.image_bytes(vec![0])),
    |request| product(request, |product| product.image_bytes(vec![0xff, 0xfe])),
    |request| product(request, |product| product.image_bytes((0..=255).collect::<Vec<u8>>())),
    |request| request.prompt("Steam rises, slow push in"),
    |request| request.duration_secs(1),
    |request| request.duration_secs(60),
    |request| request.landscape(),
    |request| request.square(),
    |request| request.language("en".parse().unwrap()),
    |request| request.language("pt-BR".parse().unwrap()),
    |request| request.language("zh-Hant-TW".parse().unwrap()),
    |request| request.with(beatapi::Options::new()),
    |request| request.with(beatapi::Options::new().extra("style", json!({"deep": [1, null]}))),
    |request| request.with(beatapi::Options::new().idempotency_key("order-1042")),
    |request| request.with(beatapi::Options::new().music(beatapi::MusicOptions::standard())),
    |request| request.with(beatapi::Options::new().music(every_music_option())),
    |request| request.track(Track::url("https://a.b/c.mp3")),
    |request| request.track(Track::file("song.mp3")),
    |request| request.track(Track::bytes(vec![0, 1, 255])),
    |request| creatify(request, |options| options.image_only()),
    |request| creatify(request, |options| options.link(creatify::LinkOptions::new())),
    |request| creatify(request, |options| options.link(every_link_option())),
    |request| creatify(request, |_| creatify::Options::product_shot()),
    |request| creatify(request, |_| creatify::Options::presenter("display".into())),
    |request| creatify(request, |_| creatify::Options::presenter("a new one".into())),
    |request| creatify(request, |options| options.override_avatar("3f6c")),
    |request| creatify(request, |options| options.product_showcase_url("https://a.b/c")),
    |request| creatify(request, |options| options.image_prompt("on a table")),
    |request| creatify(request, |options| options.motion_prompt("steam curls")),
    |request| creatify(request, |options| options.extra("new", true)),
    |request| jogg(request, |options| options.avatar(81)),
    |request| jogg(request, |options| options.custom_avatar(i64::MAX)),
    |request| jogg(request, |options| options.voice("en-US-1")),
    |request| jogg(request, |options| options.music(-1)),
    |request| jogg(request, |options| options.caption(false)),
    |request| jogg(request, |options| options.script_style("Don't Worry")),
    |request| jogg(request, |options| options.script_style("a new one")),
    |request| jogg(request, |options| options.override_script("Wake up.")),
    |request| jogg(request, |options| options.visual_style("Simple")),
    |request| jogg(request, |options| options.name("Spring")),
    |request| jogg(request, |options| options.previews(["Simple", "Bold"])),
    |request| jogg(request, |options| options.extra("new", 0.5)),
];

fn every_music_option() -> beatapi::MusicOptions {
    let mut music = beatapi::MusicOptions::premium("sing".into());
    music.lip_ref_urls = vec!["https://a.b/face.png".to_owned()];
    music.quality = Some("high".into());
    music.resolution = Some("1080p".into());
    music.style = Some("noir".to_owned());
    music.lip_sync = Some(true);
    music.lip_ref_url = Some("https://a.b/face.png".to_owned());
    music.add_subtitle = Some(true);
    music.subtitle_color = Some("#ff0000".to_owned());
    music.srt_url = Some("https://a.b/c.srt".to_owned());
    music.compose_mode = Some("manual".into());
    music
}

fn every_link_option() -> creatify::LinkOptions {
    let mut link = creatify::LinkOptions::new()
        .visual_style("VlogTemplate")
        .script_style("DIY")
        .override_script("Wake up.")
        .model_version("aurora_v1");
    link.override_voice = Some("6f8c".to_owned());
    link.background_music_url = Some("https://a.b/c.mp3".to_owned());
    link.no_background_music = Some(false);
    link.no_caption = Some(true);
    link.target_platform = Some("tiktok".to_owned());
    link
}

/// Each change alone, and every two of them one after the other.
fn requests() -> Vec<VideoRequest> {
    let plain = VideoRequest::new(Product::new("Morning Roast ☕"));
    let mut requests: Vec<VideoRequest> =
        CHANGES.iter().map(|change| change(plain.clone())).collect();
    for first in CHANGES {
        requests.extend(CHANGES.iter().map(|second| second(first(plain.clone()))));
    }
    requests.push(CHANGES.iter().fold(plain.clone(), |request, change| change(request)));
    requests.push(plain);
    requests
}

#[test]
fn what_is_written_fits_the_schema_and_is_read_as_the_same() {
    let validator = validator();
    for request in requests() {
        let json = serde_json::to_value(&request).unwrap();
        if let Err(error) = validator.validate(&json) {
            panic!("{}: {error}: {json}", error.instance_path());
        }
        assert_eq!(read(&json).unwrap(), request, "{json}");
    }
}

/// Where a schema has a property or a variant, as `Product.name` or `Image.url`.
fn places(schema: &Value) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    let root = [("VideoRequest", schema)].into_iter();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, schema) in root.chain(definitions.iter().map(|(name, schema)| (&**name, schema))) {
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        for part in [schema].into_iter().chain(variants) {
            let properties = part["properties"].as_object().into_iter().flatten();
            places.extend(properties.map(|(property, _)| format!("{name}.{property}")));
        }
    }
    places
}

#[test]
fn every_place_of_the_schema_is_tried_and_every_field_is_in_it() {
    let mut written = BTreeSet::new();
    let mut note = |name: &str, object: &Value| {
        let fields = object.as_object().into_iter().flatten();
        written.extend(fields.map(|(field, _)| format!("{name}.{field}")));
    };
    for request in requests() {
        let json = serde_json::to_value(&request).unwrap();
        note("VideoRequest", &json);
        note("Product", &json["product"]);
        for image in json["product"]["images"].as_array().into_iter().flatten() {
            note("Image", image);
        }
        note("Track", &json["track"]);
        note("BeatApiOptions", &json["beatapi"]);
        note("BeatApiMusicOptions", &json["beatapi"]["music"]);
        note("CreatifyOptions", &json["creatify"]);
        note("CreatifyLinkOptions", &json["creatify"]["link"]);
        note("JoggOptions", &json["jogg"]);
    }
    assert_eq!(written, places(&VideoRequest::json_schema()));
}

#[test]
fn defaults_and_nulls_may_be_written_out() {
    let validator = validator();
    let plain = VideoRequest::new(Product::new("Roast"));
    for json in [
        json!({"product": {"name": "Roast"}}),
        json!({"product": {"name": "Roast", "images": [], "price": null}, "prompt": null,
            "duration_secs": null, "aspect_ratio": "9:16", "language": null, "beatapi": null,
            "creatify": null, "jogg": null}),
    ] {
        assert!(validator.is_valid(&json), "{json}");
        assert_eq!(read(&json).unwrap(), plain);
    }
    let json = json!({"product": {"name": "Roast"}, "jogg": {"avatar": null, "extra": {}}});
    assert!(validator.is_valid(&json));
    assert_eq!(read(&json).unwrap(), plain.with(jogg::Options::new()));
}

/// A request with one member replaced, or added.
fn with(path: &[&str], value: Value) -> Value {
    let mut request = json!({"product": {"name": "Roast"}});
    let (last, parents) = path.split_last().unwrap();
    let mut place = &mut request;
    for parent in parents {
        place = &mut place[parent];
    }
    place[*last] = value;
    request
}

#[test]
fn what_cannot_be_read_does_not_fit_the_schema() {
    let validator = validator();
    let mut refused = vec![json!(null), json!("Roast"), json!({}), json!({"product": {}})];
    let members: [(&[&str], &[Value]); 18] = [
        (&["product"], &[json!(null), json!("Roast")]),
        (&["product", "name"], &[json!(null), json!(5)]),
        (&["product", "description"], &[json!(5)]),
        (&["product", "images"], &[json!(null), json!({}), json!(["coffee.png"]), json!([{}])]),
        (&["prompt"], &[json!(["Steam"])]),
        (&["duration_secs"], &[json!("15"), json!(-1), json!(1.5), json!(4_294_967_296_u64)]),
        (&["aspect_ratio"], &[json!(null), json!("4:5"), json!("portrait"), json!(1)]),
        (&["language"], &["", "english", "EN", "en_US", "en-", "e", "en\n"].map(Value::from)),
        (&["language"], &[json!(5)]),
        (&["beatapi"], &[json!({"avatar": 81}), json!([1])]),
        (&["creatify", "type"], &[json!(1)]),
        (&["creatify", "kind"], &[json!("product_anyshot")]),
        (&["jogg", "avatar"], &[json!("81"), json!(1.5)]),
        (&["jogg", "custom_avatar"], &[json!(null), json!(1)]),
        (&["jogg", "caption"], &[json!("yes")]),
        (&["jogg", "script_style"], &[json!(5)]),
        (&["jogg", "extra"], &[json!(null), json!([])]),
        (&["jogg", "avtar"], &[json!(81)]),
    ];
    for (path, values) in members {
        refused.extend(values.iter().map(|value| with(path, value.clone())));
    }
    let images = [
        json!({"link": "https://a.b/c.png"}),
        json!({"url": "https://a.b/c.png", "file": "c.png"}),
        json!({"url": null}),
        json!({"bytes": [1, 2]}),
        json!({"bytes": "no base64!"}),
        json!({"bytes": "AA"}),
        json!({"bytes": "AB=="}),
        json!({"bytes": "AAB="}),
        json!({"bytes": "AA==\n"}),
        json!({"bytes": "AA==AAAA"}),
    ];
    refused.extend(images.map(|image| with(&["product", "images"], json!([image]))));
    for json in refused {
        assert!(read(&json).is_err(), "it is read: {json}");
        assert!(!validator.is_valid(&json), "it fits the schema: {json}");
    }
}

/// What can be read, since a stored request may come from another version or from a build with
/// other providers, and yet is no request that anybody would want to send.
#[test]
fn typos_and_what_no_provider_takes_do_not_fit_the_schema() {
    let validator = validator();
    for json in [
        with(&["promt"], json!("Steam")),
        with(&["product", "image"], json!("coffee.png")),
        with(&["product", "name"], json!("")),
        with(&["duration_secs"], json!(0)),
        with(&["duration_secs"], json!(61)),
    ] {
        assert!(read(&json).is_ok(), "it is not read: {json}");
        assert!(!validator.is_valid(&json), "it fits the schema: {json}");
    }
}

#[test]
fn the_limits_are_those_that_all_providers_share() {
    let schema = VideoRequest::json_schema();
    let longest =
        ProviderId::ALL.map(|provider| match Client::capabilities(provider).unwrap().durations {
            Durations::Range { max_secs, .. } => max_secs,
            Durations::Hint(lengths) => *lengths.iter().max().unwrap(),
            _ => 0,
        });
    let most = longest.into_iter().max().unwrap();
    assert_eq!(schema["properties"]["duration_secs"]["maximum"], most);
    let ratios: Vec<&Value> = schema["$defs"]["AspectRatio"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ratio| &ratio["const"])
        .collect();
    assert_eq!(ratios, AspectRatio::ALL.map(AspectRatio::as_str));
}

#[test]
fn known_values_are_examples_because_new_ones_are_taken_too() {
    let schema = VideoRequest::json_schema();
    let style = &schema["$defs"]["ScriptStyle"];
    assert_eq!(style["examples"], json!(jogg::types::ScriptStyle::VALUES));
    assert!(style.get("enum").is_none());
}

#[test]
fn the_schema_changes_only_on_purpose() {
    let schema = VideoRequest::json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    insta::assert_snapshot!("request", format!("{schema:#}"));
}
