//! The machine's clock is set while somebody waits, or between two commands.
//!
//! A few lines of C, compiled here and loaded before the command's own libraries, stand between it
//! and the clock. All of this runs in the machine's own time.

#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::command::{Run, Workspace};
use crate::dialect::{BeatApi, Jogg, beatapi, jogg};
use crate::server::{Answer, Request, Server};
use crate::{Switch, side_by_side};

const TWO_HOURS_BACK: i64 = -7200;

/// As much as a wait lasts by default, and a minute: a laptop that slept.
const HALF_AN_HOUR_ON: i64 = 31 * 60;

/// A clock for the commands of one workspace.
struct Clock {
    library: PathBuf,
    shift: PathBuf,
}

impl Clock {
    fn new(workspace: &Workspace) -> Self {
        let clock = Self { library: workspace.path("clock.so"), shift: workspace.path("shift") };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/clock.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&clock.library).arg(source);
        assert!(compiler.status().unwrap().success());
        clock.set(0);
        clock
    }

    fn set(&self, seconds: i64) {
        std::fs::write(&self.shift, seconds.to_ne_bytes()).unwrap();
    }

    fn seen_by(&self, run: Run) -> Run {
        run.env("LD_PRELOAD", &self.library).env("CLOCK_SHIFT", &self.shift)
    }
}

fn both_ways() -> [(&'static str, i64); 2] {
    [("back", TWO_HOURS_BACK), ("forward", HALF_AN_HOUR_ON)]
}

/// The clock is set while a job is waited for. It is read on all the same, and saved.
async fn set_while_waiting(seconds: i64, is_made_at_once: bool) {
    let (service, workspace, is_read) = (BeatApi::newer(), Workspace::new(), Switch::default());
    let beatapi = service.clone();
    let server = Server::in_real_time(move |request| {
        match request.is("GET", beatapi::TASK) && is_read.is_first() && !is_made_at_once {
            true => beatapi.status(request, "processing"),
            false => beatapi.answer(request),
        }
    });
    let (server, clock) = (server.await, Clock::new(&workspace));
    let make = clock.seen_by(workspace.make(&server, "beatapi", &[])).start();
    server.reach(1, "POST", beatapi::CREATE).await;
    // Until the answer is stored and the first read has its time.
    tokio::time::sleep(Duration::from_secs(2)).await;
    clock.set(seconds);
    make.ended().await.is(0);
    assert_eq!((service.accepted(), workspace.videos()), (1, 1));
}

#[tokio::test]
async fn clock_set_back() {
    set_while_waiting(TWO_HOURS_BACK, false).await;
}

#[tokio::test]
async fn clock_set_forward() {
    set_while_waiting(HALF_AN_HOUR_ON, true).await;
}

/// The clock is set between two commands, the first of which was killed while its job ran.
#[tokio::test]
async fn clock_set_while_a_job_runs_alone() {
    async fn play(seconds: i64) {
        let (service, workspace) = (BeatApi::newer(), Workspace::new());
        let beatapi = service.clone();
        let server = Server::in_real_time(move |request| beatapi.answer(request)).await;
        let clock = Clock::new(&workspace);
        let make = clock.seen_by(workspace.make(&server, "beatapi", &[])).start();
        server.reach(1, "POST", beatapi::CREATE).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        make.kill().await;
        clock.set(seconds);
        clock.seen_by(workspace.run(&server, &["resume"])).ended().await.is(0);
        assert_eq!((service.accepted(), workspace.videos()), (1, 1));
    }
    side_by_side(both_ways(), play).await;
}

/// Killed while it submits, and the clock is set before somebody comes back. What the list shows is
/// found, and what it does not show is not paid again.
#[tokio::test]
async fn clock_set_while_a_call_is_unknown() {
    async fn play((seconds, is_listed): (i64, bool)) {
        let (service, workspace) = (Jogg::new(), Workspace::new());
        let (jogg, is_lost) = (service.clone(), Switch::default());
        let server = Server::in_real_time(move |request: &Request| {
            let answer = jogg.answer(request);
            if request.is("POST", jogg::CREATE) && is_lost.is_first() {
                return Answer::hang_up().after(Duration::from_secs(30));
            }
            match request.is("GET", jogg::LIST) && !is_listed {
                true => jogg::page(request, &[], 100),
                false => answer,
            }
        });
        let (server, clock) = (server.await, Clock::new(&workspace));
        let make = clock.seen_by(workspace.make(&server, "jogg", &[])).start();
        server.reach(1, "POST", jogg::CREATE).await;
        make.kill().await;
        clock.set(seconds);
        let resumed = clock.seen_by(workspace.run(&server, &["resume"])).ended().await;
        assert_eq!(
            (service.accepted(), workspace.videos()),
            (1, usize::from(is_listed)),
            "{resumed:?}"
        );
        resumed.is(if is_listed { 0 } else { 6 });
    }
    let members = [
        ("back, and listed", (TWO_HOURS_BACK, true)),
        ("back, and not listed", (TWO_HOURS_BACK, false)),
        ("forward, and listed", (HALF_AN_HOUR_ON, true)),
        ("forward, and not listed", (HALF_AN_HOUR_ON, false)),
    ];
    side_by_side(members, play).await;
}
