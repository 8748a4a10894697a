//! `igam-analyze compare`: what a change did to each class.

use serde_json::json;

use super::arguments::{Compare, Format};
use super::console::Console;
use super::{gate, gate_names};
use crate::analysis::Comparison;
use crate::error::{Error, Result};
use crate::figure;
use crate::observer::Observer;
use crate::output::{Output, tables, text};
use crate::run_files::{compared, is_runs_file};

/// Runs the command.
pub fn run(arguments: Compare, console: &mut Console) -> Result<()> {
    let [a, b] = match &arguments.run[..] {
        [] => [None, None],
        [both] => [Some(both), Some(both)],
        [a, b, ..] => [Some(a), Some(b)],
    };
    let paths = [&arguments.a, &arguments.b];
    if arguments.estimator.is_some() && !paths.into_iter().any(|path| is_runs_file(path)) {
        return Err(Error::Usage(
            "--estimator is for a runs file: an information.csv is already computed".into(),
        ));
    }
    let options = console.options(&[arguments.estimator.unwrap_or_default()]);
    let before = compared(&arguments.a, a.map(String::as_str), &options, console)?;
    let after = compared(&arguments.b, b.map(String::as_str), &options, console)?;
    let comparison = Comparison::of(before, after)?;
    comparison.warnings.iter().for_each(|warning| console.warn(warning.clone()));
    let results = gate_names::of_comparison(&comparison);
    gate::check(&arguments.fail_if, &results, &[])?;

    let table = tables::compare(&comparison);
    let mut outputs = vec![
        Output::text("compare.csv", table.csv()),
        super::figure("slope", figure::slope(&comparison)?, &arguments.figures)?,
    ];
    let reasons = comparison.reasons.as_deref().map(tables::reasons_changed);
    outputs.extend(reasons.as_ref().map(|table| Output::text("reasons.csv", table.csv())));
    console.write(&arguments.output.out, outputs)?;
    let judged = gate::judge(&arguments.fail_if, &results, console);
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => super::json(json!({
            "runs": comparison.names,
            "compare": table.json(),
            "reasons": reasons.map(|table| table.json()),
            "warnings": console.warnings(),
        })),
        Format::Table => text::compare(&comparison),
    })?;
    judged
}
