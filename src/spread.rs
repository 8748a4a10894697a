//! In how many directions, and how far, the embeddings of a class spread.

use serde::{Deserialize, Serialize};

/// What the p eigenvalues λ of a class's sample covariance come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Σλ.
    pub total_variance: f64,
    /// Participation ratio (Σλ)²/Σλ²: the number of directions, were all alike.
    pub effective_dimension: f64,
    /// Effective rank exp(−Σ q ln q), q = λ/Σλ (Roy and Vetterli 2007).
    pub effective_rank: f64,
    /// Largest λ over Σλ.
    pub largest_share: f64,
    /// Spectral decay α: minus the slope of ln λ on the ln of its rank.
    pub decay: Option<f64>,
}
