//! Moments in place of information amounts: of rows, and of several sources of moments as one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::inboxes::{Flight, Inbox, Seat};
use super::one_pass::one_pass;
use super::{ClassInformation, Labelled, MomentsPart, MomentsSource, Stages, largest_first};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::information::Information;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::rows::{Element, Rows};
use crate::shrinkage::Estimator;

/// Row groups that are read, but not all merged, at most.
pub(super) const IN_FLIGHT: usize = 1;

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
    progress: &(dyn Fn(u64) + Sync),
    sink: MomentsSink<T>,
) -> Result<()> {
    let counts = source.counts();
    for pass in passes {
        let mut places = vec![None; counts.len()];
        pass.iter().enumerate().for_each(|(place, &class)| places[class] = Some(place));
        let start = |&class: &usize| reserved::<T>(source.dim(), source.precision(), counts[class]);
        let flight = Flight::new(IN_FLIGHT);
        let inboxes: Vec<Inbox<_, _>> = pass.iter().map(start).map(Inbox::new).collect();
        // The first part that failed, whichever thread found it.
        let failure: Mutex<Option<(usize, Error)>> = Mutex::default();
        let (mut number, wanted) = (0, |class: usize| places[class].is_some());
        let merge = |ours: &mut Moments<T>, (number, part, _): Item<T>| {
            let before = ours.count();
            match part(ours) {
                Ok(()) => progress(ours.count() - before),
                Err(error) => {
                    let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if first.as_ref().is_none_or(|(before, _)| number < *before) {
                        *first = Some((number, error));
                    }
                }
            }
        };
        let read = rayon::in_place_scope_fifo(|scope| {
            source.read(wanted, &mut |parts| {
                let seat = Arc::new(flight.seat());
                for (class, part) in parts {
                    let Some(inbox) = places[class].map(|place| &inboxes[place]) else { continue };
                    inbox.put((number, part, Arc::clone(&seat)));
                    number += 1;
                    let merge = &merge;
                    scope.spawn_fifo(move |_| inbox.empty(merge));
                }
            })
        });
        if let Some((_, error)) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        read?;
        let merged = inboxes.into_iter().map(Inbox::into_state);
        sink(pass.iter().copied().zip(merged).collect())?;
    }
    Ok(())
}

/// A part with its number, and the seat of all that are in memory with it.
type Item<'a, 'b, T> = (usize, MomentsPart<'a, T>, Arc<Seat<'b>>);

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
    progress: &(dyn Fn(u64) + Sync),
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
