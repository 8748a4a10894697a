//! Rows in, what the classifier takes them for out.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::batches::batches;
use crate::error::Result;
use crate::overlap::CLOSEST;
use crate::recognition::{Classifier, Recognition, Recognized, Rival};
use crate::rows::Rows;

/// What a classifier takes the rows of each class for: the class of the largest logit, of equal ones the
/// first. `labels` holds the class of every row, an index into the classifier's.
///
/// # Errors
/// If reading fails.
///
/// # Panics
/// If the classifier is of another dimension.
pub fn recognized(
    rows: &impl Rows,
    labels: &[u32],
    classifier: &Classifier,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Recognized> {
    let (classes, dim) = classifier.weights().dim();
    assert_eq!(dim, rows.dim(), "a classifier of another dimension");
    let weights = classifier.weights();
    let weights = Mat::from_fn(classes, dim, |class, at| weights[(class, at)]);
    let of_batch = |first: usize, values: &[f64]| {
        let labels = &labels[first..][..values.len() / dim];
        let mut logits = Mat::zeros(classes, labels.len());
        let values = MatRef::from_column_major_slice(values, dim, labels.len());
        matmul(&mut logits, Accum::Replace, &weights, values, 1.0, Par::Seq);
        for row in 0..labels.len() {
            // The length of a row changes no order among its cosines.
            let length = if classifier.cosine() { values.col(row).norm_l2() } else { 1.0 };
            let scale = if length > 0.0 { 1.0 / length } else { 1.0 };
            for (logit, bias) in logits.col_as_slice_mut(row).iter_mut().zip(classifier.bias()) {
                *logit = *logit * scale + bias;
            }
        }
        (labels, logits)
    };
    let mut tables = Tables::new(classes);
    batches(rows, progress, of_batch, |(labels, logits)| {
        for (row, &label) in labels.iter().enumerate() {
            tables.add(label as usize, logits.col_as_slice(row));
        }
    })?;
    Ok(tables.recognized())
}

/// Two C×C tables, a row a true class.
struct Tables {
    classes: usize,
    /// How often a class is taken for each.
    taken_for: Vec<u64>,
    /// Sums of the logits of its rows.
    logits: Vec<f64>,
}

impl Tables {
    fn new(classes: usize) -> Tables {
        let size = classes * classes;
        Tables { classes, taken_for: vec![0; size], logits: vec![0.0; size] }
    }

    fn add(&mut self, class: usize, logits: &[f64]) {
        let row = class * self.classes..(class + 1) * self.classes;
        let mut largest = 0;
        for (at, (sum, &logit)) in self.logits[row.clone()].iter_mut().zip(logits).enumerate() {
            *sum += logit;
            if logit > logits[largest] {
                largest = at;
            }
        }
        self.taken_for[row][largest] += 1;
    }

    fn recognized(&self) -> Recognized {
        let (taken, logits) = (self.rows(&self.taken_for), self.rows(&self.logits));
        let of_classes: Vec<_> = taken.enumerate().map(|(at, row)| recognition(at, row)).collect();
        let rivals = logits.zip(&of_classes).enumerate();
        let rivals = rivals.map(|(class, (sums, of))| rivals_of(class, sums, of.rows)).collect();
        Recognized { of_classes, rivals }
    }

    fn rows<'a, T>(&self, table: &'a [T]) -> std::slice::ChunksExact<'a, T> {
        table.chunks_exact(self.classes.max(1))
    }
}

fn recognition(class: usize, row: &[u64]) -> Recognition {
    let others = row.iter().copied().enumerate().filter(|&(at, count)| at != class && count > 0);
    let mut taken_for: Vec<(usize, u64)> = others.collect();
    taken_for.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    Recognition { rows: row.iter().sum(), right: row[class], taken_for }
}

fn rivals_of(class: usize, sums: &[f64], rows: u64) -> Vec<Rival> {
    if rows == 0 {
        return Vec::new();
    }
    let others = sums.iter().enumerate().filter(|&(at, _)| at != class);
    let rival = |(at, sum): (usize, &f64)| {
        let margin = (sums[class] - sum) / rows as f64;
        Rival { class: at, margin }
    };
    let mut rivals: Vec<Rival> = others.map(rival).collect();
    rivals.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    rivals.truncate(CLOSEST);
    rivals
}
