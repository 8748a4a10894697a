//! The numbers of `correlations.csv` and `evidence.csv`.

use super::{Class, columns, logarithm};
use crate::correlation::{
    Influence, NoCorrelation, Pearson, Refusal, Regression, bootstrap, influence, kendall, partial,
    pearson, permutation_p, spearman,
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
    /// All correlations of `x` and `ap`, a number per class each.
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

/// The statistics of some classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Number of classes n.
    pub classes: usize,
    /// I against AP.
    pub information: Result<Association, NoCorrelation>,
    /// m against AP.
    pub instances: Result<Association, NoCorrelation>,
    /// log m against AP.
    pub log_instances: Result<Association, NoCorrelation>,
    /// I and AP given log m.
    pub partial_information: Result<Pearson, Refusal>,
    /// log m and AP given I.
    pub partial_instances: Result<Pearson, Refusal>,
    /// AP ~ 1 + I + log m, in that order.
    pub regression: Result<Regression, Refusal>,
}

impl Statistics {
    /// The statistics of these classes.
    pub fn of(classes: &[Class]) -> Statistics {
        let (information, instances, ap) = columns(classes);
        let log: Vec<f64> = classes.iter().map(|class| logarithm(class.instances)).collect();
        Statistics {
            classes: classes.len(),
            information: Association::of(&information, &ap),
            instances: Association::of(&instances, &ap),
            log_instances: Association::of(&log, &ap),
            partial_information: partial(&information, &ap, &[&log]),
            partial_instances: partial(&log, &ap, &[&information]),
            regression: Regression::of(&ap, &[&information, &log]),
        }
    }
}
