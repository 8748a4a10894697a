//! `bias.csv`.

use crate::analysis::Bias;
use crate::detector::Run;
use crate::groups::ApSummary;
use crate::output::{Cell, Table};

/// Model bias and mean AP: a row per run for all classes, and one per group.
pub fn bias(runs: &[Bias]) -> Table {
    let row = |run: &Run, group: &str, ap: &ApSummary| {
        vec![
            run.name().into(),
            run.backbone().into(),
            run.loss().into(),
            group.into(),
            Cell::Integer(ap.classes as i64),
            ap.mean.into(),
            ap.bias.into(),
        ]
    };
    let rows = runs.iter().flat_map(|one| {
        let groups = one.groups.iter().map(|(name, ap)| row(&one.run, name, ap));
        std::iter::once(row(&one.run, "all", &one.all)).chain(groups)
    });
    let columns = vec!["run", "backbone", "loss", "group", "classes", "mean_ap", "bias"];
    Table { columns, rows: rows.collect() }
}
