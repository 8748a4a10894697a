//! `igam-analyze completions` and `igam-analyze man`: completions for a shell, and manual pages.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::arguments::{Cli, Completions, Manual};
use super::console::Console;
use crate::error::{Error, Result};
use crate::output::Output;

/// Prints the completions for a shell.
pub fn completions(arguments: Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "igam-analyze", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}

/// Writes a manual page a command, or prints that of the program.
pub fn man(arguments: Manual, console: &mut Console) -> Result<()> {
    // Not as for --help: a page makes its own lists of values.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(directory) = arguments.out else {
        return super::print(&page(&program)?);
    };
    let file = |command: &Command| {
        let name = command.get_display_name().unwrap_or(command.get_name());
        Ok(Output::text(format!("{name}.1"), page(command)?))
    };
    let commands = std::iter::once(&program).chain(program.get_subcommands());
    console.write(&directory, commands.map(file).collect::<Result<_>>()?)
}

fn page(command: &Command) -> Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).map_err(Error::Stdout)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
