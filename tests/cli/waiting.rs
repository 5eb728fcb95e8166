//! Jobs that wait: for somebody to see to their account, for the network, for a provider that no
//! longer knows them.

use std::time::Duration;

use serde_json::json;

use crate::dialect::creatify::{RECORDS, is_video, refused};
use crate::dialect::{Creatify, Jogg, jogg};
use crate::held::{Desk, Switch};
use crate::server::Server;

/// How many times as fast the servers' clock runs.
const SPEED: f64 = 600.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_half_paid_job_says_what_was_paid_what_it_waits_for_and_how_it_goes_on() {
    let members = [
        (401, "Invalid key", "keys", "set keys that work, then: adreel wait "),
        (402, "no credits", "credits", "add credits to the account, then: adreel wait "),
        (403, "not allowed", "plan", "see to the account's plan or the key's rights, then: "),
    ];
    for (status, word, waits_for, next) in members {
        let (service, desk, is_well) = (Creatify::new(), Desk::new(), Switch::default());
        let (creatify, well) = (service.clone(), is_well.clone());
        let server =
            Server::sped_up(SPEED, move |request| match is_video(request) && !well.is_on() {
                true => refused(status, word),
                false => creatify.answer(request),
            });
        let server = server.await;
        let (code, _, stderr) = desk.make(&server, "creatify", "Roast");
        assert_eq!(code, Some(3), "{stderr}");
        let error = stderr.lines().last().unwrap();
        let paid = "; paid already: gen_image 7e5e8a6f-d0d5-4736-b390-000000000000 for at most 2 credits; ";
        for part in ["error: creatify gen_video: it waits for ", word, paid, next] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let job = desk.lines(&server, &["jobs", "--open"]).remove(0);
        assert_eq!((&job["stage"], &job["waits_for"]), (&json!("running"), &json!(waits_for)));
        let id = job["job"].as_str().unwrap();
        let (_, listed, _) = desk.run(&server, &["jobs"]);
        assert!(listed.lines().nth(1).unwrap().contains(waits_for), "{listed}");
        let (_, shown, _) = desk.run(&server, &["job", id]);
        assert!(shown.contains("waits     for ") && shown.contains(next), "{shown}");
        // Coming back too early is said in the same way, also as data.
        let ended = desk.lines(&server, &["wait", id]).remove(0);
        assert_eq!(ended["waits_for"], waits_for, "{ended}");
        assert!(ended["next"].as_str().unwrap().starts_with(next), "{ended}");
        is_well.turn();
        let (code, _, stderr) = desk.run(&server, &["wait", id]);
        assert_eq!((code, service.pictures(), desk.videos()), (Some(0), 1, 1), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_network_ends_at_its_limit_and_is_come_back_to() {
    let (service, desk, is_gone) = (Creatify::new(), Desk::new(), Switch::default());
    let creatify = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = creatify.answer(request);
        match request.is("GET", RECORDS) && is_gone.is_first() {
            true => answer.and_stop(),
            false => answer,
        }
    });
    let server = server.await;
    let (code, _, stderr) = desk.make_shortly(&server, "creatify", "Roast");
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("gen_video, waits for the network: "), "{stderr}");
    let error = stderr.lines().last().unwrap();
    for part in [
        "the time limit of ",
        "paid already: gen_image",
        "; it waits for the network; ",
        "; then: adreel job ",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    server.listen_again().await;
    let (code, _, stderr) = desk.run(&server, &["resume"]);
    assert_eq!((code, service.pictures(), desk.videos()), (Some(0), 1, 1), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_is_open_and_revived_by_whoever_comes_back() {
    for back in ["wait", "resume", "make"] {
        let (service, desk, is_back) = (Jogg::new(), Desk::new(), Switch::default());
        let (jogg, known) = (service.clone(), is_back.clone());
        let server = Server::sped_up(SPEED, move |request| {
            let is_read = request.is("GET", jogg::READ) || request.is("GET", jogg::LIST);
            match is_read && !known.is_on() {
                true if request.is("GET", jogg::LIST) => jogg::page(request, &[], 100),
                true => jogg::not_found(),
                false => jogg.answer(request),
            }
        });
        let server = server.await;
        let (code, _, stderr) = desk.make_shortly(&server, "jogg", "Roast");
        assert_eq!(code, Some(4), "{stderr}");
        server.step(Duration::from_secs(7 * 3_600));
        let (code, _, stderr) = desk.run(&server, &["resume"]);
        assert_eq!(code, Some(1), "{stderr}");
        let job = desk.lines(&server, &["jobs", "--open"]).remove(0);
        assert_eq!(job["stage"], "lost");
        let id = job["job"].as_str().unwrap();
        assert!(stderr.contains(&format!("then: adreel wait {id}")), "{stderr}");
        is_back.turn();
        let (code, _, stderr) = match back {
            "make" => desk.make(&server, "jogg", "Roast"),
            "wait" => desk.run(&server, &["wait", id]),
            _ => desk.run(&server, &["resume"]),
        };
        assert_eq!((code, service.accepted(), desk.videos()), (Some(0), 1, 1), "{back}: {stderr}");
    }
}
