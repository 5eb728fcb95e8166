//! The jobs that the suite writes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::error::ErrorKind;
use crate::future::BoxFuture;
use crate::job::{
    Account, Choice, Confidence, Estimate, Job, JobId, Look, Note, Outcome, Plan, PlannedMedia,
    PlannedStep, Reason, Seen, Sending, SpendEvent, SpendKind, SubmitOutcome, Survey, apply,
};
use crate::model::{Cost, CostSource, Credits, Medium, ProviderId, Timestamp, VideoFacts};
use crate::request::{Product, VideoRequest};

/// Makes jobs whose ids rise in the order in which they are made.
pub(super) struct Jobs {
    next: AtomicI64,
    /// The account of every job, unless another one is named.
    pub(super) account: Account,
}

/// A clock that stands still, so that each id can have a time of its own.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Jobs {
    pub(super) fn new() -> Self {
        let account = account(ProviderId::Jogg, "conformance", "http://127.0.0.1");
        Self { next: AtomicI64::new(SystemClock.now().as_millis()), account }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// An id that is higher than all before it, also of what is given no job.
    pub(super) fn id(&self) -> JobId {
        JobId::new(&Standing(self.now()))
    }

    /// A key that no job has, shaped like a digest.
    pub(super) fn key(&self) -> String {
        format!("{:0>64}", self.id().to_string().to_lowercase())
    }

    pub(super) fn job(&self) -> Job {
        self.with(&self.account, None)
    }

    pub(super) fn with_key(&self, key: &str) -> Job {
        self.with(&self.account, Some(key))
    }

    pub(super) fn with(&self, account: &Account, key: Option<&str>) -> Job {
        made(self.id(), account, key, request("Steam rises, slow push in"), self.now())
    }

    /// A job about something.
    pub(super) fn about(&self, prompt: &str) -> Job {
        made(self.id(), &self.account, Some(&self.key()), request(prompt), self.now())
    }

    /// The job after something happened to it, one revision on.
    pub(super) fn after(&self, job: &Job, outcome: Outcome) -> Job {
        apply(job.clone(), outcome, self.now())
    }

    /// A job of an account whose next step is paid, and the same with that step announced for a run.
    pub(super) fn payer(&self, account: &Account, run: &str) -> (Job, Job) {
        let uploaded = outcomes().into_iter().take(2);
        let ready = uploaded.fold(self.with(account, None), |job, told| self.after(&job, told));
        let announced = self.after(&ready, announced(run));
        (ready, announced)
    }

    /// The job with another entry of what it spends, one revision on. By hand, because what a ledger
    /// adds up is not to depend on when jobs reserve something.
    pub(super) fn entering(
        &self,
        job: &Job,
        kind: SpendKind,
        amount: Credits,
        at: Timestamp,
        run: &str,
    ) -> Job {
        let mut job = job.clone();
        job.spending.push(SpendEvent { kind, amount, at, run: Some(run.to_owned()) });
        job.updated_at = self.now();
        job.revision += 1;
        job
    }
}

/// The job with a slot that it takes until a time, as it would be stored next.
pub(super) fn with_slot(mut job: Job, until: Timestamp) -> Job {
    if let Some(step) = job.current() {
        job.steps[step].slot_until = Some(until);
    }
    job
}

pub(super) fn account(provider: ProviderId, name: &str, realm: &str) -> Account {
    Account { provider, name: name.to_owned(), realm: realm.to_owned() }
}

fn request(prompt: &str) -> VideoRequest {
    let product = Product::new("Morning Roast").image_url("https://shop.example/roast.png");
    VideoRequest::new(product).prompt(prompt).duration_secs(15).portrait()
}

/// The one place where a job is made.
fn made(
    id: JobId,
    account: &Account,
    key: Option<&str>,
    request: VideoRequest,
    now: Timestamp,
) -> Job {
    let plan = plan(account, &request);
    let mut job = Job::new(id, plan, request, "fingerprint".to_owned(), now);
    job.key = key.map(str::to_owned);
    job.labels.insert("order".to_owned(), "1042 \u{2615}".to_owned());
    job.parent = Some(id);
    job
}

/// A plan with something in every field: a free step, and two that are paid.
fn plan(account: &Account, request: &VideoRequest) -> Plan {
    let word = str::to_owned;
    Plan {
        account: account.clone(),
        steps: vec![
            PlannedStep::for_image("host_asset", 0),
            PlannedStep::paid("create_image", Credits::whole(1)),
            PlannedStep::paid("create_video", Credits::whole(3)),
        ],
        images: vec![PlannedMedia::Url(word("https://shop.example/roast.png"))],
        track: Some(PlannedMedia::Url(word("https://shop.example/song.mp3"))),
        source: Some(word("record_1")),
        prompt: request.prompt.clone(),
        duration_secs: request.duration_secs,
        choices: vec![Choice {
            field: word("jogg.avatar"),
            value: word("127"),
            label: word("Ana"),
        }],
        notes: vec![Note { field: word("product.price"), text: word("ignored"), ignored: true }],
        cost: Estimate {
            low: Credits::cents(450),
            high: Credits::whole(9),
            source: word("the price page"),
            confidence: Confidence::Derived,
        },
    }
}

/// A step is about to be sent.
pub(super) fn sending() -> Outcome {
    let mut sending = Sending::new(Duration::from_secs(90), Duration::from_secs(1800));
    sending.sender = Some("somebody".to_owned());
    sending.keys = Some("their fingerprint".to_owned());
    sending.run = Some("a run".to_owned());
    Outcome::Sending(sending)
}

/// A look for a step whose answer was lost.
pub(super) fn look(seen: Seen) -> Outcome {
    let begun = Timestamp::from_millis(1_790_000_000_000);
    Outcome::LookedUp(Look::new(begun, Some("their fingerprint".to_owned()), seen))
}

/// A step is about to be sent for a run.
pub(super) fn announced(run: &str) -> Outcome {
    let mut sending = Sending::new(Duration::from_secs(90), Duration::from_secs(1800));
    sending.run = Some(run.to_owned());
    Outcome::Sending(sending)
}

/// What happens to a job on its way to a video, so that each of its fields is filled once.
pub(super) fn outcomes() -> Vec<Outcome> {
    let second = Duration::from_secs(1);
    let reason = || Reason::new(ErrorKind::SubmitUnknown, "no answer: \"reset\" by peer");
    let first = |step, outcome| Outcome::Submitted { step, attempt: 1, outcome };
    let accepted = |resource: &str, poll_after| {
        let (resource, offers) = (resource.to_owned(), Vec::new());
        SubmitOutcome::Accepted { resource, poll_after, offers }
    };
    let succeeded = |video| Outcome::Succeeded { status: "succeeded".to_owned(), video };
    let video = VideoFacts {
        medium: Medium::Video,
        url: "https://cdn.example/v.mp4?a=1&b='2'".to_owned(),
        poster: Some("https://cdn.example/v.png".to_owned()),
        duration: Some(Duration::from_millis(15_040)),
        cost: Some(Cost { credits: Credits::cents(450), source: CostSource::Reported }),
        raw: serde_json::json!({"data": {"id": "task_2", "n": 1.5, "none": null}}),
    };
    let found = Seen::Found {
        resource: "task_2".to_owned(),
        poll_after: Some(second),
        offers: Vec::new(),
        others: Vec::new(),
        doubt: Some("it is younger than the call".to_owned()),
    };
    vec![
        sending(),
        first(0, accepted("https://cdn.example/roast.png", None)),
        sending(),
        first(1, accepted("task_1", Some(second))),
        succeeded(None),
        sending(),
        first(2, SubmitOutcome::Unknown { reason: reason(), look_after: second }),
        look(Seen::Failed(reason())),
        look(Seen::Nothing(Survey::default())),
        look(found),
        first(2, accepted("task_3", Some(second))),
        Outcome::Running {
            status: "video_generating".to_owned(),
            is_known: true,
            poll_after: second,
        },
        Outcome::NeedsAction { status: "storyboard_ready".to_owned() },
        Outcome::PollFailed { reason: reason(), poll_after: second },
        succeeded(Some(Box::new(video))),
        Outcome::Downloaded,
    ]
}
