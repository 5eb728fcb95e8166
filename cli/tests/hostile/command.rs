//! The real command with a folder of its own, in which its ledger and its videos are.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::server::Server;

/// A request that needs no upload.
pub(crate) const IMAGE: [&str; 4] = ["--image-url", "https://cdn.example/a.png", "--name", "Roast"];

/// Any sandbox takes a key that begins so, and the command sends no other key to one.
pub(crate) const KEY: &str = "sk_sandbox_first";
pub(crate) const OTHER_KEY: &str = "sk_sandbox_second";

/// What no output and no file may hold, whatever a server says: keys, and secrets of webhooks.
const SECRETS: [&str; 3] = [KEY, OTHER_KEY, "whsec_"];

fn assert_no_secret(bytes: &[u8], place: &str) {
    for secret in SECRETS {
        let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!is_there, "{secret} stands in {place}");
    }
}

/// How long a paid call may be on its way, in real milliseconds.
const SETTLE_MS: &str = "1500";

/// How long a command may run before it is ended.
const PATIENCE: Duration = Duration::from_secs(120);

/// A ledger and a folder for videos, which several commands share.
pub(crate) struct Workspace(tempfile::TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The command with the first account's key.
    pub(crate) fn run(&self, server: &Server, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adreel"));
        // Neither keys nor proxies nor settings of whoever runs the test.
        command.env_clear();
        for name in ["PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.0.path()).env("NO_COLOR", "1");
        command.env("XDG_DATA_HOME", self.path("data")).args(args);
        command.args(["--ledger", &format!("sqlite:{}", self.path("jobs.db").display())]);
        if args.first() == Some(&"make") {
            command.arg("--out").arg(self.path("out"));
        }
        let url = server.url();
        if server.speed().is_some() {
            command.args(["--sandbox-url", &url]);
        } else {
            for name in ["BEATAPI_BASE_URL", "CREATIFY_BASE_URL", "JOGG_BASE_URL"] {
                command.env(name, &url);
            }
        }
        Run { command, patience: PATIENCE }.key(KEY).env("ADREEL_SETTLE_MS", SETTLE_MS)
    }

    /// `make` of a request that needs no upload.
    pub(crate) fn make(&self, server: &Server, provider: &str, more: &[&str]) -> Run {
        self.run(server, &[&["make"], &IMAGE[..], &["--provider", provider], more].concat())
    }

    /// What a command prints as JSON, a line at a time.
    pub(crate) async fn lines(&self, server: &Server, args: &[&str]) -> Vec<Value> {
        let ended = self.run(server, &[args, &["--json"]].concat()).ended().await;
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn videos(&self) -> usize {
        let Ok(folder) = std::fs::read_dir(self.path("out")) else { return 0 };
        let is_video = |path: &Path| path.extension().is_some_and(|end| end == "mp4");
        folder.filter(|entry| is_video(&entry.as_ref().unwrap().path())).count()
    }
}

/// Whatever a test was about: no file of its ledger holds a secret.
impl Drop for Workspace {
    fn drop(&mut self) {
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path if std::thread::panicking() => drop(path),
                    path => {
                        let bytes = std::fs::read(&path).unwrap_or_default();
                        assert_no_secret(&bytes, &path.display().to_string());
                    }
                }
            }
        }
    }
}

/// A command that is about to run.
pub(crate) struct Run {
    command: Command,
    patience: Duration,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The key of every account.
    pub(crate) fn key(self, key: &str) -> Self {
        let names = ["BEATAPI_API_KEY", "CREATIFY_API_ID", "CREATIFY_API_KEY", "JOGG_API_KEY"];
        names.into_iter().fold(self, |run, name| run.env(name, key))
    }

    /// An address by which Creatify's records are known again.
    pub(crate) fn with_webhook(self) -> Self {
        self.env("CREATIFY_WEBHOOK_URL", "https://hook.example/h")
    }

    pub(crate) fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.kill_on_drop(true).spawn().unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let output = tokio::spawn(async move {
            let (mut stdout, mut stderr) = (String::new(), String::new());
            let _ = tokio::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr));
            (stdout, stderr)
        });
        Running { child, output, patience: self.patience }
    }

    pub(crate) async fn ended(self) -> Ended {
        self.start().ended().await
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    output: JoinHandle<(String, String)>,
    patience: Duration,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// As by Ctrl-C.
    pub(crate) async fn interrupt(&self) {
        self.signal("-INT").await;
    }

    pub(crate) async fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(sent.await.unwrap().success());
    }

    /// As a crash does: at once, and without a word.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end, and ends it where that does not come in time.
    pub(crate) async fn ended(mut self) -> Ended {
        let code = match tokio::time::timeout(self.patience, self.child.wait()).await {
            Ok(status) => status.unwrap().code(),
            Err(_) => {
                self.child.kill().await.unwrap();
                None
            }
        };
        let (stdout, stderr) = self.output.await.unwrap();
        assert_no_secret(stdout.as_bytes(), "the output");
        assert_no_secret(stderr.as_bytes(), "the messages");
        Ended { code, stdout, stderr }
    }
}

/// How a command ended. What it said is for whoever reads a failed test.
pub(crate) struct Ended {
    /// `None` where it did not end by itself.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said: String = self.stderr.chars().take(900).collect();
        write!(f, "exit {:?}\n{}{said}", self.code, self.stdout)
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn is(&self, code: i32) {
        assert!(self.code == Some(code), "not exit {code}: {self:?}");
    }

    /// Held, or done: whether somebody looks further than he has to is up to him.
    #[track_caller]
    pub(crate) fn is_done_or_held(&self) {
        assert!([Some(0), Some(6)].contains(&self.code), "neither done nor held: {self:?}");
    }
}
