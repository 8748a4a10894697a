//! The loss of one embedding from its logits, with the gradient.
//!
//! Each loss is a cross-entropy −ln p_y of logits that it changes first: a_j from z_j. The focal loss weighs
//! it besides.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};

use super::LossKind;
use crate::kernel::exponentials;

/// γ of the focal loss.
const FOCUSING: f64 = 2.0;

/// p of the seesaw loss.
const MITIGATION: f64 = 0.8;

/// q of the seesaw loss.
const COMPENSATION: f64 = 2.0;

/// The largest margin of LDAM, that of the class with the fewest instances.
const LARGEST_LDAM: f64 = 0.5;

/// The weight decay λ of a linear layer, in λ/2·‖W‖² beside the mean loss: detectron2's and mmdetection's
/// 10⁻⁴. A cosine classifier has none, as the lengths of its weights do not matter.
pub const DECAY: f64 = 1e-4;

/// The least sinθ that a slope divides by.
const LEAST_SINE: f64 = 1e-7;

/// A loss of known classes.
#[derive(Clone, Debug)]
pub struct RowLoss {
    change: Change,
    /// γ of the focal loss; 0 for the others.
    focusing: f64,
}

/// How a loss changes the logits z_j of an embedding of class y.
#[derive(Clone, Debug)]
enum Change {
    /// Not at all.
    None,
    /// z_j + o_j for each class j.
    Offsets(Vec<f64>),
    /// z_y − o_y for the true class alone.
    Own(Vec<f64>),
    /// s·cos(θ_j + m_yj), where z_j = s·cosθ_j; at most π.
    Angles { cosines: Array2<f64>, sines: Array2<f64>, scale: f64 },
    /// z_j + min(0, l_j − l_y) + q·max(0, z_j − z_y), where l_j = p·ln n_j.
    Seesaw(Vec<f64>),
}

impl RowLoss {
    /// A loss without margins, of classes with so many training instances. In logarithms, counts below 1 count as 1,
    /// as those of a class that is not in this part of the data. `scale` is s of a cosine classifier.
    ///
    /// # Panics
    /// If the loss needs margins: see [`RowLoss::with_margins`].
    pub fn new(kind: LossKind, counts: &[f64], scale: f64) -> RowLoss {
        assert!(!kind.has_margins(), "{} needs margins", kind.name());
        let logarithms = |by: f64| counts.iter().map(|count| by * count.max(1.0).ln()).collect();
        let change = match kind {
            LossKind::LogitAdjustment => Change::Offsets(logarithms(1.0)),
            LossKind::Seesaw => Change::Seesaw(logarithms(MITIGATION)),
            LossKind::Ldam => {
                let there = counts.iter().copied().filter(|&count| count > 0.0);
                let fewest = there.fold(f64::INFINITY, f64::min);
                // A class without instances is never the true one.
                let margin = |&count: &f64| match count > 0.0 {
                    true => scale * LARGEST_LDAM * (fewest / count).powf(0.25),
                    false => 0.0,
                };
                Change::Own(counts.iter().map(margin).collect())
            }
            _ => Change::None,
        };
        let focusing = if kind == LossKind::Focal { FOCUSING } else { 0.0 };
        RowLoss { change, focusing }
    }

    /// Eq. 6 with these margins (C×C, radians, row = true class) and the scale s.
    pub fn with_margins(margins: ArrayView2<f64>, scale: f64) -> RowLoss {
        // An angle ends at π, so a larger margin does what π does.
        let margins = margins.mapv(|margin| margin.min(PI));
        let change = Change::Angles {
            cosines: margins.mapv(f64::cos),
            sines: margins.mapv(f64::sin),
            scale,
        };
        RowLoss { change, focusing: 0.0 }
    }

    /// The loss of an embedding of class `y` in nats. `z` holds its logits (C), and then the gradient by them;
    /// `a` is room for as many numbers.
    pub fn of_row(&self, y: usize, z: &mut [f64], a: &mut Vec<f64>) -> f64 {
        self.change(y, z, a);
        let own = a[y];
        let (top, sum) = exponentials(a);
        // −ln p_y
        let surprise = sum.ln() + top - own;
        let (loss, factor) = if self.focusing == 0.0 {
            (surprise, 1.0)
        } else {
            let p = (-surprise).exp();
            let (power, wrong) = (self.focusing, 1.0 - p);
            let weight = wrong.powf(power);
            (weight * surprise, weight + power * wrong.powf(power - 1.0) * p * surprise)
        };
        let share = factor / sum;
        a.iter_mut().for_each(|a| *a *= share);
        a[y] -= factor;
        self.chain(y, z, a);
        loss
    }

    /// The changed logits.
    fn change(&self, y: usize, z: &[f64], a: &mut Vec<f64>) {
        a.clear();
        match &self.change {
            Change::None => a.extend_from_slice(z),
            Change::Offsets(offsets) => a.extend(z.iter().zip(offsets).map(|(z, o)| z + o)),
            Change::Own(margins) => {
                a.extend_from_slice(z);
                a[y] -= margins[y];
            }
            Change::Angles { cosines, sines, scale } => {
                let margins = cosines.row(y).into_iter().zip(sines.row(y));
                a.extend(z.iter().zip(margins).map(|(z, (&cos, &sin))| {
                    let cosine = (z / scale).clamp(-1.0, 1.0);
                    if beyond(cosine, cos, sin) {
                        -scale
                    } else {
                        scale * (cosine * cos - (1.0 - cosine * cosine).sqrt() * sin)
                    }
                }));
            }
            Change::Seesaw(logarithms) => a.extend(z.iter().zip(logarithms).map(|(z_j, l_j)| {
                z_j + (l_j - logarithms[y]).min(0.0) + COMPENSATION * (z_j - z[y]).max(0.0)
            })),
        }
    }

    /// From the gradient `a` by the changed logits to that by `z`.
    fn chain(&self, y: usize, z: &mut [f64], a: &[f64]) {
        match &self.change {
            Change::None | Change::Offsets(_) | Change::Own(_) => z.copy_from_slice(a),
            Change::Angles { cosines, sines, scale } => {
                let margins = cosines.row(y).into_iter().zip(sines.row(y));
                for ((z, a), (&cos, &sin)) in z.iter_mut().zip(a).zip(margins) {
                    let cosine = (*z / scale).clamp(-1.0, 1.0);
                    // d cos(θ+m) / d cosθ = sin(θ+m)/sinθ
                    let slope = if sin == 0.0 {
                        1.0
                    } else if beyond(cosine, cos, sin) {
                        0.0
                    } else {
                        let sine = (1.0 - cosine * cosine).sqrt().max(LEAST_SINE);
                        cos + cosine / sine * sin
                    };
                    *z = a * slope;
                }
            }
            Change::Seesaw(_) => {
                let (own, mut back) = (z[y], 0.0);
                for (j, (z, a)) in z.iter_mut().zip(a).enumerate() {
                    let more = if *z > own && j != y { COMPENSATION * a } else { 0.0 };
                    back += more;
                    *z = a + more;
                }
                z[y] -= back;
            }
        }
    }
}

/// Whether θ + m is above π, where the cosine stays −1.
fn beyond(cosine: f64, cos: f64, sin: f64) -> bool {
    sin > 0.0 && cosine < -cos
}
