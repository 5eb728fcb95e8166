//! Stored jobs and handles of every release are read by this one. The fixtures of a release stay as
//! they are for ever; those of the one that is being made are written by
//! `ADREEL_WRITE_FIXTURES=1 cargo test --all-features stored`.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use std::sync::Arc;

use super::*;
use crate::job::transition::tests::job_of;
use crate::job::{
    Action, Decision, JobHandle, Look, Offer, Outcome, PlannedMedia, PlannedStep, Reach, Seen,
    Sending, SubmitOutcome, Survey, apply, next,
};
use crate::model::{Cost, CostSource, Credits, Medium};
use crate::request::{Product, Track};

fn folder() -> PathBuf {
    let [major, minor] = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR")];
    fixtures().join(format!("{major}.{minor}"))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jobs")
}

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// A job with something in every place of its order.
fn new_job() -> Job {
    let paid = |operation, credits| PlannedStep::paid(operation, Credits::whole(credits));
    let host = PlannedStep::for_image("host_asset", 0);
    let mut job = job_of(vec![host, paid("create_previews", 1), paid("render", 3)]);
    job.id = "01M7Z2WPQ17E70A0ACY16PBNWG".parse().unwrap();
    job.parent = Some("01M7Z2WPQ17E70A0ACY16PBNW0".parse().unwrap());
    job.account.name = "main".to_owned();
    let plan = Arc::make_mut(&mut job.plan);
    plan.account = job.account.clone();
    job.key = Some(crate::digest::sha256("order-1042"));
    job.fingerprint = crate::digest::sha256("request");
    job.labels.insert("file".to_owned(), "/videos/roast.mp4".to_owned());
    let product = Product::new("Morning Roast ☕").image_file("coffee.png").price("12.90 €");
    let mut request = VideoRequest::new(product)
        .prompt("Steam rises, \"slow\" push in")
        .duration_secs(15)
        .track(Track::bytes(vec![1, 2, 3]));
    request.jogg = Some(crate::jogg::Options::new().avatar(81).previews(["Simple", "Bold"]));
    request.creatify = Some(crate::creatify::Options::product_shot().image_only());
    let music = crate::beatapi::MusicOptions::premium("sing".into());
    request.beatapi = Some(crate::beatapi::Options::new().music(music));
    job.request = Arc::new(request);
    plan.images = vec![PlannedMedia::Upload {
        sha256: crate::digest::sha256("image"),
        media_type: "image/png".to_owned(),
        size_bytes: 4_096,
    }];
    job.cap = Some(Credits::cents(450));
    job.route = Some("the digest of a route's key".to_owned());
    job.created_at = NOW;
    job.updated_at = NOW;
    job.steps = job.plan.steps.iter().map(|planned| Step::new(planned, NOW)).collect();
    job
}

/// Jobs at rest in every way, by name.
fn jobs() -> Vec<(&'static str, Job)> {
    let sending = || {
        let mut sending = Sending::new(90 * SECOND, 1800 * SECOND);
        sending.sender = Some("01M7Z2WPSEAT".to_owned());
        sending.keys = Some("q83vEjRWeJC6".to_owned());
        sending.run = Some("batch 7".to_owned());
        Outcome::Sending(sending)
    };
    let told = |step, outcome| Outcome::Submitted { step, attempt: 1, outcome };
    let offer = |id: &str| Offer { id: id.to_owned(), label: format!("style {id}") };
    let accepted = |step, id: &str, poll_after, offers| {
        let resource = id.to_owned();
        told(step, SubmitOutcome::Accepted { resource, poll_after, offers })
    };
    let mut reason = Reason::new(ErrorKind::SubmitUnknown, "the connection broke");
    reason.operation = Some("render".to_owned());
    let after = |job: &Job, outcomes: Vec<Outcome>| {
        outcomes.into_iter().fold(job.clone(), |job, outcome| apply(job, outcome, NOW))
    };
    let ready = new_job();
    let hosted = accepted(0, "https://cdn.example/1.png", None, Vec::new());
    let offered = after(
        &ready,
        vec![
            sending(),
            hosted,
            sending(),
            accepted(1, "list_1", None, vec![offer("a"), offer("b")]),
        ],
    );
    let choose = Outcome::Decided(Decision::Choose("b".to_owned()));
    let submitting = after(&offered, vec![choose, sending()]);
    let unknown =
        told(2, SubmitOutcome::Unknown { reason: reason.clone(), look_after: 15 * SECOND });
    let look = |reach| {
        let survey = Survey { records: 3, back_to: Some(NOW), reach };
        let keys = Some("q83vEjRWeJC6".to_owned());
        Outcome::LookedUp(Look::new(NOW, keys, Seen::Nothing(survey)))
    };
    let looked = look(Reach::Partial("cut".to_owned()));
    let unprovable = look(Reach::Never("no list".to_owned()));
    let looking = after(&submitting, vec![unknown, looked]);
    let held = after(&looking, vec![unprovable]);
    let resubmit = Outcome::Decided(Decision::Resubmit { why: "by decision".to_owned() });
    let second = accepted(2, "v2", Some(SECOND), Vec::new());
    let later = NOW + 1800 * SECOND;
    let again = apply(held.clone(), resubmit, later);
    let again = after(&again, vec![sending()]);
    let running = after(&again, vec![second, accepted(2, "v1", Some(SECOND), Vec::new())]);
    let cost = Cost { credits: Credits::cents(450), source: CostSource::Reported };
    let video = VideoFacts {
        medium: Medium::Video,
        url: "https://cdn.example/v.mp4".to_owned(),
        poster: Some("https://cdn.example/v.jpg".to_owned()),
        duration: Some(Duration::from_millis(15_040)),
        cost: Some(cost),
        raw: serde_json::json!({"data": {"id": "v2"}}),
    };
    let succeeded =
        Outcome::Succeeded { status: "completed".to_owned(), video: Some(Box::new(video)) };
    let rendered = after(&running, vec![succeeded]);
    let done = after(&rendered, vec![Outcome::Downloaded]);
    let failed = after(&running, vec![Outcome::Failed { reason, cost: Some(cost) }]);
    vec![
        ("ready", ready),
        ("offered", offered),
        ("submitting", submitting),
        ("unknown", looking),
        ("held", held),
        ("running", running),
        ("rendered", rendered),
        ("done", done),
        ("failed", failed),
    ]
}

/// The order, the state and the handle of a job, a line each.
fn text(job: &Job) -> String {
    let stored = job.to_stored().unwrap();
    let handle = serde_json::to_string(&job.handle()).unwrap();
    format!("{}\n{}\n{handle}\n", stored.order, stored.state)
}

#[test]
fn jobs_are_written_as_the_fixtures_of_this_release_show() {
    let write = std::env::var_os("ADREEL_WRITE_FIXTURES").is_some();
    for (name, job) in jobs() {
        let path = folder().join(format!("{name}.txt"));
        if write {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, text(&job)).unwrap();
        }
        let fixture = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text(&job), fixture, "{name}: see the head of this file");
    }
}

#[test]
fn what_every_release_has_stored_is_read_and_goes_on() {
    let mut read = 0;
    for release in std::fs::read_dir(fixtures()).unwrap() {
        for file in std::fs::read_dir(release.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let fixture = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = fixture.lines().collect();
            let job = Job::from_stored(&StoredJob::new(lines[0], lines[1])).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let expected = match name {
                "ready" => Action::Send(0),
                "offered" | "held" => Action::Hold,
                "submitting" | "unknown" => Action::LookUp(2),
                "running" => Action::Poll(2),
                "rendered" => Action::Download,
                _ => Action::End,
            };
            assert_eq!(next(&job, NOW + 3600 * SECOND), expected, "{}", path.display());
            let handle: JobHandle = serde_json::from_str(lines[2]).unwrap();
            assert_eq!((handle.id, handle.stage), (job.id(), job.stage()));
            assert_eq!(handle.provider_ref(), job.provider_ref());
            read += 1;
        }
    }
    assert!(read >= jobs().len());
}

#[test]
fn what_is_stored_is_read_as_the_same_and_the_order_never_changes() {
    let mut order = None;
    for (name, job) in jobs() {
        let stored = job.to_stored().unwrap();
        assert_eq!(Job::from_stored(&stored).unwrap(), job, "{name}");
        assert_eq!(stored.state, job.to_stored_state().unwrap());
        assert_eq!(*order.get_or_insert(stored.order.clone()), stored.order, "{name}");
    }
}

#[test]
fn a_job_of_a_newer_form_is_refused_and_not_misread() {
    let stored = new_job().to_stored().unwrap();
    let newer = |text: &str| text.replacen("\"v\":2", "\"v\":3", 1);
    for stored in [
        StoredJob::new(newer(&stored.order), &stored.state),
        StoredJob::new(&stored.order, newer(&stored.state)),
    ] {
        let error = Job::from_stored(&stored).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("update"), "{error}");
    }
    // An option that this version does not know would be lost where a step is sent.
    let unknown = stored.order.replacen("\"avatar\":81", "\"avatar\":81,\"hologram\":true", 1);
    let error = Job::from_stored(&StoredJob::new(unknown, &stored.state)).unwrap_err();
    assert!(error.to_string().contains("hologram"), "{error}");
    // What is merely added to the state is passed over.
    let added = stored.state.replacen("\"v\":2", "\"v\":2,\"mood\":\"good\"", 1);
    assert!(Job::from_stored(&StoredJob::new(&stored.order, added)).is_ok());
}

#[test]
fn the_longest_handle_is_below_1_kb() {
    let paid = |index: usize| {
        PlannedStep::paid(&format!("create_link_with_params_{index}"), Credits::whole(1))
    };
    let mut job = job_of((0..3).map(paid).collect());
    job.account.name = "n".repeat(64);
    job.account.realm = format!("https://{}", "r".repeat(192));
    for step in &mut job.steps {
        step.resource = Some("x".repeat(100));
        step.attempt = u32::MAX;
    }
    let handle = serde_json::to_string(&job.handle()).unwrap();
    assert!(handle.len() < 1024, "{}", handle.len());
    assert_eq!(serde_json::from_str::<JobHandle>(&handle).unwrap(), job.handle());
}
