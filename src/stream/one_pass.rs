//! One pass over all rows, which go to the states of their classes. While some threads push rows, another
//! reads the next block.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inboxes::{Flight, Inbox, Seat};
use super::{Labelled, READ, Stages};
use crate::error::{Error, Result};
use crate::rows::{Element, Rows};

/// Blocks that are read, but not all pushed, at most.
pub(super) const IN_FLIGHT: usize = 3;

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
    let flight = Flight::new(IN_FLIGHT);
    let inboxes: Vec<Inbox<_, S>> = states.into_iter().map(Inbox::new).collect();
    rayon::in_place_scope_fifo(|scope| {
        let (started, mut waiting, mut first) = (Instant::now(), Duration::ZERO, 0);
        rows.read((READ / (dim * size_of::<T>())).max(1), &mut |values: Vec<T>| {
            let full = Instant::now();
            let seat = flight.seat();
            waiting += full.elapsed();
            stages.bytes += size_of_val(&values[..]) as u64;
            let labelled = labels[first..].iter().take(values.len() / dim).zip(0..);
            let of_classes =
                labelled.filter_map(|(&label, row)| Some((places[label as usize]?, row)));
            let mut order: Vec<(u32, u32)> = of_classes.collect();
            order.sort_unstable();
            let count = values.len() / dim;
            let block = Arc::new(Block { values, dim, first, order, _seat: seat });
            for part in block.parts() {
                let inbox = &inboxes[block.order[part.start].0 as usize];
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

/// Rows that were read together.
struct Block<'a, T> {
    values: Vec<T>,
    dim: usize,
    /// The number of the first.
    first: usize,
    /// Which of the classes each row is of, and which row of the block it is, ascending.
    order: Vec<(u32, u32)>,
    _seat: Seat<'a>,
}

impl<T> Block<'_, T> {
    /// The parts of the order that are of one class each.
    fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let lengths = self.order.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len);
        lengths.scan(0, |end, length| {
            *end += length;
            Some(*end - length..*end)
        })
    }

    /// Pushes the rows of a part into the state of their class.
    fn push<S>(&self, part: Range<usize>, state: &mut S, push: impl Fn(&mut S, u64, &[T])) {
        for &(_, row) in &self.order[part] {
            let row = row as usize;
            let values = &self.values[row * self.dim..(row + 1) * self.dim];
            push(state, (self.first + row) as u64, values);
        }
    }
}
