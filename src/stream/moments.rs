//! Moments in place of information amounts: of a dump, and of several moments files as one.

use std::time::Instant;

use rayon::prelude::*;

use super::{ClassInformation, Rows, Stages, largest_first, one_pass};
use crate::digest::Digest;
use crate::error::Result;
use crate::information::Information;
use crate::input::element::Element;
use crate::input::embeddings::Dump;
use crate::input::moments::MomentsFiles;
use crate::moments::Moments;
use crate::product::Precision;
use crate::shrinkage::Estimator;

/// Where the moments of a pass go, in order of class.
pub type MomentsSink<'a, T> = &'a mut dyn FnMut(Vec<(usize, Moments<T>)>) -> Result<()>;

/// The moments of each class of a dump that has rows, pass by pass, and the digest of all rows.
/// Arguments are as for [`Plan::information`](super::Plan::information).
///
/// # Errors
/// If reading fails; what `sink` returns.
pub fn moments<T: Element>(
    passes: &[Vec<usize>],
    dump: &Dump,
    labels: &[u32],
    counts: &[u64],
    precision: Precision,
    progress: &(dyn Fn(u64) + Sync),
    sink: MomentsSink<T>,
) -> Result<Digest> {
    let rows = Rows { dump, labels, counts, progress };
    let start = |&class: &usize| {
        let mut moments = Moments::<T>::with_precision(dump.dim(), precision);
        moments.reserve(counts[class]);
        (moments, Digest::default())
    };
    let push = |(moments, digest): &mut (Moments<T>, Digest), _, row: &[T]| {
        moments.push(row);
        digest.add(row);
    };
    let mut all = Digest::default();
    for pass in passes {
        let states = pass.iter().map(start).collect();
        let states = one_pass(&rows, pass, states, &push, &mut Stages::default())?;
        let (moments, digests): (Vec<_>, Vec<_>) = states.into_iter().unzip();
        digests.into_iter().for_each(|digest| all.merge(digest));
        sink(pass.iter().copied().zip(moments).collect())?;
    }
    Ok(all)
}

/// Eq. 8 for moments files: the moments of each class that has any, merged in the order of the files,
/// pass by pass.
///
/// # Errors
/// If reading fails; what `sink` returns.
pub fn merged<T: Element>(
    passes: &[Vec<usize>],
    files: &MomentsFiles,
    progress: &dyn Fn(u64),
    sink: MomentsSink<T>,
) -> Result<()> {
    for pass in passes {
        let mut states: Vec<Option<Moments<T>>> = files.counts().iter().map(|_| None).collect();
        let mut wanted = vec![false; states.len()];
        pass.iter().for_each(|&class| wanted[class] = true);
        files.read(|class| wanted[class], &mut |row_group| {
            let ours: Vec<_> = row_group.iter().map(|&(class, _)| states[class].take()).collect();
            let work = ours.into_par_iter().zip(row_group).with_max_len(1);
            let merge = |(ours, (class, theirs)): (Option<Moments<T>>, (usize, Moments<T>))| {
                let count = theirs.count();
                let Some(mut ours) = ours else { return (class, theirs, count) };
                ours.merge(theirs);
                (class, ours, count)
            };
            for (class, moments, count) in work.map(merge).collect::<Vec<_>>() {
                states[class] = Some(moments);
                progress(count);
            }
        })?;
        sink(pass.iter().filter_map(|&class| Some((class, states[class].take()?))).collect())?;
    }
    Ok(())
}

/// The information amounts of each class of moments files under each of `estimators`.
///
/// # Errors
/// If reading fails; for a class, if its covariance is not finite.
pub fn merged_information<T: Element>(
    passes: &[Vec<usize>],
    files: &MomentsFiles,
    estimators: &[Estimator],
    progress: &dyn Fn(u64),
) -> Result<(Vec<ClassInformation>, Stages)> {
    let mut classes: Vec<ClassInformation> = vec![Ok(None); files.counts().len()];
    let (mut stages, started) = (Stages::default(), Instant::now());
    merged::<T>(passes, files, progress, &mut |pass| {
        let started = Instant::now();
        let finish = |_, moments| Ok(Information::of_moments(moments, estimators));
        for (class, done) in largest_first(files.counts(), pass, finish)? {
            classes[class] = done;
        }
        stages.spectra += started.elapsed();
        Ok(())
    })?;
    stages.read = started.elapsed() - stages.spectra;
    Ok((classes, stages))
}
