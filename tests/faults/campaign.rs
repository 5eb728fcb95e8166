//! Everything at once: many jobs over all providers, while a share of all that happens goes wrong.
//!
//! `ADREEL_FAULTED_SUBMITS` says how many jobs; the gate asks for 1,000.

#![allow(clippy::print_stdout, reason = "a campaign says what happened in it")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use adreel::client::WaitPolicy;
use adreel::sandbox::Fault;
use adreel::{Client, Credits, ErrorKind, JobQuery, ProviderId, Sandbox, Stage};
use futures_util::StreamExt as _;

use crate::library::{builder, client, request};

/// Jobs of a plain `cargo test`.
const JOBS: usize = 120;

/// How many are under way at once.
const AT_ONCE: usize = 64;

/// Ten minutes, in which BeatAPI's answers can be asked for again, are 15 s.
const SPEED: f64 = 40.0;

/// What goes wrong, and how often.
const FAULTS: [&str; 26] = [
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
    "late-list?seconds=10&probability=0.05",
    "job-fails?probability=0.03",
    "redirect?probability=0.01",
    "video-404?probability=0.02",
    "video-truncated?probability=0.02",
    "video-expired?probability=0.05",
    "video-no-ranges?probability=0.05",
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_twice_lost_or_waited_for_for_ever() {
    let jobs = std::env::var("ADREEL_FAULTED_SUBMITS").ok().and_then(|text| text.parse().ok());
    let jobs: usize = jobs.unwrap_or(JOBS);
    let builder = ProviderId::ALL.into_iter().fold(builder(SPEED), |builder, provider| {
        builder.credits(provider, Credits::whole(1_000_000))
    });
    let sandbox = faults().fold(builder, |b, fault| b.fault(fault)).start().await.unwrap();
    let client = client(&sandbox);
    let ends = (0..jobs).map(|number| one(&client, number));
    let ends = futures_util::stream::iter(ends).buffer_unordered(AT_ONCE);
    let mut tally: BTreeMap<(ProviderId, String), usize> = BTreeMap::new();
    ends.for_each(|end| {
        *tally.entry(end).or_default() += 1;
        std::future::ready(())
    })
    .await;
    let happened: u32 = sandbox.faults().iter().map(|armed| armed.happened).sum();
    let all: HashMap<_, usize> = sandbox
        .faults()
        .iter()
        .map(|armed| (armed.fault.kind().as_str(), armed.happened as usize))
        .fold(HashMap::new(), |mut all, (kind, times)| {
            *all.entry(kind).or_default() += times;
            all
        });
    println!("{jobs} jobs, {happened} faults: {all:?}\n{tally:?}\n{:?}", sandbox.counters().total);

    sandbox.assert_no_double_submits();
    sandbox.assert_balanced();
    let lost = lost(&sandbox, &client).await;
    assert!(lost.is_empty(), "accepted, and known to nobody: {lost:?}");
    let videos: usize = tally.iter().filter(|((_, end), _)| end == "video").map(|(_, n)| n).sum();
    assert!(videos * 10 > jobs * 8, "{tally:?}");
    assert!(happened as usize > jobs, "too little went wrong to prove anything: {all:?}");
}

/// Makes one video of a product of its own, and says how that ended.
async fn one(client: &Client, number: usize) -> (ProviderId, String) {
    let provider = ProviderId::ALL[number % ProviderId::ALL.len()];
    let request = request(&format!("Roast {number}"));
    // Beyond any job, so that whoever comes here was forgotten.
    let policy = WaitPolicy::new().with_time_limit(Duration::from_secs(4 * 3_600));
    let key = format!("order-{number}");
    let generate = || client.generate(&request).key(&key).on(provider).policy(policy);
    let mut made = generate().await;
    // So much goes wrong that reads before the submit use their retries up. What a caller then does:
    // the same key is the same job.
    for _ in 0..20 {
        match &made {
            Err(error) if error.is_transient() || error.kind() == ErrorKind::Decode => {
                made = generate().await;
            }
            _ => break,
        }
    }
    let end = match made {
        Ok(video) => {
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

/// The jobs that were paid for at the provider and that the client neither knows nor holds.
async fn lost(sandbox: &Sandbox, client: &Client) -> Vec<String> {
    let mut known = HashSet::new();
    let mut held: HashMap<ProviderId, usize> = HashMap::new();
    for job in client.jobs().list(&JobQuery::all()).await.unwrap() {
        let job = job.unwrap();
        for step in job.steps() {
            known.extend(step.resource().map(str::to_owned));
            known.extend(step.others().iter().cloned());
        }
        if job.stage() == Stage::Uncertain {
            *held.entry(job.account().provider).or_default() += 1;
        }
    }
    let mut lost = Vec::new();
    for entry in sandbox.ledger() {
        let held = held.entry(entry.provider).or_default();
        match known.contains(&entry.job) {
            true => {}
            // A held job is looked for by a person, and stands in the list of those.
            false if *held > 0 => *held -= 1,
            false => lost.push(format!("{} {}", entry.provider, entry.job)),
        }
    }
    lost
}
