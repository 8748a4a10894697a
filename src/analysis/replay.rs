//! §3.3.1: replays an epoch through the queue, and compares it with the direct computation.

use super::information::{Assigned, Given};
use crate::classes::{Classes, Labels};
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::kernel::product::Precision;
use crate::observer::{Observer, Unit};
use crate::options::Options;
use crate::queue::Held;
use crate::rows::{Element, Rows, Values};
use crate::shrinkage::Estimator;
use crate::storage::{Shape, Strategy};
use crate::stream::{ClassInformation, Plan};

/// An epoch through the queue, beside the direct computation.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Queue length d.
    pub length: u64,
    /// Each strategy with the values that it stored, and the values by its formula.
    pub stores: [(Strategy, u64, u64); 4],
    /// Covariances in the paper's store that are of a class in the queue, and all covariances in it.
    pub covariances: (u64, u64),
    /// max |ΔI| over the classes, bits.
    pub difference: f64,
    /// max |ΔI|/I over the classes.
    pub relative: f64,
}

impl Replay {
    /// Replays embeddings in memory.
    ///
    /// # Errors
    /// As for [`Replay::run`]; if embeddings and labels do not go together.
    pub fn of_array<'a>(
        embeddings: impl Into<Values<'a>>,
        labels: &Labels,
        given: Given,
        length: Option<u64>,
        observer: &mut dyn Observer,
    ) -> Result<Replay> {
        let all = Assigned::of(embeddings, labels, given, Extent::Whole, observer)?;
        let Assigned { classes, rows, index, counts, .. } = &all;
        Replay::run(classes, rows, index, counts, length, &Options::new(), observer)
    }

    /// Runs the paper's epoch through a queue of `length` embeddings (§3.3.1): `labels` holds the class of
    /// every row, `counts` the rows of each class.
    ///
    /// # Errors
    /// If the queue cannot have that length, reading fails, or a class has no spectrum.
    pub fn run(
        classes: &Classes,
        dump: &impl Rows,
        labels: &[u32],
        counts: &[u64],
        length: Option<u64>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Replay> {
        let shape = Shape::new(dump.rows() as u64, dump.dim() as u64, classes.len() as u64)?;
        let length = length.unwrap_or(shape.best_length());
        if !(1..=shape.instances()).contains(&length) {
            return Err(Error::Usage(format!(
                "--queue-length {length}: the queue must hold at least 1 and at most all {} embeddings",
                shape.instances()
            )));
        }
        let memory_limit = options.memory_limit;
        let queue = Queue { dump, labels, counts, length, memory_limit };
        let (direct, queued) = if dump.double() {
            queue.both_ways::<f64>(observer)?
        } else {
            queue.both_ways::<f32>(observer)?
        };
        let (mut difference, mut relative) = (0.0_f64, 0.0_f64);
        for (class, both) in classes.names().iter().zip(direct.into_iter().zip(queued)) {
            let amount = |of_class: ClassInformation| match of_class {
                Ok(each) => Ok(each.into_iter().flatten().flatten().map(|one| one.bits).sum()),
                Err(source) => Err(Error::Spectrum { class: class.clone(), source }),
            };
            let (direct, queued): (f64, f64) = (amount(both.0)?, amount(both.1)?);
            let apart = (queued - direct).abs();
            difference = difference.max(apart);
            if apart > 0.0 {
                relative = relative.max(apart / direct);
            }
        }
        let held = Held::in_epoch(&shape, labels, length);
        Ok(Replay {
            length,
            stores: [
                (Strategy::Original, held.original, shape.original()),
                (Strategy::Paper, held.paper, shape.paper(length)),
                (Strategy::Running, held.running, shape.running(length)),
                (Strategy::Hybrid, held.hybrid, shape.hybrid(counts)),
            ],
            covariances: (held.filled, shape.classes() * shape.turns(length)),
            difference,
            relative,
        })
    }
}

/// Embeddings that go through a queue.
struct Queue<'a, R> {
    dump: &'a R,
    labels: &'a [u32],
    counts: &'a [u64],
    length: u64,
    memory_limit: Option<u64>,
}

impl<R: Rows> Queue<'_, R> {
    /// The information amounts of the sample covariances computed directly, and by way of the queue.
    fn both_ways<T: Element>(
        &self,
        observer: &dyn Observer,
    ) -> Result<(Vec<ClassInformation>, Vec<ClassInformation>)> {
        let &Queue { dump, labels, counts, length, memory_limit } = self;
        let direct = Plan::new::<T>(dump, counts, memory_limit)?;
        let queued = Plan::of_replay::<T>(dump, labels, counts, length, memory_limit)?;
        let passes = direct.passes() + queued.passes();
        let progress = observer.progress(passes as u64 * dump.rows() as u64, Unit::Rows);
        let (sample, double) = (&[Estimator::Sample], Precision::Double);
        Ok((
            direct.information::<T>(dump, labels, counts, sample, double, &progress)?.0,
            queued.replay::<T>(dump, labels, counts, length, &progress)?.0,
        ))
    }
}
