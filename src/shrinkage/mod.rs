//! Spectrum → spectrum: the covariance estimators, between the sample covariance and the information amount.
//!
//! Every estimator here keeps the sample's eigenvectors, which Eq. 2 does not need, and moves its
//! eigenvalues. All scale with the square of the embeddings.

mod ledoit_peche;
mod linear;
mod mp_floor;
mod nonzero;
mod qis;

pub use linear::ledoit_wolf_intensity;
pub use mp_floor::{Floor, Shrunk, mp_floor, mp_lower_edge};

use serde::{Deserialize, Serialize};

use crate::spectrum::Spectrum;

/// An estimator of the covariance's eigenvalues.
///
/// ```
/// use igam_analyze::Estimator;
///
/// let names: Vec<_> = Estimator::ALL.iter().map(|estimator| estimator.name()).collect();
/// assert!(names.contains(&"mp-floor") && names.contains(&"sample"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Estimator {
    /// Eigenvalues below the Marchenko–Pastur edge λ₋ = (1−√(p/m))² are raised to it (Listing 1).
    /// Takes any m ≥ 1.
    #[default]
    MpFloor,
    /// The sample covariance's eigenvalues as they are (§3.3.1). Takes any m ≥ 1.
    Sample,
    /// Analytical nonlinear shrinkage: the closed-form estimate of the Ledoit–Péché oracle, the
    /// best that can be done with the sample's eigenvectors. Ledoit and Wolf, "Analytical
    /// nonlinear shrinkage of large-dimensional covariance matrices", Annals of Statistics 48(5),
    /// 2020.
    ///
    /// As in the authors' code, the sample covariance is S/n with n = m−1, and n ≥ 12: refused
    /// below m = 13 ([`Refusal::TooFew`]). Embeddings that span r < p ≤ n dimensions are taken as
    /// r-dimensional: the other p−r eigenvalues stay 0 and add nothing to Eq. 2. Refused where
    /// p > n and they span fewer than n dimensions ([`Refusal::Dependent`]).
    LedoitPeche,
    /// Quadratic-inverse shrinkage: Ledoit and Wolf, "Quadratic shrinkage for large covariance
    /// matrices", Bernoulli 28(3), 2022.
    ///
    /// As in the authors' code, the sample covariance is S/n with n = m−1, and its trace is preserved.
    /// Refused below m = 2 ([`Refusal::TooFew`]). Fewer dimensions than min(p, n) are treated as
    /// by [`Estimator::LedoitPeche`].
    Qis,
    /// Linear shrinkage of S/m towards the scaled identity: Ledoit and Wolf, "A well-conditioned
    /// estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis
    /// 88(2), 2004. The intensity depends on [`Spectrum::fourth_moment`].
    ///
    /// Refused below m = 2 ([`Refusal::TooFew`]), and where that moment leaves the range of f64
    /// ([`Refusal::Range`]). Embeddings that are all the same have all eigenvalues 0.
    LedoitWolf,
    /// Oracle-approximating linear shrinkage of S/m towards the scaled identity, optimal for
    /// normally distributed embeddings: Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for
    /// MMSE covariance estimation", IEEE Transactions on Signal Processing 58(10), 2010. As in
    /// scikit-learn, without the terms 2/p of the paper's Eq. 23.
    ///
    /// Refused below m = 2 ([`Refusal::TooFew`]). Embeddings that are all the same have all
    /// eigenvalues 0.
    Oas,
}

/// Why an estimator gives no eigenvalues for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// Fewer embeddings than the estimator needs.
    #[error("fewer than {needed} embeddings")]
    TooFew {
        /// The smallest m.
        needed: u64,
    },
    /// p ≥ m, and yet some of the m−1 eigenvalues are 0: the spectrum cannot tell repeated
    /// embeddings from dead dimensions.
    #[error(
        "m ≤ p embeddings that span fewer than m−1 dimensions (repeated embeddings, or constant \
         dimensions)"
    )]
    Dependent,
    /// The fourth moment over- or underflows f64.
    #[error("embeddings too large or too small for their fourth power: rescale them")]
    Range,
}

impl Estimator {
    /// All values.
    pub const ALL: &'static [Estimator] = &[
        Estimator::MpFloor,
        Estimator::Sample,
        Estimator::LedoitPeche,
        Estimator::Qis,
        Estimator::LedoitWolf,
        Estimator::Oas,
    ];

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::MpFloor => "mp-floor",
            Estimator::Sample => "sample",
            Estimator::LedoitPeche => "ledoit-peche",
            Estimator::Qis => "qis",
            Estimator::LedoitWolf => "ledoit-wolf",
            Estimator::Oas => "oas",
        }
    }

    /// The smallest number of embeddings m that the estimator takes.
    pub fn least_instances(self) -> u64 {
        match self {
            Estimator::MpFloor | Estimator::Sample => 1,
            Estimator::Qis | Estimator::LedoitWolf | Estimator::Oas => 2,
            Estimator::LedoitPeche => 13,
        }
    }

    /// Shrinks the p eigenvalues of one class.
    ///
    /// # Errors
    /// If the estimator does not exist for this class; see each.
    pub fn shrink(self, spectrum: &Spectrum) -> Result<Shrunk, Refusal> {
        let needed = self.least_instances();
        if spectrum.instances < needed {
            return Err(Refusal::TooFew { needed });
        }
        let eigenvalues = match self {
            Estimator::MpFloor => {
                let dim = spectrum.eigenvalues.len();
                return Ok(mp_floor(dim, spectrum.instances, &spectrum.eigenvalues));
            }
            Estimator::Sample => spectrum.eigenvalues.clone(),
            Estimator::LedoitPeche => ledoit_peche::shrink(spectrum)?,
            Estimator::Qis => qis::shrink(spectrum)?,
            Estimator::LedoitWolf => linear::ledoit_wolf(spectrum)?,
            Estimator::Oas => linear::oas(spectrum),
        };
        Ok(Shrunk { eigenvalues, floor: None })
    }
}
