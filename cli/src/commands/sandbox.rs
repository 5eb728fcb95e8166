//! `adreel sandbox`: the three services on loopback, until it is interrupted.

use std::io::ErrorKind;
use std::path::Path;

use adreel::ProviderId;
use adreel::testing::{Fault, Sandbox, SandboxBuilder};
use serde::Deserialize;
use serde_json::json;

use crate::args::{ClockKind, SandboxArgs};
use crate::exit::Exit;
use crate::output;
use crate::read_file::read_at_most;
use crate::signals;

/// Larger than any font that is in use.
const MAX_FONT_BYTES: u64 = 256 << 20;

/// Far more than anybody writes.
const MAX_SCENARIO_BYTES: u64 = 16 << 20;

pub(crate) async fn run(args: &SandboxArgs) -> Exit {
    let sandbox = match start(args).await {
        Ok(sandbox) => sandbox,
        Err(message) => {
            output::error(&message);
            return Exit::Input;
        }
    };
    let page = sandbox.page_url();
    let run = async {
        output::json(&json!({"url": sandbox.url(), "port": sandbox.port(), "page": page}));
        if output::is_stderr_a_terminal() {
            output::note(&format!("look at it: {page}"));
        }
        // A sandbox whose address cannot be printed is of no use to anybody.
        if output::is_all_written() {
            std::future::pending::<()>().await;
        }
    };
    let _ = signals::unless_interrupted(run).await;
    Exit::Done
}

/// # Errors
/// One line that names the argument which cannot be used.
async fn start(args: &SandboxArgs) -> Result<Sandbox, String> {
    let mut builder = settings(args);
    if let Some(path) = &args.scenario {
        let faults = read_scenario(path).await;
        let faults = faults.map_err(|error| format!("--scenario: {}: {error}", path.display()))?;
        builder = faults.into_iter().fold(builder, SandboxBuilder::fault);
    }
    if let Some(path) = &args.font {
        let file = read_at_most(path, MAX_FONT_BYTES).await;
        let file = file.map_err(|error| format!("--font: {}: {error}", path.display()))?;
        builder = builder.font(file);
    }
    builder.start().await.map_err(|error| match error.kind() {
        // What the command line can get wrong was looked at before, but for the font.
        ErrorKind::InvalidInput => format!("--font: {error}"),
        _ => format!(
            "--port: {} cannot be used: {error}; choose another, or 0 for a free one",
            args.port
        ),
    })
}

/// What needs no file.
fn settings(args: &SandboxArgs) -> SandboxBuilder {
    let builder = Sandbox::builder()
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
    let Some(credits) = args.credits else { return builder };
    ProviderId::ALL
        .into_iter()
        .fold(builder, |builder, provider| builder.credits(provider, credits))
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
