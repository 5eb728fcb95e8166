//! A case for each cell of the table: what is asked for, and what the provider answers.

use adreel::client::Part;
use adreel::{Product, ProviderId, Track, VideoRequest, creatify, jogg};

use crate::support::scripted::{Reply, json};

/// What is to come of a lost answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// The job goes on with what the first call made.
    Found,
    /// It is proved not to exist, and sent again.
    SentAgain,
    /// Nothing is sent, and somebody has to decide.
    Held,
}

pub(super) struct Case {
    pub(super) operation: &'static str,
    /// The cell of the table, or the part of it.
    pub(super) cell: &'static str,
    pub(super) end: End,
    pub(super) has_webhook: bool,
    pub(super) request: VideoRequest,
    /// Makes this part anew of the job that the first replies finish.
    pub(super) part: Option<Part>,
    pub(super) before: Vec<Reply>,
    /// After the answer was lost.
    pub(super) after: Vec<Reply>,
}

pub(super) const NO_LOOK: &str = "no look can";

/// Creatify's records, JoggAI's envelope and BeatAPI's tasks.
fn record(status: &str) -> Reply {
    let video = r#""generated_video_url":"http://127.0.0.1:1/v.mp4""#;
    json(200, &format!(r#"{{"id":"7e5e","status":"{status}",{video}}}"#))
}

fn data(data: &str) -> String {
    format!(r#"{{"code":0,"msg":"Success","data":{data}}}"#)
}

pub(super) fn task() -> Reply {
    json(201, r#"{"data":{"id":"task_1","status":"queued"}}"#)
}

pub(super) fn workflows(id: &str) -> Reply {
    let workflow = format!(r#"{{"id":"{id}","object":"workflow"}}"#);
    json(200, &format!(r#"{{"data":{{"object":"list","data":[{workflow}]}}}}"#))
}

pub(super) fn image() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

fn page() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").page_url("https://shop.example/roast"))
}

pub(super) fn case(
    operation: &'static str,
    cell: &'static str,
    end: End,
    after: Vec<Reply>,
) -> Case {
    let request = match operation {
        "create_music_video" => image().track(Track::url("https://x.example/t.mp3")),
        "create_link" | "create_link_to_video" => page(),
        "create_link_with_params" => {
            let product = Product::new("Morning Roast");
            let urls = ["https://x.example/1.png", "https://x.example/2.png"];
            let product = urls.iter().fold(product, |product, url| product.image_url(*url));
            let product = product.image_url("https://x.example/3.png");
            let link = creatify::Options::default().link(creatify::LinkOptions::new());
            VideoRequest::new(product).with(link)
        }
        "create_previews" | "render_single_preview" => {
            image().with(jogg::Options::new().avatar(7).previews(["Simple"]))
        }
        "create_video_from_product" => image().with(jogg::Options::new().avatar(7)),
        _ => image(),
    };
    let product = || json(200, &data(r#"{"product_id":"p"}"#));
    let before = match operation {
        "gen_video" => vec![record("initializing"), record("image_generated")],
        "regen_image" | "regen_video" => vec![
            record("initializing"),
            record("image_generated"),
            record("video_generating"),
            record("video_generated"),
        ],
        "create_link_to_video" => vec![json(200, r#"{"id":"link"}"#)],
        "create_video_from_product" | "create_previews" => vec![product()],
        "render_single_preview" => {
            let previews = r#"{"previews":[{"preview_id":"pv","visual_style":"Simple"}]}"#;
            vec![product(), json(200, &data(previews))]
        }
        _ => Vec::new(),
    };
    let part = match operation {
        "regen_image" => Some(Part::Image),
        "regen_video" => Some(Part::Video),
        _ => None,
    };
    let has_webhook = !cell.contains("no webhook address");
    Case { operation, cell, end, has_webhook, request, part, before, after }
}

/// One look before the call has settled, two that count, and the answer to the second call.
fn three(look: impl Fn() -> Reply, made: Reply) -> Vec<Reply> {
    vec![look(), look(), look(), made]
}

fn beatapi_cases(operation: &'static str) -> Vec<Case> {
    let newer = || workflows("video-analysis");
    let older = || workflows("ecommerce-video");
    let usage = |period: &str| json(200, &format!(r#"{{"data":{{"credit_balance":9{period}}}}}"#));
    let first = "the same call under the same key, answered with the first task";
    let in_flight = json(409, r#"{"error":{"code":"idempotency_conflict","message":"m"}}"#);
    let silence = (0..6).map(|_| json(503, "{}")).collect();
    vec![
        case(operation, first, End::Found, vec![newer(), task()]),
        case(operation, first, End::Found, vec![older(), usage(r#","period":"all""#), task()]),
        // The first is still being worked on, and a refusal of the second says nothing of it.
        case(operation, first, End::Found, vec![newer(), in_flight, newer(), task()]),
        case(
            operation,
            first,
            End::Found,
            vec![
                newer(),
                json(402, r#"{"error":{"code":"insufficient_credits"}}"#),
                newer(),
                task(),
            ],
        ),
        case(
            operation,
            "the account shows no sign of honouring keys",
            End::Held,
            vec![older(), usage("")],
        ),
        case(operation, "the call is older than ten minutes", End::Held, silence),
    ]
}

fn record_cases(operation: &'static str) -> Vec<Case> {
    let list = |records: &str| Reply::WithTag(format!("[{records}]"));
    let ours = r#"{"id":"7e5e","status":"initializing",
        "webhook_url":"https://hook.example/h?adreel={tag}"}"#;
    let other = r#"{"id":"aaaa","status":"initializing","created_at":"2099-01-01T00:00:00Z",
        "webhook_url":"https://hook.example/h?adreel=ar-01AAAAAAAAAAAAAAAAAAAAAAAA-0"}"#;
    let silent = r#"{"id":"bbbb","status":"initializing","created_at":"2099-01-01T00:00:00Z"}"#;
    let old = r#"{"id":"cccc","status":"initializing","created_at":"2001-01-01T00:00:00Z"}"#;
    let (found, absent) =
        ("our tag in the echoed webhook address", "every record since then shows another address");
    let all = |parts: &[&str]| parts.join(",");
    vec![
        case(operation, found, End::Found, vec![list(&all(&[old, other, ours]))]),
        case(
            operation,
            absent,
            End::SentAgain,
            three(|| list(&all(&[old, other])), record("initializing")),
        ),
        case(operation, "the account has no webhook address", End::Held, vec![]),
        case(operation, "a record since then shows none", End::Held, vec![list(silent)]),
    ]
}

fn creatify_cases() -> Vec<Case> {
    let links = |urls: &[&str]| {
        let link = |(index, url): (usize, &&str)| format!(r#"{{"id":"l{index}","url":"{url}"}}"#);
        let links: Vec<String> = urls.iter().enumerate().map(link).collect();
        json(200, &format!("[{}]", links.join(",")))
    };
    let video = || json(200, r#"{"id":"v","status":"pending"}"#);
    let named =
        |name: &str| Reply::WithTag(format!(r#"[{{"id":"v","status":"running","name":{name}}}]"#));
    let mut cases: Vec<Case> =
        ["gen_image", "regen_image", "regen_video"].into_iter().flat_map(record_cases).collect();
    cases.extend([
        case(
            "gen_video",
            "the record has left `image_generated`",
            End::Found,
            vec![record("image_generated"), record("video_generating")],
        ),
        case(
            "gen_video",
            "the record is still `image_generated`",
            End::SentAgain,
            three(|| record("image_generated"), record("video_generating")),
        ),
        case(
            "create_link",
            "the page's address",
            End::Found,
            vec![links(&["https://a.example", "https://shop.example/roast/"])],
        ),
        case(
            "create_link",
            "no link has it, or one like it",
            End::SentAgain,
            three(|| links(&["https://a.example"]), json(200, r#"{"id":"l"}"#)),
        ),
        case(
            "create_link",
            "a link has an address like it",
            End::Held,
            vec![links(&["https://eu.shop.example/roast"])],
        ),
        case("create_link_with_params", "always", End::Held, vec![]),
        case(
            "create_link_to_video",
            "our tag at the end of the name",
            End::Found,
            vec![named(r#""Morning Roast {tag}""#)],
        ),
        case(
            "create_link_to_video",
            "every link video shows another name",
            End::SentAgain,
            three(|| named(r#""Spring""#), video()),
        ),
        case("create_link_to_video", "a link video shows no name", End::Held, vec![named("null")]),
    ]);
    cases
}

fn jogg_cases() -> Vec<Case> {
    // The clock of these tests stands at 1790000000.
    let titled = |list: &str, title: &str| {
        let item = format!(r#"{{"id":"v","title":"{title}","created_at":1790000000}}"#);
        Reply::WithTag(data(&format!(r#"{{"{list}":[{item}]}}"#)))
    };
    let many = (0..30).map(|page| {
        let item = |index| format!(r#"{{"id":"{page}-{index}","title":"Spring"}}"#);
        let items: Vec<String> = (0..100).map(item).collect();
        json(200, &data(&format!(r#"{{"videos":[{}]}}"#, items.join(","))))
    });
    let made = || json(200, &data(r#"{"video_id":"v"}"#));
    let create = "create_video_from_product";
    vec![
        case(
            create,
            "our tag at the end of the title",
            End::Found,
            vec![titled("videos", "Morning Roast {tag}")],
        ),
        case(
            create,
            "every video since then shows another title",
            End::SentAgain,
            three(|| titled("videos", "Spring"), made()),
        ),
        case(
            create,
            "a title since then may be ours without its end",
            End::Held,
            vec![titled("videos", "Morning Roast")],
        ),
        case(create, "there are more than 3,000", End::Held, many.collect()),
        case(
            "create_previews",
            "our tag at the end of a title",
            End::Found,
            vec![titled("previews", "Morning Roast {tag}")],
        ),
        case("create_previews", "none is found", End::Held, vec![titled("previews", "Spring")]),
        case(
            "render_single_preview",
            "the previews' tag at the end of a title",
            End::Found,
            // Its own call carries no tag, so the last one is the previews'.
            vec![titled("videos", "Morning Roast {tag}")],
        ),
        case("render_single_preview", "none is found", End::Held, vec![titled("videos", "Spring")]),
    ]
}

pub(super) fn cases(provider: ProviderId) -> Vec<Case> {
    match provider {
        ProviderId::BeatApi => {
            let operations = ["create_ecommerce_video", "create_music_video"];
            operations.into_iter().flat_map(beatapi_cases).collect()
        }
        ProviderId::Creatify => creatify_cases(),
        _ => jogg_cases(),
    }
}
