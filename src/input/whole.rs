//! Whether a picture or a sound goes on to its end. A copy or an upload that broke off begins like
//! a whole file, so a look at its first bytes does not tell, and its provider finds out when it is
//! paid for.
//!
//! Written by hand, since decoders are many times as large and what is asked here is little: the
//! lengths that each format writes down are followed to the mark of its end.

use super::walk::{Format, WEBP, Walk};

/// Why a file is not whole.
pub(super) const CUT: &str = "it breaks off before its end: copy or export it again";
pub(super) const BROKEN: &str = "it is damaged: copy or export it again";

pub(super) type Checked = Result<(), &'static str>;

/// What is still to be read of a file.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| CUT)
    }

    fn skip(&mut self, count: u32) -> Checked {
        // A length that this machine cannot count to is longer than any file on it.
        self.take(usize::try_from(count).map_err(|_| CUT)?).map(drop)
    }
}

pub(super) fn png(bytes: &[u8]) -> Checked {
    followed(Format::Png, bytes)
}

pub(super) fn jpeg(bytes: &[u8]) -> Checked {
    followed(Format::Jpeg, bytes)
}

pub(super) fn webp(bytes: &[u8]) -> Checked {
    followed(WEBP, bytes)
}

pub(super) fn gif(bytes: &[u8]) -> Checked {
    followed(Format::Gif, bytes)
}

/// What was written to a pipe does not know its length.
pub(super) fn wav(bytes: &[u8]) -> Checked {
    match bytes.get(4..8).ok_or(CUT)? {
        [0, 0, 0, 0] | [0xff, 0xff, 0xff, 0xff] => Ok(()),
        _ => followed(Format::Riff(&[b"data"]), bytes),
    }
}

fn followed(format: Format, bytes: &[u8]) -> Checked {
    let mut walk = Walk::new(format);
    walk.feed(bytes)?;
    walk.finish()
}

/// Boxes, among them the sound's description and the sound. One that is longer than the file was
/// cut off. Source: ISO/IEC 14496-12.
pub(super) fn m4a(bytes: &[u8]) -> Checked {
    let mut rest = Rest(bytes);
    let mut has = (false, false);
    while rest.0.len() >= 8 {
        let length = u32::from_be_bytes(rest.array()?);
        match &rest.array::<4>()? {
            b"moov" => has.0 = true,
            b"mdat" => has.1 = true,
            kind if !kind.iter().all(|byte| (b' '..=b'~').contains(byte)) => break,
            _ => {}
        }
        match length {
            // It goes on to the end of the file, wherever that is.
            0 => break,
            1 => {
                let length = u64::from_be_bytes(rest.array()?).checked_sub(16).ok_or(BROKEN)?;
                rest.take(usize::try_from(length).map_err(|_| CUT)?)?;
            }
            length => rest.skip(length.checked_sub(8).ok_or(BROKEN)?)?,
        }
    }
    if has == (true, true) { Ok(()) } else { Err(CUT) }
}

#[cfg(test)]
#[path = "whole_tests.rs"]
mod tests;
