//! How far apart classes lie in the space of the embeddings, and how much they overlap.

/// A class near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its place among the classes.
    pub class: usize,
    /// Mahalanobis distance D of the means under the pooled within-class covariance.
    pub distance: f64,
}

impl Neighbour {
    /// Φ(−D/2): the share of instances that the best boundary between two normal classes of this distance
    /// and one covariance gets wrong (Fisher's linear discriminant).
    pub fn overlap(&self) -> f64 {
        use statrs::distribution::{ContinuousCDF, Normal};
        Normal::standard().cdf(-self.distance / 2.0)
    }
}
