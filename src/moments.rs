//! Eq. 7–8: the moments of a class, pushed row by row and merged, in a hybrid store.
//!
//! A class stores its raw rows while they are few (m ≤ p). Then they are smaller than the packed scatter,
//! and the m×m Gram matrix is the cheaper way to the spectrum. Beyond that, its
//! rows are folded, 128 at a time, into count, mean μ and scatter S = Σ(x−μ)(x−μ)ᵀ.
//!
//! Precision: every block is centred at its own mean before it is multiplied, and Eq. 8's rank-one
//! term δδᵀ·nₐn_b/n joins that product as one more row. Nothing is ever computed as `E[xx]−E[x]E[x]`.
//!
//! Beside them goes Q = Σ‖x−μ‖⁴, which Eq. 7 has not, but Ledoit and Wolf's linear shrinkage needs.
//!
//! Determinism: block boundaries are counted in rows of the class. So the order of every sum follows from
//! the data alone, not from the number of threads, files or reads.

use pulp::{Arch, Simd, WithSimd};

use crate::kernel::Value;
use crate::kernel::product::{DEPTH, Panels, Precision, Symmetric, dot};

/// Rows of a class that are folded into its scatter at once.
const BLOCK: usize = DEPTH;

/// Count, mean and scatter of one class's embeddings in ℝᵖ (Eq. 7), and their fourth moment, in the
/// hybrid store.
#[derive(Clone, Debug)]
pub struct Moments<T> {
    dim: usize,
    precision: Precision,
    /// Raw rows, row-major: all of them before folding, those of the unfinished block after.
    rows: Vec<T>,
    folded: Option<Folded>,
}

impl<T: Value> Moments<T> {
    /// No rows yet, of `dim` = p values each.
    ///
    /// # Panics
    /// If `dim` is zero.
    pub fn new(dim: usize) -> Self {
        Moments::with_precision(dim, Precision::Double)
    }

    /// The same, with products in `precision`.
    ///
    /// # Panics
    /// If `dim` is zero.
    pub fn with_precision(dim: usize, precision: Precision) -> Self {
        assert!(dim > 0, "embeddings have at least one dimension");
        Moments { dim, precision, rows: Vec::new(), folded: None }
    }

    /// Bytes that `count` rows of `dim` values take at most.
    pub fn bytes(dim: usize, count: u64) -> u64 {
        let row = (dim * size_of::<T>()) as u64;
        if count <= dim as u64 {
            return count * row;
        }
        (Symmetric::bytes(dim) + 3 * dim * size_of::<f64>()) as u64 + BLOCK as u64 * row
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
    pub fn merge(&mut self, other: &Moments<T>) {
        assert_eq!(self.dim, other.dim, "moments of another dimension");
        if let Some(theirs) = &other.folded {
            self.fold_all();
            match &mut self.folded {
                Some(ours) if ours.count > 0 => ours.merge(theirs),
                ours => *ours = Some(theirs.clone()),
            }
        }
        for row in other.rows.chunks_exact(self.dim) {
            self.push(row);
        }
    }

    /// Eq. 8: the same for moments as they lie in a file. Answers whether all values of their scatter are finite.
    ///
    /// # Panics
    /// If their lengths are not those of this dimension.
    pub fn merge_packed(&mut self, other: Packed) -> bool {
        if other.count == 0 {
            return true;
        }
        self.fold_all();
        self.folded.get_or_insert_with(|| Folded::new(self.dim)).merge_packed(other)
    }

    /// The same in f64: rows that are pushed from now on may need it.
    pub fn widened(self) -> Moments<f64> {
        let Moments { dim, precision, rows, folded } = self;
        Moments { dim, precision, rows: rows.into_iter().map(Into::into).collect(), folded }
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

    /// The rows, while all are stored raw.
    pub fn raw_rows(&self) -> Option<&[T]> {
        self.folded.is_none().then_some(&self.rows)
    }

    /// The smaller one of the Gram matrix YYᵀ (m×m, when m ≤ p) and the scatter S = YᵀY of the centred rows
    /// Y; and Q = Σ‖x−μ‖⁴. Both matrices have the same nonzero eigenvalues.
    pub fn into_product(mut self) -> (Symmetric, f64) {
        match self.finish() {
            None => {
                let gram =
                    Symmetric::gram(&self.rows, &block_mean(&self.rows, self.dim), self.precision);
                let fourth = gram.diagonal().map(|square| square * square).sum();
                (gram, fourth)
            }
            Some(folded) => (folded.scatter, folded.fourth),
        }
    }

    /// What is to be stored of them: rows that are not folded yet, or the folded moments of all.
    pub fn into_parts(mut self) -> Parts<T> {
        match self.finish() {
            None => Parts::Rows(self.rows),
            Some(Folded { count, mean, scatter, third, fourth, .. }) => {
                Parts::Folded { count, mean, scatter: scatter.packed(), third, fourth }
            }
        }
    }

    /// The moments that such parts were of, with products in `precision` from now on.
    ///
    /// # Panics
    /// If `dim` is zero, or the lengths of the parts are not those of that dimension.
    pub fn from_parts(dim: usize, precision: Precision, parts: Parts<T>) -> Self {
        let mut moments = Moments::with_precision(dim, precision);
        match parts {
            Parts::Rows(rows) => {
                assert!(rows.len().is_multiple_of(dim), "embeddings of another dimension");
                moments.rows = rows;
                if moments.pending() > dim {
                    moments.start_folding();
                }
            }
            Parts::Folded { count, mean, scatter, third, fourth } => {
                assert_eq!([mean.len(), third.len()], [dim; 2], "moments of another dimension");
                moments.folded = Some(Folded {
                    count,
                    centre: mean.clone(),
                    mean,
                    scatter: Symmetric::from_packed(dim, &scatter),
                    move_at: count.saturating_mul(4),
                    third,
                    fourth,
                });
            }
        }
        moments
    }

    fn pending(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// Leaves the raw store: folds every whole block and keeps the remaining part of the rows.
    fn start_folding(&mut self) {
        let dim = self.dim;
        let folded = self.folded.get_or_insert_with(|| Folded::new(dim));
        let rows = std::mem::take(&mut self.rows);
        let blocks = rows.chunks_exact(BLOCK * dim);
        self.rows = Vec::with_capacity(BLOCK * dim);
        self.rows.extend_from_slice(blocks.remainder());
        blocks.for_each(|block| folded.fold(block, self.precision));
    }

    /// The folded moments of all rows, about their mean; none of rows that are stored raw.
    fn finish(&mut self) -> Option<Folded> {
        self.fold();
        let mut folded = self.folded.take()?;
        folded.move_centre(folded.mean.clone());
        Some(folded)
    }

    fn fold(&mut self) {
        if let Some(folded) = &mut self.folded {
            folded.fold(&self.rows, self.precision);
            self.rows.clear();
        }
    }
}

/// Moments as plain numbers, for a file or another process.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts<T> {
    /// The embeddings themselves, row-major.
    Rows(Vec<T>),
    /// Eq. 7, and what linear shrinkage needs beside it.
    Folded {
        /// Number of rows m.
        count: u64,
        /// Mean μ, p values.
        mean: Vec<f64>,
        /// Scatter S = Σ(x−μ)(x−μ)ᵀ, its upper triangle row by row: p(p+1)/2 values.
        scatter: Vec<f64>,
        /// T = Σ‖x−μ‖²(x−μ), p values; without it Q could not move to another mean.
        third: Vec<f64>,
        /// Q = Σ‖x−μ‖⁴.
        fourth: f64,
    },
}

/// [`Parts::Folded`] of a file: the scatter in little-endian bytes.
#[derive(Clone, Debug)]
pub struct Packed<'a> {
    /// Number of rows m.
    pub count: u64,
    /// Mean μ, p values.
    pub mean: Vec<f64>,
    /// Scatter S, its upper triangle row by row.
    pub scatter: &'a [[u8; 8]],
    /// T, p values.
    pub third: Vec<f64>,
    /// Q.
    pub fourth: f64,
}

/// Count, mean and scatter S, and beyond Eq. 7 a third and a fourth moment T and Q.
#[derive(Clone, Debug)]
struct Folded {
    count: u64,
    mean: Vec<f64>,
    scatter: Symmetric,
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
        let zeros = vec![0.0; dim];
        Folded {
            count: 0,
            mean: zeros.clone(),
            scatter: Symmetric::zeros(dim),
            centre: zeros.clone(),
            move_at: 0,
            third: zeros,
            fourth: 0.0,
        }
    }

    /// Eq. 7–8 for a block of rows: S += YᵀY + δδᵀ·nₐn_b/n, where Y is the block centred at its
    /// own mean and δ is that mean less the mean so far.
    fn fold<T: Value>(&mut self, block: &[T], precision: Precision) {
        let dim = self.mean.len();
        let rows = block.len() / dim;
        if rows == 0 {
            return;
        }
        let mean = block_mean(block, dim);
        if self.count == 0 {
            self.centre.clone_from(&mean);
        } else if self.count >= self.move_at {
            self.move_centre(self.mean.clone());
        }
        let y = Panels::centred(block, &mean, &self.advance(rows as u64, &mean));
        self.add_fourth(&y, rows, &mean);
        self.scatter.add_product(&y, precision);
    }

    /// Eq. 8 for two scatters: S = Sₐ + S_b + δδᵀ·nₐn_b/n.
    fn merge(&mut self, other: &Folded) {
        if other.count == 0 {
            return;
        }
        let joint = self.joint_mean(other.count, &other.mean);
        let (third, fourth) = other.about(&joint);
        self.move_centre(joint);
        self.fourth += fourth;
        for (ours, theirs) in self.third.iter_mut().zip(third) {
            *ours += theirs;
        }
        self.scatter.add(&other.scatter);
        let step = self.advance(other.count, &other.mean);
        let step = Panels::centred::<f64>(&[], &self.mean, &step);
        self.scatter.add_product(&step, Precision::Double);
    }

    /// The same with a scatter as it lies in a file, which is read once. Answers whether it is finite.
    fn merge_packed(&mut self, other: Packed) -> bool {
        let Packed { count, mean, scatter, third, fourth } = other;
        // The fewer move to the centre of the more: so no large numbers cancel.
        if self.count == 0 {
            self.centre.clone_from(&mean);
        } else if self.count < count {
            self.move_centre(mean.clone());
        } else if self.count >= self.move_at {
            self.move_centre(self.mean.clone());
        }
        self.move_at = self.move_at.max(count.saturating_mul(4));
        // As in `move_centre`, where d = 0.
        let s: Vec<f64> = self.centre.iter().zip(&mean).map(|(to, from)| to - from).collect();
        let step = self.advance(count, &mean);
        let added = self.scatter.add_packed(scatter, &step, &s);
        let (square, st) = (dot(&s, &s), dot(&s, &third));
        let ss = count as f64 * square;
        self.fourth +=
            fourth + 4.0 * (dot(&s, &added.times) - st) + (2.0 * added.trace + ss) * square;
        for (((ours, theirs), zs), s) in self.third.iter_mut().zip(third).zip(added.times).zip(s) {
            *ours += theirs - (ss + added.trace) * s - 2.0 * zs;
        }
        added.finite
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

    /// T += Σ‖z‖²z and Q += Σ‖z‖⁴ for the first `rows` of Y, which are centred at `mean`.
    fn add_fourth(&mut self, y: &Panels, rows: usize, mean: &[f64]) {
        let shift: Vec<_> =
            self.centre.iter().zip(mean).map(|(centre, mean)| centre - mean).collect();
        let (squares, sums) = y.square_distances(&shift, rows);
        let weight: f64 = squares.iter().sum();
        self.fourth += dot(&squares, &squares);
        for ((third, sum), shift) in self.third.iter_mut().zip(sums).zip(shift) {
            *third += sum - weight * shift;
        }
    }

    /// Takes T and Q about another point from now on.
    fn move_centre(&mut self, to: Vec<f64>) {
        (self.third, self.fourth) = self.about(&to);
        self.centre = to;
        self.move_at = self.count.saturating_mul(4);
    }

    /// T and Q about another point. Moved by s from the old one, with d = μ − centre and
    /// Z = Σzzᵀ = S + n·ddᵀ,
    ///
    /// - T' = Σ‖z−s‖²(z−s) = T − 2Zs + n‖s‖²d + (2n·d·s − n‖s‖² − tr Z)s,
    /// - Q' = Σ‖z−s‖⁴ = Q − 4T·s + 4s·Zs + (2 tr Z − 4n·d·s + n‖s‖²)‖s‖².
    ///
    /// Before the count has grown fourfold, the mean cannot have gone much further than the rows'
    /// own spread, so that no large numbers cancel; and the product Ss is rarely needed.
    fn about(&self, to: &[f64]) -> (Vec<f64>, f64) {
        let n = self.count as f64;
        let from = |point: &[f64]| -> Vec<f64> {
            point.iter().zip(&self.centre).map(|(point, centre)| point - centre).collect()
        };
        let (s, d) = (from(to), from(&self.mean));
        let (ss, ds) = (n * dot(&s, &s), n * dot(&d, &s));
        let trace = self.scatter.diagonal().sum::<f64>() + n * dot(&d, &d);
        let mut zs = self.scatter.times(&s);
        for (zs, d) in zs.iter_mut().zip(&d) {
            *zs += ds * d;
        }
        let fourth = self.fourth
            + (4.0 * (dot(&s, &zs) - dot(&s, &self.third))
                + (2.0 * trace - 4.0 * ds + ss) * dot(&s, &s));
        let mut third = self.third.clone();
        for (((third, zs), d), s) in third.iter_mut().zip(zs).zip(d).zip(s) {
            *third += ss * d + (2.0 * ds - ss - trace) * s - 2.0 * zs;
        }
        (third, fourth)
    }
}

fn block_mean<T: Value>(block: &[T], dim: usize) -> Vec<f64> {
    let mut mean = vec![0.0; dim];
    Arch::new().dispatch(AddRows { rows: block, to: &mut mean });
    let rows = (block.len() / dim).max(1) as f64;
    mean.iter_mut().for_each(|sum| *sum /= rows);
    mean
}

struct AddRows<'a, T> {
    rows: &'a [T],
    to: &'a mut [f64],
}

impl<T: Value> WithSimd for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact(self.to.len()) {
            for (sum, &value) in self.to.iter_mut().zip(row) {
                *sum += value.into();
            }
        }
    }
}
