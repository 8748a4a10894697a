//! `margins.csv`.

use crate::analysis::{Formula, Margins};
use crate::margin::Summary;
use crate::output::{Cell, Table};

/// Each formula of the normalization, summarized.
pub fn margins(margins: &Margins) -> Table {
    let Margins { chosen, names, formulas, .. } = margins;
    let row = |formula: &Formula| {
        let Summary { largest, median_positive: median, .. } = formula.summary;
        vec![
            formula.normalization.name().into(),
            Cell::Integer(i64::from(formula.normalization == *chosen)),
            Cell::Integer(names.len() as i64),
            largest.into(),
            largest.to_degrees().into(),
            median.into(),
            median.map(f64::to_degrees).into(),
            formula.logit_change().into(),
            formula.gain.join("; ").as_str().into(),
            formula.lose.join("; ").as_str().into(),
        ]
    };
    let columns = vec![
        "normalization",
        "chosen",
        "classes",
        "largest_margin",
        "largest_margin_degrees",
        "median_positive_margin",
        "median_positive_margin_degrees",
        "largest_logit_change",
        "gain_most",
        "lose_most",
    ];
    Table { columns, rows: formulas.iter().map(row).collect() }
}
