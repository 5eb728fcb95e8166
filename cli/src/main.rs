//! The `adreel` command, for people at a shell. Thin: what it does, the library does.

mod args;
mod commands;
mod connect;
mod context;
mod exit;
mod json;
mod ledger_place;
mod output;
mod progress;
mod read_file;
mod setting;
mod signals;
mod threads;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser as _;
use clap::error::ErrorKind as ClapError;
use context::Context;
use exit::Exit;

fn main() -> ExitCode {
    if let Err(error) = output::begin() {
        output::error(&format!("the output cannot be written: {error}; nothing was done"));
        return Exit::Failed.into();
    }
    if let Err(message) = setting::check_variables() {
        output::error(&message);
        return Exit::Input.into();
    }
    let exit = match Cli::try_parse() {
        Ok(cli) => run_in_threads(cli),
        Err(error) => usage(&error),
    };
    output::finish(exit).into()
}

fn run_in_threads(cli: Cli) -> Exit {
    let runtime = match threads::runtime().and_then(|runtime| signals::listen().map(|()| runtime)) {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("the command cannot be started: {error}"));
            return Exit::Failed;
        }
    };
    let exit = runtime.block_on(command(cli));
    // Renders of the sandbox may still be going; nobody waits for them any more.
    runtime.shutdown_background();
    exit
}

async fn command(cli: Cli) -> Exit {
    match &cli.command {
        Command::Schema => return commands::schema::run(cli.global.json),
        Command::Sandbox(args) => return commands::sandbox::run(args).await,
        Command::Ledger { command } => return commands::ledger::run(&cli.global, command),
        _ => {}
    }
    let context = match Context::new(&cli.global, cli.command.use_of_ledger()).await {
        Ok(context) => context,
        Err(error) => return output::report(&error),
    };
    match &cli.command {
        Command::Make(args) => commands::make::run(&context, args).await,
        Command::Plan(args) => commands::plan::run(&context, args).await,
        Command::Providers => commands::providers::run(&context).await,
        Command::Catalogue(args) => commands::catalogue::run(&context, args).await,
        Command::Doctor(args) => commands::doctor::run(&context, args).await,
        Command::Jobs(args) => commands::jobs::run(&context, args).await,
        Command::Job(args) => commands::jobs::show(&context, args).await,
        Command::Wait(args) => commands::resume::wait(&context, args).await,
        Command::Resume(args) => commands::resume::run(&context, args).await,
        Command::Resolve(args) => commands::resolve::run(&context, args).await,
        Command::Schema | Command::Sandbox(_) | Command::Ledger { .. } => Exit::Done,
    }
}

/// Help and version as they are, anything else as one line like every other error.
fn usage(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) {
        output::help(error);
        return Exit::Done;
    }
    if error.kind() == ClapError::DisplayHelpOnMissingArgumentOrSubcommand {
        output::help(error);
        return Exit::Input;
    }
    let text = error.to_string();
    let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    output::error(&format!("{line}; see --help"));
    Exit::Input
}
