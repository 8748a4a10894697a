//! Parse, run, exit code.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use igam_analyze::cli::Cli;
use igam_analyze::command;

fn main() -> ExitCode {
    panic::set_hook(Box::new(command::say_defect));
    panic::catch_unwind(|| command::exit_code(command::run(Cli::parse())))
        .unwrap_or(ExitCode::FAILURE)
}
