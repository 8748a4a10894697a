//! `igam-analyze report`: all that `correlate` finds, on one page.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::arguments::Report;
use super::console::Console;
use super::{correlate, detectors};
use crate::analysis::Study;
use crate::analysis::probe::{Probe, ProbeSettings};
use crate::error::{Error, Result};
use crate::observer::{Observer, Unit};
use crate::output::{Again, Cell, Output, Table, report};
use crate::run_files::{self, RunFiles, load_explained};
use crate::warning::Warning;
use crate::words::one_line;

/// Runs the command.
pub fn run(arguments: Report, typed: &[OsString], console: &mut Console) -> Result<()> {
    let study = write(&arguments, typed, console)?;
    correlate::print(&study, arguments.output.format, console)
}

/// Writes the page, and gives the study that is on it.
pub fn write(arguments: &Report, typed: &[OsString], console: &mut Console) -> Result<Study> {
    let sources = arguments.validation.sources(&arguments.detectors)?;
    let study = detectors::study(&sources, &arguments.detectors, load_explained, console)?;
    let mut files: Vec<PathBuf> = arguments.detectors.runs.clone().into_iter().collect();
    for source in &sources {
        files.extend(source.files()?);
    }
    let probed = if arguments.probe { probed(&sources, arguments, console)? } else { Vec::new() };
    let again = Again { command: command_line(typed), files: digests(&files)? };
    let report = report(&study, &study.explain(), &probed, &console.warnings(), Some(again))?;
    let outputs =
        vec![Output::text("report.html", report.html), Output::text("report.md", report.markdown)];
    console.write(&arguments.output.out, outputs)?;
    Ok(study)
}

/// What other losses do to the classes of each run that has embeddings, with its name.
fn probed(
    sources: &[RunFiles],
    arguments: &Report,
    console: &mut Console,
) -> Result<Vec<(String, Probe)>> {
    let sources: Vec<&RunFiles> =
        sources.iter().filter(|files| !files.embeddings.is_empty()).collect();
    if sources.is_empty() {
        let problem = "--probe needs embeddings, which no run has: give --embeddings";
        return Err(Error::Usage(problem.into()));
    }
    let statistics = &arguments.detectors.statistics;
    let estimators = statistics.estimator.estimators();
    let options = console.options(&estimators[..1]);
    let (groups, settings) = (statistics.groups.as_ref(), ProbeSettings::default());
    let column = arguments.group_column.as_ref();
    let mut observer = Hushed(console);
    let mut probe = |files: &RunFiles| {
        let group_column = column.or(files.group_column.as_ref()).cloned();
        let files = RunFiles { group_column, ..files.clone() };
        let probe = run_files::probe(&files, groups, &settings, &options, &mut observer)?;
        Ok((files.name, probe))
    };
    sources.into_iter().map(&mut probe).collect()
}

/// The files were read before: passes on warnings and progress alone.
struct Hushed<'a>(&'a mut Console);

impl Observer for Hushed<'_> {
    fn warn(&mut self, warning: Warning) {
        self.0.warn(warning);
    }

    fn progress(&self, total: u64, unit: Unit) -> Box<dyn Fn(u64) + Sync> {
        self.0.progress(total, unit)
    }
}

/// Each file with its length and SHA-256.
fn digests(files: &[PathBuf]) -> Result<Table> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (at, path) in files.iter().enumerate() {
        if files[..at].contains(path) {
            continue;
        }
        let mut hash = Hash(Sha256::new());
        let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
        let bytes = copied.map_err(Error::read(path))?;
        let digest: String = hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = path.to_string_lossy();
        rows.push(vec![(*name).into(), bytes.into(), digest.as_str().into()]);
    }
    Ok(Table { columns: vec!["file", "bytes", "sha256"], rows })
}

/// A hash that can be written to.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was typed, without what changes no result: the page is the same wherever it is written to.
fn command_line(typed: &[OsString]) -> String {
    let mut words = vec!["igam-analyze".to_owned()];
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    let mut arguments = typed.iter().skip(1).map(text);
    while let Some(word) = arguments.next() {
        match word.split('=').next().unwrap_or_default() {
            "--quiet" | "-q" | "--no-progress" | "--verbose" | "-v" => {}
            "--out" | "--format" | "--threads" | "--memory-limit" => {
                if !word.contains('=') {
                    arguments.next();
                }
            }
            _ => words.push(quoted(OsStr::new(&word))),
        }
    }
    words.join(" ")
}

/// As a shell takes it for one word, on one line.
pub fn quoted(word: &OsStr) -> String {
    // A line break in a name would end the command.
    let word = one_line(&word.to_string_lossy());
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
