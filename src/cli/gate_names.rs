//! The results that `--fail-if` can name.

use super::gate::Named;
use crate::analysis::{Comparison, NUMBERS, Study, mean};
use crate::detector::ALL_RUNS;
use crate::output::tables::{VERDICT_COLUMNS, VERDICT_HEAD, VerdictRow, verdict_rows};
use crate::output::{Cell, Table};
use crate::shrinkage::Estimator;

/// Of a study: those of its verdicts, and of the tables of correlations and of bias.
pub fn of_study(study: &Study, tables: &[(&'static str, Table)]) -> Vec<Named> {
    let mut results = of_verdicts(study);
    for (name, table) in tables {
        match *name {
            "correlations" => results.extend(of_table(table, "x")),
            "bias" => results.extend(of_table(table, "group")),
            _ => {}
        }
    }
    results
}

/// Of the verdicts: the columns of the main rows, such as `finding`. With `.all`, those of the verdict over
/// all runs alone; of a single run, they are its own.
fn of_verdicts(study: &Study) -> Vec<Named> {
    let rows = verdict_rows(study);
    let mut results = Vec::new();
    let mut add = |suffix: &str, of: String, cells: Option<Vec<Cell>>| {
        for (at, column) in VERDICT_COLUMNS.into_iter().enumerate().skip(VERDICT_HEAD) {
            if column != "verdict" {
                let name = format!("{column}{suffix}");
                let value = cells.as_ref().map_or(Cell::Missing, |cells| cells[at].clone());
                results.push(Named { name, of: of.clone(), value, word: column == "finding" });
            }
        }
    };
    let mut estimators: Vec<Estimator> = Vec::new();
    for row in rows.iter().filter(|row| row.main) {
        add("", row.subject(), Some(row.cells()));
        if !estimators.contains(&row.estimator) {
            estimators.push(row.estimator);
        }
    }
    let single = study.detectors().len() == 1;
    for estimator in estimators {
        let over = |row: &&VerdictRow| {
            row.main && row.estimator == estimator && (row.run == ALL_RUNS || single)
        };
        let of = format!("{ALL_RUNS} ({})", estimator.name());
        match rows.iter().find(over) {
            Some(row) => add(".all", row.subject(), Some(row.cells())),
            None => add(".all", of, None),
        }
    }
    results
}

/// The numbers of a table, called column.row after the cells of the column `row`, each of what the
/// first column says.
fn of_table(table: &Table, row: &str) -> Vec<Named> {
    let Some(at) = table.columns.iter().position(|column| *column == row) else {
        return Vec::new();
    };
    let numeric = |column: usize| {
        let text = |cells: &Vec<Cell>| matches!(cells[column], Cell::Text(_));
        column > at && table.columns[column] != "verdict" && !table.rows.iter().any(text)
    };
    let columns: Vec<usize> = (0..table.columns.len()).filter(|&column| numeric(column)).collect();
    let of_row = |cells: &Vec<Cell>| -> Vec<Named> {
        let value = |column: &usize| Named {
            name: format!("{}.{}", table.columns[*column], cells[at].csv()),
            of: cells[0].csv(),
            value: cells[*column].clone(),
            word: false,
        };
        columns.iter().map(value).collect()
    };
    table.rows.iter().flat_map(of_row).collect()
}

/// Of a comparison: the mean, least and greatest difference of each number.
pub fn of_comparison(comparison: &Comparison) -> Vec<Named> {
    let of = comparison.names.join(" → ");
    let mut results = Vec::new();
    for (name, number) in NUMBERS {
        let differences = comparison.differences(number);
        let least = differences.iter().copied().reduce(f64::min);
        let greatest = differences.iter().copied().reduce(f64::max);
        for (what, value) in [
            ("mean_difference", mean(&differences)),
            ("least_difference", least),
            ("greatest_difference", greatest),
        ] {
            results.push(Named {
                name: format!("{name}.{what}"),
                of: of.clone(),
                value: value.into(),
                word: false,
            });
        }
    }
    results
}
