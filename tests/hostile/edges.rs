//! What stands before a provider answers in its place, or the provider does not know yet what it
//! has accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command::Desk;
use crate::dialect::{BeatApi, Creatify, Jogg, beatapi, creatify, jogg};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

#[derive(Clone)]
struct Services(BeatApi, Creatify, Jogg);

impl Services {
    fn new() -> Self {
        Self(BeatApi::at_launch(), Creatify::new(), Jogg::new())
    }

    fn answer(&self, provider: &str, request: &Request) -> Answer {
        match provider {
            "beatapi" => self.0.answer(request),
            "creatify" => self.1.answer(request),
            _ => self.2.answer(request),
        }
    }

    /// How many paid calls that begin a job were accepted.
    fn accepted(&self) -> usize {
        self.0.accepted() + self.1.pictures() + self.2.accepted()
    }
}

fn is_status(request: &Request) -> bool {
    [beatapi::TASK, creatify::RECORDS, jogg::READ, jogg::LIST]
        .iter()
        .any(|path| request.is("GET", path))
}

fn is_paid(request: &Request) -> bool {
    [beatapi::CREATE, creatify::IMAGE, jogg::CREATE].iter().any(|path| request.is("POST", path))
}

type Odd = fn() -> Answer;

/// Some reads of an accepted job are answered by something else. In the end it is there.
async fn read_late((provider, count, odd): (&'static str, usize, Odd)) {
    let (services, desk, reads) = (Services::new(), Desk::new(), Arc::new(AtomicUsize::new(0)));
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match is_status(request) && reads.fetch_add(1, Ordering::SeqCst) < count {
            true => odd(),
            false => service.answer(provider, request),
        }
    });
    let server = server.await;
    let made = desk.make(&server, provider, &[]).ended().await;
    if made.code != Some(0) {
        desk.run(&server, &["resume"]).ended().await.is(0);
    }
    assert_eq!((services.accepted(), desk.videos()), (1, 1), "{made:?}");
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_status() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("beatapi", 6, || Answer::html(404))),
        ("403", ("beatapi", 6, || Answer::html(403))),
        ("429", ("beatapi", 6, || Answer::html(429))),
        ("200", ("beatapi", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_record() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("creatify", 6, || Answer::html(404))),
        ("403", ("creatify", 6, || Answer::html(403))),
        ("429", ("creatify", 6, || Answer::html(429))),
        ("200", ("creatify", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

#[tokio::test]
async fn page_of_an_edge_instead_of_a_video() {
    let members: [(&str, (&str, usize, Odd)); 4] = [
        ("404", ("jogg", 6, || Answer::html(404))),
        ("403", ("jogg", 6, || Answer::html(403))),
        ("429", ("jogg", 6, || Answer::html(429))),
        ("200", ("jogg", 6, || Answer::html(200))),
    ];
    side_by_side(members, read_late).await;
}

/// The provider itself does not know for a minute what it has accepted.
#[tokio::test]
async fn not_found_by_the_provider_for_a_minute() {
    let members: [(&str, (&str, usize, Odd)); 3] = [
        ("beatapi", ("beatapi", 6, beatapi::not_found)),
        ("creatify", ("creatify", 6, creatify::not_found)),
        ("jogg", ("jogg", 6, jogg::not_found)),
    ];
    side_by_side(members, read_late).await;
}

/// The key is refused once where a job is only read. Whoever has put that right goes on.
#[tokio::test]
async fn key_refused_for_a_status() {
    let members: [(&str, (&str, usize, Odd)); 3] = [
        ("beatapi", ("beatapi", 1, || beatapi::refused(401, "unauthorized"))),
        ("creatify", ("creatify", 1, || creatify::refused(401, "Invalid key"))),
        ("jogg", ("jogg", 1, || jogg::refused(jogg::WRONG_KEY))),
    ];
    side_by_side(members, read_late).await;
}

/// A paid call was accepted, and an edge answered in the provider's place. That is no refusal.
async fn paid_behind_a_page((provider, odd): (&'static str, Odd)) {
    let (services, desk, is_first) = (Services::new(), Desk::new(), Switch::default());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        let answer = service.answer(provider, request);
        if is_paid(request) && is_first.is_first() { odd() } else { answer }
    });
    let server = server.await;
    let made = desk.make(&server, provider, &[]).ended().await;
    let again = desk.make(&server, provider, &[]).ended().await;
    assert_eq!(services.accepted(), 1, "{made:?}\n{again:?}");
    // Only JoggAI's list tells without further ado.
    again.is(if provider == "jogg" { 0 } else { 6 });
}

#[tokio::test]
async fn page_of_an_edge_after_a_task_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("beatapi", || Answer::html(404))),
        ("403", ("beatapi", || Answer::html(403))),
        ("502", ("beatapi", || Answer::html(502))),
        ("200", ("beatapi", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

#[tokio::test]
async fn page_of_an_edge_after_a_record_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("creatify", || Answer::html(404))),
        ("403", ("creatify", || Answer::html(403))),
        ("502", ("creatify", || Answer::html(502))),
        ("200", ("creatify", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

#[tokio::test]
async fn page_of_an_edge_after_a_video_was_accepted() {
    let members: [(&str, (&str, Odd)); 4] = [
        ("404", ("jogg", || Answer::html(404))),
        ("403", ("jogg", || Answer::html(403))),
        ("502", ("jogg", || Answer::html(502))),
        ("200", ("jogg", || Answer::html(200))),
    ];
    side_by_side(members, paid_behind_a_page).await;
}

/// An edge that says "too fast" has let nothing through. Whether the call is sent again later or
/// held, one is paid for at most.
#[tokio::test]
async fn page_of_an_edge_that_says_too_fast() {
    async fn play(provider: &'static str) {
        let (services, desk, is_first) = (Services::new(), Desk::new(), Switch::default());
        let service = services.clone();
        let server =
            Server::sped_up(SPEED, move |request| match is_paid(request) && is_first.is_first() {
                true => Answer::html(429),
                false => service.answer(provider, request),
            });
        let server = server.await;
        desk.make(&server, provider, &[]).ended().await.is_done_or_held();
        assert!(services.accepted() <= 1);
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}
