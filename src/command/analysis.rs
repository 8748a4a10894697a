//! Information amount and instance count against AP: what `correlate` and `report` show.

use serde_json::json;

use super::bias::{self, Bias};
use super::console::Console;
use super::evidence as tables;
use super::run::{self, Class, Run};
use super::verdict;
use super::warning::Warning;
use crate::ap;
use crate::cli::{Detectors, Format};
use crate::correlation::{Line, NoCorrelation, Pearson, least_squares};
use crate::error::{Error, Result};
use crate::evidence::{self, Association, Evidence, Pooled, groups_tell, logarithm};
use crate::figure;
use crate::groups::Grouping;
use crate::input::runs::RunFiles;
use crate::output::Table;
use crate::shrinkage::Estimator;

/// One run under one estimator, or its instance counts alone, over the classes that have all numbers.
pub struct Correlated {
    pub run: Run,
    /// Where there are embeddings.
    pub evidence: Option<Evidence>,
    /// Instance count against AP.
    pub instances: Option<Association>,
    /// Its logarithm against AP.
    pub log_instances: Option<Association>,
    /// AP on information amount.
    line: Option<Line>,
    /// Places of the classes used, among those of the run.
    used: Vec<usize>,
    /// Classes not used: their names, by reason.
    pub left_out: Vec<(String, Vec<String>)>,
}

/// All detectors as one, under an estimator.
pub struct OverRuns {
    pub estimator: Estimator,
    /// What is held constant beside the count.
    pub covariates: Vec<String>,
    /// Whether some class has a group.
    pub has_groups: bool,
    /// With that held constant; none where fewer than two runs have enough classes of which it is known.
    pub with: Option<Pooled>,
    /// With the count alone held constant; none where there is nothing else.
    pub without: Option<Pooled>,
}

impl OverRuns {
    /// The verdict to quote.
    pub fn main(&self) -> Option<&Pooled> {
        self.with.as_ref().or(self.without.as_ref())
    }
}

/// Detectors, each under every estimator; the first stands for all in most figures.
pub struct Analysis {
    detectors: Vec<Vec<Correlated>>,
    /// All runs as one, under each estimator for which that can be.
    over_runs: Vec<OverRuns>,
    grouping: Option<Grouping>,
}

/// A figure with what it shows.
pub struct Drawn {
    /// The name of its file, without extension.
    pub name: &'static str,
    pub caption: &'static str,
    pub svg: String,
}

impl Analysis {
    /// Reads and computes the detectors.
    pub fn of(
        sources: &[RunFiles],
        arguments: &Detectors,
        console: &mut Console,
    ) -> Result<Analysis> {
        let estimators = arguments.estimator.estimators();
        let has_dump =
            |files: &RunFiles| !(files.embeddings.is_empty() && files.moments.is_empty());
        if arguments.estimator.is_typed() && !sources.iter().any(has_dump) {
            return Err(Error::Usage(
                "--estimator is for embeddings: instance counts alone have no covariance".into(),
            ));
        }
        let mut detectors = Vec::new();
        for files in sources {
            if files.ap.is_none() {
                return Err(Error::Input(format!(
                    "the run {:?} has no AP: give it `ap`",
                    files.name
                )));
            }
            for detector in run::load(files, estimators, console)? {
                detectors.push(detector.into_iter().map(|run| correlate(run, console)).collect());
            }
        }
        check_names(&detectors)?;
        let over_runs = estimators.iter().filter_map(|&estimator| over_runs(&detectors, estimator));
        let over_runs = over_runs.collect();
        Ok(Analysis { over_runs, detectors, grouping: arguments.groups.clone() })
    }

    /// Each detector under each estimator.
    pub fn detectors(&self) -> &[Vec<Correlated>] {
        &self.detectors
    }

    /// All runs as one, under each estimator for which that can be.
    pub fn over_runs(&self) -> &[OverRuns] {
        &self.over_runs
    }

    /// Each detector under the first estimator.
    pub fn first(&self) -> Vec<&Correlated> {
        self.detectors.iter().filter_map(|detector| detector.first()).collect()
    }

    /// Those of the first that have embeddings.
    fn analysed(&self) -> Vec<&Correlated> {
        self.first().into_iter().filter(|one| one.run.estimator.is_some()).collect()
    }

    /// AP over all classes and by group.
    pub fn bias(&self) -> Result<Vec<Bias<'_>>> {
        self.first().iter().map(|one| Bias::of(&one.run, self.grouping.as_ref())).collect()
    }

    /// The runs with information amounts.
    pub fn information(&self) -> Vec<&Run> {
        self.analysed().iter().map(|one| &one.run).collect()
    }

    /// The tables, each with the name of its file, without extension.
    pub fn tables(&self) -> Result<Vec<(&'static str, Table)>> {
        let mut all = vec![
            ("correlations", tables::correlations_table(&self.detectors)),
            ("evidence", tables::evidence_table(&self.detectors)),
            ("bias", bias::table(&self.bias()?)),
        ];
        let information = self.information();
        if !information.is_empty() {
            all.insert(0, ("verdict", verdict::table(self)));
            all.push(("commonality", tables::commonality_table(&self.detectors)));
            all.push(("information", run::information_csv(&information)));
        }
        Ok(all)
    }

    /// The figures.
    pub fn figures(&self) -> Result<Vec<Drawn>> {
        let (first, analysed) = (self.first(), self.analysed());
        let mut figures = Vec::new();
        if !analysed.is_empty() {
            figures.push(Drawn {
                name: "figure2",
                caption: "Correlation of information amount and of instance count with AP, by run",
                svg: figure2(&first)?,
            });
            figures.push(Drawn {
                name: "scatter",
                caption: "Information amount against AP, a point a class",
                svg: scatter(&analysed)?,
            });
            if self.detectors.iter().any(|detector| detector.len() > 1) {
                figures.push(Drawn {
                    name: "sensitivity",
                    caption: "How the correlations depend on the covariance estimator",
                    svg: sensitivity(&self.detectors)?,
                });
            }
        }
        let parts = analysed.iter().map(|one| (one.run.name.clone(), tables::parts(one)));
        let parts: Vec<_> = parts.filter(|(_, parts)| !parts.is_empty()).collect();
        if !parts.is_empty() {
            figures.push(Drawn {
                name: "commonality",
                caption: "How much of AP's variance goes with instance count, information amount and covariates",
                svg: figure::commonality(&parts)?,
            });
        }
        figures.push(Drawn {
            name: "figure1",
            caption: "Instance counts and AP by class",
            svg: figure1(&first)?,
        });
        figures.push(Drawn {
            name: "figure4",
            caption: "Model bias: variance of the class APs, by run",
            svg: bias::figure4(&self.bias()?)?,
        });
        Ok(figures)
    }

    /// The results for standard output.
    pub fn print(&self, format: Format, console: &Console) -> Result<()> {
        let bias = self.bias()?;
        super::print(&match format {
            Format::Csv => tables::correlations_table(&self.detectors).csv(),
            Format::Json => super::json(json!({
                "verdict": verdict::table(self).json(),
                "correlations": tables::correlations_table(&self.detectors).json(),
                "evidence": tables::evidence_table(&self.detectors).json(),
                "commonality": tables::commonality_table(&self.detectors).json(),
                "left_out": tables::left_out_json(&self.detectors),
                "bias": bias::table(&bias).json(),
                "information": run::information_table(&self.information()).json(),
                "warnings": console.warnings(),
            })),
            Format::Table => {
                let left_out = tables::left_out(&self.detectors).into_iter();
                let left_out: String =
                    left_out.map(|(subject, words)| format!("{subject}: {words}\n")).collect();
                verdict::text(self) + &left_out + "\n" + &bias::text(&bias)
            }
        })
    }
}

/// Why a class takes no part in the correlations, if so.
fn reason(class: &Class, analysed: bool) -> Option<String> {
    if class.ap.is_none() {
        Some("no AP".into())
    } else if let Some(refusal) = class.refusal {
        Some(refusal.to_string())
    } else if analysed && class.information.is_none() {
        Some("no embeddings".into())
    } else if class.instances.is_none() {
        Some("no instance count".into())
    } else {
        None
    }
}

/// Drops what says nothing of the classes used, and what is known for fewer than half of them: to hold it
/// constant would cost the others their say.
fn drop_useless_covariates(run: &mut Run, used: &[usize], console: &mut Console) {
    for at in (0..run.covariates.len()).rev() {
        let known = used.iter().filter_map(|&class| run.classes[class].covariates[at]);
        let known: Vec<f64> = known.collect();
        let (classes, of) = (known.len(), used.len());
        let varies = known.iter().any(|value| *value != known[0]);
        if varies && 2 * classes >= of {
            let unknown = used.iter().map(|&class| &run.classes[class]);
            let unknown = unknown.filter(|class| class.covariates[at].is_none());
            let classes: Vec<String> = unknown.map(|class| class.name.clone()).collect();
            if !classes.is_empty() {
                let (runs, covariate) = (vec![run.name.clone()], run.covariates[at].clone());
                console.warn(Warning::UnknownCovariate { runs, covariate, classes });
            }
            continue;
        }
        let (runs, covariate) = (vec![run.name.clone()], run.covariates.remove(at));
        console.warn(Warning::UselessCovariate { runs, covariate, classes, of });
        for class in &mut run.classes {
            class.covariates.remove(at);
        }
    }
}

/// Forgets groups that do not tell which of the classes used are alike.
fn drop_useless_groups(run: &mut Run, used: &[usize], console: &mut Console) {
    let groups = used.iter().map(|&at| &run.classes[at]);
    let groups = groups.map(|class| (class.name.as_str(), class.group.as_deref()));
    if groups.clone().any(|(_, group)| group.is_some()) && !groups_tell(groups) {
        console.warn(Warning::UselessGroups { runs: vec![run.name.clone()] });
        run.classes.iter_mut().for_each(|class| class.group = None);
    }
}

fn correlate(mut run: Run, console: &mut Console) -> Correlated {
    let mut left_out: Vec<(String, Vec<String>)> = Vec::new();
    let mut used = Vec::new();
    for (at, class) in run.classes.iter().enumerate() {
        match reason(class, run.estimator.is_some()) {
            None => used.push(at),
            Some(why) => match left_out.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(class.name.clone()),
                None => left_out.push((why, vec![class.name.clone()])),
            },
        }
    }
    if run.dim.is_some() {
        drop_useless_covariates(&mut run, &used, console);
        drop_useless_groups(&mut run, &used, console);
    }
    let column = |number: fn(&Class) -> Option<f64>| -> Vec<f64> {
        used.iter().filter_map(|&at| number(&run.classes[at])).collect()
    };
    let ap = column(|class| class.ap);
    if let Some((value, classes)) = ap::most_common(&ap) {
        let (runs, of) = (vec![run.name.clone()], ap.len());
        console.warn(Warning::EqualAp { runs, ap: value, classes, of });
    }
    let evidence = run.dim.map(|dim| Evidence::of(&evidence_classes(&run, &used), dim));
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
        console.warn(Warning::NoCorrelation { runs: vec![run.name.clone()], between, why });
    };
    if let Some(Err(why)) = evidence.as_ref().map(|evidence| &evidence.all.information) {
        warn(why, "information amount");
    }
    if let Err(why) = &instances {
        warn(why, "instance count");
    }
    let line = least_squares(&column(|class| Some(class.information?.bits)), &ap);
    Correlated {
        evidence,
        instances: instances.ok(),
        log_instances: log_instances.ok(),
        line: run.dim.and(line),
        used,
        left_out,
        run,
    }
}

/// The classes as the evidence wants them; all have embeddings, instances and AP.
fn evidence_classes<'a>(run: &'a Run, used: &[usize]) -> Vec<evidence::Class<'a>> {
    let class = |&at: &usize| {
        let class = &run.classes[at];
        let information = class.information?;
        Some(evidence::Class {
            name: &class.name,
            information: information.bits,
            floor_bits: information.floor.map(|floor| floor.bits),
            embeddings: class.embeddings?,
            instances: class.instances?,
            covariates: &class.covariates,
            group: class.group.as_deref(),
            ap: class.ap?,
        })
    };
    used.iter().filter_map(class).collect()
}

/// All detectors as one, under an estimator; `None` where fewer than two have a say.
fn over_runs<'a>(detectors: &'a [Vec<Correlated>], estimator: Estimator) -> Option<OverRuns> {
    let under = |one: &&Correlated| one.run.estimator == Some(estimator);
    let all: Vec<&'a Correlated> = detectors.iter().flatten().filter(under).collect();
    let runs = all.iter().filter_map(|one| {
        Some(evidence::Run { classes: evidence_classes(&one.run, &one.used), dim: one.run.dim? })
    });
    let runs: Vec<evidence::Run<'a>> = runs.collect();
    let with = Pooled::of(&runs);
    // The same classes, if that leaves a verdict.
    let plain = |run: &evidence::Run<'a>| match &with {
        Some(_) => run.complete().without_covariates(),
        None => run.without_covariates(),
    };
    let plain: Vec<_> = runs.iter().map(plain).collect();
    let has_covariates = all.iter().any(|one| !one.run.covariates.is_empty());
    let without = has_covariates.then(|| Pooled::of(&plain)).flatten();
    // A covariate need not be one of every run.
    let used = |pooled: &Pooled| pooled.runs.iter().map(|&run| all[run]).collect::<Vec<_>>();
    let used = with.as_ref().map(used).unwrap_or_default();
    let mut covariates: Vec<(String, usize)> = Vec::new();
    for name in used.iter().flat_map(|one| &one.run.covariates) {
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

/// Each run has a name of its own, or its rows could not be told from another's.
fn check_names(detectors: &[Vec<Correlated>]) -> Result<()> {
    let first = detectors.iter().filter_map(|run| run.first());
    let names: Vec<&str> = first.map(|one| one.run.name.as_str()).collect();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(Error::Input(format!(
                "two runs are called {name:?}: give each a name, or each column of AP once"
            )));
        }
    }
    Ok(())
}

impl Correlated {
    /// The classes used.
    pub fn used(&self) -> impl Iterator<Item = &Class> {
        self.used.iter().map(|&at| &self.run.classes[at])
    }

    /// Whether a class has as many embeddings as dimensions.
    pub fn is_large(&self, class: &Class) -> bool {
        self.run.dim.is_some_and(|dim| class.embeddings >= Some(dim as u64))
    }

    /// Information amount against AP.
    pub fn information(&self) -> Option<Pearson> {
        let evidence = self.evidence.as_ref()?;
        Some(evidence.all.information.as_ref().ok()?.pearson)
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

fn figure1(runs: &[&Correlated]) -> Result<String> {
    let panel = |one: &&Correlated| figure::Figure1Panel {
        title: one.run.name.clone(),
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
        pearson: one.count(),
        log_pearson: one.log_count(),
        classes: one
            .run
            .classes
            .iter()
            .filter_map(|class| {
                let instances = class.instances?;
                Some(figure::Figure1Class { name: class.name.clone(), instances, ap: class.ap })
            })
            .collect(),
    };
    Ok(figure::figure1(&runs.iter().map(panel).collect::<Vec<_>>())?)
}

fn figure2(runs: &[&Correlated]) -> Result<String> {
    let bars = |one: &&Correlated| {
        let (backbone, loss) = one.run.bars();
        figure::Figure2Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            information: one.information(),
            instances: one.count(),
            log_instances: one.log_count(),
        }
    };
    Ok(figure::figure2(&runs.iter().map(bars).collect::<Vec<_>>())?)
}

fn scatter(runs: &[&Correlated]) -> Result<String> {
    let point = |class: &Class| {
        Some(figure::ScatterPoint {
            name: class.name.clone(),
            information: class.information?.bits,
            ap: class.ap?,
            instances: class.instances?,
        })
    };
    let panel = |one: &&Correlated| figure::ScatterPanel {
        title: one.run.name.clone(),
        points: one.run.classes.iter().filter_map(point).collect(),
        pearson: one.information(),
        line: one.line,
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
    };
    Ok(figure::scatter(&runs.iter().map(panel).collect::<Vec<_>>())?)
}

fn sensitivity(detectors: &[Vec<Correlated>]) -> Result<String> {
    let row = |one: &Correlated| {
        let partial = one.evidence.as_ref()?.judged.grounds.given_curve.ok();
        Some(figure::SensitivityRow {
            estimator: one.run.estimator?.name().to_owned(),
            raw: one.information().map(Into::into),
            partial: partial.map(Into::into),
        })
    };
    let panel = |detector: &Vec<Correlated>| {
        Some(figure::SensitivityPanel {
            title: detector.first()?.run.name.clone(),
            rows: detector.iter().filter_map(row).collect(),
        })
    };
    Ok(figure::sensitivity(&detectors.iter().filter_map(panel).collect::<Vec<_>>())?)
}
