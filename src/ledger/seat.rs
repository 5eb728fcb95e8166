use std::any::Any;
use std::fmt;

/// A mark that whoever holds it lives: it is given back when it is dropped, and when the process
/// ends in whatever way.
pub struct Seat {
    name: String,
    /// What keeps it, such as a locked file.
    _kept: Box<dyn Any + Send + Sync>,
}

impl Seat {
    /// A seat with a name of its own, and what keeps it taken until it is dropped.
    pub fn new(name: impl Into<String>, kept: impl Any + Send + Sync) -> Self {
        Self { name: name.into(), _kept: Box::new(kept) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("name", &self.name).finish_non_exhaustive()
    }
}
