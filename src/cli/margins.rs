//! `igam-analyze margins`: the angular margins, and whether they are worth training with.

use std::io;

use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::arguments::{Format, MarginChoice, Margins};
use super::console::Console;
use crate::analysis;
use crate::detector::{ClassSummary, RunSummary};
use crate::error::{Error, Result};
use crate::figure;
use crate::input::information;
use crate::observer::Observer;
use crate::output::{Output, margins_parquet, tables, text};
use crate::run_files::{self, RunFiles};
use crate::shrinkage::Estimator;

/// Runs the command.
pub fn run(arguments: Margins, console: &mut Console) -> Result<()> {
    let classes = match &arguments.information {
        Some(path) => information::read(path, arguments.run.as_deref())?.classes,
        None => from_dump(RunFiles::from(arguments.input), arguments.estimator.estimator, console)?,
    };
    let MarginChoice { normalization, signed } = arguments.choice;
    let margins = analysis::Margins::of(&classes, normalization, signed)?;
    margins.warnings.iter().for_each(|warning| console.warn(warning.clone()));

    let table = tables::margins(&margins);
    let (all, names, known) = (&margins.all, &margins.names, margins.known.view());
    let outputs = vec![
        Output::text("margins.csv", table.csv()),
        super::figure("margins", figure::margins(&margins)?, &arguments.figures)?,
        Output::written("margins.npy", |file| all.write_npy(file).map_err(io::Error::other)),
        Output::written("margins.parquet", |file| margins_parquet(file, names, known)),
    ];
    console.write(&arguments.output.out, outputs)?;
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => {
            super::json(json!({"margins": table.json(), "warnings": console.warnings()}))
        }
        Format::Table => text::margins(&margins),
    })
}

fn from_dump(
    files: RunFiles,
    estimator: Estimator,
    console: &mut Console,
) -> Result<Vec<ClassSummary>> {
    if files.embeddings.is_empty() && files.moments.is_empty() {
        let problem = "margins needs --information, --embeddings or --moments";
        return Err(Error::Usage(problem.into()));
    }
    let options = console.options(&[estimator]);
    let runs = run_files::load(&files, &options, console)?.runs();
    Ok(runs.iter().flatten().flat_map(|run| RunSummary::of(run, "").classes).collect())
}
