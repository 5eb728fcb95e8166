//! What a provider, a network or a clock may do to the real command: servers of our own that lie,
//! fall silent and come back, and what was paid and saved in the end.
//!
//! Each test is judged by what its server saw, by the exit code and by the files, and never by what
//! the command says of itself. Where a case would wait for minutes, its server passes for a sandbox
//! whose clock runs faster ([`Server::sped_up`](server::Server::sped_up)), and so does the command's;
//! cases about clocks and pauses run in the machine's own time.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod answers;
mod caps;
mod clocks;
mod command;
mod costs;
mod creatify_lists;
mod dialect;
mod edges;
mod eye;
mod halves;
mod ids;
mod jogg_lists;
mod keys;
mod pace;
mod replay;
mod route;
mod server;
mod signals;
mod waits;
mod words;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use command::Workspace;
use dialect::{BeatApi, Creatify, Jogg};
use server::Server;

/// How many times as fast the clock of most cases runs.
const SPEED: f64 = 30.0;

/// Plays members of one kind side by side, since all they do is wait. Each that falls short is
/// named.
async fn side_by_side<M, F>(members: impl IntoIterator<Item = (&'static str, M)>, play: fn(M) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = |(name, member)| (name, tokio::spawn(play(member)));
    let started: Vec<_> = members.into_iter().map(start).collect();
    let mut short = Vec::new();
    for (name, member) in started {
        if let Err(panic) = member.await {
            let panic = panic.into_panic();
            let told = panic.downcast_ref::<String>().cloned();
            short.push(format!("{name}: {}", told.unwrap_or_default()));
        }
    }
    assert!(short.is_empty(), "{} fall short\n{}", short.len(), short.join("\n"));
}

/// Something that a test changes while a server answers.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicBool>);

impl Switch {
    fn turn(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether this is the first time that anybody asks.
    fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

#[tokio::test]
async fn nothing_odd() {
    async fn play(provider: &'static str) {
        let (beatapi, creatify, jogg) = (BeatApi::newer(), Creatify::new(), Jogg::new());
        let (paid, pictures, videos) = (beatapi.clone(), creatify.clone(), jogg.clone());
        let server = Server::sped_up(SPEED, move |request| match provider {
            "beatapi" => beatapi.answer(request),
            "creatify" => creatify.answer(request),
            _ => jogg.answer(request),
        });
        let (server, workspace) = (server.await, Workspace::new());
        workspace.make(&server, provider, &[]).ended().await.is(0);
        assert_eq!(workspace.videos(), 1);
        assert_eq!(paid.accepted() + pictures.pictures() + videos.accepted(), 1);
        // The same again is printed from what is there.
        workspace.make(&server, provider, &[]).ended().await.is(0);
        assert_eq!(paid.accepted() + pictures.pictures() + videos.accepted(), 1);
    }
    side_by_side(["beatapi", "creatify", "jogg"].map(|name| (name, name)), play).await;
}
