//! The eigenvalues above a level, from a reduction that stops as soon as the remainder cannot matter.
//!
//! With K columns reduced, A is similar to [T Bᵀ; B R]: T is a K×K band matrix, R the remainder, and only
//! the last columns of T have a B. Let R ⪯ ρ·1 for a ρ below the level τ. Then for every σ ≥ τ, A has as
//! many eigenvalues above σ as T + Bᵀ(σ−R)⁻¹B has (Haynsworth's inertia). That matrix is at least T and
//! at most U = T + BᵀB/(τ−ρ). So each eigenvalue of A above τ lies between those of
//! T and of U of the same rank. When these agree to rounding, nothing is left to find. The largest
//! eigenvalues get there first, because the columns of A so reduced span a Krylov space.

use super::band::BAND;
use super::reduction::Reduction;
use crate::kernel::SpectrumError;
use crate::kernel::product::Symmetric;

/// Rows below which a check takes as long as the remaining reduction.
pub const LARGE: usize = 96;

/// Columns reduced before the first check.
const FIRST: usize = 4 * BAND;

/// Columns after which eigenvalues of trained networks' covariances, so many of them, have been right.
fn expected(above: usize) -> usize {
    7 * BAND + 12 * above / 5
}

/// ρ/τ.
const REST: f64 = 0.9;

/// Units in the last place of the largest eigenvalue by which those of T and U may differ.
const ROUNDING: f64 = 32.0;

/// The eigenvalues of the matrix that are above `level`, or all.
pub fn of_large(matrix: &Symmetric, scale: f64, level: f64) -> Result<Vec<f64>, SpectrumError> {
    let mut reduction = Reduction::new(matrix, scale);
    let mut look = Some(FIRST);
    while reduction.left() > 0 {
        reduction.step();
        if reduction.left() > 0 && look.is_some_and(|look| reduction.done() >= look) {
            match found(&mut reduction, level)? {
                Look::Found(values) => return Ok(values),
                Look::At(columns) => look = Some(columns),
                Look::Never => look = None,
            }
        }
    }
    reduction.into_band().eigenvalues()
}

enum Look {
    Found(Vec<f64>),
    /// Again when so many columns are reduced.
    At(usize),
    /// Too many eigenvalues are above the level.
    Never,
}

fn found(reduction: &mut Reduction, level: f64) -> Result<Look, SpectrumError> {
    let done = reduction.done();
    let above = |mut values: Vec<f64>| {
        values.sort_by(|a, b| b.total_cmp(a));
        values.truncate(values.partition_point(|&value| value > level));
        values
    };
    let least = above(reduction.band().leading(done).eigenvalues()?);
    let largest = least.first().copied().unwrap_or(0.0);
    let expected = expected(least.len());
    // Near the end, or with a level lost in the rounding of the largest, no check will help.
    if level <= 1e-6 * largest || 5 * expected > 3 * (done + reduction.left()) {
        return Ok(Look::Never);
    }
    if expected > done {
        return Ok(Look::At(expected));
    }
    let most = above(reduction.band().leading_above(done, (1.0 - REST) * level).eigenvalues()?);
    let allowed = ROUNDING * f64::EPSILON * largest;
    let agree = most.len() == least.len()
        && least.iter().zip(&most).all(|(least, most)| most - least <= allowed);
    Ok(if agree && reduction.rest_is_below(REST * level) {
        Look::Found(least)
    } else {
        Look::At(done + 2 * BAND)
    })
}
