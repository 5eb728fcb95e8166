//! Reading a file that somebody names on the command line, and no more of it than anybody needs.

use std::io;
use std::path::Path;

use tokio::io::AsyncReadExt as _;

/// The bytes of a file.
///
/// What the system makes up while it is read, such as in `/proc`, says that it is empty: some of it
/// has no end, and some only waits. It is not opened, and taken at its word.
///
/// # Errors
/// Also for what is no file, or has more bytes than that.
pub(crate) async fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let refused = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
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

#[cfg(test)]
mod tests {
    use super::*;

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
