//! Eq. 7–8: the moments of a class, pushed row by row and merged, in a hybrid store.
//!
//! A class keeps its raw rows while they are few (m ≤ p), because then they are smaller than the
//! packed scatter and the m×m Gram matrix is the cheaper way to the spectrum. Beyond that, its
//! rows are folded, 256 at a time, into count, mean μ and scatter S = Σ(x−μ)(x−μ)ᵀ.
//!
//! Precision: every block is centred at its own mean before it is multiplied, and Eq. 8's rank-one
//! term δδᵀ·nₐn_b/n joins that product as one more row. Nothing is ever computed as `E[xx]−E[x]E[x]`.
//!
//! Beside them goes Q = Σ‖x−μ‖⁴, which Eq. 7 has not, but Ledoit and Wolf's linear shrinkage needs.
//!
//! Determinism: block boundaries are counted in rows of the class and panel boundaries in
//! dimensions, so that the order of every sum follows from the data alone, whatever the number of
//! threads, files or reads the rows came in.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::reborrow::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Rows of a class that are folded into its scatter at once.
const BLOCK: usize = 256;

/// Dimensions per panel of the scatter: the unit of parallel work inside one class.
const PANEL: usize = 128;

/// A stored embedding value: `f32` (also for f16 input) or `f64`. Products are always f64.
pub trait Value: Copy + Into<f64> + Send + Sync + 'static {}
impl Value for f32 {}
impl Value for f64 {}

/// Count, mean and scatter of one class's embeddings in ℝᵖ (Eq. 7), and their fourth moment, in the
/// hybrid store.
#[derive(Clone, Debug)]
pub struct Moments<T> {
    dim: usize,
    /// Raw rows, row-major: all of them before folding, those of the unfinished block after.
    rows: Vec<T>,
    folded: Option<Folded>,
}

/// What [`Moments`] hold, for the spectrum: whichever of YYᵀ and S = YᵀY is the smaller matrix can
/// be formed from it, and both have the same nonzero eigenvalues.
pub enum Store {
    /// The centred rows Y (m×p, row-major), when m ≤ p.
    Centred(Vec<f64>),
    /// The scatter S (p×p, lower triangle) and the fourth moment Q = Σ‖x−μ‖⁴, when m > p.
    Scatter(Mat<f64>, f64),
}

impl<T: Value> Moments<T> {
    /// No rows yet, of `dim` = p values each.
    ///
    /// # Panics
    /// If `dim` is zero.
    pub fn new(dim: usize) -> Self {
        assert!(dim > 0, "embeddings have at least one dimension");
        Moments { dim, rows: Vec::new(), folded: None }
    }

    /// Bytes that `count` rows of `dim` values take at most.
    pub fn bytes(dim: usize, count: u64) -> u64 {
        let row = (dim * size_of::<T>()) as u64;
        if count <= dim as u64 {
            return count * row;
        }
        let panels: usize =
            (0..dim.div_ceil(PANEL)).map(|k| panel(k, dim)).map(|rows| rows.len() * rows.end).sum();
        (8 * (panels + 3 * dim)) as u64 + BLOCK as u64 * row
    }

    /// Prepares for `count` rows in all: raw rows are then allocated once, and a class of more than
    /// p rows is folded from its first block on.
    pub fn reserve(&mut self, count: u64) {
        if count > self.dim as u64 {
            self.start_folding();
        } else {
            self.rows.reserve_exact((count as usize * self.dim).saturating_sub(self.rows.len()));
        }
    }

    /// Number of rows m.
    pub fn count(&self) -> u64 {
        self.pending() as u64 + self.folded.as_ref().map_or(0, |folded| folded.count)
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Adds one embedding.
    ///
    /// # Panics
    /// If `row` has not p values.
    pub fn push(&mut self, row: &[T]) {
        assert_eq!(row.len(), self.dim, "an embedding of another dimension");
        self.rows.extend_from_slice(row);
        if self.folded.is_some() {
            if self.pending() == BLOCK {
                self.fold();
            }
        } else if self.pending() > self.dim {
            self.start_folding();
        }
    }

    /// Leaves the raw store: mean and scatter (Eq. 7) then stand for all rows so far.
    pub fn fold_all(&mut self) {
        self.start_folding();
        self.fold();
        self.rows = Vec::new();
    }

    /// Eq. 8: the moments of the rows of both, `other`'s after `self`'s.
    ///
    /// # Panics
    /// If the two differ in dimension.
    pub fn merge(&mut self, other: Moments<T>) {
        assert_eq!(self.dim, other.dim, "moments of another dimension");
        if let Some(mut theirs) = other.folded {
            self.fold_all();
            let ours = self.folded.get_or_insert_with(|| Folded::new(self.dim));
            if ours.count == 0 {
                std::mem::swap(ours, &mut theirs);
            }
            ours.merge(theirs);
        }
        for row in other.rows.chunks_exact(self.dim) {
            self.push(row);
        }
    }

    /// Mean μ (p values); of no rows, zeros.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = block_mean(&self.rows, self.dim);
        if let Some(folded) = &self.folded {
            let share = self.pending() as f64 / self.count() as f64;
            for (mean, before) in mean.iter_mut().zip(&folded.mean) {
                *mean = before + (*mean - before) * share;
            }
        }
        mean
    }

    /// What the spectrum is computed from; frees what it does not need.
    pub fn into_store(mut self) -> Store {
        if self.folded.is_some() {
            self.fold();
        }
        match self.folded {
            None => Store::Centred(centred(&self.rows, &block_mean(&self.rows, self.dim))),
            Some(mut folded) => {
                drop(self.rows);
                folded.move_centre(folded.mean.clone());
                let fourth = folded.fourth;
                Store::Scatter(folded.into_scatter(), fourth)
            }
        }
    }

    fn pending(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// Leaves the raw store: folds every whole block and keeps the rest of the rows.
    fn start_folding(&mut self) {
        let dim = self.dim;
        let folded = self.folded.get_or_insert_with(|| Folded::new(dim));
        let rows = std::mem::take(&mut self.rows);
        let blocks = rows.chunks_exact(BLOCK * dim);
        self.rows = Vec::with_capacity(BLOCK * dim);
        self.rows.extend_from_slice(blocks.remainder());
        blocks.for_each(|block| folded.fold(block));
    }

    fn fold(&mut self) {
        if let Some(folded) = &mut self.folded {
            folded.fold(&self.rows);
            self.rows.clear();
        }
    }
}

/// Count, mean and scatter S, and beyond Eq. 7 a third and a fourth moment T and Q.
#[derive(Clone, Debug)]
struct Folded {
    count: u64,
    mean: Vec<f64>,
    /// The scatter's lower triangle: panel k holds rows [`panel`]`(k)`, columns from 0 to its end.
    panels: Vec<Mat<f64>>,
    /// The point that T and Q are taken about: the mean of the rows at some time.
    centre: Vec<f64>,
    /// The count at which the centre moves on to the mean.
    move_at: u64,
    /// T = Σ‖z‖²z with z = x − centre, without which Q could not move.
    third: Vec<f64>,
    /// Q = Σ‖z‖⁴.
    fourth: f64,
}

impl Folded {
    fn new(dim: usize) -> Self {
        let panels = (0..dim.div_ceil(PANEL))
            .map(|k| panel(k, dim))
            .map(|rows| Mat::zeros(rows.len(), rows.end))
            .collect();
        let zeros = vec![0.0; dim];
        Folded {
            count: 0,
            mean: zeros.clone(),
            panels,
            centre: zeros.clone(),
            move_at: 0,
            third: zeros,
            fourth: 0.0,
        }
    }

    /// Eq. 7–8 for a block of rows: S += YᵀY + δδᵀ·nₐn_b/n, where Y is the block centred at its
    /// own mean and δ is that mean less the mean so far.
    fn fold<T: Value>(&mut self, block: &[T]) {
        let dim = self.mean.len();
        let rows = block.len() / dim;
        if rows == 0 {
            return;
        }
        let mean = block_mean(block, dim);
        let mut y = centred(block, &mean);
        if self.count == 0 {
            self.centre.clone_from(&mean);
        } else if self.count >= self.move_at {
            self.move_centre(self.mean.clone());
        }
        self.add_fourth(&y, &mean);
        y.extend(self.advance(rows as u64, &mean));
        self.add_product(&y);
    }

    /// Eq. 8 for two scatters: S = Sₐ + S_b + δδᵀ·nₐn_b/n.
    fn merge(&mut self, mut other: Folded) {
        if other.count == 0 {
            return;
        }
        let joint = self.joint_mean(other.count, &other.mean);
        self.move_centre(joint.clone());
        other.move_centre(joint);
        self.fourth += other.fourth;
        for (ours, theirs) in self.third.iter_mut().zip(&other.third) {
            *ours += theirs;
        }
        for (ours, theirs) in self.panels.iter_mut().zip(&other.panels) {
            *ours += theirs;
        }
        let step = self.advance(other.count, &other.mean);
        self.add_product(&step);
    }

    /// The mean of these rows and `count` more of mean `mean`.
    fn joint_mean(&self, count: u64, mean: &[f64]) -> Vec<f64> {
        if self.count == 0 {
            // Taken over as it is: δ·1 would round it.
            return mean.to_vec();
        }
        let share = count as f64 / (self.count + count) as f64;
        self.mean.iter().zip(mean).map(|(ours, theirs)| ours + (theirs - ours) * share).collect()
    }

    /// Moves count and mean on by `count` rows of mean `mean`; returns δ·√(nₐn_b/n).
    fn advance(&mut self, count: u64, mean: &[f64]) -> Vec<f64> {
        let (na, nb) = (self.count as f64, count as f64);
        let weight = (na / (na + nb) * nb).sqrt();
        let step =
            mean.iter().zip(&self.mean).map(|(theirs, ours)| (theirs - ours) * weight).collect();
        self.mean = self.joint_mean(count, mean);
        self.count += count;
        step
    }

    /// T += Σ‖z‖²z and Q += Σ‖z‖⁴ for the rows of Y (row-major), which are centred at `mean`.
    fn add_fourth(&mut self, y: &[f64], mean: &[f64]) {
        let shift: Vec<_> =
            self.centre.iter().zip(mean).map(|(centre, mean)| centre - mean).collect();
        let mut weight = 0.0;
        for row in y.chunks_exact(mean.len()) {
            let square = sum(row, &shift, |y, shift| (y - shift) * (y - shift));
            weight += square;
            self.fourth += square * square;
            for (third, y) in self.third.iter_mut().zip(row) {
                *third += square * y;
            }
        }
        for (third, shift) in self.third.iter_mut().zip(&shift) {
            *third -= weight * shift;
        }
    }

    /// Takes T and Q about another point. Moved by s from the old one, with d = μ − centre and
    /// Z = Σzzᵀ = S + n·ddᵀ,
    ///
    /// - T' = Σ‖z−s‖²(z−s) = T − 2Zs + n‖s‖²d + (2n·d·s − n‖s‖² − tr Z)s,
    /// - Q' = Σ‖z−s‖⁴ = Q − 4T·s + 4s·Zs + (2 tr Z − 4n·d·s + n‖s‖²)‖s‖².
    ///
    /// Before the count has grown fourfold, the mean cannot have gone much further than the rows'
    /// own spread, so that no large numbers cancel; and the product Ss is rarely needed.
    fn move_centre(&mut self, to: Vec<f64>) {
        let n = self.count as f64;
        let from = |point: &[f64]| -> Vec<f64> {
            point.iter().zip(&self.centre).map(|(point, centre)| point - centre).collect()
        };
        let (s, d) = (from(&to), from(&self.mean));
        let (ss, ds) = (n * dot(&s, &s), n * dot(&d, &s));
        let trace = self.trace() + n * dot(&d, &d);
        let mut zs = self.scatter_times(&s);
        for (zs, d) in zs.iter_mut().zip(&d) {
            *zs += ds * d;
        }
        self.fourth += 4.0 * (dot(&s, &zs) - dot(&s, &self.third))
            + (2.0 * trace - 4.0 * ds + ss) * dot(&s, &s);
        for (((third, zs), d), s) in self.third.iter_mut().zip(zs).zip(d).zip(s) {
            *third += ss * d + (2.0 * ds - ss - trace) * s - 2.0 * zs;
        }
        self.centre = to;
        self.move_at = 4 * self.count;
    }

    fn trace(&self) -> f64 {
        let panels = self.panels.iter().enumerate();
        panels.flat_map(|(k, rows)| (0..rows.nrows()).map(move |i| rows[(i, k * PANEL + i)])).sum()
    }

    /// S·v.
    fn scatter_times(&self, v: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; v.len()];
        for (k, rows) in self.panels.iter().enumerate() {
            let start = k * PANEL;
            for j in 0..rows.ncols() {
                // Of a column on the diagonal, what lies below it; S has it twice.
                let below = (j + 1).max(start);
                let column = &rows.col_as_slice(j)[below - start..];
                product[j] += dot(column, &v[below..below + column.len()]);
                for (product, value) in product[below..].iter_mut().zip(column) {
                    *product += value * v[j];
                }
                if j >= start {
                    product[j] += rows[(j - start, j)] * v[j];
                }
            }
        }
        product
    }

    /// S += YᵀY for the rows of Y (row-major), lower triangle, panel by panel.
    fn add_product(&mut self, y: &[f64]) {
        let dim = self.mean.len();
        let yt = MatRef::from_column_major_slice(y, dim, y.len() / dim);
        self.panels.par_iter_mut().enumerate().for_each(|(k, scatter)| {
            let Range { start, end } = panel(k, dim);
            let left = yt.subrows(start, end - start);
            let (mut beside, diagonal) = scatter.as_mut().split_at_col_mut(start);
            matmul(&mut beside, Accum::Add, left, yt.subrows(0, start).transpose(), 1.0, Par::Seq);
            lower_product(diagonal, left);
        });
    }

    /// The p×p scatter; its upper triangle is left zero.
    fn into_scatter(self) -> Mat<f64> {
        let dim = self.mean.len();
        let mut scatter = Mat::zeros(dim, dim);
        for (k, lower) in self.panels.into_iter().enumerate() {
            let Range { start, end } = panel(k, dim);
            scatter.submatrix_mut(start, 0, end - start, end).copy_from(&lower);
        }
        scatter
    }
}

/// The rows of the scatter that panel `k` holds.
fn panel(k: usize, dim: usize) -> Range<usize> {
    k * PANEL..dim.min((k + 1) * PANEL)
}

/// Σ term(aⱼ, bⱼ): eight sums side by side, or each addition would wait for the one before.
fn sum(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b));
    sums.into_iter().chain(rest).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(a, b, |a, b| a * b)
}

fn block_mean<T: Value>(block: &[T], dim: usize) -> Vec<f64> {
    let mut sum = vec![0.0; dim];
    let mut rows = 0.0;
    for row in block.chunks_exact(dim) {
        rows += 1.0;
        for (sum, &value) in sum.iter_mut().zip(row) {
            *sum += value.into();
        }
    }
    for sum in &mut sum {
        *sum /= f64::max(rows, 1.0);
    }
    sum
}

/// The rows of the block less `mean`, row-major.
fn centred<T: Value>(block: &[T], mean: &[f64]) -> Vec<f64> {
    // Room for the one more row that a block's rank-one term adds.
    let mut y = Vec::with_capacity(block.len() + mean.len());
    for row in block.chunks_exact(mean.len()) {
        y.extend(row.iter().zip(mean).map(|(&value, mean)| value.into() - mean));
    }
    y
}

/// The lower triangle of `into` + A·Aᵀ.
pub(crate) fn lower_product(mut into: MatMut<'_, f64>, a: MatRef<'_, f64>) {
    triangular::matmul(
        into.rb_mut(),
        BlockStructure::TriangularLower,
        Accum::Add,
        a,
        BlockStructure::Rectangular,
        a.transpose(),
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
}
