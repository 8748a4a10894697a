//! What is read goes to the states of classes. No class waits for another: each has an inbox, which one thread
//! at a time empties, in order. The reader waits when too much is on its way.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::Yield;

/// The state of a class, and what is still to go into it.
pub(super) struct Inbox<I, S> {
    state: Mutex<S>,
    items: Mutex<VecDeque<I>>,
}

impl<I, S> Inbox<I, S> {
    pub(super) fn new(state: S) -> Inbox<I, S> {
        Inbox { state: Mutex::new(state), items: Mutex::default() }
    }

    fn items(&self) -> MutexGuard<'_, VecDeque<I>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item. Someone must empty the inbox later.
    pub(super) fn put(&self, item: I) {
        self.items().push_back(item);
    }

    /// Takes all items in, unless another thread is at it: then that thread will.
    pub(super) fn empty(&self, take_in: impl Fn(&mut S, I)) {
        while let Ok(mut state) = self.state.try_lock() {
            loop {
                let next = self.items().pop_front();
                let Some(item) = next else { break };
                take_in(&mut state, item);
            }
            drop(state);
            // Who came before the lock was free has left.
            if self.items().is_empty() {
                break;
            }
        }
    }

    pub(super) fn into_state(self) -> S {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is read, in blocks, but not taken in yet: a few at most.
pub(super) struct Flight {
    most: usize,
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
    pub(super) fn new(most: usize) -> Flight {
        Flight { most, blocks: Mutex::default(), landed: Condvar::new() }
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for one more.
    pub(super) fn seat(&self) -> Seat<'_> {
        let mut blocks = self.blocks();
        while blocks.count >= self.most {
            drop(blocks);
            // A thread that is one of those that take them in must not wait for itself.
            let done = rayon::yield_now() == Some(Yield::Executed);
            blocks = self.blocks();
            if !done && blocks.count >= self.most {
                blocks = self.landed.wait(blocks).unwrap_or_else(PoisonError::into_inner);
            }
        }
        blocks.count += 1;
        blocks.since.get_or_insert_with(Instant::now);
        Seat(self)
    }

    /// The time in which there were blocks.
    pub(super) fn time(&self) -> Duration {
        self.blocks().time
    }
}

/// That one more block is there, until it is taken in.
pub(super) struct Seat<'a>(&'a Flight);

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
