//! Eq. 5 and 6: the cosine softmax and the IGAM loss, with their gradients.
//!
//! A margin m_ij > 0 lowers the logit of class j for samples of class i. So their loss and its gradient
//! fall. The trained boundary, without margins, is nearer to class i than that of
//! Eq. 5 (`docs/paper.md`, "Which way a margin moves the boundary").

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// The paper's scale s of the logits s·cosθ.
pub const SCALE: f64 = 30.0;

/// The rows of a matrix at unit length; a row of zeros has no direction and stays.
pub fn unit_rows(mut matrix: Array2<f64>) -> Array2<f64> {
    for mut row in matrix.outer_iter_mut() {
        let length = row.dot(&row).sqrt();
        if length > 0.0 {
            row /= length;
        }
    }
    matrix
}

/// A batch of B samples over C classes.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    cosines: ArrayView2<'a, f64>,
    labels: &'a [usize],
}

/// Why a batch cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LossError {
    /// Shapes that do not go together.
    #[error("the cosines are of {samples} samples, the labels of {labels}")]
    Samples {
        /// Rows of the cosines.
        samples: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label that is no class.
    #[error("the label {label} of sample {sample} is not one of {classes} classes")]
    Label {
        /// The sample.
        sample: usize,
        /// Its label.
        label: usize,
        /// Number of classes C.
        classes: usize,
    },
    /// A number that is no cosine.
    #[error("{value} for class {class} of sample {sample} is not a cosine")]
    Cosine {
        /// The sample.
        sample: usize,
        /// The class.
        class: usize,
        /// The number.
        value: f64,
    },
    /// Margins of other classes.
    #[error("the margins are {rows}×{columns}, but there are {classes} classes")]
    Margins {
        /// Rows of the margins.
        rows: usize,
        /// Columns of the margins.
        columns: usize,
        /// Number of classes C.
        classes: usize,
    },
}

/// How far beyond ±1 rounding may carry a cosine; it is then taken for ±1.
const ROUNDING: f64 = 1e-6;

/// The least sinθ that the gradient divides by: at cosθ = 1 a positive margin has no finite slope.
const LEAST_SINE: f64 = 1e-7;

impl<'a> Batch<'a> {
    /// Cosines cosθ (B×C) between each sample's embedding and each class's weight, and the samples'
    /// classes.
    ///
    /// # Errors
    /// If a label is no class, or a number no cosine.
    pub fn new(cosines: ArrayView2<'a, f64>, labels: &'a [usize]) -> Result<Batch<'a>, LossError> {
        let (samples, classes) = cosines.dim();
        if samples != labels.len() {
            return Err(LossError::Samples { samples, labels: labels.len() });
        }
        for (sample, &label) in labels.iter().enumerate() {
            if label >= classes {
                return Err(LossError::Label { sample, label, classes });
            }
        }
        for ((sample, class), &value) in cosines.indexed_iter() {
            if value.is_nan() || value.abs() > 1.0 + ROUNDING {
                return Err(LossError::Cosine { sample, class, value });
            }
        }
        Ok(Batch { cosines, labels })
    }

    /// Eq. 6 for each sample, in nats:
    /// −ln(e^{s·cosθ_i} / (e^{s·cosθ_i} + Σ_{j≠i} e^{s·cos(θ_j+m_ij)})), with θ_j+m_ij at most π.
    /// `margins` is C×C in radians, row i the true class; with zero margins this is the cosine
    /// softmax of Eq. 5. The loss of the batch is the mean.
    ///
    /// # Errors
    /// If the margins are not C×C.
    pub fn losses(&self, margins: ArrayView2<f64>, scale: f64) -> Result<Vec<f64>, LossError> {
        self.check(margins)?;
        Ok(self.samples(margins, scale).map(|sample| sample.loss()).collect())
    }

    /// The gradient of each sample's Eq. 6 with respect to its cosines (B×C); that of the batch's
    /// mean is this divided by B. At cosθ_j = 1 a positive margin makes it infinite: there, the
    /// sine that it divides by is taken for 10⁻⁷.
    ///
    /// # Errors
    /// If the margins are not C×C.
    pub fn gradients(
        &self,
        margins: ArrayView2<f64>,
        scale: f64,
    ) -> Result<Array2<f64>, LossError> {
        self.check(margins)?;
        let mut gradients = Array2::zeros(self.cosines.dim());
        for (sample, mut gradient) in self.samples(margins, scale).zip(gradients.outer_iter_mut()) {
            for (j, gradient) in gradient.iter_mut().enumerate() {
                let share = sample.share(j);
                *gradient = scale
                    * if j == sample.label {
                        -sample.rest / sample.sum()
                    } else {
                        share * slope(sample.cosines[j], sample.margins[j])
                    };
            }
        }
        Ok(gradients)
    }

    fn check(&self, margins: ArrayView2<f64>) -> Result<(), LossError> {
        let (rows, columns) = margins.dim();
        let classes = self.cosines.ncols();
        if (rows, columns) == (classes, classes) {
            Ok(())
        } else {
            Err(LossError::Margins { rows, columns, classes })
        }
    }

    fn samples<'b>(
        &'b self,
        margins: ArrayView2<'b, f64>,
        scale: f64,
    ) -> impl Iterator<Item = Sample<'b>> {
        self.cosines.outer_iter().zip(self.labels).map(move |(cosines, &label)| {
            Sample::new(cosines, margins.index_axis_move(Axis(0), label), label, scale)
        })
    }
}

/// The mean loss of some samples without and with margins, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanLoss {
    samples: u64,
    cosine_softmax: f64,
    igam: f64,
}

impl MeanLoss {
    /// Of one sample: its Eq. 5 and its Eq. 6.
    pub fn new(cosine_softmax: f64, igam: f64) -> MeanLoss {
        MeanLoss { samples: 1, cosine_softmax, igam }
    }

    /// Adds other samples.
    pub fn add(&mut self, other: MeanLoss) {
        self.samples += other.samples;
        self.cosine_softmax += other.cosine_softmax;
        self.igam += other.igam;
    }

    /// Number of samples.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Mean Eq. 5; none of no samples.
    pub fn cosine_softmax(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.cosine_softmax / self.samples as f64)
    }

    /// Mean Eq. 6; none of no samples.
    pub fn igam(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.igam / self.samples as f64)
    }

    /// Mean Eq. 6 minus mean Eq. 5.
    pub fn difference(&self) -> Option<f64> {
        Some(self.igam()? - self.cosine_softmax()?)
    }
}

/// The logits of one sample relative to that of its true class i.
struct Sample<'a> {
    cosines: ArrayView1<'a, f64>,
    margins: ArrayView1<'a, f64>,
    label: usize,
    /// z_j − z_i: how far the logit of each class is above that of the true one.
    lead: Vec<f64>,
    /// The greatest lead, at least the true class's own 0: what keeps the exponentials finite.
    top: f64,
    /// Σ_{j≠i} e^{lead − top}.
    rest: f64,
}

impl<'a> Sample<'a> {
    fn new(
        cosines: ArrayView1<'a, f64>,
        margins: ArrayView1<'a, f64>,
        label: usize,
        scale: f64,
    ) -> Self {
        let own = cosines[label].clamp(-1.0, 1.0);
        let lead = |(j, (&cosine, &margin)): (usize, (&f64, &f64))| {
            if j == label { 0.0 } else { scale * (shifted(cosine, margin) - own) }
        };
        let lead: Vec<_> = cosines.iter().zip(margins).enumerate().map(lead).collect();
        let top = lead.iter().copied().fold(0.0, f64::max);
        let others = lead.iter().enumerate().filter(|&(j, _)| j != label);
        let rest = others.map(|(_, lead)| (lead - top).exp()).sum();
        Sample { cosines, margins, label, lead, top, rest }
    }

    /// Σ_j e^{lead − top}.
    fn sum(&self) -> f64 {
        self.rest + (-self.top).exp()
    }

    fn loss(&self) -> f64 {
        // ln_1p keeps the digits of a loss near 0.
        if self.top > 0.0 { self.top + self.sum().ln() } else { self.rest.ln_1p() }
    }

    /// The softmax's share of class `j`.
    fn share(&self, j: usize) -> f64 {
        (self.lead[j] - self.top).exp() / self.sum()
    }
}

/// cos(θ+m), with θ+m at most π.
fn shifted(cosine: f64, margin: f64) -> f64 {
    let cosine = cosine.clamp(-1.0, 1.0);
    if margin == 0.0 { cosine } else { (cosine.acos() + margin).min(PI).cos() }
}

/// The derivative of cos(θ+m) by cosθ, sin(θ+m)/sinθ.
fn slope(cosine: f64, margin: f64) -> f64 {
    let angle = cosine.clamp(-1.0, 1.0).acos();
    if margin == 0.0 {
        1.0
    } else if angle + margin >= PI {
        0.0
    } else {
        (angle + margin).sin() / angle.sin().max(LEAST_SINE)
    }
}
