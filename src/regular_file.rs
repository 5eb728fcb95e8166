//! Opening and reading files at paths where something else may stand: to open a pipe waits until a
//! program writes to it, and a device may have no end.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

use tokio::io::AsyncReadExt as _;

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

/// The bytes of a file.
///
/// What the system makes up while it is read, such as in `/proc`, says that it is empty: some of it
/// has no end, and some only waits. It is not opened, and taken at its word.
///
/// # Errors
/// Also for what is no file, or has more bytes than that.
pub(crate) async fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let refused = |text: String| Err(io::Error::new(ErrorKind::InvalidInput, text));
    let facts = tokio::fs::metadata(path).await?;
    if !facts.is_file() {
        return refused("it is not a file".to_owned());
    }
    if facts.len() == 0 {
        return Ok(Vec::new());
    }
    if facts.len() > most {
        return refused(format!("it has {} bytes: at most {most} are taken", facts.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    tokio::fs::File::open(path).await?.take(most + 1).read_to_end(&mut bytes).await?;
    match bytes.len() as u64 > most {
        true => refused(format!("it has more than {most} bytes")),
        false => Ok(bytes),
    }
}

fn expect(facts: &Metadata) -> io::Result<()> {
    match facts.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Makes a pipe: to open it waits until its other end is opened.
#[cfg(all(test, unix))]
pub(crate) fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("there is mkfifo");
    assert!(made.success());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
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

    #[tokio::test]
    async fn only_a_file_that_has_an_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (fits, large) = (file("a", b"12345"), file("b", b"123456"));
        assert_eq!(read_at_most(&fits, 5).await.unwrap(), b"12345");
        let refusal = async |path: &Path| read_at_most(path, 5).await.unwrap_err().to_string();
        assert_eq!(refusal(&large).await, "it has 6 bytes: at most 5 are taken");
        assert_eq!(refusal(folder.path()).await, "it is not a file");
        // Each of them would be read for ever, or waited for.
        #[cfg(target_os = "linux")]
        for endless in ["/dev/zero", "/dev/tty", "/proc/self/pagemap", "/proc/kmsg"] {
            let read = read_at_most(Path::new(endless), u64::MAX - 1).await;
            assert!(
                read.is_ok_and(|bytes| bytes.is_empty()) == endless.contains("proc"),
                "{endless}"
            );
        }
    }
}
