//! Dense to tridiagonal in two steps (Bischof, Lang and Sun, "A framework for symmetric band
//! reduction", ACM TOMS 26(4), 2000). In one step, half of the work are products of the matrix with
//! a vector, which wait for memory once the matrix is larger than the cache. Here almost all of it
//! is in matrix products, and the remainder, from band to tridiagonal, stays in the cache.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, Side};
use pulp::{Arch, Simd, WithSimd};

use super::iteration::diagonalize;
use crate::kernel::SpectrumError;

/// Off-diagonals of the band matrix on either side; a multiple of all vector lengths.
pub const BAND: usize = 16;

/// Rows of the dense matrix that are updated at once.
const STRIP: usize = 48;

/// A symmetric band matrix, stored column by column. Each column has `BAND` rows above the diagonal, so
/// that blocks on the diagonal are whole. It has 2·`BAND` rows from the diagonal on, because the chase puts
/// values below the band. Zeros follow the last column.
pub struct Band {
    n: usize,
    values: Vec<f64>,
}

impl Band {
    const HEIGHT: usize = 3 * BAND;

    fn zeros(n: usize) -> Band {
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

    fn at(row: usize, column: usize) -> usize {
        column * Band::HEIGHT + BAND + row - column
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[Band::at(row, column)] = value;
        self.values[Band::at(column, row)] = value;
    }
}

/// Dense to band, `BAND` columns at a time. A QR factorization removes what is below the band, and
/// Q = 1−VTVᵀ is applied to the remaining part of the matrix from both sides,
///
/// A ← QᵀAQ = A − XVᵀ − VXᵀ with W = AV, Y = WT and X = Y − ½·V·Tᵀ(VᵀY).
///
/// The update waits until the next V is known: strip by strip, it then shares one read of the
/// matrix with the product AV.
pub struct Reduction {
    /// What is not yet reduced, but for the update that waits.
    a: Mat<f64>,
    /// What is.
    band: Band,
    /// Columns that are reduced.
    done: usize,
    /// The update that waits is A −= L·Rᵀ with L = (X V), R = (V X).
    left: Mat<f64>,
    right: Mat<f64>,
}

impl Reduction {
    /// Of the symmetric matrix whose lower triangle is given.
    pub fn new(mut a: Mat<f64>) -> Reduction {
        let n = a.nrows();
        // Strips have whole blocks on the diagonal.
        for j in 0..n {
            for i in j + 1..n.min(strip_end(j)) {
                a[(j, i)] = a[(i, j)];
            }
        }
        let [left, right] = [Mat::zeros(n, 2 * BAND), Mat::zeros(n, 2 * BAND)];
        Reduction { a, band: Band::zeros(n), done: 0, left, right }
    }

    /// Columns that are reduced.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Columns that are not.
    pub fn left(&self) -> usize {
        self.a.nrows() - self.done
    }

    /// The similar band matrix, when no column is left.
    pub fn into_band(self) -> Band {
        self.band
    }

    /// Reduces the next `BAND` columns.
    pub fn step(&mut self) {
        let Reduction { a, band, done: start, left, right } = self;
        let (n, start) = (a.nrows(), std::mem::replace(start, a.nrows().min(*start + BAND)));
        let width = BAND.min(n - start);
        let mut columns = a.as_mut().submatrix_mut(start, start, n - start, width);
        let (l, r) = (left.subrows(start, n - start), right.subrows(start, width));
        matmul(&mut columns, Accum::Add, l, r.transpose(), -1.0, Par::Seq);
        for j in start..start + width {
            for i in j..start + width {
                band.set(i, j, a[(i, j)]);
            }
        }
        let below = start + width;
        let rows = n - below;
        if rows == 0 {
            return;
        }
        let mut panel = Vec::with_capacity(rows * BAND);
        for j in start..below {
            panel.extend_from_slice(&a.col_as_slice(j)[below..]);
        }
        let mut tau = [0.0; BAND];
        Arch::new().dispatch(Factor { panel: &mut panel, tau: &mut tau, start, band });
        let v = MatRef::from_column_major_slice(&panel, rows, BAND);
        let mut w = Mat::<f64>::zeros(rows, BAND);
        let mut top = below;
        while top < n {
            let end = n.min(strip_end(top));
            let (height, above) = (end - top, top - below);
            let mut strip = a.as_mut().submatrix_mut(top, below, height, end - below);
            let (l, r) = (left.subrows(top, height), right.subrows(below, end - below));
            matmul(&mut strip, Accum::Add, l, r.transpose(), -1.0, Par::Seq);
            let strip = strip.as_ref();
            let into = w.as_mut().subrows_mut(above, height);
            matmul(into, Accum::Add, strip, v.subrows(0, end - below), 1.0, Par::Seq);
            let (into, beside) = (w.as_mut().subrows_mut(0, above), strip.subcols(0, above));
            let v = v.subrows(above, height);
            matmul(into, Accum::Add, beside.transpose(), v, 1.0, Par::Seq);
            top = end;
        }
        let t = triangular_factor(v, &tau);
        let mut x = w * &t;
        let half = t.transpose() * (v.transpose() * &x);
        matmul(&mut x, Accum::Add, v, &half, -0.5, Par::Seq);
        for (into, first, second) in [(left, x.as_ref(), v), (right, v, x.as_ref())] {
            into.submatrix_mut(below, 0, rows, BAND).copy_from(first);
            into.submatrix_mut(below, BAND, rows, BAND).copy_from(second);
        }
    }

    /// The band matrix so far, without what couples it to the remainder.
    pub fn reduced(&self) -> Band {
        let mut band = Band::zeros(self.done);
        let end = self.done * Band::HEIGHT;
        band.values[..end].copy_from_slice(&self.band.values[..end]);
        for (i, j) in self.coupling() {
            band.values[Band::at(i, j)] = 0.0;
        }
        band
    }

    /// The same plus BᵀB/`gap`, where B is what couples it to the remainder.
    pub fn reduced_above(&self, gap: f64) -> Band {
        let mut band = self.reduced();
        let value = |i: usize, j: usize| self.band.values[Band::at(i, j)];
        for j in self.done - BAND..self.done {
            for k in self.done - BAND..=j {
                let column = self.coupling().filter(|&(_, of)| of == k);
                let sum: f64 = column.map(|(i, _)| value(i, k) * value(i, j)).sum();
                band.set(j, k, value(j, k) + sum / gap);
            }
        }
        band
    }

    /// Positions below the diagonal in whose row nothing is reduced yet.
    fn coupling(&self) -> impl Iterator<Item = (usize, usize)> {
        let done = self.done;
        (done - BAND..done).flat_map(move |j| (done..=j + BAND).map(move |i| (i, j)))
    }

    /// Whether all eigenvalues of the remainder are below `level`: then `level` less the remainder has a
    /// Cholesky factor.
    pub fn rest_is_below(&self, level: f64) -> bool {
        let (from, rows) = (self.done, self.left());
        // Columns that lie a power of two apart contend for the same few lines of the cache.
        let mut rest = Mat::with_capacity(rows + STRIP, rows);
        rest.resize_with(rows, rows, |i, j| if i == j { level } else { 0.0 });
        rest -= self.a.submatrix(from, from, rows, rows);
        let [left, right] = [&self.left, &self.right].map(|side| side.subrows(from, rows));
        let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(
            &mut rest,
            lower,
            Accum::Add,
            left,
            whole,
            right.transpose(),
            whole,
            1.0,
            Par::Seq,
        );
        rest.llt(Side::Lower).is_ok()
    }
}

/// One past the last row of the strip that holds this row.
fn strip_end(row: usize) -> usize {
    (row / STRIP + 1) * STRIP
}

/// T of H₁H₂… = 1−VTVᵀ, where Hⱼ = 1−τⱼvⱼvⱼᵀ (Schreiber and Van Loan, SIAM J. Sci. Stat. Comput.
/// 10(1), 1989).
fn triangular_factor(v: MatRef<'_, f64>, tau: &[f64; BAND]) -> Mat<f64> {
    let inner = v.transpose() * v;
    let mut t = Mat::zeros(BAND, BAND);
    for j in 0..BAND {
        for i in 0..j {
            let sum: f64 = (i..j).map(|k| t[(i, k)] * inner[(k, j)]).sum();
            t[(i, j)] = -tau[j] * sum;
        }
        t[(j, j)] = tau[j];
    }
    t
}

/// QR of a panel (column-major): V overwrites it, R goes into the band.
struct Factor<'a> {
    panel: &'a mut [f64],
    tau: &'a mut [f64; BAND],
    /// The panel's first column; its rows begin `BAND` further on.
    start: usize,
    band: &'a mut Band,
}

impl WithSimd for Factor<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Factor { panel, tau, start, band } = self;
        let rows = panel.len() / BAND;
        for (j, tau) in tau.iter_mut().enumerate() {
            let (done, rest) = panel.split_at_mut((j + 1) * rows);
            let (r, v) = done[j * rows..].split_at_mut(j.min(rows));
            for (i, value) in r.iter_mut().enumerate() {
                band.set(start + BAND + i, start + j, std::mem::take(value));
            }
            if v.is_empty() {
                continue;
            }
            let beta;
            (beta, *tau) = reflector(simd, v);
            band.set(start + BAND + j, start + j, beta);
            for column in rest.chunks_exact_mut(rows) {
                let column = &mut column[j..];
                let factor = *tau * dot(simd, v, column);
                for (value, v) in column.iter_mut().zip(&*v) {
                    *value -= factor * v;
                }
            }
        }
    }
}

/// Makes x the v, with v₀ = 1, of H = 1−τvvᵀ that takes x to (β, 0, …); returns β and τ.
#[inline(always)]
fn reflector<S: Simd>(simd: S, x: &mut [f64]) -> (f64, f64) {
    let head = x[0];
    let square = dot(simd, &x[1..], &x[1..]);
    x[0] = 1.0;
    // The matrix has entries near 1, beside which these are nothing; smaller squares lose digits.
    if square < 1e-290 {
        x[1..].fill(0.0);
        return (head, 0.0);
    }
    let beta = -(head * head + square).sqrt().copysign(head);
    let inverse = 1.0 / (head - beta);
    x[1..].iter_mut().for_each(|value| *value *= inverse);
    (beta, (beta - head) / beta)
}

/// a·b, in four vectors of sums, so that additions need not wait for each other.
#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f64s(a), S::as_simd_f64s(b));
    let ((a, a_last), (b, b_last)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [simd.splat_f64s(0.0); 4];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..4 {
            sums[lane] = simd.mul_add_e_f64s(a[lane], b[lane], sums[lane]);
        }
    }
    for (&a, &b) in a_last.iter().zip(b_last) {
        sums[0] = simd.mul_add_e_f64s(a, b, sums[0]);
    }
    let sums = [simd.add_f64s(sums[0], sums[1]), simd.add_f64s(sums[2], sums[3])];
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1])) + rest
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
