//! One pass over all rows, which go to the states of their classes. While some threads push rows, another
//! reads the next block. No class waits for another: each has an inbox, which one thread at a time empties.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::Yield;

use super::{IN_FLIGHT, Labelled, READ, Stages};
use crate::error::{Error, Result};
use crate::rows::{Element, Rows};

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
    let flight = Flight::default();
    let inboxes: Vec<Inbox<T, S>> = states.into_iter().map(Inbox::new).collect();
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
                inbox.parts().push_back((Arc::clone(&block), part));
                scope.spawn_fifo(move |_| inbox.empty(push));
            }
            first += count;
            progress(count as u64);
            true
        })?;
        stages.read += started.elapsed() - waiting;
        Ok::<(), Error>(())
    })?;
    stages.products += flight.time();
    let state =
        |inbox: Inbox<T, S>| inbox.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(inboxes.into_iter().map(state).collect())
}

/// Rows that were read together.
struct Block<'a, T> {
    values: Vec<T>,
    dim: usize,
    /// The number of the first.
    first: usize,
    /// Places of classes with their rows in the block, ascending.
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
}

/// Parts of blocks.
type Parts<'a, T> = VecDeque<(Arc<Block<'a, T>>, Range<usize>)>;

/// The state of a class, and the rows that are still to be pushed into it.
struct Inbox<'a, T, S> {
    state: Mutex<S>,
    parts: Mutex<Parts<'a, T>>,
}

impl<'a, T: Element, S> Inbox<'a, T, S> {
    fn new(state: S) -> Self {
        Inbox { state: Mutex::new(state), parts: Mutex::default() }
    }

    fn parts(&self) -> MutexGuard<'_, Parts<'a, T>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pushes all rows that are there, unless a thread is at it: then that thread will.
    fn empty(&self, push: impl Fn(&mut S, u64, &[T])) {
        while let Ok(mut state) = self.state.try_lock() {
            loop {
                let next = self.parts().pop_front();
                let Some((block, part)) = next else { break };
                for &(_, row) in &block.order[part] {
                    let row = row as usize;
                    let values = &block.values[row * block.dim..(row + 1) * block.dim];
                    push(&mut state, (block.first + row) as u64, values);
                }
            }
            drop(state);
            // Who came before the lock was free has left.
            if self.parts().is_empty() {
                break;
            }
        }
    }
}

/// The blocks that are read, but not pushed yet.
#[derive(Default)]
struct Flight {
    blocks: Mutex<Blocks>,
    landed: Condvar,
}

#[derive(Default)]
struct Blocks {
    count: usize,
    /// Since when there are some.
    since: Option<Instant>,
    /// The time in which there were some.
    time: Duration,
}

impl Flight {
    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for one more.
    fn seat(&self) -> Seat<'_> {
        let mut blocks = self.blocks();
        while blocks.count >= IN_FLIGHT {
            drop(blocks);
            // A thread that is one of those that push must not wait for itself.
            let done = rayon::yield_now() == Some(Yield::Executed);
            blocks = self.blocks();
            if !done && blocks.count >= IN_FLIGHT {
                blocks = self.landed.wait(blocks).unwrap_or_else(PoisonError::into_inner);
            }
        }
        blocks.count += 1;
        blocks.since.get_or_insert_with(Instant::now);
        Seat(self)
    }

    fn time(&self) -> Duration {
        self.blocks().time
    }
}

/// One block's place among them.
struct Seat<'a>(&'a Flight);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut blocks = self.0.blocks();
        blocks.count -= 1;
        if blocks.count == 0 {
            let since = blocks.since.take();
            blocks.time += since.map_or(Duration::ZERO, |since| since.elapsed());
        }
        self.0.landed.notify_one();
    }
}
