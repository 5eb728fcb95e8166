//! What is known of an account's capacity, as it is stored.

/// What clients of an account tell each other of its pace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gate {
    /// A small text of the client's. A ledger keeps it as it is.
    pub state: String,
    /// How often it was stored: what a ledger compares before it stores.
    pub revision: u64,
}

impl Gate {
    /// A gate at a revision; the first one is 1.
    pub fn new(state: impl Into<String>, revision: u64) -> Self {
        Self { state: state.into(), revision }
    }
}
