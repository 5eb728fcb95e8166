//! How commands end: where nobody hears what they say, where somebody asks them to end, and where
//! the system gives them too little.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::jobs::Place;
use crate::{PHOTO, adreel, names};

/// How long a sandbox may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// One that ends with its test, however that ends.
struct Sandbox(Child);

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn commands(place: &Place) -> Vec<Command> {
    let (code, first, stderr) = place.make(&["--provider", "jogg"]);
    assert_eq!(code, Some(0), "{stderr}");
    let id = first.split_whitespace().nth(1).unwrap();
    let all: [&[&str]; 14] = [
        &["jobs"],
        &["jobs", "--json"],
        &["jobs", "--cost"],
        &["jobs", "--cost", "--json"],
        &["job", id],
        &["job", id, "--json"],
        &["wait", id],
        &["wait", id, "--json"],
        &["plan", "--name", "R", "--provider", "jogg"],
        &["providers"],
        &["catalogue", "avatars", "--provider", "jogg"],
        &["doctor", "--provider", "jogg", "--json"],
        &["ledger", "schema"],
        &["--help"],
    ];
    let make = ["make", PHOTO, "--name", "Morning Roast", "--provider", "jogg", "--out"];
    let mut make = place.command(&make);
    make.arg(place.home.path().join("videos"));
    all.iter().map(|args| place.command(args)).chain([make, adreel(&["schema"])]).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_no_success() {
    let place = Place::new(600.0);
    for mut command in commands(&place) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{command:?}: {stderr}");
        assert_eq!(stderr.matches("could not be written").count(), 1, "{command:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    // A sandbox that nobody can be told of does not stay.
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(adreel(&["sandbox"]).stdout(full).status().unwrap().code(), Some(1));
    assert_eq!(place.paid(), 1);
}

#[test]
fn whoever_closes_the_pipe_has_read_enough() {
    let place = Place::new(600.0);
    for mut command in commands(&place) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command:?}: {stderr}");
        assert!(!stderr.contains("error") && !stderr.contains("panicked"), "{command:?}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_ends_when_it_is_asked_to() {
    for signal in signals() {
        let mut sandbox = Sandbox(adreel(&["sandbox"]).stdout(Stdio::piped()).spawn().unwrap());
        let sandbox = &mut sandbox.0;
        let mut out = BufReader::new(sandbox.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        let id = sandbox.id().to_string();
        // As process 1 of a container only what is caught reaches it. It is once it waits for it.
        let status = format!("/proc/{id}/status");
        let catches = |bit: u32| mask_of(&status, "SigCgt:") & (1 << (bit - 1)) != 0;
        let begun = Instant::now();
        while ![2, 15].into_iter().all(catches) || catches(1) != hears_hangups() {
            assert!(begun.elapsed() < PATIENCE, "not all of them are caught");
            std::thread::yield_now();
        }
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        out.read_to_string(&mut String::new()).unwrap();
        assert_eq!(sandbox.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_nobody_can_write_to_is_told_before_anything_is_done() {
    let place = Place::new(600.0);
    for mut command in commands(&place) {
        let read_only = File::open("/dev/null").unwrap();
        let ended = command.stdout(read_only).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{command:?}: {stderr}");
        assert!(stderr.contains("the output cannot be written: "), "{command:?}: {stderr}");
    }
    let make = ["make", PHOTO, "--name", "Tea", "--provider", "jogg", "--out"];
    let mut make = place.command(&make);
    make.arg(place.home.path().join("tea")).stdout(File::open("/dev/null").unwrap());
    assert_eq!(make.output().unwrap().status.code(), Some(1));
    assert_eq!(place.paid(), 1);
}

/// A set of signals that Linux tells of a process.
#[cfg(target_os = "linux")]
fn mask_of(status: &str, name: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap();
    let mask = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap()
}

/// Whether a hangup ends what these tests start: not where they are run by `nohup`.
#[cfg(target_os = "linux")]
fn hears_hangups() -> bool {
    mask_of("/proc/self/status", "SigIgn:") & 1 == 0
}

#[cfg(target_os = "linux")]
fn signals() -> impl Iterator<Item = &'static str> {
    let heard = if hears_hangups() { 3 } else { 2 };
    ["-INT", "-TERM", "-HUP"].into_iter().take(heard)
}

/// Waits until a process is listened to by, and asks it to end.
#[cfg(target_os = "linux")]
fn ask_to_end(process: &mut Sandbox, signal: &str) -> Option<i32> {
    let id = process.0.id().to_string();
    let status = format!("/proc/{id}/status");
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "it does not listen");
        let mask = mask_of(&status, "SigCgt:");
        let catches = |bit: u32| mask & (1 << (bit - 1)) != 0;
        if catches(2) && catches(15) && catches(1) == hears_hangups() {
            break;
        }
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    process.0.wait().unwrap().code()
}

#[cfg(target_os = "linux")]
#[test]
fn every_command_ends_when_it_is_asked_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let home = tempfile::tempdir().unwrap();
    let plan = ["plan", PHOTO, "--name", "R", "--provider", "jogg"];
    let make = ["make", PHOTO, "--name", "R", "--provider", "jogg", "--quiet"];
    let all: [(&[&str], &str); 5] = [
        (&["providers"], "-TERM"),
        (&["doctor"], "-HUP"),
        (&["catalogue", "avatars"], "-INT"),
        (&plan, "-TERM"),
        (&make, "-HUP"),
    ];
    for (args, signal) in all {
        let signal = if hears_hangups() { signal } else { "-TERM" };
        let mut command = adreel(args);
        command.env("JOGG_API_KEY", "k").env("JOGG_BASE_URL", &url);
        command.env("XDG_DATA_HOME", home.path()).current_dir(home.path());
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Sandbox(command.spawn().unwrap());
        // Nobody ever answers it.
        let call = listener.accept().unwrap();
        assert_eq!(ask_to_end(&mut process, signal), Some(130), "{args:?}");
        drop(call);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_ends_whose_reader_stands_still() {
    use std::io::Write as _;
    for signal in signals() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // As much as a pipe holds; what comes then is waited for.
        writer.write_all(&[b' '; 65_536]).unwrap();
        let mut command = adreel(&["schema"]);
        let mut process = Sandbox(command.stdout(writer).stderr(Stdio::null()).spawn().unwrap());
        assert_eq!(ask_to_end(&mut process, signal), Some(130));
        drop(reader);
    }
}

#[cfg(unix)]
#[test]
fn a_limit_of_files_is_an_error_and_nothing_is_paid_twice() {
    let place = Place::new(600.0);
    let out = place.home.path().join("videos");
    let make = place.command(&["make", PHOTO, "--provider", "beatapi", "--quiet"]);
    let mut paid = 0;
    for blocks in [0, 64, 128, 200, 300, 400, 500, 700] {
        let name = format!("Roast {blocks}");
        let limited = |limit: &str| {
            let script = format!("{limit} exec \"$0\" \"$@\"");
            let mut command = Command::new("sh");
            command.args(["-c", &script]).arg(make.get_program()).args(make.get_args());
            command.args(["--name", &name]).arg("--out").arg(&out);
            let data = place.home.path().join(format!("data {blocks}"));
            command.env("XDG_DATA_HOME", data).output().unwrap()
        };
        let ended = limited(&format!("ulimit -f {blocks} &&"));
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code().is_some(), "{blocks}: {:?} {stderr}", ended.status);
        let ended = limited("");
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{blocks}: {stderr}");
        paid += 1;
        assert_eq!(place.paid(), paid, "{blocks}");
    }
}

#[cfg(unix)]
#[test]
fn few_handles_are_an_error_and_no_panic() {
    let out = tempfile::tempdir().unwrap();
    let command = |handles: u32| {
        let script = format!("ulimit -n {handles} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_adreel"), "make", "--sandbox", PHOTO]);
        command.args(["--name", "R", "--provider", "jogg", "--out"]).arg(out.path());
        command.env("XDG_DATA_HOME", out.path()).output().unwrap()
    };
    for handles in [5, 6, 7, 9, 12, 15, 20] {
        let ended = command(handles);
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{handles}: {stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.lines().count() == 1,
            "{handles}: {stderr}"
        );
    }
    assert_eq!(names(out.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_link_that_lies_in_wait_in_the_folder_is_not_followed() {
    let place = Place::new(600.0);
    let out = tempfile::tempdir().unwrap();
    let mine = place.home.path().join("mine.txt");
    fs::write(&mine, "mine").unwrap();
    // `exec` keeps the process's id, by which an earlier release named its file.
    let script = "ln -s \"$MINE\" \"$OUT/.adreel-$$.part\" && exec \"$0\" \"$@\"";
    let make = place.command(&["make", "--name", "Roast", "--provider", "jogg", "--quiet"]);
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(make.get_program()).args(make.get_args());
    command.arg("--out").arg(out.path()).env("OUT", out.path()).env("MINE", &mine);
    command.env("XDG_DATA_HOME", place.home.path().join("data"));
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    let names = names(out.path());
    assert!(names.len() == 2 && names[0].starts_with(".adreel-"), "{names:?}");
}
