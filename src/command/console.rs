//! Notes, warnings and progress on standard error.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::WARNING;
use super::warning::Warning;
use crate::cli::Global;
use crate::error::Result;
use crate::kernel::product::Precision;
use crate::output::{self, Output};

/// Work that takes less shows no progress bar.
const LONG: Duration = Duration::from_secs(1);

/// What holds for every command: where diagnostics go, how much memory it may take, and how precise
/// products are.
pub struct Console {
    quiet: bool,
    verbose: bool,
    progress: bool,
    memory_limit: Option<u64>,
    precision: Precision,
    warnings: Vec<Warning>,
    /// How many of them have been said.
    said: usize,
}

impl Console {
    /// As the global options say.
    pub fn new(global: &Global) -> Console {
        Console {
            quiet: global.quiet,
            verbose: global.verbose,
            progress: !global.quiet && !global.no_progress && stderr().is_terminal(),
            memory_limit: global.memory_limit.map(|limit| limit.as_u64()),
            precision: global.precision,
            warnings: Vec::new(),
            said: 0,
        }
    }

    /// What products are summed up in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Bytes that the computation may take.
    pub fn memory_limit(&self) -> Option<u64> {
        self.memory_limit
    }

    /// Says something that the user should know.
    pub fn note(&self, text: &str) {
        self.say("", text);
    }

    fn say(&self, before: &str, text: &str) {
        if !self.quiet {
            let text = super::one_line(text);
            // Diagnostics that nobody can read are no reason to stop.
            let _ = writeln!(anstream::stderr(), "igam-analyze: {before}{text}");
        }
    }

    /// Says something with `--verbose`.
    pub fn detail(&self, text: &str) {
        if self.verbose() {
            self.note(text);
        }
    }

    /// Whether the user wants to know more.
    pub fn verbose(&self) -> bool {
        self.verbose && !self.quiet
    }

    /// Keeps a warning, which is said before anything is written, or at the end: once, and in one
    /// sentence for all runs of which it is true.
    pub fn warn(&mut self, warning: Warning) {
        let (said, waiting) = self.warnings.split_at_mut(self.said);
        let known =
            said.contains(&warning) || waiting.iter_mut().any(|other| other.absorb(&warning));
        if !known {
            self.warnings.push(warning);
        }
    }

    fn say_warnings(&mut self) {
        for warning in &self.warnings[self.said..] {
            self.say(&format!("{WARNING}warning:{WARNING:#} "), &warning.to_string());
        }
        self.said = self.warnings.len();
    }

    /// Writes files to a directory, and says so.
    pub fn write(&mut self, directory: &Path, outputs: Vec<Output>) -> Result<()> {
        self.say_warnings();
        let names: Vec<_> = outputs.iter().map(|output| output.name.clone()).collect();
        output::write(directory, outputs)?;
        self.note(&format!("wrote {} to {}", names.join(", "), directory.display()));
        Ok(())
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.iter().map(Warning::to_string).collect()
    }

    /// A bar for `total` rows, which shows itself once the work proves long; how to move it on.
    pub fn progress(&self, total: u64) -> impl Fn(u64) + use<> {
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
        move |rows| {
            if enabled && bar.is_hidden() && start.elapsed() > LONG {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.inc(rows);
            if bar.position() == total {
                bar.finish_and_clear();
            }
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.say_warnings();
    }
}
