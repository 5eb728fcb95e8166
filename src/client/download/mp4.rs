//! As much of MP4 as a download needs: is it one, and how long is it? The crates that read the
//! whole format are larger than this library's default build should bear.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// The length that an MP4 file's movie header states; `None` where it states none.
///
/// # Errors
/// For a file that does not begin with `ftyp`, has no `moov`, or ends inside a box.
pub(super) async fn duration(path: &Path) -> io::Result<Option<Duration>> {
    let mut file = File::open(path).await?;
    let length = file.metadata().await?.len();
    let mut at = 0;
    let mut movie = None;
    while at < length {
        let (kind, header, size) = read_header(&mut file, at, length).await?;
        match &kind {
            b"ftyp" => {}
            _ if at == 0 => return Err(broken("it does not begin with ftyp")),
            b"moov" => movie = Some((at + header, at + size)),
            _ => {}
        }
        at += size;
    }
    let (start, end) = movie.ok_or_else(|| broken("it has no moov box"))?;
    at = start;
    while at < end {
        let (kind, header, size) = read_header(&mut file, at, end).await?;
        if &kind == b"mvhd" {
            return movie_duration(&mut file, at + header, size - header).await.map(Some);
        }
        at += size;
    }
    Ok(None)
}

/// The type, header length and whole length of the box at `at`, which must end by `end`.
async fn read_header(file: &mut File, at: u64, end: u64) -> io::Result<([u8; 4], u64, u64)> {
    file.seek(SeekFrom::Start(at)).await?;
    let size = u64::from(file.read_u32().await?);
    let mut kind = [0; 4];
    file.read_exact(&mut kind).await?;
    let (header, size) = match size {
        0 => (8, end - at),
        1 => (16, file.read_u64().await?),
        size => (8, size),
    };
    if size < header || size > end - at {
        return Err(broken("it ends inside a box"));
    }
    Ok((kind, header, size))
}

async fn movie_duration(file: &mut File, at: u64, size: u64) -> io::Result<Duration> {
    file.seek(SeekFrom::Start(at)).await?;
    let is_long = file.read_u32().await? >> 24 == 1;
    if size < if is_long { 32 } else { 20 } {
        return Err(broken("its movie header is cut short"));
    }
    let (scale, units) = if is_long {
        file.seek(SeekFrom::Current(16)).await?;
        (file.read_u32().await?, file.read_u64().await?)
    } else {
        file.seek(SeekFrom::Current(8)).await?;
        (file.read_u32().await?, u64::from(file.read_u32().await?))
    };
    let millis = u128::from(units) * 1000 / u128::from(scale.max(1));
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}

fn broken(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
