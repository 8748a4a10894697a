//! Eq. 1–2 for all classes: embeddings or moments in, information amounts out.

use std::sync::Arc;

use crate::classes::Classes;
use crate::detector::Amounts;
use crate::error::Result;
use crate::kernel::product::{flop, machine_flops};
use crate::observer::Observer;
use crate::options::Options;
use crate::rows::{Element, Rows};
use crate::stream::{self, ClassInformation, MomentsSource, Plan, Stages};

/// The information amounts of the classes under each estimator of the options: `labels` holds the class of
/// every row, `counts` the rows of each class.
///
/// # Errors
/// If reading fails, or a class has no spectrum.
pub fn of_embeddings(
    classes: &Arc<Classes>,
    dump: &impl Rows,
    labels: &[u32],
    counts: &Arc<[u64]>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Amounts>> {
    let computed = if dump.double() {
        embeddings_as::<f64>(dump, labels, counts, options, observer)?
    } else {
        embeddings_as::<f32>(dump, labels, counts, options, observer)?
    };
    Amounts::of(classes, dump.dim(), counts, computed, &options.estimators)
}

fn embeddings_as<T: Element>(
    dump: &impl Rows,
    labels: &[u32],
    counts: &[u64],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<ClassInformation>> {
    let Options { estimators, precision, memory_limit } = options;
    let plan = Plan::new::<T>(dump, counts, *memory_limit)?;
    let (rows, passes) = (dump.rows(), plan.passes());
    observer.detail(&format!(
        "{rows} embeddings of {} dimensions, to be read {}",
        dump.dim(),
        match &plan {
            Plan::Passes(passes) => format!("{} time(s)", passes.len()),
            Plan::ByClass => "class by class".into(),
        }
    ));
    let progress = observer.progress(passes as u64 * rows as u64);
    let (classes, stages) =
        plan.information::<T>(dump, labels, counts, estimators, *precision, &progress)?;
    if observer.wants_details() {
        say(&stages, dump.dim(), counts, observer);
    }
    Ok(classes)
}

/// The same from moments, whose classes have these places among the classes.
///
/// # Errors
/// If reading fails, or a class has no spectrum.
pub fn of_moments(
    classes: &Arc<Classes>,
    moments: &impl MomentsSource,
    places: &[usize],
    counts: &Arc<[u64]>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Amounts>> {
    let merged = if moments.double() {
        moments_as::<f64>(moments, options, observer)?
    } else {
        moments_as::<f32>(moments, options, observer)?
    };
    let mut computed = vec![Ok(None); classes.len()];
    places.iter().zip(merged).for_each(|(&place, class)| computed[place] = class);
    Amounts::of(classes, moments.dim(), counts, computed, &options.estimators)
}

fn moments_as<T: Element>(
    moments: &impl MomentsSource,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<ClassInformation>> {
    let passes = stream::passes_of_moments::<T>(moments, options.memory_limit)?;
    let progress = observer.progress(moments.counts().iter().sum());
    let (classes, stages) =
        stream::merged_information::<T>(&passes, moments, &options.estimators, &progress)?;
    observer.detail(&format!(
        "moments of {} class(es) in {:.2} s, spectra in {:.2} s",
        moments.counts().len(),
        stages.read.as_secs_f64(),
        stages.spectra.as_secs_f64()
    ));
    Ok(classes)
}

/// Where the time went, beside what the machine can do.
fn say(stages: &Stages, dim: usize, counts: &[u64], observer: &mut dyn Observer) {
    let folded = counts.iter().filter(|&&count| count > dim as u64);
    let products = folded.map(|&m| flop(m, dim)).sum::<f64>() / 1e9;
    let [read, multiplied, solved] =
        [stages.read, stages.products, stages.spectra].map(|time| time.as_secs_f64());
    let gigabytes = stages.bytes as f64 / 1e9;
    observer
        .detail(&format!("read {gigabytes:.2} GB in {read:.2} s, {:.2} GB/s", gigabytes / read));
    observer.detail(&format!(
        "{products:.0} GFLOP of products in {multiplied:.2} s, {:.0} GFLOP/s; this machine's matrix product \
         now reaches {:.0} GFLOP/s",
        products / multiplied,
        machine_flops() / 1e9
    ));
    let spectra = counts.iter().filter(|&&m| m > 0).count();
    observer.detail(&format!("{spectra} spectra in {solved:.2} s"));
}
