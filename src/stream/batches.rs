//! All rows in batches counted from the first row, so that results do not depend on block boundaries.

use std::sync::mpsc::sync_channel;

use rayon::prelude::*;

use super::{READ, WAITING};
use crate::error::{Error, Result};
use crate::kernel::product::DEPTH;
use crate::rows::{Element, Rows};

/// Rows of a batch for products with one matrix.
pub(super) const BATCH: usize = DEPTH;

/// Bytes of the batches of all threads that are read at once at most.
const MOST: usize = 64 << 20;

/// Makes something of each batch of `size` rows, the last one shorter, given with the number of its first
/// row, in parallel; and takes it in, in order. A thread of its own reads meanwhile.
///
/// # Errors
/// If reading fails.
pub(super) fn batches<T: Element, D: Send>(
    rows: &impl Rows,
    size: usize,
    progress: &(dyn Fn(u64) + Sync),
    of_batch: impl Fn(usize, &[T]) -> D + Sync,
    mut take: impl FnMut(D),
) -> Result<()> {
    let dim = rows.dim();
    let batch_bytes = size * dim * size_of::<T>();
    let batches = READ.max(MOST.min(batch_bytes * rayon::current_num_threads())) / batch_bytes;
    let (sender, receiver) = sync_channel::<Vec<T>>(WAITING);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            rows.read(batches.max(1) * size, &mut |block| {
                sender.send(std::mem::take(block)).is_ok()
            })
        });
        let (mut pending, mut first) = (Vec::<T>::new(), 0);
        let mut consume = |values: &[T]| {
            let batches = values.par_chunks(size * dim).enumerate();
            let done: Vec<D> =
                batches.map(|(at, batch)| of_batch(first + at * size, batch)).collect();
            done.into_iter().for_each(&mut take);
            first += values.len() / dim;
            progress((values.len() / dim) as u64);
        };
        for block in receiver {
            // Mostly whole batches come; then nothing is copied.
            if pending.is_empty() {
                pending = block
            } else {
                pending.extend(block)
            }
            let whole = pending.len() / (size * dim) * size * dim;
            consume(&pending[..whole]);
            pending.drain(..whole);
        }
        consume(&pending);
        let stopped = |_| Err(Error::Input("the reader stopped unexpectedly".into()));
        reader.join().unwrap_or_else(stopped)
    })
}
