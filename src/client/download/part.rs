//! The unfinished file, which goes when it is not given the final name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as IoKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use crate::job::JobId;
use crate::regular_file;

/// A file that is locked as long as this lives, so that those of dead processes can be told. Two
/// downloads of one video never share one.
pub(super) struct Part {
    unnamed: Unnamed,
    file: tokio::fs::File,
    /// Whether there was room for the rest when it began.
    has_room: bool,
}

/// Removes the file, and does nothing where it has its final name.
struct Unnamed(PathBuf);

impl Drop for Unnamed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What may happen to a file that stands at the final name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming {
    pub(super) overwrite: bool,
    /// It counts as the saved one where it is the same.
    pub(super) or_same: bool,
}

impl Part {
    /// Makes an empty one beside the final path, and removes those of dead processes.
    pub(super) async fn beside(path: &Path, job: JobId) -> io::Result<Self> {
        let folder = folder_of(path).to_owned();
        let (unnamed, file) = run(move || make(&folder, job)).await?;
        Ok(Self { unnamed, file: tokio::fs::File::from_std(file), has_room: false })
    }

    /// Writes what comes next; `rest` bytes follow it, where that is known. There has to be room for
    /// them all, so that a disk is not filled with a part of a file.
    pub(super) async fn write(&mut self, bytes: &[u8], rest: Option<u64>) -> io::Result<()> {
        if !self.has_room {
            let path = self.unnamed.0.clone();
            let free = run(move || Ok(fs4::available_space(&path).ok())).await?;
            let need = rest.unwrap_or_default().saturating_add(bytes.len() as u64);
            if let Some(free) = free.filter(|free| *free < need) {
                let message = format!("{need} bytes are to come, and there is room for {free}");
                return Err(io::Error::new(IoKind::StorageFull, message));
            }
            self.has_room = true;
        }
        self.file.write_all(bytes).await
    }

    /// Drops what was written.
    pub(super) async fn clear(&mut self) -> io::Result<()> {
        self.has_room = false;
        self.file.flush().await?;
        self.file.set_len(0).await?;
        self.file.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// Gives the file its name, once all of it is on disk. A file that stands there is refused with
    /// `AlreadyExists`, unless it may be replaced.
    pub(super) async fn take_name(mut self, path: &Path, naming: Naming) -> io::Result<()> {
        // Without it the last write's error, such as a full disk's, would not be seen.
        self.file.flush().await?;
        self.file.sync_all().await?;
        let Self { unnamed, file, .. } = self;
        let file = file.into_std().await;
        let path = path.to_owned();
        run(move || name(&unnamed.0, file, &path, naming)).await
    }
}

/// Runs what may block. It goes on to its end, and tidies up behind itself, where nobody waits for
/// it any more.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn make(folder: &Path, job: JobId) -> io::Result<(Unnamed, File)> {
    let prefix = format!(".adreel-{job}-");
    remove_dead(folder, &prefix);
    let random = getrandom::u64().map_err(io::Error::other)?;
    // It is named after it is locked: unlocked under its name, it would look like a dead process's.
    let new = Unnamed(folder.join(format!("{prefix}{random:016x}.new")));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&new.0)?;
    // Without locks, no part is taken for a dead process's.
    let _ = file.try_lock();
    let part = Unnamed(new.0.with_extension("part"));
    fs::rename(&new.0, &part.0)?;
    Ok((part, file))
}

/// Removes what processes that ended midway have left of the same job.
fn remove_dead(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|n| n.starts_with(prefix) && n.ends_with(".part"));
        // What is no file is not ours, whatever its name is.
        let part = is_part.then(|| regular_file::open_own(&entry.path()));
        if part.and_then(Result::ok).is_some_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn name(part: &Path, file: File, path: &Path, naming: Naming) -> io::Result<()> {
    let named = match naming.overwrite {
        true => fs::rename(part, path),
        false => link(part, path),
    };
    match named {
        Err(error) if error.kind() == IoKind::AlreadyExists && naming.or_same => {
            if !is_same(file, path)? {
                return Err(error);
            }
        }
        named => named?,
    }
    sync_folder(folder_of(path));
    Ok(())
}

/// A second name, which is refused where a file stands; a rename would replace it.
fn link(part: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(part, path) {
        Err(error) if error.kind() != IoKind::AlreadyExists => {}
        linked => return linked,
    }
    // Some file systems have no links.
    match fs::symlink_metadata(path) {
        Ok(_) => Err(IoKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, path),
    }
}

/// A name is safe from a power cut once its folder is on disk. Not every file system can be told
/// so, and the file is whole with or without it.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = folder;
}

fn is_same(mut file: File, path: &Path) -> io::Result<bool> {
    let Ok(mut there) = regular_file::open(path) else { return Ok(false) };
    if there.metadata()?.len() != file.metadata()?.len() {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(0))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    loop {
        ours.clear();
        theirs.clear();
        (&mut file).take(COMPARED_BYTES).read_to_end(&mut ours)?;
        (&mut there).take(COMPARED_BYTES).read_to_end(&mut theirs)?;
        if ours != theirs || ours.is_empty() {
            return Ok(ours == theirs);
        }
    }
}

/// How much of two files is compared at a time.
const COMPARED_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    const NEW: Naming = Naming { overwrite: false, or_same: false };

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn what_a_dead_process_left_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (job, path) = (JobId::new(&SystemClock), folder.path().join("v.mp4"));
        let dead = folder.path().join(format!(".adreel-{job}-00.part"));
        let others = folder.path().join(format!(".adreel-{}-00.part", JobId::new(&SystemClock)));
        fs::write(&dead, "half").unwrap();
        fs::write(&others, "half").unwrap();
        let mut living = Part::beside(&path, job).await.unwrap();
        living.write(b"all", None).await.unwrap();
        let second = Part::beside(&path, job).await.unwrap();
        assert!(!dead.exists() && others.exists());
        assert_eq!(files(folder.path()).len(), 3);
        drop(second);
        living.take_name(&path, NEW).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(files(folder.path()).len(), 2);
    }

    #[tokio::test]
    async fn what_was_cleared_is_not_there_and_a_file_that_came_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (job, path) = (JobId::new(&SystemClock), folder.path().join("v.mp4"));
        for (there, or_same, is_taken) in
            [("other", true, false), ("new", false, false), ("new", true, true)]
        {
            let mut part = Part::beside(&path, job).await.unwrap();
            part.write(b"what was old", None).await.unwrap();
            part.clear().await.unwrap();
            part.write(b"new", Some(0)).await.unwrap();
            fs::write(&path, there).unwrap();
            let taken = part.take_name(&path, Naming { overwrite: false, or_same }).await;
            assert_eq!(taken.is_ok(), is_taken, "{there}");
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
            assert_eq!(files(folder.path()), ["v.mp4"]);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_waits_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let (job, path) = (JobId::new(&SystemClock), folder.path().join("v.mp4"));
        let dead = folder.path().join(format!(".adreel-{job}-00.part"));
        regular_file::make_pipe(&dead);
        let mut part = Part::beside(&path, job).await.unwrap();
        part.write(b"new", None).await.unwrap();
        regular_file::make_pipe(&path);
        let naming = Naming { overwrite: false, or_same: true };
        let error = part.take_name(&path, naming).await.unwrap_err();
        assert_eq!(error.kind(), IoKind::AlreadyExists);
        assert!(dead.exists() && path.exists());
    }

    /// Linux has a file that is always full.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_disk_that_fills_up_with_the_last_write_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.mp4");
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let unnamed = folder.path().join("x.part");
        fs::write(&unnamed, "").unwrap();
        let (unnamed, file) = (Unnamed(unnamed), tokio::fs::File::from_std(full));
        let mut part = Part { unnamed, file, has_room: true };
        part.write(b"the last write", None).await.unwrap();
        let error = part.take_name(&path, NEW).await.unwrap_err();
        assert_eq!(error.kind(), IoKind::StorageFull, "{error}");
        assert!(files(folder.path()).is_empty());
    }
}
