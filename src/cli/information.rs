//! `igam-analyze information`: the information amount of each class.

use serde_json::json;

use super::arguments::{Format, Information};
use super::console::Console;
use crate::detector::Run;
use crate::error::{Error, Result};
use crate::output::{Output, tables, text};
use crate::run_files::{self, RunFiles};

/// Runs the command.
pub fn run(arguments: Information, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() && files.moments.is_empty() {
        return Err(Error::Usage("information needs --embeddings or --moments".into()));
    }
    let choice = arguments.rows.choice(arguments.output.format)?;
    let options = console.options(&[arguments.estimator.estimator]);
    let runs = run_files::load(&files, &options, console)?.runs();
    let runs: Vec<&Run> = runs.iter().flatten().collect();
    console.set_runs(runs.len());
    let texts: Vec<String> =
        runs.iter().map(|run| text::information(run, &choice)).collect::<Result<_>>()?;
    let csv = tables::information(&runs).csv();
    console.write(&arguments.output.out, vec![Output::text("information.csv", csv.clone())])?;
    super::print(&match arguments.output.format {
        Format::Csv => csv,
        Format::Json => super::json(json!({
            "information": tables::information_and_ratio(&runs).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => texts.concat(),
    })
}
