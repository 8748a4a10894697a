//! The eigenvalues of a symmetric matrix, all or those above a level, and nothing else.
//!
//! The matrix is reduced to tridiagonal form, in one step if small and through a band matrix if
//! large, and a root-free QL iteration finds the eigenvalues of that.

mod above;
mod band;
mod iteration;
mod reduction;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::{Mat, Par, Scale, Spec};

use iteration::diagonalize;
use reduction::Reduction;

use crate::kernel::SpectrumError;
use crate::kernel::product::Symmetric;

/// Rows from which on the way through a band matrix is the faster one.
const LARGE: usize = 64;

/// The n eigenvalues, in no particular order, of the symmetric n×n matrix whose lower triangle is
/// given; what is above the diagonal is ignored. Each is right to a few units in the last place of
/// the largest.
///
/// # Errors
/// If a number is not finite, or the iteration does not converge, which has never been seen.
pub fn eigenvalues(matrix: &Symmetric) -> Result<Vec<f64>, SpectrumError> {
    scaled(matrix, |matrix, scale| {
        if matrix.dim() < LARGE {
            return of_small(matrix, scale);
        }
        let mut reduction = Reduction::new(matrix, scale);
        while reduction.left() > 0 {
            reduction.step();
        }
        reduction.into_band().eigenvalues()
    })
}

/// Those eigenvalues that are at or above `level`, to the same precision: where they are few, in less
/// than half the time.
///
/// # Errors
/// As for [`eigenvalues`].
pub fn eigenvalues_above(matrix: &Symmetric, level: f64) -> Result<Vec<f64>, SpectrumError> {
    let mut values = if matrix.dim() < above::LARGE {
        eigenvalues(matrix)?
    } else {
        scaled(matrix, |matrix, scale| above::of_large(matrix, scale, level * scale))?
    };
    values.retain(|&value| value >= level);
    Ok(values)
}

/// What `find` finds in the matrix times a scale, over that.
fn scaled(
    matrix: &Symmetric,
    find: impl FnOnce(&Symmetric, f64) -> Result<Vec<f64>, SpectrumError>,
) -> Result<Vec<f64>, SpectrumError> {
    let mut largest = 0.0_f64;
    for value in matrix.columns().flat_map(|(_, _, values)| values) {
        if !value.is_finite() {
            return Err(SpectrumError::NotFinite);
        }
        largest = largest.max(value.abs());
    }
    if largest == 0.0 {
        return Ok(vec![0.0; matrix.dim()]);
    }
    // A power of two, so that nothing is rounded: squares inside must neither over- nor underflow.
    let scale = (-largest.log2().floor()).clamp(-1000.0, 1000.0).exp2();
    let mut values = find(matrix, scale)?;
    values.iter_mut().for_each(|value| *value /= scale);
    Ok(values)
}

/// Through a tridiagonal matrix in one step.
fn of_small(matrix: &Symmetric, scale: f64) -> Result<Vec<f64>, SpectrumError> {
    let n = matrix.dim();
    let mut matrix = matrix.to_matrix();
    matrix *= Scale(scale);
    let scratch = tridiag_in_place_scratch::<f64>(n, Par::Seq, Spec::default());
    let mut reflectors = Mat::zeros(1, n - 1);
    tridiag_in_place(
        matrix.as_mut(),
        reflectors.as_mut(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    let mut diagonal: Vec<_> = (0..n).map(|i| matrix[(i, i)]).collect();
    let mut squares: Vec<_> = (1..n).map(|i| matrix[(i, i - 1)].powi(2)).collect();
    diagonalize(&mut diagonal, &mut squares)?;
    Ok(diagonal)
}
