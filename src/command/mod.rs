//! The commands: each reads, computes and writes, and knows no formula and no format itself.

mod analysis;
mod bias;
mod compare;
pub(crate) mod condition;
mod console;
mod correlate;
mod evidence;
mod information;
mod joined;
mod loss;
mod manual;
mod margins;
mod merge;
mod moments;
mod queue_size;
mod report;
mod run;
mod stages;
mod verdict;
mod warning;

use std::io::{self, ErrorKind, Write};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::cli::{Cli, Command, Figures};
use crate::error::{Error, Result};
use crate::input::parquet;
use crate::output::{self, Output};
use console::Console;

/// Styles of the words before a diagnostic.
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Runs what was typed.
///
/// # Errors
/// Whatever went wrong.
pub fn run(cli: Cli) -> Result<()> {
    if let Some(threads) = cli.global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .map_err(|error| Error::Input(format!("--threads {threads}: {error}")))?;
    }
    let mut console = Console::new(&cli.global);
    match cli.command {
        Command::Information(arguments) => information::run(arguments, &mut console),
        Command::Correlate(arguments) => correlate::run(arguments, &mut console),
        Command::Compare(arguments) => compare::run(arguments, &mut console),
        Command::Report(arguments) => report::run(arguments, &mut console),
        Command::Margins(arguments) => margins::run(arguments, &mut console),
        Command::Loss(arguments) => loss::run(arguments, &mut console),
        Command::QueueSize(arguments) => queue_size::run(arguments, &mut console),
        Command::Moments(arguments) => moments::run(arguments, &mut console),
        Command::Merge(arguments) => merge::run(arguments, &console),
        Command::Completions(arguments) => manual::completions(arguments),
        Command::Man(arguments) => manual::man(arguments, &mut console),
    }
}

/// Says what went wrong; 0 if nothing did, 2 for wrong usage, 3 for a `--fail-if` that holds, 1 for
/// the rest.
pub fn exit_code(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Whoever reads our results may stop reading: no failure of ours.
    if matches!(&error, Error::Stdout(source) if source.kind() == ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    // Nowhere is left to say it if this fails.
    let _ = writeln!(
        anstream::stderr(),
        "igam-analyze: {ERROR}error:{ERROR:#} {}",
        one_line(&error.to_string())
    );
    ExitCode::from(match error {
        Error::Usage(_) => 2,
        Error::Condition(_) => 3,
        _ => 1,
    })
}

/// Says where a panic comes from, in a sentence; one in the parquet decoder is an error of the file,
/// which is said as such.
pub fn say_defect(panic: &PanicHookInfo) {
    if !parquet::is_decoding() {
        let text = one_line(&panic.to_string());
        let _ = writeln!(
            io::stderr(),
            "igam-analyze: error: this is a defect of igam-analyze, please report it: {text}"
        );
    }
}

/// Text without line breaks and other control characters, which names in files may hold.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
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
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Error::Stdout)
}
