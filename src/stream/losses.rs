//! Rows in, mean losses out.

use ndarray::Array2;

use super::batches::batches;
use crate::error::{Error, Result};
use crate::loss::{Batch, LossError, MeanLoss, unit_rows};
use crate::rows::Rows;

/// Rows of a batch.
const BATCH: usize = 256;

/// The mean losses of each class: `labels` holds the class of every row, `weights` the
/// C×p classifier's rows at unit length, `margins` the C×C margins in radians.
///
/// # Errors
/// If reading fails, or the margins or labels are not those of C classes.
pub fn losses(
    rows: &impl Rows,
    labels: &[u32],
    weights: &Array2<f64>,
    margins: &Array2<f64>,
    scale: f64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<MeanLoss>> {
    let none = Array2::zeros((weights.nrows(), weights.nrows()));
    let dim = rows.dim();
    let of_batch = |first: usize, values: &[f64]| {
        let labels = &labels[first..][..values.len() / dim];
        let rows = Array2::from_shape_fn((labels.len(), dim), |(i, j)| values[i * dim + j]);
        let cosines = unit_rows(rows).dot(&weights.t());
        let labels: Vec<_> = labels.iter().map(|&label| label as usize).collect();
        let batch = Batch::new(cosines.view(), &labels)?;
        let (softmax, igam) =
            (batch.losses(none.view(), scale)?, batch.losses(margins.view(), scale)?);
        Ok(labels.into_iter().zip(softmax).zip(igam).collect::<Vec<_>>())
    };
    let mut means = vec![MeanLoss::default(); weights.nrows()];
    let mut failure = None;
    batches(
        rows,
        BATCH,
        progress,
        of_batch,
        |done: std::result::Result<_, LossError>| match done {
            Ok(done) => done.into_iter().for_each(|((class, softmax), igam)| {
                means[class].add(MeanLoss::new(softmax, igam));
            }),
            Err(error) => {
                failure.get_or_insert(error);
            }
        },
    )?;
    match failure {
        Some(failure) => Err(Error::Loss(failure)),
        None => Ok(means),
    }
}
