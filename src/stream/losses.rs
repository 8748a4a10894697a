//! Rows in, mean losses out.

use ndarray::Array2;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::loss::{Batch, LossError, MeanLoss, unit_rows};
use crate::rows::Rows;

/// Rows whose losses are computed at once.
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
    let batch = |(values, labels): (&[f64], &[u32])| {
        let rows = Array2::from_shape_fn((labels.len(), dim), |(i, j)| values[i * dim + j]);
        let cosines = unit_rows(rows).dot(&weights.t());
        let labels: Vec<_> = labels.iter().map(|&label| label as usize).collect();
        let batch = Batch::new(cosines.view(), &labels)?;
        let (softmax, igam) =
            (batch.losses(none.view(), scale)?, batch.losses(margins.view(), scale)?);
        Ok(labels.into_iter().zip(softmax).zip(igam).collect::<Vec<_>>())
    };
    let mut means = vec![MeanLoss::default(); weights.nrows()];
    let mut left = labels;
    // Batches are counted in rows from the first, so that no block boundary shows in a result.
    let mut pending: Vec<f64> = Vec::new();
    let mut failure = None;
    let mut consume = |pending: &mut Vec<f64>, count: usize| {
        let (now, later) = left.split_at(count);
        let batches = pending[..count * dim].par_chunks(BATCH * dim).zip(now.par_chunks(BATCH));
        let done: std::result::Result<Vec<_>, LossError> = batches.map(batch).collect();
        for ((class, softmax), igam) in done?.into_iter().flatten() {
            means[class].add(MeanLoss::new(softmax, igam));
        }
        pending.drain(..count * dim);
        left = later;
        progress(count as u64);
        Ok(())
    };
    rows.read(BATCH * 16, &mut |block: Vec<f64>| {
        pending.extend(block);
        let whole = pending.len() / dim / BATCH * BATCH;
        failure = consume(&mut pending, whole).err();
        failure.is_none()
    })?;
    if let Some(failure) = failure {
        return Err(Error::Loss(failure));
    }
    let rest = pending.len() / dim;
    consume(&mut pending, rest)?;
    Ok(means)
}
