//! A case for each cell of the table: what is asked for, and what the provider answers.

use std::time::Duration;

use adreel::Part;
use adreel::{Product, ProviderId, Track, VideoRequest, creatify, jogg};

use crate::support::scripted::{Reply, json};

/// What is to come of a lost answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// The job goes on with what the first call made.
    Found,
    /// Nothing is sent, and somebody has to decide.
    Held,
}

/// What a look shows that does not find a step: the first words of a part of the table's cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shown {
    Whole,
    NotWhole,
    PresenceOnly,
    NoLook,
}

impl Shown {
    pub(super) fn of(cell: &str) -> Self {
        match cell.split_once(':').map(|(first, _)| first) {
            Some("whole") => Self::Whole,
            Some("not whole") => Self::NotWhole,
            Some("presence only") => Self::PresenceOnly,
            Some("no look") => Self::NoLook,
            _ => panic!("{cell}: it does not say what a look shows"),
        }
    }

    /// What the kept evidence says of it.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Whole => ", whole",
            Self::NotWhole => ", not whole: ",
            Self::PresenceOnly => ", which shows presence only: ",
            Self::NoLook => "could not tell: ",
        }
    }
}

/// Answers any request after the lost one that has no reply of its own.
pub(super) type Answer = Box<dyn Fn(&str) -> Reply + Send>;

pub(super) struct Case {
    pub(super) operation: &'static str,
    /// The cell of the table, or the part of it.
    pub(super) cell: &'static str,
    pub(super) end: End,
    /// Words of the evidence.
    pub(super) says: &'static str,
    pub(super) has_webhook: bool,
    pub(super) request: VideoRequest,
    /// Makes this part anew of the job that the first replies finish.
    pub(super) part: Option<Part>,
    pub(super) before: Vec<Reply>,
    /// How long nobody looks after the answer was lost.
    pub(super) pause: Duration,
    /// After the answer was lost.
    pub(super) after: Vec<Reply>,
    /// What a look reads, after those.
    pub(super) look: Answer,
}

impl Case {
    /// Everything that is answered after the lost call, in order and from then on.
    pub(super) fn answers(self) -> (Vec<Reply>, Answer) {
        let (look, operation) = (self.look, self.operation);
        let answer = move |request: &str| match request.starts_with("POST") {
            true => made(operation),
            false => look(request),
        };
        (self.after, Box::new(answer))
    }

    pub(super) fn look(mut self, look: impl Fn() -> Reply + Send + 'static) -> Self {
        self.look = Box::new(move |_| look());
        self
    }

    pub(super) fn says(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }
}

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

fn previews() -> Reply {
    json(200, &data(r#"{"previews":[{"preview_id":"pv","visual_style":"Simple"}]}"#))
}

/// The answer to a call that is made again.
fn made(operation: &str) -> Reply {
    match operation {
        "gen_image" | "regen_image" => record("initializing"),
        "gen_video" | "regen_video" => record("video_generating"),
        "create_link" | "create_link_with_params" => json(200, r#"{"id":"l2"}"#),
        "create_link_to_video" => json(200, r#"{"id":"v","status":"pending"}"#),
        "create_previews" => previews(),
        "create_video_from_product" | "render_single_preview" => {
            json(200, &data(r#"{"video_id":"v"}"#))
        }
        _ => task(),
    }
}

pub(super) fn image() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

fn page() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").page_url("https://shop.example/roast"))
}

fn request(operation: &str) -> VideoRequest {
    match operation {
        "create_music_video" => image().track(Track::url("https://x.example/t.mp3")),
        "create_link" | "create_link_to_video" => page(),
        "create_link_with_params" => {
            let product = Product::new("Morning Roast");
            let urls = ["1", "2", "3"].map(|name| format!("https://x.example/{name}.png"));
            let product = urls.into_iter().fold(product, |product, url| product.image_url(url));
            let link = creatify::Options::default().link(creatify::LinkOptions::new());
            VideoRequest::new(product).with(link)
        }
        "create_previews" | "render_single_preview" => {
            image().with(jogg::Options::new().avatar(7).previews(["Simple"]))
        }
        "create_video_from_product" => image().with(jogg::Options::new().avatar(7)),
        _ => image(),
    }
}

pub(super) fn case(
    operation: &'static str,
    cell: &'static str,
    end: End,
    after: Vec<Reply>,
) -> Case {
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
        "render_single_preview" => vec![product(), previews()],
        _ => Vec::new(),
    };
    let part = match operation {
        "regen_image" => Some(Part::Image),
        "regen_video" => Some(Part::Video),
        _ => None,
    };
    Case {
        operation,
        cell,
        end,
        says: "",
        has_webhook: !cell.contains("no webhook address"),
        request: request(operation),
        part,
        before,
        pause: Duration::ZERO,
        after,
        look: Box::new(|_| json(418, "{}")),
    }
}

/// A case in which each look reads the same and does not find the step.
fn held(
    operation: &'static str,
    cell: &'static str,
    says: &'static str,
    look: impl Fn() -> Reply + Send + 'static,
) -> Case {
    case(operation, cell, End::Held, Vec::new()).says(says).look(look)
}

fn beatapi_cases(operation: &'static str) -> Vec<Case> {
    let newer = || workflows("video-analysis");
    let older = || workflows("ecommerce-video");
    let usage = |period: &str| json(200, &format!(r#"{{"data":{{"credit_balance":9{period}}}}}"#));
    let first = "the same call under the same key, answered with the first task";
    let in_flight = json(409, r#"{"error":{"code":"idempotency_conflict","message":"m"}}"#);
    let refused = json(402, r#"{"error":{"code":"insufficient_credits"}}"#);
    let mut unsigned =
        held(operation, "no look: the account shows no sign of honouring keys", "no sign", older);
    unsigned.after = vec![older(), usage("")];
    let over = held(operation, "no look: the ten minutes are over", "ten minutes", newer);
    vec![
        case(operation, first, End::Found, vec![newer(), task()]),
        case(operation, first, End::Found, vec![older(), usage(r#","period":"all""#), task()]),
        // The first is still being worked on, and a refusal of the second says nothing of it.
        case(operation, first, End::Found, vec![newer(), in_flight, newer(), task()]),
        case(operation, first, End::Found, vec![newer(), refused, newer(), task()]),
        unsigned,
        Case { pause: Duration::from_secs(11 * 60), ..over },
    ]
}

const ANOTHERS: &str = "ar-01AAAAAAAAAAAAAAAAAAAAAAAA-0";

/// Records of Creatify's list: the address that each echoes, and when it was made.
fn records(records: &[(&str, Option<&str>)]) -> Reply {
    let record = |(index, (address, made)): (usize, &(&str, Option<&str>))| {
        let made = made.map(|made| format!(r#","created_at":"{made}""#)).unwrap_or_default();
        let address = match address.is_empty() {
            true => String::new(),
            false => format!(r#","webhook_url":"https://hook.example/h?adreel={address}""#),
        };
        format!(r#"{{"id":"r{index}","status":"initializing"{address}{made}}}"#)
    };
    let records: Vec<String> = records.iter().enumerate().map(record).collect();
    Reply::WithTag(format!("[{}]", records.join(",")))
}

fn record_cases(operation: &'static str) -> Vec<Case> {
    const NEW: Option<&str> = Some("2099-01-01T00:00:00Z");
    const OLD: Option<&str> = Some("2021-01-01T00:00:00Z");
    let found = "our tag in the echoed webhook address";
    let ours = || records(&[(ANOTHERS, NEW), ("{tag}", NEW), ("", OLD)]);
    let unordered = || records(&[("", OLD), (ANOTHERS, NEW)]);
    let held = |cell, says, look: fn() -> Reply| held(operation, cell, says, look);
    vec![
        case(operation, found, End::Found, vec![ours()]),
        // It may be listed late.
        case(
            operation,
            found,
            End::Found,
            vec![records(&[]), json(503, "{}"), unordered(), ours()],
        ),
        held("whole: every record since then has another job's tag", "2 records", || {
            records(&[(ANOTHERS, NEW), ("", OLD)])
        }),
        held("not whole: a record since then has no tag", "may be this one", || {
            records(&[("", NEW), ("", OLD)])
        }),
        held("not whole: none is older than the call", "nothing that is older", || {
            records(&[(ANOTHERS, NEW)])
        }),
        held("not whole: they are not in order", "not in order", || {
            records(&[("", OLD), (ANOTHERS, NEW)])
        }),
        held("not whole: one says no time", "does not say when", || {
            records(&[(ANOTHERS, None), ("", OLD)])
        }),
        held("no look: the account has no webhook address", "CREATIFY_WEBHOOK_URL", || {
            records(&[("", OLD)])
        }),
    ]
}

fn links(urls: &[&str]) -> Reply {
    let link = |(index, url): (usize, &&str)| format!(r#"{{"id":"l{index}","url":"{url}"}}"#);
    let links: Vec<String> = urls.iter().enumerate().map(link).collect();
    json(200, &format!("[{}]", links.join(",")))
}

fn link_video(name: &str) -> Reply {
    Reply::WithTag(format!(r#"[{{"id":"v","status":"running","name":{name}}}]"#))
}

fn creatify_cases() -> Vec<Case> {
    let mut cases: Vec<Case> =
        ["gen_image", "regen_image", "regen_video"].into_iter().flat_map(record_cases).collect();
    let named = "our tag in the name";
    cases.extend([
        case(
            "gen_video",
            "the record has left `image_generated`",
            End::Found,
            vec![record("image_generated"), record("video_generating")],
        ),
        held("gen_video", "whole: the record is still `image_generated`", "1 record", || {
            record("image_generated")
        }),
        case(
            "create_link",
            "the page's address",
            End::Found,
            vec![links(&["https://a.example", "https://shop.example/roast/"])],
        ),
        held("create_link", "presence only: links say no time", "do not say when", || {
            links(&["https://a.example"])
        }),
        held(
            "create_link_with_params",
            "no look: nothing of it is kept by which a link is found",
            "keeps nothing",
            || links(&["https://a.example"]),
        ),
        case(
            "create_link_to_video",
            named,
            End::Found,
            vec![link_video(r#""Morning Roast {tag}""#)],
        ),
        case(
            "create_link_to_video",
            named,
            End::Found,
            vec![link_video("null"), link_video(r#""{tag} of CREATIFY""#)],
        ),
        held(
            "create_link_to_video",
            "presence only: videos of links say no time",
            "do not say when",
            || link_video(&format!(r#""Spring {ANOTHERS}""#)),
        ),
        held("create_link_to_video", "not whole: one has no tag", "may be this one", || {
            link_video("null")
        }),
    ]);
    cases
}

/// What JoggAI lists: the title of each, and when it was made. The clock of these tests stands at
/// 1790000000.
fn titled(list: &str, videos: &[(&str, i64)]) -> Reply {
    let video = |(index, (title, made)): (usize, &(&str, i64))| {
        let made = if *made > 0 { format!(r#","created_at":{made}"#) } else { String::new() };
        format!(r#"{{"id":"v{index}","title":"{title}"{made}}}"#)
    };
    let videos: Vec<String> = videos.iter().enumerate().map(video).collect();
    Reply::WithTag(data(&format!(r#"{{"{list}":[{}]}}"#, videos.join(","))))
}

/// A hundred videos of other jobs on each page, however many are asked for.
fn endless(request: &str) -> Reply {
    let page = request.split("page=").nth(1).unwrap();
    let page = page.split(['&', ' ']).next().unwrap();
    let video = |index| {
        format!(r#"{{"id":"{page}-{index}","title":"{ANOTHERS}","created_at":1790000000}}"#)
    };
    let videos: Vec<String> = (0..100).map(video).collect();
    json(200, &data(&format!(r#"{{"videos":[{}]}}"#, videos.join(","))))
}

fn jogg_cases() -> Vec<Case> {
    const NEW: i64 = 1_790_000_000;
    const OLD: i64 = 1_700_000_000;
    let create = "create_video_from_product";
    let found = "our tag in the title";
    let no_tag = "not whole: a title since then has no tag";
    let another = || titled("videos", &[(ANOTHERS, NEW), ("Spring", OLD)]);
    let mut endlessly = held(create, "not whole: there are more than 3,000", "more than", another);
    endlessly.look = Box::new(endless);
    vec![
        case(create, found, End::Found, vec![titled("videos", &[("Morning Roast {tag}", NEW)])]),
        case(create, found, End::Found, vec![another(), titled("videos", &[("{tag}!", OLD)])]),
        held(
            create,
            "whole: every video since then has another job's tag",
            "2 records back to 2023",
            another,
        ),
        held(create, no_tag, "may be this one", || {
            titled("videos", &[("Morning Roast", NEW), ("Spring", OLD)])
        }),
        held(create, "not whole: none is older than the call", "nothing that is older", || {
            titled("videos", &[])
        }),
        held(create, "not whole: they are not in order", "not in order", || {
            titled("videos", &[("Spring", OLD), (ANOTHERS, NEW)])
        }),
        held(create, "not whole: one says no time", "does not say when", || {
            titled("videos", &[("Spring", 0), ("Spring", OLD)])
        }),
        endlessly,
        case(
            "create_previews",
            "our tag in a title",
            End::Found,
            vec![titled("previews", &[("Morning Roast {tag}", NEW)])],
        ),
        held(
            "create_previews",
            "presence only: a preview's title may not be its name",
            "by their name",
            || titled("previews", &[(ANOTHERS, NEW), ("Spring", OLD)]),
        ),
        held("create_previews", no_tag, "may be this one", || {
            titled("previews", &[("Spring", NEW), ("Spring", OLD)])
        }),
        case(
            "render_single_preview",
            "the previews' tag in a title",
            End::Found,
            // Its own call carries no tag, so the last one is the previews'.
            vec![titled("videos", &[("Morning Roast {tag}", NEW)])],
        ),
        held(
            "render_single_preview",
            "presence only: a preview's video has no name of its own",
            "like the preview",
            || titled("videos", &[("Spring", OLD)]),
        ),
        held("render_single_preview", no_tag, "may be this one", || {
            titled("videos", &[("Spring", NEW), ("Spring", OLD)])
        }),
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
