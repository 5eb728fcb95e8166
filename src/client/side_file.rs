//! Where accepted jobs go when the ledger cannot be written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::job::{JobId, Offer};
use crate::model::Timestamp;
use crate::regular_file;

/// Room that is taken when the file is made, so that a full disk cannot keep a job from being
/// written down: some hundred lines.
const RESERVE: usize = 64 * 1024;

/// A step that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub(super) job: JobId,
    pub(super) step: usize,
    pub(super) resource: String,
    /// Whether it was done with the answer.
    pub(super) is_done: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) offers: Vec<Offer>,
    pub(super) at: Timestamp,
}

/// A file of JSON lines, followed by blanks up to its reserve. Processes may share it: each locks
/// it while it writes.
#[derive(Debug)]
pub(super) struct SideFile {
    path: PathBuf,
    lock: Lock,
    /// Whether it was said that there are no locks.
    is_told: AtomicBool,
}

/// Takes a file's lock and waits for it.
type Lock = fn(&File) -> io::Result<()>;

impl SideFile {
    /// # Errors
    /// [`ErrorKind::Io`] where no file can be made there.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        Self::locked_by(path, File::lock)
    }

    fn locked_by(path: PathBuf, lock: Lock) -> Result<Self> {
        let made = Self { path, lock, is_told: AtomicBool::new(false) };
        made.reserve().map_err(|error| made.failed(&error))?;
        Ok(made)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps others from writing meanwhile, where the file system can. Where it cannot, that two
    /// processes write at the same moment is less likely than that nobody could write at all.
    fn lock(&self, file: &File) {
        let error = loop {
            match (self.lock)(file) {
                Ok(()) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error,
            }
        };
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                path = %self.path.display(), %error,
                "the side file cannot be locked: let no two processes use it"
            );
        }
    }

    fn reserve(&self) -> io::Result<()> {
        match regular_file::expect_own(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.create(true).append(true).open(&self.path)?;
        self.lock(&file);
        if file.metadata()?.len() == 0 {
            file.write_all(&vec![b' '; RESERVE])?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// Writes a line, and has it on disk when this returns.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub(super) fn write(&self, accepted: &Accepted) -> Result<()> {
        let mut line = serde_json::to_vec(accepted)
            .map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        line.push(b'\n');
        self.put(&line).map_err(|error| self.failed(&error))
    }

    fn put(&self, line: &[u8]) -> io::Result<()> {
        regular_file::expect_own(&self.path)?;
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.lock(&file);
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let end = text.trim_ascii_end().len();
        file.seek(SeekFrom::Start(end as u64))?;
        // The blanks that were trimmed held the line break, if a crash did not cut it off.
        let separator: &[u8] = if end == 0 { b"" } else { b"\n" };
        file.write_all(&[separator, line].concat())?;
        file.sync_data()
    }

    /// What was written for a step, the last first.
    pub(super) fn find(&self, job: JobId, step: usize) -> Option<Accepted> {
        let mut bytes = Vec::new();
        regular_file::open_own(&self.path).ok()?.read_to_end(&mut bytes).ok()?;
        // Line by line, so that one that is torn hides no other.
        let mut lines = bytes.split(|byte| *byte == b'\n').rev();
        let read = |line: &[u8]| serde_json::from_slice::<Accepted>(line).ok();
        lines.find_map(|line| read(line).filter(|told| told.job == job && told.step == step))
    }

    fn failed(&self, error: &io::Error) -> Error {
        let message = format!("{} cannot be written: {error}", self.path.display());
        Error::new(ErrorKind::Io, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn accepted(step: usize, resource: &str) -> Accepted {
        Accepted {
            job: JobId::new(&SystemClock),
            step,
            resource: resource.to_owned(),
            is_done: false,
            offers: Vec::new(),
            at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn lines_are_found_again_and_take_the_room_that_was_reserved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accepted");
        let file = SideFile::open(path.clone()).unwrap();
        let (one, two) = (accepted(1, "task_1"), accepted(0, "task_2"));
        assert_eq!(file.find(one.job, 1), None);
        file.write(&one).unwrap();
        // Opened again, as after a restart.
        let file = SideFile::open(path.clone()).unwrap();
        file.write(&two).unwrap();
        assert_eq!(file.find(one.job, 1), Some(one.clone()));
        assert_eq!(file.find(one.job, 0), None);
        assert_eq!(file.find(two.job, 0), Some(two.clone()));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), RESERVE as u64);
        // A line that a crash cut off hides no other.
        std::fs::write(&path, format!("{}\n{{\"job\":", serde_json::to_string(&one).unwrap()))
            .unwrap();
        file.write(&two).unwrap();
        assert_eq!(file.find(one.job, 1), Some(one));
        assert_eq!(file.find(two.job, 0), Some(two));
    }

    #[test]
    fn more_than_the_reserve_holds_is_written_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = SideFile::open(folder.path().join("accepted")).unwrap();
        let job = JobId::new(&SystemClock);
        for step in 0..600 {
            let resource = "x".repeat(100);
            let at = Timestamp::from_millis(1);
            let accepted = Accepted { job, step, resource, is_done: true, offers: Vec::new(), at };
            file.write(&accepted).unwrap();
        }
        assert!(std::fs::metadata(file.path()).unwrap().len() > RESERVE as u64);
        assert!(file.find(job, 0).is_some() && file.find(job, 599).is_some());
    }

    #[test]
    fn a_torn_line_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accepted");
        let file = SideFile::open(path.clone()).unwrap();
        let all = [accepted(0, "task_é1"), accepted(1, "task_é2"), accepted(2, "task_é3")];
        all.iter().for_each(|one| file.write(one).unwrap());
        // Half a character, and a block that was never written.
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(7).position(|part| part == "é2\",\"i".as_bytes()).unwrap();
        bytes[at + 1] = b'"';
        let end = bytes.trim_ascii_end().len();
        bytes.splice(end..end, [0xff, 0, 0, 0, 0xfe]);
        std::fs::write(&path, &bytes).unwrap();
        let last = accepted(3, "task_4");
        file.write(&last).unwrap();
        for one in [&all[0], &last] {
            assert_eq!(file.find(one.job, one.step).as_ref(), Some(one));
        }
        assert_eq!(file.find(all[1].job, 1), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_or_a_link_in_its_place_is_refused_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        regular_file::make_pipe(&pipe);
        let mine = folder.path().join("mine");
        std::fs::write(&mine, "").unwrap();
        std::os::unix::fs::symlink(&mine, &link).unwrap();
        for path in [pipe, link] {
            let error = SideFile::open(path.clone()).unwrap_err();
            assert!(error.to_string().contains("not a regular file"), "{error}");
            // It may come later too.
            let later = SideFile { path, lock: File::lock, is_told: AtomicBool::new(false) };
            let one = accepted(0, "task_1");
            assert!(later.write(&one).is_err() && later.find(one.job, 0).is_none());
        }
        assert_eq!(std::fs::read(&mine).unwrap(), b"");
    }

    #[test]
    fn a_file_system_without_locks_keeps_nobody_from_writing() {
        let none = |_: &File| Err(io::Error::from(io::ErrorKind::Unsupported));
        let folder = tempfile::tempdir().unwrap();
        let file = SideFile::locked_by(folder.path().join("accepted"), none).unwrap();
        let one = accepted(0, "task_1");
        file.write(&one).unwrap();
        assert_eq!(file.find(one.job, 0), Some(one));
        assert!(file.is_told.into_inner());
    }
}
