//! The command line, in the wheel.

use std::ffi::OsString;
use std::panic;

use igam_analyze::cli;
use pyo3::prelude::*;

/// Runs the command line on what was typed, the program's name first; returns its exit code.
#[pyfunction]
pub fn _main(py: Python<'_>, typed: Vec<OsString>) -> u8 {
    py.detach(|| {
        // The command says what panics; the module is silent.
        let silent = panic::take_hook();
        let code = cli::main(typed);
        panic::set_hook(silent);
        code
    })
}
