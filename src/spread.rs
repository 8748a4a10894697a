//! Size and effective dimension of the spread of a class's embeddings.

use serde::{Deserialize, Serialize};

use crate::kernel::product::Symmetric;

/// Fewest eigenvalues that a decay is fitted to.
const FEWEST: usize = 5;

/// What the p eigenvalues λ of a class's sample covariance Σ = S/m come to. Those of the estimators are
/// not meant: a floor would hide what is asked. Of m embeddings, m−1 directions are the most.
///
/// Total variance and participation ratio are had from the covariance itself, tr Σ and tr²Σ/‖Σ‖². The
/// others need all eigenvalues, and is there where an estimator has computed them: all but `mp-floor` and
/// `sample` do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Σλ.
    pub total_variance: f64,
    /// Participation ratio (Σλ)²/Σλ²: the number of directions, were all alike.
    pub effective_dimension: f64,
    /// Effective rank exp(−Σ q ln q), q = λ/Σλ (Roy and Vetterli 2007).
    pub effective_rank: Option<f64>,
    /// Largest λ over Σλ.
    pub largest_share: Option<f64>,
    /// Spectral decay α, minus the slope of ln λ on the ln of its rank by least squares (Agrawal, Mondal,
    /// Ghosh and Richards, "α-ReQ", NeurIPS 2022). Fitted to the larger half of the eigenvalues that are
    /// not 0, five at least: few instances bend the smaller half down.
    pub decay: Option<f64>,
}

impl Spread {
    /// That of all eigenvalues of a covariance; those that are 0 may be missing. Embeddings that are all
    /// the same have none.
    ///
    /// ```
    /// use igam_analyze::types::Spread;
    ///
    /// let spread = Spread::of(&[2.0, 2.0, 0.0]).unwrap();
    /// assert_eq!((spread.total_variance, spread.effective_dimension), (4.0, 2.0));
    /// assert!((spread.effective_rank.unwrap() - 2.0).abs() < 1e-15);
    /// ```
    pub fn of(eigenvalues: &[f64]) -> Option<Spread> {
        let total: f64 = eigenvalues.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let shares = || eigenvalues.iter().map(|value| value / total);
        let entropy: f64 = shares().filter(|&q| q > 0.0).map(|q| -q * q.ln()).sum();
        Some(Spread {
            total_variance: total,
            effective_dimension: 1.0 / shares().map(|q| q * q).sum::<f64>(),
            effective_rank: Some(entropy.exp()),
            largest_share: Some(shares().fold(0.0, f64::max)),
            decay: decay(eigenvalues),
        })
    }

    /// What is had without eigenvalues, of the scatter or the Gram matrix of so many embeddings.
    pub fn of_product(product: &Symmetric, instances: u64) -> Option<Spread> {
        let total: f64 = product.diagonal().sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        Some(Spread {
            total_variance: total / instances as f64,
            effective_dimension: 1.0 / product.square_norm(1.0 / total, 0.0),
            effective_rank: None,
            largest_share: None,
            decay: None,
        })
    }
}

/// Minus the slope of ln λ on ln rank over the larger half of the eigenvalues above rounding.
fn decay(eigenvalues: &[f64]) -> Option<f64> {
    let mut values = eigenvalues.to_vec();
    values.sort_by(|a, b| b.total_cmp(a));
    let least = values.first()? * values.len() as f64 * f64::EPSILON;
    let half = values.iter().filter(|&&value| value > least).count() / 2;
    if half < FEWEST {
        return None;
    }
    let points = || (1..=half).map(|rank| (rank as f64).ln()).zip(values.iter().map(|v| v.ln()));
    let mean = |sum: f64| sum / half as f64;
    let (x, y) = (mean(points().map(|p| p.0).sum()), mean(points().map(|p| p.1).sum()));
    let (mut xy, mut xx) = (0.0, 0.0);
    for (rank, value) in points() {
        xy += (rank - x) * (value - y);
        xx += (rank - x) * (rank - x);
    }
    Some(-xy / xx)
}
