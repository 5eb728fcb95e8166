use super::super::exit::Exit;
use super::super::output;
use crate::request::VideoRequest;

/// Needs no account: what can be asked for is known without one.
pub(in super::super) fn run(in_a_line: bool) -> Exit {
    let schema = VideoRequest::json_schema();
    if in_a_line {
        output::json(&schema);
    } else {
        output::document(&format!("{schema:#}"));
    }
    Exit::Done
}
