//! What the surroundings of a command do to its connections.

use std::process::Command;

use super::{adreel, finished, names};

const IMAGE: [&str; 4] = ["--image-url", "https://cdn.example/p.png", "--name", "Roast"];

/// A `make` at BeatAPI, its ledger and its videos in a folder.
fn make(folder: &std::path::Path, more: &[&str]) -> Command {
    let mut command = adreel(&["make"]);
    command.args(IMAGE).args(["--provider", "beatapi"]).args(more);
    command.arg("--out").arg(folder.join("out"));
    command.arg("--ledger").arg(format!("sqlite:{}", folder.join("jobs.db").display()));
    command
}

/// Nothing listens at port 9.
const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn a_sandbox_needs_neither_a_proxy_nor_root_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = make(folder.path(), &["--sandbox"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        command.env(name, NOWHERE);
    }
    command.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let (code, _, stderr) = finished(command.output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(names(&folder.path().join("out")), ["roast-beatapi.mp4"]);
}

#[test]
fn https_says_at_its_first_call_which_certificates_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = make(folder.path(), &[]);
    command.env("BEATAPI_API_KEY", "k").env("BEATAPI_BASE_URL", "https://127.0.0.1:9");
    command.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let (code, stdout, stderr) = finished(command.output().unwrap());
    assert_ne!(code, Some(0));
    for word in ["root certificates", "ca-certificates", "SSL_CERT_FILE"] {
        assert!(stderr.contains(word), "{stdout}{stderr}");
    }
}

#[test]
fn keys_go_by_plain_http_to_no_other_machine_unless_that_is_allowed() {
    let plain = |more: &[&str], variable: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = adreel(&["plan"]);
        command.args(IMAGE).args(["--provider", "beatapi"]).args(more);
        command.arg("--ledger").arg(format!("sqlite:{}", folder.path().join("jobs.db").display()));
        command.env("BEATAPI_API_KEY", "k").env("BEATAPI_BASE_URL", "http://gate.example:8080");
        command.envs(variable.map(|value| ("ADREEL_ALLOW_PLAIN_HTTP", value)));
        let (code, stdout, stderr) = finished(command.output().unwrap());
        (code, stdout + &stderr)
    };
    for variable in [None, Some("false"), Some("0\r"), Some("")] {
        let (code, told) = plain(&[], variable);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("--allow-plain-http"), "{told}");
    }
    let (code, told) = plain(&["--allow-plain-http"], None);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = plain(&[], Some("true\r\n"));
    assert_eq!(code, Some(0), "{told}");
}
