//! The nonzero eigenvalues, with which both nonlinear estimators begin.

use super::Refusal;
use crate::spectrum::Spectrum;

/// The spectrum of S/n, n = m−1, without its zeros and over its largest, so that no power of an
/// eigenvalue over- or underflows.
pub struct Live {
    /// The eigenvalues above 0, ascending to 1: min(p, n) of them, or fewer where p ≤ n.
    pub values: Vec<f64>,
    /// The largest eigenvalue of S/n.
    scale: f64,
    /// Effective sample size n.
    pub n: f64,
    /// How many more eigenvalues there are because p > n; the estimator raises them.
    pub null: usize,
    /// How many more there are because the embeddings span fewer than p ≤ n dimensions.
    dead: usize,
}

impl Live {
    /// Splits a spectrum of m ≥ 2 embeddings. An eigenvalue is 0 where rounding alone could have
    /// made it: at most p·ε times the largest, the convention of NumPy's `matrix_rank`.
    pub fn of(spectrum: &Spectrum) -> Result<Live, Refusal> {
        let p = spectrum.eigenvalues.len();
        let n = spectrum.instances - 1;
        let largest = spectrum.eigenvalues.iter().copied().fold(0.0, f64::max);
        let mut values = spectrum.eigenvalues.clone();
        if largest > 0.0 {
            values.iter_mut().for_each(|value| *value /= largest);
        }
        values.sort_by(f64::total_cmp);
        let zeros = values.partition_point(|&value| value <= p as f64 * f64::EPSILON);
        let null = p.saturating_sub(n as usize);
        if null > 0 && zeros > null {
            return Err(Refusal::Dependent);
        }
        // Centring leaves m eigenvalues, one of them rounding only.
        let dropped = zeros.max(null);
        Ok(Live {
            values: values.split_off(dropped),
            scale: largest * (spectrum.instances as f64 / n as f64),
            n: n as f64,
            null,
            dead: dropped - null,
        })
    }

    /// All p eigenvalues: those shrunk, the null ones, zeros.
    pub fn join(&self, mut shrunk: Vec<f64>, null: f64) -> Vec<f64> {
        shrunk.resize(shrunk.len() + self.null, null);
        shrunk.iter_mut().for_each(|value| *value *= self.scale);
        shrunk.resize(shrunk.len() + self.dead, 0.0);
        shrunk
    }

    /// Dimensions that the embeddings have, dead ones skipped.
    pub fn dim(&self) -> f64 {
        (self.values.len() + self.null) as f64
    }
}
