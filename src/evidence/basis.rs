//! The numbers that the verdict is based on, those of `verdict.csv`.

use std::collections::HashMap;
use std::hash::Hash;

use super::{Class, Control, columns, logarithm, without_covariates};
use crate::correlation::{
    Clustered, NoCorrelation, Pearson, Refusal, Residuals, pearson, r_squared,
};

/// The numbers that the verdict's rule uses: of one run, or of several runs pooled.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// Number of classes n.
    pub classes: usize,
    /// Pearson's r of I and AP.
    pub information: Result<Pearson, NoCorrelation>,
    /// Pearson's r of m and AP, which the rule does not use.
    pub instances: Result<Pearson, NoCorrelation>,
    /// Pearson's r of log m and AP.
    pub log_instances: Result<Pearson, NoCorrelation>,
    /// Partial correlation of I and AP given [`Control::Line`].
    pub given_line: Result<Pearson, Refusal>,
    /// Partial correlation of I and AP given [`Control::Curve`].
    pub given_curve: Result<Pearson, Refusal>,
    /// The same with a robust error: classes may differ in noise, and the APs of a class in several runs are dependent.
    pub robust: Option<Clustered>,
    /// Number of groups, a class without one counted as one; `None` where none are known that tell which
    /// classes are similar.
    pub groups: Option<usize>,
    /// The same with errors clustered by group: classes of one group may be similar. `None` if not computable.
    pub by_group: Option<Clustered>,
    /// Number of controls k of the curve; for several runs the largest.
    pub controls: usize,
    /// Residual degrees of freedom: n−k−2; for several runs those of [`Clustered`].
    pub residual_df: Option<f64>,
    /// The least |partial r| given the curve that is detected in 80% of cases.
    pub detectable: Option<f64>,
    /// Share of I's variance over classes that the curve of the count explains, without the covariates:
    /// R², adjusted for its columns.
    pub count_share: Option<f64>,
    /// The residual of I.
    pub left: Option<Left>,
    /// Share of all bits that come from the floor, if the estimator has one.
    pub floor_share: Option<f64>,
}

/// The residual of the information amounts given the curve of the count and the covariates.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// Its share 1−R² of their variance.
    pub share: f64,
    /// The fewest classes that make half of it, by name, the most first.
    pub half: Vec<String>,
}

impl Left {
    /// The mean over these runs; `None` if it cannot be computed in one of them.
    pub(super) fn of(runs: &[&Source]) -> Option<Left> {
        let mut share = 0.0;
        let mut squares: HashMap<&str, f64> = HashMap::new();
        for run in runs {
            let left = &run.curve.as_ref().ok()?.x;
            share += left.norm_squared() / runs.len() as f64;
            for (class, left) in run.classes.iter().zip(left) {
                *squares.entry(class.name).or_default() += left * left;
            }
        }
        let mut squares: Vec<(&str, f64)> = squares.into_iter().collect();
        squares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let half = 0.5 * squares.iter().map(|(_, square)| square).sum::<f64>();
        let mut sum = 0.0;
        let most = squares.iter().take_while(|(_, square)| {
            let before = sum;
            sum += square;
            before < half
        });
        Some(Left { share, half: most.map(|(name, _)| name.to_string()).collect() })
    }
}

/// A run with its residuals given either control.
pub(super) struct Source<'a> {
    /// Its classes.
    pub classes: &'a [Class<'a>],
    /// Given the line.
    pub line: Result<Residuals, Refusal>,
    /// Given the curve.
    pub curve: Result<Residuals, Refusal>,
    /// Number of columns of the curve.
    pub controls: usize,
    /// Share of I's variance over classes that the curve without the covariates explains: R², adjusted
    /// for its k columns, 1−(1−R²)(n−1)/(n−k−1).
    pub count_share: Option<f64>,
}

impl Source<'_> {
    /// Of these classes, with embeddings of dimension `dim`.
    pub fn of<'a>(classes: &'a [Class<'a>], dim: usize) -> Source<'a> {
        let (information, _, ap) = columns(classes);
        let curve = Control::Curve.columns(classes, dim);
        Source {
            classes,
            line: Residuals::of(&information, &ap, &Control::Line.columns(classes, dim)),
            curve: Residuals::of(&information, &ap, &curve),
            controls: curve.len(),
            count_share: adjusted(&information, &count(classes, dim)),
        }
    }
}

/// R² of y on columns, adjusted for their number.
fn adjusted(y: &[f64], columns: &[Vec<f64>]) -> Option<f64> {
    let left = y.len().checked_sub(columns.len() + 1).filter(|&left| left > 0)?;
    let unexplained = 1.0 - r_squared(y, columns).ok()?;
    Some(1.0 - unexplained * (y.len() - 1) as f64 / left as f64)
}

/// The columns of the curve without the covariates.
pub(super) fn count(classes: &[Class], dim: usize) -> Vec<Vec<f64>> {
    Control::Curve.columns(&without_covariates(classes), dim)
}

/// Bits from the floor over all bits, where the estimator has a floor.
pub(super) fn floor_share<'a>(classes: impl Iterator<Item = &'a Class<'a>> + Clone) -> Option<f64> {
    let floor: Vec<f64> = classes.clone().map(|class| class.floor_bits).collect::<Option<_>>()?;
    let total: f64 = classes.map(|class| class.information).sum();
    (total > 0.0).then(|| floor.iter().sum::<f64>() / total)
}

/// Whether groups tell which of the classes are similar: they put several into one, and not all. A class
/// without a group is alone.
pub fn groups_tell<'a>(classes: impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone) -> bool {
    let count = classes.clone().count();
    let keys = classes.map(|(name, group)| (group.is_some(), group.unwrap_or(name)));
    let groups = numbers(keys).into_iter().max().map_or(0, |last| last + 1);
    (2..count).contains(&groups)
}

/// A number for each class's group, from 0 on; `None` where the groups do not tell which are similar.
fn groups(classes: &[Class]) -> Option<Vec<usize>> {
    let keys =
        classes.iter().map(|class| (class.group.is_some(), class.group.unwrap_or(class.name)));
    let known = classes.iter().any(|class| class.group.is_some());
    let tell = known && groups_tell(classes.iter().map(|class| (class.name, class.group)));
    tell.then(|| numbers(keys))
}

/// A number for each key, from 0 on: the same for equal ones.
pub(super) fn numbers<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut numbers = HashMap::new();
    let number = |key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    };
    keys.map(number).collect()
}

impl Basis {
    /// The statistics of these classes, with embeddings of dimension `dim`.
    pub fn of(classes: &[Class], dim: usize) -> Basis {
        let source = Source::of(classes, dim);
        let (information, instances, ap) = columns(classes);
        let log: Vec<f64> = classes.iter().map(|class| logarithm(class.instances)).collect();
        let curve = source.curve.as_ref();
        let clustered = |clusters: Vec<usize>| Clustered::of(&[curve.ok()?], &[clusters]);
        let partial = |left: &Result<Residuals, Refusal>| match left {
            Ok(left) => Ok(left.partial()),
            Err(why) => Err(*why),
        };
        let (count, controls) = (classes.len(), source.controls);
        let groups = groups(classes);
        Basis {
            classes: count,
            information: pearson(&information, &ap),
            instances: pearson(&instances, &ap),
            log_instances: pearson(&log, &ap),
            given_line: partial(&source.line),
            given_curve: partial(&source.curve),
            robust: clustered((0..count).collect()),
            groups: groups.as_ref().and_then(|groups| Some(groups.iter().max()? + 1)),
            by_group: groups.and_then(clustered),
            controls,
            residual_df: count.checked_sub(controls + 2).map(|freedom| freedom as f64),
            detectable: curve.ok().and_then(|_| Pearson::detectable(count, controls)),
            count_share: source.count_share,
            left: Left::of(&[&source]),
            floor_share: floor_share(classes.iter()),
        }
    }

    /// The share of AP's variance beyond the count that the interval given the curve still allows for I.
    pub fn largest_share(&self) -> Option<f64> {
        self.given_curve.ok()?.largest_share()
    }
}
