//! Everything at once: many jobs over all providers, while a share of all that happens goes wrong and
//! lists lie. Jobs come in a crowd, one a minute on an account, or alone on it.
//!
//! `ADREEL_FAULTED_SUBMITS` says how many come in the crowd, and a third of them in each of the other
//! ways; the gate asks for 1,000.

#![allow(clippy::print_stdout, reason = "a campaign says what happened in it")]

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use adreel::WaitPolicy;
use adreel::clock::Clock as _;
use adreel::testing::{Fault, RequestRecord, Sandbox};
use adreel::{Client, Credits, ErrorKind, JobQuery, ProviderId, Stage};
use futures_util::StreamExt as _;

use crate::library::{builder, client_of, request};

/// Jobs of a plain `cargo test` that come in the crowd.
const JOBS: usize = 60;

/// How many are under way at once.
const AT_ONCE: usize = 64;

/// How many accounts have a job a minute, side by side.
const ACCOUNTS: usize = 20;

/// Ten minutes, in which BeatAPI's answers can be asked for again, are 15 s.
const SPEED: f64 = 40.0;

const LISTS_NOTHING: ProviderId = ProviderId::BeatApi;

/// Of so many videos one is saved: drawing them costs more than all the rest.
const SAVED: usize = 5;

/// How often somebody who was told that a job is held comes back to it.
const COMES_BACK: usize = 3;

/// What goes wrong, and how often.
const FAULTS: [&str; 43] = [
    "429?seconds=2&probability=0.02",
    "429?seconds=2&date=true&probability=0.02",
    "500?probability=0.02",
    "502?probability=0.02",
    "503?probability=0.02",
    "html?probability=0.02",
    "reset-before?probability=0.02",
    "reset-after?probability=0.02",
    "reset-middle?probability=0.02",
    "malformed-json?probability=0.01",
    "truncated-json?probability=0.01",
    "slow-body?bytes=300&probability=0.01",
    "unknown-status?probability=0.03",
    // Not in lists: each of their records has a chance, and of hundreds one would always be broken.
    "missing-field?operation=get_task&probability=0.05",
    "missing-field?operation=get_product_to_video&probability=0.05",
    "missing-field?operation=get_product_video&probability=0.05",
    "extra-field?probability=0.05",
    "status-back?probability=0.03",
    "stale-read?seconds=20&probability=0.05",
    "job-fails?probability=0.03",
    "redirect?probability=0.01",
    "video-404?probability=0.02",
    "video-truncated?probability=0.02",
    "video-expired?probability=0.05",
    "video-no-ranges?probability=0.05",
    // Lists that lie.
    "late-list?seconds=10&probability=0.1",
    "late-list?seconds=120&probability=0.1",
    "late-list?seconds=600&probability=0.1",
    "short-list?probability=0.1",
    "oldest-first?probability=0.1",
    "changed-title?probability=0.05",
    "changed-title?count=30&probability=0.05",
    "changed-title?value=Fresh%20coffee&probability=0.05",
    "null-field?operation=list_product_to_videos&probability=0.1",
    "unreadable-record?probability=0.002",
    "page-total?probability=0.1",
    "other-account?probability=0.02",
    // Odd writing, and odd films.
    "numbers-as-text?probability=0.02",
    "times-as-text?probability=0.02",
    "times-with-fraction?probability=0.02",
    "upper-case-status?probability=0.02",
    "empty-link?probability=0.05",
    "video-tail?probability=0.05",
];

/// What happens to paid calls alone: reads take much longer to be given up.
const FAULTS_OF_SUBMITS: [&str; 6] = [
    "500?accepted=true&probability=0.03",
    "502?accepted=true&probability=0.03",
    "html?accepted=true&probability=0.03",
    "reset-after?probability=0.03",
    "lost-answer?probability=0.03",
    "stalled-body?probability=0.02",
];

const SUBMITS: [&str; 4] =
    ["create_ecommerce_video", "gen_image", "gen_video", "create_video_from_product"];

fn faults() -> impl Iterator<Item = Fault> {
    let fault = |text: &str| text.parse::<Fault>().unwrap().always();
    let of_submits = SUBMITS
        .into_iter()
        .flat_map(move |operation| FAULTS_OF_SUBMITS.map(|text| fault(text).operation(operation)));
    FAULTS.map(fault).into_iter().chain(of_submits)
}

/// How the jobs come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// All that may be under way at once, on one account.
    Crowd,
    /// One a minute on each of some accounts.
    OneAMinute,
    /// Each on an account of its own.
    Lone,
}

impl Pace {
    /// The account of a job, and how many of them came before it there.
    fn place(self, number: usize) -> (usize, usize) {
        match self {
            Self::Crowd => (0, number),
            Self::OneAMinute => (number % ACCOUNTS, number / ACCOUNTS),
            Self::Lone => (number, 0),
        }
    }

    /// How long a job waits for its turn to come.
    fn wait(self, before: usize) -> Duration {
        match self {
            Self::OneAMinute => Duration::from_secs(60) * u32::try_from(before).unwrap(),
            _ => Duration::ZERO,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_twice_lost_or_waited_for_for_ever() {
    Campaign::new(Pace::Crowd).await.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_at_one_job_a_minute() {
    Campaign::new(Pace::OneAMinute).await.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_as_a_lone_job() {
    Campaign::new(Pace::Lone).await.run().await;
}

struct Campaign {
    pace: Pace,
    jobs: usize,
    sandbox: Arc<Sandbox>,
    clients: Vec<Client>,
}

impl Campaign {
    async fn new(pace: Pace) -> Self {
        let jobs = std::env::var("ADREEL_FAULTED_SUBMITS").ok().and_then(|text| text.parse().ok());
        let jobs: usize = jobs.unwrap_or(JOBS);
        let jobs = if pace == Pace::Crowd { jobs } else { jobs.div_ceil(3) };
        let builder = ProviderId::ALL.into_iter().fold(builder(SPEED), |builder, provider| {
            builder.credits(provider, Credits::whole(1_000_000))
        });
        let sandbox = faults().fold(builder, |b, fault| b.fault(fault)).start().await.unwrap();
        let accounts = (0..jobs).map(|number| pace.place(number).0 + 1).max().unwrap_or(0);
        let clients =
            (0..accounts).map(|account| client_of(&sandbox, &format!("sk_sandbox_{account}")));
        let clients = clients.collect();
        Self { pace, jobs, sandbox: Arc::new(sandbox), clients }
    }

    async fn run(self) {
        let watch = Watch::begin(&self.sandbox);
        let at_once = if self.pace == Pace::OneAMinute { self.jobs } else { AT_ONCE };
        let ends = (0..self.jobs).map(|number| self.one(number));
        let ends = futures_util::stream::iter(ends).buffer_unordered(at_once);
        let mut tally: BTreeMap<(ProviderId, String), usize> = BTreeMap::new();
        ends.for_each(|end| {
            *tally.entry(end).or_default() += 1;
            std::future::ready(())
        })
        .await;
        let never_arrived = watch.end().await;
        let (held_before, happened) = (self.held().await, Happened::of(&self.sandbox));
        self.come_back().await;
        let held = self.held().await;
        println!("{:?}: {} jobs, {happened}\n{tally:?}", self.pace, self.jobs);
        println!("{:?}", self.sandbox.counters().total);
        println!(
            "{held_before} held, {held} after all were looked for once more; {never_arrived} calls \
             never arrived"
        );

        self.sandbox.assert_no_double_submits();
        self.sandbox.assert_balanced();
        let lost = self.lost().await;
        assert!(lost.is_empty(), "accepted, and not known: {lost:?}");
        assert!(held <= never_arrived, "{held} are held and {never_arrived} never arrived");
        let videos: usize =
            tally.iter().filter(|((_, end), _)| end == "video").map(|(_, n)| n).sum();
        assert!(videos * 10 > self.jobs * 7, "{tally:?}");
        let enough = happened.total() > self.jobs;
        assert!(enough, "too little went wrong to prove anything: {happened}");
    }

    /// Makes one video of a product of its own, and says how that ended.
    async fn one(&self, number: usize) -> (ProviderId, String) {
        let provider = ProviderId::ALL[number % ProviderId::ALL.len()];
        let (account, before) = self.pace.place(number);
        let client = &self.clients[account];
        self.sandbox.clock().sleep(self.pace.wait(before)).await;
        let request = request(&format!("Roast {number}"));
        // Beyond any job, so that whoever comes here was forgotten.
        let policy = WaitPolicy::new().time_limit(Duration::from_secs(4 * 3_600));
        let key = format!("order-{number}");
        let generate = || client.generate(&request).key(&key).on(provider).policy(policy);
        let mut made = generate().await;
        // So much goes wrong that reads before the submit use their retries up. What a caller then
        // does: the same key is the same job.
        let mut held = 0;
        for _ in 0..20 {
            match &made {
                Err(error) if error.kind() == ErrorKind::SubmitUnknown && held < COMES_BACK => {
                    held += 1;
                }
                Err(error) if error.is_transient() || error.kind() == ErrorKind::Decode => {}
                _ => break,
            }
            made = generate().await;
        }
        let end = match made {
            Ok(video) => {
                if number.is_multiple_of(SAVED) {
                    save(&video, provider, number).await;
                }
                "video".to_owned()
            }
            Err(error) => {
                let kinds = [ErrorKind::JobFailed, ErrorKind::SubmitUnknown];
                assert!(kinds.contains(&error.kind()), "{provider} {number}: {error}");
                format!("{:?}", error.kind())
            }
        };
        (provider, end)
    }

    /// Whatever goes wrong is over, and all that is open is resumed.
    async fn come_back(&self) {
        for armed in self.sandbox.faults() {
            self.sandbox.disarm(&armed.id);
        }
        // What was late is listed by now.
        self.sandbox.clock().sleep(Duration::from_secs(600)).await;
        let mut open = Vec::new();
        for client in &self.clients {
            for job in client.jobs().open().await.unwrap() {
                open.push((client, job.unwrap().id()));
            }
        }
        let resumed = open.into_iter().map(async |(client, id)| {
            let policy = WaitPolicy::new().time_limit(Duration::from_secs(4 * 3_600));
            if let Err(error) = client.resume(id).policy(policy).await {
                let kinds = [ErrorKind::JobFailed, ErrorKind::SubmitUnknown];
                assert!(kinds.contains(&error.kind()), "{id}: {error}");
            }
        });
        futures_util::stream::iter(resumed).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    }

    /// How many jobs are held.
    async fn held(&self) -> usize {
        let mut held = 0;
        for client in &self.clients {
            held += client.jobs().held().await.unwrap().len();
        }
        held
    }

    /// What was paid for at a provider and stands in none of the jobs. BeatAPI lists no tasks, so
    /// what was not found there within ten minutes is held, and no look shows whether it is there.
    async fn lost(&self) -> Vec<String> {
        let (mut known, mut without_look) = (HashSet::new(), 0);
        for client in &self.clients {
            for job in client.jobs().list(&JobQuery::all()).await.unwrap() {
                let job = job.unwrap();
                let is_held = job.stage() == Stage::Uncertain;
                without_look += usize::from(is_held && job.account().provider == LISTS_NOTHING);
                let is_open = !job.stage().is_over() && !is_held;
                // What was made and not fetched is over for this test.
                assert!(!is_open || job.stage() == Stage::Rendered, "{:?}", job.stage());
                for step in job.steps() {
                    known.extend(step.resource().map(str::to_owned));
                    known.extend(step.others().iter().cloned());
                }
            }
        }
        let mut lost = self.sandbox.ledger();
        lost.retain(|entry| !known.contains(&entry.job));
        lost.retain(|entry| {
            let may_be_held = entry.provider == LISTS_NOTHING.as_str() && without_look > 0;
            without_look -= usize::from(may_be_held);
            !may_be_held
        });
        lost.into_iter().map(|entry| format!("{} {}", entry.provider, entry.job)).collect()
    }
}

async fn save(video: &adreel::Video, provider: ProviderId, number: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roast.mp4");
    let mut saved = video.download(&path).await;
    for _ in 0..5 {
        if saved.is_ok() {
            break;
        }
        assert!(!path.exists());
        saved = video.download(&path).await;
    }
    saved.unwrap_or_else(|error| panic!("{provider} {number}: {error}"));
}

/// Counts the paid calls that made nothing and were not refused, as the sandbox's journal keeps the
/// newest requests only.
struct Watch {
    stop: tokio::sync::oneshot::Sender<()>,
    counting: tokio::task::JoinHandle<usize>,
}

impl Watch {
    fn begin(sandbox: &Arc<Sandbox>) -> Self {
        let sandbox = Arc::clone(sandbox);
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let counting = tokio::spawn(async move {
            let mut vain = BTreeMap::new();
            loop {
                let pause = sandbox.clock().sleep(Duration::from_secs(120));
                let is_over = tokio::select! {
                    () = pause => false,
                    _ = &mut stopped => true,
                };
                let paid = sandbox.requests().into_iter().filter(is_paid);
                vain.extend(paid.map(|request| (request.number, is_in_vain(&request))));
                if is_over {
                    return vain.into_values().filter(|is_vain| *is_vain).count();
                }
            }
        });
        Self { stop, counting }
    }

    async fn end(self) -> usize {
        let _ = self.stop.send(());
        self.counting.await.unwrap()
    }
}

fn is_paid(request: &RequestRecord) -> bool {
    request.operation.is_some_and(|operation| SUBMITS.contains(&operation))
}

/// A call of which its sender cannot know that it made nothing.
fn is_in_vain(request: &RequestRecord) -> bool {
    request.job.is_none() && request.status.is_none_or(|status| !(400..500).contains(&status))
}

/// How often each fault happened.
struct Happened(BTreeMap<&'static str, usize>);

impl Happened {
    fn of(sandbox: &Sandbox) -> Self {
        let mut all = BTreeMap::new();
        for armed in sandbox.faults() {
            *all.entry(armed.fault.kind().as_str()).or_default() += armed.happened as usize;
        }
        Self(all)
    }

    fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults: {:?}", self.total(), self.0)
    }
}
