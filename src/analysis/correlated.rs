//! Information amount and instance count against AP: for one run, and pooled over all runs.

use crate::ap;
use crate::correlation::{Line, NoCorrelation, Pearson, least_squares};
use crate::detector::{Class, Run};
use crate::evidence::{self, Association, Evidence, LEAST_CLASSES, Pooled, groups_tell, logarithm};
use crate::shrinkage::Estimator;
use crate::warning::{Warning, Warnings};

/// One run under one estimator, or its instance counts alone, over the classes that have all numbers.
#[derive(Clone, Debug)]
pub struct Correlated {
    /// The run.
    pub run: Run,
    /// The statistics of information amount, if there are embeddings.
    pub evidence: Option<Evidence>,
    /// Instance count against AP.
    pub instances: Option<Association>,
    /// Its logarithm against AP.
    pub log_instances: Option<Association>,
    /// The least-squares line of AP on information amount.
    pub line: Option<Line>,
    /// Classes not used: their names, by reason.
    pub left_out: Vec<(String, Vec<String>)>,
    /// What is held constant besides the count.
    pub covariates: Vec<String>,
    /// Indices of the classes used, among those of the run.
    used: Vec<usize>,
    /// The covariates' values of each class used.
    held: Vec<Vec<Option<f64>>>,
    /// Whether the groups tell which of them are similar.
    grouped: bool,
}

/// All detectors pooled, under one estimator.
#[derive(Clone, Debug)]
pub struct OverRuns {
    /// The estimator.
    pub estimator: Estimator,
    /// What is held constant besides the count.
    pub covariates: Vec<String>,
    /// Whether some class has a group.
    pub has_groups: bool,
    /// With the covariates held constant; `None` if fewer than two runs have enough classes with known covariates.
    pub with: Option<Pooled>,
    /// With the count alone held constant; `None` if there are no covariates.
    pub without: Option<Pooled>,
}

impl OverRuns {
    /// The verdict to quote.
    pub fn main(&self) -> Option<&Pooled> {
        self.with.as_ref().or(self.without.as_ref())
    }
}

/// Why a class is not used in the correlations, if so.
fn reason(class: &Class) -> Option<String> {
    if class.ap.is_none() {
        Some("no AP".into())
    } else if let Some(Err(why)) = class.information {
        Some(why.to_string())
    } else if class.instances.is_none() {
        Some("no instance count".into())
    } else {
        None
    }
}

impl Correlated {
    pub(super) fn of(run: Run, warnings: &mut Warnings) -> Correlated {
        let mut left_out: Vec<(String, Vec<String>)> = Vec::new();
        let mut used = Vec::new();
        for (at, class) in run.classes().enumerate() {
            let name = || class.name.to_owned();
            match reason(&class) {
                None => used.push(at),
                Some(why) => match left_out.iter_mut().find(|(reason, _)| *reason == why) {
                    Some((_, names)) => names.push(name()),
                    None => left_out.push((why, vec![name()])),
                },
            }
        }
        let mut one = Correlated {
            evidence: None,
            instances: None,
            log_instances: None,
            line: None,
            left_out,
            covariates: Vec::new(),
            held: vec![Vec::new(); used.len()],
            grouped: false,
            used,
            run,
        };
        if one.run.dim().is_some() {
            one.hold_covariates(warnings);
            one.take_groups(warnings);
        }
        one.correlate(warnings);
        one
    }

    /// Holds constant what differs among the classes used, and is known for at least half of them: to hold
    /// constant what is known of fewer would cost the others their say.
    fn hold_covariates(&mut self, warnings: &mut Warnings) {
        let runs = || vec![self.run.name().to_owned()];
        let mut kept = Vec::new();
        for covariate in self.run.covariates().iter().rev() {
            let known = self.used.iter().filter_map(|&class| covariate.values[class]);
            let known: Vec<f64> = known.collect();
            let (classes, of) = (known.len(), self.used.len());
            let varies = known.iter().any(|value| *value != known[0]);
            let name = covariate.name.clone();
            if !varies || 2 * classes < of {
                let runs = runs();
                warnings.add(Warning::UselessCovariate { runs, covariate: name, classes, of });
                continue;
            }
            let unknown = self.used.iter().filter(|&&class| covariate.values[class].is_none());
            let unknown = unknown.map(|&class| self.run.class(class).name.to_owned());
            let classes: Vec<String> = unknown.collect();
            if !classes.is_empty() {
                let runs = runs();
                warnings.add(Warning::UnknownCovariate { runs, covariate: name, classes });
            }
            kept.push(covariate);
        }
        kept.reverse();
        let held = |&class: &usize| kept.iter().map(|covariate| covariate.values[class]).collect();
        let held = self.used.iter().map(held).collect();
        let covariates = kept.iter().map(|covariate| covariate.name.clone()).collect();
        (self.covariates, self.held) = (covariates, held);
    }

    /// Takes the groups, if they tell which of the classes used are similar.
    fn take_groups(&mut self, warnings: &mut Warnings) {
        let groups = self.used.iter().map(|&at| self.run.class(at));
        let groups: Vec<_> = groups.map(|class| (class.name, class.group)).collect();
        self.grouped = groups_tell(groups.iter().copied());
        if !self.grouped && groups.iter().any(|(_, group)| group.is_some()) {
            warnings.add(Warning::UselessGroups { runs: vec![self.run.name().to_owned()] });
        }
    }

    fn correlate(&mut self, warnings: &mut Warnings) {
        let column = |number: fn(&Class) -> Option<f64>| -> Vec<f64> {
            self.used.iter().filter_map(|&at| number(&self.run.class(at))).collect()
        };
        let runs = || vec![self.run.name().to_owned()];
        let ap = column(|class| class.ap);
        if let Some((value, classes)) = ap::most_common(&ap) {
            let (runs, of) = (runs(), ap.len());
            warnings.add(Warning::EqualAp { runs, ap: value, classes, of });
        }
        let dim = self.run.dim();
        let evidence = dim.map(|dim| Evidence::of(&self.evidence_classes(), dim));
        let (instances, log_instances) = match &evidence {
            Some(evidence) => (evidence.all.instances, evidence.all.log_instances),
            None => (
                Association::of(&column(|class| class.instances.map(|m| m as f64)), &ap),
                Association::of(&column(|class| class.instances.map(logarithm)), &ap),
            ),
        };
        let mut warn = |why: &NoCorrelation, what: &str| {
            let why = match why {
                NoCorrelation::TooFew => format!("only {} class(es) have both", ap.len()),
                NoCorrelation::ConstantX => format!("the {what} is the same for all classes"),
                NoCorrelation::ConstantY => "AP is the same for all classes".into(),
            };
            let between = format!("{what} and AP");
            warnings.add(Warning::NoCorrelation { runs: runs(), between, why });
        };
        if let Some(Err(why)) = evidence.as_ref().map(|evidence| &evidence.all.information) {
            warn(why, "information amount");
        }
        if let Err(why) = &instances {
            warn(why, "instance count");
        }
        let line = least_squares(&column(|class| Some(class.amount()?.bits)), &ap);
        self.line = dim.and(line);
        self.evidence = evidence;
        self.instances = instances.ok();
        self.log_instances = log_instances.ok();
    }

    /// The classes as the evidence wants them; all have embeddings, instances and AP.
    fn evidence_classes<'a>(&'a self) -> Vec<evidence::Class<'a>> {
        let class = |(class, covariates): (Class<'a>, &'a Vec<Option<f64>>)| {
            let information = class.amount()?;
            Some(evidence::Class {
                name: class.name,
                information: information.bits,
                floor_bits: information.floor.map(|floor| floor.bits),
                embeddings: class.embeddings?,
                instances: class.instances?,
                covariates,
                group: class.group,
                ap: class.ap?,
            })
        };
        self.used().zip(&self.held).filter_map(class).collect()
    }

    /// The classes used.
    pub fn used(&self) -> impl Iterator<Item = Class<'_>> {
        self.used.iter().map(|&at| {
            let class = self.run.class(at);
            Class { group: class.group.filter(|_| self.grouped), ..class }
        })
    }

    /// Whether a class has as many embeddings as dimensions.
    pub fn is_large(&self, class: &Class) -> bool {
        self.run.dim().is_some_and(|dim| class.embeddings >= Some(dim as u64))
    }

    /// Whether there are enough classes for more than r: with too few, p-values and partial correlations say nothing.
    pub fn has_enough_classes(&self) -> bool {
        match &self.evidence {
            Some(evidence) => !evidence.judged.verdict.finding.is_of_too_few(),
            None => self.used.len() >= LEAST_CLASSES,
        }
    }

    /// Information amount against AP.
    pub fn information(&self) -> Option<Pearson> {
        let evidence = self.evidence.as_ref()?;
        Some(evidence.all.information.as_ref().ok()?.pearson)
    }

    /// Information amount against AP, given the instance count and the covariates.
    pub fn partial(&self) -> Option<Pearson> {
        self.evidence.as_ref()?.judged.basis.given_curve.ok()
    }

    /// Instance count against AP.
    pub fn count(&self) -> Option<Pearson> {
        self.instances.as_ref().map(|association| association.pearson)
    }

    /// Its logarithm against AP.
    pub fn log_count(&self) -> Option<Pearson> {
        self.log_instances.as_ref().map(|association| association.pearson)
    }
}

/// All detectors as one, under an estimator; `None` where fewer than two are used.
pub(super) fn over_runs<'a>(
    detectors: &'a [Vec<Correlated>],
    estimator: Estimator,
) -> Option<OverRuns> {
    let under = |one: &&Correlated| one.run.estimator() == Some(estimator);
    let all: Vec<&'a Correlated> = detectors.iter().flatten().filter(under).collect();
    let runs = all.iter().filter_map(|one| {
        Some(evidence::Run { classes: one.evidence_classes(), dim: one.run.dim()? })
    });
    let runs: Vec<evidence::Run<'a>> = runs.collect();
    let with = Pooled::of(&runs);
    // The same classes, if that leaves a verdict.
    let plain = |run: &evidence::Run<'a>| match &with {
        Some(_) => run.complete().without_covariates(),
        None => run.without_covariates(),
    };
    let plain: Vec<_> = runs.iter().map(plain).collect();
    let has_covariates = all.iter().any(|one| !one.covariates.is_empty());
    let without = has_covariates.then(|| Pooled::of(&plain)).flatten();
    // A covariate need not be one of every run.
    let used = |pooled: &Pooled| pooled.runs.iter().map(|&run| all[run]).collect::<Vec<_>>();
    let used = with.as_ref().map(used).unwrap_or_default();
    let mut covariates: Vec<(String, usize)> = Vec::new();
    for name in used.iter().flat_map(|one| &one.covariates) {
        match covariates.iter_mut().find(|(known, _)| known == name) {
            Some((_, runs)) => *runs += 1,
            None => covariates.push((name.clone(), 1)),
        }
    }
    let said = |(name, runs): (String, usize)| match used.len() {
        all if runs < all => format!("{name} (in {runs} of {all} runs)"),
        _ => name,
    };
    let covariates = covariates.into_iter().map(said).collect();
    let has_groups = all.iter().any(|one| one.used().any(|class| class.group.is_some()));
    let any = with.is_some() || without.is_some();
    any.then_some(OverRuns { estimator, covariates, has_groups, with, without })
}
