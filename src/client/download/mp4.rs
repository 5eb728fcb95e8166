//! As much of MP4 as a download needs: is it one, is it whole, and how long is it? The crates that
//! read the whole format are larger than this library's default build should bear.

use std::time::Duration;

use super::content::Flaw;

/// The length of a box's plain header: its size and its kind.
const HEADER_BYTES: usize = 8;

/// The length of the header of a box whose size does not fit into 32 bits.
const LONG_HEADER_BYTES: usize = 16;

/// An MP4 file's boxes, looked at as its bytes pass. It needs no more memory than a header.
#[derive(Debug)]
pub(super) struct Boxes {
    /// What has come of the header that is being read, and how much of it is needed.
    head: Vec<u8>,
    need: usize,
    /// How many bytes to pass over until the next header.
    skip: u64,
    /// How many bytes have come.
    at: u64,
    /// Where the box with the movie's header ends.
    movie_end: Option<u64>,
    has_media: bool,
    /// Whether the last box has no size: it goes on to the file's end, wherever that is.
    is_open_ended: bool,
    /// Whether it comes in fragments: behind each there may be another.
    has_fragments: bool,
    /// Whether the index has come that stands behind the last fragment.
    has_index: bool,
    /// Whether what comes is behind the last box: a line break, zeros, a tag.
    is_behind: bool,
    /// Where that would end, if it were a box of a kind that nobody knows.
    behind_end: u64,
    duration: Option<Duration>,
}

impl Boxes {
    pub(super) fn new() -> Self {
        Self {
            head: Vec::with_capacity(LONG_HEADER_BYTES),
            need: HEADER_BYTES,
            skip: 0,
            at: 0,
            movie_end: None,
            has_media: false,
            is_open_ended: false,
            has_fragments: false,
            has_index: false,
            is_behind: false,
            behind_end: 0,
            duration: None,
        }
    }

    /// Looks at the bytes that come next.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Flaw> {
        while !bytes.is_empty() {
            let left = bytes.len();
            let count = match usize::try_from(self.skip) {
                Ok(0) => left.min(self.need - self.head.len()),
                skip => left.min(skip.unwrap_or(usize::MAX)),
            };
            let (next, rest) = bytes.split_at(count);
            bytes = rest;
            if self.skip > 0 {
                self.pass(count as u64);
                continue;
            }
            self.at += count as u64;
            self.head.extend_from_slice(next);
            if self.head.len() == self.need {
                self.read_box()?;
            }
        }
        Ok(())
    }

    /// How many of the bytes that come next need not be looked at.
    pub(super) fn skip(&self) -> u64 {
        self.skip
    }

    /// Passes over bytes without a look, at most as many as may be skipped.
    pub(super) fn pass(&mut self, count: u64) {
        self.skip -= count;
        self.at += count;
    }

    /// The length that the movie's header states, when nothing more comes. Where nobody tells that
    /// this was the end, the boxes have to prove it.
    pub(super) fn finish(&self, is_end_told: bool) -> Result<Option<Duration>, Flaw> {
        let may_be_cut = (self.has_fragments && !self.has_index) || self.at < self.behind_end;
        let is_proved = is_end_told || !may_be_cut;
        if self.movie_end.is_some_and(|end| self.at >= end) && self.duration.is_none() {
            return Err(Flaw::cut("its moov box has no header"));
        }
        if self.is_behind || (self.head.len() < HEADER_BYTES && self.is_complete()) {
            return match is_proved {
                true => Ok(self.duration),
                false => Err(Flaw::cut("nothing proves that nothing follows")),
            };
        }
        if !self.head.is_empty() || (!self.is_open_ended && self.skip > 0) {
            return Err(Flaw::cut("it ends inside a box"));
        }
        match (self.movie_end, self.has_media) {
            (None, _) => Err(Flaw::cut("it has no moov box")),
            (Some(end), _) if self.at < end && !self.is_open_ended => {
                Err(Flaw::cut("it ends inside a box"))
            }
            (_, false) => Err(Flaw::cut("it has no mdat box")),
            _ if !is_end_told => Err(Flaw::cut("nothing proves where its last box ends")),
            _ => Ok(self.duration),
        }
    }

    /// Whether all that a film needs has come, and another box may follow.
    fn is_complete(&self) -> bool {
        let start = self.at - self.head.len() as u64;
        self.skip == 0 && self.has_media && self.movie_end.is_some_and(|end| start >= end)
    }

    /// Reads as much of a box as it needs; comes back when there is more of it.
    fn read_box(&mut self) -> Result<(), Flaw> {
        let start = self.at - self.head.len() as u64;
        let kind = [self.head[4], self.head[5], self.head[6], self.head[7]];
        if start == 0 && &kind != b"ftyp" {
            return Err(Flaw::wrong("it does not begin with ftyp"));
        }
        if self.is_complete() && !KINDS.contains(&&kind) {
            self.is_behind = true;
            self.behind_end = start + unknown_box(&self.head);
            self.skip = u64::MAX - self.at;
            self.head.clear();
            return Ok(());
        }
        let size = number(&self.head[..4]);
        let header = if size == 1 { LONG_HEADER_BYTES } else { HEADER_BYTES };
        if self.lacks(header) {
            return Ok(());
        }
        let movie_end = self.movie_end.filter(|end| start < *end);
        let end = match size {
            0 => Some(movie_end.unwrap_or(u64::MAX)),
            1 => start.checked_add(number(&self.head[HEADER_BYTES..LONG_HEADER_BYTES])),
            size => start.checked_add(size),
        };
        let fits = |end: &u64| {
            *end >= start + header as u64 && movie_end.is_none_or(|movie_end| *end <= movie_end)
        };
        let Some(end) = end.filter(fits) else {
            return Err(Flaw::cut("one of its boxes has no possible size"));
        };
        self.is_open_ended |= size == 0 && movie_end.is_none();
        let mut next = end;
        match (&kind, movie_end) {
            (b"moov", None) => {
                self.movie_end = Some(end);
                // Its header is among the boxes inside.
                next = self.at;
            }
            (b"mvhd", Some(movie_end)) => {
                let size = usize::try_from(end - start).unwrap_or(usize::MAX);
                if self.lacks(size.min(header + MOVIE_HEADER_BYTES)) {
                    return Ok(());
                }
                self.duration = Some(movie_duration(&self.head[header..])?);
                next = movie_end;
            }
            (b"mdat", None) => self.has_media = true,
            (b"moof", None) => self.has_fragments = true,
            (b"mfra", None) => self.has_index = true,
            _ => {}
        }
        self.skip = next - self.at;
        self.head.clear();
        self.need = HEADER_BYTES;
        Ok(())
    }

    /// Whether the header is to be longer than it is by now.
    fn lacks(&mut self, need: usize) -> bool {
        self.need = need;
        self.head.len() < need
    }
}

/// What a file may have beside what it needs. Behind that, anything else is no box.
const KINDS: [&[u8; 4]; 22] = [
    b"ftyp", b"styp", b"pdin", b"moov", b"moof", b"mdat", b"imda", b"mfra", b"free", b"skip",
    b"wide", b"junk", b"meta", b"meco", b"udta", b"uuid", b"sidx", b"ssix", b"prft", b"emsg",
    b"pnot", b"PICT",
];

/// How long a box would be that begins like this, if it is one of a kind that nobody knows; nothing
/// for text and tags, which would be longer than any such box.
fn unknown_box(head: &[u8]) -> u64 {
    let is_box = head[0] == 0 && head[4..8].iter().all(|byte| (b' '..=b'~').contains(byte));
    if is_box { number(&head[..4]) } else { 0 }
}

/// As much of a movie's header as holds its length, in its longer form.
const MOVIE_HEADER_BYTES: usize = 32;

fn movie_duration(header: &[u8]) -> Result<Duration, Flaw> {
    let is_long = header.first() == Some(&1);
    let (scale, units) = if is_long { (20..24, 24..32) } else { (12..16, 16..20) };
    let (Some(scale), Some(units)) = (header.get(scale), header.get(units)) else {
        return Err(Flaw::cut("its movie header is cut short"));
    };
    let millis = u128::from(number(units)) * 1000 / u128::from(number(scale).max(1));
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}

/// A number of at most eight bytes, the highest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLIP: &[u8] = include_bytes!("../../../tests/fixtures/clip.mp4");

    /// What comes of bytes that arrive in pieces of these sizes, then all at once.
    fn read(mut bytes: &[u8], sizes: &[usize]) -> Result<Option<Duration>, Flaw> {
        let mut boxes = Boxes::new();
        for size in sizes {
            let (piece, rest) = bytes.split_at(bytes.len().min(*size));
            boxes.feed(piece)?;
            bytes = rest;
        }
        boxes.feed(bytes)?;
        boxes.finish(true)
    }

    /// The same where the connection ends and nobody says that all has come.
    fn read_untold(bytes: &[u8]) -> Result<Option<Duration>, Flaw> {
        let mut boxes = Boxes::new();
        boxes.feed(bytes)?;
        boxes.finish(false)
    }

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(8 + content.len()).unwrap();
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    /// A movie of 12.5 s whose header is in its longer form.
    fn long_movie() -> Vec<u8> {
        let mut header = vec![0; 108];
        header[0] = 1;
        header[22..24].copy_from_slice(&[0x03, 0xe8]);
        header[30..32].copy_from_slice(&[0x30, 0xd4]);
        boxed(b"moov", &[boxed(b"free", b"before"), boxed(b"mvhd", &header), vec![7; 30]].concat())
    }

    proptest! {
        #[test]
        fn only_the_whole_is_whole_however_it_arrives(
            cut in 0..CLIP.len(),
            sizes in prop::collection::vec(1usize..600, 0..40),
        ) {
            let whole = read(CLIP, &[]).unwrap();
            prop_assert!(whole.unwrap() > Duration::ZERO);
            prop_assert_eq!(read(CLIP, &sizes).unwrap(), whole);
            prop_assert!(matches!(read(&CLIP[..cut], &sizes), Err(Flaw::Cut(_))));
        }
    }

    #[test]
    fn sizes_of_every_form_are_read() {
        let start = boxed(b"ftyp", b"isom");
        let long_media = [&[0, 0, 0, 1][..], b"mdat", &[0, 0, 0, 0, 0, 0, 0, 20], b"data"].concat();
        let open_media = [&[0, 0, 0, 0][..], b"mdat", b"to the end"].concat();
        for media in [long_media, open_media, boxed(b"mdat", b"")] {
            let film = [start.clone(), media, Vec::new()].concat();
            assert!(matches!(read(&film, &[]), Err(Flaw::Cut(_))), "it has no movie");
            let film = [start.clone(), long_movie(), film[start.len()..].to_vec()].concat();
            assert_eq!(read(&film, &[3, 9]).unwrap(), Some(Duration::from_millis(12_500)));
        }
    }

    #[test]
    fn without_a_told_end_the_boxes_have_to_prove_it() {
        let start = [boxed(b"ftyp", b"isom"), long_movie()].concat();
        let whole = Ok(Some(Duration::from_millis(12_500)));
        let open = [&start[..], &[0, 0, 0, 0], b"mdat", b"to the end"].concat();
        let open_other = [&start[..], &boxed(b"mdat", b"x"), &[0, 0, 0, 0], b"free", b"x"].concat();
        let fragment = [boxed(b"moof", b"x"), boxed(b"mdat", b"x")].concat();
        let fragments = [&start[..], &fragment, &fragment].concat();
        let cut_fragment = [&fragments[..], b"\0\0\x01"].concat();
        for film in [open, open_other, fragments.clone(), cut_fragment] {
            assert!(matches!(read_untold(&film), Err(Flaw::Cut(_))), "{film:?}");
            assert_eq!(read(&film, &[]), whole);
        }
        let closed = [&start[..], &boxed(b"mdat", b"x")].concat();
        let indexed = [fragments, boxed(b"mfra", b"x")].concat();
        for film in [closed, indexed] {
            assert_eq!(read_untold(&film), whole);
        }
        assert_eq!(read_untold(CLIP), read(CLIP, &[]));
    }

    #[test]
    fn what_stands_behind_the_last_box_is_no_fault_but_a_box_has_to_be_whole() {
        let film = [boxed(b"ftyp", b"isom"), long_movie(), boxed(b"mdat", b"data")].concat();
        let tag = [b"TAGRoast of the morning".to_vec(), vec![b' '; 105]].concat();
        let tails = [b"\n".to_vec(), b"\r\n".to_vec(), vec![0; 5], vec![0; 5000], tag];
        for tail in tails.iter().map(|tail| &tail[..]).chain([&b"<!-- served by edge 7 -->"[..]]) {
            let all = [&film[..], tail].concat();
            for sizes in [&[][..], &[1; 300], &[film.len() + 1, 3]] {
                assert!(read(&all, sizes).is_ok_and(|length| length.is_some()), "{tail:?}");
            }
            assert!(read_untold(&all).is_ok(), "{tail:?}");
        }
        // Before all has come that a film needs, nothing is behind it.
        let early = [boxed(b"ftyp", b"isom"), long_movie(), b"\r\n".to_vec()].concat();
        assert!(matches!(read(&early, &[]), Err(Flaw::Cut(_))));
        for half in [&b"\0\0\0\x40moof"[..], b"\0\0\x40\0mdat and", b"\0\0\0\x01mdat\0\0"] {
            let all = [&film[..], half].concat();
            assert!(matches!(read(&all, &[]), Err(Flaw::Cut(_))), "{half:?}");
        }
    }

    #[test]
    fn a_box_of_an_unknown_kind_may_be_cut_and_has_an_end_all_the_same() {
        let film = [boxed(b"ftyp", b"isom"), long_movie(), boxed(b"mdat", b"data")].concat();
        let whole = [&film[..], &boxed(b"abcd", &[7; 90])].concat();
        assert!(read_untold(&whole).is_ok() && read(&whole, &[50, 1]).is_ok());
        let cut = &whole[..whole.len() - 1];
        assert!(matches!(read_untold(cut), Err(Flaw::Cut(_))));
        assert!(read(cut, &[]).is_ok());
    }

    #[test]
    fn a_movie_has_a_header_and_no_box_ends_behind_all_numbers() {
        let start = boxed(b"ftyp", b"isom");
        for movie in [boxed(b"moov", b""), boxed(b"moov", &boxed(b"trak", b"x"))] {
            for media in [boxed(b"mdat", b""), boxed(b"mdat", b"data"), b"\0\0\0\0mdatx".to_vec()] {
                for tail in [&b""[..], b"\r\n", &[0; 50]] {
                    let film = [&start[..], &movie, &media, tail].concat();
                    assert!(matches!(read(&film, &[]), Err(Flaw::Cut(_))), "{film:?}");
                }
            }
        }
        for size in [u64::MAX, u64::MAX - 1, 1 << 40] {
            let media = [&[0, 0, 0, 1][..], b"mdat", &size.to_be_bytes(), b"data"].concat();
            let film = [&start[..], &long_movie(), &media].concat();
            assert!(matches!(read(&film, &[]), Err(Flaw::Cut(_))), "{size}");
        }
    }

    #[test]
    fn what_is_no_mp4_is_seen_at_once_and_nonsense_does_no_harm() {
        let mut boxes = Boxes::new();
        let flaw = boxes.feed(b"<!DOCTYPE html>").unwrap_err();
        assert!(matches!(flaw, Flaw::Wrong(_)));
        let start = boxed(b"ftyp", b"isom");
        let too_short = [&[0, 0, 0, 7][..], b"moov"].concat();
        let too_long = [&[0, 0, 0, 1][..], b"moov", &[0xff; 8], b"mvhd"].concat();
        let sticks_out = boxed(b"moov", &[0, 0, 0, 99, b'm', b'v', b'h', b'd']);
        let cut_short = boxed(b"moov", &boxed(b"mvhd", &[0; 12]));
        for nonsense in [too_short, too_long, sticks_out, cut_short, Vec::new()] {
            let film = [start.clone(), nonsense].concat();
            assert!(matches!(read(&film, &[]), Err(Flaw::Cut(_))), "{film:?}");
        }
    }
}
