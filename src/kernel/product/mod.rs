//! The products that everything else waits for, S = YᵀY and G = YYᵀ, in f64: their lower triangles.
//!
//! Y is packed into panels of 8 columns, converted and centred on the way, so that what is
//! multiplied lies in the order in which it is wanted. The triangle is stored in strips of 48 rows,
//! the unit of parallel work. Inside a strip, tiles of it are summed up in registers (Goto and van de
//! Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008). Every number is a
//! sum in the order of Y's rows, whatever the number of threads.

mod panels;
mod tile;

use std::array::from_fn;
use std::ops::Range;
use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernel::Value;
pub use panels::Panels;
use tile::StripProduct;

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

impl Precision {
    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Double => "f64",
            Precision::Single => "f32",
        }
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
                arch.dispatch(StripProduct { k, strip, depth, panels: &y.lines });
            }),
            Precision::Single => {
                let panels = &y.single()[..];
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

    /// Number of rows p.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The parts of the columns that lie on and below the diagonal, strip by strip: column, rows, numbers.
    pub fn columns(&self) -> impl Iterator<Item = (usize, Range<usize>, &[f64])> {
        self.strips.iter().enumerate().flat_map(|(k, strip)| {
            let rows = self.rows(k);
            (0..rows.end).map(move |j| {
                let below = rows.start.max(j)..rows.end;
                let column = &strip[j * STRIP..][below.start - rows.start..rows.len()];
                (j, below, column)
            })
        })
    }

    /// The numbers on the diagonal.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> {
        (0..self.dim).map(|i| self.strips[i / STRIP][i * STRIP + i % STRIP])
    }

    /// ‖scale·S − less·1‖², the sum of the squares of all numbers of that matrix.
    pub fn square_norm(&self, scale: f64, less: f64) -> f64 {
        let off = |(_, _, column): (usize, Range<usize>, &[f64])| {
            column.iter().map(|value| (scale * value).powi(2)).sum::<f64>()
        };
        let on = self.diagonal().map(|value| (scale * value - less).powi(2)).sum::<f64>();
        on + 2.0 * self.below_diagonal().map(off).sum::<f64>()
    }

    /// The parts of the columns that lie below the diagonal, strip by strip: column, rows, numbers.
    fn below_diagonal(&self) -> impl Iterator<Item = (usize, Range<usize>, &[f64])> {
        self.columns().map(|(j, rows, column)| {
            let on = usize::from(rows.start == j);
            (j, rows.start + on..rows.end, &column[on..])
        })
    }

    /// The trace of SᵀB, where B is symmetric too; above its diagonal it may hold anything.
    ///
    /// # Panics
    /// If B has fewer than p rows or columns.
    pub fn inner(&self, b: &Mat<f64>) -> f64 {
        let off = |(j, below, column): (usize, Range<usize>, &[f64])| {
            dot(column, &b.col_as_slice(j)[below])
        };
        let on = self.diagonal().enumerate().map(|(i, value)| value * b[(i, i)]).sum::<f64>();
        on + 2.0 * self.below_diagonal().map(off).sum::<f64>()
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

    /// The upper triangle row by row, which is the lower one column by column: p(p+1)/2 values.
    pub fn packed(&self) -> Vec<f64> {
        let mut packed = Vec::with_capacity(packed_len(self.dim));
        for j in 0..self.dim {
            for (k, strip) in self.strips.iter().enumerate().skip(j / STRIP) {
                let rows = self.rows(k);
                let below = rows.start.max(j) - rows.start;
                packed.extend_from_slice(&strip[j * STRIP..][below..rows.len()]);
            }
        }
        packed
    }

    /// The p×p matrix of such a triangle.
    ///
    /// # Panics
    /// If there are not p(p+1)/2 values.
    pub fn from_packed(dim: usize, packed: &[f64]) -> Symmetric {
        assert_eq!(packed.len(), packed_len(dim), "a triangle of another dimension");
        let mut matrix = Symmetric::zeros(dim);
        let mut rest = packed;
        for j in 0..dim {
            for k in j / STRIP..matrix.strips.len() {
                let rows = matrix.rows(k);
                let below = rows.start.max(j) - rows.start;
                let (values, after) = rest.split_at(rows.len() - below);
                matrix.strips[k][j * STRIP..][below..rows.len()].copy_from_slice(values);
                rest = after;
            }
        }
        matrix
    }

    /// Adds another matrix S', given as the bytes of its [packed](Symmetric::packed) triangle, and vvᵀ.
    /// Returns what S' is like, and its product with `times`: so it is read once.
    ///
    /// # Panics
    /// If a length is that of another dimension.
    pub fn add_packed(&mut self, packed: &[[u8; 8]], v: &[f64], times: &[f64]) -> Added {
        assert_eq!(packed.len(), packed_len(self.dim), "a triangle of another dimension");
        Arch::new().dispatch(AddPacked { to: self, packed, v, times })
    }

    /// The matrix; above its diagonal are zeros.
    pub fn to_matrix(&self) -> Mat<f64> {
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

/// What is known of a matrix that was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// The sum of its diagonal.
    pub trace: f64,
    /// Its product with a vector.
    pub times: Vec<f64>,
    /// Whether all its values are finite.
    pub finite: bool,
}

struct AddPacked<'a> {
    to: &'a mut Symmetric,
    packed: &'a [[u8; 8]],
    v: &'a [f64],
    times: &'a [f64],
}

impl WithSimd for AddPacked<'_> {
    type Output = Added;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Added {
        let AddPacked { to, packed, v, times } = self;
        let dim = to.dim;
        let mut added = Added { trace: 0.0, times: vec![0.0; dim], finite: true };
        let (mut rest, mut zeros) = (packed, [0.0; WIDTH]);
        let mut values = [0.0; STRIP];
        for j in 0..dim {
            let mut sums = [0.0; WIDTH];
            for k in j / STRIP..to.strips.len() {
                let rows = to.rows(k);
                let below = rows.start.max(j)..rows.end;
                let (bytes, after) = rest.split_at(below.len());
                rest = after;
                let values = &mut values[..below.len()];
                for (value, bytes) in values.iter_mut().zip(bytes) {
                    *value = f64::from_le_bytes(*bytes);
                }
                let column = &mut to.strips[k][j * STRIP..][below.start - rows.start..rows.len()];
                for ((to, value), v_i) in column.iter_mut().zip(&*values).zip(&v[below.clone()]) {
                    *to += value + v_i * v[j];
                }
                if below.start == j {
                    // The diagonal counts once.
                    added.trace += values[0];
                    added.times[j] += values[0] * times[j];
                    zeros[0] += 0.0 * values[0];
                    values[0] = 0.0;
                }
                for (product, value) in added.times[below.clone()].iter_mut().zip(&*values) {
                    *product += value * times[j];
                }
                for (values, times) in values.chunks(WIDTH).zip(times[below].chunks(WIDTH)) {
                    for (((sum, zero), value), times) in
                        sums.iter_mut().zip(&mut zeros).zip(values).zip(times)
                    {
                        *sum += value * times;
                        *zero += 0.0 * value;
                    }
                }
            }
            added.times[j] += sums.iter().sum::<f64>();
        }
        // 0 times what is not finite is NaN.
        added.finite = zeros.iter().all(|zero| *zero == 0.0);
        added
    }
}

/// Values in the triangle of a p×p matrix, its diagonal included.
pub fn packed_len(dim: usize) -> usize {
    dim * (dim + 1) / 2
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

/// ‖a − b‖².
pub fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<WIDTH>(), b.as_chunks::<WIDTH>());
    let mut sums = [0.0; WIDTH];
    for (a, b) in a.iter().zip(b) {
        sums = from_fn(|lane| sums[lane] + (a[lane] - b[lane]) * (a[lane] - b[lane]));
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    sums.into_iter().chain(rest).sum()
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
