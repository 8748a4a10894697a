//! Rows in, the loss and gradient of a classification layer out, and what it scores held-out rows.

use std::borrow::Cow;

use faer::linalg::matmul::matmul;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::batches::batches;
use crate::error::{Error, Result};
use crate::kernel::exponentials;
use crate::probe::{RankedScores, RowLoss};
use crate::rows::{Element, Rows};

/// A number type that heads are trained in.
pub trait Real: Element + RealField {}
impl Real for f32 {}
impl Real for f64 {}

/// Rows of a batch: those of wide embeddings are few, so that a batch stays small beside the gradient.
const BATCH: usize = 1024;

/// Embeddings that are read many times.
pub enum Features<'a, T, R> {
    /// In memory: N×p, row-major.
    Memory(Vec<T>, usize),
    /// From where they lie, in each pass.
    Rows(&'a R),
}

/// How much runs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The batches of a pass, in all threads.
    All,
    /// One batch after the other: the caller has other work for the other threads.
    One,
}

impl<'a, T: Real, R: Rows> Features<'a, T, R> {
    /// Reads all rows into memory.
    ///
    /// # Errors
    /// If reading fails.
    pub fn in_memory(rows: &'a R) -> Result<Features<'a, T, R>> {
        let mut values = Vec::with_capacity(rows.rows() * rows.dim());
        rows.read(BATCH, &mut |block: &mut Vec<T>| {
            values.extend_from_slice(block);
            true
        })?;
        Ok(Features::Memory(values, rows.dim()))
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        match self {
            Features::Memory(_, dim) => *dim,
            Features::Rows(rows) => rows.dim(),
        }
    }

    /// Makes something of each batch, given with the number of its first row, and takes it in, in order: so no
    /// sum depends on the number of threads.
    fn batches<D: Send>(
        &self,
        threads: Threads,
        of_batch: impl Fn(usize, &[T]) -> D + Sync,
        mut take: impl FnMut(D),
    ) -> Result<()> {
        match self {
            Features::Memory(values, dim) => {
                let batch = |(at, values): (usize, &[T])| of_batch(at * BATCH, values);
                let each = values.chunks(BATCH * dim).enumerate();
                match threads {
                    Threads::One => each.map(batch).for_each(take),
                    Threads::All => {
                        let all: Vec<_> = each.collect();
                        for some in all.chunks(rayon::current_num_threads()) {
                            let done: Vec<D> = some.par_iter().map(|&one| batch(one)).collect();
                            done.into_iter().for_each(&mut take);
                        }
                    }
                }
                Ok(())
            }
            Features::Rows(rows) => batches(*rows, BATCH, &|_| {}, of_batch, take),
        }
    }
}

/// A classification layer: logits W·x + o, or W·x/‖x‖ + o of a cosine classifier.
#[derive(Clone, Debug)]
pub struct Head<T> {
    /// C×p, row-major; of a cosine classifier at length s.
    pub weights: Vec<T>,
    /// o, of each class.
    pub offsets: Vec<f64>,
    /// Whether rows are scaled to length 1.
    pub cosine: bool,
}

impl<T: Real> Head<T> {
    fn classes(&self) -> usize {
        self.offsets.len()
    }

    /// The products of some rows with the weights, a column per row, and what their logits are scaled by.
    fn products(&self, values: &[T], dim: usize) -> (Vec<T>, Vec<f64>) {
        let (classes, rows) = (self.classes(), values.len() / dim);
        let mut products = vec![T::from_f64(0.0); classes * rows];
        let weights = MatRef::from_column_major_slice(&self.weights, dim, classes);
        let columns = MatRef::from_column_major_slice(values, dim, rows);
        let to = MatMut::from_column_major_slice_mut(&mut products, classes, rows);
        matmul(to, Accum::Replace, weights.transpose(), columns, T::from_f64(1.0), Par::Seq);
        let scales = match self.cosine {
            true => values.chunks_exact(dim).map(per_length).collect(),
            false => vec![1.0; rows],
        };
        (products, scales)
    }

    /// The logits of a row.
    fn logits(&self, products: &[T], scale: f64, logits: &mut Vec<f64>) {
        logits.clear();
        let each = products.iter().zip(&self.offsets);
        logits.extend(each.map(|(&product, offset)| scale * product.into() + offset));
    }
}

/// A mean loss with its gradient.
#[derive(Clone, Debug)]
pub struct Slope {
    /// Nats.
    pub loss: f64,
    /// By the weights, C×p.
    pub weights: Vec<f64>,
    /// By the offsets.
    pub offsets: Vec<f64>,
}

/// The weighted mean loss of `head` over the rows, with its gradient. `labels` and `weights` are of each row, and
/// the weights sum to 1; rows of weight 0 cost nothing.
///
/// # Errors
/// If reading fails.
pub fn slope<T: Real, R: Rows>(
    features: &Features<T, R>,
    (labels, weights): (&[u32], &[f64]),
    head: &Head<T>,
    loss: &RowLoss,
    threads: Threads,
) -> Result<Slope> {
    let (dim, classes) = (features.dim(), head.classes());
    let of_batch = |first: usize, values: &[T]| {
        let (kept, values) = chosen(values, dim, |row| weights[first + row] > 0.0);
        let values = values.as_ref();
        let (mut products, scales) = head.products(values, dim);
        let (mut logits, mut room) = (Vec::with_capacity(classes), Vec::with_capacity(classes));
        let (mut sum, mut offsets) = (0.0, vec![0.0; classes]);
        for ((&row, products), &scale) in
            kept.iter().zip(products.chunks_exact_mut(classes)).zip(&scales)
        {
            let (label, weight) = (labels[first + row] as usize, weights[first + row]);
            head.logits(products, scale, &mut logits);
            sum += weight * loss.of_row(label, &mut logits, &mut room);
            for ((product, slope), offset) in products.iter_mut().zip(&logits).zip(&mut offsets) {
                *offset += weight * slope;
                *product = T::from_f64(weight * scale * slope);
            }
        }
        // Wᵀ's gradient is Σ x·gᵀ over the rows.
        let mut slope = vec![T::from_f64(0.0); dim * classes];
        let columns = MatRef::from_column_major_slice(values, dim, kept.len());
        let slopes = MatRef::from_column_major_slice(&products, classes, kept.len());
        let to = MatMut::from_column_major_slice_mut(&mut slope, dim, classes);
        matmul(to, Accum::Replace, columns, slopes.transpose(), T::from_f64(1.0), Par::Seq);
        (sum, slope, offsets)
    };
    let mut total =
        Slope { loss: 0.0, weights: vec![0.0; classes * dim], offsets: vec![0.0; classes] };
    features.batches(threads, of_batch, |(loss, slope, offsets)| {
        total.loss += loss;
        let add = |(to, of): (&mut f64, &T)| *to += (*of).into();
        match threads {
            Threads::All => {
                total.weights.par_iter_mut().zip(&slope).with_min_len(1 << 14).for_each(add)
            }
            Threads::One => total.weights.iter_mut().zip(&slope).for_each(add),
        }
        total.offsets.iter_mut().zip(&offsets).for_each(|(to, of)| *to += of);
    })?;
    Ok(total)
}

/// The weighted sum of the rows of each class (C×p), each row at length 1 if `unit`, and that of the squares of all
/// rows (p): where training begins. `labels` and `weights` are of each row.
///
/// # Errors
/// If reading fails.
pub fn class_sums<T: Real, R: Rows>(
    features: &Features<T, R>,
    (labels, weights): (&[u32], &[f64]),
    classes: usize,
    unit: bool,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let dim = features.dim();
    let (mut sums, mut squares) = (vec![0.0; classes * dim], vec![0.0; dim]);
    let keep = |first: usize, values: &[T]| (first, values.to_vec());
    features.batches(Threads::One, keep, |(first, values): (usize, Vec<T>)| {
        for (row, values) in (first..).zip(values.chunks_exact(dim)) {
            let scale = weights[row] * if unit { per_length(values) } else { 1.0 };
            let sum = &mut sums[labels[row] as usize * dim..][..dim];
            for ((sum, square), &value) in sum.iter_mut().zip(&mut squares).zip(values) {
                let part = scale * value.into();
                *sum += part;
                *square += part * value.into();
            }
        }
    })?;
    Ok((sums, squares))
}

/// 1 by the length of a row; 1 for a row of zeros.
fn per_length<T: Element>(row: &[T]) -> f64 {
    // In parts, which the processor adds up side by side.
    let mut squares = [0.0; 8];
    let (whole, rest) = row.as_chunks::<8>();
    for values in whole.iter().map(<[T; 8]>::as_slice).chain([rest]) {
        squares.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value.into().powi(2));
    }
    let square: f64 = squares.iter().sum();
    if square > 0.0 { 1.0 / square.sqrt() } else { 1.0 }
}

/// The rows of a batch that are wanted, and their values; the batch itself where all are.
fn chosen<T: Copy>(
    values: &[T],
    dim: usize,
    wanted: impl Fn(usize) -> bool,
) -> (Vec<usize>, Cow<'_, [T]>) {
    let rows = values.len() / dim;
    let kept: Vec<usize> = (0..rows).filter(|&row| wanted(row)).collect();
    if kept.len() == rows {
        return (kept, values.into());
    }
    let row = |&row: &usize| values[row * dim..(row + 1) * dim].iter().copied();
    let values: Vec<T> = kept.iter().flat_map(row).collect();
    (kept, values.into())
}

/// What a head does to the rows of each class that it was not trained on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Recall of each class, 0 to 1: the weight of its rows whose own logit is the largest. Of k equal ones, each
    /// has a k-th. None without rows.
    pub recall: Vec<Option<f64>>,
    /// Average precision of each class against all others, 0 to 1, by the softmax's probabilities.
    pub average_precision: Vec<Option<f64>>,
}

/// What `heads` do to the rows, each row seen by the head that `head_of` names. `labels` and `weights` are of each
/// row. Rows are read twice, and no scores are stored but each row's own.
///
/// # Errors
/// If reading fails, or a score is not finite.
pub fn judged<T: Real, R: Rows>(
    features: &Features<T, R>,
    (labels, weights): (&[u32], &[f64]),
    (heads, head_of): (&[Head<T>], &(dyn Fn(usize) -> usize + Sync)),
    threads: Threads,
) -> Result<Judged> {
    let classes = heads.first().map_or(0, Head::classes);
    let own = |_: usize, label: usize, scores: &[f64]| {
        let above = scores.iter().any(|score| *score > scores[label]);
        let equal = scores.iter().filter(|score| **score == scores[label]).count();
        (scores[label], if above { 0.0 } else { 1.0 / equal as f64 })
    };
    // Of the rows of each batch, in order.
    let mut scored: Vec<(usize, f64, f64)> = Vec::new();
    each_row(features, labels, (heads, head_of), threads, own, |rows| {
        scored.extend(rows.map(|(row, (score, right))| (row, score, right)))
    })?;
    if let Some((row, ..)) = scored.iter().find(|(_, score, _)| !score.is_finite()) {
        return Err(Error::Input(format!(
            "the scores of row {row} (from 0) of the embeddings are not finite: its values are too large; scale the \
             embeddings"
        )));
    }
    let mut own = vec![Vec::new(); classes];
    let (mut right, mut all) = (vec![0.0; classes], vec![0.0; classes]);
    for (row, score, share) in scored {
        let (label, weight) = (labels[row] as usize, weights[row]);
        own[label].push((score, weight));
        all[label] += weight;
        right[label] += share * weight;
    }
    let mut ranked: Vec<RankedScores> = own.into_iter().map(RankedScores::new).collect();
    let mut starts = vec![0];
    starts.extend(ranked.iter().scan(0, |start, class| {
        *start += class.len();
        Some(*start)
    }));
    let size = starts[classes];
    let mut placed = vec![0.0; size];
    let places = |row: usize, _: usize, scores: &[f64]| {
        let place = |(class, &score): (usize, &f64)| {
            Some((starts[class] + ranked[class].place(score)?) as u32)
        };
        (weights[row], scores.iter().enumerate().filter_map(place).collect::<Vec<u32>>())
    };
    each_row(features, labels, (heads, head_of), threads, places, |rows| {
        for (_, (weight, places)) in rows {
            places.into_iter().for_each(|place| placed[place as usize] += weight);
        }
    })?;
    for (class, ranked) in ranked.iter_mut().enumerate() {
        ranked.add(&placed[starts[class]..starts[class + 1]]);
    }
    let recall = right.iter().zip(&all).map(|(right, &all)| (all > 0.0).then(|| right / all));
    Ok(Judged {
        recall: recall.collect(),
        average_precision: ranked.iter().map(RankedScores::average_precision).collect(),
    })
}

/// Makes something of each row's number, label and scores: the logarithms of the softmax's probabilities. Takes it
/// in batch by batch; in one, the rows of each head in order.
fn each_row<T: Real, R: Rows, D: Send>(
    features: &Features<T, R>,
    labels: &[u32],
    (heads, head_of): (&[Head<T>], &(dyn Fn(usize) -> usize + Sync)),
    threads: Threads,
    of_row: impl Fn(usize, usize, &[f64]) -> D + Sync,
    mut take: impl FnMut(&mut dyn Iterator<Item = (usize, D)>),
) -> Result<()> {
    let dim = features.dim();
    let of_batch = |first: usize, values: &[T]| {
        let mut done = Vec::new();
        for (at, head) in heads.iter().enumerate() {
            let (kept, values) = chosen(values, dim, |row| head_of(first + row) == at);
            let (products, scales) = head.products(&values, dim);
            let (mut logits, mut room) = (Vec::new(), Vec::new());
            let each = kept.iter().zip(products.chunks_exact(head.classes())).zip(&scales);
            for ((&row, products), &scale) in each {
                head.logits(products, scale, &mut logits);
                room.clone_from(&logits);
                let (top, sum) = exponentials(&mut room);
                let log_sum = top + sum.ln();
                logits.iter_mut().for_each(|logit| *logit -= log_sum);
                let row = first + row;
                done.push((row, of_row(row, labels[row] as usize, &logits)));
            }
        }
        done
    };
    features.batches(threads, of_batch, |done| take(&mut done.into_iter()))
}
