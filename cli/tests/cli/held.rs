//! Jobs that may have been paid for: listed, looked for, settled one by one and all at once.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::Barrier;

use crate::dialect::jogg::{CREATE, LIST, page, refused};
use crate::dialect::{Creatify, Jogg, creatify};
use crate::server::{Answer, Request, Server};
use crate::{adreel, finished};

/// How many times as fast the servers' clock runs, and so does the command's.
const SPEED: f64 = 60.0;

const HOUR: Duration = Duration::from_secs(3_600);

/// A ledger and a folder for videos, which several commands share.
pub(crate) struct Workspace(pub(crate) tempfile::TempDir);

/// How a command ended, and what it said.
type Ended = (Option<i32>, String, String);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, server: &Server, args: &[&str]) -> std::process::Command {
        let url = server.url();
        let ledger = format!("sqlite:{}", self.0.path().join("jobs.db").display());
        let mut command = adreel(&["--sandbox-url", &url, "--ledger", &ledger]);
        for name in ["BEATAPI_API_KEY", "CREATIFY_API_ID", "CREATIFY_API_KEY", "JOGG_API_KEY"] {
            command.env(name, "sk_sandbox_first");
        }
        command.env("ADREEL_SETTLE_MS", "1500").args(args);
        command
    }

    pub(crate) fn run(&self, server: &Server, args: &[&str]) -> Ended {
        finished(self.command(server, args).output().unwrap())
    }

    pub(crate) fn lines(&self, server: &Server, args: &[&str]) -> Vec<Value> {
        let (_, stdout, _) = self.run(server, &[&["--json"], args].concat());
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `make` of a request that needs no upload.
    pub(crate) fn make(&self, server: &Server, provider: &str, name: &str) -> Ended {
        self.run(server, &self.order(provider, name).each_ref().map(String::as_str))
    }

    /// The same, but it waits for no longer than three seconds.
    pub(crate) fn make_shortly(&self, server: &Server, provider: &str, name: &str) -> Ended {
        let order = self.order(provider, name);
        let order = order.iter().map(String::as_str).chain(["--time-limit", "3s"]);
        self.run(server, &order.collect::<Vec<_>>())
    }

    fn order(&self, provider: &str, name: &str) -> [String; 9] {
        let out = self.0.path().join("out").to_str().unwrap().to_owned();
        let image = "https://cdn.example/a.png";
        ["make", "--image-url", image, "--provider", provider, "--name", name, "--out", &out]
            .map(str::to_owned)
    }

    /// A `make` that is killed when it says something.
    fn kill_when_it_says(&self, server: &Server, provider: &str, name: &str, word: &str) {
        let mut make = self.command(server, &self.order(provider, name).each_ref().map(|s| &**s));
        let mut make = make.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(make.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended and did not say {word}");
        }
        make.kill().unwrap();
        make.wait().unwrap();
    }

    pub(crate) fn videos(&self) -> usize {
        std::fs::read_dir(self.0.path().join("out")).map_or(0, |folder| {
            let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.ends_with(".mp4")).count()
        })
    }

    /// Copies the ledger away, or back, in the place of whatever is there.
    fn copy_ledger(&self, from: &str, to: &str) {
        let (from, to) = (self.0.path().join(from), self.0.path().join(to));
        std::fs::create_dir_all(&to).unwrap();
        for file in ["jobs.db", "jobs.db-wal", "jobs.db-shm"] {
            let _ = std::fs::remove_file(to.join(file));
            if from.join(file).exists() {
                std::fs::copy(from.join(file), to.join(file)).unwrap();
            }
        }
    }
}

/// Something that a test changes while a server answers.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn turn(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether this is the first time that anybody asks.
    pub(crate) fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

fn is_named(request: &Request, name: &str) -> bool {
    String::from_utf8_lossy(&request.body).contains(name)
}

/// What an account had before any call of these tests.
fn with_older(mut videos: Vec<Value>) -> Vec<Value> {
    let older = |id: &str, at: i64| json!({ "id": id, "title": "Tea", "status": "completed", "created_at": at });
    videos.extend([older("old", 1_700_000_000), older("older", 1_690_000_000)]);
    videos
}

/// JoggAI answers no create before it is well, and has accepted the one that is called Late, which
/// its list shows when it is well.
async fn losing_service(jogg: &Jogg, is_well: &Switch) -> Server {
    let (jogg, creatify, is_well) = (jogg.clone(), Creatify::new(), is_well.clone());
    Server::sped_up(SPEED, move |request| {
        if request.is("POST", creatify::IMAGE) && !is_well.is_on() {
            return Answer::hang_up();
        }
        if request.path.starts_with("/api/") {
            return creatify.answer(request);
        }
        if request.is("POST", CREATE) && !is_well.is_on() {
            if is_named(request, "Late") {
                jogg.answer(request);
            }
            return Answer::hang_up();
        }
        if request.is("GET", LIST) {
            let shown = if is_well.is_on() { jogg.listed(request) } else { Vec::new() };
            return page(request, &with_older(shown), 100);
        }
        jogg.answer(request)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn held_jobs_are_listed_with_their_costs_and_sent_again_all_at_once() {
    let (jogg, is_well, workspace) = (Jogg::new(), Switch::default(), Workspace::new());
    let server = losing_service(&jogg, &is_well).await;
    for (provider, name) in [("jogg", "Late"), ("jogg", "Lost"), ("creatify", "Unseen")] {
        let (code, _, stderr) = workspace.make(&server, provider, name);
        assert_eq!(code, Some(6), "{stderr}");
    }
    let (_, listed, _) = workspace.run(&server, &["jobs", "--held"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 100), "{listed}");
    assert_eq!(listed.matches(", whole look ").count(), 2, "{listed}");
    assert_eq!(listed.matches(", no look tells ").count(), 1, "{listed}");
    let held = workspace.lines(&server, &["jobs", "--held"]);
    let id = |index: usize| held[index]["job"].as_str().unwrap();
    assert_eq!(held[1]["evidence"]["survey"]["records"], 2);
    assert!(held[1]["held_since"].as_i64() > held[1]["created_at"].as_i64(), "{}", held[1]);
    let (_, shown, _) = workspace.run(&server, &["job", id(1)]);
    for word in
        ["held      for ", "at 2 records back to 2023-", "not to be sent again: ", "next   "]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }

    // Not before the provider's longest job has ended.
    let (code, _, stderr) = workspace.run(&server, &["resolve", id(1), "--resubmit"]);
    assert_eq!(code, Some(6));
    let instead = format!("adreel resolve {} --adopt REF or --abandon, or wait until then", id(1));
    assert!(stderr.contains("not before ") && stderr.contains(&instead), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let (code, stdout, _) = workspace.run(&server, &["resolve", "--all", "--resubmit"]);
    assert_eq!(code, Some(6));
    assert!(stdout.ends_with("none to send again, 3 left alone\n"), "{stdout}");

    server.step(2 * HOUR);
    let (code, stdout, stderr) =
        workspace.run(&server, &["resolve", "--all", "--older-than", "3d", "--resubmit"]);
    assert_eq!((code, &*stdout, stderr.trim()), (Some(0), "", "no such job is held"));
    is_well.turn();
    let planned = workspace.lines(&server, &["resolve", "--all", "--resubmit", "--dry-run"]);
    let would: Vec<_> = planned.iter().map(|held| held["would"].as_str().unwrap()).collect();
    assert_eq!(would, ["found", "resubmit", "resubmit"]);
    let (code, stdout, _) =
        workspace.run(&server, &["resolve", "--all", "--dry-run", "--resubmit"]);
    assert_eq!(code, Some(0));
    assert_eq!(stdout.matches("    to send again: at most ").count(), 2, "{stdout}");
    assert_eq!(server.count("POST", CREATE), 2, "a list sends nothing");
    let (code, stdout, stderr) =
        workspace.run(&server, &["resolve", "--all", "--older-than", "2h", "--resubmit"]);
    assert_eq!(code, Some(0), "{stderr}");
    let sum = "2 to send again for at most 2 credits at creatify and 1 credit at jogg";
    assert!(stdout.contains(sum), "{stdout}");
    assert_eq!(stdout.matches(" is to be sent again").count(), 2, "{stdout}");
    assert!(stderr.contains("go on with: adreel resume"), "{stderr}");

    let (code, _, stderr) = workspace.run(&server, &["resume"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!((jogg.accepted(), server.count("POST", CREATE), workspace.videos()), (2, 3, 3));
    let done = workspace.lines(&server, &["jobs"]);
    let doubles: Vec<_> = done.iter().map(|job| job["may_be_double"].as_bool().unwrap()).collect();
    assert_eq!(doubles, [false, true, true]);
    assert!(done[1]["doubt"].as_str().unwrap().starts_with("sent again by decision"), "{done:?}");
    let (_, shown, _) = workspace.run(&server, &["job", id(1)]);
    assert!(shown.contains("may be paid twice: sent again by decision"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_look_does_not_find_is_given_up_and_what_it_finds_goes_on() {
    let (jogg, is_well, workspace) = (Jogg::new(), Switch::default(), Workspace::new());
    let (service, is_down) = (jogg.clone(), Switch::default());
    let (well, down) = (is_well.clone(), is_down.clone());
    let server = Server::sped_up(SPEED, move |request| {
        if request.is("GET", LIST) && down.is_on() && !well.is_on() {
            return Answer::json(503, &json!({}));
        }
        if request.is("GET", LIST) && !well.is_on() {
            return page(request, &[], 100);
        }
        if request.is("POST", CREATE) {
            if is_named(request, "Late") {
                service.answer(request);
            }
            return Answer::hang_up();
        }
        service.answer(request)
    });
    let server = server.await;
    for name in ["Late", "Lost"] {
        let (code, _, stderr) = workspace.make(&server, "jogg", name);
        assert_eq!(code, Some(6), "{stderr}");
    }
    let give_up = ["resolve", "--all", "--not-found", "--abandon"];
    // Who cannot look does not know.
    is_down.turn();
    let (code, stdout, _) = workspace.run(&server, &give_up);
    assert_eq!(code, Some(6));
    assert!(stdout.contains("left alone: that it is not there is not known"), "{stdout}");
    is_well.turn();
    let (code, stdout, stderr) = workspace.run(&server, &give_up);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("1 to give up, 1 found\n"), "{stdout}");
    let (code, _, stderr) = workspace.run(&server, &["resume"]);
    assert_eq!((code, jogg.accepted(), workspace.videos()), (Some(0), 1, 1), "{stderr}");
    let stages: Vec<_> =
        workspace.lines(&server, &["jobs"]).iter().map(|job| job["stage"].clone()).collect();
    assert_eq!(stages, ["done", "failed"]);
}

/// No list answers before all of them are read: a look that hangs keeps no other from being made.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_hangs_keeps_no_other_job_waiting() {
    const JOBS: usize = 4;
    let (workspace, hangs, together) =
        (Workspace::new(), Switch::default(), Arc::new(Barrier::new(JOBS)));
    let has_hung = hangs.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let service = Jogg::new();
        match (request.is("POST", CREATE), request.is("GET", LIST) && has_hung.is_on()) {
            (true, _) => Answer::hang_up(),
            (_, true) => service.answer(request).with(&together),
            _ => service.answer(request),
        }
    });
    let server = server.await;
    for number in 0..JOBS {
        let (code, _, stderr) = workspace.make(&server, "jogg", &format!("Lost {number}"));
        assert_eq!(code, Some(6), "{stderr}");
    }
    hangs.turn();
    let before = server.count("GET", LIST);
    let give_up = ["resolve", "--all", "--not-found", "--abandon"];
    let (code, stdout, stderr) = workspace.run(&server, &give_up);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("4 to give up"), "{stdout}");
    assert_eq!(server.count("GET", LIST) - before, JOBS);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_is_sent_that_may_have_been() {
    let (jogg, is_full, workspace) = (Jogg::new(), Switch::default(), Workspace::new());
    let (service, is_free) = (jogg.clone(), is_full.clone());
    let server = Server::sped_up(SPEED, move |request| {
        if request.is("POST", CREATE) && !is_free.is_on() {
            return refused(429).header("retry-after", "600");
        }
        service.answer(request)
    });
    let server = server.await;
    workspace.kill_when_it_says(&server, "jogg", "Roast", "waits for capacity");
    let waiting = workspace.lines(&server, &["jobs", "--open"]).remove(0);
    assert_eq!((&waiting["stage"], &waiting["waits_for"]), (&json!("ready"), &json!("capacity")));
    workspace.copy_ledger("", "copy");
    // It is sent after the copy was made.
    is_full.turn();
    server.step(HOUR);
    let (code, _, stderr) = workspace.run(&server, &["resume"]);
    assert_eq!((code, workspace.videos()), (Some(0), 1), "{stderr}");
    std::fs::remove_file(workspace.0.path().join("out/roast-jogg.mp4")).unwrap();
    workspace.copy_ledger("copy", "");
    // A row that cannot be read comes first, and keeps no other from being held.
    let options = SqliteConnectOptions::new().filename(workspace.0.path().join("jobs.db"));
    let mut ledger = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO adreel_jobs (id, provider, account, realm, stage, job_order, state, revision, \
         stamp, created_at, updated_at) SELECT '00000000000000000000000000', provider, account, \
         realm, stage, job_order, 'torn', revision, stamp, 0, updated_at FROM adreel_jobs",
    )
    .execute(&mut ledger)
    .await
    .unwrap();
    ledger.close().await.unwrap();

    let (code, _, stderr) = workspace.run(&server, &["resume", "--after-restore"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.starts_with("1 job is held, because the ledger was restored"), "{stderr}");
    assert!(stderr.contains("job 00000000000000000000000000"), "{stderr}");
    assert_eq!((jogg.accepted(), workspace.videos()), (1, 1));
}

#[test]
fn decisions_for_all_need_all_and_one_is_of_one() {
    let id = "01M7Z2WPQ17E70A0ACY16PBNWG";
    let cases: [(&[&str], &str); 6] = [
        (&["--abandon"], "JOB"),
        (&[id, "--all", "--abandon"], "cannot be used with"),
        (&["--all", "--adopt", "x"], "cannot be used with"),
        (&[id, "--abandon", "--not-found"], "cannot be used with"),
        (&["--all"], "--resubmit"),
        (&["--all", "--abandon", "--older-than", "2"], "such as 30s, 15m, 2h or 3d"),
    ];
    for (args, word) in cases {
        let (code, _, stderr) = crate::run(&[&["resolve"], args].concat());
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(word) && stderr.lines().count() == 1, "{args:?}: {stderr}");
    }
}
