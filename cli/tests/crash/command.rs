//! Runs the command, and kills it when somebody asks for that.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};

/// How a run of the command ended.
pub(crate) struct Ended {
    /// `None` where it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Setting<'a> {
    pub(crate) data: &'a Path,
    pub(crate) url: &'a str,
    pub(crate) key: &'a str,
    pub(crate) has_webhook: bool,
}

/// How long a paid call may be on its way in these tests.
const SETTLE_MS: &str = "600";

pub(crate) async fn run(
    setting: &Setting<'_>,
    args: &[String],
    mut kills: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adreel"));
    for name in ["BEATAPI_API_KEY", "CREATIFY_API_KEY", "CREATIFY_API_ID", "JOGG_API_KEY"] {
        command.env(name, setting.key);
    }
    command.env_remove("CREATIFY_WEBHOOK_URL").env_remove("ADREEL_LEDGER");
    if setting.has_webhook {
        command.env("CREATIFY_WEBHOOK_URL", "https://hook.example/h");
    }
    let mut child = command
        .env("XDG_DATA_HOME", setting.data)
        .env("ADREEL_SETTLE_MS", SETTLE_MS)
        .args(["--json", "--sandbox-url", setting.url])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = async {
        use tokio::io::AsyncReadExt as _;
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let _ = tokio::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr));
        (stdout, stderr)
    };
    let ended = async {
        let mut waiting = Vec::new();
        let status: ExitStatus = loop {
            tokio::select! {
                status = child.wait() => break status.unwrap(),
                Some(dead) = kills.recv() => {
                    let _ = child.start_kill();
                    waiting.push(dead);
                }
            }
        };
        kills.close();
        for dead in waiting {
            let _ = dead.send(());
        }
        status
    };
    let ((stdout, stderr), status) = tokio::join!(read, ended);
    Ended { code: status.code(), stdout, stderr }
}
