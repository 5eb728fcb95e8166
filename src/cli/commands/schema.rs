use super::super::exit::Exit;
use super::super::output;
use crate::model::VideoRequest;

/// Needs no account: what can be asked for is known without one.
pub(in super::super) fn run() -> Exit {
    output::pretty_json(&VideoRequest::json_schema());
    Exit::Done
}
