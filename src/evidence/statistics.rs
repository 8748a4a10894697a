//! The numbers.

use super::{Class, Control, columns};
use crate::correlation::{
    Influence, NoCorrelation, Pearson, Refusal, Regression, bootstrap, influence, kendall,
    least_squares, partial, pearson, permutation_p, r_squared, robust_p, spearman,
};

/// One number per class against AP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Association {
    /// Pearson's r, its interval and its p-value.
    pub pearson: Pearson,
    /// Spearman's ρ.
    pub spearman: f64,
    /// Kendall's τ-b.
    pub kendall: f64,
    /// Permutation p-value of r.
    pub permutation_p: f64,
    /// Bootstrap 95% interval of r.
    pub bootstrap: Option<(f64, f64)>,
    /// The class whose removal moves r most; from 4 classes on.
    pub influence: Option<Influence>,
}

impl Association {
    /// Everything about `x` and `ap`, a number per class each.
    ///
    /// # Errors
    /// If there is no correlation.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn of(x: &[f64], ap: &[f64]) -> Result<Association, NoCorrelation> {
        Ok(Association {
            pearson: pearson(x, ap)?,
            spearman: spearman(x, ap)?,
            kendall: kendall(x, ap)?,
            permutation_p: permutation_p(x, ap)?,
            bootstrap: bootstrap(x, ap)?,
            influence: influence(x, ap),
        })
    }
}

/// What of the information amounts comes from the eigenvalue floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloorPart {
    /// Share of all bits, 0 to 1.
    pub bits: f64,
    /// Share of the variance over classes, cov(floor bits, I)/var(I). Above 1 the rest of I goes
    /// against the floor, below 0 the floor goes against I. `None` where all I are the same.
    pub variance: Option<f64>,
}

impl FloorPart {
    fn of(classes: &[Class]) -> Option<FloorPart> {
        let floor: Vec<f64> =
            classes.iter().map(|class| class.floor_bits).collect::<Option<_>>()?;
        let (information, ..) = columns(classes);
        let total: f64 = information.iter().sum();
        let line = least_squares(&information, &floor);
        (total > 0.0).then(|| FloorPart {
            bits: floor.iter().sum::<f64>() / total,
            variance: line.map(|line| line.slope),
        })
    }
}

/// What the verdict's rule looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Grounds {
    /// Number of classes n.
    pub classes: usize,
    /// I against AP.
    pub information: Result<Pearson, NoCorrelation>,
    /// log m against AP.
    pub log_instances: Result<Pearson, NoCorrelation>,
    /// I and AP given the count, as [`Control::Line`] has it.
    pub given_line: Result<Pearson, Refusal>,
    /// I and AP given the count, as [`Control::Curve`] has it.
    pub given_curve: Result<Pearson, Refusal>,
    /// Its p-value for classes that are not equally noisy, as [`robust_p`] has it.
    pub robust_p: Result<Option<f64>, Refusal>,
    /// Share R² of I's variance over classes that the curve of the count explains, 0 to 1.
    pub explained_by_count: Result<f64, Refusal>,
    /// The floor's part, where the estimator has one.
    pub floor: Option<FloorPart>,
}

impl Grounds {
    /// The grounds that these classes give, with embeddings of dimension `dim`.
    pub fn of(classes: &[Class], dim: usize) -> Grounds {
        let (information, instances, ap) = columns(classes);
        let [line, curve] =
            [Control::Line, Control::Curve].map(|control| control.columns(classes, dim));
        Grounds {
            classes: classes.len(),
            information: pearson(&information, &ap),
            log_instances: pearson(&logarithms(&instances), &ap),
            given_line: partial(&information, &ap, &line),
            given_curve: partial(&information, &ap, &curve),
            robust_p: robust_p(&information, &ap, &curve),
            explained_by_count: r_squared(&information, &curve),
            floor: FloorPart::of(classes),
        }
    }
}

/// The statistics of some classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// I against AP.
    pub information: Result<Association, NoCorrelation>,
    /// m against AP.
    pub instances: Result<Association, NoCorrelation>,
    /// I and AP given log m.
    pub partial_information: Result<Pearson, Refusal>,
    /// log m and AP given I.
    pub partial_instances: Result<Pearson, Refusal>,
    /// AP ~ 1 + I + log m, in that order.
    pub regression: Result<Regression, Refusal>,
    /// What the verdict's rule looks at.
    pub grounds: Grounds,
}

impl Statistics {
    /// The statistics of these classes, with embeddings of dimension `dim`.
    pub fn of(classes: &[Class], dim: usize) -> Statistics {
        let (information, instances, ap) = columns(classes);
        let log = logarithms(&instances);
        Statistics {
            information: Association::of(&information, &ap),
            instances: Association::of(&instances, &ap),
            partial_information: partial(&information, &ap, &[&log]),
            partial_instances: partial(&log, &ap, &[&information]),
            regression: Regression::of(&ap, &[&information, &log]),
            grounds: Grounds::of(classes, dim),
        }
    }
}

fn logarithms(instances: &[f64]) -> Vec<f64> {
    instances.iter().map(|m| m.ln()).collect()
}
