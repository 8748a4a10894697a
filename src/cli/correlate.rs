//! `igam-analyze correlate`: information amount and instance count against AP; Figures 1 and 2.

use serde_json::json;

use super::arguments::{Correlate, Format};
use super::console::Console;
use super::{detectors, gate, gate_names};
use crate::analysis::Study;
use crate::error::Result;
use crate::evidence::TOKENS;
use crate::figure;
use crate::output::{Output, tables, text};
use crate::run_files::load;

/// Runs the command.
pub fn run(arguments: Correlate, console: &mut Console) -> Result<()> {
    let sources = arguments.detectors.sources()?;
    let study = detectors::study(&sources, &arguments.detectors, load, console)?;
    let tables = tables::study(&study);
    let results = gate_names::of_study(&study, &tables);
    let csv =
        tables.into_iter().map(|(name, table)| Output::text(format!("{name}.csv"), table.csv()));
    let mut outputs: Vec<Output> = csv.collect();
    for figure in figure::all(&study)? {
        outputs.push(super::figure(figure.name, figure.svg, &arguments.figures)?);
    }
    gate::check(&arguments.fail_if, &results, &TOKENS)?;
    console.write(&arguments.output.out, outputs)?;
    let judged = gate::judge(&arguments.fail_if, &results, console);
    print(&study, arguments.output.format, console)?;
    judged
}

/// The results for standard output.
pub fn print(study: &Study, format: Format, console: &Console) -> Result<()> {
    super::print(&match format {
        Format::Csv => tables::correlations(study.detectors()).csv(),
        Format::Json => super::json(json!({
            "verdict": tables::verdict(study).json(),
            "correlations": tables::correlations(study.detectors()).json(),
            "evidence": tables::evidence(study.detectors()).json(),
            "commonality": tables::commonality(study.detectors()).json(),
            "left_out": tables::left_out_json(study.detectors()),
            "bias": tables::bias(study.bias()).json(),
            "information": tables::information_and_ratio(&tables::analysed(study)).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => text::study(study),
    })
}
