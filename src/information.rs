//! Eq. 2: the information amount of a class.

use crate::shrinkage::{Estimator, Refusal};
use crate::spectrum::Spectrum;

/// Eq. 2: I = ½ Σ log₂(1+λ) in bits, which is ½ log₂ det(I+Σ) without the determinant: that
/// overflows at p = 1024.
pub fn bits(eigenvalues: &[f64]) -> f64 {
    eigenvalues.iter().map(|value| value.ln_1p()).sum::<f64>() / (2.0 * std::f64::consts::LN_2)
}

/// A class's information amount, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Information {
    /// I in bits.
    pub bits: f64,
    /// Number of embeddings m that it was computed from.
    pub instances: u64,
    /// Dimensions per embedding p/m: above 1 the sample covariance is singular.
    pub dim_per_instance: f64,
    /// What the eigenvalue floor did, where the estimator has one.
    pub floor: Option<FloorShare>,
}

/// The floor's part in an information amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloorShare {
    /// The floor λ₋.
    pub level: f64,
    /// Share of the p eigenvalues that were raised to λ₋, 0 to 1.
    pub fraction: f64,
    /// Bits of I that come from the floor alone, ½ log₂(1+λ₋) for each eigenvalue raised to it:
    /// they depend on p and m, not on the embeddings.
    pub bits: f64,
}

impl Information {
    /// The information amount of a class with this spectrum, under `estimator`.
    ///
    /// # Errors
    /// If the estimator does not exist for this class.
    pub fn of(spectrum: &Spectrum, estimator: Estimator) -> Result<Information, Refusal> {
        let dim = spectrum.eigenvalues.len();
        let shrunk = estimator.shrink(spectrum)?;
        Ok(Information {
            bits: bits(&shrunk.eigenvalues),
            instances: spectrum.instances,
            dim_per_instance: dim as f64 / spectrum.instances as f64,
            floor: shrunk.floor.map(|floor| FloorShare {
                level: floor.level,
                fraction: floor.floored as f64 / dim as f64,
                bits: floor.floored as f64 * bits(&[floor.level]),
            }),
        })
    }
}
