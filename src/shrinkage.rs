//! Spectrum → spectrum: what stands between the sample covariance and the information amount.

use crate::spectrum::Spectrum;

/// An estimator of the covariance's eigenvalues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimator {
    /// Eigenvalues below the Marchenko–Pastur edge λ₋ = (1−√(p/m))² are raised to it (Listing 1).
    #[default]
    MpFloor,
    /// The sample covariance's eigenvalues as they are (§3.3.1).
    Sample,
}

impl Estimator {
    /// All there are.
    pub const ALL: &'static [Estimator] = &[Estimator::MpFloor, Estimator::Sample];

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::MpFloor => "mp-floor",
            Estimator::Sample => "sample",
        }
    }

    /// Shrinks the p eigenvalues of one class.
    pub fn shrink(self, spectrum: &Spectrum) -> Shrunk {
        match self {
            Estimator::Sample => Shrunk { eigenvalues: spectrum.eigenvalues.clone(), floor: None },
            Estimator::MpFloor => {
                let level = mp_lower_edge(spectrum.eigenvalues.len(), spectrum.instances);
                let floored = spectrum.eigenvalues.iter().filter(|&&value| value < level).count();
                let eigenvalues =
                    spectrum.eigenvalues.iter().map(|value| value.max(level)).collect();
                Shrunk { eigenvalues, floor: Some(Floor { level, floored }) }
            }
        }
    }
}

/// Eigenvalues after shrinkage.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// All p eigenvalues.
    pub eigenvalues: Vec<f64>,
    /// The floor, where the estimator has one.
    pub floor: Option<Floor>,
}

/// What an eigenvalue floor did to a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// The floor λ₋.
    pub level: f64,
    /// How many of the p eigenvalues were below it and now equal it.
    pub floored: usize,
}

/// Eq. 1: the lower edge λ₋ = (1−√(p/m))² of the Marchenko–Pastur law for unit variance. Where
/// p > m the law has no such edge; Listing 1 uses the same expression there, which grows with p/m.
pub fn mp_lower_edge(dim: usize, instances: u64) -> f64 {
    (1.0 - (dim as f64 / instances as f64).sqrt()).powi(2)
}
