use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::super::args::{ClockKind, SandboxArgs};
use super::super::exit::Exit;
use super::super::output;
use super::super::signals;
use crate::ProviderId;
use crate::local_file::read_at_most;
use crate::testing::{Fault, Sandbox, SandboxBuilder};

/// Larger than any font that is in use.
const MAX_FONT_BYTES: u64 = 256 << 20;

/// Far more than anybody writes.
const MAX_SCENARIO_BYTES: u64 = 16 << 20;

pub(in super::super) async fn run(args: &SandboxArgs) -> Exit {
    let mut builder = Sandbox::builder()
        .port(args.port)
        .speed(if args.clock == ClockKind::Virtual { 0.0 } else { args.speed })
        .seed(args.seed)
        .quality(args.quality.into())
        .jogg_statuses(args.jogg_statuses)
        .fetch(args.fetch.into())
        .limits(!args.no_limits)
        .beatapi_slots(args.beatapi_slots)
        .beatapi_contract(args.beatapi_contract.into())
        .sign_by_machine_time(args.sign_by_machine_time)
        .jogg_success(args.jogg_success)
        .jogg_project_id(args.jogg_project_id);
    if let Some(credits) = args.credits {
        for provider in ProviderId::ALL {
            builder = builder.credits(provider, credits);
        }
    }
    if let Some(path) = &args.scenario {
        match read_scenario(path).await {
            Ok(faults) => builder = faults.into_iter().fold(builder, SandboxBuilder::fault),
            Err(error) => {
                output::error(&format!("--scenario: {}: {error}", path.display()));
                return Exit::Input;
            }
        }
    }
    if let Some(path) = &args.font {
        match read_at_most(path, MAX_FONT_BYTES).await {
            Ok(file) => builder = builder.font(file),
            Err(error) => {
                output::error(&format!("--font: {}: {error}", path.display()));
                return Exit::Input;
            }
        }
    }
    let sandbox = match builder.start().await {
        Ok(sandbox) => sandbox,
        // What the command line can get wrong was looked at before, but for the font.
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            output::error(&format!("--font: {error}"));
            return Exit::Input;
        }
        Err(error) => {
            output::error(&format!(
                "--port: {} cannot be used: {error}; choose another, or 0 for a free one",
                args.port
            ));
            return Exit::Input;
        }
    };
    let page = sandbox.page_url();
    let run = async {
        output::json(&json!({"url": sandbox.url(), "port": sandbox.port(), "page": page}));
        if output::is_noted_on_a_terminal() {
            output::note(&format!("look at it: {page}"));
        }
        // Whoever cannot be told where it listens would have one that nobody finds.
        if output::is_whole() {
            std::future::pending::<()>().await;
        }
    };
    let _ = signals::unless_ended(run).await;
    Exit::Done
}

/// The faults of a scenario file.
///
/// # Errors
/// One line with the reason.
async fn read_scenario(path: &Path) -> Result<Vec<Fault>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Scenario {
        fault: Vec<Fault>,
    }
    let bytes = read_at_most(path, MAX_SCENARIO_BYTES).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is no text (UTF-8)".to_owned())?;
    // Editors of Windows begin a file with a mark that TOML does not know.
    let text = text.trim_start_matches('\u{feff}');
    let scenario: Scenario = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{place}{}", error.message())
    })?;
    for (index, fault) in scenario.fault.iter().enumerate() {
        fault.check().map_err(|error| format!("fault {}: {error}", index + 1))?;
    }
    Ok(scenario.fault)
}
