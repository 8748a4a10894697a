//! Rows in, information amounts out: rows go to their classes' moments, moments to spectra, and
//! neither the rows nor every class's moments need to fit in memory at once. Where the rows come from
//! is not known here.

mod batches;
mod heads;
mod inboxes;
mod losses;
mod moments;
mod moments_source;
mod one_pass;
mod plan;
mod pooled;
mod recognition;
mod sample;
mod suspects;

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::error::Result;
use crate::information::Information;
use crate::kernel::SpectrumError;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::queue::LocalMoments;
use crate::rows::{Element, Rows};
use crate::shrinkage::{Estimator, Refusal};
use one_pass::one_pass;

pub use heads::{Features, Head, Judged, Real, Slope, Threads, class_sums, judged, slope};
pub use losses::losses;
pub use moments::{MomentsSink, merged, merged_information, moments};
pub use moments_source::{MomentsPart, MomentsSource};
pub use plan::{PROGRAM, Plan, passes, passes_of_moments, within};
pub use pooled::{within_classes, within_classes_in_memory, within_classes_of_moments};
pub use recognition::recognized;
pub use sample::sample;
pub use suspects::suspects;

/// Bytes of embeddings per block read.
const READ: usize = 4 << 20;

/// Blocks that may wait between the reading thread and the products.
const WAITING: usize = 2;

impl Plan {
    /// The information amounts of each class under each of `estimators`: `labels` holds the class (an
    /// index into `counts`) of every row, in order. An empty class has none. Products are summed up in
    /// `precision`.
    ///
    /// `progress` is told the rows of each step; all rows times [`Plan::passes`] together. Beside them
    /// stands where the time went.
    ///
    /// # Errors
    /// If reading fails; for a class, if its covariance is not finite.
    pub fn information<T: Element>(
        &self,
        rows: &impl Rows,
        labels: &[u32],
        counts: &[u64],
        estimators: &[Estimator],
        precision: Precision,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let start = |class: usize| moments::reserved::<T>(rows.dim(), precision, counts[class]);
        let push = |moments: &mut Moments<T>, _, row: &[T]| moments.push(row);
        let labelled = Labelled { rows, labels, counts, progress };
        let finish = |moments| Information::of_moments(moments, estimators);
        self.of_classes(labelled, start, push, finish)
    }

    /// The same, by way of the queue of §3.3.1 with `length` embeddings and for the sample covariance:
    /// a floor would hide what differs below it.
    ///
    /// # Errors
    /// As for [`Plan::information`].
    pub fn replay<T: Element>(
        &self,
        rows: &impl Rows,
        labels: &[u32],
        counts: &[u64],
        length: u64,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let labelled = Labelled { rows, labels, counts, progress };
        let start = |_| LocalMoments::<T>::new(rows.dim(), length);
        let finish =
            |local: LocalMoments<T>| Information::of_moments(local.merged(), &[Estimator::Sample]);
        self.of_classes(labelled, start, LocalMoments::push, finish)
    }

    /// Each class's rows, with their numbers, pushed into what `start` makes for it, and
    /// what `finish` makes of that.
    fn of_classes<T: Element, S: Send>(
        &self,
        labelled: Labelled<impl Rows>,
        start: impl Fn(usize) -> S + Sync,
        push: impl Fn(&mut S, u64, &[T]) + Sync,
        finish: impl Fn(S) -> ClassInformation + Sync,
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let mut classes: Vec<ClassInformation> = vec![Ok(None); labelled.counts.len()];
        let mut stages = Stages::default();
        let all = [(0..classes.len()).collect()];
        let passes = match self {
            Plan::Passes(passes) | Plan::PassesFromDisk(passes) => &passes[..],
            Plan::ByClass => &all[..],
        };
        for (number, pass) in passes.iter().enumerate() {
            let by_class = match self {
                Plan::Passes(_) => false,
                Plan::PassesFromDisk(_) => number > 0 && labelled.rows.rows_come_at_once::<T>()?,
                Plan::ByClass => true,
            };
            let done = if by_class {
                let (done, times) = each_class(&labelled, pass, &start, &push, &finish)?;
                stages.add(times);
                done
            } else {
                let states = pass.iter().map(|&class| start(class)).collect();
                let states = one_pass(&labelled, pass, states, &push, &mut stages)?;
                let started = Instant::now();
                let work = pass.iter().copied().zip(states).collect();
                let done = largest_first(labelled.counts, work, |_, state| Ok(finish(state)))?;
                stages.spectra += started.elapsed();
                done
            };
            for (class, done) in done {
                classes[class] = done;
            }
        }
        Ok((classes, stages))
    }
}

/// Where the time of a computation went. Of work that each thread does by itself it is the time of all
/// threads, divided by their number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Reading and decoding: of blocks, on a thread of its own, while others multiply.
    pub read: Duration,
    /// Bytes that were read, as they are in memory.
    pub bytes: u64,
    /// Handing rows to their classes, and the products of the classes with m > p; of blocks, the time in which
    /// there were some.
    pub products: Duration,
    /// The Gram matrices of the other classes, and all eigenvalues.
    pub spectra: Duration,
    /// The scatter of all classes together, where it is wanted: products of the other classes' rows.
    pub pooled: Duration,
}

impl Stages {
    fn add(&mut self, other: Stages) {
        self.read += other.read;
        self.bytes += other.bytes;
        self.products += other.products;
        self.spectra += other.spectra;
        self.pooled += other.pooled;
    }

    fn share(&mut self, threads: usize) {
        for time in [&mut self.read, &mut self.products, &mut self.spectra, &mut self.pooled] {
            *time /= threads as u32;
        }
    }
}

/// A class's information amount under each estimator, if it has instances; or why it has none.
pub type ClassInformation =
    std::result::Result<Option<Vec<std::result::Result<Information, Refusal>>>, SpectrumError>;

/// Rows, the class of each, the number of rows of each class, and who is told of progress.
struct Labelled<'a, R> {
    rows: &'a R,
    labels: &'a [u32],
    counts: &'a [u64],
    progress: &'a (dyn Fn(u64) + Sync),
}

/// The numbers of the rows of each class: `labels` holds the class (an index into `counts`) of every row.
pub fn by_class(labels: &[u32], counts: &[u64]) -> Vec<Vec<usize>> {
    let mut rows: Vec<_> = counts.iter().map(|&count| Vec::with_capacity(count as usize)).collect();
    for (row, &label) in labels.iter().enumerate() {
        rows[label as usize].push(row);
    }
    rows
}

/// Does each class's work, the largest of `counts` first, each taken by the next free thread, so that
/// all are busy to the end. Classes come out in any order.
///
/// # Errors
/// What the first to fail returns; then no more is begun.
pub fn largest_first<W: Send, D: Send>(
    counts: &[u64],
    mut work: Vec<(usize, W)>,
    of_class: impl Fn(usize, W) -> Result<D> + Sync,
) -> Result<Vec<(usize, D)>> {
    work.sort_by_key(|&(class, _)| Reverse(counts[class]));
    work.into_iter().par_bridge().map(|(class, work)| Ok((class, of_class(class, work)?))).collect()
}

/// The rows of `classes`, class by class, each thread at one: what [`Plan::of_classes`] says.
fn each_class<T: Element, S>(
    labelled: &Labelled<impl Rows>,
    classes: &[usize],
    start: impl Fn(usize) -> S + Sync,
    push: impl Fn(&mut S, u64, &[T]) + Sync,
    finish: impl Fn(S) -> ClassInformation + Sync,
) -> Result<(Vec<(usize, ClassInformation)>, Stages)> {
    let of_class = |class, numbers: Vec<usize>| {
        let (state, mut times) = one_class(labelled, &numbers, start(class), &push)?;
        let started = Instant::now();
        let done = finish(state);
        times.spectra = started.elapsed();
        Ok((done, times))
    };
    let mut numbers = by_class(labelled.labels, labelled.counts);
    let work = classes.iter().map(|&class| (class, std::mem::take(&mut numbers[class]))).collect();
    let mut stages = Stages::default();
    let done = largest_first(labelled.counts, work, of_class)?.into_iter();
    let done = done.map(|(class, (done, times))| {
        stages.add(times);
        (class, done)
    });
    let done = done.collect();
    stages.share(rayon::current_num_threads());
    // As many as a pass over all rows tells.
    let told: u64 = classes.iter().map(|&class| labelled.counts[class]).sum();
    (labelled.progress)(labelled.labels.len() as u64 - told);
    Ok((done, stages))
}

/// The rows of one class go to its state, in order.
fn one_class<T: Element, S>(
    labelled: &Labelled<impl Rows>,
    numbers: &[usize],
    mut state: S,
    push: impl Fn(&mut S, u64, &[T]),
) -> Result<(S, Stages)> {
    let (started, mut products) = (Instant::now(), Duration::ZERO);
    labelled.rows.gather(numbers, &mut |number, row| {
        let started = Instant::now();
        push(&mut state, number as u64, row);
        products += started.elapsed();
    })?;
    (labelled.progress)(numbers.len() as u64);
    let bytes = (numbers.len() * labelled.rows.dim() * size_of::<T>()) as u64;
    let read = started.elapsed() - products;
    Ok((state, Stages { read, bytes, products, ..Stages::default() }))
}
