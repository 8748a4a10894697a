//! Notes, warnings and progress on standard error.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::WARNING;
use super::arguments::Global;
use crate::error::Result;
use crate::observer::Observer;
use crate::options::Options;
use crate::output::{self, Output};
use crate::shrinkage::Estimator;
use crate::warning::{Warning, Warnings};
use crate::words::one_line;

/// Work that takes less shows no progress bar.
const LONG: Duration = Duration::from_secs(1);

/// What holds for every command: where diagnostics go, how much memory it may take, and how precise
/// products are.
pub struct Console {
    quiet: bool,
    verbose: bool,
    progress: bool,
    options: Options,
    said: Vec<Warning>,
    /// Warnings that are said before anything is written, or at the end: once, and in one sentence for all
    /// runs of which it is true.
    waiting: Warnings,
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
            said: Vec::new(),
            waiting: Warnings::default(),
        }
    }

    /// How to compute information amounts under these estimators.
    pub fn options(&self, estimators: &[Estimator]) -> Options {
        self.options.clone().estimators(estimators)
    }

    fn say(&self, before: &str, text: &str) {
        if !self.quiet {
            let text = one_line(text);
            // Diagnostics that nobody can read are no reason to stop.
            let _ = writeln!(anstream::stderr(), "igam-analyze: {before}{text}");
        }
    }

    fn say_warnings(&mut self) {
        for warning in std::mem::take(&mut self.waiting) {
            self.say(&format!("{WARNING}warning:{WARNING:#} "), &warning.to_string());
            self.said.push(warning);
        }
    }

    /// Writes files to a directory, and says so.
    pub fn write(&mut self, directory: &Path, outputs: Vec<Output>) -> Result<()> {
        self.say_warnings();
        let names: Vec<_> = outputs.iter().map(|output| output.name.clone()).collect();
        output::write(directory, outputs)?;
        self.note(&format!("wrote {} to {}", names.join(", "), directory.display()));
        Ok(())
    }

    /// Says nothing more: what follows reads the same files.
    pub fn hush(&mut self) {
        self.quiet = true;
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.said.iter().chain(&self.waiting).map(Warning::to_string).collect()
    }
}

impl Observer for Console {
    fn warn(&mut self, warning: Warning) {
        if !self.said.contains(&warning) {
            self.waiting.add(warning);
        }
    }

    fn note(&mut self, text: &str) {
        self.say("", text);
    }

    fn detail(&mut self, text: &str) {
        if self.wants_details() {
            self.note(text);
        }
    }

    fn wants_details(&self) -> bool {
        self.verbose && !self.quiet
    }

    /// A bar for `total` rows, which shows itself once the work proves long; how to move it on.
    fn progress(&self, total: u64) -> Box<dyn Fn(u64) + Sync> {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(
            "{bar:30} {percent}% of the rows, {rate} rows/s, {eta} left",
        );
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // A bar that cannot be written is no reason to stop.
            let _ = write!(text, "{}", HumanCount(state.per_sec() as u64));
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
        self.say_warnings();
    }
}
