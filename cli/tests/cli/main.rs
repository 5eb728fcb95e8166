//! The real command: what it prints, what it leaves behind, how it ends.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod connections;
mod cost;
mod doctor;
mod ends;
mod exits;
mod held;
mod jobs;
#[cfg(target_os = "linux")]
mod paths;
mod pictures;
mod reach;
mod sandbox;
mod settings;
mod waiting;

/// The providers as the hostile cases have them.
#[path = "../hostile/dialect/mod.rs"]
#[allow(dead_code, unused_imports, reason = "those cases need more of it")]
mod dialect;
#[path = "../hostile/server.rs"]
#[allow(dead_code, reason = "those cases need more of it")]
mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs};

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/products/coffee.png");

/// The command without the keys and settings of whoever runs the test.
fn adreel(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adreel"));
    for provider in ["BEATAPI", "CREATIFY", "JOGG"] {
        for name in ["API_KEY", "API_ID", "BASE_URL"] {
            command.env_remove(format!("{provider}_{name}"));
        }
    }
    for name in ["LEDGER", "SETTLE_MS", "ALLOW_PLAIN_HTTP", "ALLOW_PRIVATE_LINKS"] {
        command.env_remove(format!("ADREEL_{name}"));
    }
    // Ledgers go to the build's own folder, and not to the user's.
    command.env("XDG_DATA_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    finished(adreel(args).output().unwrap())
}

fn finished(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn make_leaves_three_videos_and_a_line_for_each() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("new/videos");
    let (code, stdout, stderr) = run(&[
        "make",
        "--sandbox",
        PHOTO,
        "--name",
        "Morning Roast",
        "--out",
        folder.to_str().unwrap(),
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let expected = ["beatapi", "creatify", "jogg"].map(|p| format!("morning-roast-{p}.mp4"));
    assert_eq!(names(&folder), expected);
    let lines: Vec<&str> = stdout.lines().collect();
    let says = [
        ["beatapi", "15.0 s video", "4.5 credits"],
        ["creatify", "10.0 s video", "at most 12 credits"],
        ["jogg", "15.0 s video", "1 credit "],
    ];
    assert_eq!(lines.len(), 3, "{stdout}");
    for ((line, says), file) in lines.iter().zip(says).zip(&expected) {
        assert!(says.iter().all(|word| line.contains(word)) && line.contains(file), "{line}");
    }
    // Not a terminal: progress is plain lines, each said once.
    assert!(stderr.lines().any(|line| line.starts_with("beatapi ")), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}

#[test]
fn json_is_one_object_a_line_and_quiet_is_quiet() {
    let out = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(&[
        "make",
        "--sandbox",
        "--json",
        PHOTO,
        "--name",
        "Roast",
        "--provider",
        "jogg",
        "--out",
        out.path().to_str().unwrap(),
    ]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let line: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(line["provider"], "jogg");
    assert_eq!(line["video_secs"], 15.0);
    assert_eq!(line["credits"], 1.0);
    assert_eq!(line["job"].as_str().unwrap().len(), 26);
}

#[test]
fn plan_says_what_it_chose_and_what_is_ignored() {
    let (code, stdout, stderr) = run(&[
        "plan",
        "--sandbox",
        PHOTO,
        "--name",
        "Roast",
        "--provider",
        "jogg",
        "--prompt",
        "Steam",
        "--duration",
        "20",
        "--ratio",
        "square",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    insta::assert_snapshot!("plan_jogg", stdout);
}

#[test]
fn providers_says_what_each_can_do_and_what_is_left() {
    let (code, stdout, stderr) = run(&["providers", "--sandbox"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("providers", stdout);
    let (code, stdout, _) = run(&["providers"]);
    assert_eq!(code, Some(0));
    assert_eq!(stdout.matches("no key").count(), 3);
}

#[test]
fn help_lists_the_exit_codes() {
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("help", stdout);
    let (code, stdout, _) = run(&["make", "--help"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("help_make", stdout);
}

#[test]
fn schema_needs_no_keys_and_prints_what_the_library_says() {
    let (code, stdout, stderr) = run(&["schema"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, format!("{:#}\n", adreel::VideoRequest::json_schema()));
    let (_, stdout, _) = run(&["schema", "--json"]);
    assert_eq!(stdout, format!("{}\n", adreel::VideoRequest::json_schema()));
    let (code, stdout, _) = run(&["schema", "--help"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("help_schema", stdout);
}

/// A PNG whose header says 30000 x 30000 px.
fn huge_png(path: &Path) {
    let mut bytes = fs::read(PHOTO).unwrap();
    bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    fs::write(path, bytes).unwrap();
}

#[test]
fn bad_input_is_one_line_that_names_the_field_and_leaves_nothing() {
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    fs::write(file("text.png"), "no pixels").unwrap();
    huge_png(Path::new(&file("huge.png")));
    let (text, huge, missing) = (file("text.png"), file("huge.png"), file("missing.png"));
    let blocked = file("text.png") + "/videos";
    let out = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&[&missing, "--name", "R"], 2, &["product.images[0]", "cannot read", "name an image"]),
        (&[&text, "--name", "R"], 2, &["product.images[0]", "is not a PNG"]),
        (&[&huge, "--name", "R"], 2, &["product.images[0]", "30000 x 30000", "8192"]),
        (&[PHOTO, "--name", ""], 2, &["product.name", "name the product"]),
        (&[PHOTO, "--name", "R", "--duration", "0"], 2, &["duration", "at least 1 s"]),
        (&[PHOTO, "--name", "R", "--duration", "600"], 2, &["duration", "10 to 60 s"]),
        (&[PHOTO, "--name", "R", "--ratio", "5:4"], 2, &["--ratio", "9:16, 16:9 or 1:1"]),
        (&[PHOTO, "--name", "R", "--provider", "x"], 2, &["--provider", "beatapi, creatify"]),
        (&["--name", "R"], 2, &["product.images", "add one"]),
        (&[PHOTO], 2, &["--name"]),
        (&[PHOTO, "--name", "R", "--out", &blocked], 2, &["--out", "choose another folder"]),
        (&[PHOTO, "--name", "R", "--ledger", "mysql://x"], 2, &["--ledger", "sqlite:"]),
    ];
    for (args, expected, told) in cases {
        let mut all = vec!["make", "--sandbox"];
        all.extend(*args);
        if !args.contains(&"--out") {
            all.extend(["--out", out.path().to_str().unwrap()]);
        }
        let (code, stdout, stderr) = run(&all);
        assert_eq!(code, Some(*expected), "{args:?}: {stderr}");
        assert_eq!(stdout, "", "{args:?}");
        assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
        assert!(told.iter().all(|word| stderr.contains(word)), "{args:?}: {stderr}");
    }
    assert_eq!(names(out.path()), [""; 0]);
}

#[test]
fn a_foreign_file_in_the_way_is_found_before_anything_is_paid() {
    let out = tempfile::tempdir().unwrap();
    let taken = out.path().join("roast-jogg.mp4");
    fs::write(&taken, "mine").unwrap();
    let folder = out.path().to_str().unwrap();
    let args = ["make", "--sandbox", PHOTO, "--name", "Roast", "--out", folder];
    let (code, stdout, stderr) = run(&args);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: --out: ") && stderr.contains("--overwrite"), "{stderr}");
    assert_eq!(names(out.path()), ["roast-jogg.mp4"]);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
}

#[test]
fn a_wrong_key_and_an_empty_account_end_with_3() {
    let out = tempfile::tempdir().unwrap();
    for (key, told) in [("revoked", "key refused"), ("nocredits", "out of credits")] {
        let folder = out.path().to_str().unwrap();
        let mut command = adreel(&[
            "make",
            "--sandbox",
            PHOTO,
            "--name",
            "Roast",
            "--provider",
            "beatapi",
            "--out",
            folder,
            "--quiet",
        ]);
        command.env("BEATAPI_API_KEY", format!("sk_sandbox_{key}"));
        let (code, stdout, stderr) = finished(command.output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
        assert!(stderr.contains(told) && stderr.lines().count() == 1, "{stderr}");
        assert!(!stderr.contains("sk_sandbox"), "{stderr}");
    }
    assert_eq!(names(out.path()), [""; 0]);
}

#[test]
fn without_keys_it_says_which_to_set() {
    let (code, _, stderr) = run(&["make", PHOTO, "--name", "Roast"]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("BEATAPI_API_KEY") && stderr.contains("--sandbox"), "{stderr}");
}

#[test]
fn a_sandbox_that_runs_already_is_used_and_a_missing_one_named() {
    use std::io::{BufRead as _, BufReader};
    let mut server = adreel(&["sandbox"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let url = ready["url"].as_str().unwrap().to_owned();
    assert!(url.ends_with(&format!(":{}", ready["port"])), "{ready}");
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let args = ["make", "--sandbox-url", &url, PHOTO, "--name", "R", "--out", folder];
    let (code, _, stderr) = run(&args);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(names(out.path()).len(), 3);
    let (code, _, stderr) = run(&args);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no sandbox answers"), "{stderr}");
}

#[test]
fn catalogue_lists_ids_with_what_they_are_for() {
    let (code, stdout, stderr) =
        run(&["catalogue", "voices", "--sandbox", "--find", "female", "--find", "french"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("fr-FR-DeniseNeural") && !stdout.contains("Jon"), "{stdout}");
    assert!(stderr.contains("jogg voices: 1 listed, for --set jogg.voice=ID"), "{stderr}");
    assert!(stderr.contains("creatify: no voices found"), "{stderr}");
    let args =
        ["catalogue", "avatars", "--sandbox", "--provider", "jogg", "--limit", "3", "--json"];
    let (code, stdout, _) = run(&args);
    assert_eq!((code, stdout.lines().count()), (Some(0), 3));
    assert!(stdout.lines().all(|line| line.contains(r#""option":"jogg.avatar""#)), "{stdout}");
    let (code, _, stderr) = run(&["catalogue", "styles", "--sandbox", "--provider", "beatapi"]);
    assert_eq!((code, &*stderr), (Some(2), "error: beatapi: styles: it has none to choose\n"));
}

#[test]
fn set_reaches_the_request_and_a_wrong_one_is_refused() {
    let plan = |set: &str| {
        let args =
            ["plan", "--sandbox", "--provider", "jogg", "--name", "Roast", "--json", "--set"];
        run(&[&args[..], &[set]].concat())
    };
    let (code, stdout, stderr) = plan("jogg.avatar=127");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!stdout.contains("Nora"), "no presenter is chosen where one is named: {stdout}");
    let (code, _, stderr) = plan("jogg.avtar=127");
    assert_eq!(code, Some(2));
    assert!(stderr.starts_with("error: jogg.avtar: "), "{stderr}");
    let (code, _, stderr) = plan("avatar=127");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("provider.option=value"), "{stderr}");
}
