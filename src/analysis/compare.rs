//! What a change did to each class: a run before and a run after.

use std::collections::HashMap;
use std::path::Path;

use super::correlated::Correlated;
use super::explain::{Explanation, ReasonsChanged, reasons_changed};
use crate::ap::ApScale;
use crate::detector::{ClassSummary, Run, RunSummary};
use crate::error::{Error, Result};
use crate::warning::{Warning, Warnings};

/// The classes of two runs, side by side.
///
/// ```
/// use igam_analyze::{ApColumn, Classes, Comparison, Detector, RunSummary};
///
/// let run = |name, ap: &[f64]| -> igam_analyze::Result<RunSummary> {
///     let detector = Detector::new(name, Classes::from_names(["bolt", "nut"])?);
///     let runs = detector.average_precision(&ApColumn::in_order(ap)?)?.runs();
///     Ok(RunSummary::of(&runs[0][0], name))
/// };
/// let comparison = Comparison::of(run("CE", &[0.41, 0.22])?, run("IGAM", &[0.40, 0.30])?)?;
/// let nut = &comparison.pairs[1];
/// assert_eq!(nut.ap, [Some(0.22), Some(0.30)]);
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The run before, and the run after.
    pub names: [String; 2],
    /// The classes by name, those of the run before first.
    pub pairs: Vec<Pair>,
    /// The scale of AP in both.
    pub ap_scale: ApScale,
    /// The classes whose reasons appeared or disappeared, if both runs are explained.
    pub reasons: Option<Vec<ReasonsChanged>>,
    /// Warnings.
    pub warnings: Warnings,
}

/// A run to compare: its numbers, and the explanation of its classes if known.
#[derive(Clone, Debug)]
pub struct ComparedRun {
    /// Its numbers.
    pub summary: RunSummary,
    /// The reasons for the AP of its classes.
    pub explanation: Option<Explanation>,
}

impl From<RunSummary> for ComparedRun {
    fn from(summary: RunSummary) -> ComparedRun {
        ComparedRun { summary, explanation: None }
    }
}

impl ComparedRun {
    /// A computed run; `path` names it in messages.
    pub fn of(run: Run, path: &Path) -> ComparedRun {
        let summary = RunSummary::of(&run, path);
        let explained = |run| Explanation::of(&Correlated::of(run, &mut Warnings::default()));
        let explanation = run.ap_scale().is_some().then(|| explained(run));
        ComparedRun { summary, explanation }
    }
}

/// A class in the run before and in the run after.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The class.
    pub name: String,
    /// I in bits.
    pub information: [Option<f64>; 2],
    /// AP on the scale of both runs.
    pub ap: [Option<f64>; 2],
    /// Rank by information amount among the classes that have it in both runs; 1 has the most.
    pub rank: Option<[usize; 2]>,
}

/// A number of each class in both runs.
pub type Number = fn(&Pair) -> [Option<f64>; 2];

/// The two numbers that are compared.
pub const NUMBERS: [(&str, Number); 2] =
    [("information", |pair| pair.information), ("ap", |pair| pair.ap)];

impl Comparison {
    /// Compares a run with the one before it.
    ///
    /// # Errors
    /// If two classes of a run have the same name, or no class has a number in both runs. If the runs differ
    /// in the estimator of the information amounts, or in the scale of AP.
    pub fn of(before: impl Into<ComparedRun>, after: impl Into<ComparedRun>) -> Result<Comparison> {
        let [was, is] = [before.into(), after.into()];
        let explained = was.explanation.as_ref().zip(is.explanation.as_ref());
        let reasons = explained.map(|(was, is)| reasons_changed(was, is));
        let unlike = explained.is_some_and(|(was, is)| was.inputs() != is.inputs());
        let (before, after) = (was.summary, is.summary);
        let mut warnings = Warnings::default();
        warnings.extend(unlike.then_some(Warning::UnlikeInputs));
        warnings.extend(check_estimators([&before, &after])?);
        let ap_scale = common_scale([&before, &after])?;
        for run in [&before, &after] {
            check_names(run)?;
        }
        let paths = [&before, &after].map(|run| run.path.display().to_string());
        let names =
            if before.name == after.name { paths.clone() } else { [before.name, after.name] };
        let pairs = pairs(before.classes, after.classes);
        warnings.extend(ap_in_one(&names, &pairs));
        let comparison = Comparison { names, pairs, ap_scale, reasons, warnings };
        if NUMBERS.iter().all(|&(_, number)| comparison.differences(number).is_empty()) {
            let [a, b] = paths;
            return Err(Error::Input(format!(
                "no class has a number in both {a} and {b}: check that they use the same class \
                 names"
            )));
        }
        Ok(comparison)
    }

    /// B − A of each class that has the number in both.
    pub fn differences(&self, number: Number) -> Vec<f64> {
        self.pairs.iter().filter_map(|pair| difference(number(pair))).collect()
    }
}

/// The mean; `None` of no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Classes are matched by name.
fn check_names(run: &RunSummary) -> Result<()> {
    let mut names: Vec<&str> = run.classes.iter().map(|class| class.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let problem = format!("has two classes of the name {:?}: rename one", pair[0]);
            Err(Error::content(&run.path, problem))
        }
        None => Ok(()),
    }
}

/// Checks that both runs have one estimator; otherwise differences mean nothing.
fn check_estimators(runs: [&RunSummary; 2]) -> Result<Option<Warning>> {
    let known = |run: &RunSummary| run.classes.iter().any(|class| class.information.is_some());
    if !runs.into_iter().all(known) {
        return Ok(None);
    }
    match runs.map(|run| run.estimator) {
        [Some(a), Some(b)] if a != b => Err(Error::Input(format!(
            "{} has information amounts by the estimator {}, {} by {}: compute both by the same, with \
             --estimator",
            runs[0].path.display(),
            a.name(),
            runs[1].path.display(),
            b.name()
        ))),
        [Some(_), Some(_)] => Ok(None),
        _ => {
            let silent = runs.into_iter().filter(|run| run.estimator.is_none());
            let mut paths: Vec<_> = silent.map(|run| run.path.clone()).collect();
            paths.dedup();
            Ok(Some(Warning::UnknownEstimator { paths }))
        }
    }
}

/// The scale of AP in both runs, which must be the same. If a file does not say its scale, the values do.
fn common_scale(runs: [&RunSummary; 2]) -> Result<ApScale> {
    let scale = |run: &RunSummary| match run.ap_scale {
        Some(scale) => Ok(scale),
        None => ApScale::detect(run.classes.iter().filter_map(|class| class.ap)).map_err(|mixed| {
            let problem = format!(
                "mixes the AP scales 0–1 and 0–100: {mixed}; if all are on one, say which in a \
                 column `ap_scale`, fraction or percent"
            );
            Error::content(&run.path, problem)
        }),
    };
    let (a, b) = (scale(runs[0])?, scale(runs[1])?);
    let measured =
        runs.map(|run| run.classes.iter().any(|class| class.ap.is_some_and(|ap| ap > 0.0)));
    if measured == [true, true] && a != b {
        return Err(Error::Input(format!(
            "{} has AP on the scale {a}, {} on {b}: give both the same",
            runs[0].path.display(),
            runs[1].path.display()
        )));
    }
    Ok(if measured[0] { a } else { b })
}

/// For each run, the classes that have AP in it alone: a run that loses its bad classes is not a better one.
fn ap_in_one(names: &[String; 2], pairs: &[Pair]) -> Vec<Warning> {
    let only = |side: usize| {
        let only =
            pairs.iter().filter(|pair| pair.ap[side].is_some() && pair.ap[1 - side].is_none());
        let classes: Vec<String> = only.map(|pair| pair.name.clone()).collect();
        let run = names[side].clone();
        (!classes.is_empty()).then_some(Warning::ApInOne { run, classes })
    };
    [0, 1].into_iter().filter_map(only).collect()
}

/// The classes by name, those of the run before first.
fn pairs(before: Vec<ClassSummary>, after: Vec<ClassSummary>) -> Vec<Pair> {
    let mut places = HashMap::new();
    let mut pairs: Vec<Pair> = Vec::new();
    for (side, classes) in [before, after].into_iter().enumerate() {
        for class in classes {
            let place = *places.entry(class.name.clone()).or_insert_with(|| {
                let name = class.name;
                pairs.push(Pair { name, information: [None; 2], ap: [None; 2], rank: None });
                pairs.len() - 1
            });
            pairs[place].information[side] = class.information;
            pairs[place].ap[side] = class.ap;
        }
    }
    let known: Vec<[f64; 2]> = pairs.iter().filter_map(|pair| both(pair.information)).collect();
    for pair in &mut pairs {
        pair.rank = both(pair.information).map(|bits| {
            [0, 1].map(|side| 1 + known.iter().filter(|other| other[side] > bits[side]).count())
        });
    }
    pairs
}

/// Both, where both are known.
pub fn both([a, b]: [Option<f64>; 2]) -> Option<[f64; 2]> {
    Some([a?, b?])
}

/// B − A, where both are known.
pub fn difference(values: [Option<f64>; 2]) -> Option<f64> {
    both(values).map(|[a, b]| b - a)
}

impl Pair {
    /// Ranks gained: above 0 where the class has risen.
    pub fn risen(&self) -> Option<i64> {
        self.rank.map(|[a, b]| a as i64 - b as i64)
    }
}
