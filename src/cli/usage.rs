//! Errors of usage: one sentence, as for any other error, and where to read more.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::help;

/// What the commands need that cannot run without an option or an argument: its name, and a sentence.
const NEEDS: [(&[&str], &str, &str); 6] = [
    (
        &["explain", "correlate", "report"],
        "--ap",
        "needs --runs runs.toml, or --embeddings dump --ap ap.csv, or --counts counts.csv --ap ap.csv, or \
         --detections results.json --ground-truth val.json instead of --ap",
    ),
    (&["compare"], "<", "needs two runs, A and B: files information.csv, or runs files (.toml)"),
    (&["loss"], "--weights", "needs --embeddings, --labels and --weights"),
    (&["moments"], "--out", "needs --embeddings, --labels and --out FILE.parquet"),
    (&["merge"], "", "needs moments files and --out FILE.parquet"),
    (&["completions"], "<", "needs a shell: bash, elvish, fish, powershell or zsh"),
];

/// Options of input that AP goes with.
const INPUTS: [&str; 3] = ["--embeddings", "--moments", "--counts"];
const NEEDS_AP: &str = "needs AP too: --ap ap.csv, a table or your evaluator's file; or --detections results.json \
                        --ground-truth val.json";

/// Prints what clap has to say: help or the version, where to start, or what is wrong. The exit code.
pub fn say(error: &Error, typed: &[OsString]) -> u8 {
    // Nowhere is left to say it if printing fails.
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(anstream::stderr(), "{}", help::start());
        }
        _ => {
            super::say_error(&sentence(error, typed));
            say_where(typed);
        }
    }
    error.exit_code() as u8
}

/// Says which help has more.
pub fn say_where(typed: &[OsString]) {
    let command = command(typed).map(|name| format!(" {name}")).unwrap_or_default();
    // Nowhere is left to say it if this fails.
    let _ = writeln!(anstream::stderr(), "see igam-analyze{command} --help");
}

/// The name of the command that was typed.
fn command(typed: &[OsString]) -> Option<String> {
    let program = help::command();
    let mut words = typed.iter().skip(1).filter_map(|word| word.to_str());
    words.find(|word| program.find_subcommand(word).is_some()).map(str::to_owned)
}

/// What is wrong with what was typed.
fn sentence(error: &Error, typed: &[OsString]) -> String {
    let texts = |kind| texts(error, kind);
    let given = texts(ContextKind::InvalidArg);
    let option = option(given.first().map_or("", String::as_str));
    let value = texts(ContextKind::InvalidValue).concat();
    match error.kind() {
        ErrorKind::MissingRequiredArgument => missing(typed, &given),
        ErrorKind::UnknownArgument if option.starts_with('-') => {
            let near = texts(ContextKind::SuggestedArg);
            let other = texts(ContextKind::Suggested).into_iter();
            let other = other.filter(|tip| tip.ends_with("exists")).map(|tip| format!("; {tip}"));
            format!("there is no option {option}{}{}", hint(&near), other.collect::<String>())
        }
        ErrorKind::UnknownArgument => {
            format!("{:?} was not expected: is an option missing before it?", given.concat())
        }
        ErrorKind::InvalidSubcommand => {
            let name = texts(ContextKind::InvalidSubcommand).concat();
            let near = texts(ContextKind::SuggestedSubcommand);
            format!("there is no command {name:?}{}", hint(&near))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{option} needs a value"),
        ErrorKind::InvalidValue => {
            let values = texts(ContextKind::ValidValue).join(", ");
            let near = texts(ContextKind::SuggestedValue);
            format!("{option} {value}: give one of {values}{}", hint(&near))
        }
        ErrorKind::ValueValidation => {
            let problem = error.source().map(ToString::to_string).unwrap_or_default();
            format!("{option} {value}: {}", problem.replace("..=", " to "))
        }
        ErrorKind::ArgumentConflict => conflict(option, &texts(ContextKind::PriorArg)),
        ErrorKind::MissingSubcommand => "no command is given".into(),
        _ => {
            // The first paragraph of clap's own text, which ends with the usage.
            let text = error.render().to_string();
            let first = text.split("\n\n").next().unwrap_or_default();
            first.trim_start_matches("error: ").replace('\n', " ")
        }
    }
}

/// What a command needs to run, or which options others need.
fn missing(typed: &[OsString], given: &[String]) -> String {
    let command = command(typed).unwrap_or_default();
    let lacks = |start: &str| given.iter().any(|one| one.starts_with(start));
    let own = NEEDS.iter().find(|(names, start, _)| names.contains(&&*command) && lacks(start));
    let input = typed.iter().any(|word| INPUTS.iter().any(|option| word == option));
    match own {
        Some((_, "--ap", _)) if input => format!("{command} {NEEDS_AP}"),
        Some((_, _, needs)) => format!("{command} {needs}"),
        None => format!("give {} too: another option needs it", given.join(" and ")),
    }
}

/// Two options that cannot stand together.
fn conflict(option: &str, others: &[String]) -> String {
    let others: Vec<&str> = others.iter().map(|other| self::option(other)).collect();
    if others.is_empty() || others == [option] {
        return format!("{option} is given twice");
    }
    let why = match option == "--runs" || others.contains(&"--runs") {
        true => ": the runs file itself names the files of each run",
        false => "",
    };
    format!("{option} cannot be used with {}{why}", others.join(", "))
}

/// An option without its value.
fn option(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or_default()
}

/// A question, if there is a name that is nearly what was typed; the nearest is the last one.
fn hint(near: &[String]) -> String {
    near.last().map(|near| format!(": did you mean {near}?")).unwrap_or_default()
}

/// What clap knows of an error.
fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}
