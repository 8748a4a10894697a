//! A dump in, spectra out: blocks of rows go to their classes' moments, moments to spectra, and
//! neither the dump nor every class's moments need to fit in memory at once.

use std::cmp::Reverse;
use std::sync::mpsc::sync_channel;

use ndarray::Array2;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::input::element::Element;
use crate::input::embeddings::Dump;
use crate::loss::{Batch, LossError, MeanLoss, unit_rows};
use crate::moments::Moments;
use crate::spectrum::{Spectrum, SpectrumError};

/// Bytes of embeddings per block read.
const READ: usize = 4 << 20;

/// Blocks that may wait between the reading thread and the products.
const WAITING: usize = 2;

/// Bytes that all moments may take together: a quarter of the dump, within these bounds. Classes
/// that do not fit wait for another pass over the files.
const MOMENTS: (u64, u64) = (256 << 20, 2 << 30);

/// Which classes are computed in which pass over a dump.
pub struct Plan(Vec<Vec<usize>>);

impl Plan {
    /// Shares the classes, which have `counts` rows, out over passes, so that the moments of each
    /// pass take a quarter of the dump at most, but 256 MiB at least and 2 GiB at most.
    pub fn new<T: Element>(dump: &Dump, counts: &[u64]) -> Plan {
        let bytes = dump.rows() as u64 * dump.dim() as u64 * size_of::<T>() as u64;
        Plan::within::<T>(dump, counts, (bytes / 4).clamp(MOMENTS.0, MOMENTS.1))
    }

    /// The same within `limit` bytes. A class that is larger alone has a pass of its own.
    pub fn within<T: Element>(dump: &Dump, counts: &[u64], limit: u64) -> Plan {
        let mut passes: Vec<Vec<usize>> = Vec::new();
        let mut held = 0;
        for (class, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let bytes = Moments::<T>::bytes(dump.dim(), count);
            match passes.last_mut() {
                Some(pass) if held + bytes <= limit => {
                    pass.push(class);
                    held += bytes;
                }
                _ => {
                    passes.push(vec![class]);
                    held = bytes;
                }
            }
        }
        Plan(passes)
    }

    /// How many times the dump is read.
    pub fn passes(&self) -> usize {
        self.0.len()
    }

    /// The spectrum of each class: `labels` holds the class (an index into `counts`) of every row
    /// of the dump, in its order. An empty class has no spectrum.
    ///
    /// `progress` is told the rows of each step; the dump's rows times [`Plan::passes`] in all.
    ///
    /// # Errors
    /// If reading fails; for a class, if its covariance is not finite.
    pub fn spectra<T: Element>(
        &self,
        dump: &Dump,
        labels: &[u32],
        counts: &[u64],
        progress: &dyn Fn(u64),
    ) -> Result<Vec<ClassSpectrum>> {
        let mut spectra: Vec<ClassSpectrum> = vec![Ok(None); counts.len()];
        for classes in &self.0 {
            let moments = moments::<T>(dump, labels, counts, classes, progress)?;
            // Largest first, each taken by the next free thread, so that all are busy to the end.
            let mut work: Vec<_> = classes.iter().zip(moments).collect();
            work.sort_by_key(|(_, moments)| Reverse(moments.count()));
            let work = work.into_iter().par_bridge();
            let done: Vec<_> =
                work.map(|(class, moments)| (class, Spectrum::of(moments))).collect();
            for (&class, spectrum) in done {
                spectra[class] = spectrum;
            }
        }
        Ok(spectra)
    }
}

/// A class's spectrum, if it has instances; or why it has none.
pub type ClassSpectrum = std::result::Result<Option<Spectrum>, SpectrumError>;

/// One pass over the dump: the moments of `classes`.
fn moments<T: Element>(
    dump: &Dump,
    labels: &[u32],
    counts: &[u64],
    classes: &[usize],
    progress: &dyn Fn(u64),
) -> Result<Vec<Moments<T>>> {
    let dim = dump.dim();
    let mut moments: Vec<_> = classes
        .iter()
        .map(|&class| {
            let mut moments = Moments::new(dim);
            moments.reserve(counts[class]);
            moments
        })
        .collect();
    let mut slots = vec![None; counts.len()];
    for (slot, &class) in classes.iter().enumerate() {
        slots[class] = Some(slot);
    }
    // The rows of the block at hand, by class.
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); classes.len()];
    let mut labels = labels.iter();
    let (sender, receiver) = sync_channel::<Vec<T>>(WAITING);
    std::thread::scope(|scope| {
        let block_rows = (READ / (dim * size_of::<T>())).max(1);
        let reader =
            scope.spawn(move || dump.read(block_rows, &mut |block| sender.send(block).is_ok()));
        for block in receiver {
            let count = block.len() / dim;
            rows.iter_mut().for_each(Vec::clear);
            for (row, &label) in labels.by_ref().take(count).enumerate() {
                if let Some(slot) = slots[label as usize] {
                    rows[slot].push(row);
                }
            }
            let mut work: Vec<_> =
                moments.iter_mut().zip(&rows).filter(|(_, rows)| !rows.is_empty()).collect();
            work.sort_by_key(|(_, rows)| Reverse(rows.len()));
            work.into_par_iter().with_max_len(1).for_each(|(moments, rows)| {
                for &row in rows {
                    moments.push(&block[row * dim..(row + 1) * dim]);
                }
            });
            progress(count as u64);
        }
        reader.join().unwrap_or_else(|_| Err(Error::Input("reading stopped unexpectedly".into())))
    })?;
    Ok(moments)
}

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
    progress: &dyn Fn(u64),
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
