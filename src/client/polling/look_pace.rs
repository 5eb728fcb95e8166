//! The pace of looks: each page of a list is read when it is its account's turn.

use super::Polls;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::transport::LookPace;

impl LookPace for Polls {
    fn wait_for_page(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take_look_page())
    }

    fn note_read(&self, error: Option<&Error>) {
        Polls::note_read(self, error);
    }

    fn is_closed(&self) -> bool {
        self.state().is_closed
    }
}

impl Polls {
    /// Takes one of the pages that looks may read, or says when there is one.
    fn take_page(&self, now: Moment) -> Result<Result<(), Moment>> {
        let mut state = self.state();
        if state.is_closed {
            let message = "the client was shut down before its turn to look came";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        Ok(state.looks.take(now))
    }

    async fn take_look_page(&self) -> Result<()> {
        loop {
            let closed = self.closed.notified();
            let now = self.now();
            let Err(until) = self.take_page(now)? else { return Ok(()) };
            let rest = self.clock.sleep(until.since(now));
            futures_util::pin_mut!(closed);
            futures_util::future::select(rest, closed).await;
            // A test's clock may sleep in no time.
            tokio::task::yield_now().await;
        }
    }
}
