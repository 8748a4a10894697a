//! The program: passes its arguments to the command line.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    igam_analyze::cli::main(env::args_os()).into()
}
