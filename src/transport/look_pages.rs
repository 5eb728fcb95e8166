//! The pace and the length of looks: each page of a list is read when it is its account's turn, and
//! no look reads on for ever.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;

/// When an account may read pages for looks.
pub(crate) trait LookPace: Send + Sync {
    /// Waits until the account may read one more page.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] after the client was shut down.
    fn wait_for_page(&self) -> BoxFuture<'_, Result<()>>;

    /// Notes how a read went: a refusal delays the account's other reads.
    fn note_read(&self, error: Option<&Error>);

    /// Whether the client was shut down.
    fn is_closed(&self) -> bool;
}

/// The pages that one look reads.
pub(crate) struct LookPages {
    pace: Arc<dyn LookPace>,
    timeout: Duration,
    until: Instant,
    has_read: AtomicBool,
}

impl fmt::Debug for LookPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookPages").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl LookPages {
    /// The pages of a look that begins now. It ends in real time, as attempts do: what it waits for
    /// is a network, whatever clock the client has.
    pub(crate) fn new(pace: Arc<dyn LookPace>, timeout: Duration) -> Self {
        let now = Instant::now();
        let until = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(86_400));
        Self { pace, timeout, until, has_read: AtomicBool::new(false) }
    }

    /// Whether the client was shut down, so that a look that failed says nothing.
    pub(crate) fn is_closed(&self) -> bool {
        self.pace.is_closed()
    }

    /// Reads a page when it is its turn. `None` where the look has taken so long that it ends with
    /// what it has read.
    ///
    /// # Errors
    /// Whatever keeps the page from being read; [`ErrorKind::Timeout`] where nothing was read in
    /// time, and [`ErrorKind::Unavailable`] after the client was shut down.
    pub(crate) async fn read<T>(&self, page: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        let reading = async {
            self.pace.wait_for_page().await?;
            page.await
        };
        match timeout_at(self.until, reading).await {
            Ok(read) => {
                self.pace.note_read(read.as_ref().err());
                self.has_read.store(true, Ordering::Relaxed);
                read.map(Some)
            }
            Err(_) if self.has_read.load(Ordering::Relaxed) => Ok(None),
            Err(_) => {
                let message = format!("no list was read within {} s", self.timeout.as_secs());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }
}
