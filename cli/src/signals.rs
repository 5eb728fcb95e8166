//! What asks the command to end: Ctrl-C, and on Unix SIGTERM and SIGHUP too. As process 1, in a
//! container, only what is listened to ends it at all, so all three are from the beginning.
//!
//! A thread of its own listens: whoever waits for somebody who does not read what the command prints
//! keeps it from nothing. It ends the command at once, but for work that ends in a gentle way.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::Builder;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::exit::Exit;

/// Where work that ends in a gentle way hears of a signal, while there is any. One is kept for it;
/// where it has not taken the first, another ends the command.
static LISTENER: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);

/// Does work until it is done or somebody asks the command to end; then it is `None`.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    let (sender, mut received) = mpsc::channel(1);
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    tokio::select! {
        biased;
        done = work => Some(done),
        Some(()) = received.recv() => None,
    }
}

/// Begins to listen.
///
/// # Errors
/// Where the system does not give it what that needs.
pub(crate) fn listen() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _entered = runtime.enter();
        Signals::listen()?
    };
    let listen = move || {
        runtime.block_on(async {
            loop {
                signals.received().await;
                let listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
                if listener.as_ref().is_none_or(|listener| listener.try_send(()).is_err()) {
                    std::process::exit(Exit::Interrupted as i32);
                }
            }
        });
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map(drop)
}

/// The signals that are listened to.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        // By default the system ends whoever writes more to a file than its limit allows (`ulimit
        // -f`), be it in the middle of the record of what was paid. Where it is listened to, it is
        // an error like that of a full disk. Once is enough: nobody has to hear it.
        drop(signal(SignalKind::from_raw(libc::SIGXFSZ))?);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: (!is_hangup_ignored()).then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn received(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
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
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn received(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
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
