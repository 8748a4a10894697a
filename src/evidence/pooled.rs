//! Several runs of the same classes, pooled: they are not independent experiments.

use std::collections::HashMap;

use super::basis::{Source, floor_share, numbers};
use super::verdict::too_few;
use super::{
    Basis, Caveat, Class, Control, Judged, Left, Verdict, columns, complete, logarithm,
    without_covariates,
};
use crate::correlation::{
    Clustered, NoCorrelation, Pearson, Refusal, Residuals, leave_one_out, partial, pearson,
};

/// One of several runs.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// Its classes, which are those of the other runs where they have the same name.
    pub classes: Vec<Class<'a>>,
    /// Dimension p of its embeddings.
    pub dim: usize,
}

/// The evidence of several runs: mean correlations over the runs, whose errors are clustered by class.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// Indices of the runs that are used: those with enough classes, and neither I nor AP constant.
    pub runs: Vec<usize>,
    /// How dependent the runs are; `None` if two have no r of AP.
    pub agreement: Option<Agreement>,
    /// The numbers and the verdict over the runs.
    pub judged: Judged,
}

/// The correlation of AP between runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The least r of AP between two of the runs.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
    /// The effective number of independent runs: R/(1+(R−1)ρ̄) for R runs of mean correlation ρ̄.
    pub effective: f64,
}

impl<'a> Run<'a> {
    /// The run without its covariates.
    pub fn without_covariates(&self) -> Run<'a> {
        Run { classes: without_covariates(&self.classes), ..*self }
    }

    /// The run with only the classes that have all covariates.
    pub fn complete(&self) -> Run<'a> {
        Run { classes: complete(&self.classes), ..*self }
    }

    fn without(&self, name: &str) -> Run<'a> {
        let others = self.classes.iter().filter(|class| class.name != name);
        Run { classes: others.copied().collect(), ..*self }
    }

    fn has_a_say(&self) -> bool {
        let source = Source::of(&self.classes, self.dim);
        source.curve.is_ok() && too_few(self.classes.len(), source.controls).is_none()
    }
}

impl Pooled {
    /// The evidence of the runs that are used, over the classes of which all covariates are known; `None`
    /// where they are fewer than two.
    pub fn of(runs: &[Run]) -> Option<Pooled> {
        let complete = runs.iter().map(Run::complete).enumerate();
        let (places, runs): (Vec<usize>, Vec<Run>) =
            complete.filter(|(_, run)| run.has_a_say()).unzip();
        let basis = basis(&runs)?;
        let verdict = Verdict::new(&basis, || rests_on(&runs));
        Some(Pooled {
            runs: places,
            agreement: Agreement::of(&runs),
            judged: Judged { basis, verdict },
        })
    }
}

/// The rule's numbers over several runs; `None` with fewer than two.
fn basis(runs: &[Run]) -> Option<Basis> {
    if runs.len() < 2 {
        return None;
    }
    let sources: Vec<Source> = runs.iter().map(|run| Source::of(&run.classes, run.dim)).collect();
    let all: Vec<Class> = runs.iter().flat_map(|run| run.classes.iter().copied()).collect();
    let by_class = by_class(runs);
    let count = by_class.iter().flatten().max()? + 1;
    let given = |left: fn(&Source) -> Result<Residuals, Refusal>, clusters: &[Vec<usize>]| {
        clustered(sources.iter().map(left), clusters)
    };
    let curve = |source: &Source| source.curve.clone();
    let robust = given(curve, &by_class).ok()?;
    let groups = by_group(runs);
    let by_group = groups.as_ref().and_then(|groups| given(curve, groups).ok());
    let line = given(|source| source.line.clone(), &by_class);
    let shares = sources.iter().map(|source| source.count_share);
    Some(Basis {
        classes: count,
        information: mean(runs, |class| class.information),
        instances: mean(runs, |class| class.instances as f64),
        log_instances: mean(runs, |class| logarithm(class.instances)),
        given_line: line.map(|line| line.pearson(count)),
        given_curve: Ok(robust.pearson(count)),
        robust: Some(robust),
        groups: groups.and_then(|groups| Some(groups.iter().flatten().max()? + 1)),
        by_group,
        controls: sources.iter().map(|source| source.controls).max()?,
        residual_df: Some(robust.freedom),
        detectable: robust.detectable(),
        count_share: shares.sum::<Option<f64>>().map(|sum| sum / runs.len() as f64),
        left: Left::of(&sources.iter().collect::<Vec<_>>()),
        floor_share: floor_share(all.iter()),
    })
}

/// The mean correlation, or partial correlation, of runs.
fn clustered(
    left: impl Iterator<Item = Result<Residuals, Refusal>>,
    clusters: &[Vec<usize>],
) -> Result<Clustered, Refusal> {
    let left: Vec<Residuals> = left.collect::<Result<_, _>>()?;
    Clustered::of(&left.iter().collect::<Vec<_>>(), clusters).ok_or(Refusal::Exact)
}

/// The mean correlation of a number of each class with AP.
fn mean(runs: &[Run], x: fn(&Class) -> f64) -> Result<Pearson, NoCorrelation> {
    let left = |run: &Run| {
        let (.., ap) = columns(&run.classes);
        let x: Vec<f64> = run.classes.iter().map(x).collect();
        Residuals::of(&x, &ap, &[] as &[&[f64]])
    };
    let clusters = by_class(runs);
    let classes = clusters.iter().flatten().max().map_or(0, |last| last + 1);
    let mean = clustered(runs.iter().map(left), &clusters);
    mean.map(|mean| mean.pearson(classes)).map_err(|why| match why {
        Refusal::ConstantY => NoCorrelation::ConstantY,
        _ => NoCorrelation::ConstantX,
    })
}

/// A number for each class of each run: the same for those of one name.
fn by_class(runs: &[Run]) -> Vec<Vec<usize>> {
    let names = runs.iter().flat_map(|run| run.classes.iter().map(|class| class.name));
    by_run(runs, numbers(names))
}

/// A number for each class of each run: the same for those of one name, and for those that a run puts into
/// one group. `None` where that does not tell which classes are similar.
fn by_group(runs: &[Run]) -> Option<Vec<Vec<usize>>> {
    let names = by_class(runs);
    // The class that stands for each class's cluster; it is its own to begin with.
    let mut stands: Vec<usize> = (0..=*names.iter().flatten().max()?).collect();
    let classes = stands.len();
    let mut known = false;
    for (run, names) in runs.iter().zip(&names) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (class, &name) in run.classes.iter().zip(names) {
            let Some(group) = class.group else { continue };
            known = true;
            let (cluster, other) = (stands[name], stands[*first.entry(group).or_insert(name)]);
            stands.iter_mut().filter(|stand| **stand == other).for_each(|stand| *stand = cluster);
        }
    }
    let clusters = numbers(names.iter().flatten().map(|&name| stands[name]));
    let count = clusters.iter().max().map_or(0, |last| last + 1);
    (known && (2..classes).contains(&count)).then(|| by_run(runs, clusters))
}

/// Numbers of all classes of all runs, by run.
fn by_run(runs: &[Run], numbers: Vec<usize>) -> Vec<Vec<usize>> {
    let mut numbers = numbers.into_iter();
    runs.iter().map(|run| numbers.by_ref().take(run.classes.len()).collect()).collect()
}

/// The class without which the mean partial correlations are not both clear of 0, if it is the one that
/// leaves the least given the curve.
fn rests_on(runs: &[Run]) -> Option<Caveat> {
    let (mut total, mut shifts) = (0.0, HashMap::<&str, f64>::new());
    for run in runs {
        let (information, _, ap) = columns(&run.classes);
        let controls = Control::Curve.columns(&run.classes, run.dim);
        let all = partial(&information, &ap, &controls).ok()?.r;
        let others = leave_one_out(&information, &ap, &controls).ok()?;
        total += all;
        for (class, others) in run.classes.iter().zip(others) {
            *shifts.entry(class.name).or_default() += others.map_or(0.0, |left| left.r) - all;
        }
    }
    let left = |shift: f64| (total + shift).abs();
    let least = |a: &(&str, f64), b: &(&str, f64)| {
        left(a.1).total_cmp(&left(b.1)).then_with(|| a.0.cmp(b.0))
    };
    let (name, _) = shifts.into_iter().min_by(least)?;
    let others: Vec<Run> = runs.iter().map(|run| run.without(name)).collect();
    let left = basis(&others);
    match left {
        None => Some(Caveat::RestsOn { class: name.to_owned(), given_line: false, without: None }),
        Some(left) => Caveat::rests_on(name, left.given_line.ok(), left.given_curve.ok()),
    }
}

impl Agreement {
    fn of(runs: &[Run]) -> Option<Agreement> {
        let (mut least, mut greatest, mut sum, mut pairs) =
            (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0);
        for (at, a) in runs.iter().enumerate() {
            for b in &runs[..at] {
                let of_b: HashMap<&str, f64> =
                    b.classes.iter().map(|class| (class.name, class.ap)).collect();
                let both =
                    a.classes.iter().filter_map(|class| Some((class.ap, *of_b.get(class.name)?)));
                let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
                let r = pearson(&x, &y).ok()?.r;
                (least, greatest) = (least.min(r), greatest.max(r));
                (sum, pairs) = (sum + r, pairs + 1);
            }
        }
        let total = runs.len() as f64;
        let mean: f64 = (sum / f64::from(pairs)).max(0.0);
        (pairs > 0).then(|| Agreement {
            least,
            greatest,
            effective: total / (1.0 + (total - 1.0) * mean),
        })
    }
}
