//! Paths whose bytes are no UTF-8, as disks that were written by older systems have them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::finished;
use crate::jobs::Place;

fn path(folder: &Path, name: &[u8]) -> PathBuf {
    folder.join(OsStr::from_bytes(name))
}

/// What `--json` says a file is.
fn told(value: &Value) -> PathBuf {
    let text = value.as_str().unwrap();
    assert!(text.starts_with("file:///") && text.is_ascii(), "{text}");
    url::Url::parse(text).unwrap().to_file_path().unwrap()
}

struct Workspace {
    place: Place,
    ledger: OsString,
}

impl Workspace {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        command.arg("--ledger").arg(&self.ledger);
        command
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let ended = finished(self.command(args).output().unwrap());
        assert!(!ended.2.contains("panicked"), "{}", ended.2);
        ended
    }
}

#[test]
fn a_video_is_saved_and_found_again_wherever_it_goes() {
    let place = Place::new(600.0);
    let home = path(place.home.path(), b"B\xfccher (alt) 100%");
    std::fs::create_dir(&home).unwrap();
    let photo = path(&home, b"\xffphoto.png");
    std::fs::copy(crate::PHOTO, &photo).unwrap();
    let file = path(&home, b"jobs \xe9.db");
    let ledger = OsString::from_vec([b"sqlite:", file.as_os_str().as_bytes()].concat());
    let workspace = Workspace { place, ledger };

    // The folder that it runs in, the picture and the ledger: none of them is text.
    let make = || {
        let mut command =
            workspace.command(&["make", "--name", "Roast", "--provider", "jogg", "--json"]);
        command.current_dir(&home).arg(OsStr::from_bytes(b"\xffphoto.png"));
        finished(command.output().unwrap())
    };
    let (code, stdout, stderr) = make();
    assert_eq!(code, Some(0), "{stderr}");
    let line: Value = serde_json::from_str(&stdout).unwrap();
    let video = told(&line["file"]);
    assert_eq!(video, home.join("roast-jogg.mp4"));
    assert!(video.is_file() && file.is_file());
    assert_eq!(make().0, Some(0));
    assert_eq!(workspace.place.paid(), 1);

    // The ledger knows the place, to the byte.
    let id = line["job"].as_str().unwrap();
    let (code, stdout, _) = workspace.run(&["job", id, "--json"]);
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, told(&shown["labels"]["file"])), (Some(0), video.clone()));
    let (code, stdout, _) = workspace.run(&["job", id]);
    assert!(
        code == Some(0) && stdout.contains("B\u{fffd}cher (alt) 100%/roast-jogg.mp4"),
        "{stdout}"
    );
    std::fs::remove_file(&video).unwrap();
    let (code, stdout, stderr) = workspace.run(&["wait", id, "--json"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(told(&serde_json::from_str::<Value>(&stdout).unwrap()["file"]), video);
    assert!(video.is_file());

    // Another one for which nothing but the folder is named so.
    let other = path(workspace.place.home.path(), b"\xa4/new");
    let mut command =
        workspace.command(&["make", "--name", "Tea", "--provider", "jogg", "--route"]);
    let (code, stdout, stderr) = finished(command.arg("--out").arg(&other).output().unwrap());
    assert!(code == Some(0) && stdout.contains("\u{fffd}/new/tea.mp4"), "{stdout}{stderr}");
    assert!(other.join("tea.mp4").is_file());
    let (_, _, stderr) = {
        let mut command = workspace.command(&["plan", "--name", "R", "--provider", "jogg"]);
        finished(command.arg(path(&home, b"no\xffne.png")).output().unwrap())
    };
    assert!(stderr.contains("no\u{fffd}ne.png"), "{stderr}");
}

#[test]
fn a_home_that_is_no_text_has_its_ledger_there() {
    let place = Place::new(600.0);
    let data = path(place.home.path(), b"d\xe4ta");
    let (code, stderr) = {
        let mut command = place.command(&["make", "--name", "Roast", "--provider", "jogg"]);
        command.env("XDG_DATA_HOME", &data).arg("--out").arg(place.home.path());
        let (code, _, stderr) = finished(command.output().unwrap());
        (code, stderr)
    };
    assert_eq!(code, Some(0), "{stderr}");
    let folder = std::fs::read_dir(data.join("adreel")).unwrap();
    assert!(folder.count() >= 1);
}
