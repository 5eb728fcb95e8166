//! Jobs that wait: for somebody to see to their account, for the network, for a provider that no
//! longer knows them.

use std::time::Duration;

use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::dialect::creatify::{RECORDS, is_video, refused};
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, jogg};
use crate::held::{Switch, Workspace};
use crate::server::{Answer, Request, Server};

/// How many times as fast the servers' clock runs.
const SPEED: f64 = 600.0;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_half_paid_job_says_what_was_paid_what_it_waits_for_and_how_it_goes_on() {
    let members = [
        (401, "Invalid key", "keys", "set keys that work, then: adreel wait "),
        (402, "no credits", "credits", "add credits to the account, then: adreel wait "),
        (403, "not allowed", "plan", "see to the account's plan or the key's rights, then: "),
    ];
    for (status, word, waits_for, next) in members {
        let (service, workspace, is_well) = (Creatify::new(), Workspace::new(), Switch::default());
        let (creatify, well) = (service.clone(), is_well.clone());
        let server =
            Server::sped_up(SPEED, move |request| match is_video(request) && !well.is_on() {
                true => refused(status, word),
                false => creatify.answer(request),
            });
        let server = server.await;
        let (code, _, stderr) = workspace.make(&server, "creatify", "Roast");
        assert_eq!(code, Some(3), "{stderr}");
        let error = stderr.lines().last().unwrap();
        let paid = "; paid already: gen_image 7e5e8a6f-d0d5-4736-b390-000000000000 for at most 2 credits; ";
        for part in ["error: creatify gen_video: it waits for ", word, paid, next] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let job = workspace.lines(&server, &["jobs", "--open"]).remove(0);
        assert_eq!((&job["stage"], &job["waits_for"]), (&json!("running"), &json!(waits_for)));
        let id = job["job"].as_str().unwrap();
        let (_, listed, _) = workspace.run(&server, &["jobs"]);
        assert!(listed.lines().nth(1).unwrap().contains(waits_for), "{listed}");
        let (_, shown, _) = workspace.run(&server, &["job", id]);
        assert!(shown.contains("waits     for ") && shown.contains(next), "{shown}");
        // Coming back too early is said in the same way, also as data.
        let ended = workspace.lines(&server, &["wait", id]).remove(0);
        assert_eq!(ended["waits_for"], waits_for, "{ended}");
        assert!(ended["next"].as_str().unwrap().starts_with(next), "{ended}");
        is_well.turn();
        let (code, _, stderr) = workspace.run(&server, &["wait", id]);
        assert_eq!((code, service.pictures(), workspace.videos()), (Some(0), 1, 1), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_network_ends_at_its_limit_and_is_come_back_to() {
    let (service, workspace, is_gone) = (Creatify::new(), Workspace::new(), Switch::default());
    let creatify = service.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = creatify.answer(request);
        match request.is("GET", RECORDS) && is_gone.is_first() {
            true => answer.and_stop(),
            false => answer,
        }
    });
    let server = server.await;
    let (code, _, stderr) = workspace.make_shortly(&server, "creatify", "Roast");
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("gen_video, waits for the network: "), "{stderr}");
    let error = stderr.lines().last().unwrap();
    for part in [
        "the time limit of 3s passed",
        "paid already: gen_image",
        "; it waits for the network; ",
        "; then: adreel job ",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    server.listen_again().await;
    let (code, _, stderr) = workspace.run(&server, &["resume"]);
    assert_eq!((code, service.pictures(), workspace.videos()), (Some(0), 1, 1), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_is_open_and_revived_by_whoever_comes_back() {
    for back in ["wait", "resume", "make"] {
        let (service, workspace, is_back) = (Jogg::new(), Workspace::new(), Switch::default());
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
        let (code, _, stderr) = workspace.make_shortly(&server, "jogg", "Roast");
        assert_eq!(code, Some(4), "{stderr}");
        // A clock that is set forward makes no hours in which the provider says so.
        server.step(HOUR * 700);
        let shortly = || workspace.run(&server, &["resume", "--time-limit", "1s"]);
        let (code, _, stderr) = shortly();
        assert_eq!(code, Some(4), "{back}: {stderr}");
        let resumed = || {
            server.step(HOUR);
            shortly()
        };
        let mut resumed = std::iter::repeat_with(resumed).take(12);
        let (code, _, stderr) = resumed.find(|(code, ..)| *code != Some(4)).unwrap();
        assert_eq!(code, Some(1), "{back}: {stderr}");
        let job = workspace.lines(&server, &["jobs", "--open"]).remove(0);
        assert_eq!(job["stage"], "lost");
        let id = job["job"].as_str().unwrap();
        assert!(stderr.contains(&format!("then: adreel wait {id}")), "{stderr}");
        is_back.turn();
        let (code, _, stderr) = match back {
            "make" => workspace.make(&server, "jogg", "Roast"),
            "wait" => workspace.run(&server, &["wait", id]),
            _ => workspace.run(&server, &["resume"]),
        };
        assert_eq!(
            (code, service.accepted(), workspace.videos()),
            (Some(0), 1, 1),
            "{back}: {stderr}"
        );
    }
}

/// How many jobs one command comes back to, which is more than it begins at a time.
const MANY: usize = 100;

/// Each job of these runs until the last of them was read.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_run_for_long_keep_no_other_from_being_waited_for() {
    let (service, workspace, is_last_read) =
        (BeatApi::newer(), Workspace::new(), Switch::default());
    let (beatapi, last_read) = (service.clone(), is_last_read.clone());
    let server = Server::sped_up(SPEED, move |request| {
        if !request.is("GET", beatapi::TASK) {
            return beatapi.answer(request);
        }
        if request.id() == format!("task_{MANY}") {
            last_read.turn();
        }
        task(request, last_read.is_on())
    });
    let server = server.await;
    let (code, _, stderr) = workspace.make_shortly(&server, "beatapi", "Roast");
    assert_eq!(code, Some(4), "{stderr}");
    copy_job(&workspace).await;
    let (code, stdout, stderr) = workspace.run(&server, &["resume", "--time-limit", "30s"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), MANY), "{stderr}");
    assert_eq!(service.accepted(), 1);
}

fn task(request: &Request, has_succeeded: bool) -> Answer {
    let media = json!([{ "type": "video", "url": request.address("/v.mp4") }]);
    let status = if has_succeeded { "succeeded" } else { "processing" };
    let output = has_succeeded.then(|| json!({ "media": media }));
    let usage = json!({ "credits_reserved": 4.5, "credits_settled": 4.5, "credits_refunded": 0 });
    Answer::json(
        200,
        &json!({ "data": { "id": request.id(), "object": "task", "workflow": "ecommerce-video",
            "status": status, "output": output, "usage": usage, "request_id": "req_1" } }),
    )
}

/// Has the ledger's only job there many times, each with a task of its own and for no file.
async fn copy_job(workspace: &Workspace) {
    let options = SqliteConnectOptions::new().filename(workspace.0.path().join("jobs.db"));
    let mut ledger = SqliteConnection::connect_with(&options).await.unwrap();
    let copied = sqlx::query(
        "WITH RECURSIVE copies (number) AS \
         (VALUES (2) UNION ALL SELECT number + 1 FROM copies WHERE number < $1), \
         named AS (SELECT *, substr(id, 1, 23) || printf('%03d', number) AS new, \
         'task_' || number AS task FROM adreel_jobs, copies) \
         INSERT INTO adreel_jobs (id, provider, account, realm, stage, due_at, job_order, state, \
         revision, stamp, created_at, updated_at, resource) SELECT new, provider, account, realm, \
         stage, due_at, json_remove(replace(job_order, id, new), '$.key', '$.labels'), \
         replace(state, 'task_1', task), revision, stamp, created_at, updated_at, task FROM named",
    );
    let copied = copied.bind(i64::try_from(MANY).unwrap()).execute(&mut ledger).await.unwrap();
    assert_eq!(copied.rows_affected(), MANY as u64 - 1);
    ledger.close().await.unwrap();
}
