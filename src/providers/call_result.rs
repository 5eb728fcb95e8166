//! What a provider hands back: what an accepted step left, and what a status says.

use std::time::Duration;

use crate::job::Offer;
use crate::model::{Cost, VideoFacts};

/// What an accepted step left.
#[derive(Debug)]
pub(crate) enum Sent {
    /// A synchronous one is done: a file's address, a product's id.
    Done(String),
    /// A synchronous one is done and offers what the next step needs one of.
    Offered(String, Vec<Offer>),
    /// An asynchronous one runs under this id.
    Running(String),
}

impl Sent {
    pub(crate) fn id(&self) -> &str {
        let (Self::Done(id) | Self::Offered(id, _) | Self::Running(id)) = self;
        id
    }
}

/// What a status says.
pub(crate) enum Status {
    Running {
        /// The provider's word.
        status: String,
        /// Whether its spec lists the word.
        is_known: bool,
        /// The wait that it asks for.
        hint: Option<Duration>,
    },
    NeedsAction(String),
    Succeeded(String, Option<VideoFacts>),
    Failed {
        code: Option<String>,
        message: Option<String>,
        /// What it took all the same, where the provider says so.
        cost: Option<Cost>,
    },
}
