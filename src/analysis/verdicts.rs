//! The verdicts in words: one over all runs, or one per run.

use std::fmt;

use super::correlated::{Correlated, OverRuns};
use crate::detector::{Class, Run};
use crate::evidence::{Basis, Caveat, Finding, Judged, Pooled};

/// A verdict in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// What it is of.
    pub subject: String,
    /// The finding in a sentence.
    pub finding: String,
    /// What to know beside it, a sentence each.
    pub points: Vec<String>,
}

/// Verdicts in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts(pub Vec<Said>);

impl fmt::Display for Verdicts {
    /// A paragraph per verdict: the finding in a line, and each point in one.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for Said { subject, finding, points } in &self.0 {
            writeln!(f, "{subject}: {finding}")?;
            points.iter().try_for_each(|point| writeln!(f, "- {point}"))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

/// What is to be said first: the verdict over all runs, or, where there is none, that of each; under the
/// first estimator.
pub(super) fn verdicts(detectors: &[Vec<Correlated>], over_runs: &[OverRuns]) -> Verdicts {
    let mut verdicts: Vec<Said> = Vec::new();
    let said = match over_runs.first().and_then(|over| Some((over, over.main()?))) {
        Some((over, pooled)) => vec![said_of_all(over, pooled)],
        None => {
            let first = detectors.iter().filter_map(|detector| detector.first());
            first.filter_map(said_of_run).collect()
        }
    };
    // Runs may have the same said of them, such as that they have too few classes.
    for said in said {
        let same = |other: &&mut Said| other.finding == said.finding && other.points == said.points;
        match verdicts.iter_mut().find(same) {
            Some(other) => other.subject += &format!(", {}", said.subject),
            None => verdicts.push(said),
        }
    }
    if let ([only], Some(looks)) = (&mut verdicts[..], looks(detectors)) {
        only.points.push(looks);
    }
    let first = detectors.iter().filter_map(|detector| detector.first());
    verdicts.splice(0..0, untrained(first.map(|one| &one.run)));
    Verdicts(verdicts)
}

/// The runs in which AP is 0 for more than half of the classes, and what to do before anything else.
pub fn untrained<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Option<Said> {
    let counted = |run: &'a Run| {
        let aps: Vec<f64> = run.classes().filter_map(|class: Class| class.ap).collect();
        let zeros = aps.iter().filter(|&&ap| ap == 0.0).count();
        (2 * zeros > aps.len()).then_some((run.name(), zeros, aps.len()))
    };
    let runs: Vec<(&str, usize, usize)> = runs.into_iter().filter_map(counted).collect();
    let names: Vec<&str> = runs.iter().map(|&(name, ..)| name).collect();
    let mut amounts: Vec<String> =
        runs.iter().map(|(_, zeros, of)| format!("{zeros} of {of}")).collect();
    amounts.dedup();
    let finding = format!(
        "train longer first: AP is 0 in {} classes, and until most classes are detected the results below say \
         little",
        amounts.join(", ")
    );
    (!names.is_empty()).then(|| Said { subject: names.join(", "), finding, points: Vec::new() })
}

fn said_of_all(over: &OverRuns, pooled: &Pooled) -> Said {
    let Judged { basis, verdict } = &pooled.judged;
    let mut points = verdict.points();
    let covariates = &over.covariates;
    points.extend(match (&over.with, &over.without) {
        (Some(_), Some(_)) if covariates.is_empty() => vec![
            "the runs with covariates are not used, because too few of their classes have known \
             covariates"
                .into(),
        ],
        (Some(with), Some(without)) => {
            let classes = with.judged.basis.classes;
            covariates_said(covariates, (classes, classes), Some(&without.judged))
        }
        (None, Some(_)) => vec![
            "the verdict over all runs holds only the count constant: fewer than two runs have \
             enough classes with known covariates"
                .into(),
        ],
        _ => Vec::new(),
    });
    points.extend(lost_groups(over.has_groups, basis));
    points.extend(pooled.agreement.map(|agreement| agreement.to_string()));
    let (runs, classes) = (pooled.runs.len(), basis.classes);
    Said {
        subject: format!("{runs} runs of {classes} classes ({})", over.estimator.name()),
        finding: verdict.finding.to_string(),
        points,
    }
}

fn said_of_run(one: &Correlated) -> Option<Said> {
    let subject = |of: &str| format!("{} ({of})", one.run.name()).trim().to_owned();
    let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator()) else {
        if !one.has_enough_classes() {
            let finding = Finding::TooFew { classes: one.used().count(), controls: 0 }.to_string();
            return Some(Said { subject: subject("instances"), finding, points: Vec::new() });
        }
        let name = |at| one.used().nth(at).map_or("", |class| class.name);
        let caveat = Caveat::hangs_on(one.instances.as_ref()?, name)?;
        let (subject, finding) = (subject("instances"), caveat.to_string());
        return Some(Said { subject, finding, points: Vec::new() });
    };
    let verdict = &evidence.judged.verdict;
    let mut points = verdict.points();
    let without = evidence.without_covariates.as_ref();
    let has_groups = one.used().any(|class| class.group.is_some());
    points.extend(lost_groups(has_groups, &evidence.judged.basis));
    let classes = (evidence.judged.basis.classes, one.used().count());
    points.extend(covariates_said(&one.covariates, classes, without));
    let (subject, finding) = (subject(estimator.name()), verdict.finding.to_string());
    Some(Said { subject, finding, points })
}

/// Two points: which covariates are held constant too, and how many of the classes have them; and the finding
/// without them.
fn covariates_said(
    covariates: &[String],
    (known, all): (usize, usize),
    without: Option<&Judged>,
) -> Vec<String> {
    let Some(without) = without else { return Vec::new() };
    let (names, finding) = (covariates.join(", "), &without.verdict.finding);
    let of =
        if known < all { format!(" (known for {known} of {all} classes)") } else { String::new() };
    vec![
        format!("also held constant: {names}{of}"),
        format!("with only the count held constant: {finding}"),
    ]
}

/// That groups are known and do not tell, where that is so.
fn lost_groups(known: bool, basis: &Basis) -> Option<String> {
    let lost = known && basis.groups.is_none();
    let words = "the groups are not used: they do not show which of these classes are similar";
    lost.then(|| words.to_owned())
}

/// How many verdicts were computed, where they are more than one.
fn looks(detectors: &[Vec<Correlated>]) -> Option<String> {
    let judged = |run: &&Vec<Correlated>| run.iter().any(|one| one.evidence.is_some());
    let runs = detectors.iter().filter(judged).count();
    let estimators = detectors.iter().map(Vec::len).max().unwrap_or(0);
    let s = |count: usize| if count == 1 { "" } else { "s" };
    (runs * estimators > 1).then(|| {
        format!(
            "computed for {runs} run{}, {estimators} estimator{}: report this verdict, not the \
             most convenient one",
            s(runs),
            s(estimators)
        )
    })
}
