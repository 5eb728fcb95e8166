//! What asks the command to end: Ctrl-C, and on Unix SIGTERM and SIGHUP too. All three end a wait
//! in the same gentle way. As process 1, in a container, only what is listened to ends it at all.

/// Waits until somebody asks the command to end.
#[cfg(unix)]
pub(super) async fn end_is_asked() {
    use tokio::signal::unix::{SignalKind, signal};

    let once = async |kind| match signal(kind) {
        // No more of them come once the runtime ends, and then nobody waits.
        Ok(mut signal) => drop(signal.recv().await),
        // Without a handler the system ends the process, as it does by default.
        Err(_) => std::future::pending().await,
    };
    let hangup = async {
        match is_hangup_ignored() {
            true => std::future::pending().await,
            false => once(SignalKind::hangup()).await,
        }
    };
    tokio::select! {
        () = once(SignalKind::interrupt()) => {}
        () = once(SignalKind::terminate()) => {}
        () = hangup => {}
    }
}

/// Whether whoever started the command, such as `nohup`, has it go on without its terminal. Only
/// Linux tells; elsewhere a hangup is always listened to.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status)
}

#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is signal 1, the lowest bit.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
pub(super) async fn end_is_asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen() {
        assert!(ignores_hangup("Name:\tadreel\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"));
        assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
