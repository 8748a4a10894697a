//! How classes lie to one another, from embeddings in memory.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use super::information::{Assigned, Given};
use crate::class_moments::ClassMoments;
use crate::classes::{Classes, Labels};
use crate::error::{Error, Result};
use crate::geometry::{Geometry, Labelled};
use crate::observer::Observer;
use crate::options::Options;
use crate::pooled::WithinClasses;
use crate::recognition::{BackgroundRow, Classifier};
use crate::rows::{Array, Rows, Values};

/// A classifier's last layer as it is given.
#[derive(Clone, Debug)]
pub struct LastLayer {
    /// C or C+1 rows of p values, row = class in order of id.
    pub weights: Array2<f64>,
    /// As many values.
    pub bias: Option<Vec<f64>>,
    /// The row of the background, where that is not to be recognized.
    pub background: Option<BackgroundRow>,
    /// Whether it takes features and weights at unit length.
    pub cosine: bool,
}

impl LastLayer {
    /// The classifier of so many classes and dimensions; `weights` and `bias` stand for their files in
    /// sentences.
    ///
    /// # Errors
    /// If it is of others, weights and bias do not go together, or a value is not finite.
    pub fn classifier(
        self,
        (classes, dim): (usize, usize),
        [weights, bias]: [&Path; 2],
        observer: &mut dyn Observer,
    ) -> Result<Classifier> {
        let wrong = |problem: String| Error::content(weights, problem);
        let (rows, of) = self.weights.dim();
        let background = BackgroundRow::of(self.background, rows, classes).map_err(wrong)?;
        if of != dim {
            let problem = format!("holds weights in {of} dimensions, the embeddings have {dim}");
            return Err(wrong(problem));
        }
        finite(self.weights.iter(), weights)?;
        finite(self.bias.iter().flatten(), bias)?;
        if self.background.is_none() && background == BackgroundRow::Last {
            observer.note(&format!(
                "{}: the last of its {rows} rows is taken for the background (--background-row)",
                weights.display()
            ));
        }
        Classifier::new(self.weights, self.bias.as_deref(), background, self.cosine)
            .map_err(|problem| Error::content(bias, problem))
    }
}

/// Checks that all of the values are finite; `of` stands for their file.
fn finite<'a>(mut values: impl Iterator<Item = &'a f64>, of: &Path) -> Result<()> {
    match values.position(|value| !value.is_finite()) {
        Some(at) => Err(Error::content(of, format!("number {at} (from 0) is NaN or infinite"))),
        None => Ok(()),
    }
}

/// Embeddings in memory, and the label of each.
pub type Pair<'a> = (Values<'a>, &'a Labels);

/// The geometry of the classes of embeddings in memory: of held-out ones where they are given, and what the
/// classifier takes them for.
///
/// # Errors
/// If the arrays do not go together, a value is not finite, or a label is no class.
pub fn of_arrays(
    training: Pair,
    held_out: Option<Pair>,
    layer: Option<LastLayer>,
    given: Given,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Geometry> {
    let training = Assigned::of(training.0, training.1, given.clone(), true, observer)?;
    let size = training.rows.dim();
    let beside = Beside::of(&training.classes, size, held_out, layer, given, observer)?;
    let rows = labelled(&training);
    let within = rows.measure(options, &*observer)?;
    let geometry = beside.geometry(within, Some(&rows), options, &*observer)?;
    geometry.doubt("").into_iter().for_each(|warning| observer.warn(warning));
    Ok(geometry)
}

/// The same from moments of the embeddings of training, whose classes are theirs: `given` is of the held-out
/// embeddings.
///
/// # Errors
/// As for [`of_arrays`] and [`ClassMoments::within`].
pub fn of_class_moments(
    moments: &ClassMoments,
    held_out: Option<Pair>,
    layer: Option<LastLayer>,
    given: Given,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Geometry> {
    let (classes, within) = moments.within()?;
    let (classes, dim) = (Arc::new(classes), within.dim());
    let beside = Beside::of(&classes, dim, held_out, layer, given, observer)?;
    let geometry = beside.geometry(within, None, options, &*observer)?;
    geometry.doubt("").into_iter().for_each(|warning| observer.warn(warning));
    Ok(geometry)
}

/// What is given beside the embeddings of training.
struct Beside<'a> {
    held_out: Option<Assigned<'a>>,
    classifier: Option<Classifier>,
}

impl<'a> Beside<'a> {
    /// Of these classes, in so many dimensions.
    fn of(
        classes: &Arc<Classes>,
        dim: usize,
        held_out: Option<Pair<'a>>,
        layer: Option<LastLayer>,
        given: Given,
        observer: &mut dyn Observer,
    ) -> Result<Beside<'a>> {
        let held_out = match held_out {
            Some((values, labels)) => {
                let of = values.shape().1;
                if of != dim {
                    return Err(Error::Input(format!(
                        "the held-out embeddings have {of} dimensions, those of training have {dim}: take \
                         both from one layer"
                    )));
                }
                let given = Given { classes: Some(Arc::clone(classes)), ..given };
                Some(Assigned::of(values, labels, given, false, observer)?)
            }
            None => None,
        };
        let files = ["weights", "bias"].map(Path::new);
        let classifier = match layer {
            Some(layer) => Some(layer.classifier((classes.len(), dim), files, observer)?),
            None => None,
        };
        Ok(Beside { held_out, classifier })
    }

    /// With what the embeddings of training have inside, and they themselves where they are there.
    fn geometry(
        &self,
        within: WithinClasses,
        rows: Option<&Labelled<Array>>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let classifier = self.classifier.as_ref();
        match self.held_out.as_ref().map(labelled) {
            Some(held_out) => {
                let training = Some((&within, rows));
                Geometry::of_held_out(training, &held_out, classifier, options, observer)
            }
            None => Geometry::of_training(within, rows, classifier, observer),
        }
    }
}

fn labelled<'a, 'b>(all: &'b Assigned<'a>) -> Labelled<'b, Array<'a>> {
    let Assigned { rows, index, counts, left_out, .. } = all;
    Labelled { rows, labels: index, counts, left_out }
}
