//! Several processes route one request over several accounts. One of them pays, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::command::{IMAGE, Run, Workspace};
use crate::dialect::{BeatApi, Services, beatapi, creatify};
use crate::server::{Answer, Request, Server};
use crate::{SPEED, Switch, side_by_side};

/// How long JoggAI takes to tell its presenters, so that plans are made beside calls.
const PLANNING: Duration = Duration::from_millis(1200);

fn answer(services: &Services, request: &Request) -> Answer {
    let answer = services.answer(request);
    match request.is("GET", "/v2/avatars/public") {
        true => answer.after(PLANNING),
        false => answer,
    }
}

fn route(workspace: &Workspace, server: &Server, order: &[&str]) -> Run {
    let mut args = [&["make"], &IMAGE[..], &["--route"]].concat();
    for provider in order {
        args.extend(["--provider", provider]);
    }
    workspace.run(server, &args)
}

/// Runs one command for each order, all at once.
async fn race(services: &Services, server: &Server, orders: &[&[&str]]) {
    let workspace = Workspace::new();
    // The ledger's file is there before anybody races for it.
    workspace.run(server, &["jobs"]).ended().await.is(0);
    let running: Vec<_> =
        orders.iter().map(|order| route(&workspace, server, order).start()).collect();
    let mut ended = Vec::new();
    for command in running {
        ended.push(command.ended().await);
    }
    assert_eq!((services.accepted(), workspace.videos()), (1, 1), "{ended:?}");
    // Whoever was overtaken waits for the job that has the claim.
    assert!(ended.iter().all(|ended| ended.code == Some(0)), "{ended:?}");
}

#[tokio::test]
async fn two_routes_with_one_key() {
    let services = Services::new(BeatApi::newer());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| answer(&service, request)).await;
    race(&services, &server, &[&["jogg", "beatapi"], &["beatapi", "jogg"]]).await;
}

/// One process was refused at the first account and plans the second; another tries the first again,
/// which accepts.
#[tokio::test]
async fn route_goes_on_while_it_is_tried_again() {
    let (services, workspace, is_refused) =
        (Services::new(BeatApi::newer()), Workspace::new(), Switch::default());
    let service = services.clone();
    let server = Server::sped_up(SPEED, move |request| {
        match request.is("POST", beatapi::CREATE) && is_refused.is_first() {
            true => beatapi::no_credits(),
            false => answer(&service, request),
        }
    });
    let server = server.await;
    workspace.run(&server, &["jobs"]).ended().await.is(0);
    let first = route(&workspace, &server, &["beatapi", "jogg"]).start();
    server.reach(1, "GET", "/v2/avatars/public").await;
    let second = route(&workspace, &server, &["beatapi", "jogg"]).start();
    let (first, second) = (first.ended().await, second.ended().await);
    assert_eq!((services.accepted(), workspace.videos()), (1, 1), "{first:?}\n{second:?}");
}

/// Another process goes on from a full account, which is the only one that this one asks or the last
/// that is left to it.
#[tokio::test]
async fn route_is_overtaken_at_its_last_account() {
    async fn play(others: &'static [&'static str]) {
        let (services, workspace, calls) =
            (Services::new(BeatApi::newer()), Workspace::new(), Arc::new(AtomicUsize::new(0)));
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let is_it = request.is("POST", beatapi::CREATE);
            match is_it && calls.fetch_add(1, Ordering::SeqCst) < 2 {
                true => beatapi::refused(429, "user_concurrency_exceeded"),
                false => answer(&service, request),
            }
        });
        let server = server.await;
        workspace.run(&server, &["jobs"]).ended().await.is(0);
        let first = route(&workspace, &server, &["beatapi", "jogg"]).start();
        server.reach(1, "GET", "/v2/avatars/public").await;
        // The first plans; by the time that it goes on, the other waits for room.
        let second = route(&workspace, &server, others).start();
        second.ended().await.is(0);
        first.ended().await.is(0);
        assert_eq!((services.accepted(), workspace.videos()), (1, 1));
    }
    let orders: [&[&str]; 3] = [&["beatapi"], &["beatapi", "jogg"], &["jogg", "beatapi"]];
    let names = ["the full one alone", "the same order", "the other order"];
    side_by_side(names.into_iter().zip(orders), play).await;
}

/// Which calls are refused, so that every process is refused somewhere.
type Refusals = fn(&Request, &Switch) -> Option<Answer>;

#[tokio::test]
async fn three_accounts_routed_by_three_processes() {
    async fn play(refusals: Refusals) {
        let (services, is_refused) = (Services::new(BeatApi::newer()), Switch::default());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            refusals(request, &is_refused).unwrap_or_else(|| answer(&service, request))
        });
        let orders: [&[&str]; 3] = [
            &["beatapi", "creatify", "jogg"],
            &["creatify", "jogg", "beatapi"],
            &["jogg", "beatapi", "creatify"],
        ];
        race(&services, &server.await, &orders).await;
    }
    let members: [(&str, Refusals); 5] = [
        ("all accept", |_, _| None),
        ("one never accepts", |request, _| {
            request.is("POST", beatapi::CREATE).then(beatapi::no_credits)
        }),
        ("one refuses once", |request, is_refused| {
            let is_it = request.is("POST", beatapi::CREATE) && is_refused.is_first();
            is_it.then(beatapi::no_credits)
        }),
        ("only the slowest accepts", |request, _| {
            let no_credits = || creatify::refused(402, "no credits");
            let refused = request.is("POST", beatapi::CREATE).then(beatapi::no_credits);
            refused.or_else(|| request.is("POST", creatify::IMAGE).then(no_credits))
        }),
        ("one is slow to refuse", |request, is_refused| {
            let is_it = request.is("POST", creatify::IMAGE) && is_refused.is_first();
            is_it.then(|| creatify::refused(402, "no credits").after(Duration::from_millis(400)))
        }),
    ];
    side_by_side(members, play).await;
}

/// Whoever sent at the first account was killed before the answer. That account may have accepted,
/// so nobody goes on to another, in whichever order they route.
#[tokio::test]
async fn route_whose_sender_was_killed() {
    async fn play(order: [&'static str; 2]) {
        let (services, workspace, is_lost) =
            (Services::new(BeatApi::newer()), Workspace::new(), Switch::default());
        let service = services.clone();
        let server = Server::sped_up(SPEED, move |request| {
            let answer = answer(&service, request);
            let is_it = request.is("POST", creatify::IMAGE) && is_lost.is_first();
            if is_it { Answer::hang_up().after(Duration::from_secs(30)) } else { answer }
        });
        let server = server.await;
        let first = route(&workspace, &server, &["creatify", "beatapi"]).start();
        server.reach(1, "POST", creatify::IMAGE).await;
        first.kill().await;
        route(&workspace, &server, &order).ended().await.is(6);
        assert_eq!((services.accepted(), workspace.videos()), (1, 0));
    }
    let orders = [["creatify", "beatapi"], ["beatapi", "creatify"], ["jogg", "beatapi"]];
    let names = ["the same order", "the other order", "other accounts"];
    side_by_side(names.into_iter().zip(orders), play).await;
}
