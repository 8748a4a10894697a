//! All integration tests; the helpers that they share are here.

mod annotation_formats;
mod annotations;
mod ap_formats;
mod ap_scale;
mod arrow_types;
mod bad_input;
mod class_lists;
mod compare;
mod correlate;
mod covariates;
mod degenerate;
mod demo;
mod dependencies;
mod detections;
mod ecosystem;
mod eigenvalues;
mod embedding_files;
mod evidence;
mod expected;
mod explain;
mod explained;
mod explanations;
mod faults;
mod figure_files;
mod figures;
mod formats;
mod fuzz;
mod golden;
mod groups;
mod joins;
mod left_out;
mod margins;
#[cfg(target_os = "linux")]
mod memory;
mod merge;
mod moments;
mod overlap;
mod probe;
mod product;
mod reasons;
mod report;
mod reports;
mod rooms;
mod shards;
mod shrinkage;
mod storage;
mod table1;
mod tables;
mod terminal;
mod texts;
mod traps;
mod truth;
mod verdict;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// The program.
const BINARY: &str = env!("CARGO_BIN_EXE_igam-analyze");

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The numbers that `tests/golden/make.py` computed.
fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/golden.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Numbers of a json array.
fn numbers(array: &Value) -> Vec<f64> {
    array.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Asserts that two lists of numbers agree to a relative error.
#[track_caller]
fn assert_close(ours: &[f64], theirs: &[f64], relative: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let error = (ours - theirs).abs() / theirs.abs().max(f64::MIN_POSITIVE);
        assert!(ours == theirs || error <= relative, "number {at}: {ours} against {theirs}");
    }
}

/// The program that a variable names. Without it a test says that it is skipped; where none may be, as in
/// `.ci/run`, which sets IGAM_ANALYZE_NO_SKIP, it fails.
fn program(variable: &str) -> Option<OsString> {
    let program = std::env::var_os(variable).filter(|program| !program.is_empty());
    if program.is_none() {
        let test = std::thread::current();
        let skipped = format!("skipped: {} needs {variable}", test.name().unwrap_or_default());
        assert!(std::env::var_os("IGAM_ANALYZE_NO_SKIP").is_none(), "{skipped}");
        // Not by a macro: what those print of a test that passes is not shown.
        std::io::stderr().write_all(format!("{skipped}\n").as_bytes()).unwrap();
    }
    program
}

/// What the first Python block of a page, and the `rest` after it, print in a directory; none without an
/// interpreter with numpy and pyarrow, which PYTHON names.
fn python(page: &str, rest: &str, work: &Workdir) -> Option<Vec<u8>> {
    let python = program("PYTHON")?;
    let page = std::fs::read_to_string(repository(page)).unwrap();
    let (_, code) = page.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("```\n").unwrap();
    work.write("page.py", format!("{code}{rest}"));
    let mut python = std::process::Command::new(python);
    let output = python.arg("page.py").current_dir(work.0.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

/// A temporary directory in which the binary runs.
struct Workdir(tempfile::TempDir);

impl Workdir {
    fn new() -> Workdir {
        Workdir(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names of the files in a directory.
    fn files(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(directory))
            .map(|entries| entries.collect())
            .unwrap_or_default();
        let entries: Vec<std::io::Result<std::fs::DirEntry>> = entries;
        let mut names: Vec<_> = entries
            .into_iter()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("igam-analyze").unwrap();
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command.env_remove("COLUMNS");
        command
    }

    /// Runs the binary, which must succeed.
    #[track_caller]
    fn run(&self, arguments: &str) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Runs the binary with `--format json` and reads its standard output.
    #[track_caller]
    fn json(&self, arguments: &str) -> Value {
        serde_json::from_slice(&self.run(&format!("{arguments} --format json")).stdout).unwrap()
    }
}

/// The line of the error: the last one; where usage is wrong, that before the line that names the help.
#[track_caller]
fn error_line(stderr: &str) -> &str {
    let error = stderr.lines().rfind(|line| line.starts_with("igam-analyze: error: "));
    error.unwrap_or_else(|| panic!("no error: {stderr}"))
}

/// One column of `reports/information.csv`, as it stands there.
fn written(work: &Workdir, column: &str) -> Vec<String> {
    let table = work.read("reports/information.csv");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let at = rows.headers().unwrap().iter().position(|name| name == column).unwrap();
    rows.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

/// Pearson's r of the rows that correlate x with AP.
fn pearson_of(results: &Value, x: &str) -> Vec<f64> {
    let rows = results["correlations"].as_array().unwrap().iter();
    rows.filter(|row| row["x"] == x).map(|row| row["pearson"].as_f64().unwrap()).collect()
}

/// One column of an array of objects.
fn column(rows: &Value, name: &str) -> Vec<f64> {
    rows.as_array().unwrap().iter().map(|row| row[name].as_f64().unwrap()).collect()
}
