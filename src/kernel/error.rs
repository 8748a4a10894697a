//! What can go wrong on the way to a spectrum.

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
