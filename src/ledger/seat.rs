//! By what others see that a client lives.

use std::any::Any;
use std::{fmt, io};

use ulid::Ulid;

use crate::clock::{Clock as _, SystemClock};
use crate::future::BoxFuture;

/// A mark that whoever holds it lives: it is given back when it is dropped, and when the process
/// ends in whatever way.
///
/// In Postgres it is a lock of a session. Where that session ends while its holder lives, since the
/// server was restarted or the network was down, the seat is gone: [`is_held`](Self::is_held) then
/// says so, and a new one is to be taken. Until that is noticed, others take the holder for gone
/// where the same server tells them; after a restart or on another server they are told nothing.
pub struct Seat {
    name: String,
    kept: Box<dyn KeepSeat>,
}

/// What keeps a [`Seat`] taken until it is dropped.
pub trait KeepSeat: Send + Sync {
    /// Whether the seat is still taken. Once it is not, it never is again.
    fn is_held(&self) -> BoxFuture<'_, bool>;
}

/// What keeps a seat for as long as it lives, such as a locked file.
struct Kept<T>(#[allow(dead_code, reason = "it is kept to be dropped")] T);

impl<T: Send + Sync> KeepSeat for Kept<T> {
    fn is_held(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(true))
    }
}

impl Seat {
    /// A seat with a name of its own, and what keeps it taken until it is dropped.
    pub fn new(name: impl Into<String>, kept: impl Any + Send + Sync) -> Self {
        Self::kept_by(name, Kept(kept))
    }

    /// A seat that can be lost before it is dropped.
    pub fn kept_by(name: impl Into<String>, kept: impl KeepSeat + 'static) -> Self {
        Self { name: name.into(), kept: Box::new(kept) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is still taken. A seat that was lost is of no use any more: take another.
    pub async fn is_held(&self) -> bool {
        self.kept.is_held().await
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A name that no other seat has.
pub(super) fn new_name() -> io::Result<String> {
    let millis = u64::try_from(SystemClock.now().as_millis()).unwrap_or_default();
    let draw =
        || getrandom::u64().map(u128::from).map_err(|error| io::Error::other(error.to_string()));
    Ok(Ulid::from_parts(millis, draw()? << 64 | draw()?).to_string())
}
