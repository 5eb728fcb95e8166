//! The bytes of a video, through whatever happens on the way.
//!
//! | what happens | what is done |
//! | --- | --- |
//! | no answer, 5xx, 429, it breaks off, stands still, crawls | the rest is asked for, with `If-Range` |
//! | no such part, or another than was asked for | the whole; what came before is passed over where it is surely the same |
//! | a part was asked for and nothing came | the whole, once: a part may be asked for again behind it |
//! | no validator, another validator or size, a broken structure | all anew |
//! | the link is refused, or leads to a page | the job is read again for a new link, of which all is fetched anew |
//! | the link leads where none may | the same, and no other try where there is no new one |
//! | it is larger than may be, or comes again and again | it is given up |

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::header::{HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::super::{Client, Video};
use super::answer::{self, KnownContent, Place};
use super::content::{Content, Flaw};
use super::limits::{Limits, Pace};
use super::link::{self, Astray};
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobId;
use crate::model::{Medium, ProviderId};
use crate::transport::{Transport, retry_after};

/// The waits before a download is tried again that got no further. JoggAI's own client waits like
/// this, because its links do not work at once; what merely broke off mostly goes on at once.
const GAPS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(20),
];

/// The longest wait that a server is given when it asks for one.
const LONGEST_GAP: Duration = Duration::from_secs(60);

/// How much further than ever before a download has to get for its tries to be counted anew.
const PROGRESS_BYTES: u64 = 64 * 1024;

/// How many times over a download may come, as far as it has ever got, and how much may be lost
/// beside: a server that gives a little more each time and breaks off could go on for ever.
const MOST_TIMES_OVER: u64 = 8;
const SPARE_BYTES: u64 = 16 << 20;

/// What comes of a download next.
#[derive(Debug)]
pub(super) enum Piece {
    /// The bytes that follow.
    Bytes(Bytes),
    /// What came before is void: all of it follows anew.
    Anew,
}

/// A video on its way.
pub(super) struct Fetch {
    client: Client,
    transport: Transport,
    limits: Limits,
    job: JobId,
    provider: ProviderId,
    medium: Medium,
    url: String,
    /// The answer that is being read.
    body: Option<BoxStream<'static, reqwest::Result<Bytes>>>,
    pace: Pace,
    /// How many of its bytes were handed on before.
    skip: u64,
    /// How many bytes were handed on, and what they looked like.
    at: u64,
    content: Content,
    known: Option<KnownContent>,
    /// Whether a part may be asked for. Not of a server that gave a wrong one.
    may_resume: bool,
    /// Whether this try asked for a part of which nothing has come. Servers refuse parts in many
    /// ways, so the next try asks for the whole.
    is_part_in_doubt: bool,
    /// How many bytes have come in all tries together.
    received: u64,
    tries: usize,
    furthest: u64,
    /// What went wrong last.
    trouble: Option<Error>,
}

/// Why a try has ended, and what the next one does differently.
struct Miss(Error, Remedy);

enum Remedy {
    /// Asks for the rest.
    GoOn,
    /// Asks for the whole, and passes over what is surely the same.
    Whole,
    /// Begins again from the first byte.
    Anew,
    /// Reads the job for its link as it is now, and asks for the rest.
    Relink,
    /// Reads the job for its link as it is now, and begins again from the first byte.
    RelinkAnew,
    /// Goes on only where the job has a new link.
    OtherLink,
    /// Gives up.
    Stop,
}

impl Fetch {
    /// Begins; nothing is sent yet.
    pub(super) fn new(video: &Video) -> Result<Self> {
        Ok(Self {
            client: video.client().clone(),
            transport: video.transport()?,
            limits: video.client().download_limits(),
            job: video.job_id(),
            provider: video.provider(),
            medium: video.medium(),
            url: video.url().to_owned(),
            body: None,
            pace: Pace::default(),
            skip: 0,
            at: 0,
            content: Content::new(video.medium()),
            known: None,
            may_resume: true,
            is_part_in_doubt: false,
            received: 0,
            tries: 0,
            furthest: 0,
            trouble: None,
        })
    }

    /// What comes next; `None` when all has come, whole.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            match self.attempt().await {
                Ok(piece) => return Ok(piece),
                Err(miss) => self.recover(miss).await?,
            }
        }
    }

    /// How many bytes are still to come, as far as that was announced.
    pub(super) fn rest_bytes(&self) -> Option<u64> {
        Some(self.known.as_ref()?.size_bytes?.saturating_sub(self.at))
    }

    /// How many bytes have come.
    pub(super) fn size_bytes(&self) -> u64 {
        self.at
    }

    /// The extension of a picture's kind.
    pub(super) fn extension(&self) -> Option<&'static str> {
        self.content.extension()
    }

    /// The length that a video states, when all has come.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.content.finish(true).ok().flatten()
    }

    /// What it ends with where what came before cannot be taken back.
    pub(super) fn cannot_go_on(self) -> Error {
        let message = "download: it had to begin anew, since the video changed at its provider or \
                       cannot be read in parts; read it again from the beginning";
        let error = self.error(ErrorKind::Unavailable, message);
        match self.trouble {
            Some(trouble) => error.with_source(trouble),
            None => error,
        }
    }

    async fn attempt(&mut self) -> Result<Option<Piece>, Miss> {
        if self.body.is_none() && self.open().await? {
            return Ok(Some(Piece::Anew));
        }
        while let Some(body) = &mut self.body {
            let begun = Instant::now();
            let chunk = tokio::time::timeout(self.pace.left(&self.limits), body.next()).await;
            let Ok(chunk) = chunk else { return Err(self.too_slow()) };
            let Some(chunk) = chunk else { break };
            let mut chunk = chunk.map_err(|error| self.lost("it broke off", error))?;
            self.pace.came(chunk.len(), begun.elapsed(), &self.limits);
            self.received = self.received.saturating_add(chunk.len() as u64);
            let passed = chunk.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= passed as u64;
            let chunk = chunk.split_off(passed);
            if !chunk.is_empty() {
                self.take(&chunk)?;
                return Ok(Some(Piece::Bytes(chunk)));
            }
        }
        self.end()?;
        Ok(None)
    }

    /// Asks for what is missing, and says whether all begins anew.
    async fn open(&mut self) -> Result<bool, Miss> {
        let mut headers = HeaderMap::new();
        let may_resume = self.may_resume && !self.is_part_in_doubt && self.at > 0;
        let known = self.known.as_ref().filter(|_| may_resume);
        let validator = known.and_then(|known| known.validator.as_ref());
        let is_part_asked = validator.is_some();
        if let Some(validator) = validator {
            let rest = format!("bytes={}-", self.at);
            headers.insert(RANGE, HeaderValue::from_str(&rest).expect("it is digits"));
            headers.insert(IF_RANGE, validator.value().clone());
        }
        self.is_part_in_doubt = is_part_asked;
        let stall = self.limits.stall_timeout;
        let answered = link::follow(&self.transport, &self.url, &headers, stall).await;
        let (response, address) = answered.map_err(|astray| self.astray(astray))?;
        let status = response.status();
        if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            return Err(self.refused(status, response.headers()));
        }
        if answer::is_message(response.headers()) {
            let what = "the link leads to a page or a message instead of a video";
            return Err(self.miss(what, Remedy::Relink));
        }
        if answer::is_compressed(response.headers()) {
            return Err(self.miss("it comes compressed, which was not asked for", Remedy::GoOn));
        }
        let is_anew = match (status, is_part_asked) {
            (StatusCode::OK, _) => self.begin_whole(&response, &address),
            (_, true) => self.begin_part(&response, &address)?,
            _ => return Err(self.miss("a part came that was not asked for", Remedy::GoOn)),
        };
        if self.known.as_ref().and_then(|known| known.size_bytes) > Some(self.max_bytes()) {
            return Err(self.too_large());
        }
        self.pace = Pace::default();
        self.body = Some(response.bytes_stream().boxed());
        Ok(is_anew)
    }

    /// Reads the whole. What was handed on before is passed over where it is surely the same.
    fn begin_whole(&mut self, response: &Response, address: &Url) -> bool {
        let mut new = KnownContent::of(response.headers(), address, response.content_length());
        let same = self.known.take().filter(|known| known.is_same(&new));
        let is_same = same.is_some();
        new.size_bytes = new.size_bytes.or(same.and_then(|known| known.size_bytes));
        new.is_end_told |= new.size_bytes.is_some();
        self.known = Some(new);
        self.skip = 0;
        if is_same && self.at > 0 {
            self.skip = self.at;
            return false;
        }
        self.may_resume = true;
        self.content = Content::new(self.medium);
        std::mem::take(&mut self.at) > 0
    }

    fn begin_part(&mut self, response: &Response, address: &Url) -> Result<bool, Miss> {
        let Some(known) = &mut self.known else { return Ok(false) };
        if let Some(why) = known.refuse(response.headers(), address, self.at) {
            return Err(self.miss(why, Remedy::Whole));
        }
        let size = Place::of(response.headers()).and_then(|place| place.size_bytes);
        known.size_bytes = known.size_bytes.or(size);
        // That the whole came in chunks says nothing of this part, which may end before the whole.
        known.is_end_told = known.size_bytes.is_some();
        self.skip = 0;
        Ok(false)
    }

    /// Looks at the bytes that are handed on next.
    fn take(&mut self, chunk: &[u8]) -> Result<(), Miss> {
        let end = self.at + chunk.len() as u64;
        let size = self.known.as_ref().and_then(|known| known.size_bytes);
        if size.is_some_and(|size| end > size) {
            return Err(self.miss("it is longer than announced", Remedy::Anew));
        }
        if end > self.max_bytes() {
            return Err(self.too_large());
        }
        if let Err(flaw) = self.content.feed(chunk) {
            return Err(self.flawed(flaw, Remedy::Anew));
        }
        self.at = end;
        self.is_part_in_doubt = false;
        if self.at >= self.furthest + PROGRESS_BYTES {
            self.furthest = self.at;
            self.tries = 0;
        }
        Ok(())
    }

    /// Whether all has come, now that no more comes.
    fn end(&mut self) -> Result<(), Miss> {
        let size = self.known.as_ref().and_then(|known| known.size_bytes);
        if self.skip > 0 || size.is_some_and(|size| size != self.at) {
            return Err(self.miss("it is shorter than announced", Remedy::GoOn));
        }
        let is_end_told = self.known.as_ref().is_some_and(|known| known.is_end_told);
        // A body without an announced end may have been cut off.
        let remedy = if is_end_told { Remedy::Anew } else { Remedy::GoOn };
        self.content.finish(is_end_told).map(drop).map_err(|flaw| self.flawed(flaw, remedy))
    }

    /// Gets ready for the next try, where there is one.
    async fn recover(&mut self, Miss(error, remedy): Miss) -> Result<()> {
        self.body = None;
        let asked = error.retry_after().unwrap_or_default().min(LONGEST_GAP);
        let Some(gap) = GAPS.get(self.tries) else { return Err(error) };
        let most = self.furthest.saturating_mul(MOST_TIMES_OVER).saturating_add(SPARE_BYTES);
        if self.received > most {
            return Err(error);
        }
        tracing::debug!(job = %self.job, error = %error, "a download is tried again");
        self.tries += 1;
        let mut gap = asked.max(*gap);
        match remedy {
            Remedy::GoOn => {}
            Remedy::Whole => self.may_resume = false,
            Remedy::Anew => self.known = None,
            Remedy::Relink => gap = self.relink(gap).await,
            Remedy::RelinkAnew => {
                self.known = None;
                gap = self.relink(gap).await;
            }
            Remedy::OtherLink => {
                let before = self.url.clone();
                gap = self.relink(gap).await;
                if self.url == before {
                    return Err(error);
                }
            }
            Remedy::Stop => return Err(error),
        }
        self.trouble = Some(error);
        self.client.sleep(gap).await;
        Ok(())
    }

    /// Takes the link that the job has by now, and says how long to wait until it is tried.
    async fn relink(&mut self, gap: Duration) -> Duration {
        match self.client.relink(self.job).await {
            Ok(url) if url != self.url => {
                self.url = url;
                // What is behind it need not be the same, whatever its validator is.
                self.known = None;
                // A new link need not be waited for; a second one that fails does.
                if self.tries == 1 { Duration::ZERO } else { gap }
            }
            Ok(_) => gap,
            Err(error) => {
                tracing::debug!(job = %self.job, error = %error, "no new link could be read");
                gap
            }
        }
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap) -> Miss {
        let remedy = match status {
            StatusCode::RANGE_NOT_SATISFIABLE => Remedy::Whole,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Remedy::GoOn
            }
            // Not 401, 403, 404 and 410 alone: buckets refuse some expired links with 400.
            status if status.is_client_error() => Remedy::Relink,
            _ => Remedy::GoOn,
        };
        let Miss(error, remedy) =
            self.miss(&format!("the link answers {}", status.as_u16()), remedy);
        let wait = retry_after(headers, self.client.now());
        Miss(error.with_status(status.as_u16()).with_retry_after(wait), remedy)
    }

    /// Bytes that are no video, or not all of one.
    fn flawed(&self, flaw: Flaw, remedy: Remedy) -> Miss {
        let kind = match self.medium {
            Medium::Video => "no whole MP4 file",
            Medium::Picture => "no whole picture",
        };
        let (why, remedy) = match flaw {
            Flaw::Wrong(why) => (why, Remedy::RelinkAnew),
            Flaw::Cut(why) => (why, remedy),
        };
        let message = format!("download: what arrived is {kind}: {why}; {LATER}");
        Miss(self.error(ErrorKind::Decode, message), remedy)
    }

    fn astray(&self, astray: Astray) -> Miss {
        match astray {
            Astray::Forbidden(error) => {
                let message = format!("download: {}", error.message());
                let forbidden = self.error(error.kind(), message);
                Miss(forbidden.with_source(error), Remedy::OtherLink)
            }
            Astray::NoAddress => self.miss("the link is no address", Remedy::Relink),
            Astray::Redirects => self.miss("the link leads on without an end", Remedy::GoOn),
            Astray::Late => self.miss("no answer", Remedy::GoOn),
            Astray::Lost(error) => self.lost("no answer", error),
        }
    }

    fn max_bytes(&self) -> u64 {
        self.limits.max_bytes(self.medium)
    }

    fn too_large(&self) -> Miss {
        let (what, setting) = match self.medium {
            Medium::Video => ("video", "video_max_bytes"),
            Medium::Picture => ("picture", "picture_max_bytes"),
        };
        let message = format!(
            "download: the {what} is larger than {} bytes; ClientBuilder::{setting} allows more",
            self.max_bytes()
        );
        Miss(self.error(ErrorKind::Unavailable, message), Remedy::Stop)
    }

    /// The answer stands still, or is slower than the least rate. Slow bytes earn no further tries.
    fn too_slow(&mut self) -> Miss {
        if !self.pace.has_bytes() {
            return self.miss("it stands still", Remedy::GoOn);
        }
        self.furthest = self.furthest.max(self.at);
        let rate = self.limits.least_bytes_per_second;
        self.miss(&format!("it comes with less than {rate} bytes a second"), Remedy::GoOn)
    }

    fn lost(&self, what: &str, error: reqwest::Error) -> Miss {
        let Miss(told, remedy) = self.miss(what, Remedy::GoOn);
        Miss(told.with_source(error.without_url()), remedy)
    }

    fn miss(&self, what: &str, remedy: Remedy) -> Miss {
        let message = format!("download: {what}; {LATER}");
        Miss(self.error(ErrorKind::Unavailable, message), remedy)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_provider(self.provider).with_job(self.job)
    }
}

/// The advice at the end of errors: nothing is lost.
const LATER: &str = "the video stays at its provider, try again later";
