//! What the command needs of the system before it does anything: threads, and handles for files and
//! connections. Libraries panic where they cannot have one, so it is tried beforehand.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// What the command needs besides those that run its tasks: one for files and names, one for the
/// ledger, one that listens to signals, and some to spare.
const FURTHER: usize = 5;

/// How many handles are open at a time where one job is made. Fewer would leave calls without an
/// answer, or a ledger without its files.
const HANDLES: usize = 24;

/// The command's runtime.
///
/// # Errors
/// Where the system does not give it the threads or handles that it needs.
pub(crate) fn runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    check(workers + FURTHER, spawned).map_err(|error| {
        let message = format!("it may not start threads ({error}); allow more (ulimit -u, -v)");
        io::Error::new(error.kind(), message)
    })?;
    check_handles().map_err(|error| {
        let message = format!("it may not open files ({error}); allow more (ulimit -n)");
        io::Error::new(error.kind(), message)
    })?;
    let mut builder = Builder::new_multi_thread();
    // The one thread for what may block stays: where later ones are refused, it does all of it.
    builder.worker_threads(workers).thread_keep_alive(Duration::from_secs(86_400)).enable_all();
    let runtime = builder.build()?;
    drop(runtime.spawn_blocking(|| ()));
    Ok(runtime)
}

fn check_handles() -> io::Result<()> {
    // A pipe has two of them.
    (0..HANDLES / 2).map(|_| io::pipe()).collect::<io::Result<Vec<_>>>().map(drop)
}

/// Begins so many threads and ends them again.
fn check(
    count: usize,
    spawn: impl Fn(Arc<Mutex<()>>) -> io::Result<thread::JoinHandle<()>>,
) -> io::Result<()> {
    let together = Arc::new(Mutex::new(()));
    let held = together.lock().unwrap_or_else(PoisonError::into_inner);
    let mut threads = Vec::new();
    let mut begun = Ok(());
    for _ in 0..count {
        match spawn(Arc::clone(&together)) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                begun = Err(error);
                break;
            }
        }
    }
    drop(held);
    for thread in threads {
        // It does nothing that could fail.
        let _ = thread.join();
    }
    begun
}

/// A thread that lives until the others of its check have begun.
fn spawned(together: Arc<Mutex<()>>) -> io::Result<thread::JoinHandle<()>> {
    let wait = move || drop(together.lock().unwrap_or_else(PoisonError::into_inner));
    thread::Builder::new().spawn(wait)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_thread_that_cannot_be_had_is_an_error() {
        assert!(check(3, spawned).is_ok());
        let left = Cell::new(2);
        let refused = check(3, |together| match left.replace(left.get() - 1) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => spawned(together),
        });
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
