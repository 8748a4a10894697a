//! All eigenvalues of a symmetric matrix, and nothing else.
//!
//! The matrix is reduced to tridiagonal form, in one step if small and through a band matrix if
//! large, and a root-free QL iteration finds the eigenvalues of that.

mod band;
mod iteration;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::{Mat, Par, Scale, Spec};

use crate::spectrum::SpectrumError;

/// Rows from which on the way through a band matrix is the faster one.
const LARGE: usize = 384;

/// The n eigenvalues, in no particular order, of the symmetric n×n matrix whose lower triangle is
/// given; what is above the diagonal is ignored. Each is right to a few units in the last place of
/// the largest.
///
/// # Errors
/// If a number is not finite, or the iteration does not converge, which has never been seen.
///
/// # Panics
/// If the matrix is not square.
pub fn eigenvalues(mut matrix: Mat<f64>) -> Result<Vec<f64>, SpectrumError> {
    let n = matrix.nrows();
    assert_eq!(n, matrix.ncols(), "a symmetric matrix is square");
    let mut largest = 0.0_f64;
    for value in (0..n).flat_map(|j| &matrix.col_as_slice(j)[j..]) {
        if !value.is_finite() {
            return Err(SpectrumError::NotFinite);
        }
        largest = largest.max(value.abs());
    }
    if largest == 0.0 {
        return Ok(vec![0.0; n]);
    }
    // A power of two, so that nothing is rounded: squares inside must neither over- nor underflow.
    let scale = largest.log2().floor().clamp(-1000.0, 1000.0).exp2();
    matrix *= Scale(1.0 / scale);
    let (mut diagonal, mut squares) =
        if n < LARGE { tridiagonal(matrix) } else { band::tridiagonal(matrix) };
    iteration::diagonalize(&mut diagonal, &mut squares)?;
    diagonal.iter_mut().for_each(|value| *value *= scale);
    Ok(diagonal)
}

/// The diagonal and the squares of the off-diagonal of a similar tridiagonal matrix.
fn tridiagonal(mut matrix: Mat<f64>) -> (Vec<f64>, Vec<f64>) {
    let n = matrix.nrows();
    let scratch = tridiag_in_place_scratch::<f64>(n, Par::Seq, Spec::default());
    let mut reflectors = Mat::zeros(1, n - 1);
    tridiag_in_place(
        matrix.as_mut(),
        reflectors.as_mut(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    let diagonal = (0..n).map(|i| matrix[(i, i)]).collect();
    let squares = (1..n).map(|i| matrix[(i, i - 1)].powi(2)).collect();
    (diagonal, squares)
}
