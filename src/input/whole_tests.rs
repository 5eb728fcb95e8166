use super::*;

type Check = fn(&[u8]) -> Checked;

macro_rules! picture {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/", $name))
    };
}

fn pictures() -> [(&'static str, &'static [u8], Check); 9] {
    [
        ("16 bits", picture!("sixteen_bit.png"), png),
        (
            "tiny",
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny.png")),
            png,
        ),
        ("CMYK", picture!("cmyk.jpg"), jpeg),
        ("progressive", picture!("progressive.jpg"), jpeg),
        ("rotated", picture!("rotated.jpg"), jpeg),
        ("lossy", picture!("lossy.webp"), webp),
        ("lossless", picture!("lossless.webp"), webp),
        ("animated WebP", picture!("animated.webp"), webp),
        ("animated GIF", picture!("animated.gif"), gif),
    ]
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + content.len()).unwrap();
    [&length.to_be_bytes(), kind, content].concat()
}

fn sounds() -> [(&'static str, Vec<u8>, Check); 2] {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        [kind, &u32::try_from(content.len()).unwrap().to_le_bytes()[..], content].concat()
    };
    let chunks = [chunk(b"fmt ", &[0; 16]), chunk(b"data", &[1; 64])].concat();
    let sound =
        [boxed(b"ftyp", b"M4A \0\0\0\0"), boxed(b"moov", &[0; 40]), boxed(b"mdat", &[9; 80])];
    let length = u32::try_from(4 + chunks.len()).unwrap().to_le_bytes();
    [("WAV", [b"RIFF", &length[..], b"WAVE", &chunks].concat(), wav), ("M4A", sound.concat(), m4a)]
}

#[test]
fn a_file_that_breaks_off_anywhere_is_not_whole() {
    let sounds = sounds();
    let sounds = sounds.iter().map(|(name, bytes, check)| (*name, &**bytes, *check));
    for (name, bytes, check) in pictures().into_iter().chain(sounds) {
        assert_eq!(check(bytes), Ok(()), "{name}");
        for length in 0..bytes.len() {
            assert!(check(&bytes[..length]).is_err(), "{length} bytes of {name}");
        }
        // As where room for a copy was taken beforehand.
        for cut in [bytes.len() / 2, bytes.len() - 20] {
            let mut bytes = bytes.to_vec();
            bytes[cut..].fill(0);
            // The data of WebP, WAV and M4A has no structure that this could break.
            if matches!(name, "16 bits" | "CMYK" | "progressive" | "rotated" | "animated GIF") {
                assert!(check(&bytes).is_err(), "{name}, empty from {cut}");
            }
        }
    }
}

#[test]
fn what_cameras_put_behind_the_end_is_no_fault() {
    let further: [&[u8]; 4] =
        [b"\0", b"\r\n", picture!("cmyk.jpg"), b"\0\0\0\x18ftypmp42\0\0\0\0isommp42cut off"];
    for (name, bytes, check) in pictures() {
        for more in further {
            assert_eq!(check(&[bytes, more].concat()), Ok(()), "{name}");
        }
    }
}

#[test]
fn the_end_of_a_preview_is_not_that_of_its_picture() {
    let preview = picture!("cmyk.jpg");
    let length = u16::try_from(preview.len() + 2).unwrap().to_be_bytes();
    let (start, rest) = picture!("progressive.jpg").split_at(2);
    let whole = [start, &[0xff, 0xe1], &length[..], preview, rest].concat();
    assert_eq!(jpeg(&whole), Ok(()));
    for length in 0..whole.len() {
        assert!(jpeg(&whole[..length]).is_err(), "{length} bytes");
    }
    // Bytes too many between segments, which decoders pass over with a warning.
    assert_eq!(jpeg(&[start, b"\0\0", &[0xff, 0xff], &rest[1..]].concat()), Ok(()));
}

#[test]
fn what_has_an_end_and_no_picture_is_damaged() {
    assert_eq!(jpeg(b"\xff\xd8\xff\xd9"), Err(BROKEN));
    assert_eq!(png(b"\x89PNG\r\n\x1a\n\0\0\0\0IENDcrc_"), Err(BROKEN));
    assert_eq!(gif(b"GIF89a\x01\0\x01\0\0\0\0;"), Err(BROKEN));
    assert_eq!(webp(b"RIFF\x04\0\0\0WEBP"), Err(BROKEN));
    assert_eq!(webp(b"RIFF\x0c\0\0\0WEBPVP8 \xff\xff\xff\xff"), Err(CUT));
}

#[test]
fn a_sound_from_a_pipe_need_not_know_its_length() {
    let [(_, mut bytes, _), _] = sounds();
    bytes[4..8].fill(0xff);
    assert_eq!(wav(&bytes), Ok(()));
}

/// Whatever stands in a file, it is read to an answer, and what is said of its size does not panic
/// either.
#[test]
fn broken_bytes_are_read_to_an_answer() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let checks: [Check; 6] = [png, jpeg, webp, gif, wav, m4a];
    let sounds = sounds();
    let files = pictures().map(|(_, bytes, _)| bytes);
    let files: Vec<&[u8]> = files.into_iter().chain(sounds.iter().map(|(_, b, _)| &**b)).collect();
    for _ in 0..20_000 {
        let mut bytes = files[random(files.len())].to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = [0, 0x7f, 0x80, 0xff][random(4)],
                1 => bytes[at] ^= 1 << random(8),
                2 => bytes.truncate(at),
                _ => drop(bytes.splice(at..at, [0xff; 4])),
            }
            if bytes.is_empty() {
                break;
            }
        }
        for check in checks {
            let _ = check(&bytes);
        }
        let _ = super::super::picture::check_content(&bytes, "field", "file");
        let _ = super::super::format::seen(&bytes);
    }
}
