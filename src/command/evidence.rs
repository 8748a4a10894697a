//! The correlations of a run with all that says how sure they are, as tables.

use serde_json::{Value, json};

use super::analysis::Correlated;
use crate::correlation::{Coefficient, Influence, Pearson};
use crate::evidence::{Association, Caveat, Evidence, Statistics};
use crate::input::list;
use crate::output::{self, Cell, Table};

const RUN: [&str; 5] = ["run", "backbone", "loss", "estimator", "x"];

const ASSOCIATION: [&str; 12] = [
    "pearson",
    "ci_low",
    "ci_high",
    "p_value",
    "spearman",
    "kendall",
    "permutation_p",
    "bootstrap_low",
    "bootstrap_high",
    "partial_pearson",
    "partial_ci_low",
    "partial_ci_high",
];

const REGRESSION: [&str; 9] = [
    "coefficient",
    "standard_error",
    "t",
    "coefficient_p_value",
    "standardized_coefficient",
    "vif",
    "r_squared",
    "influential_class",
    "pearson_without",
];

/// One line of the results: x against AP.
struct Row<'a> {
    estimator: Option<&'static str>,
    x: &'static str,
    association: Option<&'a Association>,
    /// Of I given log m, or of log m given I.
    partial: Option<Pearson>,
    /// Of I, or of log m, in AP ~ I + log m.
    coefficient: Option<Coefficient>,
    r_squared: Option<f64>,
}

/// The rows of all classes, or of those with m ≥ p.
fn rows<'a>(one: &'a Correlated, statistics: &'a Statistics) -> [Row<'a>; 2] {
    let regression = statistics.regression.as_ref().ok();
    let row = |x, association, partial: Option<Pearson>, at: usize| Row {
        estimator: one.run.estimator.map(|estimator| estimator.name()),
        x,
        association,
        partial,
        coefficient: regression.map(|regression| regression.coefficients[at]),
        r_squared: regression.map(|regression| regression.r_squared),
    };
    let Statistics { information, instances, partial_information, partial_instances, .. } =
        statistics;
    [
        row("information", information.as_ref().ok(), partial_information.ok(), 0),
        row("instances", instances.as_ref().ok(), partial_instances.ok(), 1),
    ]
}

/// The instance count of a run without embeddings against AP.
fn count_alone(one: &Correlated) -> Row<'_> {
    Row {
        estimator: None,
        x: "instances",
        association: one.instances.as_ref(),
        partial: None,
        coefficient: None,
        r_squared: None,
    }
}

/// The rows of a detector under each estimator, with their verdicts; that of the instance count once.
fn detector_rows(detector: &[Correlated]) -> Vec<(&Correlated, Row<'_>, Option<String>)> {
    let mut all = Vec::new();
    let mut count = None;
    for one in detector {
        let Some(evidence) = &one.evidence else {
            count.get_or_insert((one, count_alone(one), None));
            continue;
        };
        let [information, instances] = rows(one, &evidence.all);
        all.push((one, information, Some(evidence.verdict.to_string())));
        count.get_or_insert((one, Row { estimator: None, ..instances }, None));
    }
    all.extend(count);
    all
}

/// The columns of `correlations.csv`. The partial correlation in a row of instances is that of log m
/// and AP given I, under the first estimator.
pub fn correlations_table(detectors: &[Vec<Correlated>]) -> Table {
    let mut rows = Vec::new();
    for (one, row, verdict) in detectors.iter().flat_map(|detector| detector_rows(detector)) {
        let mut cells = head(one);
        cells.extend([row.estimator.into(), row.x.into(), Cell::Integer(one.used.len() as i64)]);
        cells.extend(row.association_cells());
        cells.extend(pearson_cells(row.partial));
        cells.push(verdict.as_deref().into());
        rows.push(cells);
    }
    let columns = [&RUN[..], &["classes"], &ASSOCIATION, &["verdict"]].concat();
    Table { columns, rows }
}

/// The columns of `evidence.csv`: the same over all classes and over those with m ≥ p, with the
/// regression AP ~ I + log m and the class that moves r most.
pub fn evidence_table(detectors: &[Vec<Correlated>]) -> Table {
    let of_run = |one: &'_ Correlated| -> Vec<Vec<Cell>> {
        let Some(Evidence { all, large, .. }) = &one.evidence else {
            return vec![evidence_row(one, count_alone(one), "all", one.used.len())];
        };
        let parts = [("all", Some(all)), ("m >= p", large.as_ref())].into_iter();
        let part = |(over, statistics): (&str, Option<&Statistics>)| {
            let statistics = statistics?;
            let row = |row| evidence_row(one, row, over, statistics.grounds.classes);
            Some(rows(one, statistics).map(row))
        };
        parts.filter_map(part).flatten().collect()
    };
    let columns = [&RUN[..], &["over", "classes"], &ASSOCIATION, &REGRESSION].concat();
    Table { columns, rows: detectors.iter().flatten().flat_map(of_run).collect() }
}

fn evidence_row(one: &Correlated, row: Row, over: &str, classes: usize) -> Vec<Cell> {
    let influence = row.association.and_then(|association| association.influence);
    let mut names = one.used.iter().filter(|(_, large)| *large || over == "all");
    let influential = influence.and_then(|influence| names.nth(influence.class));
    let estimate = row.coefficient.map(|coefficient| coefficient.estimate);
    let mut cells = head(one);
    cells.extend([row.estimator.into(), row.x.into(), over.into()]);
    cells.push(Cell::Integer(classes as i64));
    cells.extend(row.association_cells());
    cells.extend(pearson_cells(row.partial));
    cells.extend([
        estimate.map(|estimate| estimate.value).into(),
        estimate.map(|estimate| estimate.standard_error).into(),
        estimate.map(|estimate| estimate.t).into(),
        estimate.map(|estimate| estimate.p_value).into(),
        row.coefficient.map(|coefficient| coefficient.standardized).into(),
        row.coefficient.map(|coefficient| coefficient.vif).into(),
        row.r_squared.into(),
        influential.map(|(name, _)| name.as_str()).into(),
        influence.and_then(|influence| influence.without).map(|without| without.r).into(),
    ]);
    cells
}

fn head(one: &Correlated) -> Vec<Cell> {
    vec![
        one.run.name.as_str().into(),
        one.run.backbone.as_str().into(),
        one.run.loss.as_str().into(),
    ]
}

impl Row<'_> {
    /// From `pearson` to `bootstrap_high`.
    fn association_cells(&self) -> Vec<Cell> {
        let association = self.association;
        let bootstrap = association.and_then(|association| association.bootstrap);
        let mut cells = pearson_cells(association.map(|association| association.pearson));
        cells.extend([
            association.and_then(|association| association.pearson.p_value).into(),
            association.map(|association| association.spearman).into(),
            association.map(|association| association.kendall).into(),
            association.map(|association| association.permutation_p).into(),
            bootstrap.map(|(low, _)| low).into(),
            bootstrap.map(|(_, high)| high).into(),
        ]);
        cells
    }
}

/// r and the ends of its interval.
fn pearson_cells(pearson: Option<Pearson>) -> Vec<Cell> {
    let interval = pearson.and_then(|pearson| pearson.interval);
    vec![
        pearson.map(|pearson| pearson.r).into(),
        interval.map(|(low, _)| low).into(),
        interval.map(|(_, high)| high).into(),
    ]
}

/// What was left out of each run, and why, by estimator.
pub fn left_out_json(detectors: &[Vec<Correlated>]) -> Vec<Value> {
    let classes = |one: &Correlated| -> Vec<Value> {
        one.left_out.iter().map(|(why, names)| json!({"reason": why, "classes": names})).collect()
    };
    let run = |one: &Correlated| {
        let estimator = one.run.estimator.map(|estimator| estimator.name());
        json!({"run": one.run.name, "estimator": estimator, "left_out": classes(one)})
    };
    detectors.iter().flatten().map(run).collect()
}

/// The correlations for reading, the verdicts, and what was left out.
pub fn text(detectors: &[Vec<Correlated>]) -> String {
    let mut rows = Vec::new();
    for (one, row, _) in detectors.iter().flat_map(|detector| detector_rows(detector)) {
        let label = row.estimator.map_or(row.x.into(), |name| format!("{} ({name})", row.x));
        let pearson = row.association.map(|association| association.pearson);
        let p = pearson.and_then(|pearson| pearson.p_value);
        let interval = pearson.and_then(|pearson| pearson.interval);
        rows.push(vec![
            one.run.name.clone(),
            label,
            one.used.len().to_string(),
            pearson.map_or("n/a".into(), |pearson| format!("{:+.4}", pearson.r)),
            interval.map_or("n/a".into(), |(low, high)| format!("{low:+.3} … {high:+.3}")),
            p.map_or(
                "n/a".into(),
                |p| {
                    if p < 0.0001 { "< 0.0001".into() } else { format!("{p:.4}") }
                },
            ),
        ]);
    }
    let columns = ["run", "AP against", "classes", "r", "95% interval", "p"];
    let mut text = output::text(&columns, 2, rows);
    let verdicts = verdicts(detectors);
    if !verdicts.is_empty() {
        text.push('\n');
    }
    for (subject, words) in verdicts.iter().chain(&left_out(detectors)) {
        text += &format!("{subject}: {words}\n");
    }
    text
}

/// What is to be said of each run, and of what in it.
pub fn verdicts(detectors: &[Vec<Correlated>]) -> Vec<(String, String)> {
    let rows = detectors.iter().flat_map(|detector| detector_rows(detector));
    let words = |(one, row, verdict): (&Correlated, Row, Option<String>)| {
        let (of, words) = match (verdict, row.estimator) {
            (Some(verdict), Some(estimator)) => (estimator, verdict),
            _ => ("instances", hangs_on(one, row.association?)?.to_string()),
        };
        Some((format!("{} ({of})", one.run.name), words))
    };
    rows.filter_map(words).collect()
}

/// What was left out of each run, and why.
pub fn left_out(detectors: &[Vec<Correlated>]) -> Vec<(String, String)> {
    let of_run = |one: &'_ Correlated| -> Vec<(String, String)> {
        let estimator = one.run.estimator.map(|estimator| format!(" ({})", estimator.name()));
        let subject = format!("{}{}", one.run.name, estimator.unwrap_or_default());
        let words = |(why, names): &(String, Vec<String>)| {
            (subject.clone(), format!("left out, {why}: {}", list(names)))
        };
        one.left_out.iter().map(words).collect()
    };
    detectors.iter().flatten().flat_map(of_run).collect()
}

/// The class on which the correlation hangs, if it hangs on one.
fn hangs_on(one: &Correlated, association: &Association) -> Option<Caveat> {
    let Influence { class, without, .. } = association.influence.filter(|found| found.strong)?;
    let class = one.used[class].0.clone();
    let without = without.map(|without| without.r);
    Some(Caveat::HangsOn { class, r: association.pearson.r, without })
}
