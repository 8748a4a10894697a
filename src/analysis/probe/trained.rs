//! Trains and judges a layer for each loss and seed.

use bytesize::ByteSize;
use ndarray::Array2;
use rayon::prelude::*;

use super::layer::Layer;
use super::settings::Variant;
use super::{Images, Instances, ProbeSettings, ProbedClass};
use crate::detector::Amounts;
use crate::error::{Error, Result};
use crate::margin::{check_size, expand, known, margins};
use crate::probe::{LossKind, Minimum, Resampled, RowLoss, VECTORS, folds_of};
use crate::rows::Rows;
use crate::stream::{Features, Head, PROGRAM, Real, Threads, judged};

/// What the layers of one loss do under one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Mean training loss at the optimum, nats; with folds the mean of theirs. With weight decay, where
    /// there is one.
    pub training_loss: f64,
    /// Passes over the training embeddings, all folds together.
    pub epochs: usize,
    /// Layers that were still improving when the epochs were used up.
    pub unfinished: usize,
    /// Recall of each class, 0 to 1; none of one that is not judged.
    pub recall: Vec<Option<f64>>,
    /// Average precision of each class against the others, 0 to 1; none of one that is not judged.
    pub average_precision: Vec<Option<f64>>,
}

/// What all layers share.
pub struct Work<'a, R> {
    pub training: &'a Instances<'a, R>,
    pub held_out: Option<&'a Instances<'a, R>>,
    pub amounts: &'a [Amounts],
    pub settings: &'a ProbeSettings,
    pub memory_limit: Option<u64>,
    pub classes: &'a [ProbedClass],
}

/// Operations of one pass below which layers are trained side by side, each in a thread.
const SMALL: f64 = 4e9;

/// Bytes of a row beside its values: its label, image, fold, weights and scores.
const ROW: usize = 80;

impl<R: Rows> Work<'_, R> {
    /// The results of each variant under each seed, 1, 2, …
    pub fn done<T: Real>(
        &self,
        variants: &[Variant],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Vec<SeedResult>>> {
        let (rows, dim) = (self.training.rows.rows(), self.training.rows.dim());
        let small = ((4 * rows * dim * self.classes.len()) as f64) < SMALL;
        let (small, mut room) = self.room(small)?;
        let training = in_memory_if::<T, R>(&mut room, self.training)?;
        let held_out = self.held_out.map(|of| in_memory_if(&mut room, of)).transpose()?;
        let side_by_side = small && !matches!(training, Features::Rows(_));
        let threads = if side_by_side { Threads::One } else { Threads::All };
        let margins: Vec<Option<Array2<f64>>> = variants
            .iter()
            .map(|variant| margins_of(variant, self.amounts, self.classes.len()))
            .collect::<Result<_>>()?;
        let seeds = self.settings.seeds;
        let one = |job: usize| {
            let (variant, seed) = (job / seeds, (job % seeds + 1) as u64);
            let loss = (&variants[variant], margins[variant].as_ref());
            self.one(&training, held_out.as_ref(), loss, seed, threads, progress)
        };
        let jobs = variants.len() * seeds;
        let results: Result<Vec<SeedResult>> = match threads {
            Threads::One => (0..jobs).into_par_iter().map(one).collect(),
            Threads::All => (0..jobs).map(one).collect(),
        };
        Ok(results?.chunks(seeds).map(<[SeedResult]>::to_vec).collect())
    }

    /// Whether small layers may be trained side by side, and the bytes that all layers leave for embeddings.
    fn room(&self, small: bool) -> Result<(bool, u64)> {
        let Some(limit) = self.memory_limit else { return Ok((small, u64::MAX)) };
        let layer = self.classes.len() * (self.training.rows.dim() + 1) * size_of::<f64>();
        // Each batch has a gradient of its own.
        let threads = rayon::current_num_threads();
        let rows = [Some(self.training), self.held_out].into_iter().flatten();
        let rows = ROW * rows.map(|of| of.rows.rows()).sum::<usize>();
        let bytes = |layers: usize| PROGRAM + (rows + (VECTORS * layers + threads) * layer) as u64;
        if small && let Some(room) = limit.checked_sub(bytes(threads)) {
            return Ok((true, room));
        }
        let room = limit.checked_sub(bytes(1)).ok_or_else(|| {
            Error::Input(format!(
                "--memory-limit {}: with {threads} thread(s), to train a layer takes {} at least: raise it, or use \
                 fewer --threads",
                ByteSize::b(limit),
                ByteSize::mib(bytes(1).div_ceil(1 << 20))
            ))
        })?;
        Ok((false, room))
    }

    fn one<T: Real>(
        &self,
        training: &Features<T, R>,
        held_out: Option<&Features<T, R>>,
        (variant, margins): (&Variant, Option<&Array2<f64>>),
        seed: u64,
        threads: Threads,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<SeedResult> {
        let (labels, own) = (self.training.labels, images(self.training));
        let weights = Resampled::new(&own.of_row, own.count, seed, 0).weights;
        let train = |weights: Vec<f64>| {
            self.train(training, weights, (variant, margins), threads, progress)
        };
        let (heads, minima, found) = match (held_out, self.held_out) {
            (Some(features), Some(shown)) => {
                let (head, minimum) = train(weights)?;
                let others = images(shown);
                let weights = Resampled::new(&others.of_row, others.count, seed, 1).weights;
                let heads = vec![head];
                let rows = (shown.labels, &weights[..]);
                let found = judged(features, rows, (&heads, &|_| 0), threads)?;
                (heads, vec![minimum], found)
            }
            _ => {
                let folds = self.settings.folds;
                let fold_of =
                    folds_of(&own.of_row, own.count, labels, self.training.counts, folds, seed);
                let without = |fold: usize| {
                    let of_row = weights.iter().zip(&fold_of);
                    of_row.map(|(w, &of)| if of as usize == fold { 0.0 } else { *w }).collect()
                };
                let trained = (0..folds).map(|fold| train(without(fold)));
                let trained: Vec<(Head<T>, Minimum)> = trained.collect::<Result<_>>()?;
                let (heads, minima): (Vec<_>, Vec<_>) = trained.into_iter().unzip();
                let head_of = |row: usize| fold_of[row] as usize;
                let found = judged(training, (labels, &weights), (&heads, &head_of), threads)?;
                (heads, minima, found)
            }
        };
        let kept = |values: Vec<Option<f64>>| {
            let of_class = values.into_iter().zip(self.classes);
            of_class.map(|(value, class)| value.filter(|_| class.judged)).collect()
        };
        let mean = minima.iter().map(|one| one.value).sum::<f64>() / heads.len() as f64;
        Ok(SeedResult {
            seed,
            training_loss: mean,
            epochs: minima.iter().map(|one| one.evaluations).sum(),
            unfinished: minima.iter().filter(|one| !one.converged).count(),
            recall: kept(found.recall),
            average_precision: kept(found.average_precision),
        })
    }

    /// A layer trained on the rows with a weight above 0.
    fn train<T: Real>(
        &self,
        features: &Features<T, R>,
        mut weights: Vec<f64>,
        (variant, margins): (&Variant, Option<&Array2<f64>>),
        threads: Threads,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Head<T>, Minimum)> {
        let labels = self.training.labels;
        let mut counts = vec![0.0; self.classes.len()];
        labels.iter().zip(&weights).for_each(|(&label, weight)| counts[label as usize] += weight);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let layer = Layer {
            classes: self.classes.len(),
            scale: variant.scale,
            epochs: self.settings.epochs,
            threads,
        };
        let loss = match (margins, variant.scale) {
            (Some(margins), Some(scale)) => RowLoss::with_margins(margins.view(), scale),
            (_, scale) => RowLoss::new(variant.kind, &counts, scale.unwrap_or(1.0)),
        };
        let (head, minimum) = layer.trained(features, (labels, &weights), &loss, progress)?;
        // What was not needed is done, too.
        progress((self.settings.epochs - minimum.evaluations) as u64);
        Ok((head, minimum))
    }
}

/// In memory if they fit into the room, of which they then take their part.
fn in_memory_if<'a, T: Real, R: Rows>(
    room: &mut u64,
    instances: &Instances<'a, R>,
) -> Result<Features<'a, T, R>> {
    let bytes = (instances.rows.rows() * instances.rows.dim() * size_of::<T>()) as u64;
    match room.checked_sub(bytes) {
        Some(rest) => {
            *room = rest;
            Features::in_memory(instances.rows)
        }
        None => Ok(Features::Rows(instances.rows)),
    }
}

/// The image of each row; where it is not known, each is of an image of its own.
fn images<R>(instances: &Instances<R>) -> Images {
    match instances.images {
        Some(images) => images.clone(),
        None => {
            let count = instances.labels.len();
            Images { of_row: (0..count as u32).collect(), count }
        }
    }
}

/// The margins of a loss over all classes (C×C, radians); none of one without.
pub fn margins_of(
    variant: &Variant,
    amounts: &[Amounts],
    classes: usize,
) -> Result<Option<Array2<f64>>> {
    let Some(normalization) = variant.normalization else { return Ok(None) };
    check_size(classes)?;
    let amounts = amounts.iter().find(|amounts| Some(amounts.estimator()) == variant.estimator);
    let bits = amounts.into_iter().flat_map(Amounts::of_classes);
    let (places, bits) = known(bits.map(|amount| amount.as_ref().ok().map(|amount| amount.bits)));
    let margins = margins(&normalization.normalize(&bits), variant.kind == LossKind::IgamSigned);
    let margins =
        if variant.kind == LossKind::IgamTransposed { margins.reversed_axes() } else { margins };
    Ok(Some(expand(&margins, &places, classes)))
}
