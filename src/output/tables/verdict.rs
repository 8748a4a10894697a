//! `verdict.csv`: the verdicts over all runs, then those of each.

use crate::analysis::Study;
use crate::correlation::{Clustered, Pearson};
use crate::detector::ALL_RUNS;
use crate::evidence::{Basis, Judged};
use crate::output::{Cell, Table};
use crate::shrinkage::Estimator;
use crate::words::signed;

/// A verdict of one run, or of all.
pub struct VerdictRow<'a> {
    /// The run.
    pub run: &'a str,
    /// The covariance estimator.
    pub estimator: Estimator,
    /// Number of runs that it is of.
    runs: usize,
    /// How many independent ones they are worth.
    effective: Option<f64>,
    /// What is held constant besides the count.
    covariates: &'a [String],
    /// Whether it is the one to quote, and not another without what it holds constant.
    pub main: bool,
    judged: &'a Judged,
}

/// The verdicts over all runs, then those of each run; each without its covariates behind it.
pub fn verdict_rows(study: &Study) -> Vec<VerdictRow<'_>> {
    let mut rows = Vec::new();
    for over in study.over_runs() {
        let with = over.with.as_ref().map(|pooled| (pooled, &over.covariates[..], true));
        let without = over.without.as_ref().map(|pooled| (pooled, &[][..], over.with.is_none()));
        rows.extend(with.into_iter().chain(without).map(|(pooled, covariates, main)| VerdictRow {
            run: ALL_RUNS,
            estimator: over.estimator,
            runs: pooled.runs.len(),
            effective: pooled.agreement.map(|agreement| agreement.effective),
            covariates,
            main,
            judged: &pooled.judged,
        }));
    }
    for one in study.detectors().iter().flatten() {
        let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator()) else {
            continue;
        };
        let row = |judged, covariates, main| VerdictRow {
            run: one.run.name(),
            estimator,
            runs: 1,
            effective: None,
            covariates,
            main,
            judged,
        };
        rows.push(row(&evidence.judged, &one.covariates, true));
        rows.extend(evidence.without_covariates.as_ref().map(|judged| row(judged, &[], false)));
    }
    rows
}

/// The columns of `verdict.csv`.
pub const VERDICT_COLUMNS: [&str; 27] = [
    "run",
    "estimator",
    "covariates",
    "runs",
    "effective_runs",
    "classes",
    "finding",
    "partial_line",
    "partial_line_low",
    "partial_line_high",
    "partial_curve",
    "partial_curve_low",
    "partial_curve_high",
    "robust_p",
    "robust_df",
    "by_group",
    "by_group_low",
    "by_group_high",
    "groups",
    "floor_share",
    "count_share",
    "left_share",
    "controls",
    "residual_df",
    "detectable",
    "largest_share",
    "verdict",
];

/// The verdicts with the numbers that decide them.
pub fn verdict(study: &Study) -> Table {
    Table {
        columns: VERDICT_COLUMNS.to_vec(),
        rows: verdict_rows(study).iter().map(VerdictRow::cells).collect(),
    }
}

/// Columns that say what a row is of.
pub const VERDICT_HEAD: usize = 6;

impl VerdictRow<'_> {
    /// What it is of.
    pub fn subject(&self) -> String {
        format!("{} ({})", self.run, self.estimator.name())
    }

    /// The columns.
    pub fn cells(&self) -> Vec<Cell> {
        let basis = &self.judged.basis;
        let Basis { given_line, given_curve, robust, by_group, .. } = basis;
        let by_group = by_group.as_ref().map(|group| group.pearson(basis.classes));
        let mut cells = vec![
            self.run.into(),
            self.estimator.name().into(),
            self.covariates.join("; ").as_str().into(),
            (self.runs as u64).into(),
            self.effective.into(),
            (basis.classes as u64).into(),
            self.judged.verdict.finding.token().into(),
        ];
        cells.extend(pearson_cells(given_line.ok()));
        cells.extend(pearson_cells(given_curve.ok()));
        cells.push(robust.as_ref().map(Clustered::p_value).into());
        cells.push(robust.map(|robust| robust.freedom).into());
        cells.extend(pearson_cells(by_group));
        cells.extend([
            basis.groups.map(|groups| groups as u64).into(),
            basis.floor_share.into(),
            basis.count_share.into(),
            basis.left.as_ref().map(|left| left.share).into(),
            (basis.controls as u64).into(),
            basis.residual_df.into(),
            basis.detectable.into(),
            basis.largest_share().into(),
            self.judged.verdict.to_string().as_str().into(),
        ]);
        cells
    }
}

/// r and the ends of its interval.
pub fn pearson_cells(pearson: Option<Pearson>) -> [Cell; 3] {
    let interval = pearson.and_then(|pearson| pearson.interval);
    [
        pearson.map(|pearson| pearson.r).into(),
        interval.map(|(low, _)| low).into(),
        interval.map(|(_, high)| high).into(),
    ]
}

/// The verdicts in short, one over all runs before those of each: correlations with AP, the partial one
/// given the count, the finding.
pub fn verdicts_in_short(study: &Study) -> Table {
    let columns =
        vec!["run", "finding", "r(I, AP)", "r(m, AP)", "r(log m, AP)", "partial r", "95% CI"];
    let several = study.detectors().iter().any(|run| run.len() > 1);
    let row = |name: &str, of: Option<Estimator>, r: [Option<f64>; 3], judged: Option<&Judged>| {
        let name = match of.filter(|_| several) {
            Some(estimator) => format!("{name} ({})", estimator.name()),
            None => name.to_owned(),
        };
        // Of too few classes it says nothing.
        let enough = judged.filter(|judged| !judged.verdict.finding.is_of_too_few());
        let partial = enough.and_then(|judged| judged.basis.given_curve.ok());
        let interval = partial.and_then(|partial| partial.interval);
        let mut cells = vec![name.as_str().into()];
        cells.push(judged.map(|judged| judged.verdict.finding.token()).into());
        cells.extend(r.map(Cell::from));
        cells.push(partial.map(|partial| partial.r).into());
        let text = interval.map(|(low, high)| format!("{}…{}", signed(low), signed(high)));
        cells.push(text.as_deref().into());
        cells
    };
    let correlations = |judged: &Judged| {
        let Basis { information, instances, log_instances, .. } = &judged.basis;
        [information, instances, log_instances].map(|r| r.as_ref().ok().map(|r| r.r))
    };
    let over_runs = study.over_runs().iter().filter_map(|over| {
        let judged = &over.main()?.judged;
        Some(row(ALL_RUNS, Some(over.estimator), correlations(judged), Some(judged)))
    });
    // Where there is a verdict over all runs, it alone is under every estimator: the remainder is in the files.
    let shown = if study.over_runs().is_empty() { usize::MAX } else { 1 };
    let runs = study.detectors().iter().flat_map(|run| run.iter().take(shown)).map(|one| {
        let judged = one.evidence.as_ref().map(|evidence| &evidence.judged);
        let counts = || [None, one.count(), one.log_count()].map(|r| r.map(|r| r.r));
        row(one.run.name(), one.run.estimator(), judged.map_or_else(counts, correlations), judged)
    });
    Table { columns, rows: over_runs.chain(runs).collect() }
}
