//! `igam-analyze correlate`: information amount and instance count against AP; Figures 1 and 2.

use super::analysis::Analysis;
use super::condition;
use super::console::Console;
use super::verdict;
use crate::cli::Correlate;
use crate::error::Result;
use crate::evidence::TOKENS;
use crate::output::Output;

/// Runs the command.
pub fn run(arguments: Correlate, console: &mut Console) -> Result<()> {
    let sources = arguments.detectors.sources()?;
    let analysis = Analysis::of(&sources, &arguments.detectors, console)?;
    let mut outputs = Vec::new();
    let mut results = verdict::named(&analysis);
    for (name, table) in analysis.tables()? {
        match name {
            "correlations" => results.extend(condition::named(&table, "x")),
            "bias" => results.extend(condition::named(&table, "group")),
            _ => {}
        }
        outputs.push(Output::text(format!("{name}.csv"), table.csv()));
    }
    for figure in analysis.figures()? {
        outputs.push(super::figure(figure.name, figure.svg, &arguments.figures)?);
    }
    condition::check(&arguments.fail_if, &results, &TOKENS)?;
    console.write(&arguments.output.out, outputs)?;
    let judged = condition::judge(&arguments.fail_if, &results, console);
    analysis.print(arguments.output.format, console)?;
    judged
}
