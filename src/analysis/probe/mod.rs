//! Would another loss help these classes? Classification layers trained on frozen embeddings, and compared.

mod arrays;
mod compared;
mod images;
mod layer;
mod settings;
mod trained;
mod words;

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::classes::Classes;
use crate::detector::Amounts;
use crate::error::{Error, Result};
use crate::groups::Groups;
use crate::observer::{Observer, Unit};
use crate::probe::LossKind;
use crate::rows::Rows;
use crate::warning::Warning;

pub use arrays::{InMemory, of_arrays};
pub use compared::{ClassChange, Compared, Finding, LEAST_CHANGE, LEAST_IMAGES, bias, mean};
pub use images::{Images, check_shared};
pub use layer::Layer;
pub use settings::{ProbeSettings, Variant};
pub use trained::SeedResult;
pub use words::{LIMITS, points};

/// Embeddings with the class and the image of each.
pub struct Instances<'a, R> {
    /// The embeddings.
    pub rows: &'a R,
    /// The class of each, an index.
    pub labels: &'a [u32],
    /// How many each class has.
    pub counts: &'a [u64],
    /// The image of each, where it is known; else each is taken as an image of its own.
    pub images: Option<&'a Images>,
}

/// How the layers were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// On held-out embeddings.
    HeldOut,
    /// By cross-validation with so many folds.
    Folds(usize),
}

/// A class, as far as all losses share it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbedClass {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Training embeddings.
    pub instances: u64,
    /// Its information amount under the first estimator, bits.
    pub information: Option<f64>,
    /// Embeddings that it is judged on.
    pub judged_on: u64,
    /// Images of these.
    pub images: u64,
    /// Whether it is judged: it has both training and other embeddings.
    pub judged: bool,
}

/// One loss: what its layers do under each seed, and against the cosine softmax.
#[derive(Clone, Debug)]
pub struct ProbedLoss {
    /// The loss with its options.
    pub variant: Variant,
    /// Its name among the losses of this comparison.
    pub name: String,
    /// Its largest margin, radians; of an IGAM loss.
    pub largest_margin: Option<f64>,
    /// Under each seed.
    pub seeds: Vec<SeedResult>,
    /// Against the cosine softmax of the same scale. That of another scale, and losses without one, are compared with
    /// that of the first scale; that itself with none.
    pub compared: Option<Compared>,
}

/// Classification layers trained with several losses on the same frozen embeddings.
///
/// It is not a detector: features do not adapt, boxes are known, and there is no background.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The classes.
    pub classes: Vec<ProbedClass>,
    /// How the layers were judged.
    pub judged_by: JudgedBy,
    /// The losses, the cosine softmax first.
    pub losses: Vec<ProbedLoss>,
    /// Groups of classes with their names: by instances, and the third with the most information.
    pub groups: Vec<(String, Vec<usize>)>,
}

/// The name of the group of the classes with the largest information amounts.
const INFORMATIVE: &str = "informative";

impl Probe {
    /// Trains a layer with each loss for each seed (and fold), and judges it: on `held_out`, or else by
    /// cross-validation, in which the rows of an image stay together.
    ///
    /// `amounts` are of the training embeddings, one for each covariance estimator; their margins hold for all seeds.
    /// `groups` are groups of classes; thirds by instances unless given. Where training embeddings
    /// take more than `memory_limit` bytes, they are read anew in each pass. The results are the same for any number
    /// of threads.
    ///
    /// # Errors
    /// If reading fails, the settings cannot be used, or no class can be judged.
    pub fn of<R: Rows>(
        training: &Instances<R>,
        held_out: Option<&Instances<R>>,
        amounts: &[Amounts],
        groups: Option<Groups>,
        settings: &ProbeSettings,
        memory_limit: Option<u64>,
        observer: &mut dyn Observer,
    ) -> Result<Probe> {
        settings.check()?;
        let Some(first) = amounts.first() else {
            return Err(Error::Input("the losses need information amounts".into()));
        };
        if training.images.is_none() || held_out.is_some_and(|one| one.images.is_none()) {
            observer.warn(Warning::NoImages { held_out: held_out.is_some() });
        }
        let classes = probed(first, training, held_out);
        let unjudged = classes.iter().filter(|class| !class.judged);
        let unjudged: Vec<String> = unjudged.map(|class| class.name.clone()).collect();
        if classes.len() - unjudged.len() < 2 {
            let problem = match held_out {
                Some(_) => "fewer than 2 classes have both training and held-out embeddings",
                None => {
                    "fewer than 2 classes have embeddings of 2 images, as cross-validation needs"
                }
            };
            return Err(Error::Input(format!("{problem}: no loss can be judged")));
        }
        if !unjudged.is_empty() {
            observer.warn(Warning::NotJudged { held_out: held_out.is_some(), classes: unjudged });
        }
        if let Some(classes) = compared::on_few_images(&classes) {
            observer.warn(Warning::FewImages { classes, least: LEAST_IMAGES });
        }
        let variants =
            settings.variants(&amounts.iter().map(Amounts::estimator).collect::<Vec<_>>());
        let folds = if held_out.is_some() { 1 } else { settings.folds };
        let heads = variants.len() * settings.seeds * folds;
        let progress = observer.progress((heads * settings.epochs) as u64, Unit::Epochs);
        let work = trained::Work {
            training,
            held_out,
            amounts,
            settings,
            memory_limit,
            classes: &classes,
        };
        let double = training.rows.double() || held_out.is_some_and(|one| one.rows.double());
        let seeds = if double {
            work.done::<f64>(&variants, &progress)?
        } else {
            work.done::<f32>(&variants, &progress)?
        };
        let unfinished = seeds.iter().flatten().map(|seed| seed.unfinished).sum();
        if unfinished > 0 {
            observer.warn(Warning::Unfinished {
                layers: unfinished,
                of: heads,
                epochs: settings.epochs,
            });
        }
        let groups = grouped(&classes, groups);
        let losses = losses(&variants, seeds, amounts, &classes, &groups)?;
        let judged_by = match held_out {
            Some(_) => JudgedBy::HeldOut,
            None => JudgedBy::Folds(settings.folds),
        };
        let probe = Probe { classes, judged_by, losses, groups };
        let judged = probe.judged();
        let recall = probe.losses.first().and_then(|cosine| cosine.recall(&judged));
        if let Some(recall) = recall.filter(|recall| *recall < 1.5 / judged.len() as f64) {
            observer.warn(Warning::NothingLearnt { recall, classes: judged.len() });
        }
        Ok(probe)
    }
}

impl Probe {
    /// Indices of the classes that are judged.
    pub fn judged(&self) -> Vec<usize> {
        (0..self.classes.len()).filter(|&class| self.classes[class].judged).collect()
    }
}

/// Scales s that float32 can compute with.
const SCALES: RangeInclusive<f64> = 1e-3..=1e4;

impl ProbeSettings {
    fn check(&self) -> Result<()> {
        let wrong = |problem: &str| Err(Error::Usage(problem.into()));
        if self.seeds < 3 {
            return wrong("a comparison needs at least 3 seeds");
        }
        if !(2..=255).contains(&self.folds) {
            return wrong("cross-validation needs 2 to 255 folds");
        }
        if self.epochs == 0 {
            return wrong("training needs at least 1 epoch");
        }
        if self.scales.is_empty() || !self.scales.iter().all(|scale| SCALES.contains(scale)) {
            return wrong("a scale is a number from 0.001 to 10,000");
        }
        if self.scales.len() < 2 && self.losses.iter().all(|&kind| kind == LossKind::Cosine) {
            return wrong(
                "the cosine softmax is compared with itself: give another loss with --losses, or several \
                 scales with --scale",
            );
        }
        if self.normalizations.is_empty() && self.losses.iter().any(|kind| kind.has_margins()) {
            return wrong("the IGAM losses need a normalization");
        }
        Ok(())
    }
}

/// The classes, with what they are judged on.
fn probed<R: Rows>(
    amounts: &Amounts,
    training: &Instances<R>,
    held_out: Option<&Instances<R>>,
) -> Vec<ProbedClass> {
    let shown = held_out.unwrap_or(training);
    let names: &Arc<Classes> = amounts.classes();
    let images = images_of_classes(shown, names.len());
    let listed = names.ids().iter().zip(names.names()).enumerate();
    let class = |(at, (&id, name)): (usize, (&i64, &String))| {
        let judged = match held_out {
            Some(held_out) => training.counts[at] > 0 && held_out.counts[at] > 0,
            None => images[at] > 1,
        };
        ProbedClass {
            id,
            name: name.clone(),
            instances: training.counts[at],
            information: amounts.of_classes()[at].as_ref().ok().map(|amount| amount.bits),
            judged_on: shown.counts[at],
            images: images[at],
            judged,
        }
    };
    listed.map(class).collect()
}

/// Images with each class.
fn images_of_classes<R>(instances: &Instances<R>, classes: usize) -> Vec<u64> {
    let Some(images) = instances.images else { return instances.counts.to_vec() };
    let mut pairs: Vec<(u32, u32)> =
        instances.labels.iter().copied().zip(images.of_row.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = vec![0; classes];
    pairs.iter().for_each(|&(class, _)| counts[class as usize] += 1);
    counts
}

/// The groups that results are given for, of classes that are judged.
fn grouped(classes: &[ProbedClass], groups: Option<Groups>) -> Vec<(String, Vec<usize>)> {
    let judged = |members: Vec<usize>| -> Vec<usize> {
        members.into_iter().filter(|&class| classes[class].judged).collect()
    };
    let groups = groups.unwrap_or_else(|| {
        Groups::thirds(&classes.iter().map(|class| class.instances).collect::<Vec<_>>())
    });
    let names = groups.names().iter().enumerate();
    let mut all: Vec<(String, Vec<usize>)> =
        names.map(|(at, name)| (name.clone(), judged(groups.members(at)))).collect();
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.retain(|&class| classes[class].information.is_some());
    let bits = |class: usize| classes[class].information.unwrap_or(0.0);
    order.sort_by(|&a, &b| bits(b).total_cmp(&bits(a)));
    order.truncate(order.len().div_ceil(3));
    all.push((INFORMATIVE.into(), judged(order)));
    all
}

fn losses(
    variants: &[Variant],
    seeds: Vec<Vec<SeedResult>>,
    amounts: &[Amounts],
    classes: &[ProbedClass],
    groups: &[(String, Vec<usize>)],
) -> Result<Vec<ProbedLoss>> {
    let compared = compared::all(variants, &seeds, classes, groups);
    let each = variants.iter().zip(seeds).zip(compared);
    each.map(|((variant, seeds), compared)| {
        let margins = trained::margins_of(variant, amounts, classes.len())?;
        Ok(ProbedLoss {
            variant: *variant,
            name: variant.name(variants),
            largest_margin: margins.map(|margins| margins.iter().copied().fold(0.0, f64::max)),
            seeds,
            compared,
        })
    })
    .collect()
}
