//! A symmetric matrix in blocks, for what overwrites it; and its Cholesky factor.

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

use super::line::{Line, Lines};
use super::product::Symmetric;

/// Rows and columns of a block: the longest vector's numbers.
pub const SIDE: usize = 8;

/// A block, column by column.
pub type Block = [Line<f64, SIDE>; SIDE];

/// Blocks that are worked on at once, one below the other, where there are 32 registers for them.
pub const TALL: usize = 3;

/// Columns of blocks whose products are subtracted at once from those that follow.
const DEEP: usize = 6;

/// The lower triangle of a symmetric matrix: of each column of blocks those from the diagonal down. Blocks
/// on the diagonal are whole, beyond the last row are zeros.
pub struct Blocks {
    rows: usize,
    lines: Lines<Line<f64, SIDE>>,
}

impl Blocks {
    /// The matrix times `scale`.
    pub fn of(matrix: &Symmetric, scale: f64) -> Blocks {
        let mut blocks = Blocks::any(matrix.dim());
        blocks.lines.fill(Line::default());
        for (j, rows, values) in matrix.columns() {
            let (g, j) = (j / SIDE, j % SIDE);
            let first = rows.start - g * SIDE;
            let column = blocks.column_mut(g);
            for (i, value) in (first..).zip(values) {
                column[i / SIDE][j].0[i % SIDE] = scale * value;
            }
            for (i, value) in (first..SIDE).zip(values) {
                column[0][i].0[j] = scale * value;
            }
        }
        blocks
    }

    fn any(rows: usize) -> Blocks {
        let count = rows.div_ceil(SIDE);
        Blocks { rows, lines: Lines::any(SIDE * count * (count + 1) / 2) }
    }

    /// Columns of blocks.
    pub fn count(&self) -> usize {
        self.rows.div_ceil(SIDE)
    }

    /// Where column `g` begins, in blocks.
    fn start(&self, g: usize) -> usize {
        g * self.count() - g * g.saturating_sub(1) / 2
    }

    /// The blocks of column `g`.
    fn column_mut(&mut self, g: usize) -> &mut [Block] {
        self.split_mut(g).0
    }

    /// The same, and the columns that follow.
    pub fn split_mut(&mut self, g: usize) -> (&mut [Block], impl Iterator<Item = &mut [Block]>) {
        let (start, count) = (self.start(g), self.count());
        let blocks = &mut self.lines.as_chunks_mut().0[start..];
        let (column, mut rest) = blocks.split_at_mut(count - g);
        let next = move |h| rest.split_off_mut(..count - h).expect("a column of blocks");
        (column, (g + 1..count).map(next))
    }

    /// `level` less the matrix of the rows and columns from block `g` on.
    pub fn rest_below(&self, g: usize, level: f64) -> Blocks {
        let mut rest = Blocks::any(self.rows - g * SIDE);
        let from = &self.lines[self.start(g) * SIDE..];
        for (to, from) in rest.lines.iter_mut().zip(from) {
            to.0 = from.0.map(|value| -value);
        }
        rest.add_to_diagonal(level);
        rest
    }

    /// The same matrix plus so many times 1.
    pub fn add_to_diagonal(&mut self, value: f64) {
        for row in 0..self.rows {
            self.column_mut(row / SIDE)[0][row % SIDE].0[row % SIDE] += value;
        }
    }

    /// Makes the matrix its Cholesky factor L; returns ln det L, or none where a matrix that is not positive
    /// definite has none.
    pub fn cholesky(&mut self) -> Option<f64> {
        Arch::new().dispatch(Cholesky(self))
    }
}

struct Cholesky<'a>(&'a mut Blocks);

impl WithSimd for Cholesky<'_> {
    type Output = Option<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Option<f64> {
        match S::F64_LANES {
            8 => self.run::<S, TALL, 1, 8>(simd),
            4 => self.run::<S, 1, 2, 4>(simd),
            2 => self.run::<S, 1, 4, 2>(simd),
            _ => self.run::<S, 1, 8, 1>(simd),
        }
    }
}

impl Cholesky<'_> {
    /// Tiles are `T` blocks high and `N` columns wide; `R` vectors are a column of a block.
    #[inline(always)]
    fn run<S: Simd, const T: usize, const R: usize, const N: usize>(self, simd: S) -> Option<f64> {
        let (count, rows) = (self.0.count(), self.0.rows);
        let starts: Vec<usize> = (0..count).map(|g| self.0.start(g)).collect();
        let blocks = self.0.lines.as_chunks_mut().0;
        let mut log_det = 0.0;
        for first in (0..count).step_by(DEEP) {
            let next = count.min(first + DEEP);
            for g in first..count {
                let (factors, column) = blocks.split_at_mut(starts[g]);
                let column = &mut column[..count - g];
                // Of the columns before, the rows from this column's diagonal on.
                let factors: [&[Block]; DEEP] = from_fn(|k| match first + k {
                    k if k < g.min(next) => &factors[starts[k] + g - k..starts[k + 1]],
                    _ => &[],
                });
                subtract::<S, T, R, N>(simd, column, &factors[..g.min(next) - first]);
                if g < next {
                    let live = SIDE.min(rows - g * SIDE);
                    log_det += factor_block(&mut column[0], live)?;
                    solve::<S, R>(simd, column);
                }
            }
        }
        Some(log_det)
    }
}

/// A column of blocks less Σ LₖLₖ₀ᵀ, where Lₖ₀ is the first block of Lₖ.
#[inline(always)]
fn subtract<S: Simd, const T: usize, const R: usize, const N: usize>(
    simd: S,
    column: &mut [Block],
    factors: &[&[Block]],
) {
    let whole = column.len() / T * T;
    for at in (0..whole).step_by(T) {
        for shift in (0..SIDE).step_by(N) {
            subtract_tile::<S, T, R, N>(simd, column, factors, at, shift);
        }
    }
    for at in whole..column.len() {
        for shift in (0..SIDE).step_by(N) {
            subtract_tile::<S, 1, R, N>(simd, column, factors, at, shift);
        }
    }
}

#[inline(always)]
fn subtract_tile<S: Simd, const T: usize, const R: usize, const N: usize>(
    simd: S,
    column: &mut [Block],
    factors: &[&[Block]],
    at: usize,
    shift: usize,
) {
    let mut tile: Tile<S::f64s, T, R, N> = load::<S, T, R, N>(&column[at..at + T], shift);
    for factor in factors {
        let (own, rows) = (&factor[0], &factor[at..at + T]);
        for k in 0..SIDE {
            let rows: [[S::f64s; R]; T] = from_fn(|i| *vectors::<S, R>(&rows[i][k]));
            for (j, column) in tile.iter_mut().enumerate() {
                let factor = simd.splat_f64s(-own[k].0[shift + j]);
                for i in 0..T {
                    for r in 0..R {
                        column[i][r] = simd.mul_add_e_f64s(rows[i][r], factor, column[i][r]);
                    }
                }
            }
        }
    }
    store::<S, T, R, N>(&mut column[at..at + T], shift, &tile);
}

/// Makes the first `live` rows and columns their Cholesky factor; the others stay as they are. Returns the
/// logarithm of its determinant.
fn factor_block(block: &mut Block, live: usize) -> Option<f64> {
    let mut det = 1.0;
    for j in 0..live {
        let pivot = block[j].0[j];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let root = pivot.sqrt();
        det *= root;
        block[j].0[j] = root;
        for i in j + 1..live {
            block[j].0[i] /= root;
        }
        for k in j + 1..live {
            for i in k..live {
                block[k].0[i] -= block[j].0[i] * block[j].0[k];
            }
        }
    }
    Some(det.ln())
}

/// The blocks below the first one, L, times L⁻ᵀ. If there are any, L has no row beyond the last.
#[inline(always)]
fn solve<S: Simd, const R: usize>(simd: S, column: &mut [Block]) {
    let Some((factor, below)) = column.split_first_mut() else { return };
    let inverse: [f64; SIDE] = from_fn(|j| 1.0 / factor[j].0[j]);
    for block in below {
        for j in 0..SIDE {
            let mut x = *vectors::<S, R>(&block[j]);
            for k in 0..j {
                let (l, known) = (simd.splat_f64s(-factor[k].0[j]), vectors::<S, R>(&block[k]));
                x = from_fn(|r| simd.mul_add_e_f64s(known[r], l, x[r]));
            }
            let inverse = simd.splat_f64s(inverse[j]);
            *vectors_mut::<S, R>(&mut block[j]) = x.map(|x| simd.mul_f64s(x, inverse));
        }
    }
}

/// `N` columns of `T` blocks, in registers: `R` vectors are a column of a block.
pub type Tile<V, const T: usize, const R: usize, const N: usize> = [[[V; R]; T]; N];

/// The columns from `shift` on.
#[inline(always)]
pub fn load<S: Simd, const T: usize, const R: usize, const N: usize>(
    blocks: &[Block],
    shift: usize,
) -> Tile<S::f64s, T, R, N> {
    let blocks: &[Block; T] = &blocks.as_chunks().0[0];
    from_fn(|j| from_fn(|i| *vectors::<S, R>(&blocks[i][shift + j])))
}

/// The tile into those columns.
#[inline(always)]
pub fn store<S: Simd, const T: usize, const R: usize, const N: usize>(
    blocks: &mut [Block],
    shift: usize,
    tile: &Tile<S::f64s, T, R, N>,
) {
    for (j, column) in tile.iter().enumerate() {
        for (block, vectors) in blocks.iter_mut().zip(column) {
            *vectors_mut::<S, R>(&mut block[shift + j]) = *vectors;
        }
    }
}

/// A column of a block as vectors.
#[inline(always)]
pub fn vectors<S: Simd, const R: usize>(line: &Line<f64, SIDE>) -> &[S::f64s; R] {
    &S::as_simd_f64s(&line.0).0.as_chunks().0[0]
}

/// The same, to be written.
#[inline(always)]
pub fn vectors_mut<S: Simd, const R: usize>(line: &mut Line<f64, SIDE>) -> &mut [S::f64s; R] {
    &mut S::as_mut_simd_f64s(&mut line.0).0.as_chunks_mut().0[0]
}
