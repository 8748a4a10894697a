//! The program: what was typed goes to the command line's room.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    igam_analyze::cli::main(env::args_os()).into()
}
