//! Notes, warnings and progress on standard error.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::mem;
use std::path::Path;
use std::time::{Duration, Instant};

use anstyle::Style;
use indicatif::{
    HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

use terminal_size::{Width, terminal_size_of};

use super::WARNING;
use super::arguments::Global;
use super::sentences::together;
use crate::error::Result;
use crate::observer::{Observer, Unit};
use crate::options::Options;
use crate::output::text::wrapped;
use crate::output::{self, Output};
use crate::shrinkage::Estimator;
use crate::warning::{Warning, Warnings};
use crate::words::one_line;

/// Work that takes less shows no progress bar.
const LONG: Duration = Duration::from_secs(1);

/// Says a sentence on standard error, not wider than the terminal; `kind` stands before it in a style.
pub fn say((style, kind): (Style, &str), text: &str) {
    let width = terminal_size_of(stderr()).map(|(Width(width), _)| width.into());
    let text = wrapped(&format!("igam-analyze: {kind}{}", one_line(text)), width, 2);
    let text = text.replacen(kind, &format!("{style}{kind}{style:#}"), 1);
    // Diagnostics that nobody can read are no reason to stop.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// What holds for every command: where diagnostics go, how much memory it may take, and how precise
/// products are.
pub struct Console {
    quiet: bool,
    verbose: bool,
    progress: bool,
    options: Options,
    /// Number of runs, where it is known.
    runs: usize,
    /// Notes that are said before anything is written, or at the end: one of all files of which it is true.
    notes: Vec<String>,
    /// Warnings that are said at the end, below the results: one of all runs of which it is true.
    warnings: Warnings,
    /// Where the files lie: said last.
    wrote: Vec<String>,
}

impl Console {
    /// As the global options say.
    pub fn new(global: &Global) -> Console {
        let options = Options::new().precision(global.precision);
        let limit = global.memory_limit.map(|limit| limit.as_u64());
        Console {
            quiet: global.quiet,
            verbose: global.verbose,
            progress: !global.quiet && !global.no_progress && stderr().is_terminal(),
            options: limit.into_iter().fold(options, Options::memory_limit),
            runs: 0,
            notes: Vec::new(),
            warnings: Warnings::default(),
            wrote: Vec::new(),
        }
    }

    /// How to compute information amounts under these estimators.
    pub fn options(&self, estimators: &[Estimator]) -> Options {
        self.options.clone().estimators(estimators)
    }

    /// How many runs there are: a warning of each is said of all.
    pub fn set_runs(&mut self, runs: usize) {
        self.runs = runs;
    }

    /// A sentence, unless only errors are wanted.
    fn say(&self, kind: (Style, &str), text: &str) {
        if !self.quiet {
            say(kind, text);
        }
    }

    fn say_notes(&mut self) {
        let notes = together(&mem::take(&mut self.notes));
        notes.iter().for_each(|note| self.say((Style::new(), ""), note));
    }

    /// Writes files to a directory, and says so at the end.
    pub fn write(&mut self, directory: &Path, outputs: Vec<Output>) -> Result<()> {
        self.say_notes();
        let names: Vec<_> = outputs.iter().map(|output| output.name.clone()).collect();
        output::write(directory, outputs)?;
        self.wrote.push(format!("wrote {} to {}", names.join(", "), directory.display()));
        Ok(())
    }

    fn say_warnings(&mut self) {
        let warnings = together(&self.warnings());
        self.warnings = Warnings::default();
        warnings.iter().for_each(|warning| self.say((WARNING, "warning: "), warning));
    }

    /// Says what waits to be said, and nothing more: what follows reads the same files.
    pub fn hush(&mut self) {
        self.say_notes();
        self.say_warnings();
        self.quiet = true;
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.iter().map(|warning| warning.among(self.runs)).collect()
    }
}

impl Observer for Console {
    fn warn(&mut self, warning: Warning) {
        self.warnings.add(warning);
    }

    /// Waits for others that say the same, unless details are wanted in their order.
    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
        if self.wants_details() {
            self.say_notes();
        }
    }

    fn detail(&mut self, text: &str) {
        if self.wants_details() {
            self.note(text);
        }
    }

    fn wants_details(&self) -> bool {
        self.verbose && !self.quiet
    }

    /// A bar for `total` units, which shows itself once the work proves long; how to move it on.
    fn progress(&self, total: u64, unit: Unit) -> Box<dyn Fn(u64) + Sync> {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let (of, each) = match unit {
            Unit::Rows => ("the rows", "rows"),
            Unit::Bytes => ("the file", "bytes"),
            Unit::Files => ("the label files", "files"),
            Unit::Boxes => ("the AP intervals", "boxes"),
            Unit::Epochs => ("the training", "epochs"),
        };
        let style = ProgressStyle::with_template(&format!(
            "{{bar:24}} {{percent}}% of {of}, {{rate}}/s, {{eta}} left"
        ));
        let rate = move |state: &ProgressState, text: &mut dyn fmt::Write| {
            let rate = state.per_sec() as u64;
            // A bar that cannot be written is no reason to stop.
            let _ = match unit {
                Unit::Bytes => write!(text, "{}", HumanBytes(rate)),
                _ => write!(text, "{} {each}", HumanCount(rate)),
            };
        };
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("rate", rate));
        let (start, enabled) = (Instant::now(), self.progress);
        Box::new(move |rows| {
            if enabled && bar.is_hidden() && start.elapsed() > LONG {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.inc(rows);
            if bar.position() == total {
                bar.finish_and_clear();
            }
        })
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.say_notes();
        self.say_warnings();
        let wrote = mem::take(&mut self.wrote);
        wrote.iter().for_each(|wrote| self.say((Style::new(), ""), wrote));
    }
}
