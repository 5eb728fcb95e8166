//! Creatify accepted a paid call and its answer was lost; and then its lists say less than they
//! should.

use serde_json::{Value, json};

use crate::command::{IMAGE, Run, Workspace};
use crate::dialect::Creatify;
use crate::dialect::creatify::{self, LINK_VIDEOS, LINKS, RECORDS, read};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// What is asked for: a picture and its video, or the video of a page.
#[derive(Clone, Copy)]
enum Asked {
    Picture,
    Page,
}

impl Asked {
    fn make(self, workspace: &Workspace, server: &Server) -> Run {
        let page = ["--page-url", "https://shop.example/roast", "--name", "Roast"];
        let request = match self {
            Self::Picture => IMAGE,
            Self::Page => page,
        };
        workspace.run(server, &[&["make"], &request[..], &["--provider", "creatify"]].concat())
    }
}

/// One paid call whose answer is lost.
struct Lost {
    asked: Asked,
    has_webhook: bool,
    /// The paid call, by the path of its request.
    is_call: fn(&Request) -> bool,
    /// Whether its own record tells of it, and not the list of all.
    is_in_record: bool,
    list: &'static str,
    /// What that shows until it is as it should be.
    shown: fn(Vec<Value>) -> Vec<Value>,
    /// Whether nothing in the list can be told from others'.
    must_hold: bool,
    /// Whether it is in the list, as plain as can be.
    must_find: bool,
}

/// Whatever the list shows, the call is paid for once, and it is found when the list is as it should
/// be: where anything in it is ours.
async fn play(lost: Lost) {
    let (service, is_honest, workspace) = (Creatify::new(), Switch::default(), Workspace::new());
    let (creatify, is_lost, honest) = (service.clone(), Switch::default(), is_honest.clone());
    let Lost { asked, has_webhook, is_call, is_in_record, list, shown, must_hold, must_find } =
        lost;
    let server = Server::sped_up(SPEED, move |request| {
        let answer = creatify.answer(request);
        if is_call(request) && is_lost.is_first() {
            return Answer::hang_up();
        }
        let is_look = match is_in_record {
            true => request.is("GET", list),
            false => request.path == list && request.method == "GET" && request.query.is_empty(),
        };
        if is_look && is_lost.is_on() && !honest.is_on() {
            let items = match list {
                LINKS => creatify.listed_links(request),
                LINK_VIDEOS => creatify.listed_link_videos(request, &json!({})),
                _ => creatify.listed(request),
            };
            return shown_as(request, list, shown(items));
        }
        answer
    });
    let server = server.await;
    let with = |run: Run| if has_webhook { run.with_webhook() } else { run };
    let made = with(asked.make(&workspace, &server)).ended().await;
    match (must_hold, must_find) {
        (true, _) => made.is(6),
        (_, true) => made.is(0),
        _ => made.is_done_or_held(),
    }
    assert_eq!(paid(&server, is_call), 1);
    is_honest.turn();
    let resumed = with(workspace.run(&server, &["resume"])).ended().await;
    // Without an address of ours in it, a picture stays unknown for ever.
    if has_webhook || list != RECORDS {
        resumed.is(0)
    } else {
        resumed.is(6)
    };
    assert_eq!(paid(&server, is_call), 1);
    let (pictures, links, videos) = (service.pictures(), service.links(), service.link_videos());
    assert!(pictures <= 1 && links <= 1 && videos <= 1, "{pictures} {links} {videos}");
    assert_eq!(workspace.videos(), usize::from(resumed.code == Some(0)));
}

/// A list as it is, or the single object that stands in its place.
fn shown_as(request: &Request, list: &str, items: Vec<Value>) -> Answer {
    match &items[..] {
        [object] if object["results"].is_array() => Answer::json(200, object),
        _ => read(request, list, &items),
    }
}

fn found(lost: Lost) -> Lost {
    Lost { must_find: true, ..lost }
}

fn behind_torn(records: Vec<Value>) -> Vec<Value> {
    let torn = [
        json!(null),
        json!(7),
        json!("text"),
        json!({}),
        json!({ "id": [1], "status": {} }),
        json!({ "id": null, "url": 7, "name": { "a": 1 } }),
        json!({ "id": "x", "url": 7, "name": { "a": 1 }, "webhook_url": { "a": 1 }, "status": null }),
    ];
    torn.into_iter().chain(records).collect()
}

fn paid(server: &Server, is_call: fn(&Request) -> bool) -> usize {
    server.seen("POST", "/").iter().filter(|request| is_call(request)).count()
}

#[tokio::test]
async fn creatify_lists_of_pictures() {
    let lost = |has_webhook, must_hold, shown| Lost {
        asked: Asked::Picture,
        has_webhook,
        is_call: |request| request.is("POST", creatify::IMAGE),
        is_in_record: false,
        list: RECORDS,
        shown,
        must_hold,
        must_find: false,
    };
    let members: [(&str, Lost); 9] = [
        ("without an address of ours", lost(false, true, |records| records)),
        ("left out, or late", lost(true, true, |_| Vec::new())),
        ("without its address", lost(true, true, |records| with(records, &json!(null)))),
        ("with an empty address", lost(true, true, |records| with(records, &json!("")))),
        (
            "with the address cut",
            lost(true, false, |mut records| {
                for record in &mut records {
                    let address = record["webhook_url"].as_str().unwrap();
                    record["webhook_url"] = json!(address[..address.len() - 5]);
                }
                records
            }),
        ),
        (
            "others only",
            lost(true, true, |mut records| {
                for record in &mut records {
                    record["id"] = json!("0e5e8a6f-d0d5-4736-b390-000000000000");
                    record["webhook_url"] = json!("https://hook.example/other");
                }
                records
            }),
        ),
        ("behind unreadable ones", found(lost(true, false, behind_torn))),
        (
            "ours is odd but for its address",
            found(lost(true, false, |mut records| {
                for record in &mut records {
                    record["created_at"] = json!(7);
                    record["status"] = json!(null);
                    record["failed_reason"] = json!({ "code": 1 });
                }
                records
            })),
        ),
        ("in an object", found(lost(true, false, |records| vec![json!({ "results": records })]))),
    ];
    side_by_side(members, play).await;
}

/// A list that is reversed, with older records first, shows the picture all the same.
#[tokio::test]
async fn creatify_list_with_the_oldest_first() {
    let (service, workspace) = (Creatify::new(), Workspace::new());
    let (creatify, is_lost) = (service.clone(), Switch::default());
    let server = Server::sped_up(SPEED, move |request| {
        let answer = creatify.answer(request);
        if request.is("POST", creatify::IMAGE) && is_lost.is_first() {
            return Answer::hang_up();
        }
        if request.path == RECORDS && request.query.is_empty() {
            let old = (0..40).map(|number| {
                json!({ "id": format!("0e5e8a6f-d0d5-4736-b390-{number:012}"),
                    "status": "video_generated", "webhook_url": "https://hook.example/old",
                    "created_at": "2026-01-01T00:00:00Z" })
            });
            let all: Vec<_> = old.chain(creatify.listed(request)).collect();
            return read(request, RECORDS, &all);
        }
        answer
    });
    let server = server.await;
    workspace.make(&server, "creatify", &[]).with_webhook().ended().await.is(0);
    assert_eq!((service.pictures(), workspace.videos()), (1, 1));
}

#[tokio::test]
async fn creatify_lists_of_links_and_their_videos() {
    let link = |must_hold, shown| Lost {
        asked: Asked::Page,
        has_webhook: true,
        is_call: |request| request.is("POST", LINKS),
        is_in_record: false,
        list: LINKS,
        shown,
        must_hold,
        must_find: false,
    };
    let video = |must_hold, shown| Lost {
        is_call: |request| request.is("POST", LINK_VIDEOS),
        list: LINK_VIDEOS,
        ..link(must_hold, shown)
    };
    let members: [(&str, Lost); 9] = [
        ("a link stands behind unreadable ones", found(link(false, behind_torn))),
        ("a video stands behind unreadable ones", found(video(false, behind_torn))),
        ("a link is left out, or late", link(true, |_| Vec::new())),
        (
            "a link's page is changed",
            link(false, |mut links| {
                for link in &mut links {
                    link["url"] = json!("https://www.shop.example/en/roast?from=creatify");
                }
                links
            }),
        ),
        ("a video is left out, or late", video(true, |_| Vec::new())),
        ("a video's name is cut at 20", video(false, |videos| named(videos, |name| cut(name, 20)))),
        ("a video's name is cut at 5", video(false, |videos| named(videos, |name| cut(name, 5)))),
        ("a video has no name", video(false, |videos| named(videos, |_| String::new()))),
        (
            "a video has a name of its own",
            video(false, |videos| named(videos, |_| "Fresh coffee".to_owned())),
        ),
    ];
    side_by_side(members, play).await;
}

/// A record stays `image_generated` for a while after its video was accepted: the fence that a
/// status is may lag too.
#[tokio::test]
async fn creatify_record_that_goes_on_late() {
    play(Lost {
        asked: Asked::Picture,
        has_webhook: true,
        is_call: creatify::is_video,
        is_in_record: true,
        list: RECORDS,
        shown: |mut records| {
            for record in &mut records {
                record["status"] = json!("image_generated");
                record["generated_video_url"] = json!("");
            }
            records
        },
        must_hold: false,
        must_find: false,
    })
    .await;
}

fn with(mut records: Vec<Value>, address: &Value) -> Vec<Value> {
    for record in &mut records {
        record["webhook_url"] = address.clone();
    }
    records
}

fn named(mut videos: Vec<Value>, change: impl Fn(&str) -> String) -> Vec<Value> {
    for video in &mut videos {
        video["name"] = json!(change(video["name"].as_str().unwrap()));
    }
    videos
}

fn cut(name: &str, chars: usize) -> String {
    name.chars().take(chars).collect()
}
