//! Eq. 1 and Listing 1: the eigenvalue floor.

/// Eigenvalues after shrinkage.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// All p eigenvalues, in no particular order.
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

/// `mp-floor` for m = `instances` embeddings of p = `dim` values, given at least those
/// `eigenvalues` that are not below the floor.
pub fn mp_floor(dim: usize, instances: u64, eigenvalues: &[f64]) -> Shrunk {
    let level = mp_lower_edge(dim, instances);
    let mut kept: Vec<_> = eigenvalues.iter().copied().filter(|&value| value >= level).collect();
    let floored = dim - kept.len();
    kept.resize(dim, level);
    Shrunk { eigenvalues: kept, floor: Some(Floor { level, floored }) }
}
