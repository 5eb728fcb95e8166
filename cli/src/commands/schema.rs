//! `adreel schema`: the JSON Schema of a request.

use adreel::VideoRequest;

use crate::exit::Exit;
use crate::output;

/// Needs no account: what can be asked for is known without one.
pub(crate) fn run(in_a_line: bool) -> Exit {
    let schema = VideoRequest::json_schema();
    if in_a_line {
        output::json(&schema);
    } else {
        output::document(&format!("{schema:#}"));
    }
    Exit::Done
}
