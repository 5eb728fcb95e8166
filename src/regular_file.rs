//! Opening files at paths where somebody else may have put something else: to open a pipe waits
//! until somebody writes to it, and a device may have no end.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a file to read it, also through a link.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    expect(&fs::metadata(path)?)?;
    File::open(path)
}

/// Opens a file to read it, unless it is a link.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    expect_own(path)?;
    File::open(path)
}

/// Refuses what is no file, and a link too: it would have others' files taken for ours.
pub(crate) fn expect_own(path: &Path) -> io::Result<()> {
    expect(&fs::symlink_metadata(path)?)
}

fn expect(facts: &Metadata) -> io::Result<()> {
    match facts.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Makes a pipe, which keeps whoever opens it until somebody opens its other end.
#[cfg(all(test, unix))]
pub(crate) fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("there is mkfifo");
    assert!(made.success());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "x").unwrap();
        make_pipe(&at("pipe"));
        for target in ["file", "pipe", "none"] {
            std::os::unix::fs::symlink(at(target), at(&format!("to-{target}"))).unwrap();
        }
        for (name, is_opened, is_own) in [
            ("file", true, true),
            ("to-file", true, false),
            ("pipe", false, false),
            ("to-pipe", false, false),
            ("to-none", false, false),
            ("", false, false),
        ] {
            assert_eq!(open(&at(name)).is_ok(), is_opened, "{name}");
            assert_eq!(open_own(&at(name)).is_ok(), is_own, "{name}");
        }
        assert!(open(Path::new("/dev/zero")).is_err());
    }
}
