//! How long a track is, where its file says so plainly: MP3 by its frames, WAV by its header.

/// The length of a track, and how it was found.
#[derive(Debug, PartialEq)]
pub(super) struct Length {
    pub(super) seconds: f64,
    pub(super) source: &'static str,
}

/// `None` for other kinds of files, and for those that are broken.
pub(super) fn length(bytes: &[u8]) -> Option<Length> {
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..] => {
            Some(Length { seconds: wav_seconds(chunks)?, source: "wav_header" })
        }
        _ => Some(Length { seconds: mp3_seconds(bytes)?, source: "mp3_frame_scan" }),
    }
}

/// The bytes of sound over the bytes that play in a second.
fn wav_seconds(mut chunks: &[u8]) -> Option<f64> {
    let mut bytes_per_second = None;
    while let Some((head, rest)) = chunks.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let size = u32::from_le_bytes(size) as usize;
        match &[a, b, c, d] {
            b"fmt " => {
                let rate = rest.get(8..12)?.try_into().ok()?;
                bytes_per_second = Some(u32::from_le_bytes(rate)).filter(|rate| *rate > 0);
            }
            // A recorder that was cut off leaves a size that its file does not have.
            b"data" => return Some(size.min(rest.len()) as f64 / f64::from(bytes_per_second?)),
            _ => {}
        }
        // Chunks begin at even places.
        chunks = rest.get(size.checked_add(size % 2)?..)?;
    }
    None
}

/// The samples of all frames over the samples in a second, frame by frame.
fn mp3_seconds(bytes: &[u8]) -> Option<f64> {
    let mut rest = bytes.get(tag_length(bytes)..)?;
    let (mut seconds, mut frames) = (0.0, 0);
    while let Some(frame) = Frame::read(rest) {
        seconds += frame.seconds;
        frames += 1;
        // The last frame may be cut off.
        rest = rest.get(frame.length..).unwrap_or_default();
    }
    // What happens once may be chance.
    (frames > 1).then_some(seconds)
}

/// The length of an ID3 tag in front, whose size has seven bits in each byte.
fn tag_length(bytes: &[u8]) -> usize {
    match bytes {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].into_iter().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f))
        }
        _ => 0,
    }
}

/// One frame of MPEG audio, layer III.
struct Frame {
    length: usize,
    seconds: f64,
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        /// Kilobits in a second: MPEG 1, and then MPEG 2 and 2.5.
        const KILOBITS: [[usize; 14]; 2] = [
            [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let [0xff, kind, rates, ..] = *bytes else { return None };
        // The rest of the mark, and layer III.
        if kind & 0xe6 != 0xe2 {
            return None;
        }
        let (table, samples, divisor) = match kind >> 3 & 3 {
            3 => (0, 1152, 1),
            2 => (1, 576, 2),
            0 => (1, 576, 4),
            _ => return None,
        };
        let rate = [44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))? / divisor;
        let kilobits = KILOBITS[table].get(usize::from(rates >> 4).checked_sub(1)?)?;
        let padding = usize::from(rates >> 1 & 1);
        let length = samples / 8 * kilobits * 1000 / rate + padding;
        Some(Self { length, seconds: samples as f64 / rate as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 128 kbit/s at 44.1 kHz.
    fn mp3(frames: usize) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0]);
        frame.repeat(frames)
    }

    #[test]
    fn an_mp3_is_as_long_as_its_frames() {
        let near = |bytes: &[u8], expected: f64| {
            let length = length(bytes).unwrap();
            assert!((length.seconds - expected).abs() < 1e-6, "{length:?}");
            assert_eq!(length.source, "mp3_frame_scan");
        };
        near(&mp3(100), 100.0 * 1152.0 / 44_100.0);
        let tagged = [&b"ID3\x04\0\0\0\0\x01\x02"[..], &[0xff; 130], &mp3(3)].concat();
        near(&tagged, 3.0 * 1152.0 / 44_100.0);
        let followed = [&mp3(3)[..], b"TAG and whatever"].concat();
        near(&followed, 3.0 * 1152.0 / 44_100.0);
        // MPEG 2, 64 kbit/s at 22.05 kHz.
        let mut frame = vec![0; 208];
        frame[..3].copy_from_slice(&[0xff, 0xf3, 0x80]);
        near(&frame.repeat(4), 4.0 * 576.0 / 22_050.0);
    }

    #[test]
    fn a_wav_says_its_length() {
        let wav = |data: u32, bytes: usize| {
            let mut file =
                b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0".to_vec();
            file.extend(8000_u32.to_le_bytes());
            file.extend(16_000_u32.to_le_bytes());
            file.extend(b"\x02\0\x10\0data");
            file.extend(data.to_le_bytes());
            file.resize(file.len() + bytes, 0);
            file
        };
        let found = Length { seconds: 2.5, source: "wav_header" };
        assert_eq!(length(&wav(40_000, 40_000)), Some(found));
        assert_eq!(length(&wav(u32::MAX, 8_000)).unwrap().seconds, 0.5);
    }

    #[test]
    fn what_is_no_track_has_no_length() {
        for bytes in
            [&b""[..], b"ID3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f", b"RIFF\0\0\0\0WAVE", b"\xff\xfb"]
        {
            assert_eq!(length(bytes), None);
        }
        assert_eq!(length(&mp3(1)), None);
        assert_eq!(length(b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd"), None);
    }
}
