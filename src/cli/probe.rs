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
    let csv = tables::probes(&probe).into_iter();
    let mut outputs: Vec<Output> =
        csv.map(|(name, table)| Output::text(format!("{name}.csv"), table.csv())).collect();
    outputs.push(super::figure("probe", figure::probe(&probe)?, &arguments.figures)?);
    console.write(&arguments.output.out, outputs)?;
    super::print(&match arguments.output.format {
        Format::Csv => tables::probe_verdict(&probe).csv(),
        Format::Json => super::json(json!({
            "answer": probe.verdict(),
            "changes": probe.changes(),
            "verdict": tables::probe_verdict(&probe).json(),
            "classes": tables::probe_classes(&probe).json(),
            "seeds": tables::probe(&probe).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => text::probe(&probe),
    })
}
