//! A study: all results for one or several detectors.

use std::path::Path;

use super::bias::Bias;
use super::compare::ComparedRun;
use super::correlated::{Correlated, OverRuns, over_runs};
use super::explain::Explanation;
use super::verdicts::{Verdicts, verdicts};
use crate::detector::{Detector, Run, chosen};
use crate::error::{Error, Result};
use crate::evidence::Judged;
use crate::groups::Grouping;
use crate::shrinkage::Estimator;
use crate::warning::Warnings;

/// The results for detectors: whether information amount or instance count is correlated with AP, and how sure
/// that is.
///
/// ```
/// use igam_analyze::{ApColumn, Classes, Detector, Study};
///
/// let classes = Classes::from_names(["bolt", "nut", "key", "pin"])?;
/// let detector = |name, ap: &[f64]| -> igam_analyze::Result<Detector> {
///     let detector = Detector::new(name, classes.clone()).instances(&[120, 40, 75, 200])?;
///     detector.average_precision(&ApColumn::in_order(ap)?)
/// };
/// let before = detector("before", &[0.41, 0.22, 0.35, 0.50])?;
/// let after = detector("after", &[0.44, 0.25, 0.33, 0.52])?;
/// let study = Study::of([before, after], None)?;
/// // The instance counts go with AP in both runs.
/// assert!(study.first().iter().all(|run| run.count().unwrap().r > 0.9));
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Study {
    detectors: Vec<Vec<Correlated>>,
    over_runs: Vec<OverRuns>,
    bias: Vec<Bias>,
    /// The verdict in words.
    pub verdict: Verdicts,
    /// Warnings.
    pub warnings: Warnings,
}

impl Detector {
    /// Correlates information amount and instance count with AP.
    ///
    /// # Errors
    /// If there is no AP, or two of its runs have the same name.
    pub fn correlate(self) -> Result<Study> {
        Study::of([self], None)
    }
}

impl Study {
    /// Correlates information amount and instance count with AP, in each detector and pooled over all. The
    /// mean AP is also that of the groups of classes that `grouping` makes.
    ///
    /// # Errors
    /// If there is no detector, one has no AP, two runs have the same name, or the classes cannot be
    /// grouped that way.
    pub fn of(
        detectors: impl IntoIterator<Item = Detector>,
        grouping: Option<&Grouping>,
    ) -> Result<Study> {
        let mut warnings = Warnings::default();
        let mut correlated: Vec<Vec<Correlated>> = Vec::new();
        for detector in detectors {
            warnings.extend(detector.warnings().clone());
            for run in detector.runs() {
                if run.iter().any(|run| run.ap_scale().is_none()) {
                    let of = match run[0].name() {
                        "" => "the run".to_owned(),
                        name => format!("the run {name:?}"),
                    };
                    return Err(Error::Input(format!("{of} has no AP: give it AP per class")));
                }
                let run = run.into_iter().map(|run| Correlated::of(run, &mut warnings));
                correlated.push(run.collect());
            }
        }
        Study::new(correlated, grouping, warnings)
    }

    /// Joins several studies: their detectors side by side, and pooled.
    ///
    /// # Errors
    /// As for [`Study::of`].
    pub fn together<'a>(
        studies: impl IntoIterator<Item = &'a Study>,
        grouping: Option<&Grouping>,
    ) -> Result<Study> {
        let (mut detectors, mut warnings) = (Vec::new(), Warnings::default());
        for study in studies {
            detectors.extend(study.detectors.iter().cloned());
            warnings.extend(study.warnings.clone());
        }
        Study::new(detectors, grouping, warnings)
    }

    fn new(
        detectors: Vec<Vec<Correlated>>,
        grouping: Option<&Grouping>,
        warnings: Warnings,
    ) -> Result<Study> {
        if detectors.is_empty() {
            return Err(Error::Input("there is no detector: give at least one".into()));
        }
        check_names(&detectors)?;
        let mut estimators: Vec<Estimator> = Vec::new();
        for estimator in detectors.iter().flatten().filter_map(|one| one.run.estimator()) {
            if !estimators.contains(&estimator) {
                estimators.push(estimator);
            }
        }
        let over_runs = estimators.iter().filter_map(|&estimator| over_runs(&detectors, estimator));
        let over_runs: Vec<_> = over_runs.collect();
        let first = detectors.iter().filter_map(|detector| detector.first());
        let bias = first.map(|one| Bias::of(&one.run, grouping)).collect::<Result<_>>()?;
        let verdict = verdicts(&detectors, &over_runs);
        Ok(Study { detectors, over_runs, bias, verdict, warnings })
    }

    /// Each run under each estimator. Most figures show the first estimator only.
    pub fn detectors(&self) -> &[Vec<Correlated>] {
        &self.detectors
    }

    /// All runs pooled, under each estimator for which it is possible.
    pub fn over_runs(&self) -> &[OverRuns] {
        &self.over_runs
    }

    /// AP of each run over all classes and by group.
    pub fn bias(&self) -> &[Bias] {
        &self.bias
    }

    /// The verdict to quote, under the first estimator that has one: that over all runs, or of the only run.
    pub fn main(&self) -> Option<&Judged> {
        if let Some(over) = self.over_runs.first() {
            return over.main().map(|pooled| &pooled.judged);
        }
        match &self.detectors[..] {
            [only] => only.iter().find_map(|one| Some(&one.evidence.as_ref()?.judged)),
            _ => None,
        }
    }

    /// A run to compare, the only one unless it is `wanted` by name; `path` stands for the study in sentences.
    ///
    /// # Errors
    /// If there is no such run, or there are several and none is wanted.
    pub fn run(&self, path: &Path, wanted: Option<&str>) -> Result<ComparedRun> {
        let runs: Vec<&Run> = self.first().into_iter().map(|one| &one.run).collect();
        let names: Vec<&str> = runs.iter().map(|run| run.name()).collect();
        let at = chosen(path, &names, wanted)?;
        Ok(ComparedRun::of(runs[at].clone(), path))
    }

    /// The reasons for the AP of each class of each run, under the first estimator.
    pub fn explain(&self) -> Vec<Explanation> {
        self.first().into_iter().map(Explanation::of).collect()
    }

    /// Each run under the first estimator.
    pub fn first(&self) -> Vec<&Correlated> {
        self.detectors.iter().filter_map(|detector| detector.first()).collect()
    }

    /// The runs under the first estimator that have embeddings.
    pub fn analysed(&self) -> Vec<&Correlated> {
        self.first().into_iter().filter(|one| one.run.estimator().is_some()).collect()
    }
}

/// Each run has a name of its own, or its rows could not be told from another's.
fn check_names(detectors: &[Vec<Correlated>]) -> Result<()> {
    let first = detectors.iter().filter_map(|run| run.first());
    let names: Vec<&str> = first.map(|one| one.run.name()).collect();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(Error::Input(format!(
                "two runs are called {name:?}: give each a name, or each column of AP once"
            )));
        }
    }
    Ok(())
}
