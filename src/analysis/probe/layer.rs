//! Trains one classification layer: the optimum of a loss over some rows.

use crate::error::Result;
use crate::probe::{DECAY, Minimum, RowLoss, minimize};
use crate::rows::Rows;
use crate::stream::{Features, Head, Real, Threads, class_sums, slope};

/// A step that lowers the loss by less than this share is small: after three of them training stops.
const TOLERANCE: f64 = 2e-6;

/// A layer, before it is trained.
pub struct Layer {
    /// Number of classes C.
    pub classes: usize,
    /// The scale s of a cosine classifier; none of a linear one.
    pub scale: Option<f64>,
    /// Most passes over the rows.
    pub epochs: usize,
    /// What runs at once.
    pub threads: Threads,
}

/// Lengths of the rows of a C×p matrix.
fn lengths(matrix: &[f64], dim: usize) -> Vec<f64> {
    let length = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>().sqrt();
    matrix.chunks_exact(dim).map(length).collect()
}

impl Layer {
    /// The layer with the least mean loss over the rows, and how it was found. `labels` and `weights` are of each
    /// row, and the weights sum to 1. `tick` is told of each pass.
    ///
    /// A linear layer begins with zeros, and has weight decay. A cosine classifier begins with the mean direction
    /// of each class.
    ///
    /// # Errors
    /// If reading fails.
    pub fn trained<T: Real, R: Rows>(
        &self,
        features: &Features<T, R>,
        rows: (&[u32], &[f64]),
        loss: &RowLoss,
        tick: &(dyn Fn(u64) + Sync),
    ) -> Result<(Head<T>, Minimum)> {
        let dim = features.dim();
        let (sums, squares) = class_sums(features, rows, self.classes, self.scale.is_some())?;
        let mut mean = vec![0.0; dim];
        for sum in sums.chunks_exact(dim) {
            mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum);
        }
        let variances = squares.iter().zip(&mean).map(|(square, mean)| square - mean * mean);
        let variances: Vec<f64> = variances.map(|variance| variance.max(0.0)).collect();
        // A feature that hardly varies would be blown up, and its weight decay with it.
        let least = variances.iter().sum::<f64>() / dim as f64 + 10.0 * DECAY;
        let spread = variances.iter().map(|variance| (variance + least).sqrt());
        let standard = Standard { spread: spread.collect(), mean };
        let start = match self.scale {
            Some(_) => directions(sums, &standard.mean),
            None => vec![0.0; self.classes * (dim + 1)],
        };
        let of = |parameters: &[f64]| {
            let found = match self.scale {
                Some(scale) => cosine(parameters, scale, features, rows, loss, self.threads),
                None => self.linear(parameters, &standard, features, rows, loss),
            };
            tick(1);
            found
        };
        let minimum = minimize(start, self.epochs, TOLERANCE, of)?;
        let head = match self.scale {
            Some(scale) => cosine_head(&minimum.at, dim, scale),
            None => self.linear_head(&minimum.at, &standard),
        };
        Ok((head, minimum))
    }

    fn linear_head<T: Real>(&self, parameters: &[f64], standard: &Standard) -> Head<T> {
        let Standard { mean, spread } = standard;
        let (weights, bias) = parameters.split_at(self.classes * mean.len());
        let of_feature = || spread.iter().cycle();
        let weights: Vec<f64> = weights.iter().zip(of_feature()).map(|(v, s)| v / s).collect();
        let offset = |(row, bias): (&[f64], &f64)| {
            bias - row.iter().zip(mean).map(|(weight, mean)| weight * mean).sum::<f64>()
        };
        Head {
            offsets: weights.chunks_exact(mean.len()).zip(bias).map(offset).collect(),
            weights: weights.into_iter().map(T::from_f64).collect(),
            cosine: false,
        }
    }

    /// The loss with weight decay of V·(x − mean)/spread + b, and its gradient by V and b.
    fn linear<T: Real, R: Rows>(
        &self,
        parameters: &[f64],
        standard: &Standard,
        features: &Features<T, R>,
        rows: (&[u32], &[f64]),
        loss: &RowLoss,
    ) -> Result<(f64, Vec<f64>)> {
        let Standard { mean, spread } = standard;
        let head = self.linear_head(parameters, standard);
        let slope = slope(features, rows, &head, loss, self.threads)?;
        let (mut gradient, mut squares) = (slope.weights, 0.0);
        let each = gradient.chunks_exact_mut(mean.len()).zip(parameters.chunks_exact(mean.len()));
        for ((gradient, row), offset) in each.zip(&slope.offsets) {
            let of_feature = gradient.iter_mut().zip(row).zip(mean.iter().zip(spread));
            for ((gradient, v), (mean, spread)) in of_feature {
                let weight = v / spread;
                *gradient = (*gradient + DECAY * weight - offset * mean) / spread;
                squares += weight * weight;
            }
        }
        gradient.extend(slope.offsets);
        Ok((slope.loss + DECAY / 2.0 * squares, gradient))
    }
}

/// Mean and spread of each feature. A linear layer is trained on (x − mean)/spread: its optimum and the weight decay
/// are those of x, but it is found sooner, whatever the scale of the features.
struct Standard {
    mean: Vec<f64>,
    /// √(variance + mean variance + 10λ)
    spread: Vec<f64>,
}

/// Sums at length 1; a class without rows points away from the mean.
fn directions(mut sums: Vec<f64>, mean: &[f64]) -> Vec<f64> {
    let dim = mean.len();
    for (row, length) in lengths(&sums, dim).into_iter().enumerate() {
        let row = &mut sums[row * dim..(row + 1) * dim];
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        } else {
            let length = lengths(mean, dim)[0];
            let away = |mean: &f64| if length > 0.0 { -mean / length } else { 1.0 };
            row.iter_mut().zip(mean).for_each(|(value, mean)| *value = away(mean));
        }
    }
    sums
}

/// The weights at length s.
fn cosine_head<T: Real>(parameters: &[f64], dim: usize, scale: f64) -> Head<T> {
    let lengths = lengths(parameters, dim);
    let weight = |(at, weight): (usize, &f64)| T::from_f64(scale * weight / lengths[at / dim]);
    Head {
        weights: parameters.iter().enumerate().map(weight).collect(),
        offsets: vec![0.0; lengths.len()],
        cosine: true,
    }
}

/// The loss of s·cosθ, and its gradient by the weights at any length.
fn cosine<T: Real, R: Rows>(
    parameters: &[f64],
    scale: f64,
    features: &Features<T, R>,
    rows: (&[u32], &[f64]),
    loss: &RowLoss,
    threads: Threads,
) -> Result<(f64, Vec<f64>)> {
    let dim = features.dim();
    let slope = slope(features, rows, &cosine_head(parameters, dim, scale), loss, threads)?;
    let mut gradient = slope.weights;
    let each = gradient.chunks_exact_mut(dim).zip(parameters.chunks_exact(dim));
    for ((gradient, weights), length) in each.zip(lengths(parameters, dim)) {
        // Only what rotates a weight changes a cosine.
        let along: f64 =
            gradient.iter().zip(weights).map(|(g, w)| g * w).sum::<f64>() / (length * length);
        for (gradient, weight) in gradient.iter_mut().zip(weights) {
            *gradient = scale * (*gradient - along * weight) / length;
        }
    }
    Ok((slope.loss, gradient))
}
