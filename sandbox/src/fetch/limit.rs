//! The limit of connections to other servers at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::world::locked;

/// To all, and to each server: one that never answers holds no more than these.
const MOST: usize = 256;
const MOST_TO_ONE: usize = 16;

/// From how many servers on those without a connection are removed.
const TIDY_FROM: usize = 256;

/// Permits for connections, of which there are so many at a time.
pub(crate) struct ConnectionLimit {
    all: Arc<Semaphore>,
    servers: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Permission for one connection, until it is dropped.
pub(crate) struct Permit {
    _server: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl ConnectionLimit {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(MOST)), servers: Mutex::default() }
    }

    /// Waits until there may be a connection to the server of an address. The permit for that
    /// server is taken first, so that waiters for a slow one keep no others out.
    pub(crate) async fn enter(&self, url: &Url) -> Permit {
        // Neither semaphore is ever closed.
        let server = self.server(url).acquire_owned().await.ok();
        Permit { _server: server, _all: Arc::clone(&self.all).acquire_owned().await.ok() }
    }

    fn server(&self, url: &Url) -> Arc<Semaphore> {
        let mut servers = locked(&self.servers);
        if servers.len() >= TIDY_FROM {
            servers.retain(|_, known| known.strong_count() > 0);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let known = servers.entry(format!("{}:{port}", url.host_str().unwrap_or_default()));
        let known = known.or_default();
        known.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Semaphore::new(MOST_TO_ONE));
            *known = Arc::downgrade(&server);
            server
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_server_that_never_answers_leaves_room_for_others() {
        let connections = ConnectionLimit::new();
        let url = |text: &str| Url::parse(text).unwrap();
        let hanging = url("http://127.0.0.1:9/hook");
        let mut turns: Vec<_> = (0..1_000).map(|_| Box::pin(connections.enter(&hanging))).collect();
        let held: Vec<_> = turns.iter_mut().filter_map(|turn| turn.now_or_never()).collect();
        assert_eq!(held.len(), MOST_TO_ONE);
        for other in ["http://127.0.0.1:10/hook", "http://localhost:9/hook"] {
            assert!(connections.enter(&url(other)).now_or_never().is_some(), "{other}");
        }
        assert!(connections.enter(&url("http://127.0.0.1:9/other")).now_or_never().is_none());
    }

    #[test]
    fn all_servers_together_have_a_limit_and_are_forgotten() {
        let connections = ConnectionLimit::new();
        let enter = |port: usize| {
            connections
                .enter(&Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap())
                .now_or_never()
        };
        let held: Vec<_> = (1..=1_000).filter_map(enter).collect();
        assert_eq!(held.len(), MOST);
        drop(held);
        assert!((1_001..2_000).all(|port| enter(port).is_some()));
        assert!(locked(&connections.servers).len() <= TIDY_FROM);
    }
}
