//! The command line as clap knows it, and where to start.

use std::fmt::Write;

use clap::{Arg, CommandFactory};

use super::arguments::Cli;
use super::examples;

/// The commands that a newcomer starts with.
const FIRST: [&str; 5] = ["demo", "explain", "correlate", "report", "compare"];

const INTRODUCTION: &str = "\
Why is my detector bad on this class?

igam-analyze takes a trained object detector apart, class by class. It reads
the AP and the instance count of each class, and better also embeddings.

Start with one of these commands:
";

/// The program's command line: `-h` names the values of an option in its sentence at most, `--help`
/// lists them.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| command.mut_args(with_listed_values))
}

/// An option whose values stand in a list of their own, which `-h` does not show.
fn with_listed_values(option: Arg) -> Arg {
    let values = option.get_possible_values();
    let explained = values.iter().any(|value| value.get_help().is_some());
    if !explained || option.is_hide_short_help_set() {
        return option;
    }
    let text = option.get_long_help().or(option.get_help()).map(ToString::to_string);
    let mut text = text.unwrap_or_default() + "\n\nPossible values:";
    let longest = values.iter().map(|value| value.get_name().len()).max().unwrap_or(0);
    for value in &values {
        let (name, help) = (value.get_name(), value.get_help().cloned().unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- {:width$} {help}", format!("{name}:"), width = longest + 1);
    }
    option.hide_possible_values(true).long_help(text)
}

/// What the program prints without a command: what it is for, where to start, and an example.
pub fn start() -> String {
    let command = command();
    let mut text = INTRODUCTION.to_owned();
    for name in FIRST {
        let about = command.find_subcommand(name).and_then(clap::Command::get_about);
        let about = about.map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "  {name:<11}{about}");
    }
    let example = examples::PROGRAM;
    let _ = write!(
        text,
        "\nIn Python, igam_analyze.collect takes the embeddings out of a trained detector.\n\n\
         {example}\n\n\
         All commands: igam-analyze --help\n\
         The options of a command: igam-analyze explain -h\n"
    );
    text
}
