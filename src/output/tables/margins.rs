//! `margins.csv`.

use crate::analysis::{Margins, Reading};
use crate::margin::Summary;
use crate::output::{Cell, Table};

/// Each formula of the normalization, summarized.
pub fn margins(margins: &Margins) -> Table {
    let Margins { chosen, names, readings, .. } = margins;
    let row = |reading: &Reading| {
        let Summary { largest, median_positive: median, .. } = reading.summary;
        vec![
            reading.normalization.name().into(),
            Cell::Integer(i64::from(reading.normalization == *chosen)),
            Cell::Integer(names.len() as i64),
            largest.into(),
            largest.to_degrees().into(),
            median.into(),
            median.map(f64::to_degrees).into(),
            reading.logit_change().into(),
            reading.gain.join("; ").as_str().into(),
            reading.lose.join("; ").as_str().into(),
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
    Table { columns, rows: readings.iter().map(row).collect() }
}
