//! Parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use igam_analyze::cli::Cli;
use igam_analyze::command;

fn main() -> ExitCode {
    command::exit_code(command::run(Cli::parse()))
}
