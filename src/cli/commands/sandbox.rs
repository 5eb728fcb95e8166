use serde_json::json;

use super::super::args::{ClockKind, SandboxArgs};
use super::super::exit::Exit;
use super::super::output;
use crate::ProviderId;
use crate::sandbox::Sandbox;

pub(in super::super) async fn run(args: &SandboxArgs) -> Exit {
    let mut builder = Sandbox::builder()
        .port(args.port)
        .speed(if args.clock == ClockKind::Virtual { 0.0 } else { args.speed })
        .seed(args.seed)
        .quality(args.quality.into())
        .jogg_statuses(args.jogg_statuses);
    if let Some(credits) = args.credits {
        for provider in ProviderId::ALL {
            builder = builder.credits(provider, credits);
        }
    }
        .fetch(args.fetch.into());
    let sandbox = match builder.start().await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            output::error(&format!(
                "--port: {} cannot be used: {error}; choose another, or 0 for a free one",
                args.port
            ));
            return Exit::Input;
        }
    };
    output::json(&json!({"url": sandbox.url(), "port": sandbox.port()}));
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Done,
        Err(error) => {
            output::error(&format!("an interrupt could not be waited for: {error}"));
            Exit::Failed
        }
    }
}
