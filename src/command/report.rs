//! `igam-analyze report`: all that `correlate` finds, on one page.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::analysis::Analysis;
use super::console::Console;
use super::evidence as tables;
use super::verdict::{self, Said};
use crate::cli::Report;
use crate::error::{Error, Result};
use crate::input::runs::RunFiles;
use crate::input::{embeddings, labels, shards};
use crate::moments_file;
use crate::output::page::{self, Part};
use crate::output::{Cell, Output, Table};

const TITLE: &str = "Why is my detector bad on this class?";

/// Runs the command.
pub fn run(arguments: Report, console: &mut Console) -> Result<()> {
    let sources = arguments.detectors.sources()?;
    let analysis = Analysis::of(&sources, &arguments.detectors, console)?;
    let mut files: Vec<PathBuf> = arguments.detectors.runs.clone().into_iter().collect();
    for source in &sources {
        files.extend(files_of(source)?);
    }
    let mut all = beginning(&analysis, console);
    let mut summary = beginning(&analysis, console);
    all.push(heading("Figures"));
    for figure in analysis.figures()? {
        all.push(Part::Figure { caption: figure.caption.into(), svg: figure.svg });
    }
    for (name, table) in analysis.tables()? {
        if name == "bias" {
            summary.extend(tabulated(name, table.clone()));
        }
        all.extend(tabulated(name, table));
    }
    let end = end(&analysis, &files)?;
    all.extend(end.clone());
    summary.extend(end);
    let outputs = vec![
        Output::text("report.html", page::html(TITLE, &all)),
        Output::text("report.md", page::markdown(TITLE, &summary)),
    ];
    console.write(&arguments.output.out, outputs)?;
    analysis.print(arguments.output.format, console)
}

/// All files that a run is read from.
fn files_of(run: &RunFiles) -> Result<Vec<PathBuf>> {
    let mut files = shards::expand(&run.embeddings, embeddings::EXTENSIONS)?.paths;
    files.extend(shards::expand(&run.labels, labels::EXTENSIONS)?.paths);
    files.extend(shards::expand(&run.moments, moments_file::EXTENSIONS)?.paths);
    let tables = [&run.class_names, &run.counts, &run.ap, &run.covariates, &run.class_groups];
    files.extend(tables.into_iter().flatten().cloned());
    Ok(files)
}

fn heading(text: &str) -> Part {
    Part::Heading(text.into())
}

/// The question, what is said of it, and what to beware of.
fn beginning(analysis: &Analysis, console: &Console) -> Vec<Part> {
    let question = "Does AP go with the classes' information amounts ½ log₂ det(I+Σ) (arXiv 2502.03852), \
                    or with their instance counts? And does information amount say anything of AP beyond \
                    the count?";
    let mut parts = vec![Part::Text(question.into())];
    parts.push(heading("Verdict"));
    for Said { subject, finding, points } in verdict::lead(analysis) {
        parts.push(Part::Words(vec![(subject, finding)]));
        parts.extend((!points.is_empty()).then_some(Part::List(points)));
    }
    parts.push(Part::Table(verdict::short_table(analysis)));
    if !console.warnings().is_empty() {
        parts.extend([heading("Warnings"), Part::List(console.warnings())]);
    }
    parts
}

/// A table with its heading, without what the page says elsewhere.
fn tabulated(name: &str, mut table: Table) -> [Part; 3] {
    let (title, note) = match name {
        "correlations" => ("Correlations with AP", "AP against x over the classes; ci is 95%."),
        "verdict" => (
            "The numbers that decide",
            "Partial correlations of information amount and AP, given the count as a line and as a curve, and \
             the covariates.",
        ),
        "commonality" => (
            "What AP's variance goes with",
            "Shares of R²: what each has to itself (unique), and what they have in common (shared).",
        ),
        "evidence" => (
            "Evidence beyond the instance count",
            "The same with the regression of AP on information amount and log count.",
        ),
        "bias" => ("Mean AP and model bias", "Bias is the variance of the class APs."),
        _ => ("Classes", "Information amounts in bits."),
    };
    ["backbone", "loss", "verdict"].into_iter().for_each(|column| table.remove(column));
    [heading(title), Part::Text(note.into()), Part::Table(table)]
}

/// What was left out, and how to do it again.
fn end(analysis: &Analysis, files: &[PathBuf]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let left_out = tables::left_out(analysis.detectors());
    if !left_out.is_empty() {
        parts.extend([heading("Left out"), Part::Words(left_out)]);
    }
    parts.extend([
        heading("Do it again"),
        Part::Text(concat!("With igam-analyze ", env!("CARGO_PKG_VERSION"), ":").into()),
        Part::Command(command_line(env::args_os())),
        Part::Text("from these files:".into()),
        Part::Table(digests(files)?),
    ]);
    Ok(parts)
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
fn command_line(arguments: impl Iterator<Item = OsString>) -> String {
    let mut words = vec!["igam-analyze".to_owned()];
    // A line break in a name would end the command on the page.
    let text = |word: OsString| super::one_line(&word.to_string_lossy());
    let mut arguments = arguments.skip(1).map(text);
    while let Some(word) = arguments.next() {
        match word.split('=').next().unwrap_or_default() {
            "--quiet" | "--no-progress" | "--verbose" | "-v" => {}
            "--out" | "--format" | "--threads" | "--memory-limit" => {
                if !word.contains('=') {
                    arguments.next();
                }
            }
            _ => words.push(quoted(word)),
        }
    }
    words.join(" ")
}

/// As a shell takes it for one word.
fn quoted(word: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
