//! Lists that lie, as a client sees them that is not ours. BeatAPI lists no tasks, so these are
//! JoggAI's.

use adreel::testing::FaultKind;
use serde_json::{Value, json};

use crate::case::{Case, Way};
use crate::plain;

/// The fault shows in the first list, and not in the second.
pub(crate) async fn check(case: &Case, kind: FaultKind) {
    let first = film(case, case.way, "Morning").await;
    case.pass(60);
    let second = film(case, Way::Rule, "Evening").await;
    // A total is seen to be one where not all is on the page.
    let query = if kind == FaultKind::PageTotal { "?page_size=1" } else { "" };
    let (lied, told) = (films(case, query).await, films(case, "").await);
    let videos = told["videos"].as_array().unwrap();
    let shown = |at: usize| (videos[at]["id"].as_str(), videos[at]["title"].as_str());
    assert_eq!(shown(0), (Some(&*second), Some("Evening Roast")), "{:?}", case.way);
    assert_eq!(shown(1), (Some(&*first), Some("Morning Roast")), "{:?}", case.way);
    assert_eq!((videos.len(), &told["total"]), (2, &json!(2)), "{:?}", case.way);
    let lied_videos = lied["videos"].as_array().unwrap();
    match kind {
        FaultKind::ShortList => {
            assert_eq!((lied_videos.len(), lied.get("total")), (0, None), "{:?}", case.way);
        }
        FaultKind::PageTotal => {
            assert_eq!(*lied_videos, videos[..1], "{:?}", case.way);
            assert_eq!(lied["total"], 1, "{:?}", case.way);
        }
        FaultKind::OtherAccount => {
            assert_eq!((lied_videos.len(), &lied["total"]), (0, &json!(0)), "{:?}", case.way);
        }
        FaultKind::OldestFirst => {
            let turned: Vec<_> = videos.iter().rev().cloned().collect();
            assert_eq!(*lied_videos, turned, "{:?}", case.way);
        }
        // It happens to the first record that it can happen to: a rule's to the newest, what a
        // product brings along to that product's.
        _ => {
            let at = usize::from(matches!(case.way, Way::Header | Way::Product));
            let mut expected = videos.clone();
            match case.text {
                "changed-title?count=5" => expected[at]["title"] = json!(["Eveni", "Morni"][at]),
                "changed-title?value=Fresh" => expected[at]["title"] = json!("Fresh"),
                "unreadable-record" => expected[at] = json!("sandbox_unreadable"),
                _ => drop(expected.remove(at)),
            }
            assert_eq!(*lied_videos, expected, "{} {:?}", case.text, case.way);
        }
    }
    let lists = case.sandbox.requests();
    assert!(lists.iter().any(|request| request.faults == [kind.as_str()]), "{:?}", case.way);
}

const JOGG_KEY: &str = "x-api-key: k\r\n";

/// The list of videos.
async fn films(case: &Case, query: &str) -> Value {
    let line = format!("GET /v2/product_videos{query}");
    let list = plain::send(&case.sandbox, &line, JOGG_KEY, &Value::Null).await;
    list.answer().await.json()["data"].clone()
}

/// Makes a video, which may bring the fault along, and tells its id.
async fn film(case: &Case, way: Way, name: &str) -> String {
    let key = JOGG_KEY;
    let text = case.text;
    let header = format!("{key}x-sandbox-fault: {text}\r\n");
    let url = format!("https://fault.sandbox.test/{}", text.replace(' ', "%20"));
    let (header, image) = match way {
        Way::Header => (header.as_str(), "https://cdn.example.com/roast.png"),
        Way::Product => (key, url.as_str()),
        _ => (key, "https://cdn.example.com/roast.png"),
    };
    let line = "GET /v2/avatars/public";
    let avatars = plain::send(&case.sandbox, line, key, &Value::Null).await.answer().await.json();
    let avatar = &avatars["data"]["avatars"][0]["id"];
    let product = json!({"name": "Roast", "media": [{"type": 1, "url": image}]});
    let product = plain::send(&case.sandbox, "POST /v2/product", key, &product).await;
    let body = json!({
        "product_id": product.answer().await.json()["data"]["product_id"],
        "video_spec": {"length": "15", "name": format!("{name} Roast")},
        "avatar": {"id": avatar, "type": 0},
        "script": {"style": "Storytime", "language": "english"},
    });
    let made =
        plain::send(&case.sandbox, "POST /v2/create_video_from_product", header, &body).await;
    let made = made.answer().await.json();
    assert_eq!(made["code"], 0, "{made}");
    made["data"]["video_id"].as_str().unwrap().to_owned()
}
