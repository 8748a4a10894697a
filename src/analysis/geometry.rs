//! Distances and overlap of classes, from embeddings in memory.

use std::path::Path;
use std::sync::Arc;

use super::information::{Assigned, Given};
use super::last_layer::{LastLayer, Shown};
use crate::class_moments::ClassMoments;
use crate::classes::{Classes, Labels};
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::geometry::{Geometry, Labelled};
use crate::observer::Observer;
use crate::options::Options;
use crate::pooled::WithinClasses;
use crate::recognition::Classifier;
use crate::rows::{Array, Rows, Values};

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
    let training = Assigned::of(training.0, training.1, given.clone(), Extent::Whole, observer)?;
    let size = training.rows.dim();
    let alone = layer.is_some() && held_out.is_none();
    let shown = alone.then(|| Shown::of(&training.rows, &training.index)).transpose()?;
    let beside = Beside::of(&training.classes, size, shown, held_out, layer, given, observer)?;
    let rows = labelled(&training);
    let within = rows.measure(options, &*observer)?;
    let geometry = beside.geometry(within, Some(&rows), options, &*observer)?;
    geometry.doubt("").into_iter().for_each(|warning| observer.warn(warning));
    Ok(geometry)
}

/// The same from moments of the training embeddings, with their classes: `given` is for the held-out
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
    let beside = Beside::of(&classes, dim, None, held_out, layer, given, observer)?;
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
    /// Of these classes, in so many dimensions. The layer is compared with the held-out embeddings, or else
    /// those `shown`.
    fn of(
        classes: &Arc<Classes>,
        dim: usize,
        shown: Option<Shown>,
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
                        "the held-out embeddings have {of} dimensions, but the training embeddings \
                         have {dim}: take both from one layer"
                    )));
                }
                let given = Given { classes: Some(Arc::clone(classes)), ..given };
                Some(Assigned::of(values, labels, given, Extent::HeldOut, observer)?)
            }
            None => None,
        };
        let files = ["weights", "bias"].map(Path::new);
        let classifier = match layer {
            Some(layer) => {
                let shown = match &held_out {
                    Some(all) => Some(Shown::of(&all.rows, &all.index)?),
                    None => shown,
                };
                Some(layer.classifier((classes.len(), dim), files, shown.as_ref(), observer)?)
            }
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
