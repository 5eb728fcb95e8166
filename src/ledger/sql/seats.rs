//! Seats of a ledger in a file: a folder beside it with one locked file per living owner. The
//! system gives the lock back when the owner ends, in whatever way.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind as IoKind};
use std::path::{Path, PathBuf};

use ulid::Ulid;

use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Seat;
use crate::ledger::seat::new_name;
use crate::regular_file;

/// A file that is locked as long as this lives. It removes itself while it is still locked, so
/// that no other process sees it unlocked.
struct Taken {
    path: PathBuf,
    _locked: File,
}

impl Drop for Taken {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Takes a seat and removes those of dead owners. `None` where the file system has no locks.
pub(super) fn take(folder: &Path) -> Result<Option<Seat>> {
    let seat = seat(folder).map_err(|error| {
        let message = format!(
            "ledger's seats {}: {error}; check the folder's permissions and space",
            folder.display()
        );
        Error::new(ErrorKind::Io, message)
    })?;
    remove_dead(folder);
    Ok(seat)
}

fn seat(folder: &Path) -> io::Result<Option<Seat>> {
    make_folder(folder)?;
    let name = new_name()?;
    let path = folder.join(&name);
    // It is named after it is locked: unlocked under its name, it would look like a dead client's.
    let unnamed = folder.join(format!("{name}.new"));
    let file = OpenOptions::new().write(true).create_new(true).open(&unnamed)?;
    // No other process has this file, so only a file system without locks can refuse one.
    if let Err(error) = file.try_lock() {
        let folder = folder.display();
        tracing::warn!(%folder, %error, "the file system has no locks: this client takes no seat");
        fs::remove_file(&unnamed)?;
        return Ok(None);
    }
    fs::rename(&unnamed, &path)?;
    Ok(Some(Seat::new(name, Taken { path, _locked: file })))
}

/// Makes a folder, and those above it, that only their owner can enter.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    #[allow(unused_mut, reason = "there is no mode outside of Unix")]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Whether the seat is held; `None` where that cannot be told.
pub(super) fn is_taken(folder: &Path, name: &str) -> Option<bool> {
    is_name(name).then(|| is_locked(&folder.join(name)))?
}

/// Whether it is one of our names, and with that no path to somewhere else.
fn is_name(name: &str) -> bool {
    Ulid::from_string(name).is_ok_and(|ulid| ulid.to_string() == name)
}

/// Whether a seat is held; `false` for one that is gone. The lock that is tried is a shared one, so
/// that two processes that ask do not take each other for the holder.
fn is_locked(path: &Path) -> Option<bool> {
    match regular_file::open_own(path).map(|file| file.try_lock_shared()) {
        Ok(Ok(())) => Some(false),
        Ok(Err(TryLockError::WouldBlock)) => Some(true),
        Err(error) if error.kind() == IoKind::NotFound => Some(false),
        Ok(Err(TryLockError::Error(_))) | Err(_) => None,
    }
}

fn remove_dead(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_name)
            && is_locked(&entry.path()) == Some(false)
        {
            // Who cannot remove it leaves it to the next one.
            fs::remove_file(entry.path()).ok();
        }
    }
}
