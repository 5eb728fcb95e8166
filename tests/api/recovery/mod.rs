//! What becomes of every paid step whose answer was lost: each cell of the published table.

mod cases;
mod decided;
mod keys;

use std::collections::BTreeSet;
use std::time::Duration;

use adreel::StepState;
use adreel::clock::Clock as _;
use adreel::job::{Action, Evidence, Step};
use adreel::{
    AccountConfig, Client, Credentials, ErrorKind, Job, Keys, ProviderId, Recovery, Resolution,
    Stage, beatapi,
};

use cases::{Case, End, Shown, case, cases, image, task, workflows};

use crate::support::InstantClock;
use crate::support::scripted::{Reply, Server, json};

/// How long a call may be on its way, and how long the longest job takes.
const SETTLE: Duration = Duration::from_secs(90);
const LONGEST: Duration = Duration::from_secs(30 * 60);

fn keys() -> Keys {
    Keys::id_and_key("i", "k")
}

/// A job whose answer is lost.
struct Lost {
    operation: &'static str,
    client: Client,
    clock: InstantClock,
    server: Server,
    /// How many requests there were before the lost one.
    before: usize,
    job: Job,
}

impl Lost {
    /// Makes a case's calls up to the lost one.
    async fn new(
        provider: ProviderId,
        mut case: Case,
        recovery: Recovery,
        keys: impl Credentials,
    ) -> Self {
        let (operation, before) = (case.operation, case.before.len());
        let replies = std::mem::take(&mut case.before).into_iter().chain([Reply::HangUp]);
        let mut config = AccountConfig::new(keys);
        if case.has_webhook {
            config = config.webhook_url("https://hook.example/h");
        }
        let (request, part, pause) = (case.request.clone(), case.part, case.pause);
        let (after, answer) = case.answers();
        let server = Server::start_with(replies.chain(after), answer).await;
        let clock = InstantClock::default();
        let builder = Client::builder().account(provider, config.base_url(&server.url));
        let builder = builder.clock(clock.clone()).settle(SETTLE).longest_job(LONGEST);
        let client = builder.recovery(recovery).in_memory().build().unwrap();
        let job = match part {
            None => client.submit(&request).on(provider).record().await.unwrap(),
            Some(part) => {
                let parent = client.generate(&request).on(provider).await.unwrap();
                let made = client.regenerate(parent.job_id(), part).await;
                let id = made.map_or_else(|error| error.job_id().unwrap(), |job| job.id());
                client.job(id).await.unwrap()
            }
        };
        let mut lost = Self { operation, client, clock, server, before, job };
        lost.drive(|lost| !lost.posts().is_empty()).await;
        lost.clock.pass(pause);
        lost
    }

    /// Does for the job what it needs, until it is over or needs nothing for now.
    async fn drive(&mut self, is_over: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            self.job = self.client.job(self.job.id()).await.unwrap();
            if is_over(self) {
                return;
            }
            let advance = self.client.advance(&self.job).await.unwrap();
            self.job = advance.job;
            match advance.next {
                Action::Rest(until) if !is_over(self) => {
                    self.clock.pass(until.since(self.clock.now()));
                }
                Action::Hold | Action::End | Action::Download => return,
                _ => {}
            }
        }
    }

    /// Looks for it until it is found or held.
    async fn look(&mut self) -> End {
        self.drive(|lost| {
            lost.step().resource().is_some() || lost.step().state() == StepState::Uncertain
        })
        .await;
        match self.job.stage() {
            Stage::Uncertain => End::Held,
            _ => {
                assert_eq!(self.step().attempt(), 1, "{}: it was sent again", self.operation);
                assert!(self.step().resource().is_some(), "{}: {:?}", self.operation, self.job);
                End::Found
            }
        }
    }

    fn step(&self) -> &Step {
        let mut steps = self.job.steps().iter();
        steps.find(|step| step.operation() == self.operation).unwrap()
    }

    fn evidence(&self) -> &Evidence {
        self.step().evidence().unwrap()
    }

    /// The posts from the lost one on.
    fn posts(&self) -> Vec<String> {
        let requests = self.server.requests().into_iter().skip(self.before);
        requests.filter(|request| request.starts_with("POST")).collect()
    }
}

/// A case's job, when it was found or held.
async fn run(provider: ProviderId, case: Case, recovery: Recovery) -> (End, Lost) {
    let mut lost = Lost::new(provider, case, recovery, keys()).await;
    (lost.look().await, lost)
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

fn idempotency_key(request: &str) -> Option<&str> {
    request.lines().find_map(|line| line.strip_prefix("idempotency-key: "))
}

#[tokio::test]
async fn every_cell_of_the_table_is_what_happens() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let (operation, cell, expected) = (case.operation, case.cell, case.end);
            let (told, says) = (format!("{provider} {operation}: {cell}"), case.says);
            let (end, mut lost) = run(provider, case, Recovery::Adopt).await;
            assert_eq!(end, expected, "{told}: {:?}", lost.job.trouble());
            let posts = lost.posts();
            match (expected, provider) {
                (End::Found, ProviderId::BeatApi) => {
                    // The same call, so that it cannot be another task.
                    let first = (idempotency_key(&posts[0]), body(&posts[0]));
                    assert!(first.0.is_some() && posts.len() > 1, "{told}");
                    let is_same = |post: &String| (idempotency_key(post), body(post)) == first;
                    assert!(posts.iter().all(is_same), "{told}");
                }
                _ => assert_eq!(posts.len(), 1, "{told}"),
            }
            if expected == End::Held {
                assert!(lost.evidence().to_string().contains(says), "{told}: {}", lost.evidence());
                lost.is_sent_again_as_told(&told, Shown::of(cell)).await;
            }
        }
    }
}

impl Lost {
    /// Has a held step sent again, first too early.
    async fn is_sent_again_as_told(&mut self, told: &str, shown: Shown) {
        assert!(self.evidence().by_same_keys, "{told}");
        assert!(!self.job.may_be_double(), "{told}");
        let jobs = self.client.jobs();
        let error = jobs.resolve(&self.job, Resolution::Resubmit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{told}: {error}");
        assert!(error.to_string().contains("longest job"), "{told}: {error}");
        let over = self.step().first_sent().unwrap() + LONGEST;
        self.clock.pass(over.since(self.clock.now()));
        let decided = jobs.resolve(&self.job, Resolution::Resubmit).await;
        self.job = self.client.job(self.job.id()).await.unwrap();
        assert_eq!(self.posts().len(), 1, "{told}: a decision sends nothing");
        if shown == Shown::NotWhole {
            let error = decided.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{told}: {error}");
            assert!(error.to_string().contains("not whole"), "{told}: {error}");
            assert!(self.evidence().to_string().contains(shown.told()), "{told}");
            assert!(!self.job.may_be_double(), "{told}");
            return;
        }
        let job = decided.unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(job.may_be_double(), "{told}");
        let doubt = self.step().doubt().unwrap().to_owned();
        let is_told = doubt.contains("by decision") && doubt.contains(shown.told());
        assert!(is_told, "{told}: {doubt}");
        let error = self.client.jobs().resolve(&job, Resolution::Resubmit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{told}: it was held once");
        self.drive(|lost| lost.step().resource().is_some()).await;
        let posts = self.posts();
        assert_eq!((posts.len(), self.step().attempt()), (2, 2), "{told}: {:?}", self.job);
        assert_eq!(body(&posts[0]), body(&posts[1]), "{told}: the tag is the step's");
        assert!(self.job.may_be_double(), "{told}: for ever");
        assert_eq!(self.step().doubt(), Some(&*doubt), "{told}");
    }
}

#[tokio::test]
async fn a_policy_of_holding_reads_and_sends_nothing() {
    for provider in ProviderId::ALL {
        for case in cases(provider) {
            let told = format!("{provider} {}: {}", case.operation, case.cell);
            let is_found = case.end == End::Found && provider != ProviderId::BeatApi;
            let (end, lost) = run(provider, case, Recovery::Hold).await;
            let expected = if is_found { End::Found } else { End::Held };
            assert_eq!((end, lost.posts().len()), (expected, 1), "{told}");
        }
    }
}

#[tokio::test]
async fn a_task_that_is_younger_than_the_call_is_told_as_a_possible_double() {
    // The first look fails, so that the call is sent again 45 s later.
    let newer = workflows("video-analysis");
    let young = r#"{"data":{"id":"task_2","status":"queued","created_at":1790000045}}"#;
    let after = vec![json(503, "{}"), newer, json(201, young)];
    let case = case("create_ecommerce_video", "", End::Found, after);
    let (end, lost) = run(ProviderId::BeatApi, case, Recovery::Adopt).await;
    assert_eq!(end, End::Found);
    assert!(lost.job.may_be_double());
    assert!(lost.step().doubt().unwrap().contains("younger"));
}

#[tokio::test]
async fn the_callers_own_idempotency_key_wins() {
    let mut own = case("create_ecommerce_video", "", End::Found, vec![]);
    own.request = own.request.with(beatapi::Options::new().idempotency_key("order-1042"));
    own.after = vec![workflows("video-analysis"), task()];
    let (_, lost) = run(ProviderId::BeatApi, own, Recovery::Adopt).await;
    let posts = lost.posts();
    let keys: Vec<_> = posts.iter().map(|post| idempotency_key(post)).collect();
    assert_eq!(keys, [Some("order-1042"), Some("order-1042")]);
    let bad = image().with(beatapi::Options::new().idempotency_key("with a blank"));
    let error = lost.client.plan(&bad).await.unwrap_err();
    assert_eq!(error.field(), Some("beatapi.idempotency_key"));
}

/// A row of the table: provider, step, found by, what a look shows, and when it is sent again.
type Row = [&'static str; 5];

fn rows() -> Vec<Row> {
    let lines =
        include_str!("../../../src/recovery.md").lines().filter(|line| line.starts_with('|'));
    let cells = |line: &'static str| -> Vec<_> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    };
    lines.skip(2).map(|line| Row::try_from(cells(line)).unwrap()).collect()
}

/// When a step is sent again that looks can show so.
fn sent_again(shown: &[Shown]) -> &'static str {
    let has = |one| shown.contains(&one);
    match (has(Shown::Whole), has(Shown::PresenceOnly), has(Shown::NoLook)) {
        (true, false, false) => "after two whole looks",
        (true, false, true) => {
            "after two whole looks; where there is no look, after the time alone"
        }
        (false, true, false) => "after two such looks",
        (false, false, true) => "after the time alone",
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_cell_of_the_table_has_a_case_and_every_case_a_cell() {
    let mut cells = BTreeSet::new();
    for [provider, operation, found, shown, again] in rows() {
        let operation = operation.trim_matches('`');
        if found != "nothing" {
            cells.insert(format!("{provider} {operation} Found: {found}"));
        }
        let parts: Vec<_> = shown.split("; ").collect();
        cells.extend(parts.iter().map(|part| format!("{provider} {operation} Held: {part}")));
        let kinds: Vec<_> = parts.iter().map(|part| Shown::of(part)).collect();
        assert_eq!(again, sent_again(&kinds), "{provider} {operation}");
    }
    let cases = || {
        let all = ProviderId::ALL.into_iter();
        all.flat_map(|provider| cases(provider).into_iter().map(move |case| (provider, case)))
    };
    let told = |(provider, case): (ProviderId, Case)| {
        let Case { operation, end, cell, .. } = case;
        format!("{} {operation} {end:?}: {cell}", provider.display_name())
    };
    let tested: BTreeSet<String> = cases().map(told).collect();
    assert_eq!(tested, cells);
    let paid: BTreeSet<_> = cases().map(|(_, case)| case.operation).collect();
    assert_eq!((paid.len(), rows().len()), (12, 12), "every paid step of every plan");
}
