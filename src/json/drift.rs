//! What an answer has that its spec does not.

/// Something in an answer that is not as its spec says. Its text is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// Where, as a JSON pointer in which `*` stands for a place in a list.
    pub(crate) pointer: String,
    pub(crate) expected: &'static str,
}

impl Drift {
    /// That the answer as a whole is something else.
    pub(crate) fn of_all(expected: &'static str) -> Self {
        Self { pointer: String::new(), expected }
    }
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pointer = if self.pointer.is_empty() { "the answer" } else { &self.pointer };
        write!(f, "{pointer} is not {}", self.expected)
    }
}
