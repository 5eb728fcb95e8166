//! `adreel sandbox`, as a test in another language uses it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::{adreel, run};

/// A sandbox in a process of its own, on a free port.
struct Running {
    process: Child,
    host: String,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let args = [&["sandbox", "--port", "0", "--quality", "thumbnail"], args].concat();
        let mut process = adreel(&args).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let host = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        assert_eq!(host, format!("127.0.0.1:{}", ready["port"]));
        Self { process, host }
    }

    /// The status line and the body of what is answered.
    fn call(&self, line: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len(),
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    fn create(&self) -> String {
        let body = r#"{"images": ["https://cdn.example.com/a.png"], "duration": 10}"#;
        let key = "Authorization: Bearer k\r\n";
        self.call("POST /v1/ecommerce-video/tasks", key, body).0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_scenario_file_says_what_goes_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    let text = r#"
# The first create finds no slot in the queue of an edge, the third is too fast.
[[fault]]
fault = "html"
operation = "create_ecommerce_video"

[[fault]]
fault = "too-many-requests"
operation = "create_ecommerce_video"
skip = 1
seconds = 7
"#;
    std::fs::write(&path, text).unwrap();
    let sandbox = Running::start(&["--clock", "virtual", "--scenario", path.to_str().unwrap()]);
    let statuses = [sandbox.create(), sandbox.create(), sandbox.create(), sandbox.create()];
    let codes = statuses.map(|line| line.split(' ').nth(1).unwrap().to_owned());
    assert_eq!(codes, ["502", "201", "429", "201"]);
    let (_, counters) = sandbox.call("GET /_sandbox/counters", "", "");
    let counters: serde_json::Value = serde_json::from_str(&counters).unwrap();
    for (name, count) in [("submits", 4), ("jobs", 2), ("double_submits", 1), ("polls", 0)] {
        assert_eq!(
            (&counters[name], &counters["providers"]["beatapi"][name]),
            (&count.into(), &count.into())
        );
    }
    for name in ["early_retries", "slots_over_limit"] {
        assert!(counters[name].is_u64(), "{name}");
    }
    assert!(sandbox.call("POST /_sandbox/reset", "", "").0.contains("204"));
    assert!(sandbox.create().contains("502"), "the scenario begins anew as well");
}

#[test]
fn what_is_wrong_with_a_scenario_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    for (text, expected) in [
        ("[[fault]]\nfault = \"lost-anser\"\n", "line 2: unknown variant `lost-anser`"),
        ("[[fault]]\nfault = \"delay\"\nbytes = 3\n", "fault 1: delay has no bytes"),
        ("[[fault]]\nfault = \"delay\"\nsecond = 3\n", "unknown field `second`"),
        ("fault = 3", "line 1"),
        ("[[fault]", "line 1"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, stdout, stderr) = run(&["sandbox", "--scenario", path.to_str().unwrap()]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("--scenario") && stderr.contains(expected), "{stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    }
    let (code, _, stderr) = run(&["sandbox", "--scenario", "/nowhere/scenario.toml"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("/nowhere/scenario.toml"), "{stderr}");
}
