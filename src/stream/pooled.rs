//! Class means and the pooled scatter, computed together with information amounts, because their input is
//! in memory then.

use std::time::Instant;

use super::batches::BATCH;
use super::moments::reserved;
use super::one_pass::one_pass;
use super::{ClassInformation, Labelled, MomentsSource, Stages, largest_first, merged};
use crate::error::Result;
use crate::information::Information;
use crate::kernel::product::{Panels, Precision, dot};
use crate::moments::Moments;
use crate::pooled::WithinClasses;
use crate::rows::{Element, Rows};
use crate::shrinkage::Estimator;

/// What all classes have inside, and the information amount of each under each of the estimators; without
/// estimators there are none. Arguments are as for [`Plan::information`](super::Plan::information); the
/// `passes` are in order of class.
///
/// # Errors
/// If reading fails; for a class, if its covariance is not finite.
pub fn within_classes<T: Element>(
    passes: &[Vec<usize>],
    rows: &impl Rows,
    labels: &[u32],
    counts: &[u64],
    estimators: &[Estimator],
    precision: Precision,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(WithinClasses, Vec<ClassInformation>, Stages)> {
    let labelled = Labelled { rows, labels, counts, progress };
    let mut all = Pooling::new(rows.dim(), counts, estimators, precision);
    let push = |moments: &mut Moments<T>, _, row: &[T]| moments.push(row);
    for pass in passes {
        let start = |&class: &usize| reserved::<T>(rows.dim(), precision, counts[class]);
        let states = pass.iter().map(start).collect();
        let states = one_pass(&labelled, pass, states, &push, &mut all.stages)?;
        all.take(pass.iter().copied().zip(states).collect())?;
    }
    Ok(all.finish())
}

/// The same from moments, merged pass by pass; in the order of the source's classes.
///
/// # Errors
/// As for [`within_classes`].
pub fn within_classes_of_moments<T: Element>(
    passes: &[Vec<usize>],
    source: &impl MomentsSource,
    estimators: &[Estimator],
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(WithinClasses, Vec<ClassInformation>, Stages)> {
    let mut all = Pooling::new(source.dim(), source.counts(), estimators, source.precision());
    let started = Instant::now();
    merged::<T>(passes, source, progress, &mut |pass| all.take(pass))?;
    all.stages.read = started.elapsed() - all.stages.pooled - all.stages.spectra;
    Ok(all.finish())
}

/// The same, without estimators, from moments in memory: a class each, in their order.
pub fn within_classes_in_memory<T: Element>(
    dim: usize,
    counts: &[u64],
    moments: &[Moments<T>],
    precision: Precision,
) -> WithinClasses {
    let mut all = Pooling::new(dim, counts, &[], precision);
    let some = moments.iter().enumerate().filter(|(class, _)| counts[*class] > 0);
    some.for_each(|(class, moments)| all.add(class, moments));
    all.finish().0
}

/// Sums over classes, in their order.
struct Pooling<'a> {
    within: WithinClasses,
    information: Vec<ClassInformation>,
    counts: &'a [u64],
    estimators: &'a [Estimator],
    precision: Precision,
    /// Rows less the mean of their class that wait until they are a block.
    centred: Vec<f64>,
    stages: Stages,
}

impl Pooling<'_> {
    fn new<'a>(
        dim: usize,
        counts: &'a [u64],
        estimators: &'a [Estimator],
        precision: Precision,
    ) -> Pooling<'a> {
        Pooling {
            within: WithinClasses::new(counts.len(), dim),
            information: vec![Ok(None); counts.len()],
            counts,
            estimators,
            precision,
            centred: Vec::with_capacity(BATCH * dim),
            stages: Stages::default(),
        }
    }

    /// Takes in the moments of classes, in their order.
    fn take<T: Element>(&mut self, pass: Vec<(usize, Moments<T>)>) -> Result<()> {
        let started = Instant::now();
        pass.iter().for_each(|(class, moments)| self.add(*class, moments));
        self.stages.pooled += started.elapsed();
        if self.estimators.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let finish = |_, moments| Ok(Information::of_moments(moments, self.estimators));
        for (class, done) in largest_first(self.counts, pass, finish)? {
            self.information[class] = done;
        }
        self.stages.spectra += started.elapsed();
        Ok(())
    }

    fn add<T: Element>(&mut self, class: usize, moments: &Moments<T>) {
        let mean = moments.mean();
        self.within.counts[class] = moments.count();
        let of_class = self.within.means.row_mut(class);
        of_class.into_iter().zip(&mean).for_each(|(to, mean)| *to = *mean);
        let Some(rows) = moments.raw_rows() else {
            let (scatter, fourth) = moments.clone().into_product();
            self.within.squares[class] = scatter.diagonal().sum();
            self.within.fourth += fourth;
            self.within.scatter.add(&scatter);
            return;
        };
        for row in rows.chunks_exact(mean.len()) {
            let start = self.centred.len();
            self.centred.extend(row.iter().zip(&mean).map(|(&x, mean)| x.into() - mean));
            let square = dot(&self.centred[start..], &self.centred[start..]);
            self.within.squares[class] += square;
            self.within.fourth += square * square;
            if self.centred.len() == BATCH * mean.len() {
                self.multiply();
            }
        }
    }

    fn multiply(&mut self) {
        let zeros = vec![0.0; self.within.dim()];
        let panels = Panels::centred(&self.centred, &zeros, &zeros);
        self.within.scatter.add_product(&panels, self.precision);
        self.centred.clear();
    }

    fn finish(mut self) -> (WithinClasses, Vec<ClassInformation>, Stages) {
        self.multiply();
        (self.within, self.information, self.stages)
    }
}
