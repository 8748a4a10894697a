//! One pass over all rows, which go to the states of their classes. While some threads push rows, another
//! reads the next block.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::inboxes::{Flight, Inbox, Seat};
use super::{Labelled, READ, Stages};
use crate::error::{Error, Result};
use crate::rows::{Element, Rows};

/// Blocks that are read, but not all pushed, at most.
pub(super) const IN_FLIGHT: usize = 2;

/// The rows of `classes` go to their `states`, in order.
///
/// # Errors
/// If reading fails.
pub(super) fn one_pass<T: Element, S: Send>(
    labelled: &Labelled<impl Rows>,
    classes: &[usize],
    states: Vec<S>,
    push: &(impl Fn(&mut S, u64, &[T]) + Sync),
    stages: &mut Stages,
) -> Result<Vec<S>> {
    let &Labelled { rows, labels, counts, progress } = labelled;
    let dim = rows.dim();
    let mut places = vec![None; counts.len()];
    for (place, &class) in (0..).zip(classes) {
        places[class] = Some(place);
    }
    let (flight, spare) = (Flight::new(IN_FLIGHT), Mutex::default());
    let inboxes: Vec<Inbox<_, S>> = states.into_iter().map(Inbox::new).collect();
    rayon::in_place_scope_fifo(|scope| {
        let (started, mut waiting, mut first) = (Instant::now(), Duration::ZERO, 0);
        rows.read((READ / (dim * size_of::<T>())).max(1), &mut |block: &mut Vec<T>| {
            let full = Instant::now();
            let seat = flight.seat();
            waiting += full.elapsed();
            stages.bytes += size_of_val(&block[..]) as u64;
            let count = block.len() / dim;
            let (order, parts) = class_by_class(
                &labels[first..labels.len().min(first + count)],
                &places,
                classes.len(),
            );
            let values = std::mem::replace(block, spares(&spare).pop().unwrap_or_default());
            let block = Arc::new(Block { values, dim, first, order, spare: &spare, _seat: seat });
            for (inbox, part) in inboxes.iter().zip(parts).filter(|(_, part)| !part.is_empty()) {
                inbox.put((Arc::clone(&block), part));
                scope.spawn_fifo(move |_| {
                    inbox.empty(|state, (block, part)| block.push(part, state, push))
                });
            }
            first += count;
            progress(count as u64);
            true
        })?;
        stages.read += started.elapsed() - waiting;
        Ok::<(), Error>(())
    })?;
    stages.products += flight.time();
    Ok(inboxes.into_iter().map(Inbox::into_state).collect())
}

/// The numbers of the rows with these `labels`, class by class and ascending in each, and the part of the
/// order that each of the `count` classes has. `places` numbers the classes.
fn class_by_class(
    labels: &[u32],
    places: &[Option<u32>],
    count: usize,
) -> (Vec<u32>, impl Iterator<Item = Range<usize>>) {
    let rows =
        || (0..).zip(labels).filter_map(|(row, &label)| Some((row, places[label as usize]?)));
    let mut ends = vec![0; count];
    rows().for_each(|(_, place)| ends[place as usize] += 1);
    let mut sum = 0;
    for end in &mut ends {
        // Where the class begins, until its rows are put there.
        sum += std::mem::replace(end, sum);
    }
    let mut order = vec![0; sum];
    for (row, place) in rows() {
        let end = &mut ends[place as usize];
        order[*end] = row;
        *end += 1;
    }
    let mut start = 0;
    (order, ends.into_iter().map(move |end| std::mem::replace(&mut start, end)..end))
}

/// Rows that were read together.
struct Block<'a, T> {
    values: Vec<T>,
    dim: usize,
    /// The number of the first.
    first: usize,
    /// The rows of the block, class by class.
    order: Vec<u32>,
    /// Where its memory goes, to be used again.
    spare: &'a Spare<T>,
    _seat: Seat<'a>,
}

impl<T> Drop for Block<'_, T> {
    fn drop(&mut self) {
        spares(self.spare).push(std::mem::take(&mut self.values));
    }
}

/// Memory of blocks that have been pushed.
type Spare<T> = Mutex<Vec<Vec<T>>>;

fn spares<T>(spare: &Spare<T>) -> MutexGuard<'_, Vec<Vec<T>>> {
    spare.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Block<'_, T> {
    /// Pushes the rows of a part into the state of their class.
    fn push<S>(&self, part: Range<usize>, state: &mut S, push: impl Fn(&mut S, u64, &[T])) {
        for &row in &self.order[part] {
            let row = row as usize;
            let values = &self.values[row * self.dim..(row + 1) * self.dim];
            push(state, (self.first + row) as u64, values);
        }
    }
}
