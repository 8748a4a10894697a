//! Moments in place of information amounts: of rows, and of several sources of moments as one.

use std::time::Instant;

use rayon::prelude::*;

use super::{ClassInformation, Labelled, MomentsSource, Stages, largest_first, one_pass::one_pass};
use crate::digest::Digest;
use crate::error::Result;
use crate::information::Information;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::rows::{Element, Rows};
use crate::shrinkage::Estimator;

/// Where the moments of a pass go, in order of class.
pub type MomentsSink<'a, T> = &'a mut dyn FnMut(Vec<(usize, Moments<T>)>) -> Result<()>;

/// The moments of each class that has rows, pass by pass, and the digest of all rows.
/// Arguments are as for [`Plan::information`](super::Plan::information).
///
/// # Errors
/// If reading fails; what `sink` returns.
pub fn moments<T: Element>(
    passes: &[Vec<usize>],
    rows: &impl Rows,
    labels: &[u32],
    counts: &[u64],
    precision: Precision,
    progress: &(dyn Fn(u64) + Sync),
    sink: MomentsSink<T>,
) -> Result<Digest> {
    let labelled = Labelled { rows, labels, counts, progress };
    let start =
        |&class: &usize| (reserved::<T>(rows.dim(), precision, counts[class]), Digest::default());
    let push = |(moments, digest): &mut (Moments<T>, Digest), _, row: &[T]| {
        moments.push(row);
        digest.add(row);
    };
    let mut all = Digest::default();
    for pass in passes {
        let states = pass.iter().map(start).collect();
        let states = one_pass(&labelled, pass, states, &push, &mut Stages::default())?;
        let (moments, digests): (Vec<_>, Vec<_>) = states.into_iter().unzip();
        digests.into_iter().for_each(|digest| all.merge(digest));
        sink(pass.iter().copied().zip(moments).collect())?;
    }
    Ok(all)
}

/// Eq. 8: the moments of each class that has any, merged in the order of the source, pass by pass.
///
/// # Errors
/// If reading fails; what `sink` returns.
pub fn merged<T: Element>(
    passes: &[Vec<usize>],
    source: &impl MomentsSource,
    progress: &dyn Fn(u64),
    sink: MomentsSink<T>,
) -> Result<()> {
    let counts = source.counts();
    for pass in passes {
        let mut states: Vec<Option<Moments<T>>> = counts.iter().map(|_| None).collect();
        for &class in pass {
            states[class] = Some(reserved(source.dim(), source.precision(), counts[class]));
        }
        let wanted: Vec<bool> = states.iter().map(Option::is_some).collect();
        source.read(|class| wanted[class], &mut |row_group| {
            let work: Vec<_> = row_group
                .into_iter()
                .filter_map(|(class, theirs)| Some((class, states[class].take()?, theirs)))
                .collect();
            let merge = |(class, mut ours, theirs): (usize, Moments<T>, Moments<T>)| {
                let count = theirs.count();
                ours.merge(theirs);
                (class, ours, count)
            };
            let work = work.into_par_iter().with_max_len(1).map(merge);
            for (class, moments, count) in work.collect::<Vec<_>>() {
                states[class] = Some(moments);
                progress(count);
            }
        })?;
        sink(pass.iter().filter_map(|&class| Some((class, states[class].take()?))).collect())?;
    }
    Ok(())
}

/// No rows yet of a class that will have `count`.
pub(super) fn reserved<T: Element>(dim: usize, precision: Precision, count: u64) -> Moments<T> {
    let mut moments = Moments::with_precision(dim, precision);
    moments.reserve(count);
    moments
}

/// The information amounts of each class of a source of moments under each of `estimators`.
///
/// # Errors
/// If reading fails; for a class, if its covariance is not finite.
pub fn merged_information<T: Element>(
    passes: &[Vec<usize>],
    source: &impl MomentsSource,
    estimators: &[Estimator],
    progress: &dyn Fn(u64),
) -> Result<(Vec<ClassInformation>, Stages)> {
    let mut classes: Vec<ClassInformation> = vec![Ok(None); source.counts().len()];
    let (mut stages, started) = (Stages::default(), Instant::now());
    merged::<T>(passes, source, progress, &mut |pass| {
        let started = Instant::now();
        let finish = |_, moments| Ok(Information::of_moments(moments, estimators));
        for (class, done) in largest_first(source.counts(), pass, finish)? {
            classes[class] = done;
        }
        stages.spectra += started.elapsed();
        Ok(())
    })?;
    stages.read = started.elapsed() - stages.spectra;
    Ok((classes, stages))
}
