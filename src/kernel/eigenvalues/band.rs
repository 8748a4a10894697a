//! Dense to tridiagonal in two steps (Bischof, Lang and Sun, "A framework for symmetric band
//! reduction", ACM TOMS 26(4), 2000). In one step, half of the work are products of the matrix with
//! a vector, which wait for memory once the matrix is larger than the cache. Here almost all of it
//! is in matrix products, and the remainder, from band to tridiagonal, stays in the cache.

use pulp::{Arch, Simd, WithSimd};

use super::iteration::diagonalize;
use crate::kernel::SpectrumError;

/// Off-diagonals of the band matrix on either side; a multiple of all vector lengths.
pub const BAND: usize = 8;

/// A symmetric band matrix, stored column by column. Each column has `BAND` rows above the diagonal, so
/// that blocks on the diagonal are whole. It has 2·`BAND` rows from the diagonal on, because the chase puts
/// values below the band. Zeros follow the last column.
pub struct Band {
    n: usize,
    values: Vec<f64>,
}

impl Band {
    const HEIGHT: usize = 3 * BAND;

    pub fn zeros(n: usize) -> Band {
        Band { n, values: vec![0.0; (n + BAND) * Band::HEIGHT] }
    }

    /// The eigenvalues, in no particular order.
    pub fn eigenvalues(mut self) -> Result<Vec<f64>, SpectrumError> {
        let n = self.n;
        Arch::new().dispatch(Chase { band: &mut self, n });
        let mut diagonal: Vec<_> = (0..n).map(|j| self.values[Band::at(j, j)]).collect();
        let mut squares: Vec<_> = (1..n).map(|j| self.values[Band::at(j, j - 1)].powi(2)).collect();
        diagonalize(&mut diagonal, &mut squares)?;
        Ok(diagonal)
    }

    /// Its first `rows` rows and columns.
    pub fn leading(&self, rows: usize) -> Band {
        let mut band = Band::zeros(rows);
        let end = rows * Band::HEIGHT;
        band.values[..end].copy_from_slice(&self.values[..end]);
        for (i, j) in coupling(rows) {
            band.values[Band::at(i, j)] = 0.0;
        }
        band
    }

    /// The same plus BᵀB/`gap`, where B is what couples them to the rows that follow.
    pub fn leading_above(&self, rows: usize, gap: f64) -> Band {
        let mut band = self.leading(rows);
        let value = |i: usize, j: usize| self.values[Band::at(i, j)];
        for j in rows - BAND..rows {
            for k in rows - BAND..=j {
                let column = coupling(rows).filter(|&(_, of)| of == k);
                let sum: f64 = column.map(|(i, _)| value(i, k) * value(i, j)).sum();
                band.set(j, k, value(j, k) + sum / gap);
            }
        }
        band
    }

    fn at(row: usize, column: usize) -> usize {
        column * Band::HEIGHT + BAND + row - column
    }

    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[Band::at(row, column)] = value;
        self.values[Band::at(column, row)] = value;
    }
}

/// Positions below the diagonal in the first `rows` columns and the rows that follow these.
fn coupling(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (rows - BAND..rows).flat_map(move |j| (rows..=j + BAND).map(move |i| (i, j)))
}

/// β and τ of the reflection H = 1−τvvᵀ, v₀ = 1, that takes x to (β, 0, …); and what times x is v beyond v₀. x
/// is given by its head and the square of the norm of what is below.
#[inline(always)]
pub fn reflection(head: f64, square: f64) -> (f64, f64, f64) {
    // The matrix has entries near 1, beside which these are nothing; smaller squares lose digits.
    if square < 1e-290 {
        return (head, 0.0, 0.0);
    }
    let beta = -(head * head + square).sqrt().copysign(head);
    (beta, (beta - head) / beta, 1.0 / (head - beta))
}

/// Makes x the v of its reflection; returns β and τ.
#[inline(always)]
fn reflector<S: Simd>(simd: S, x: &mut [f64; BAND]) -> (f64, f64) {
    let head = std::mem::replace(&mut x[0], 0.0);
    let square = {
        let x = S::as_simd_f64s(&x[..]).0;
        let sum = x.iter().fold(simd.splat_f64s(0.0), |sum, &x| simd.mul_add_e_f64s(x, x, sum));
        simd.reduce_sum_f64s(sum)
    };
    let (beta, tau, inverse) = reflection(head, square);
    x.iter_mut().for_each(|value| *value *= inverse);
    x[0] = 1.0;
    (beta, tau)
}

/// Band to tridiagonal: column by column, a reflection takes what is below the off-diagonal. From
/// the right, it fills the block below the next diagonal block; a second reflection takes that
/// block's first column, and so on down the band. What else was filled is met by the next columns.
struct Chase<'a> {
    band: &'a mut Band,
    n: usize,
}

impl WithSimd for Chase<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.run::<S, { BAND / 8 }>(simd),
            4 => self.run::<S, { BAND / 4 }>(simd),
            2 => self.run::<S, { BAND / 2 }>(simd),
            _ => self.run::<S, BAND>(simd),
        }
    }
}

/// From a column of the band to the next one, in the same row.
const STEP: usize = Band::HEIGHT - 1;

impl Chase<'_> {
    /// `R` vectors are `BAND` numbers.
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let values = &mut self.band.values;
        let mut v = [0.0; BAND];
        for column in 0..self.n.saturating_sub(2) {
            let below = Band::at(column + 1, column);
            v.copy_from_slice(&values[below..][..BAND]);
            let (beta, mut tau) = reflector(simd, &mut v);
            values[below] = beta;
            let mut at = column + 1;
            loop {
                reflect_both::<S, R>(simd, &mut values[Band::at(at, at)..], &v, tau);
                let below = at + BAND;
                if below >= self.n {
                    break;
                }
                let block = &mut values[Band::at(below, at)..];
                (v, tau) = reflect_below::<S, R>(simd, block, &v, tau);
                // Of this block, the next diagonal block has the first row, also above the diagonal.
                for j in at..below {
                    values[Band::at(j, below)] = values[Band::at(below, j)];
                }
                at = below;
            }
        }
    }
}

/// `BAND` numbers as vectors.
#[inline(always)]
fn vectors<S: Simd, const R: usize>(values: &[f64]) -> &[S::f64s; R] {
    &S::as_simd_f64s(&values[..BAND]).0.as_chunks().0[0]
}

#[inline(always)]
fn vectors_mut<S: Simd, const R: usize>(values: &mut [f64]) -> &mut [S::f64s; R] {
    &mut S::as_mut_simd_f64s(&mut values[..BAND]).0.as_chunks_mut().0[0]
}

/// The block times v.
#[inline(always)]
fn times<S: Simd, const R: usize>(simd: S, block: &[f64], v: &[f64; BAND]) -> [S::f64s; R] {
    let mut sums = [[simd.splat_f64s(0.0); R]; 2];
    for j in 0..BAND {
        let (column, factor) = (vectors::<S, R>(&block[j * STEP..]), simd.splat_f64s(v[j]));
        for i in 0..R {
            sums[j % 2][i] = simd.mul_add_e_f64s(column[i], factor, sums[j % 2][i]);
        }
    }
    std::array::from_fn(|i| simd.add_f64s(sums[0][i], sums[1][i]))
}

#[inline(always)]
fn inner<S: Simd, const R: usize>(simd: S, a: &[S::f64s; R], b: &[S::f64s; R]) -> f64 {
    let mut sum = simd.mul_f64s(a[0], b[0]);
    for i in 1..R {
        sum = simd.mul_add_e_f64s(a[i], b[i], sum);
    }
    simd.reduce_sum_f64s(sum)
}

/// D ← HDH = D − vwᵀ − wvᵀ with p = τDv, w = p − ½τ(p·v)v, for a block on the diagonal.
#[inline(always)]
fn reflect_both<S: Simd, const R: usize>(simd: S, block: &mut [f64], v: &[f64; BAND], tau: f64) {
    let vs = vectors::<S, R>(v);
    let product = times::<S, R>(simd, block, v);
    let tau_v = simd.splat_f64s(-0.5 * tau * tau * inner::<S, R>(simd, &product, vs));
    let tau = simd.splat_f64s(tau);
    let mut w = [0.0; BAND];
    let ws = vectors_mut::<S, R>(&mut w);
    for i in 0..R {
        ws[i] = simd.mul_add_e_f64s(tau, product[i], simd.mul_f64s(tau_v, vs[i]));
    }
    let ws = *ws;
    for j in 0..BAND {
        let column = vectors_mut::<S, R>(&mut block[j * STEP..]);
        let (vj, wj) = (simd.splat_f64s(-v[j]), simd.splat_f64s(-w[j]));
        for i in 0..R {
            let sum = simd.mul_add_e_f64s(vs[i], wj, column[i]);
            column[i] = simd.mul_add_e_f64s(ws[i], vj, sum);
        }
    }
}

/// B ← H'BH for a block below the diagonal, where H' takes the first column of BH; returns H'.
#[inline(always)]
fn reflect_below<S: Simd, const R: usize>(
    simd: S,
    block: &mut [f64],
    v: &[f64; BAND],
    tau: f64,
) -> ([f64; BAND], f64) {
    let product = times::<S, R>(simd, block, v);
    let p: [_; R] = std::array::from_fn(|i| simd.mul_f64s(product[i], simd.splat_f64s(-tau)));
    let mut next = [0.0; BAND];
    let (first, into) = (vectors::<S, R>(block), vectors_mut::<S, R>(&mut next));
    for i in 0..R {
        into[i] = simd.add_f64s(first[i], p[i]);
    }
    let (beta, next_tau) = reflector(simd, &mut next);
    let nexts = vectors::<S, R>(&next);
    let along = inner::<S, R>(simd, nexts, &p);
    block[..BAND].fill(0.0);
    block[0] = beta;
    for j in 1..BAND {
        let column = vectors_mut::<S, R>(&mut block[j * STEP..]);
        let sum = inner::<S, R>(simd, nexts, column) + along * v[j];
        let (vj, sum) = (simd.splat_f64s(v[j]), simd.splat_f64s(-next_tau * sum));
        for i in 0..R {
            column[i] =
                simd.mul_add_e_f64s(nexts[i], sum, simd.mul_add_e_f64s(p[i], vj, column[i]));
        }
    }
    (next, next_tau)
}
