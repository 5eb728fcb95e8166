//! BeatAPI as far as a finished job goes, and its videos, on raw TCP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::script::{Dice, Fault, Framing, Script, Validator};

const CLIP: &[u8] = include_bytes!("../fixtures/clip.mp4");

/// Where the clip's only `mdat` begins, which is its last box.
const MEDIA_AT: usize = 843;

/// What makes one video differ from another.
static NOISE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let mut dice = Dice::new(7, 7);
    (0..NOISE_BYTES).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect()
});

const NOISE_BYTES: usize = 512 * 1024;

/// A video: the sandbox's clip with more in its `mdat`.
fn video(size: usize, is_open_ended: bool, dice: &mut Dice) -> Vec<u8> {
    let from = dice.roll(NOISE_BYTES - size);
    let mut bytes = [CLIP, &NOISE[from..from + size]].concat();
    let media = u32::try_from(bytes.len() - MEDIA_AT).unwrap();
    let media = if is_open_ended { 0 } else { media };
    bytes[MEDIA_AT..MEDIA_AT + 4].copy_from_slice(&media.to_be_bytes());
    bytes
}

/// One download's side of the server.
struct Case {
    dice: Dice,
    script: Script,
    videos: [Vec<u8>; 2],
    /// Which of them is served.
    version: usize,
    /// Whether each of them was ever served.
    was_served: [bool; 2],
    /// How often the job was read: each time it gives another link.
    links: usize,
    /// The first link that is not refused.
    first_link: usize,
    next_fault: usize,
    is_waiting_for_range: bool,
    /// Whether the last answer with a video's start told its size.
    is_size_told: bool,
    tag: usize,
    met: Vec<Option<Fault>>,
}

impl Case {
    fn new(seed: u64, case: u64) -> Self {
        let mut dice = Dice::new(seed, case);
        let script = Script::roll(&mut dice);
        let most = dice.pick(&[1, 900, 20_000, 20_000, 60_000, 300_000]);
        let size = 1 + dice.roll(most);
        let other = if dice.roll(2) == 0 { size } else { size + 1 + dice.roll(100) };
        let videos = [size, other].map(|size| video(size, script.is_open_ended, &mut dice));
        Self {
            dice,
            script,
            videos,
            version: 0,
            was_served: [true, false],
            links: 0,
            first_link: 0,
            next_fault: 0,
            is_waiting_for_range: false,
            is_size_told: false,
            tag: 0,
            met: Vec::new(),
        }
    }

    /// What the next answer is to have wrong.
    fn fault(&mut self, is_part: bool) -> Option<Fault> {
        let last = self.script.faults.len().checked_sub(1)?;
        let at = if self.script.for_ever { self.next_fault.min(last) } else { self.next_fault };
        let fault = *self.script.faults.get(at)?;
        if fault.is_of_part() && !is_part && !self.is_waiting_for_range {
            // Something has to come first of which there is a rest.
            self.is_waiting_for_range = true;
            return Some(Fault::BreaksOff);
        }
        self.is_waiting_for_range = false;
        self.next_fault += 1;
        (is_part || !fault.is_of_part()).then_some(fault)
    }

    /// The header lines by which a version is known again.
    fn validator(&mut self, version: usize) -> String {
        let now = SystemTime::now();
        let dates = |age| {
            let modified = fmt_http_date(now - Duration::from_secs(age));
            format!("date: {}\r\nlast-modified: {modified}\r\n", fmt_http_date(now))
        };
        match self.script.validator {
            Validator::StrongTag => format!("etag: \"{version}-{}\"\r\n", self.tag),
            // Its versions mean the same, and it gives a part of one for a part of the other.
            Validator::WeakTag => "etag: W/\"same\"\r\n".to_owned(),
            Validator::ChangingTag => {
                self.tag += 1;
                format!("etag: \"{version}-{}\"\r\n", self.tag)
            }
            Validator::OldDate => {
                let dates = ["Sat, 21 Nov 2020 10:00:00 GMT", "Sat, 21 Nov 2020 10:00:01 GMT"];
                format!("date: {}\r\nlast-modified: {}\r\n", fmt_http_date(now), dates[version])
            }
            Validator::FreshDate => dates(0),
            Validator::None => String::new(),
        }
    }

    /// Somewhere from the start of a body to its end; each end is likelier than what is between.
    fn cut(&mut self, length: usize) -> usize {
        match self.dice.roll(6) {
            0 => 0,
            1 => length.saturating_sub(1),
            2 => self.dice.roll(MEDIA_AT + 20).min(length.saturating_sub(1)),
            _ => self.dice.roll(length.max(1)),
        }
    }
}

/// What is written, piece by piece, and what becomes of the connection then.
#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    /// Whether the first bytes of the body are written one by one.
    is_slow: bool,
    end: End,
}

#[derive(Default, PartialEq)]
enum End {
    #[default]
    Close,
    Reset,
    /// It is held until the client gives it up.
    Hold,
}

pub(crate) struct Server {
    pub(crate) url: String,
    cases: Cases,
}

type Cases = Arc<Mutex<HashMap<u64, Case>>>;

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cases = Cases::default();
        let (base, all) = (url.clone(), Arc::clone(&cases));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, base.clone(), Arc::clone(&all)));
            }
        });
        Self { url, cases }
    }

    pub(crate) fn add(&self, case: u64, seed: u64) {
        self.cases.lock().unwrap().insert(case, Case::new(seed, case));
    }

    pub(crate) fn script(&self, case: u64) -> Script {
        self.cases.lock().unwrap()[&case].script.clone()
    }

    /// Every version that was served.
    pub(crate) fn sources(&self, case: u64) -> Vec<Vec<u8>> {
        let cases = self.cases.lock().unwrap();
        let case = &cases[&case];
        let served = case.videos.iter().zip(case.was_served).filter(|(_, was_served)| *was_served);
        served.map(|(video, _)| video.clone()).collect()
    }

    /// Forgets a case and says what each of its answers had wrong.
    pub(crate) fn remove(&self, case: u64) -> Vec<Option<Fault>> {
        self.cases.lock().unwrap().remove(&case).unwrap().met
    }
}

async fn serve(mut stream: TcpStream, base: String, cases: Cases) -> Option<()> {
    let request = read_request(&mut stream).await?;
    let answer = answer(&request, &base, &cases)?;
    stream.set_nodelay(true).ok()?;
    let mut rest = &*answer.bytes;
    if answer.is_slow {
        let head = rest.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_default();
        let (head, body) = rest.split_at(head + 4);
        stream.write_all(head).await.ok()?;
        let (slow, fast) = body.split_at(SLOW_BYTES.min(body.len()));
        for byte in slow {
            stream.write_all(&[*byte]).await.ok()?;
            tokio::task::yield_now().await;
        }
        rest = fast;
    }
    stream.write_all(rest).await.ok()?;
    match answer.end {
        End::Close => {}
        End::Reset => stream.set_zero_linger().ok()?,
        End::Hold => drop(stream.read(&mut [0]).await),
    }
    Some(())
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = header(head, "content-length").and_then(|text| text.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The number behind a word.
fn number_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn answer(request: &str, base: &str, cases: &Cases) -> Option<Answer> {
    let mut cases = cases.lock().unwrap();
    let head = request.split("\r\n\r\n").next()?;
    let path = head.split(' ').nth(1)?;
    if let Some(number) = number_after(path, "/video/") {
        let link = usize::try_from(number_after(path, "/link/")?).unwrap();
        return Some(media(cases.get_mut(&number)?, head, path, link));
    }
    let number = number_after(path, "task_").or_else(|| number_after(request, "/p-"))?;
    let data = match head.starts_with("POST") {
        true => r#""status":"queued""#.to_owned(),
        false => {
            let case = cases.get_mut(&number)?;
            case.links += 1;
            let url = format!("{base}/video/{number}/link/{}/v.mp4", case.links);
            format!(r#""status":"succeeded","output":{{"media":[{{"url":"{url}"}}]}}"#)
        }
    };
    let body = format!(r#"{{"data":{{"id":"task_{number}",{data}}}}}"#);
    Some(plain("200 OK\r\ncontent-type: application/json", body.as_bytes()))
}

/// An answer with a length.
fn plain(head: &str, body: &[u8]) -> Answer {
    let head = format!("{head}\r\ncontent-length: {}\r\n", body.len());
    Answer { bytes: message(&head, body), ..Answer::default() }
}

fn message(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}connection: close\r\n\r\n").as_bytes(), body].concat()
}

/// An answer of the place where videos are.
fn media(case: &mut Case, head: &str, path: &str, link: usize) -> Answer {
    if link < case.first_link {
        case.met.push(Some(Fault::Expired));
        return refused(case);
    }
    let asked = header(head, "range").and_then(|text| number_after(text, "bytes="));
    let start = asked.map(|start| usize::try_from(start).unwrap());
    let fault = case.fault(start.is_some());
    case.met.push(fault);
    match fault {
        Some(Fault::NewVersion) => {
            case.version = 1 - case.version;
            case.was_served[case.version] = true;
        }
        Some(Fault::NewTag) => case.tag += 1,
        _ => {}
    }
    if let Some(answer) = fault.and_then(|fault| other_answer(case, fault, path, link)) {
        return answer;
    }
    let lines = case.validator(case.version);
    let current = header(&lines, "etag").or_else(|| header(&lines, "last-modified"));
    let is_current = header(head, "if-range").is_none_or(|tag| current == Some(tag));
    match start {
        Some(start) if fault.is_some_and(Fault::is_of_part) => {
            wrong_part(case, fault.unwrap(), start, &lines)
        }
        Some(start) if is_current => {
            let video = &case.videos[case.version];
            if start >= video.len() {
                return plain("416 Range Not Satisfiable", b"");
            }
            let place = format!("bytes {start}-{}/{}", video.len() - 1, video.len());
            let head = format!("206 Partial Content\r\n{lines}content-range: {place}\r\n");
            body(case, fault, &head, start)
        }
        _ => {
            let head = format!("200 OK\r\n{lines}content-type: video/mp4\r\n");
            body(case, fault, &head, 0)
        }
    }
}

fn refused(case: &mut Case) -> Answer {
    let status = case.dice.pick(&["401 No", "403 No", "404 No", "410 No", "400 No"]);
    plain(status, b"<Error>expired</Error>")
}

/// What has nothing of the video in it.
fn other_answer(case: &mut Case, fault: Fault, path: &str, link: usize) -> Option<Answer> {
    let page = b"<!DOCTYPE html><html><body>This link has expired.</body></html>";
    Some(match fault {
        Fault::HangsUp => Answer::default(),
        Fault::NoAnswer => Answer { end: End::Hold, ..Answer::default() },
        Fault::Refused => refused(case),
        Fault::Expired => {
            case.first_link = link + 1;
            refused(case)
        }
        Fault::Page => plain("200 OK\r\ncontent-type: text/html; charset=utf-8", page),
        Fault::PageWithoutType => plain("200 OK", page),
        Fault::Message => plain("200 OK\r\ncontent-type: application/json", b"{\"code\":1}"),
        Fault::ServerError => {
            let status = case.dice.pick(&["500 No", "502 No", "503 No\r\nretry-after: 7"]);
            plain(status, page)
        }
        Fault::Redirect => {
            let folder = path.trim_end_matches("v.mp4");
            plain(&format!("302 Found\r\nlocation: {folder}x/v.mp4"), b"")
        }
        Fault::Packed => plain("200 OK\r\ncontent-encoding: gzip", &case.videos[case.version]),
        Fault::Empty => plain("200 OK\r\ncontent-type: video/mp4", b""),
        Fault::OutOfRange => plain("416 Range Not Satisfiable", b""),
        _ => return None,
    })
}

/// A part that is not the one that was asked for, or not in the way that was asked for.
fn wrong_part(case: &mut Case, fault: Fault, start: usize, lines: &str) -> Answer {
    let other = 1 - case.version;
    let other_lines = case.validator(other);
    let video = &case.videos[case.version];
    let start = start.min(video.len() - 1);
    let (last, size) = (video.len() - 1, video.len());
    let part = |place: String, lines: &str, body: &[u8]| {
        plain(&format!("206 Partial Content\r\n{lines}content-range: {place}"), body)
    };
    match fault {
        Fault::WrongStart if start < last => {
            part(format!("bytes {}-{last}/{size}", start + 1), lines, &video[start + 1..])
        }
        Fault::WrongStart => part(format!("bytes 0-{last}/{size}"), lines, video),
        // Nobody could tell where no answer before has told its size: what is behind a video's last
        // box is no fault.
        Fault::WrongTotal if case.is_size_told => {
            let more = [&video[start..], b"x"].concat();
            part(format!("bytes {start}-{size}/{}", size + 1), lines, &more)
        }
        Fault::NoPlace => plain(&format!("206 Partial Content\r\n{lines}x: y"), &video[start..]),
        Fault::ShortPart | Fault::WrongTotal => {
            let end = start + (size - start).div_ceil(2);
            part(format!("bytes {start}-{}/{size}", end - 1), lines, &video[start..end])
        }
        Fault::LongPart => {
            let more = [&video[start..], b"too much"].concat();
            part(format!("bytes {start}-{last}/{size}"), lines, &more)
        }
        Fault::OtherVersion => {
            let video = &case.videos[other];
            let start = start.min(video.len() - 1);
            let place = format!("bytes {start}-{}/{}", video.len() - 1, video.len());
            part(place, &other_lines, &video[start..])
        }
        _ => plain(&format!("200 OK\r\n{lines}content-type: video/mp4"), video),
    }
}

/// The video from `start` on behind `head`, with what goes wrong on the way.
fn body(case: &mut Case, fault: Option<Fault>, head: &str, start: usize) -> Answer {
    let video = case.videos[case.version][start..].to_vec();
    let cut = case.cut(video.len());
    // Nobody could tell that such a one is not whole.
    let fault = match fault {
        Some(Fault::ShortAnnounced) if start == 0 && case.script.is_open_ended => {
            Some(Fault::BreaksOff)
        }
        fault => fault,
    };
    let framing = match fault {
        Some(Fault::CutInChunks) => Framing::Chunks,
        Some(Fault::CutUnannounced) => Framing::Close,
        // What breaks off where nobody tells the end is another fault.
        Some(Fault::BreaksOff) => Framing::Length,
        _ => case.script.framing,
    };
    if start == 0 {
        case.is_size_told = framing == Framing::Length;
    }
    if fault == Some(Fault::UnaskedPart) && start == 0 {
        let end = cut.max(1);
        let place = format!("content-range: bytes 0-{}/{}", end - 1, video.len());
        return plain(&format!("206 Partial Content\r\n{place}"), &video[..end]);
    }
    if fault == Some(Fault::ShortAnnounced) {
        return plain(head.trim_end(), &video[..cut]);
    }
    let is_cut = matches!(
        fault,
        Some(
            Fault::IsReset
                | Fault::BreaksOff
                | Fault::CutInChunks
                | Fault::CutUnannounced
                | Fault::Stalls
        )
    );
    let sent = if is_cut { &video[..cut] } else { &video[..] };
    let bytes = match framing {
        Framing::Length => message(&format!("{head}content-length: {}\r\n", video.len()), sent),
        Framing::Close => message(head, sent),
        Framing::Chunks => {
            let mut chunks = chunks(sent);
            if !is_cut {
                chunks.extend_from_slice(b"0\r\n\r\n");
            }
            message(&format!("{head}transfer-encoding: chunked\r\n"), &chunks)
        }
    };
    let end = match fault {
        Some(Fault::IsReset) => End::Reset,
        Some(Fault::Stalls) => End::Hold,
        _ => End::Close,
    };
    Answer { bytes, is_slow: fault == Some(Fault::Slow), end }
}

/// How much of a slow answer comes a byte at a time.
const SLOW_BYTES: usize = 900;

fn chunks(body: &[u8]) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    body.chunks(5000).flat_map(chunk).collect()
}
