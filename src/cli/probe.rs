//! `igam-analyze probe`: would the IGAM loss, or another one, help these classes?

use serde_json::json;

use super::arguments::{Format, Probe};
use super::console::Console;
use crate::error::Result;
use crate::figure;
use crate::output::{Output, tables, text};
use crate::run_files;

/// Runs the command.
pub fn run(arguments: Probe, console: &mut Console) -> Result<()> {
    let (files, settings) = arguments.settled()?;
    let options = console.options(arguments.estimator.unwrap_or_default().estimators());
    let groups = arguments.groups.as_ref();
    let probe = run_files::probe(&files, groups, &settings, &options, console)?;
    let verdict = tables::probe_verdict(&probe);
    let outputs = vec![
        Output::text("probe.csv", tables::probe(&probe).csv()),
        Output::text("probe_verdict.csv", verdict.csv()),
        Output::text("probe_classes.csv", tables::probe_classes(&probe).csv()),
        super::figure("probe", figure::probe(&probe)?, &arguments.figures)?,
    ];
    console.write(&arguments.output.out, outputs)?;
    super::print(&match arguments.output.format {
        Format::Csv => verdict.csv(),
        Format::Json => super::json(json!({
            "verdict": verdict.json(),
            "classes": tables::probe_classes(&probe).json(),
            "seeds": tables::probe(&probe).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => text::probe(&probe),
    })
}
