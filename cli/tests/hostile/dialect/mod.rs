//! The three providers as they should be. What goes wrong, a case says before it asks them.
//!
//! What one key made, no other key sees: keys here are accounts, unless a case says that two are of
//! one account.

pub(crate) mod beatapi;
pub(crate) mod creatify;
pub(crate) mod jogg;

pub(crate) use beatapi::BeatApi;
pub(crate) use creatify::Creatify;
pub(crate) use jogg::Jogg;

use crate::server::{Answer, Request};

/// A file that all of them give out.
pub(crate) const VIDEO: &str = "/v.mp4";

/// All three behind one address.
#[derive(Clone)]
pub(crate) struct Services(BeatApi, Creatify, Jogg);

impl Services {
    pub(crate) fn new(beatapi: BeatApi) -> Self {
        Self(beatapi, Creatify::new(), Jogg::new())
    }

    pub(crate) fn answer(&self, request: &Request) -> Answer {
        match request.path.split('/').nth(1) {
            Some("v1") => self.0.answer(request),
            Some("api") => self.1.answer(request),
            _ => self.2.answer(request),
        }
    }

    /// How many paid calls that begin a job were accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.0.accepted() + self.1.pictures() + self.2.accepted()
    }
}

/// Whether it is a paid call that begins a job.
pub(crate) fn is_paid(request: &Request) -> bool {
    [beatapi::CREATE, creatify::IMAGE, jogg::CREATE].iter().any(|path| request.is("POST", path))
}

fn file(request: &Request) -> Option<Answer> {
    request.is("GET", VIDEO).then(Answer::clip)
}
