//! The eigenvalues of a class's covariance Σ = S/m; never its eigenvectors.

use crate::eigenvalues::eigenvalues;
use crate::moments::{Moments, Value};

/// Why a spectrum could not be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpectrumError {
    /// A product of embeddings overflowed, or an embedding is itself not finite.
    #[error(
        "the covariance is not finite: the embeddings are too large or not finite; rescale them"
    )]
    NotFinite,
    /// The eigenvalue iteration did not converge.
    #[error("the eigenvalues of the covariance did not converge")]
    NoConvergence,
}

/// The p eigenvalues of the covariance Σ of m embeddings.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// All p eigenvalues λ ≥ 0, in no particular order; where m ≤ p, p−m of them are exactly 0.
    pub eigenvalues: Vec<f64>,
    /// Number of embeddings m.
    pub instances: u64,
    /// Σ‖x−μ‖⁴ over the embeddings.
    pub fourth_moment: f64,
}

impl Spectrum {
    /// The spectrum of Σ = S/m, through the m×m Gram matrix of the centred rows where m ≤ p.
    /// A class without rows has none.
    ///
    /// # Errors
    /// If the covariance overflows, or the eigenvalue iteration fails.
    pub fn of<T: Value>(moments: Moments<T>) -> Result<Option<Spectrum>, SpectrumError> {
        let (dim, instances) = (moments.dim(), moments.count());
        if instances == 0 {
            return Ok(None);
        }
        let (product, fourth_moment) = moments.into_product();
        let mut eigenvalues = eigenvalues(product.into_matrix())?;
        for value in &mut eigenvalues {
            *value = (*value / instances as f64).max(0.0);
        }
        eigenvalues.resize(dim, 0.0);
        Ok(Some(Spectrum { eigenvalues, instances, fourth_moment }))
    }
}
