//! Dense to band, by blocks (Bischof, Lang and Sun, "A framework for symmetric band reduction", ACM
//! TOMS 26(4), 2000). In one step to tridiagonal form, half of the work are products of the matrix with
//! a vector, which wait for memory once the matrix is larger than the cache. Here almost all of it is
//! products with `BAND` vectors at once.

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

use super::band::{BAND, Band, reflection};
use crate::kernel::blocks::{Block, Blocks, TALL, Tile, load, store, vectors, vectors_mut};
use crate::kernel::line::Line;
use crate::kernel::product::Symmetric;

/// `BAND` rows of two blocks side by side.
type Pair = [Line<f64, BAND>; 2 * BAND];

/// Dense to band, `BAND` columns at a time. A QR factorization removes what is below the band, and
/// Q = 1−VTVᵀ is applied to the remaining part of the matrix from both sides,
///
/// A ← QᵀAQ = A − XVᵀ − VXᵀ with W = AV, Y = WT and X = Y − ½·V·Tᵀ(VᵀY).
///
/// The update waits until the next V is known: block by block, it then shares one read of the
/// matrix with the product AV.
pub struct Reduction {
    n: usize,
    /// What is not yet reduced, but for the update that waits.
    matrix: Blocks,
    /// What is.
    band: Band,
    /// Columns that are reduced.
    done: usize,
    /// The update that waits is A += L·Rᵀ with L = −(X V), R = (V X).
    left: Vec<Pair>,
    right: Vec<Pair>,
    /// W
    product: Vec<Block>,
}

impl Reduction {
    /// Of a symmetric matrix times `scale`.
    pub fn new(matrix: &Symmetric, scale: f64) -> Reduction {
        let n = matrix.dim();
        let matrix = Blocks::of(matrix, scale);
        let none = vec![[Line::default(); 2 * BAND]; matrix.count()];
        Reduction {
            n,
            band: Band::zeros(n),
            done: 0,
            left: none.clone(),
            right: none,
            product: vec![[Line::default(); BAND]; matrix.count()],
            matrix,
        }
    }

    /// Columns that are reduced.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Columns that are not.
    pub fn left(&self) -> usize {
        self.n - self.done
    }

    /// The similar band matrix: of all columns, when none is left.
    pub fn into_band(self) -> Band {
        self.band
    }

    /// The same so far.
    pub fn band(&self) -> &Band {
        &self.band
    }

    /// Reduces the next `BAND` columns.
    pub fn step(&mut self) {
        Arch::new().dispatch(Step(self));
    }

    /// Whether all eigenvalues of the remainder are below `level`: then `level` less the remainder has a
    /// Cholesky factor.
    pub fn rest_is_below(&mut self, level: f64) -> bool {
        Arch::new().dispatch(Update(self));
        self.matrix.rest_below(self.done / BAND, level).cholesky().is_some()
    }
}

struct Step<'a>(&'a mut Reduction);

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.0.run::<S, TALL, { BAND / 8 }, 8>(simd),
            4 => self.0.run::<S, 1, { BAND / 4 }, 4>(simd),
            2 => self.0.run::<S, 1, { BAND / 2 }, 2>(simd),
            _ => self.0.run::<S, 1, BAND, 1>(simd),
        }
    }
}

/// The update that waits, by itself.
struct Update<'a>(&'a mut Reduction);

impl WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.0.update::<S, TALL, { BAND / 8 }, 8>(simd),
            4 => self.0.update::<S, 1, { BAND / 4 }, 4>(simd),
            2 => self.0.update::<S, 1, { BAND / 2 }, 2>(simd),
            _ => self.0.update::<S, 1, BAND, 1>(simd),
        }
    }
}

impl Reduction {
    /// Tiles are `T` blocks high and `N` columns wide; `R` vectors are a line.
    #[inline(always)]
    fn run<S: Simd, const T: usize, const R: usize, const N: usize>(&mut self, simd: S) {
        let Reduction { n, matrix, band, done, left, right, product } = self;
        let (n, g) = (*n, *done / BAND);
        let start = std::mem::replace(done, n.min(*done + BAND));
        let (column, columns) = matrix.split_mut(g);
        add::<S, T, R, N>(simd, column, &left[g..], &right[g]);
        let Some((diagonal, v)) = column.split_first_mut() else { return };
        let side = BAND.min(n - start);
        for (j, column) in diagonal[..side].iter().enumerate() {
            for (i, value) in column.0[..side].iter().enumerate().skip(j) {
                band.set(start + i, start + j, *value);
            }
        }
        if v.is_empty() {
            return;
        }
        let tau = factor::<S, R>(simd, v, |i, j, value| {
            let (row, column) = (start + BAND + i, start + j);
            if row < n {
                band.set(row, column, value);
            }
        });
        let (left, right, w) = (&mut left[g + 1..], &mut right[g + 1..], &mut product[g + 1..]);
        w.fill([Line::default(); BAND]);
        for (h, column) in columns.enumerate() {
            let (left, right, v, w) = (&left[h..], &right[h], &v[h..], &mut w[h..]);
            let mut sums = [[[simd.splat_f64s(0.0); R]; BAND]; BAND];
            let (own, below) = column.split_at_mut(1);
            tile::<S, 1, R, N, false>(
                simd,
                own,
                &left[..1],
                right,
                &v[0],
                &v[..1],
                &mut w[..1],
                &mut sums,
            );
            let whole = below.len() / T * T;
            for at in (0..whole).step_by(T) {
                let rows = at + 1..at + 1 + T;
                let (left, v_rows, w) = (&left[rows.clone()], &v[rows.clone()], &mut w[rows]);
                tile::<S, T, R, N, true>(
                    simd,
                    &mut below[at..at + T],
                    left,
                    right,
                    &v[0],
                    v_rows,
                    w,
                    &mut sums,
                );
            }
            for at in whole..below.len() {
                let rows = at + 1..at + 2;
                let (left, v_rows, w) = (&left[rows.clone()], &v[rows.clone()], &mut w[rows]);
                tile::<S, 1, R, N, true>(
                    simd,
                    &mut below[at..at + 1],
                    left,
                    right,
                    &v[0],
                    v_rows,
                    w,
                    &mut sums,
                );
            }
            for (line, sums) in w[0].iter_mut().zip(&sums) {
                for (to, sums) in line.0.iter_mut().zip(sums) {
                    let sum = sums[1..].iter().fold(sums[0], |sum, &more| simd.add_f64s(sum, more));
                    *to += simd.reduce_sum_f64s(sum);
                }
            }
        }
        let t = triangular_factor(&inner::<S, R>(simd, v, v), &tau);
        let along = times(&inner::<S, R>(simd, v, w), &t);
        let half = times(&transposed(&t), &along).map(|row| row.map(|value| -0.5 * value));
        for (((v, w), left), right) in v.iter().zip(w).zip(left).zip(right) {
            for c in 0..BAND {
                let mut x = [simd.splat_f64s(0.0); R];
                for k in 0..BAND {
                    let (t, half) = (simd.splat_f64s(t[k][c]), simd.splat_f64s(half[k][c]));
                    let (w, v) = (vectors::<S, R>(&w[k]), vectors::<S, R>(&v[k]));
                    x = from_fn(|r| {
                        simd.mul_add_e_f64s(w[r], t, simd.mul_add_e_f64s(v[r], half, x[r]))
                    });
                }
                let v = *vectors::<S, R>(&v[c]);
                *vectors_mut::<S, R>(&mut left[c]) = x.map(|x| simd.neg_f64s(x));
                *vectors_mut::<S, R>(&mut left[BAND + c]) = v.map(|v| simd.neg_f64s(v));
                *vectors_mut::<S, R>(&mut right[c]) = v;
                *vectors_mut::<S, R>(&mut right[BAND + c]) = x;
            }
        }
    }

    #[inline(always)]
    fn update<S: Simd, const T: usize, const R: usize, const N: usize>(&mut self, simd: S) {
        let Reduction { matrix, done, left, right, .. } = self;
        let first = *done / BAND;
        let (column, columns) = matrix.split_mut(first);
        for (g, column) in (first..).zip(std::iter::once(column).chain(columns)) {
            add::<S, T, R, N>(simd, column, &left[g..], &right[g]);
        }
        left.fill([Line::default(); 2 * BAND]);
    }
}

/// A column of blocks += L·Rᵀ.
#[inline(always)]
fn add<S: Simd, const T: usize, const R: usize, const N: usize>(
    simd: S,
    column: &mut [Block],
    left: &[Pair],
    right: &Pair,
) {
    let whole = column.len() / T * T;
    for at in (0..whole).step_by(T) {
        for shift in (0..BAND).step_by(N) {
            let a =
                updated::<S, T, R, N>(simd, &column[at..at + T], &left[at..at + T], right, shift);
            store::<S, T, R, N>(&mut column[at..at + T], shift, &a);
        }
    }
    for at in whole..column.len() {
        for shift in (0..BAND).step_by(N) {
            let a = updated::<S, 1, R, N>(simd, &column[at..=at], &left[at..=at], right, shift);
            store::<S, 1, R, N>(&mut column[at..=at], shift, &a);
        }
    }
}

/// The tile from column `shift` on, plus L·Rᵀ.
#[inline(always)]
fn updated<S: Simd, const T: usize, const R: usize, const N: usize>(
    simd: S,
    blocks: &[Block],
    left: &[Pair],
    right: &Pair,
    shift: usize,
) -> Tile<S::f64s, T, R, N> {
    let left: &[Pair; T] = &left.as_chunks().0[0];
    let mut a = load::<S, T, R, N>(blocks, shift);
    for k in 0..2 * BAND {
        let rows: [[S::f64s; R]; T] = from_fn(|i| *vectors::<S, R>(&left[i][k]));
        for (j, column) in a.iter_mut().enumerate() {
            let factor = simd.splat_f64s(right[k].0[shift + j]);
            for i in 0..T {
                for r in 0..R {
                    column[i][r] = simd.mul_add_e_f64s(rows[i][r], factor, column[i][r]);
                }
            }
        }
    }
    a
}

/// For `T` blocks A of a column: A += L·Rᵀ, W += A·V, and if `BELOW` the diagonal, `sums` += AᵀV, where V
/// has the rows of A's columns in `v_columns` and those of its rows in `v_rows`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn tile<S: Simd, const T: usize, const R: usize, const N: usize, const BELOW: bool>(
    simd: S,
    blocks: &mut [Block],
    left: &[Pair],
    right: &Pair,
    v_columns: &Block,
    v_rows: &[Block],
    w: &mut [Block],
    sums: &mut [[[S::f64s; R]; BAND]; BAND],
) {
    let v_rows: &[Block; T] = &v_rows.as_chunks().0[0];
    let w: &mut [Block; T] = &mut w.as_chunks_mut().0[0];
    for shift in (0..BAND).step_by(N) {
        let a = updated::<S, T, R, N>(simd, blocks, left, right, shift);
        store::<S, T, R, N>(blocks, shift, &a);
        for c in 0..BAND {
            let mut products: [[S::f64s; R]; T] = from_fn(|i| *vectors::<S, R>(&w[i][c]));
            for (j, column) in a.iter().enumerate() {
                let factor = simd.splat_f64s(v_columns[c].0[shift + j]);
                for i in 0..T {
                    for r in 0..R {
                        products[i][r] = simd.mul_add_e_f64s(column[i][r], factor, products[i][r]);
                    }
                }
            }
            for i in 0..T {
                *vectors_mut::<S, R>(&mut w[i][c]) = products[i];
            }
            if BELOW {
                let v: [[S::f64s; R]; T] = from_fn(|i| *vectors::<S, R>(&v_rows[i][c]));
                for (column, sum) in a.iter().zip(&mut sums[c][shift..]) {
                    for i in 0..T {
                        for r in 0..R {
                            sum[r] = simd.mul_add_e_f64s(column[i][r], v[i][r], sum[r]);
                        }
                    }
                }
            }
        }
    }
}

/// QR of a column of blocks: V overwrites it, R goes to `put` (row, column, value); returns the τ.
#[inline(always)]
fn factor<S: Simd, const R: usize>(
    simd: S,
    panel: &mut [Block],
    mut put: impl FnMut(usize, usize, f64),
) -> [f64; BAND] {
    let mut tau = [0.0; BAND];
    for j in 0..BAND {
        let (first, rest) = panel.split_first_mut().expect("a block");
        for i in 0..j {
            put(i, j, std::mem::take(&mut first[j].0[i]));
        }
        // Σ of squares below the head, and products with the columns to the right.
        let mut sums = [[simd.splat_f64s(0.0); R]; BAND];
        for block in rest.iter() {
            let v = *vectors::<S, R>(&block[j]);
            for (sum, line) in sums.iter_mut().zip(block).skip(j) {
                let line = vectors::<S, R>(line);
                *sum = from_fn(|r| simd.mul_add_e_f64s(v[r], line[r], sum[r]));
            }
        }
        let mut products: [f64; BAND] = from_fn(|c| {
            let sum = sums[c][1..].iter().fold(sums[c][0], |sum, &more| simd.add_f64s(sum, more));
            let beside = (j + 1..BAND).map(|i| first[j].0[i] * first[c].0[i]);
            simd.reduce_sum_f64s(sum) + beside.sum::<f64>()
        });
        let (beta, of, inverse) = reflection(first[j].0[j], products[j]);
        tau[j] = of;
        put(j, j, beta);
        first[j].0[j] = 1.0;
        first[j].0[j + 1..].iter_mut().for_each(|value| *value *= inverse);
        for c in j + 1..BAND {
            products[c] = -of * (first[c].0[j] + inverse * products[c]);
            for i in j..BAND {
                first[c].0[i] += products[c] * first[j].0[i];
            }
        }
        for block in rest {
            let v = vectors::<S, R>(&block[j]).map(|v| simd.mul_f64s(v, simd.splat_f64s(inverse)));
            *vectors_mut::<S, R>(&mut block[j]) = v;
            for (line, product) in block.iter_mut().zip(products).skip(j + 1) {
                let line = vectors_mut::<S, R>(line);
                let product = simd.splat_f64s(product);
                *line = from_fn(|r| simd.mul_add_e_f64s(v[r], product, line[r]));
            }
        }
    }
    tau
}

/// A small matrix, row by row.
type Small = [[f64; BAND]; BAND];

/// AᵀB
#[inline(always)]
fn inner<S: Simd, const R: usize>(simd: S, a: &[Block], b: &[Block]) -> Small {
    let mut sums = [[[simd.splat_f64s(0.0); R]; BAND]; BAND];
    for (a, b) in a.iter().zip(b) {
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = vectors::<S, R>(a);
            for (sum, b) in sums.iter_mut().zip(b) {
                let b = vectors::<S, R>(b);
                *sum = from_fn(|r| simd.mul_add_e_f64s(a[r], b[r], sum[r]));
            }
        }
    }
    let sum = |sums: [S::f64s; R]| {
        simd.reduce_sum_f64s(sums[1..].iter().fold(sums[0], |sum, &more| simd.add_f64s(sum, more)))
    };
    sums.map(|row| row.map(sum))
}

fn times(a: &Small, b: &Small) -> Small {
    from_fn(|i| from_fn(|j| (0..BAND).map(|k| a[i][k] * b[k][j]).sum()))
}

fn transposed(a: &Small) -> Small {
    from_fn(|i| from_fn(|j| a[j][i]))
}

/// T of H₁H₂… = 1−VTVᵀ, where Hⱼ = 1−τⱼvⱼvⱼᵀ (Schreiber and Van Loan, SIAM J. Sci. Stat. Comput.
/// 10(1), 1989), from VᵀV.
fn triangular_factor(inner: &Small, tau: &[f64; BAND]) -> Small {
    let mut t = [[0.0; BAND]; BAND];
    for j in 0..BAND {
        for row in t.iter_mut().take(j) {
            // What is before the row's diagonal is 0.
            let sum: f64 = (0..j).map(|k| row[k] * inner[k][j]).sum();
            row[j] = -tau[j] * sum;
        }
        t[j][j] = tau[j];
    }
    t
}
