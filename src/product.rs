//! The products that everything else waits for, S = YᵀY and G = YYᵀ, in f64: their lower triangles.
//!
//! Y is packed into panels of 8 columns, converted and centred on the way, so that what is
//! multiplied lies in the order in which it is wanted. The triangle is kept in strips of 48 rows,
//! the unit of parallel work. Inside a strip, tiles of it are summed up in registers (Goto and van de Geijn, "Anatomy of High-Performance Matrix
//! Multiplication", ACM TOMS 34(3), 2008). Every number is a sum in the order of Y's rows, whatever
//! the number of threads.

use std::array::from_fn;
use std::ops::Range;
use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::moments::Value;

/// Columns in a panel: the longest vector's numbers.
const WIDTH: usize = 8;

/// The same in single precision.
const SINGLE_WIDTH: usize = 2 * WIDTH;

/// Rows in a strip of the triangle, a multiple of all tiles' rows.
const STRIP: usize = 48;

/// Rows that are best multiplied at once: a tile's panels then stay in the nearest cache.
pub const DEPTH: usize = 128;

/// What products are summed up in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// f64.
    #[default]
    Double,
    /// f32 inside a block of [`DEPTH`] rows, f64 over the blocks: faster, and right to about six
    /// digits of the largest eigenvalue.
    Single,
}

/// A matrix Y, packed for [`Symmetric::add_product`].
pub struct Panels {
    dim: usize,
    depth: usize,
    /// Panel after panel, each row by row. Beside the last column of a centred Y are zeros, beside
    /// that of a transposed one nothing of meaning.
    values: Vec<[f64; WIDTH]>,
}

impl Panels {
    /// Y with rows less `mean` (p values), and below them the row `last`. `rows` is row-major.
    pub fn centred<T: Value>(rows: &[T], mean: &[f64], last: &[f64]) -> Panels {
        Arch::new().dispatch(Centre { rows, mean, last })
    }

    /// Yᵀ for those `columns` of the Y whose rows are `rows` less `mean`.
    fn transposed<T: Value>(rows: &[T], mean: &[f64], columns: Range<usize>) -> Panels {
        Arch::new().dispatch(Transpose { rows, mean, columns })
    }

    fn zeros(dim: usize, depth: usize) -> Panels {
        Panels { dim, depth, values: vec![[0.0; WIDTH]; dim.div_ceil(WIDTH) * depth] }
    }

    /// The same in single precision, in panels of 16 columns.
    fn single(&self) -> Vec<[f32; SINGLE_WIDTH]> {
        let panels: Vec<_> = self.values.chunks_exact(self.depth).collect();
        let rows = panels.chunks(2).flat_map(|pair| (0..self.depth).map(move |k| (pair, k)));
        let row = |(pair, k): (&[&[[f64; WIDTH]]], usize)| {
            // Beside the last panel, itself: nobody looks there.
            let halves = [pair[0][k], pair[pair.len() - 1][k]];
            from_fn(|lane| halves[lane / WIDTH][lane % WIDTH] as f32)
        };
        rows.map(row).collect()
    }

    /// wₖ = ‖yₖ − shift‖² for the first `rows` rows yₖ, and Σ wₖyₖ.
    pub fn square_distances(&self, shift: &[f64], rows: usize) -> (Vec<f64>, Vec<f64>) {
        Arch::new().dispatch(SquareDistances { panels: self, shift, rows })
    }
}

struct Centre<'a, T> {
    rows: &'a [T],
    mean: &'a [f64],
    last: &'a [f64],
}

impl<T: Value> WithSimd for Centre<'_, T> {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Panels {
        let dim = self.mean.len();
        let mut panels = Panels::zeros(dim, self.rows.len() / dim + 1);
        for (q, panel) in panels.values.chunks_exact_mut(panels.depth).enumerate() {
            let columns = q * WIDTH..dim.min((q + 1) * WIDTH);
            let mean = wide(&self.mean[columns.clone()]);
            for (to, row) in panel.iter_mut().zip(self.rows.chunks_exact(dim)) {
                *to = wide(&row[columns.clone()]);
                let pairs = S::as_mut_simd_f64s(to).0.iter_mut().zip(S::as_simd_f64s(&mean).0);
                for (y, &mean) in pairs {
                    *y = simd.sub_f64s(*y, mean);
                }
            }
            panel[panels.depth - 1] = wide(&self.last[columns]);
        }
        panels
    }
}

/// Up to a panel's width of values, with zeros where they end.
#[inline(always)]
fn wide<T: Value>(values: &[T]) -> [f64; WIDTH] {
    match values.first_chunk::<WIDTH>() {
        Some(values) => values.map(Into::into),
        None => from_fn(|lane| values.get(lane).map_or(0.0, |&value| value.into())),
    }
}

struct Transpose<'a, T> {
    rows: &'a [T],
    mean: &'a [f64],
    columns: Range<usize>,
}

impl<T: Value> WithSimd for Transpose<'_, T> {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Panels {
        let dim = self.mean.len();
        let mut panels = Panels::zeros(self.rows.len() / dim, self.columns.len());
        let groups = self.rows.chunks(WIDTH * dim);
        for (panel, group) in panels.values.chunks_exact_mut(panels.depth).zip(groups) {
            // Where the rows end, the last one again, for nothing.
            let last = group.len() / dim - 1;
            let rows: [_; WIDTH] =
                from_fn(|lane| &group[lane.min(last) * dim..][self.columns.clone()]);
            for (j, (to, mean)) in
                panel.iter_mut().zip(&self.mean[self.columns.clone()]).enumerate()
            {
                *to = from_fn(|lane| rows[lane][j].into() - mean);
            }
        }
        panels
    }
}

struct SquareDistances<'a> {
    panels: &'a Panels,
    shift: &'a [f64],
    rows: usize,
}

impl WithSimd for SquareDistances<'_> {
    type Output = (Vec<f64>, Vec<f64>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let panels = self.panels.values.chunks_exact(self.panels.depth);
        let mut squares = vec![[0.0; WIDTH]; self.rows];
        for (panel, columns) in panels.clone().zip(self.shift.chunks(WIDTH)) {
            let shift = wide(columns);
            for (sums, y) in squares.iter_mut().zip(panel) {
                let sums = S::as_mut_simd_f64s(sums).0.iter_mut();
                for ((sum, &y), &shift) in
                    sums.zip(S::as_simd_f64s(y).0).zip(S::as_simd_f64s(&shift).0)
                {
                    let step = simd.sub_f64s(y, shift);
                    *sum = simd.mul_add_e_f64s(step, step, *sum);
                }
            }
        }
        let squares: Vec<f64> = squares.iter().map(|lanes| lanes.iter().sum()).collect();
        let mut sums = Vec::with_capacity(self.panels.dim + WIDTH);
        for panel in panels {
            let mut sum = [0.0; WIDTH];
            for (y, &square) in panel.iter().zip(&squares) {
                let sums = S::as_mut_simd_f64s(&mut sum).0.iter_mut();
                for (sum, &y) in sums.zip(S::as_simd_f64s(y).0) {
                    *sum = simd.mul_add_e_f64s(simd.splat_f64s(square), y, *sum);
                }
            }
            sums.extend(sum);
        }
        sums.truncate(self.panels.dim);
        (squares, sums)
    }
}

/// A symmetric matrix, its lower triangle.
#[derive(Clone, Debug)]
pub struct Symmetric {
    dim: usize,
    /// Strip k has `STRIP` rows from k·`STRIP` on and columns from 0 to its end, column by column.
    /// What lies above the diagonal or below the last row means nothing.
    strips: Vec<Vec<f64>>,
}

impl Symmetric {
    /// The p×p zero matrix.
    pub fn zeros(dim: usize) -> Symmetric {
        let strips = (1..=dim.div_ceil(STRIP)).map(|k| vec![0.0; STRIP * STRIP * k]).collect();
        Symmetric { dim, strips }
    }

    /// Bytes of a p×p matrix.
    pub fn bytes(dim: usize) -> usize {
        let strips = dim.div_ceil(STRIP);
        size_of::<f64>() * STRIP * STRIP * strips * (strips + 1) / 2
    }

    /// G = YYᵀ, m×m, where Y (m×p) has the `rows` (row-major) less `mean`.
    pub fn gram<T: Value>(rows: &[T], mean: &[f64], precision: Precision) -> Symmetric {
        let mut gram = Symmetric::zeros(rows.len() / mean.len());
        for start in (0..mean.len()).step_by(DEPTH) {
            let columns = start..mean.len().min(start + DEPTH);
            gram.add_product(&Panels::transposed(rows, mean, columns), precision);
        }
        gram
    }

    /// Adds YᵀY.
    ///
    /// # Panics
    /// If Y has not p columns.
    pub fn add_product(&mut self, y: &Panels, precision: Precision) {
        assert_eq!(self.dim, y.dim, "a product of another dimension");
        let (arch, depth) = (Arch::new(), y.depth);
        // Two strips are the least that is worth another thread.
        let strips = self.strips.par_iter_mut().with_min_len(2).enumerate();
        match precision {
            Precision::Double => strips.for_each(|(k, strip)| {
                arch.dispatch(StripProduct { k, strip, depth, panels: &y.values });
            }),
            Precision::Single => {
                let panels = &y.single();
                strips.for_each(|(k, strip)| {
                    arch.dispatch(StripProduct { k, strip, depth, panels });
                });
            }
        }
    }

    /// Adds another matrix.
    ///
    /// # Panics
    /// If it is of another dimension.
    pub fn add(&mut self, other: &Symmetric) {
        assert_eq!(self.dim, other.dim, "a sum of another dimension");
        for (ours, theirs) in self.strips.iter_mut().flatten().zip(other.strips.iter().flatten()) {
            *ours += theirs;
        }
    }

    /// The numbers on the diagonal.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> {
        (0..self.dim).map(|i| self.strips[i / STRIP][i * STRIP + i % STRIP])
    }

    /// The product with a vector of p values.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.dim];
        for (k, strip) in self.strips.iter().enumerate() {
            let rows = self.rows(k);
            for j in 0..rows.end {
                // Of a column on the diagonal, what lies below it; that stands for what is above.
                let below = rows.start.max(j + 1)..rows.end;
                let column = &strip[j * STRIP..][below.start - rows.start..rows.len()];
                product[j] += dot(column, &v[below.clone()]);
                for (product, value) in product[below].iter_mut().zip(column) {
                    *product += value * v[j];
                }
                if j >= rows.start {
                    product[j] += strip[j * STRIP + j - rows.start] * v[j];
                }
            }
        }
        product
    }

    /// The matrix; above its diagonal are zeros.
    pub fn into_matrix(self) -> Mat<f64> {
        // Columns that lie a power of two apart contend for the same few lines of the cache.
        let mut matrix = Mat::with_capacity(self.dim + WIDTH, self.dim);
        matrix.resize_with(self.dim, self.dim, |_, _| 0.0);
        for (k, strip) in self.strips.iter().enumerate() {
            let rows = self.rows(k);
            for j in 0..rows.end {
                let below = rows.start.max(j)..rows.end;
                let column = &strip[j * STRIP..][below.start - rows.start..rows.len()];
                matrix.col_as_slice_mut(j)[below].copy_from_slice(column);
            }
        }
        matrix
    }

    /// The rows of strip `k`.
    fn rows(&self, k: usize) -> Range<usize> {
        k * STRIP..self.dim.min((k + 1) * STRIP)
    }
}

/// a·b: eight sums side by side, or each addition would wait for the one before.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<WIDTH>(), b.as_chunks::<WIDTH>());
    let mut sums = [0.0; WIDTH];
    for (a, b) in a.iter().zip(b) {
        sums = from_fn(|lane| sums[lane] + a[lane] * b[lane]);
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
}

/// A number that tiles are summed up in, and its vectors.
trait Real: Copy + Default + Into<f64> {
    type Vector<S: Simd>: Copy;
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
}

macro_rules! real {
    ($real:ty, $vector:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $mul_add:ident) => {
        impl Real for $real {
            type Vector<S: Simd> = S::$vector;
            #[inline(always)]
            fn vectors<S: Simd>(values: &[$real]) -> &[S::$vector] {
                S::$vectors(values).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [$real]) -> &mut [S::$vector] {
                S::$vectors_mut(values).0
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: $real) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
        }
    };
}

real!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s);
real!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s);

/// What a strip adds up: the product of its own columns of Y with all up to them.
struct StripProduct<'a, R, const W: usize> {
    k: usize,
    strip: &'a mut [f64],
    depth: usize,
    /// Panels of `W` columns, of `depth` rows each.
    panels: &'a [[R; W]],
}

impl WithSimd for StripProduct<'_, f64, WIDTH> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Half of the registers hold a tile.
        match S::F64_LANES {
            8 => self.run::<S, 1, 2, 8>(simd),
            4 => self.run::<S, 2, 1, 4>(simd),
            2 => self.run::<S, 4, 1, 4>(simd),
            _ => self.run::<S, 8, 1, 1>(simd),
        }
    }
}

impl WithSimd for StripProduct<'_, f32, SINGLE_WIDTH> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 1, 2, 8>(simd),
            8 => self.run::<S, 2, 1, 4>(simd),
            4 => self.run::<S, 4, 1, 2>(simd),
            _ => self.run::<S, 16, 1, 1>(simd),
        }
    }
}

impl<R: Real, const W: usize> StripProduct<'_, R, W> {
    /// Tiles of `P` panels (of `V` vectors) by `N` columns.
    #[inline(always)]
    fn run<S: Simd, const V: usize, const P: usize, const N: usize>(self, simd: S) {
        let panels: Vec<_> = self.panels.chunks_exact(self.depth).collect();
        let first = self.k * STRIP / W;
        let end = panels.len().min(first + STRIP / W);
        for i in (first..end).step_by(P) {
            let own = &panels[i..end.min(i + P)];
            for (j, &other) in panels[..i + own.len()].iter().enumerate() {
                for shift in (0..W).step_by(N) {
                    let at = (j * W + shift) * STRIP + (i - first) * W;
                    let into = &mut self.strip[at..];
                    if let Ok(own) = own.try_into() {
                        tile::<S, R, W, V, P, N>(simd, own, other, shift, into);
                    } else {
                        tile::<S, R, W, V, 1, N>(simd, [own[0]], other, shift, into);
                    }
                }
            }
        }
    }
}

/// Adds AᵀB, where A are `P` panels, B the columns from `shift` on of one, into a tile of a strip.
#[inline(always)]
fn tile<S: Simd, R: Real, const W: usize, const V: usize, const P: usize, const N: usize>(
    simd: S,
    a: [&[[R; W]]; P],
    b: &[[R; W]],
    shift: usize,
    into: &mut [f64],
) {
    let zero = R::splat(simd, R::default());
    let mut sums = [[[zero; V]; P]; N];
    let a = a.map(|a| &a[..b.len()]);
    for (k, b) in b.iter().enumerate() {
        let mut rows = [[zero; V]; P];
        for p in 0..P {
            rows[p].copy_from_slice(R::vectors::<S>(&a[p][k]));
        }
        for (sums, &factor) in sums.iter_mut().zip(&b[shift..shift + N]) {
            let factor = R::splat(simd, factor);
            for (sums, rows) in sums.iter_mut().zip(&rows) {
                for (sum, &row) in sums.iter_mut().zip(rows) {
                    *sum = R::mul_add(simd, row, factor, *sum);
                }
            }
        }
    }
    for (j, sums) in sums.iter().enumerate() {
        for (p, sums) in sums.iter().enumerate() {
            let mut numbers = [R::default(); W];
            R::vectors_mut::<S>(&mut numbers).copy_from_slice(sums);
            let column = &mut into[j * STRIP + p * W..][..W];
            for (value, number) in column.iter_mut().zip(numbers) {
                *value += number.into();
            }
        }
    }
}

/// FLOP of the lower triangle of YᵀY, where Y has `rows` rows and `dim` columns.
pub fn flop(rows: u64, dim: usize) -> f64 {
    rows as f64 * dim as f64 * (dim as f64 + 1.0)
}

/// FLOP a second that a general product, faer's, now reaches on all threads: the best of a few.
pub fn machine_flops() -> f64 {
    const SIZE: usize = 512;
    const TIMES: usize = 5;
    let matrix = Mat::from_fn(SIZE, SIZE, |i, j| ((7 * i + 3 * j) % 11) as f64);
    let threads = rayon::current_num_threads();
    let once = |_| {
        let started = Instant::now();
        (0..threads).into_par_iter().for_each(|_| {
            let mut product = Mat::<f64>::zeros(SIZE, SIZE);
            matmul(&mut product, Accum::Replace, &matrix, &matrix, 1.0, Par::Seq);
        });
        2.0 * (SIZE as f64).powi(3) * threads as f64 / started.elapsed().as_secs_f64()
    };
    (0..TIMES).map(once).fold(0.0, f64::max)
}
