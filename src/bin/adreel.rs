//! The `adreel` command.

fn main() -> std::process::ExitCode {
    adreel::cli::run()
}
