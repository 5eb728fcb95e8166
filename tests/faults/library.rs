//! How the library comes through each fault, at each provider.

use std::io::Cursor;
use std::time::Duration;

use adreel::WaitPolicy;
use adreel::testing::{self, Fault, FaultKind, Quality, Sandbox, SandboxBuilder};
use adreel::{
    AccountConfig, Client, ErrorKind, Keys, Product, ProviderId, Resolution, Video, VideoRequest,
};
use futures_util::StreamExt as _;

/// At this speed a job takes some seconds, and an answer that is given up after three seconds was
/// waited for by far less than the ten minutes in which BeatAPI's can be asked for again.
const SPEED: f64 = 20.0;

/// How long a paid call may take, and after how long it is surely over.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(3);
const SETTLE: Duration = Duration::from_millis(4_500);

/// The product image of every job: one that is not fetched.
const IMAGE: &str = "https://cdn.example.com/roast.png";

pub(crate) fn builder(speed: f64) -> SandboxBuilder {
    Sandbox::builder().seed(7).speed(speed).quality(Quality::Thumbnail)
}

/// A client that soon gives an answer up, with an address for Creatify's tags.
pub(crate) fn client(sandbox: &Sandbox) -> Client {
    client_of(sandbox, "sk_sandbox")
}

/// The client of the account that has this key.
pub(crate) fn client_of(sandbox: &Sandbox, key: &str) -> Client {
    let mut builder = testing::client_builder(sandbox).settle(SETTLE.mul_f64(sandbox.speed()));
    for provider in ProviderId::ALL {
        let config = AccountConfig::new(Keys::id_and_key("id", key))
            .base_url(sandbox.url())
            .submit_timeout(SUBMIT_TIMEOUT)
            .webhook_url("https://hooks.example.com/creatify");
        builder = builder.account(provider, config);
    }
    builder.in_memory().build().unwrap()
}

pub(crate) fn request(name: &str) -> VideoRequest {
    VideoRequest::new(Product::new(name).image_url(IMAGE)).duration_secs(12)
}

/// The call that makes the job, and how many calls of it are paid for.
fn create_of(provider: ProviderId) -> (&'static str, usize) {
    match provider {
        ProviderId::BeatApi => ("create_ecommerce_video", 1),
        ProviderId::Creatify => ("gen_image", 2),
        _ => ("create_video_from_product", 1),
    }
}

/// One fault at one provider.
#[derive(Clone, Copy, Debug)]
struct Cell {
    provider: ProviderId,
    text: &'static str,
}

impl Cell {
    fn fault(self) -> Fault {
        let fault: Fault = self.text.parse().unwrap();
        let fault = fault.provider(self.provider);
        // What happens to a job, to its reads or to its video has no call to be told.
        match self.text.split('?').next().unwrap() {
            "unknown-status" | "missing-field" | "extra-field" | "null-field" | "status-back"
            | "stale-read" | "late-list" | "changed-title" | "unreadable-record" | "short-list"
            | "page-total" | "oldest-first" | "other-account" | "empty-link" | "video-404"
            | "video-truncated" | "video-endless" | "video-tail" | "video-wrong-type"
            | "video-expired" | "video-no-ranges" => fault,
            _ => fault.operation(create_of(self.provider).0),
        }
    }

    async fn run(self) {
        let mut builder = builder(SPEED).fault(self.fault());
        if self.is_of_lists() {
            // Lists are read for many jobs and for lost answers.
            let lost = Fault::new(FaultKind::LostAnswer).provider(self.provider);
            builder = builder.fault(lost.operation(create_of(self.provider).0));
        }
        let sandbox = builder.start().await.unwrap();
        let client = client(&sandbox);
        // A stuck job has only to be given up.
        let is_stuck = self.fault().kind() == FaultKind::JobStuck;
        let most = Duration::from_secs(if is_stuck { 900 } else { 3_600 });
        let policy = WaitPolicy::new().time_limit(most);
        let request = request("Morning Roast");
        let generate = || client.generate(&request).key("order-1").on(self.provider);
        let made = generate().policy(policy).await;
        let paid = match self.fault().kind() {
            _ if self.is_held() => {
                assert_eq!(made.unwrap_err().kind(), ErrorKind::SubmitUnknown, "{self:?}");
                // Whoever comes back looks again, and sends nothing.
                let again = generate().policy(policy).await;
                assert_eq!(again.unwrap_err().kind(), ErrorKind::SubmitUnknown, "{self:?}");
                assert_eq!(client.jobs().held().await.unwrap().len(), 1, "{self:?}");
                0
            }
            FaultKind::NoCredits => {
                assert_eq!(made.unwrap_err().kind(), ErrorKind::OutOfCredits, "{self:?}");
                0
            }
            FaultKind::JobFails => {
                assert_eq!(made.unwrap_err().kind(), ErrorKind::JobFailed, "{self:?}");
                1
            }
            FaultKind::JobStuck => {
                let error = made.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Timeout, "{self:?}: {error}");
                assert!(error.job_id().is_some(), "{self:?}: {error}");
                1
            }
            _ => {
                let video = made.unwrap_or_else(|error| panic!("{self:?}: {error}"));
                self.save(&video).await;
                create_of(self.provider).1
            }
        };
        let happened = sandbox.faults()[0].happened;
        assert!(happened > 0 || self.cannot_happen(), "{self:?}: it did not happen");
        assert_eq!(sandbox.ledger().len(), paid, "{self:?}");
        sandbox.assert_no_double_submits();
        sandbox.assert_no_early_retries();
        sandbox.assert_balanced();
    }

    /// The video comes whole, or not at all and whole when it is asked for again.
    async fn save(self, video: &Video) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roast.mp4");
        if let Err(error) = video.download(&path).await {
            assert!(!path.exists(), "{self:?}: {error}");
            video.download(&path).await.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        }
        let film = std::fs::read(&path).unwrap();
        // Players pass over what stands behind the last box; this reader does not.
        let boxes = &film[..end_of_boxes(&film)];
        let mp4 = mp4::Mp4Reader::read_header(Cursor::new(boxes), boxes.len() as u64).unwrap();
        assert_eq!(mp4.tracks().len(), 1, "{self:?}");
    }

    /// BeatAPI has no list and alone tells the usage of a job, and a client that has seen an end does
    /// not look again.
    fn cannot_happen(self) -> bool {
        match self.fault().kind() {
            FaultKind::MissingField => {
                self.text.ends_with("usage") && self.provider != ProviderId::BeatApi
            }
            // Creatify's pictures have no title.
            FaultKind::ChangedTitle => self.provider != ProviderId::Jogg,
            FaultKind::StatusBack => true,
            _ => self.is_of_lists() && self.provider == ProviderId::BeatApi,
        }
    }

    /// Whether the call made nothing, which its sender cannot know. BeatAPI's is made again under its
    /// key, to find out.
    fn is_held(self) -> bool {
        let is_accepted = self.text.contains("accepted");
        let is_in_vain = match self.fault().kind() {
            FaultKind::ServerError | FaultKind::Html => !is_accepted,
            FaultKind::ResetBefore | FaultKind::Redirect => true,
            _ => false,
        };
        is_in_vain && self.provider != ProviderId::BeatApi
    }

    fn is_of_lists(self) -> bool {
        use FaultKind as Kind;
        matches!(
            self.fault().kind(),
            Kind::ChangedTitle
                | Kind::LateList
                | Kind::OldestFirst
                | Kind::OtherAccount
                | Kind::PageTotal
                | Kind::ShortList
                | Kind::UnreadableRecord
        )
    }
}

/// Where the last box of a film ends that has a name and fits.
fn end_of_boxes(film: &[u8]) -> usize {
    let mut end = 0;
    while let Some(head) = film.get(end..end + 8) {
        let size = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let is_named = head[4..].iter().all(u8::is_ascii_alphanumeric);
        if !is_named || size < 8 || end + size > film.len() {
            break;
        }
        end += size;
    }
    end
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_come_through_at_every_provider() {
    let cells = ProviderId::ALL
        .into_iter()
        .flat_map(|provider| crate::wire::TEXTS.map(|text| Cell { provider, text }));
    // Most of a cell is waiting.
    let ended = cells.map(|cell| async move { tokio::spawn(cell.run()).await });
    let ended = futures_util::stream::iter(ended).buffer_unordered(16).collect::<Vec<_>>().await;
    let failed = ended.into_iter().filter(Result::is_err).count();
    assert_eq!(failed, 0, "cells fell short, see above");
}

/// The second paid call of one job is as safe as the first.
#[tokio::test(flavor = "multi_thread")]
async fn creatifys_second_call_is_not_paid_twice_either() {
    for text in
        ["lost-answer", "reset-before", "reset-after", "502?accepted=true", "malformed-json"]
    {
        let fault: Fault = text.parse().unwrap();
        let sandbox = builder(SPEED).fault(fault.operation("gen_video")).start().await.unwrap();
        let client = client(&sandbox);
        let request = request("Morning Roast");
        let made = client.generate(&request).on(ProviderId::Creatify).await;
        match text {
            // What never arrived is not to be found, and a person has it sent again.
            "reset-before" => {
                let error = made.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
                sandbox.assert_submits(1);
                let id = error.job_id().unwrap();
                let jobs = client.jobs();
                let resubmit = || jobs.resolve(id, Resolution::Resubmit);
                let early = resubmit().await.unwrap_err();
                assert_eq!(early.kind(), ErrorKind::SubmitUnknown, "{early}");
                sandbox.advance(Duration::from_secs(30 * 60));
                assert!(resubmit().await.unwrap().may_be_double());
                client.resume(id).await.unwrap();
            }
            _ => drop(made.unwrap()),
        }
        sandbox.assert_no_double_submits();
        sandbox.assert_submits(2);
        assert_eq!(sandbox.faults()[0].happened, 1, "{text}");
    }
}
