//! A dump in, mean losses out.

use ndarray::Array2;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::input::embeddings::Dump;
use crate::loss::{Batch, LossError, MeanLoss, unit_rows};

/// Rows whose losses are computed at once.
const BATCH: usize = 256;

/// The mean losses of each class: `labels` holds the class of every row of the dump, `weights` the
/// C×p classifier's rows at unit length, `margins` the C×C margins in radians.
///
/// # Errors
/// If reading fails, or the margins or labels are not those of C classes.
pub fn losses(
    dump: &Dump,
    labels: &[u32],
    weights: &Array2<f64>,
    margins: &Array2<f64>,
    scale: f64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<MeanLoss>> {
    let none = Array2::zeros((weights.nrows(), weights.nrows()));
    let batch = |(values, labels): (&[f64], &[u32])| {
        let rows =
            Array2::from_shape_fn((labels.len(), dump.dim()), |(i, j)| values[i * dump.dim() + j]);
        let cosines = unit_rows(rows).dot(&weights.t());
        let labels: Vec<_> = labels.iter().map(|&label| label as usize).collect();
        let batch = Batch::new(cosines.view(), &labels)?;
        let (softmax, igam) =
            (batch.losses(none.view(), scale)?, batch.losses(margins.view(), scale)?);
        Ok(labels.into_iter().zip(softmax).zip(igam).collect::<Vec<_>>())
    };
    let mut means = vec![MeanLoss::default(); weights.nrows()];
    let mut left = labels;
    // Batches are counted in rows of the dump, so that no block boundary shows in a result.
    let mut pending: Vec<f64> = Vec::new();
    let mut failure = None;
    let mut consume = |pending: &mut Vec<f64>, rows: usize| {
        let (now, later) = left.split_at(rows);
        let batches =
            pending[..rows * dump.dim()].par_chunks(BATCH * dump.dim()).zip(now.par_chunks(BATCH));
        let done: std::result::Result<Vec<_>, LossError> = batches.map(batch).collect();
        for ((class, softmax), igam) in done?.into_iter().flatten() {
            means[class].add(MeanLoss::new(softmax, igam));
        }
        pending.drain(..rows * dump.dim());
        left = later;
        progress(rows as u64);
        Ok(())
    };
    dump.read(BATCH * 16, &mut |block: Vec<f64>| {
        pending.extend(block);
        let rows = pending.len() / dump.dim() / BATCH * BATCH;
        failure = consume(&mut pending, rows).err();
        failure.is_none()
    })?;
    if let Some(failure) = failure {
        return Err(Error::Loss(failure));
    }
    let rows = pending.len() / dump.dim();
    consume(&mut pending, rows)?;
    Ok(means)
}
