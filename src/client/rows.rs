//! Rows of an account in the ledger, whichever version wrote them.

use super::Client;
use crate::error::Result;
use crate::job::{Account, Job};

impl Client {
    /// The job of an account with this key digest, also one that was written before a realm had
    /// its path: it must not be paid for again.
    pub(super) async fn job_by_key(&self, account: &Account, digest: &str) -> Result<Option<Job>> {
        let ledger = &self.0.ledger;
        match (ledger.find(account, digest).await?, account.former()) {
            (None, Some(former)) => {
                let found = ledger.find(&former, digest).await?;
                Ok(found.filter(|job| account.has(job)))
            }
            (found, _) => Ok(found),
        }
    }

    /// The newest job of an account with this id at its provider, likewise.
    pub(super) async fn job_by_resource(
        &self,
        account: &Account,
        resource: &str,
    ) -> Result<Option<Job>> {
        let ledger = &self.0.ledger;
        match (ledger.find_resource(account, resource).await?, account.former()) {
            (None, Some(former)) => {
                let found = ledger.find_resource(&former, resource).await?;
                Ok(found.filter(|job| account.has(job)))
            }
            (found, _) => Ok(found),
        }
    }
}
