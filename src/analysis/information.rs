//! Eq. 1–2 for all classes: embeddings or moments in, information amounts out.

use std::path::Path;
use std::sync::Arc;

use crate::class_moments::ClassMoments;
use crate::classes::{Classes, Labels, Numbering, none_left, tally};
use crate::detector::{Amounts, Extent, LeftOut, Side, assign, background};
use crate::error::{Error, Result};
use crate::kernel::product::{flop, machine_flops};
use crate::observer::{Observer, Unit};
use crate::options::Options;
use crate::pooled::{WithinClasses, check_size};
use crate::rows::{Array, Element, Rows, Values};
use crate::stream::{self, ClassInformation, MomentsSource, Plan, Stages};
use crate::warning::Warnings;

/// The information amounts of classes (Eq. 1–2), from embeddings in memory: an n×p array of f16, f32 or
/// f64, a row each, and the label of each. A label is the id of its class or, where the classes are
/// known by name alone, its index among them.
///
/// ```
/// use igam_analyze::{Classes, Estimator, Options, information};
/// use ndarray::array;
///
/// let x = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
/// let classes = Classes::from_names(["cross"])?;
/// let options = Options::new().estimator(Estimator::Sample);
/// let amounts = information(x.view(), &[0, 0, 0, 0], classes, &options)?;
/// // Σ = ½·1, so that I = ½·2·log₂(1.5).
/// let cross = amounts[0].of_classes()[0].unwrap();
/// assert!((cross.bits - 1.5_f64.log2()).abs() < 1e-15);
/// # Ok::<(), igam_analyze::Error>(())
/// ```
///
/// # Errors
/// If embeddings and labels differ in number, a value is not finite, or a label is not a class.
pub fn information<'a>(
    embeddings: impl Into<Values<'a>>,
    labels: &[i64],
    classes: impl Into<Arc<Classes>>,
    options: &Options,
) -> Result<Vec<Amounts>> {
    let labels = Labels::of_ids(labels.iter().copied());
    let given = Given { classes: Some(classes.into()), ..Given::default() };
    of_array(embeddings, &labels, given, options, &mut Warnings::default())
}

/// Options for embeddings in memory and their labels.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// The classes; `None` for those that the labels name.
    pub classes: Option<Arc<Classes>>,
    /// How the labels name classes; `None` if it is to be recognized.
    pub numbering: Option<Numbering>,
    /// The label of the background, as typed.
    pub background: Option<&'a str>,
}

/// The information amounts of the classes of embeddings in memory.
///
/// # Errors
/// If embeddings and labels differ in number, a value is not finite, or a label is not a class.
pub fn of_array<'a>(
    embeddings: impl Into<Values<'a>>,
    labels: &Labels,
    given: Given,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Amounts>> {
    let all = Assigned::of(embeddings, labels, given, Extent::Whole, observer)?;
    let Assigned { classes, rows, index, counts, .. } = &all;
    of_embeddings(classes, rows, index, counts, options, observer)
}

/// Embeddings in memory, and the class of each.
pub(super) struct Assigned<'a> {
    /// The classes.
    pub classes: Arc<Classes>,
    /// The embeddings without those of the background.
    pub rows: Array<'a>,
    /// The class of each.
    pub index: Vec<u32>,
    /// How many each class has.
    pub counts: Arc<[u64]>,
    /// The rows of the background, ascending.
    pub left_out: Vec<usize>,
}

impl<'a> Assigned<'a> {
    /// As the labels say.
    pub(super) fn of(
        embeddings: impl Into<Values<'a>>,
        labels: &Labels,
        given: Given,
        extent: Extent,
        observer: &mut dyn Observer,
    ) -> Result<Assigned<'a>> {
        let embeddings = embeddings.into();
        labels.check_length(embeddings.shape().0)?;
        let left_out = match given.background {
            Some(label) => background(labels, label, "", observer)?,
            None => Vec::new(),
        };
        if let Some(label) = given.background.filter(|_| left_out.len() == labels.len()) {
            return Err(none_left(label));
        }
        let side = Side { path: Path::new("labels"), option: Some("--label-numbering") };
        let out = LeftOut { background: &left_out, all: &left_out };
        let (asked, expected) = (given.numbering, given.classes);
        let (classes, index) = assign(labels, expected, out, side, asked, None, extent, observer)?;
        let counts = tally(&index, classes.len()).into();
        let rows = Array::new(embeddings, &left_out)?;
        Ok(Assigned { classes, rows, index, counts, left_out })
    }
}

/// The information amounts from moments of the classes.
///
/// # Errors
/// If two classes have the same name or id, or one has no spectrum.
pub fn of_class_moments(moments: &ClassMoments, options: &Options) -> Result<Vec<Amounts>> {
    let (classes, counts, computed) = moments.information(&options.estimators)?;
    // Without embeddings there are no classes either.
    let dim = moments.dim().unwrap_or(1);
    Amounts::of(&Arc::new(classes), dim, &counts.into(), computed, &options.estimators)
}

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
            Plan::Passes(_) | Plan::PassesFromDisk(_) => format!("{passes} time(s)"),
            Plan::ByClass => "class by class".into(),
        }
    ));
    let progress = observer.progress(passes as u64 * rows as u64, Unit::Rows);
    let (classes, stages) =
        plan.information::<T>(dump, labels, counts, estimators, *precision, &progress)?;
    if observer.wants_details() {
        say(&stages, dump.dim(), counts, observer);
    }
    Ok(classes)
}

/// The same, with what the classes have inside.
///
/// # Errors
/// As for [`of_embeddings`]; if one class alone does not fit into the memory limit.
pub fn measured(
    classes: &Arc<Classes>,
    dump: &impl Rows,
    labels: &[u32],
    counts: &Arc<[u64]>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(Vec<Amounts>, WithinClasses)> {
    check_size(counts.len()).map_err(Error::Input)?;
    let (within, computed) = if dump.double() {
        measured_as::<f64>(dump, labels, counts, options, observer)?
    } else {
        measured_as::<f32>(dump, labels, counts, options, observer)?
    };
    Ok((Amounts::of(classes, dump.dim(), counts, computed, &options.estimators)?, within))
}

fn measured_as<T: Element>(
    dump: &impl Rows,
    labels: &[u32],
    counts: &[u64],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(WithinClasses, Vec<ClassInformation>)> {
    let Options { estimators, precision, memory_limit } = options;
    let passes = stream::passes::<T>(dump, counts, *memory_limit)?;
    let rows = dump.rows();
    observer.detail(&format!(
        "{rows} embeddings of {} dimensions, to be read {} time(s)",
        dump.dim(),
        passes.len()
    ));
    let progress = observer.progress((passes.len() * rows) as u64, Unit::Rows);
    let (within, classes, stages) = stream::within_classes::<T>(
        &passes, dump, labels, counts, estimators, *precision, &progress,
    )?;
    if observer.wants_details() {
        say(&stages, dump.dim(), counts, observer);
        say_pooled(&stages, observer);
    }
    Ok((within, classes))
}

/// The same from moments, whose classes have these indices among the classes.
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
    let progress = observer.progress(moments.counts().iter().sum(), Unit::Rows);
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

/// The same, with what the classes have inside.
///
/// # Errors
/// As for [`of_moments`].
pub fn measured_moments(
    classes: &Arc<Classes>,
    moments: &impl MomentsSource,
    places: &[usize],
    counts: &Arc<[u64]>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(Vec<Amounts>, WithinClasses)> {
    check_size(counts.len()).map_err(Error::Input)?;
    let (within, merged) = if moments.double() {
        measured_moments_as::<f64>(moments, options, observer)?
    } else {
        measured_moments_as::<f32>(moments, options, observer)?
    };
    let mut computed = vec![Ok(None); classes.len()];
    places.iter().zip(merged).for_each(|(&place, class)| computed[place] = class);
    let amounts = Amounts::of(classes, moments.dim(), counts, computed, &options.estimators)?;
    Ok((amounts, within.placed(places, classes.len())))
}

fn measured_moments_as<T: Element>(
    moments: &impl MomentsSource,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(WithinClasses, Vec<ClassInformation>)> {
    let passes = stream::passes_of_moments::<T>(moments, options.memory_limit)?;
    let progress = observer.progress(moments.counts().iter().sum(), Unit::Rows);
    let (within, classes, stages) =
        stream::within_classes_of_moments::<T>(&passes, moments, &options.estimators, &progress)?;
    say_pooled(&stages, observer);
    Ok((within, classes))
}

fn say_pooled(stages: &Stages, observer: &mut dyn Observer) {
    let [pooled, spectra] = [stages.pooled, stages.spectra].map(|time| time.as_secs_f64());
    observer.detail(&format!("pooled scatter in {pooled:.2} s, spectra in {spectra:.2} s"));
}

/// Notes the time of each stage, and the speed of the machine.
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
