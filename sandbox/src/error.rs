//! Why a sandbox does not start.

use std::error::Error;
use std::{fmt, io};

/// Why a sandbox did not start: a setting that cannot be, or what the system says of its port.
///
/// It becomes an [`io::Error`] with `?`, and an error of adreel where its feature `sandbox` is on.
#[derive(Debug)]
pub struct StartError(io::Error);

impl StartError {
    pub(crate) fn invalid(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(io::Error::new(io::ErrorKind::InvalidInput, reason))
    }

    /// [`io::ErrorKind::InvalidInput`] for a setting that cannot be; otherwise what the system says,
    /// such as [`io::ErrorKind::AddrInUse`].
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        error.0
    }
}
