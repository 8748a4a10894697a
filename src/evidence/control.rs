//! The instance count, to be held constant.

use super::Class;
use crate::correlation::{independent, natural_spline};
use crate::information::bits;
use crate::shrinkage::mp_lower_edge;

/// Functions of the instance count that are held constant when asking what I says beyond it.
///
/// Where the estimator has a floor, the bits ½ p log₂(1+λ₋) of a class that is all floor are among
/// them: they are a function of p and m alone, of which I is then mostly made, and no curve of few
/// knots follows it closely enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// log m.
    Line,
    /// A natural cubic spline of log m with ⌊n/6⌋ knots for n classes, 4 at least and 10 at most.
    Curve,
}

impl Control {
    /// The functions that say something new, each a number per class; none where all counts are
    /// the same.
    pub fn columns(self, classes: &[Class], dim: usize) -> Vec<Vec<f64>> {
        let instances = || classes.iter().map(|class| class.instances.max(1));
        let log: Vec<f64> = instances().map(|m| (m as f64).ln()).collect();
        let mut columns = vec![log.clone()];
        if classes.iter().any(|class| class.floor_bits.is_some()) {
            let floor = |m| dim as f64 * bits(&[mp_lower_edge(dim, m)]);
            columns.push(instances().map(floor).collect());
        }
        if self == Control::Curve {
            columns.extend(natural_spline(&log, (classes.len() / 6).clamp(4, 10)));
        }
        independent(columns)
    }
}
