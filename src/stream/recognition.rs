//! Rows in, recall and confusions of the classifier out.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::batches::{BATCH, batches};
use crate::error::Result;
use crate::recognition::{Classifier, Recognition};
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
) -> Result<Vec<Recognition>> {
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
    batches(rows, BATCH, progress, of_batch, |(labels, logits)| {
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

    fn recognized(&self) -> Vec<Recognition> {
        let rows = self.taken_for.chunks_exact(self.classes.max(1));
        let logits = self.logits.chunks_exact(self.classes.max(1));
        rows.zip(logits).enumerate().map(|(at, (row, sums))| recognition(at, row, sums)).collect()
    }
}

/// Of classes that a class is taken for equally often, the one whose logits are the largest comes first.
fn recognition(class: usize, row: &[u64], logits: &[f64]) -> Recognition {
    let others = row.iter().copied().enumerate().filter(|&(at, count)| at != class && count > 0);
    let mut taken_for: Vec<(usize, u64)> = others.collect();
    taken_for.sort_by(|a, b| b.1.cmp(&a.1).then(logits[b.0].total_cmp(&logits[a.0])));
    Recognition { rows: row.iter().sum(), right: row[class], taken_for }
}
