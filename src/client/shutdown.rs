//! Ending a client.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use super::Client;
use crate::error::{Error, ErrorKind, Result};

impl Client {
    /// Lets what is in flight come to its end, and begins nothing more: calls that were sent are
    /// answered and recorded. Jobs themselves go on at their providers.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] where something is still in flight at the deadline. It goes on for
    /// as long as the runtime does; what is cut off then is looked for at the next start.
    pub async fn shutdown(&self, deadline: Duration) -> Result<()> {
        let work = &self.0.work;
        work.close();
        self.0.polls.values().for_each(|polls| polls.close());
        let until = self.0.clock.sleep(deadline);
        futures_util::pin_mut!(until);
        let ended = work.ended();
        futures_util::pin_mut!(ended);
        match select(ended, until).await {
            Either::Left(_) => Ok(()),
            Either::Right(_) if work.ended().now_or_never().is_some() => Ok(()),
            Either::Right(_) => {
                let message = format!("{} calls are still in flight", work.len());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }
}
