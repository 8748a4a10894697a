//! The command line: each command reads, calls the library, writes and prints.

mod arguments;
mod compare;
mod console;
mod correlate;
mod demo;
mod detectors;
mod examples;
mod explain;
mod gate;
mod gate_names;
mod help;
mod information;
mod loss;
mod manual;
mod margins;
mod merge;
mod moments;
mod probe;
mod queue_size;
mod queue_size_data;
mod report;
mod sentences;
mod usage;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::panic::{self, PanicHookInfo};

use anstyle::{AnsiColor, Style};
use clap::FromArgMatches;

use crate::error::{Error, Result};
use crate::input::parquet;
use crate::output::{self, Output};
use crate::words::one_line;
use arguments::{Cli, Command, Figures};
use console::Console;

/// Styles of the words before a diagnostic.
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Parses what was typed and runs it. 0 if nothing goes wrong, 2 for wrong usage, 3 for a `--fail-if`
/// that holds, 1 for any other error.
pub fn main(typed: impl IntoIterator<Item = OsString>) -> u8 {
    let typed: Vec<OsString> = typed.into_iter().collect();
    panic::set_hook(Box::new(say_defect));
    let done = panic::catch_unwind(|| match parse(&typed) {
        Ok(parsed) => exit_code(run(parsed, &typed), &typed),
        Err(error) => usage::say(&error, &typed),
    });
    done.unwrap_or(1)
}

fn parse(typed: &[OsString]) -> clap::error::Result<Cli> {
    Cli::from_arg_matches_mut(&mut command().try_get_matches_from(typed)?)
}

fn run(cli: Cli, typed: &[OsString]) -> Result<()> {
    if let Some(threads) = cli.global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .map_err(|error| Error::Input(format!("--threads {threads}: {error}")))?;
    }
    run_command(cli.command, typed, &mut Console::new(&cli.global))
}

/// Runs a command that was `typed` so.
fn run_command(command: Command, typed: &[OsString], console: &mut Console) -> Result<()> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, console),
        Command::Information(arguments) => information::run(arguments, console),
        Command::Correlate(arguments) => correlate::run(arguments, console),
        Command::Compare(arguments) => compare::run(arguments, console),
        Command::Explain(arguments) => explain::run(arguments, console),
        Command::Report(arguments) => report::run(arguments, typed, console),
        Command::Margins(arguments) => margins::run(arguments, console),
        Command::Loss(arguments) => loss::run(arguments, console),
        Command::QueueSize(arguments) => queue_size::run(arguments, console),
        Command::Probe(arguments) => probe::run(arguments, console),
        Command::Moments(arguments) => moments::run(arguments, console),
        Command::Merge(arguments) => merge::run(arguments, console),
        Command::Completions(arguments) => manual::completions(arguments),
        Command::Man(arguments) => manual::man(arguments, console),
    }
}

/// The program's command line, for its help, its manual and its completions.
#[doc(hidden)]
pub fn command() -> clap::Command {
    help::command()
}

/// Says what went wrong.
fn exit_code(result: Result<()>, typed: &[OsString]) -> u8 {
    let Err(error) = result else { return 0 };
    say_error(&error.to_string());
    match error {
        Error::Usage(_) => {
            usage::say_where(typed);
            2
        }
        Error::Condition(_) => 3,
        _ => 1,
    }
}

fn say_error(text: &str) {
    console::say((ERROR, "error: "), text);
}

/// Says where a panic comes from, in a sentence; one in the parquet decoder is an error of the file,
/// which is said as such.
fn say_defect(panic: &PanicHookInfo) {
    if !parquet::is_decoding() {
        let text = one_line(&panic.to_string());
        let _ = writeln!(
            io::stderr(),
            "igam-analyze: error: this is a bug in igam-analyze, please report it: {text}"
        );
    }
}

/// A figure's file as the options want it.
fn figure(name: &str, svg: String, options: &Figures) -> Result<Output<'static>> {
    output::figure(name, options.theme.of(&svg), options.figure_format, options.width)
}

fn json(value: serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Prints results; without their styles, unless to a terminal that wants them.
fn print(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads may stop reading: the work goes on, and `--fail-if` still holds.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(Error::Stdout),
    }
}
