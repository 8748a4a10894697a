//! What is held constant: the instance count, and the covariates.

use super::{Class, logarithm};
use crate::correlation::{independent, natural_spline, r_squared};
use crate::information::bits;
use crate::shrinkage::mp_lower_edge;

/// The controls, which are held constant: functions of the instance count m, and
/// every covariate as it is.
///
/// Where the embeddings are counted otherwise than the instances, both counts are held constant: AP may go
/// with the one and I with the other. Where the estimator has a floor, the bits ½ p log₂(1+λ₋) of a
/// class that is all floor are among the functions: they depend on p and on the number of embeddings
/// alone, I is mostly made of them, and no curve of few knots follows them closely enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The logarithms of the counts.
    Line,
    /// Natural cubic splines of them with ⌊n/6⌋ knots for n classes, 4 at least and 10 at most.
    Curve,
}

/// The share of the variance of the logarithm of embeddings that log m must leave for them to be a count of
/// their own: a few rows that are missing in a dump are none.
const ANOTHER_COUNT: f64 = 0.01;

impl Control {
    /// The columns that say something new, each a number per class; those of unknown covariates are
    /// 0. None where all counts and covariates are the same.
    ///
    /// # Panics
    /// If the classes have covariates of different number.
    pub fn columns(self, classes: &[Class], dim: usize) -> Vec<Vec<f64>> {
        let logarithms = |count: fn(&Class) -> u64| -> Vec<f64> {
            classes.iter().map(|class| logarithm(count(class))).collect()
        };
        let mut counts = vec![logarithms(|class| class.instances)];
        let embeddings = logarithms(|class| class.embeddings);
        let known = r_squared(&embeddings, &independent(counts.clone())).unwrap_or(1.0);
        if 1.0 - known > ANOTHER_COUNT {
            counts.push(embeddings);
        }
        let mut columns = counts.clone();
        if classes.iter().any(|class| class.floor_bits.is_some()) {
            let edge = |class: &Class| mp_lower_edge(dim, class.embeddings.max(1));
            columns.push(classes.iter().map(|class| dim as f64 * bits(&[edge(class)])).collect());
        }
        columns.extend(covariates(classes));
        if self == Control::Curve {
            let knots = (classes.len() / 6).clamp(4, 10);
            columns.extend(counts.iter().flat_map(|count| natural_spline(count, knots)));
        }
        independent(columns)
    }
}

/// The covariates, each a number per class.
pub(super) fn covariates(classes: &[Class]) -> Vec<Vec<f64>> {
    let count = classes.first().map_or(0, |class| class.covariates.len());
    let column =
        |at: usize| classes.iter().map(|class| class.covariates[at].unwrap_or_default()).collect();
    (0..count).map(column).collect()
}
