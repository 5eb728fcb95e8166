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

fn file(request: &Request) -> Option<Answer> {
    request.is("GET", VIDEO).then(Answer::clip)
}
