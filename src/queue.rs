//! §3.3.1, replayed: embeddings pass through a queue of length d; whenever it is full, a local mean
//! and covariance of each class are taken and it is emptied; at the end of the epoch they are
//! merged by Eq. 7–8 (Appendix A). The queue length changes what is held, not the covariance.

use crate::kernel::Value;
use crate::moments::Moments;
use crate::storage::{Shape, packed};

/// The moments of one class in the epoch.
pub struct LocalMoments<T> {
    dim: usize,
    length: u64,
    /// Which filling of the queue the class's last embedding was in.
    turn: u64,
    queue: Moments<T>,
    taken: Vec<Moments<T>>,
}

impl<T: Value> LocalMoments<T> {
    /// Nothing yet, of `dim` = p values an embedding, for a queue of `length` = d embeddings.
    ///
    /// # Panics
    /// If `dim` is zero.
    pub fn new(dim: usize, length: u64) -> Self {
        LocalMoments { dim, length, turn: 0, queue: Moments::new(dim), taken: Vec::new() }
    }

    /// Adds the class's embedding in row `at` of the dump, counted over all classes from 0.
    ///
    /// # Panics
    /// If `row` has not p values, or d is zero.
    pub fn push(&mut self, at: u64, row: &[T]) {
        let turn = at / self.length;
        if turn != self.turn {
            self.turn_over();
            self.turn = turn;
        }
        self.queue.push(row);
    }

    /// The end of the epoch: empties the queue once more and merges all that was taken.
    pub fn merged(mut self) -> Moments<T> {
        self.turn_over();
        let mut merged = Moments::new(self.dim);
        self.taken.into_iter().for_each(|local| merged.merge(&local));
        merged
    }

    fn turn_over(&mut self) {
        if self.queue.count() > 0 {
            let mut local = std::mem::replace(&mut self.queue, Moments::new(self.dim));
            local.fold_all();
            self.taken.push(local);
        }
    }
}

/// In how many fillings of a queue of `length` = d each of `classes` classes was in the queue.
///
/// # Panics
/// If d is zero, or a label is not below `classes`.
pub fn fillings_of_classes(labels: &[u32], classes: usize, length: u64) -> Vec<u64> {
    let mut turns = vec![0; classes];
    let mut last = vec![None; classes];
    for (at, &label) in (0..).zip(labels) {
        let turn: u64 = at / length;
        if last[label as usize].replace(turn) != Some(turn) {
            turns[label as usize] += 1;
        }
    }
    turns
}

/// Values that each store held at its fullest, counted embedding by embedding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// All embeddings.
    pub original: u64,
    /// The paper's queue, and C covariances per filling.
    pub paper: u64,
    /// Covariances in it that belong to a class that was in the queue; the others are empty.
    pub filled: u64,
    /// The queue, and a running covariance per class.
    pub running: u64,
    /// Of each class its embeddings, or mean and packed covariance where those are fewer values.
    pub hybrid: u64,
}

impl Held {
    /// Replays an epoch over embeddings of these classes, with a queue of `length` = d.
    ///
    /// # Panics
    /// If d is zero, or a label is not below the shape's number of classes.
    pub fn in_epoch(shape: &Shape, labels: &[u32], length: u64) -> Held {
        let dim = shape.dim();
        let packed = packed(dim);
        let classes = shape.classes();
        let mut counts = vec![0; classes as usize];
        let (mut queue, mut turns, mut fullest) = (0, 0, 0);
        let filled = fillings_of_classes(labels, classes as usize, length).iter().sum();
        let mut held = Held { filled, ..Held::default() };
        for &label in labels {
            let class = label as usize;
            held.original += dim;
            let rows = counts[class] * dim;
            counts[class] += 1;
            held.hybrid += (rows + dim).min(packed) - rows.min(packed);
            queue += 1;
            fullest = queue.max(fullest);
            if queue == length {
                turns += 1;
                queue = 0;
            }
        }
        // The epoch ends with the queue being emptied, whatever is in the queue.
        turns += 1;
        held.paper = fullest * dim + turns * classes * dim * dim;
        held.running = fullest * dim + classes * packed;
        held
    }
}
