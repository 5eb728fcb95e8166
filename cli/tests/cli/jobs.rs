//! Jobs that outlive the command that began them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use adreel::testing::Quality;
use adreel::testing::Sandbox;
use serde_json::Value;

use crate::{PHOTO, adreel, finished, names};

/// A sandbox, and a home for the ledgers of one test.
pub(crate) struct Place {
    sandbox: Sandbox,
    pub(crate) home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Place {
    pub(crate) fn new(speed: f64) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let builder = Sandbox::builder().speed(speed).quality(Quality::Thumbnail);
        let sandbox = runtime.block_on(builder.start()).unwrap();
        Self { sandbox, home: tempfile::tempdir().unwrap(), runtime }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = adreel(&["--sandbox-url", self.sandbox.url()]);
        command.env("XDG_DATA_HOME", self.home.path().join("data")).args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        finished(self.command(args).output().unwrap())
    }

    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let (code, stdout, stderr) = self.run(&[&["--json"], args].concat());
        assert_eq!(code, Some(0), "{stderr}");
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn make(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let out = self.out();
        let args = ["make", PHOTO, "--name", "Morning Roast", "--out", out.to_str().unwrap()];
        self.run(&[&args, more].concat())
    }

    /// The command at the sandbox as if it were the real service, for nothing but one of its jobs.
    pub(crate) fn real(&self, provider: &str, args: &[&str]) -> Command {
        let mut command = adreel(args);
        command.env("XDG_DATA_HOME", self.home.path().join("data"));
        command.env(format!("{provider}_API_KEY"), "sk_sandbox_1").env("ADREEL_SETTLE_MS", "2000");
        command.env(format!("{provider}_BASE_URL"), self.sandbox.url());
        command
    }

    fn out(&self) -> std::path::PathBuf {
        self.home.path().join("videos")
    }

    pub(crate) fn paid(&self) -> usize {
        self.runtime.block_on(async { self.sandbox.ledger().len() })
    }
}

#[test]
fn the_same_make_again_is_the_same_job_and_again_makes_a_new_one() {
    let place = Place::new(600.0);
    let jogg = ["--provider", "jogg"];
    let (code, first, stderr) = place.make(&jogg);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, second, _) = place.make(&jogg);
    let job = |line: &str| line.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!((code, job(&first)), (Some(0), job(&second)));
    assert_eq!((place.paid(), names(&place.out())), (1, vec!["morning-roast-jogg.mp4".to_owned()]));

    // A file that was lost is fetched again, one that is not the job's is left alone.
    let file = place.out().join("morning-roast-jogg.mp4");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(place.make(&jogg).0, Some(0));
    std::fs::write(&file, "mine").unwrap();
    let (code, _, stderr) = place.make(&jogg);
    assert_eq!(code, Some(5), "{stderr}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");

    let (code, third, stderr) = place.make(&["--provider", "jogg", "--again"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_ne!(job(&first), job(&third));
    assert!(third.contains("morning-roast-jogg-2.mp4"), "{third}");
    assert_eq!(place.paid(), 2);

    let (code, listed, _) = place.run(&["jobs"]);
    assert_eq!((code, listed.lines().count()), (Some(0), 3));
    assert!(listed.lines().skip(1).all(|line| line.contains("done") && line.contains("Morning")));
    let jobs = place.json(&["jobs"]);
    assert_eq!(jobs[0]["job"], job(&first));
    assert_eq!((&jobs[1]["stage"], &jobs[1]["may_be_double"]), (&"done".into(), &false.into()));
    assert!(place.json(&["jobs", "--open"]).is_empty());
    let (code, shown, _) = place.run(&["job", &job(&first)]);
    assert_eq!(code, Some(0));
    for word in ["create_video_from_product succeeded, paid", "at http://127.0.0.1", "1 credit"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
}

#[test]
fn a_job_takes_no_other_video_for_its_own() {
    let place = Place::new(600.0);
    let jogg = ["--provider", "jogg"];
    let (code, line, stderr) = place.make(&jogg);
    assert_eq!(code, Some(0), "{stderr}");
    let id = line.split_whitespace().nth(1).unwrap();
    let file = place.out().join("morning-roast-jogg.mp4");
    let own = std::fs::read(&file).unwrap();
    // Whole ones: of the same size, and a longer one.
    let longer = [&own[..], b"\0\0\0\x0cfreexxxx"].concat();
    let mut same_size = own.clone();
    *same_size.last_mut().unwrap() ^= 1;
    for other in [longer, same_size] {
        std::fs::write(&file, &other).unwrap();
        let (code, stdout, stderr) = place.run(&["wait", id]);
        assert_eq!((code, &*stdout), (Some(5), ""), "{stderr}");
        assert!(stderr.contains("already there"), "{stderr}");
        assert!(stderr.contains(&format!("its link: adreel job {id} --json")), "{stderr}");
        assert_eq!(place.make(&jogg).0, Some(5));
        assert!(std::fs::read(&file).unwrap() == other, "it is somebody else's");
    }
    assert!(place.json(&["job", id])[0]["url"].as_str().unwrap().starts_with("http://127.0.0.1"));
    std::fs::write(&file, &own).unwrap();
    for args in [&["wait", id][..], &["resume"]] {
        assert_eq!(place.run(args).0, Some(0), "{args:?}");
    }
    assert_eq!((place.make(&jogg).0, place.paid()), (Some(0), 1));
}

#[test]
fn a_picture_in_the_way_is_found_whatever_its_kind_before_anything_is_paid() {
    let place = Place::new(600.0);
    let picture = ["--provider", "creatify", "--set", "creatify.image_only=true"];
    std::fs::create_dir_all(place.out()).unwrap();
    for extension in ["jpg", "png", "webp", "gif"] {
        for args in [&picture[..], &[&picture[..], &["--route"]].concat()] {
            let stem = if args.len() == picture.len() { "-creatify" } else { "" };
            let mine = place.out().join(format!("morning-roast{stem}.{extension}"));
            std::fs::write(&mine, "mine").unwrap();
            let (code, _, stderr) = place.make(args);
            assert_eq!(code, Some(2), "{stderr}");
            assert!(stderr.contains(&format!(".{extension} is already there")), "{stderr}");
            assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
            std::fs::remove_file(&mine).unwrap();
        }
    }
    assert_eq!(place.paid(), 0);
}

#[cfg(unix)]
#[test]
fn an_interrupted_make_goes_on_at_the_provider_and_is_come_back_to() {
    let place = Place::new(40.0);
    let out = place.out();
    let args = ["make", PHOTO, "--name", "Roast", "--provider", "beatapi", "--out"];
    let mut command = place.command(&[&args[..], &[out.to_str().unwrap()]].concat());
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("create_ecommerce_video, running") {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "it ended early");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("goes on as beatapi:task_"), "{rest}");
    let id = rest.trim().rsplit(' ').next().unwrap();
    assert!(rest.contains(&format!("come back with: adreel wait {id}")), "{rest}");
    assert!(names(&out).is_empty());

    let (code, stdout, stderr) = place.run(&["resume"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(id) && stdout.contains("roast-beatapi.mp4"), "{stdout}");
    assert_eq!((place.paid(), names(&out).len()), (1, 1));
    let (code, _, stderr) = place.run(&["resume"]);
    assert_eq!((code, stderr.trim()), (Some(0), "nothing is open"));
}

#[test]
fn a_preview_is_chosen_and_its_video_saved_where_the_user_says() {
    let place = Place::new(100.0);
    let previews = r#"jogg.previews=["Simple Product Switch", "Dynamic Showcase"]"#;
    let (code, _, stderr) = place.make(&["--provider", "jogg", "--set", previews]);
    assert_eq!(code, Some(4), "{stderr}");
    let job = place.json(&["jobs", "--open"]).remove(0);
    let id = job["job"].as_str().unwrap();
    assert!(stderr.contains(&format!("then: adreel job {id}")), "{stderr}");
    let (_, shown, _) = place.run(&["job", id]);
    assert!(shown.contains("choose    ") && shown.contains("--choose OFFER"), "{shown}");
    let (code, _, stderr) = place.run(&["job", id, "--choose", "nonsense"]);
    assert_eq!(code, Some(2));
    let offer = job["offers"][0]["id"].as_str().unwrap();
    assert!(stderr.contains(offer), "{stderr}");
    assert_eq!(place.run(&["job", id, "--choose", offer]).0, Some(0));
    let file = place.home.path().join("mine.mp4");
    let (code, stdout, stderr) = place.run(&["wait", id, "--out", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("mine.mp4") && file.exists(), "{stdout}");
}

/// A provider that takes every call and answers none.
fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    url
}

#[test]
fn a_held_job_is_listed_and_settled_by_decision() {
    let home = tempfile::tempdir().unwrap();
    let url = silent_server();
    let run = |args: &[&str]| {
        let mut command = adreel(args);
        command.env("XDG_DATA_HOME", home.path());
        command.env("CREATIFY_API_ID", "id").env("CREATIFY_API_KEY", "key");
        finished(command.env("CREATIFY_BASE_URL", &url).output().unwrap())
    };
    let out = home.path().join("videos");
    let image = ["--image-url", "https://x.example/p.png"];
    let make = ["make", "--name", "Roast", "--out", out.to_str().unwrap()];
    let (code, _, stderr) = run(&[&make[..], &image[..]].concat());
    assert_eq!(code, Some(6), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{stderr}");
    let (_, held, _) = run(&["jobs", "--held", "--json"]);
    let job: Value = serde_json::from_str(held.trim()).unwrap();
    let id = job["job"].as_str().unwrap();
    assert_eq!(job["stage"], "uncertain");
    assert!(stderr.contains(&format!("then: adreel resolve {id} --adopt REF")), "{stderr}");

    let (code, _, stderr) = run(&["resolve", id]);
    assert_eq!(code, Some(2), "one decision is needed: {stderr}");
    let (code, _, stderr) = run(&["resolve", id, "--adopt", "creatify:7e5e"]);
    assert_eq!(code, Some(1), "it cannot be read there: {stderr}");
    let (code, stdout, _) = run(&["resolve", id, "--abandon"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains("given up"), "{stdout}");
    let (code, _, stderr) = run(&["resolve", id, "--resubmit"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("only a held (uncertain) one"), "{stderr}");
    // The file for this address is that of the real service: rows tell their accounts apart.
    let ledgers = names(&home.path().join("adreel"));
    assert!(ledgers.iter().all(|name| name.starts_with("live.db")), "{ledgers:?}");
}

#[test]
fn what_is_no_job_and_no_ledger_is_said_in_a_line() {
    let home = tempfile::tempdir().unwrap();
    let unwritable = home.path().join("file");
    std::fs::write(&unwritable, "no database").unwrap();
    let garbage = format!("sqlite:{}", unwritable.display());
    let unreachable = "postgres://ann:secret@127.0.0.1:1/jobs";
    let make = ["make", "--image-url", "https://cdn.example/a.png", "--name", "Roast"];
    let cases: [(&[&str], i32, &str); 7] = [
        (&["wait", "01M7Z2WPQ17E70A0ACY16PBNWG"], 1, "the ledger has no such job"),
        (&["job", "7"], 2, "is not a job id"),
        (&["wait"], 2, "JOB"),
        (&["jobs", "--ledger", &garbage], 2, "--ledger"),
        (&["jobs", "--ledger", unreachable], 2, "--ledger"),
        (&[&make[..], &["--ledger", unreachable]].concat(), 2, "--ledger"),
        (&["jobs", "--settle-ms", "1"], 2, "--settle-ms"),
    ];
    for (args, expected, word) in cases {
        let mut command = adreel(args);
        let (code, stdout, stderr) =
            finished(command.env("XDG_DATA_HOME", home.path()).output().unwrap());
        assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(word), "{args:?}: {stderr}");
        assert_eq!((code, stdout.as_str()), (Some(expected), ""), "{args:?}: {stderr}");
    }
}

#[test]
fn the_schema_can_be_run_by_hand() {
    for (url, word) in [("sqlite::memory:", "BINARY"), ("postgres://h/d", "\"C\"")] {
        let (code, stdout, stderr) =
            finished(adreel(&["ledger", "schema", "--ledger", url]).output().unwrap());
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("CREATE TABLE") && stdout.contains(word), "{stdout}");
    }
}
