//! Which state of its contract an account shows. Nothing says so outright, but two free reads tell:
//! the newer contract lists the workflow `video-analysis`, and its usage has a `period`.

use tokio::sync::OnceCell;

use super::Client;
use super::types::GetUsageQuery;
use crate::error::{ErrorKind, Result};

/// In what an account is billed. The fields kept their names when it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Credits, by the older contract.
    Credits,
    /// Dollars, by the newer one.
    Dollars,
}

/// What is known of an account's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Billing {
    /// It was not asked for: the newer contract's.
    Assumed,
    /// The account shows it.
    Shown(Unit),
    /// It was asked for and could not be read.
    Unread,
}

impl Billing {
    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Shown(unit) => unit,
            Self::Assumed | Self::Unread => Unit::Dollars,
        }
    }
}

/// Whether the account shows the newer contract. Free.
pub(super) async fn is_newer(client: &Client) -> Result<bool> {
    let workflows = client.list_workflows().await?.data;
    if workflows.iter().any(|workflow| workflow.id.as_str() == "video-analysis") {
        return Ok(true);
    }
    Ok(client.get_usage(&GetUsageQuery::new()).await?.period.is_some())
}

/// The unit of an account, read once.
#[derive(Debug, Default)]
pub(super) struct KnownUnit(OnceCell<Unit>);

impl KnownUnit {
    /// # Errors
    /// [`ErrorKind::Unauthorized`] or [`ErrorKind::NeedsCredentials`], since a key that cannot read
    /// cannot pay either. Whatever else goes wrong leaves the unit unread, to be tried again.
    pub(super) async fn of(&self, client: &Client) -> Result<Billing> {
        let read = async || {
            let unit = if is_newer(client).await? { Unit::Dollars } else { Unit::Credits };
            Ok(unit)
        };
        match self.0.get_or_try_init(read).await {
            Ok(unit) => Ok(Billing::Shown(*unit)),
            Err(error) if is_of_the_key(&error) => Err(error),
            Err(_) => Ok(Billing::Unread),
        }
    }
}

fn is_of_the_key(error: &crate::error::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::NeedsCredentials)
}
