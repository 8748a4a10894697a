//! All eigenvalues of a symmetric matrix, and nothing else.
//!
//! The matrix is reduced to tridiagonal form, whose eigenvalues the root-free QL iteration of Pal,
//! Walker and Kahan finds (LAPACK's `dsterf`; Parlett, "The Symmetric Eigenvalue Problem", 1998,
//! §8.15).

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::{Mat, Par, Scale, Spec};

use crate::spectrum::SpectrumError;

/// Sweeps that an eigenvalue may take on average, LAPACK's limit; about 1.7 is usual.
const SWEEPS: usize = 30;

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
    let (mut diagonal, mut squares) = tridiagonal(matrix);
    diagonalize(&mut diagonal, &mut squares)?;
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

/// Whether the off-diagonal between two neighbours may be taken for zero, given its square.
fn negligible(square: f64, a: f64, b: f64) -> bool {
    square <= (f64::EPSILON / 2.0).powi(2) * (a * b).abs()
}

/// One past the last row of the unreduced block that begins at row `start`.
fn block_end(diagonal: &[f64], squares: &[f64], start: usize) -> usize {
    let pairs = diagonal[start..].windows(2).zip(&squares[start..]);
    let steps = pairs.take_while(|(pair, square)| !negligible(**square, pair[0], pair[1]));
    start + steps.count() + 1
}

/// Makes the diagonal of a tridiagonal matrix its eigenvalues, given the squares of the
/// off-diagonal.
fn diagonalize(diagonal: &mut [f64], squares: &mut [f64]) -> Result<(), SpectrumError> {
    let n = diagonal.len();
    let mut start = 0;
    while start < n {
        let end = block_end(diagonal, squares, start);
        let (diagonal, squares) = (&mut diagonal[start..end], &mut squares[start..end - 1]);
        // Eigenvalues are found from the top on, the small ones best first.
        if diagonal[diagonal.len() - 1].abs() < diagonal[0].abs() {
            diagonal.reverse();
            squares.reverse();
        }
        diagonalize_block(diagonal, squares)?;
        start = end;
    }
    Ok(())
}

/// The root-free QL iteration on an unreduced block.
fn diagonalize_block(diagonal: &mut [f64], squares: &mut [f64]) -> Result<(), SpectrumError> {
    let n = diagonal.len();
    let mut sweeps = SWEEPS * n;
    let (mut start, mut end) = (0, n);
    while start < n {
        if end > start + 2 {
            sweeps = sweeps.checked_sub(1).ok_or(SpectrumError::NoConvergence)?;
            end = start + sweep(&mut diagonal[start..end], &mut squares[start..end - 1]);
            continue;
        }
        if end == start + 2 {
            [diagonal[start], diagonal[start + 1]] =
                pair(diagonal[start], diagonal[start + 1], squares[start]);
        }
        start = end;
        end = if start < n { block_end(diagonal, squares, start) } else { n };
    }
    Ok(())
}

/// The eigenvalues of [a e; e b], given e².
fn pair(a: f64, b: f64, square: f64) -> [f64; 2] {
    let root = ((a - b) * (a - b) + 4.0 * square).sqrt();
    let larger = 0.5 * (a + b + root.copysign(a + b));
    if larger == 0.0 {
        return [0.0; 2];
    }
    let (most, least) = if a.abs() > b.abs() { (a, b) } else { (b, a) };
    [larger, (most / larger) * least - square / larger]
}

#[cold]
fn least_pivot(square: f64) -> f64 {
    1e-20 * square.sqrt()
}

/// One QL sweep with Wilkinson's shift σ; returns one past the last row of the unreduced block at
/// the top.
///
/// Pal, Walker and Kahan's γ, p and c are here t·c, t²·c and 1/u: t ← (αᵢ−σ) − βᵢ²/t is then all
/// that waits for a division of the row before, and a sweep takes a third of the time.
fn sweep(diagonal: &mut [f64], squares: &mut [f64]) -> usize {
    let last = squares.len();
    let root = squares[0].sqrt();
    let half = (diagonal[1] - diagonal[0]) / (2.0 * root);
    let shift = diagonal[0] - root / (half + (1.0 + half * half).sqrt().copysign(half));
    let (mut t, mut u) = (diagonal[last] - shift, 1.0);
    let (mut gamma, mut sine) = (t, 0.0);
    let mut end = last + 1;
    let mut below = 0.0;
    for i in (0..last).rev() {
        let square = squares[i];
        // A shift of α by 1e-20·β is far below rounding.
        if t * t <= 1e-40 * square {
            t = least_pivot(square);
        }
        let r = gamma * t + square;
        let quotient = square / t;
        let rise = (quotient / t * u).min(1e250);
        u = 1.0 + rise;
        t = (diagonal[i] - shift) - quotient;
        let before = gamma;
        gamma = t / u;
        let value = before + (diagonal[i] - gamma);
        diagonal[i + 1] = value;
        if i + 1 < last {
            squares[i + 1] = sine * r;
            if negligible(sine * r, value, below) {
                end = i + 2;
            }
        }
        sine = rise / u;
        below = value;
    }
    squares[0] = sine * (gamma * t);
    diagonal[0] = shift + gamma;
    if negligible(squares[0], diagonal[0], below) { 1 } else { end }
}
