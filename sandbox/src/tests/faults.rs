//! Faults that stay where they belong, and requests that arrive broken.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_cut_is_for_one_answer_and_no_later_one() {
    let sandbox = still().await;
    let body = Call::new(&sandbox, "GET /v1/usage").header("Authorization", "Bearer a");
    let length = body.send().await.body.len();
    for (bytes, arrives) in [(7, 7), (length, length), (3_000, length), (1_000_000_000, length)] {
        sandbox
            .arm(format!("reset-middle?operation=get_usage&bytes={bytes}").parse().unwrap())
            .unwrap();
        let address: SocketAddr = sandbox.url().strip_prefix("http://").unwrap().parse().unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET /v1/usage HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer a\r\n\r\n");
        // The second one is never carried out.
        stream.write_all(request.repeat(2).as_bytes()).await.unwrap();
        let (mut answer, mut part) = (Vec::new(), [0; 4_096]);
        while let Ok(1..) =
            stream.read(&mut part).await.inspect(|read| answer.extend(&part[..*read]))
        {}
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.to_lowercase().contains("connection: close"), "{head}");
        assert_eq!(body.len(), arrives, "{bytes}");
    }
    let calls = sandbox.requests();
    assert_eq!(calls.iter().filter(|call| call.faults == ["reset-middle"]).count(), 4);
    assert_eq!(calls.len(), 5);
}

#[tokio::test]
async fn a_list_takes_no_fault_off_the_jobs_it_shows_and_brings_none() {
    let sandbox = still().await;
    let call =
        |line: &str| Call::new(&sandbox, line).header("X-API-ID", "a").header("X-API-KEY", "b");
    let order = async |url: &str| {
        let body = json!({"product_url": url});
        let made = call("POST /api/product_to_videos/gen_image/").json(&body).send().await;
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let status = async |id: &str| {
        let read = call(&format!("GET /api/product_to_videos/{id}/")).send().await;
        read.json()["status"].as_str().unwrap().to_owned()
    };
    let magic = order("https://fault.sandbox.test/unknown-status.png?times=always").await;
    sandbox.arm("unknown-status?product=roast&times=always".parse().unwrap()).unwrap();
    let ruled = order("https://cdn.example.com/roast.png").await;
    let plain = order("https://cdn.example.com/a.png").await;
    for header in ["delay?seconds=0", "unknown-status?times=always&operation=get_product_to_video"]
    {
        let list = call("GET /api/product_to_videos/").header("x-sandbox-fault", header);
        assert_eq!(list.send().await.status, 200);
        assert_eq!(
            (&*status(&magic).await, &*status(&ruled).await),
            ("sandbox_unknown", "sandbox_unknown")
        );
        assert_ne!(status(&plain).await, "sandbox_unknown", "{header}");
    }
}

#[tokio::test]
async fn a_product_is_looked_for_in_bodies_and_not_in_paths() {
    let sandbox = still().await;
    for product in ["gen", "product_to_videos", "api"] {
        sandbox.arm(format!("no-credits?product={product}&times=always").parse().unwrap()).unwrap();
    }
    let call = Call::new(&sandbox, "POST /api/product_to_videos/gen_image/");
    let body = json!({"product_url": "https://cdn.example.com/a.png"});
    let made = call.header("X-API-ID", "a").header("X-API-KEY", "b").json(&body).send().await;
    assert_eq!(made.status, 200);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_called_that() {
    let sandbox = still().await;
    for line in [
        "/_sandbox/resubmits",
        "/_sandbox/assets",
        "/_sandbox/faults",
        "/_sandbox/clock/advance",
        "/v2/product",
        "/v1/webhooks",
    ] {
        let call = Call::new(&sandbox, &format!("POST {line}"))
            .header("Authorization", "Bearer a")
            .header("x-api-key", "a")
            .header("Content-Type", "application/json")
            .header("Transfer-Encoding", "chunked");
        let answer = Call { body: b"2\r\n{\"\r\nzz\r\n\r\n".to_vec(), ..call }.send().await;
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(said.contains("the body was not received whole"), "{line}: {said}");
        assert!(answer.status != 413, "{line}");
    }
}

#[tokio::test]
async fn a_fault_that_is_refused_says_which_field_and_what_it_may_be() {
    let sandbox = still().await;
    for (fault, expected) in [
        (json!({"fault": "delay", "seconds": "x"}), "seconds must be a number from 0"),
        (json!({"fault": "delay", "times": "often"}), "times must be a whole number from 1"),
        (json!({"fault": "delay", "times": 0}), "times must be a whole number from 1"),
        (json!({"fault": "delay", "bytes": -1}), "bytes must be a whole number from 0"),
        (json!({"fault": "html", "status": "502"}), "status must be the number"),
        (json!({"fault": "delay", "operation": 7}), "operation must be a text, not 7"),
    ] {
        let refused = Call::new(&sandbox, "POST /_sandbox/faults").json(&fault).send().await;
        assert_eq!(refused.status, 400);
        let said = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(expected), "{said}");
    }
    let refused =
        Call::new(&sandbox, "POST /_sandbox/resubmits").json(&json!({"job": "x".repeat(900_000)}));
    assert_eq!(refused.send().await.status, 404);
}

/// Whatever is asked for, no answer takes much.
#[tokio::test]
async fn long_listings_are_told_in_parts() {
    let sandbox = still().await;
    let long = "\u{1}".repeat(2_000);
    for _ in 0..450 {
        sandbox
            .arm(super::super::Fault::new(super::super::FaultKind::JobFails).value(long.clone()))
            .unwrap();
    }
    let read = async |query: &str| {
        let line = format!("GET /_sandbox/faults{query}");
        let answer = Call::new(&sandbox, &line).send().await;
        (answer.body.len(), answer.json())
    };
    let (length, newest) = read("").await;
    let next = newest["next"].as_u64().expect("there are more");
    assert!(length < 4_100_000 && newest["faults"][0]["id"] == format!("fault_{next}"), "{length}");
    let (_, rest) = read(&format!("?before={next}")).await;
    let count = |part: &Value| part["faults"].as_array().unwrap().len();
    assert_eq!((count(&newest) + count(&rest), rest["next"].as_u64()), (450, None));
    assert_eq!(count(&read("?limit=2").await.1), 2);
    let ledger = Call::new(&sandbox, "GET /_sandbox/ledger?limit=0").send().await;
    assert_eq!(ledger.status, 400);
}
