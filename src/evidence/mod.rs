//! Does information amount explain AP beyond the instance count? All that the classes of one run say
//! to that, and what it comes to in words.
//!
//! [`Evidence::of`] is the whole of it. `docs/evidence.md` says what each statistic is for, and shows
//! the rule at work on simulated classes whose truth is known.

mod control;
mod statistics;
mod verdict;
mod words;

pub use control::Control;
pub use statistics::{Association, FloorPart, Grounds, Statistics};
pub use verdict::{Caveat, Finding, LEAST_CLASSES, Share, Verdict};

/// What is known of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class<'a> {
    /// Its name, for the words.
    pub name: &'a str,
    /// Information amount I, bits.
    pub information: f64,
    /// Bits of I that come from the eigenvalue floor, where the estimator has one.
    pub floor_bits: Option<f64>,
    /// Instance count m; 0, which a class with embeddings cannot have, is taken as 1.
    pub instances: u64,
    /// Average precision, on any scale.
    pub ap: f64,
}

/// I, m and AP of each class.
fn columns(classes: &[Class]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let column = |number: fn(&Class) -> f64| classes.iter().map(number).collect();
    (
        column(|class| class.information),
        column(|class| class.instances.max(1) as f64),
        column(|class| class.ap),
    )
}

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Over all classes.
    pub all: Statistics,
    /// Over the classes with m ≥ p alone, whose sample covariance is not singular; `None` where
    /// they are all or none.
    pub large: Option<Statistics>,
    /// What it comes to.
    pub verdict: Verdict,
}

impl Evidence {
    /// The evidence of classes with embeddings of dimension p = `dim`.
    pub fn of(classes: &[Class], dim: usize) -> Evidence {
        let all = Statistics::of(classes, dim);
        let large: Vec<Class> =
            classes.iter().filter(|class| class.instances >= dim as u64).copied().collect();
        let some = !large.is_empty() && large.len() < classes.len();
        let large = some.then(|| Statistics::of(&large, dim));
        let verdict = Verdict::of(classes, dim, &all, large.as_ref());
        Evidence { all, large, verdict }
    }
}
