//! Y, packed: panels of 8 columns, converted and centred on the way.

use std::array::from_fn;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::{SINGLE_WIDTH, WIDTH};
use crate::kernel::Value;
use crate::kernel::line::{Line, Lines};

/// A matrix Y, packed for [`Symmetric::add_product`](super::Symmetric::add_product).
pub struct Panels {
    pub(super) dim: usize,
    pub(super) depth: usize,
    /// Panel after panel, each row by row. Beside the last column of a centred Y are zeros, beside
    /// that of a transposed one nothing of meaning.
    pub(super) lines: Lines<Line<f64, WIDTH>>,
}

impl Panels {
    /// Y with rows less `mean` (p values), and below them the row `last`. `rows` is row-major.
    pub fn centred<T: Value>(rows: &[T], mean: &[f64], last: &[f64]) -> Panels {
        Arch::new().dispatch(Centre { rows, mean, last })
    }

    /// Yᵀ for those `columns` of the Y whose rows are `rows` less `mean`.
    pub(super) fn transposed<T: Value>(rows: &[T], mean: &[f64], columns: Range<usize>) -> Panels {
        Arch::new().dispatch(Transpose { rows, mean, columns })
    }

    fn any(dim: usize, depth: usize) -> Panels {
        Panels { dim, depth, lines: Lines::any(dim.div_ceil(WIDTH) * depth) }
    }

    /// The same in single precision, in panels of 16 columns.
    pub(super) fn single(&self) -> Lines<Line<f32, SINGLE_WIDTH>> {
        let panels: Vec<_> = self.lines.chunks_exact(self.depth).collect();
        let mut single =
            Lines::<Line<f32, SINGLE_WIDTH>>::any(panels.len().div_ceil(2) * self.depth);
        for (to, pair) in single.chunks_exact_mut(self.depth).zip(panels.chunks(2)) {
            for (k, to) in to.iter_mut().enumerate() {
                // Beside the last panel, itself: it is never read there.
                let halves = [pair[0][k], pair[pair.len() - 1][k]];
                to.0 = from_fn(|lane| halves[lane / WIDTH].0[lane % WIDTH] as f32);
            }
        }
        single
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
        let mut panels = Panels::any(dim, self.rows.len() / dim + 1);
        for (q, panel) in panels.lines.chunks_exact_mut(panels.depth).enumerate() {
            let columns = q * WIDTH..dim.min((q + 1) * WIDTH);
            let mean = wide(&self.mean[columns.clone()]);
            for (to, row) in panel.iter_mut().zip(self.rows.chunks_exact(dim)) {
                to.0 = wide(&row[columns.clone()]);
                let pairs =
                    S::as_mut_simd_f64s(&mut to.0).0.iter_mut().zip(S::as_simd_f64s(&mean).0);
                for (y, &mean) in pairs {
                    *y = simd.sub_f64s(*y, mean);
                }
            }
            panel[panels.depth - 1].0 = wide(&self.last[columns]);
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
        let mut panels = Panels::any(self.rows.len() / dim, self.columns.len());
        let groups = self.rows.chunks(WIDTH * dim);
        for (panel, group) in panels.lines.chunks_exact_mut(panels.depth).zip(groups) {
            // Where the rows end, the last one again, for nothing.
            let last = group.len() / dim - 1;
            let rows: [_; WIDTH] =
                from_fn(|lane| &group[lane.min(last) * dim..][self.columns.clone()]);
            for (j, (to, mean)) in
                panel.iter_mut().zip(&self.mean[self.columns.clone()]).enumerate()
            {
                to.0 = from_fn(|lane| rows[lane][j].into() - mean);
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
        let panels = self.panels.lines.chunks_exact(self.panels.depth);
        let mut squares = vec![[0.0; WIDTH]; self.rows];
        for (panel, columns) in panels.clone().zip(self.shift.chunks(WIDTH)) {
            let shift = wide(columns);
            for (sums, y) in squares.iter_mut().zip(panel) {
                let sums = S::as_mut_simd_f64s(sums).0.iter_mut();
                for ((sum, &y), &shift) in
                    sums.zip(S::as_simd_f64s(&y.0).0).zip(S::as_simd_f64s(&shift).0)
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
                for (sum, &y) in sums.zip(S::as_simd_f64s(&y.0).0) {
                    *sum = simd.mul_add_e_f64s(simd.splat_f64s(square), y, *sum);
                }
            }
            sums.extend(sum);
        }
        sums.truncate(self.panels.dim);
        (squares, sums)
    }
}
