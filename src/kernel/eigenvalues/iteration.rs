//! Tridiagonal to diagonal: the root-free QL iteration of Pal, Walker and Kahan, LAPACK's `dsterf`
//! (Parlett, "The Symmetric Eigenvalue Problem", 1998, §8.15).

use crate::kernel::SpectrumError;

/// Sweeps that an eigenvalue may take on average, LAPACK's limit; about 1.7 is usual.
const SWEEPS: usize = 30;

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
pub fn diagonalize(diagonal: &mut [f64], squares: &mut [f64]) -> Result<(), SpectrumError> {
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
