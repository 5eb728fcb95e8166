//! Creatify's deliveries, to the address of each call.

use serde_json::json;

use super::super::creatify::call;
use super::*;

#[tokio::test]
async fn creatify_posts_to_the_address_of_each_call() {
    let (sandbox, receiver) = (still().await, Receiver::start(500).await);
    let post = async |path: &str, body: Value| {
        let call = call(&sandbox, &format!("POST /api/product_to_videos/{path}"));
        let answer = call.json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let product = "https://cdn.example.com/a.png";
    let order = json!({"product_url": product, "webhook_url": receiver.at("image?t=1")});
    let id = post("gen_image/", order).await;
    skip(&sandbox, 30);
    // Nothing is sent again, though it was refused.
    settled(&sandbox, 1).await;
    let image = receiver.takes(&sandbox, 1).await.remove(0);
    assert_eq!((&*image.path, &image.json()["status"]), ("/image?t=1", &"image_generated".into()));
    assert_eq!(image.json()["id"], *id);
    for absent in ["regen_type", "regen_source_id", "failed_reason"] {
        assert_eq!(image.json().get(absent), None);
    }
    assert_eq!(image.header("x-webhook-signature"), None);

    let order = json!({"webhook_url": receiver.at("video")});
    post(&format!("{id}/gen_video/"), order).await;
    settled(&sandbox, 2).await;
    let early = receiver.takes(&sandbox, 2).await.remove(1).json();
    assert_eq!(early["status"], "video_generating");
    assert_eq!(
        (early.as_object().unwrap().len(), &early["generated_video_url"]),
        (15, &Value::Null)
    );
    skip(&sandbox, 120);
    settled(&sandbox, 3).await;
    let done = receiver.takes(&sandbox, 3).await.remove(2).json();
    assert_eq!(done["status"], "video_generated");
    assert!(done["generated_video_url"].is_string());

    let again = post(&format!("{id}/regen_image/"), json!({"webhook_url": receiver.at("")})).await;
    post(&format!("{id}/regen_video/"), json!({})).await;
    skip(&sandbox, 120);
    settled(&sandbox, 4).await;
    let remade = receiver.takes(&sandbox, 4).await.remove(3).json();
    assert_eq!((&remade["regen_type"], &remade["id"]), (&"regen_image".into(), &again.into()));
    let events: Vec<_> = sandbox.webhooks().into_iter().map(|known| known.event).collect();
    let expected = ["image_generated", "video_generating", "video_generated", "image_generated"];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn creatify_tells_of_link_videos_in_a_shorter_form() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let post = async |path: &str, body: Value| {
        let answer = call(&sandbox, &format!("POST /api/{path}")).json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    };
    let images = ["a", "b", "c"].map(|name| format!("https://cdn.example.com/{name}.png"));
    let link = json!({"title": "Morning Roast", "description": "Roasted", "image_urls": images});
    let link = post("links/link_with_params/", link).await["id"].take();
    let order = |path: &str| json!({"link": link, "webhook_url": receiver.at(path)});

    let job = post("link_to_videos/", order("whole")).await;
    skip(&sandbox, 300);
    settled(&sandbox, 1).await;
    let whole = receiver.takes(&sandbox, 1).await.remove(0).json();
    let read = format!("GET /api/link_to_videos/{}/", job["id"].as_str().unwrap());
    let read = call(&sandbox, &read).send().await.json();
    assert_eq!(
        whole,
        json!({
            "id": job["id"], "status": "done", "failed_reason": "",
            "video_output": read["video_output"], "video_thumbnail": read["video_thumbnail"],
        })
    );
    assert!(read["video_output"].is_string());

    let list = post("link_to_videos/preview_list_async/", order("list")).await["id"].take();
    skip(&sandbox, 60);
    settled(&sandbox, 2).await;
    let previews = receiver.takes(&sandbox, 2).await.remove(1).json();
    assert_eq!((&previews["id"], &previews["status"]), (&list, &"pending".into()));
    let first = previews["previews"][0].as_object().unwrap();
    let names: Vec<_> = first.keys().collect();
    assert_eq!(names, ["aspect_ratio", "media_job", "url", "visual_style"]);

    let path = format!("link_to_videos/{}/render_single_preview/", list.as_str().unwrap());
    post(&path, json!({"media_job": first["media_job"]})).await;
    skip(&sandbox, 300);
    settled(&sandbox, 3).await;
    let rendered = receiver.takes(&sandbox, 3).await.remove(2);
    assert_eq!((&*rendered.path, &rendered.json()["status"]), ("/list", &"done".into()));
}
