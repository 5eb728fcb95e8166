//! What becomes of every paid step whose answer was lost: each cell of the published table.

use std::collections::BTreeSet;

use adreel::client::Part;
use adreel::{
    AccountConfig, Client, ErrorKind, Job, Keys, Product, ProviderId, Recovery, Resolution, Stage,
    Track, VideoRequest, beatapi, creatify, jogg,
};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// What is to come of a lost answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The job goes on with what the first call made.
    Found,
    /// It is proved not to exist, and sent again.
    SentAgain,
    /// Nothing is sent, and somebody has to decide.
    Held,
}

struct Case {
    operation: &'static str,
    /// The cell of the table, or the part of it.
    cell: &'static str,
    end: End,
    has_webhook: bool,
    request: VideoRequest,
    /// Makes this part anew of the job that the first replies finish.
    part: Option<Part>,
    before: Vec<Reply>,
    /// After the answer was lost.
    after: Vec<Reply>,
}

const NO_LOOK: &str = "no look can";

/// Creatify's records, JoggAI's envelope and BeatAPI's tasks.
fn record(status: &str) -> Reply {
    let video = r#""generated_video_url":"http://127.0.0.1:1/v.mp4""#;
    json(200, &format!(r#"{{"id":"7e5e","status":"{status}",{video}}}"#))
}

fn data(data: &str) -> String {
    format!(r#"{{"code":0,"msg":"Success","data":{data}}}"#)
}

fn task() -> Reply {
    json(201, r#"{"data":{"id":"task_1","status":"queued"}}"#)
}

fn workflows(id: &str) -> Reply {
    let workflow = format!(r#"{{"id":"{id}","object":"workflow"}}"#);
    json(200, &format!(r#"{{"data":{{"object":"list","data":[{workflow}]}}}}"#))
}

fn image() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").image_url("https://x.example/p.png"))
}

fn page() -> VideoRequest {
    VideoRequest::new(Product::new("Morning Roast").page_url("https://shop.example/roast"))
}

fn case(operation: &'static str, cell: &'static str, end: End, after: Vec<Reply>) -> Case {
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

fn cases(provider: ProviderId) -> Vec<Case> {
    match provider {
        ProviderId::BeatApi => {
            let operations = ["create_ecommerce_video", "create_music_video"];
            operations.into_iter().flat_map(beatapi_cases).collect()
        }
        ProviderId::Creatify => creatify_cases(),
        _ => jogg_cases(),
    }
}

/// What came of a case: how it ended, and the posts from the lost one on.
struct Outcome {
    end: End,
    posts: Vec<String>,
    client: Client,
    job: Job,
}

async fn run(provider: ProviderId, case: Case, recovery: Recovery) -> Outcome {
    let count = case.before.len();
    let replies = case.before.into_iter().chain([Reply::HangUp]).chain(case.after);
    let server = Server::start(replies).await;
    let mut config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(&server.url);
    if case.has_webhook {
        config = config.webhook_url("https://hook.example/h");
    }
    let builder = Client::builder().account(provider, config).clock(InstantClock::default());
    let client = builder.recovery(recovery).in_memory().build().unwrap();
    let mut events = match case.part {
        None => client.generate(&case.request).events().await.unwrap(),
        Some(part) => {
            let parent = client.generate(&case.request).await.unwrap();
            let made = client.regenerate(parent.job_id(), part).await;
            let id = made.map_or_else(|error| error.job_id().unwrap(), |job| job.id());
            client.resume(id).events()
        }
    };
    let mut job = None;
    while let Some(event) = events.next().await {
        let now = event.unwrap().job;
        let mut steps = now.steps().iter();
        let step = steps.find(|step| step.operation() == case.operation).unwrap();
        let is_settled = step.resource().is_some() || now.stage() == Stage::Uncertain;
        job = Some(now);
        if is_settled {
            break;
        }
    }
    let job = job.unwrap();
    let posts = server.requests().into_iter().skip(count).filter(|r| r.starts_with("POST"));
    let end = match job.stage() {
        Stage::Uncertain => End::Held,
        _ if job.steps().iter().any(|step| step.attempt() > 1) => End::SentAgain,
        _ => End::Found,
    };
    Outcome { end, posts: posts.collect(), client, job }
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

fn idempotency_key(request: &str) -> Option<&str> {
    request.lines().find_map(|line| line.strip_prefix("idempotency-key: "))
}

#[tokio::test]
async fn every_cell_of_the_table_is_what_happens() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let (operation, cell, expected) = (case.operation, case.cell, case.end);
            let told = format!("{provider} {operation}: {cell}");
            let outcome = run(provider, case, Recovery::Prove).await;
            assert_eq!(outcome.end, expected, "{told}");
            let posts = outcome.posts;
            match (expected, provider) {
                (End::Found, ProviderId::BeatApi) => {
                    // The same call, so that it cannot be another task.
                    let first = (idempotency_key(&posts[0]), body(&posts[0]));
                    assert!(first.0.is_some() && posts.len() > 1, "{told}");
                    let is_same = |post: &String| (idempotency_key(post), body(post)) == first;
                    assert!(posts.iter().all(is_same), "{told}");
                }
                (End::SentAgain, _) => {
                    assert_eq!(posts.len(), 2, "{told}");
                    assert_eq!(body(&posts[0]), body(&posts[1]), "{told}: the tag is the step's");
                }
                _ => assert_eq!(posts.len(), 1, "{told}"),
            }
        }
    }
}

#[tokio::test]
async fn a_policy_of_holding_reads_and_sends_nothing() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let told = format!("{provider} {}: {}", case.operation, case.cell);
            let is_found = case.end == End::Found && provider != ProviderId::BeatApi;
            let outcome = run(provider, case, Recovery::Hold).await;
            let expected = if is_found { End::Found } else { End::Held };
            assert_eq!((outcome.end, outcome.posts.len()), (expected, 1), "{told}");
        }
    }
}

#[tokio::test]
async fn what_is_held_is_sent_again_by_decision_or_within_a_limit_only() {
    let link = || {
        let again =
            vec![json(200, r#"{"id":"l2"}"#), json(200, r#"{"id":"v","status":"pending"}"#)];
        case("create_link_with_params", "always", End::Held, again)
    };
    let creatify = ProviderId::Creatify;
    let below = Recovery::ResubmitIfAtMost("0.99".parse().unwrap());
    let outcome = run(creatify, link(), below).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::Held, 1));
    let (client, held) = (outcome.client, outcome.job);
    let listed = client.jobs().held().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].as_ref().unwrap().id(), held.id());

    // By decision.
    let job = client.jobs().resolve(&held, Resolution::Resubmit).await.unwrap();
    assert!(job.may_be_double() && job.stage() == Stage::Ready);
    let error = client.jobs().resolve(&held, Resolution::Resubmit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it was held once");
    let job = client.advance(&held).await.unwrap().job;
    assert_eq!(job.steps()[0].resource(), Some("l2"));

    // By policy, once.
    let within = Recovery::ResubmitIfAtMost("1".parse().unwrap());
    let outcome = run(creatify, link(), within).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::SentAgain, 2));
    assert!(outcome.job.may_be_double());
    let mut twice = link();
    twice.after = vec![Reply::HangUp];
    let outcome = run(creatify, twice, within).await;
    assert_eq!((outcome.end, outcome.posts.len()), (End::Held, 2));
}

#[tokio::test]
async fn what_is_held_is_adopted_after_it_was_read_or_given_up() {
    let link = |after| case("create_link_with_params", "always", End::Held, after);
    let not_found = json(404, r#"{"detail":"No Link matches the given query."}"#);
    let found = json(200, r#"{"id":"l9"}"#);
    let outcome = run(ProviderId::Creatify, link(vec![not_found, found]), Recovery::Prove).await;
    let (client, held) = (outcome.client, outcome.job);
    let adopt = |text: &str| Resolution::Adopt(text.to_owned());
    let error = client.jobs().resolve(&held, adopt("creatify:l8")).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::NotFound, Some(held.id())));
    let job = client.jobs().resolve(&held, adopt("creatify:l9")).await.unwrap();
    assert_eq!((job.stage(), job.steps()[0].resource()), (Stage::Running, Some("l9")));

    let outcome = run(ProviderId::Creatify, link(vec![]), Recovery::Prove).await;
    let (client, held) = (outcome.client, outcome.job);
    let job = client.jobs().resolve(held.id(), Resolution::Abandon).await.unwrap();
    assert_eq!((job.stage(), job.may_retry()), (Stage::Failed, false));
    assert!(client.jobs().open().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_task_that_is_younger_than_the_call_is_told_as_a_possible_double() {
    // The first look fails, so that the call is sent again 45 s later.
    let newer = workflows("video-analysis");
    let young = r#"{"data":{"id":"task_2","status":"queued","created_at":1790000045}}"#;
    let after = vec![json(503, "{}"), newer, json(201, young)];
    let case = case("create_ecommerce_video", "", End::Found, after);
    let outcome = run(ProviderId::BeatApi, case, Recovery::Prove).await;
    assert_eq!(outcome.end, End::Found);
    assert!(outcome.job.may_be_double());
    assert!(outcome.job.steps()[0].doubt().unwrap().contains("younger"));
}

#[tokio::test]
async fn the_callers_own_idempotency_key_wins() {
    let mut own = case("create_ecommerce_video", "", End::Found, vec![]);
    own.request = own.request.with(beatapi::Options::new().idempotency_key("order-1042"));
    own.after = vec![workflows("video-analysis"), task()];
    let outcome = run(ProviderId::BeatApi, own, Recovery::Prove).await;
    let keys: Vec<_> = outcome.posts.iter().map(|post| idempotency_key(post)).collect();
    assert_eq!(keys, [Some("order-1042"), Some("order-1042")]);
    let bad = image().with(beatapi::Options::new().idempotency_key("with a blank"));
    let error = outcome.client.plan(&bad).await.unwrap_err();
    assert_eq!(error.field(), Some("beatapi.idempotency_key"));
}

#[test]
fn every_cell_of_the_table_has_a_case_and_every_case_a_cell() {
    let table = include_str!("../../src/recovery.md");
    let rows = table.lines().skip(2).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        <[&str; 5]>::try_from(cells).unwrap()
    });
    let mut cells = BTreeSet::new();
    for [provider, operation, found, absent, held] in rows {
        let operation = operation.trim_matches('`');
        let columns = [(found, "Found"), (absent, "SentAgain"), (held, "Held")];
        for (cell, end) in columns {
            // Alternatives are separated by `, or`, except in what a link is like.
            let parts: Vec<_> = match end {
                "Held" => cell.split(", or ").collect(),
                _ => vec![cell],
            };
            let told = parts.into_iter().filter(|part| ![NO_LOOK, "never"].contains(part));
            cells.extend(told.map(|part| format!("{provider} {operation} {end}: {part}")));
        }
    }
    let tested: BTreeSet<String> = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| cases(provider).into_iter().map(move |case| (provider, case)))
        .map(|(provider, case)| {
            let Case { operation, end, cell, .. } = case;
            format!("{} {operation} {end:?}: {cell}", provider.display_name())
        })
        .collect();
    assert_eq!(tested, cells);
    let paid: BTreeSet<_> = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| cases(provider).into_iter().map(|case| case.operation))
        .collect();
    assert_eq!(paid.len(), 12, "every paid step of every plan");
}
