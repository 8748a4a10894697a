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
use crate::error::{Error, Result};
use crate::output::{Again, Cell, Output, Table, report};
use crate::run_files::load_explained;
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
    let again = Again { command: command_line(typed), files: digests(&files)? };
    let report = report(&study, &study.explain(), &console.warnings(), Some(again))?;
    let outputs =
        vec![Output::text("report.html", report.html), Output::text("report.md", report.markdown)];
    console.write(&arguments.output.out, outputs)?;
    Ok(study)
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
