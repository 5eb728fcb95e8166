//! Whether a picture or a sound goes on to its end. A copy or an upload that broke off begins like
//! a whole file, so a look at its first bytes does not tell, and its provider finds out when it is
//! paid for.
//!
//! Written by hand, since decoders are many times as large and what is asked here is little: the
//! lengths that each format writes down are followed to the mark of its end. Nothing is decoded,
//! nothing is kept, and each byte is looked at once at the most. What stands behind the end is
//! nobody's concern: cameras put further pictures and films there.

/// Why a file is not whole.
pub(super) const CUT: &str = "it breaks off before its end: copy or export it again";
pub(super) const BROKEN: &str = "it is damaged: copy or export it again";

type Checked = Result<(), &'static str>;

/// What is still to be read of a file.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        self.take(1).map(|bytes| bytes[0])
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

/// Chunks up to IEND. Source: <https://www.w3.org/TR/png-3/#5Chunk-layout>.
pub(super) fn png(bytes: &[u8]) -> Checked {
    let mut rest = Rest(bytes);
    rest.skip(8)?;
    let mut has_pixels = false;
    loop {
        let length = u32::from_be_bytes(rest.array()?);
        let kind = rest.array::<4>()?;
        if length > 0x7fff_ffff || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(BROKEN);
        }
        rest.skip(length)?;
        rest.skip(4)?;
        match &kind {
            b"IDAT" => has_pixels = true,
            b"IEND" => return if has_pixels { Ok(()) } else { Err(BROKEN) },
            _ => {}
        }
    }
}

/// Segments and scans up to EOI. A preview in a segment has an end of its own, which is passed over
/// with its segment. Source: ITU T.81, annex B.
pub(super) fn jpeg(bytes: &[u8]) -> Checked {
    let mut rest = Rest(bytes);
    rest.skip(2)?;
    let mut has_scan = false;
    loop {
        match next_marker(&mut rest)? {
            0xd9 if has_scan => return Ok(()),
            0xd9 => return Err(BROKEN),
            // TEM, RST and SOI stand alone.
            0x01 | 0xd0..=0xd8 => {}
            marker => {
                has_scan |= marker == 0xda;
                let length = u16::from_be_bytes(rest.array()?);
                rest.skip(u32::from(length.checked_sub(2).ok_or(BROKEN)?))?;
            }
        }
    }
}

/// The next marker. Whatever stands before it is a scan's data, in which 0xff is followed by 0, or
/// bytes too many, which decoders pass over.
fn next_marker(rest: &mut Rest<'_>) -> Result<u8, &'static str> {
    loop {
        let at = rest.0.iter().position(|byte| *byte == 0xff).ok_or(CUT)?;
        rest.take(at)?;
        while rest.0.first() == Some(&0xff) {
            rest.take(1)?;
        }
        match rest.byte()? {
            0 => {}
            marker => return Ok(marker),
        }
    }
}

/// Chunks to the length that the file says it has.
/// Source: <https://developers.google.com/speed/webp/docs/riff_container>.
pub(super) fn webp(bytes: &[u8]) -> Checked {
    let mut has_picture = false;
    riff(bytes, |kind| has_picture |= matches!(kind, b"VP8 " | b"VP8L" | b"ANMF"))?;
    if has_picture { Ok(()) } else { Err(BROKEN) }
}

/// The same with a sound in it. What was written to a pipe does not know its length.
pub(super) fn wav(bytes: &[u8]) -> Checked {
    let mut has_sound = false;
    let lengths = bytes.get(4..8).ok_or(CUT)?;
    if matches!(lengths, [0, 0, 0, 0] | [0xff, 0xff, 0xff, 0xff]) {
        return Ok(());
    }
    riff(bytes, |kind| has_sound |= kind == b"data")?;
    if has_sound { Ok(()) } else { Err(BROKEN) }
}

fn riff(bytes: &[u8], mut seen: impl FnMut(&[u8; 4])) -> Checked {
    let mut rest = Rest(bytes);
    rest.skip(4)?;
    let length = usize::try_from(u32::from_le_bytes(rest.array()?)).map_err(|_| CUT)?;
    // Some writers leave out the byte that makes the last chunk even.
    let all = rest.0.len().min(length);
    if all + 1 < length {
        return Err(CUT);
    }
    let mut rest = Rest(&rest.0[..all]);
    rest.skip(4)?;
    while rest.0.len() >= 8 {
        let kind = rest.array()?;
        let length = u32::from_le_bytes(rest.array()?);
        rest.skip(length)?;
        if length % 2 == 1 && !rest.0.is_empty() {
            rest.skip(1)?;
        }
        seen(&kind);
    }
    Ok(())
}

/// Blocks up to the trailer. Source: <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>.
pub(super) fn gif(bytes: &[u8]) -> Checked {
    let mut rest = Rest(bytes);
    rest.skip(10)?;
    let flags = rest.byte()?;
    rest.skip(2)?;
    rest.skip(colours(flags))?;
    let mut has_picture = false;
    loop {
        match rest.byte()? {
            0x21 => {
                rest.skip(1)?;
                blocks(&mut rest)?;
            }
            0x2c => {
                rest.skip(8)?;
                let flags = rest.byte()?;
                rest.skip(colours(flags))?;
                rest.skip(1)?;
                blocks(&mut rest)?;
                has_picture = true;
            }
            0x3b => return if has_picture { Ok(()) } else { Err(BROKEN) },
            // One end of blocks too many, which readers pass over.
            0 => {}
            _ => return Err(BROKEN),
        }
    }
}

/// How many bytes a table of colours has.
fn colours(flags: u8) -> u32 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn blocks(rest: &mut Rest<'_>) -> Checked {
    loop {
        match rest.byte()? {
            0 => return Ok(()),
            length => rest.skip(u32::from(length))?,
        }
    }
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
