//! The eigenvalues of a class's covariance Σ = S/m; never its eigenvectors.

use crate::kernel::eigenvalues::{eigenvalues, eigenvalues_above};
use crate::kernel::product::Symmetric;
use crate::kernel::{Blocks, SpectrumError, Value};
use crate::moments::Moments;

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
        let mut eigenvalues = over(eigenvalues(&product)?, instances);
        eigenvalues.resize(dim, 0.0);
        Ok(Some(Spectrum { eigenvalues, instances, fourth_moment }))
    }

    /// Only those eigenvalues of the same Σ, of one embedding at least, that are not below `level`.
    /// `product` is the scatter or the Gram matrix.
    ///
    /// # Errors
    /// As for [`Spectrum::of`].
    pub fn above(
        product: Symmetric,
        instances: u64,
        level: f64,
    ) -> Result<Vec<f64>, SpectrumError> {
        if level <= 0.0 {
            return Ok(over(eigenvalues(&product)?, instances));
        }
        Ok(over(eigenvalues_above(&product, level * instances as f64)?, instances))
    }
}

/// Eigenvalues of S to those of S/m.
fn over(mut eigenvalues: Vec<f64>, instances: u64) -> Vec<f64> {
    for value in &mut eigenvalues {
        *value = (*value / instances as f64).max(0.0);
    }
    eigenvalues
}

/// ln det(I+Σ) for one embedding at least, by a Cholesky factor and without eigenvalues; with them
/// where Σ is so small or so large beside I that rounding would show. `product` is the scatter or the Gram
/// matrix.
///
/// # Errors
/// If the covariance overflows, or the eigenvalue iteration fails.
pub fn log_det(product: Symmetric, instances: u64) -> Result<f64, SpectrumError> {
    let trace: f64 = product.diagonal().sum();
    if !(1.0..1e6).contains(&(trace / instances as f64)) {
        return Ok(over(eigenvalues(&product)?, instances).into_iter().map(f64::ln_1p).sum());
    }
    let mut matrix = Blocks::of(&product, 1.0 / instances as f64);
    drop(product);
    matrix.add_to_diagonal(1.0);
    let log_det = 2.0 * matrix.cholesky().ok_or(SpectrumError::NotFinite)?;
    if log_det.is_finite() { Ok(log_det) } else { Err(SpectrumError::NotFinite) }
}
