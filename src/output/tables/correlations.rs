//! The correlations of a run with all that says how sure they are, as tables.

use serde_json::{Value, json};

use super::verdict::pearson_cells;
use crate::analysis::{Correlated, Part, parts};
use crate::correlation::{Coefficient, Pearson};
use crate::evidence::{Association, Evidence, Statistics};
use crate::output::{Cell, Table};
use crate::shrinkage::Estimator;
use crate::words::list;

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
fn rows<'a>(one: &'a Correlated, statistics: &'a Statistics) -> [Row<'a>; 3] {
    let regression = statistics.regression.as_ref().ok();
    let row = |x, association: &'a Result<Association, _>| Row {
        estimator: one.run.estimator().map(|estimator| estimator.name()),
        x,
        association: association.as_ref().ok(),
        partial: None,
        coefficient: None,
        r_squared: None,
    };
    let regressed = |row: Row<'a>, partial: &Result<Pearson, _>, at: usize| Row {
        partial: partial.ok(),
        coefficient: regression.map(|regression| regression.coefficients[at]),
        r_squared: regression.map(|regression| regression.r_squared),
        ..row
    };
    let Statistics { partial_information, partial_instances, .. } = statistics;
    [
        regressed(row("information", &statistics.information), partial_information, 0),
        row("instances", &statistics.instances),
        regressed(row("log_instances", &statistics.log_instances), partial_instances, 1),
    ]
}

/// The instance count of a run without embeddings, and its logarithm, against AP.
fn counts_alone(one: &Correlated) -> [Row<'_>; 2] {
    let rows = [("instances", &one.instances), ("log_instances", &one.log_instances)];
    rows.map(|(x, association)| Row {
        estimator: None,
        x,
        association: association.as_ref(),
        partial: None,
        coefficient: None,
        r_squared: None,
    })
}

/// The rows of a detector under each estimator, with their verdicts; those of the instance count once.
fn detector_rows(detector: &[Correlated]) -> Vec<(&Correlated, Row<'_>, Option<String>)> {
    let mut all = Vec::new();
    let mut counts = Vec::new();
    for one in detector {
        let of_counts = match &one.evidence {
            None => counts_alone(one),
            Some(evidence) => {
                let [information, instances, log_instances] = rows(one, &evidence.all);
                all.push((one, information, Some(evidence.judged.verdict.to_string())));
                [instances, log_instances].map(|row| Row { estimator: None, ..row })
            }
        };
        if counts.is_empty() {
            counts.extend(of_counts.map(|row| (one, row, None)));
        }
    }
    all.extend(counts);
    all
}

/// The columns of `correlations.csv`. The partial correlation in a row of log m is given I, under the
/// first estimator.
pub fn correlations(detectors: &[Vec<Correlated>]) -> Table {
    let mut rows = Vec::new();
    for (one, row, verdict) in detectors.iter().flat_map(|detector| detector_rows(detector)) {
        let mut cells = head(one);
        cells.extend([
            row.estimator.into(),
            row.x.into(),
            Cell::Integer(one.used().count() as i64),
        ]);
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
pub fn evidence(detectors: &[Vec<Correlated>]) -> Table {
    let of_run = |one: &'_ Correlated| -> Vec<Vec<Cell>> {
        let Some(Evidence { all, large, .. }) = &one.evidence else {
            return counts_alone(one)
                .map(|row| evidence_row(one, row, "all", one.used().count()))
                .into();
        };
        let parts = [("all", Some(all)), ("m >= p", large.as_ref())].into_iter();
        let part = |(over, statistics): (&str, Option<&Statistics>)| {
            let statistics = statistics?;
            let row = |row| evidence_row(one, row, over, statistics.classes);
            Some(rows(one, statistics).map(row))
        };
        parts.filter_map(part).flatten().collect()
    };
    let columns = [&RUN[..], &["over", "classes"], &ASSOCIATION, &REGRESSION].concat();
    Table { columns, rows: detectors.iter().flatten().flat_map(of_run).collect() }
}

fn evidence_row(one: &Correlated, row: Row, over: &str, classes: usize) -> Vec<Cell> {
    let influence = row.association.and_then(|association| association.influence);
    let mut names = one.used().filter(|class| one.is_large(class) || over == "all");
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
        influential.map(|class| class.name).into(),
        influence.and_then(|influence| influence.without).map(|without| without.r).into(),
    ]);
    cells
}

fn head(one: &Correlated) -> Vec<Cell> {
    vec![one.run.name().into(), one.run.backbone().into(), one.run.loss().into()]
}

impl Row<'_> {
    /// From `pearson` to `bootstrap_high`.
    fn association_cells(&self) -> Vec<Cell> {
        let association = self.association;
        let bootstrap = association.and_then(|association| association.bootstrap);
        let mut cells = pearson_cells(association.map(|association| association.pearson)).to_vec();
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

/// The columns of `commonality.csv`: how AP's variance is divided among the count, the information amount
/// and the covariates, what each has to itself and what they share; and what none explains.
pub fn commonality(detectors: &[Vec<Correlated>]) -> Table {
    let of_run = |one: &Correlated| -> Vec<Vec<Cell>> {
        let row = |part: &Part| {
            vec![
                one.run.name().into(),
                one.run.estimator().map(|estimator| estimator.name()).into(),
                part.name.as_str().into(),
                part.kind.name().into(),
                part.share.into(),
                part.by_chance.into(),
            ]
        };
        parts(one).iter().map(row).collect()
    };
    let columns = vec!["run", "estimator", "part", "kind", "share", "by_chance"];
    Table { columns, rows: detectors.iter().flatten().flat_map(of_run).collect() }
}

/// What was excluded from each run, and why, by estimator.
pub fn left_out_json(detectors: &[Vec<Correlated>]) -> Vec<Value> {
    let classes = |one: &Correlated| -> Vec<Value> {
        one.left_out.iter().map(|(why, names)| json!({"reason": why, "classes": names})).collect()
    };
    let run = |one: &Correlated| {
        let estimator = one.run.estimator().map(|estimator| estimator.name());
        json!({"run": one.run.name(), "estimator": estimator, "left_out": classes(one)})
    };
    detectors.iter().flatten().map(run).collect()
}

/// What was excluded from which runs, and why.
pub fn left_out(detectors: &[Vec<Correlated>]) -> Vec<(String, String)> {
    // By estimator and words, the runs.
    let mut of_estimators: Vec<(Option<&str>, String, Vec<&str>)> = Vec::new();
    for one in detectors.iter().flatten() {
        let estimator = one.run.estimator().map(Estimator::name);
        for (why, names) in &one.left_out {
            let words = format!("skipped, {why}: {}", list(names));
            let same = |(of, said, _): &&mut (Option<&str>, String, Vec<&str>)| {
                *of == estimator && *said == words
            };
            match of_estimators.iter_mut().find(same) {
                Some((_, _, runs)) => runs.push(one.run.name()),
                None => of_estimators.push((estimator, words, vec![one.run.name()])),
            }
        }
    }
    let mut together: Vec<(String, String)> = Vec::new();
    for (estimator, words, runs) in of_estimators {
        let of = estimator.map_or(String::new(), |estimator| format!(" ({estimator})"));
        let subject = match runs.len() {
            all if all > 1 && all == detectors.len() => format!("all {all} runs{of}"),
            _ => runs.iter().map(|run| format!("{run}{of}")).collect::<Vec<_>>().join(", "),
        };
        match together.iter_mut().find(|(_, other)| *other == words) {
            Some((subjects, _)) => *subjects += &format!(", {subject}"),
            None => together.push((subject, words)),
        }
    }
    together
}
