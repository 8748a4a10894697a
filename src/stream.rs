//! A dump in, information amounts out: rows go to their classes' moments, moments to spectra, and
//! neither the dump nor every class's moments need to fit in memory at once.

use std::cmp::Reverse;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use ndarray::Array2;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::information::Information;
use crate::input::element::Element;
use crate::input::embeddings::Dump;
use crate::loss::{Batch, LossError, MeanLoss, unit_rows};
use crate::moments::Moments;
use crate::queue::{LocalMoments, turns_of_classes};
use crate::shrinkage::{Estimator, Refusal};
use crate::spectrum::SpectrumError;

/// Bytes of embeddings per block read.
const READ: usize = 4 << 20;

/// Blocks that may wait between the reading thread and the products.
const WAITING: usize = 2;

/// Bytes that all moments may take together unless a limit is given: a quarter of the dump, or half
/// of one that must be decoded at each reading, within these bounds.
const MOMENTS: (u64, u64) = (256 << 20, 2 << 30);

/// Bytes of a row that is worth reading by itself.
const WIDE: usize = 2048;

/// Bytes that the program takes without any data.
const PROGRAM: u64 = 64 << 20;

/// In which order the rows of a dump are read.
pub enum Plan {
    /// As they come, once for each of these sets of classes, whose moments are in memory together.
    Passes(Vec<Vec<usize>>),
    /// Class by class, each row by itself. Each thread then holds the moments of one class.
    ByClass,
}

impl Plan {
    /// For classes that have `counts` rows: class by class if [rows come at
    /// once](Dump::rows_come_at_once), unless they are narrow and all moments fit into memory: a quarter
    /// of the dump at most (half of parquet's), or 256 MiB (and never more than 2 GiB), or what `limit` bytes leave for
    /// them. Otherwise in as many passes as that needs.
    ///
    /// # Errors
    /// If a file cannot be read, or the largest class does not fit into the limit.
    pub fn new<T: Element>(dump: &Dump, counts: &[u64], limit: Option<u64>) -> Result<Plan> {
        let bytes = |class: usize| Moments::<T>::bytes(dump.dim(), counts[class]);
        let largest = (0..counts.len()).map(bytes).max().unwrap_or(0);
        let room = room::<T>(dump, counts, limit, largest)?;
        let passes = Plan::within(room, counts, bytes);
        let wide = dump.dim() * size_of::<T>() >= WIDE;
        let by_class = (wide || passes.passes() > 1)
            && largest * rayon::current_num_threads() as u64 <= room
            && dump.rows_come_at_once::<T>()?;
        Ok(if by_class { Plan::ByClass } else { passes })
    }

    /// The same for [`Plan::replay`] with a queue of `length`: every class then holds moments for
    /// each turn of the queue in which it occurs.
    ///
    /// # Errors
    /// If one class alone needs more than 2 GiB for that, or does not fit into the limit.
    pub fn of_replay<T: Element>(
        dump: &Dump,
        labels: &[u32],
        counts: &[u64],
        length: u64,
        limit: Option<u64>,
    ) -> Result<Plan> {
        let turns = turns_of_classes(labels, counts.len(), length);
        let folded = Moments::<T>::bytes(dump.dim(), u64::MAX);
        let most = turns.iter().max().map_or(0, |most| (most + 2) * folded);
        if most > MOMENTS.1 {
            return Err(Error::Input(format!(
                "to replay a queue of {length} takes {} of memory for the local covariances of one class alone: choose a longer --queue-length",
                ByteSize::b(most)
            )));
        }
        let room = room::<T>(dump, counts, limit, most)?;
        Ok(Plan::within(room, counts, |class| (turns[class] + 2) * folded))
    }

    /// Passes of classes that take `bytes` each, `limit` together at most. A class that is larger
    /// alone has a pass of its own.
    pub fn within(limit: u64, counts: &[u64], bytes: impl Fn(usize) -> u64) -> Plan {
        let mut passes: Vec<Vec<usize>> = Vec::new();
        let mut held = 0;
        for (class, _) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let bytes = bytes(class);
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
        Plan::Passes(passes)
    }

    /// How many times the dump is read.
    pub fn passes(&self) -> usize {
        match self {
            Plan::Passes(passes) => passes.len(),
            Plan::ByClass => 1,
        }
    }

    /// The information amounts of each class under each of `estimators`: `labels` holds the class (an index into `counts`) of every row
    /// of the dump, in its order. An empty class has none.
    ///
    /// `progress` is told the rows of each step; the dump's rows times [`Plan::passes`] in all.
    /// Beside them stands where the time went.
    ///
    /// # Errors
    /// If reading fails; for a class, if its covariance is not finite.
    pub fn information<T: Element>(
        &self,
        dump: &Dump,
        labels: &[u32],
        counts: &[u64],
        estimators: &[Estimator],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let start = |class: usize| {
            let mut moments = Moments::<T>::new(dump.dim());
            moments.reserve(counts[class]);
            moments
        };
        let push = |moments: &mut Moments<T>, _, row: &[T]| moments.push(row);
        let rows = Rows { dump, labels, counts, progress };
        let finish = |moments| Information::of_moments(moments, estimators);
        self.of_classes(rows, start, push, finish)
    }

    /// The same, by way of the queue of §3.3.1 with `length` embeddings and for the sample covariance:
    /// a floor would hide what differs below it.
    ///
    /// # Errors
    /// As for [`Plan::information`].
    pub fn replay<T: Element>(
        &self,
        dump: &Dump,
        labels: &[u32],
        counts: &[u64],
        length: u64,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let rows = Rows { dump, labels, counts, progress };
        let start = |_| LocalMoments::<T>::new(dump.dim(), length);
        let finish =
            |local: LocalMoments<T>| Information::of_moments(local.merged(), &[Estimator::Sample]);
        self.of_classes(rows, start, LocalMoments::push, finish)
    }

    /// Each class's rows, with their number in the dump, pushed into what `start` makes for it, and
    /// what `finish` makes of that.
    fn of_classes<T: Element, S: Send>(
        &self,
        rows: Rows,
        start: impl Fn(usize) -> S + Sync,
        push: impl Fn(&mut S, u64, &[T]) + Sync,
        finish: impl Fn(S) -> ClassInformation + Sync,
    ) -> Result<(Vec<ClassInformation>, Stages)> {
        let mut classes: Vec<ClassInformation> = vec![Ok(None); rows.counts.len()];
        let mut stages = Stages::default();
        match self {
            Plan::Passes(passes) => {
                for pass in passes {
                    let states = pass.iter().map(|&class| start(class)).collect();
                    let states = one_pass(&rows, pass, states, &push, &mut stages)?;
                    let started = Instant::now();
                    let work = pass.iter().copied().zip(states).collect();
                    for (class, done) in largest_first(&rows, work, |_, state| finish(state)) {
                        classes[class] = done;
                    }
                    stages.spectra += started.elapsed();
                }
            }
            Plan::ByClass => {
                let of_class = |class, numbers: Vec<usize>| {
                    let (state, mut times) = one_class(&rows, &numbers, start(class), &push)?;
                    let started = Instant::now();
                    let done = finish(state);
                    times.spectra = started.elapsed();
                    Ok::<_, Error>((done, times))
                };
                let work = rows.by_class().into_iter().enumerate().collect();
                for (class, done) in largest_first(&rows, work, of_class) {
                    let (done, times) = done?;
                    classes[class] = done;
                    stages.add(times);
                }
                stages.share(rayon::current_num_threads());
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
    /// Handing rows to their classes, and the products of the classes with m > p.
    pub products: Duration,
    /// The Gram matrices of the other classes, and all eigenvalues.
    pub spectra: Duration,
}

impl Stages {
    fn add(&mut self, other: Stages) {
        self.read += other.read;
        self.bytes += other.bytes;
        self.products += other.products;
        self.spectra += other.spectra;
    }

    fn share(&mut self, threads: usize) {
        for time in [&mut self.read, &mut self.products, &mut self.spectra] {
            *time /= threads as u32;
        }
    }
}

/// Bytes that the moments of one pass may take, `largest` at least.
fn room<T: Element>(dump: &Dump, counts: &[u64], limit: Option<u64>, largest: u64) -> Result<u64> {
    let bytes = (dump.rows() * dump.dim() * size_of::<T>()) as u64;
    let group = dump.largest_row_group();
    let Some(limit) = limit else {
        let share = if group.is_some() { 2 } else { 4 };
        return Ok((bytes / share).clamp(MOMENTS.0, MOMENTS.1));
    };
    // A row group is held as it is in the file, decoded, and in rows.
    let groups = 3 * group.map_or(0, |(_, bytes)| bytes);
    let blocks = bytes.min((WAITING as u64 + 3) * READ as u64);
    let labels = (dump.rows() * (size_of::<u32>() + size_of::<i64>() + size_of::<usize>())) as u64;
    // The matrix whose eigenvalues are wanted, a copy that is worked on, and as much again that the
    // allocator keeps.
    let side = counts.iter().copied().max().unwrap_or(0).min(dump.dim() as u64);
    let threads = rayon::current_num_threads() as u64;
    let matrices = threads * 4 * side * (side + 64) * size_of::<f64>() as u64;
    let rest = PROGRAM + groups + blocks + labels + matrices;
    if limit < rest + largest {
        return Err(Error::Input(format!(
            "--memory-limit {}: with {threads} thread(s), these embeddings take {} at least ({} for the largest \
             class): raise it, or use fewer --threads",
            ByteSize::b(limit),
            ByteSize::mib((rest + largest).div_ceil(1 << 20)),
            ByteSize::b(largest)
        )));
    }
    Ok(limit - rest)
}

/// A class's information amount under each estimator, if it has instances; or why it has none.
pub type ClassInformation =
    std::result::Result<Option<Vec<std::result::Result<Information, Refusal>>>, SpectrumError>;

/// A dump, the class of each row, the rows of each class, and who is told of progress.
struct Rows<'a> {
    dump: &'a Dump,
    labels: &'a [u32],
    counts: &'a [u64],
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Rows<'_> {
    /// The numbers of the rows of each class.
    fn by_class(&self) -> Vec<Vec<usize>> {
        let mut rows: Vec<_> =
            self.counts.iter().map(|&count| Vec::with_capacity(count as usize)).collect();
        for (row, &label) in self.labels.iter().enumerate() {
            rows[label as usize].push(row);
        }
        rows
    }
}

/// Does each class's work, the largest class first, each taken by the next free thread, so that all
/// are busy to the end.
fn largest_first<W: Send, D: Send>(
    rows: &Rows,
    mut work: Vec<(usize, W)>,
    of_class: impl Fn(usize, W) -> D + Sync,
) -> Vec<(usize, D)> {
    work.sort_by_key(|&(class, _)| Reverse(rows.counts[class]));
    work.into_iter().par_bridge().map(|(class, work)| (class, of_class(class, work))).collect()
}

/// The rows of one class go to its state, in order.
fn one_class<T: Element, S>(
    rows: &Rows,
    numbers: &[usize],
    mut state: S,
    push: impl Fn(&mut S, u64, &[T]),
) -> Result<(S, Stages)> {
    let (started, mut products) = (Instant::now(), Duration::ZERO);
    rows.dump.gather(numbers, &mut |number, row| {
        let started = Instant::now();
        push(&mut state, number as u64, row);
        products += started.elapsed();
    })?;
    (rows.progress)(numbers.len() as u64);
    let bytes = (numbers.len() * rows.dump.dim() * size_of::<T>()) as u64;
    let read = started.elapsed() - products;
    Ok((state, Stages { read, bytes, products, ..Stages::default() }))
}

/// One pass over the dump: the rows of `classes` go to their `states`, in order.
fn one_pass<T: Element, S: Send>(
    rows: &Rows,
    classes: &[usize],
    mut states: Vec<S>,
    push: &(impl Fn(&mut S, u64, &[T]) + Sync),
    stages: &mut Stages,
) -> Result<Vec<S>> {
    let &Rows { dump, labels, counts, progress } = rows;
    let dim = dump.dim();
    let mut slots = vec![None; counts.len()];
    for (slot, &class) in classes.iter().enumerate() {
        slots[class] = Some(slot);
    }
    // The rows of the block at hand, by class.
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); classes.len()];
    let mut first = 0;
    let (sender, receiver) = sync_channel::<Vec<T>>(WAITING);
    std::thread::scope(|scope| {
        let block_rows = (READ / (dim * size_of::<T>())).max(1);
        let reader = scope.spawn(move || {
            let (started, mut waiting) = (Instant::now(), Duration::ZERO);
            dump.read(block_rows, &mut |block| {
                let full = Instant::now();
                let wanted = sender.send(block).is_ok();
                waiting += full.elapsed();
                wanted
            })?;
            Ok(started.elapsed() - waiting)
        });
        for block in receiver {
            let started = Instant::now();
            let count = block.len() / dim;
            stages.bytes += size_of_val(&block[..]) as u64;
            rows.iter_mut().for_each(Vec::clear);
            for (row, &label) in labels[first..].iter().take(count).enumerate() {
                if let Some(slot) = slots[label as usize] {
                    rows[slot].push(row);
                }
            }
            let mut work: Vec<_> =
                states.iter_mut().zip(&rows).filter(|(_, rows)| !rows.is_empty()).collect();
            work.sort_by_key(|(_, rows)| Reverse(rows.len()));
            work.into_par_iter().with_max_len(1).for_each(|(state, rows)| {
                for &row in rows {
                    push(state, (first + row) as u64, &block[row * dim..(row + 1) * dim]);
                }
            });
            first += count;
            stages.products += started.elapsed();
            progress(count as u64);
        }
        let stopped = |_| Err(Error::Input("reading stopped unexpectedly".into()));
        stages.read += reader.join().unwrap_or_else(stopped)?;
        Ok::<(), Error>(())
    })?;
    Ok(states)
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
