//! What a client has under way, which no dropped future cuts.

use tokio_util::task::TaskTracker;

use crate::error::{Error, ErrorKind, Result};

/// The tasks of a client and its clones.
#[derive(Debug, Default)]
pub(super) struct Work(TaskTracker);

impl Work {
    /// Runs something on a task of its own, to its end, whether or not anybody waits for it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] after the client was shut down, or where the runtime ended.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        // It is counted before it is asked, so that nothing begins behind a shutdown's back.
        let _begun = self.0.token();
        if self.0.is_closed() {
            let message = "the client was shut down; the job waits in the ledger";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        self.0.spawn(work).await.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the task that advances the job ended")
                .with_source(error)
        })
    }

    /// Begins something that nobody waits for. After the client was shut down nothing is begun.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        let _begun = self.0.token();
        if !self.0.is_closed() {
            self.0.spawn(work);
        }
    }

    /// Whether the client was shut down.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Begins nothing any more.
    pub(super) fn close(&self) {
        self.0.close();
    }

    /// Resolves when all that was begun has ended.
    pub(super) async fn ended(&self) {
        self.0.wait().await;
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
