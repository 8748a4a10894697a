//! After Eq. 6: the angular margins of the IGAM loss.
//!
//! A margin m_ij > 0 widens the region θ_i < θ_j + m_ij, in which a sample of class i is right in training.
//! At test time there is no margin, and the trained boundary lies nearer to class i: it has lost space
//! (`docs/paper.md`, "Which way a margin moves the boundary").

use std::f64::consts::PI;

use ndarray::Array2;

use crate::kernel::median;
use crate::normalization::Normalized;

/// Classes whose matrix takes 8 GiB.
const MOST_CLASSES: usize = 1 << 15;

/// Why there are no margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarginError {
    /// So many classes.
    #[error(
        "margins between {0} classes need a matrix that is too large (at most {MOST_CLASSES} \
         classes): check that the labels are class labels"
    )]
    TooManyClasses(usize),
    /// No class has an information amount.
    #[error("no class has an information amount, so there are no margins")]
    NoInformation,
}

/// Checks that a matrix of all pairs of classes fits into memory.
///
/// # Errors
/// If not.
pub fn check_size(classes: usize) -> Result<(), MarginError> {
    if classes <= MOST_CLASSES { Ok(()) } else { Err(MarginError::TooManyClasses(classes)) }
}

/// The C×C margins m_ij = max(0, ln(I′_i/I′_j)/π) in radians, row i the true class; `signed` drops
/// the maximum, as the paper's prose has it.
pub fn margins(normalized: &Normalized, signed: bool) -> Array2<f64> {
    let lowest = if signed { f64::NEG_INFINITY } else { 0.0 };
    let margin = |(i, j)| (normalized.log_ratio(i, j) / PI).max(lowest);
    Array2::from_shape_fn((normalized.len(), normalized.len()), margin)
}

/// The classes that have an information amount, and those amounts.
pub fn known(bits: impl Iterator<Item = Option<f64>>) -> (Vec<usize>, Vec<f64>) {
    bits.enumerate().filter_map(|(class, bits)| Some((class, bits?))).unzip()
}

/// The matrix over all classes: those that are not `known` have no margin, 0.
pub fn expand(margins: &Array2<f64>, known: &[usize], classes: usize) -> Array2<f64> {
    let mut all = Array2::zeros((classes, classes));
    for ((i, j), &margin) in margins.indexed_iter() {
        all[(known[i], known[j])] = margin;
    }
    all
}

/// The largest change of a logit s·cosθ by a margin of `margin` radians: 2s·sin(m/2), at θ = (π−m)/2.
pub fn logit_change(margin: f64, scale: f64) -> f64 {
    2.0 * scale * (margin.clamp(-PI, PI) / 2.0).sin()
}

/// A summary of a margin matrix, to judge it before training.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The largest margin, radians.
    pub largest: f64,
    /// The median of those above 0, radians; there is none where no two classes differ.
    pub median_positive: Option<f64>,
    /// For each class its mean gain of angle over the others in training, Σ_j (m_ij − m_ji)/(C−1),
    /// radians. At test time, without margins, a class above 0 has lost space.
    pub gain: Vec<f64>,
}

impl Summary {
    /// Summarizes a C×C margin matrix.
    pub fn of(margins: &Array2<f64>) -> Summary {
        let mut positive: Vec<f64> =
            margins.iter().copied().filter(|&margin| margin > 0.0).collect();
        let largest = positive.iter().copied().fold(0.0, f64::max);
        let others = margins.nrows().saturating_sub(1).max(1) as f64;
        let gain = margins
            .outer_iter()
            .zip(margins.columns())
            .map(|(row, column)| (row.sum() - column.sum()) / others);
        Summary { largest, gain: gain.collect(), median_positive: median(&mut positive) }
    }
}
