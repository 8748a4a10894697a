//! Losses that are compared on embeddings in memory.

use std::sync::Arc;

use super::{Images, Instances, Probe, ProbeSettings, check_shared};
use crate::analysis::groups;
use crate::analysis::information::{Assigned, Given, of_embeddings};
use crate::classes::Labels;
use crate::detector::{Detector, Extent};
use crate::error::{Error, Result};
use crate::groups::Grouping;
use crate::observer::Observer;
use crate::options::Options;
use crate::rows::{Array, Rows, Values};

/// Embeddings in memory.
#[derive(Clone, Copy, Debug)]
pub struct InMemory<'a> {
    /// A row each.
    pub values: Values<'a>,
    /// The label of each.
    pub labels: &'a Labels,
    /// The image of each, by name or number; none where it is not known.
    pub images: Option<&'a Labels>,
}

/// Compares losses on embeddings in memory: on held-out ones where they are given, else by cross-validation.
/// `grouping` is of the classes; thirds by instances unless given.
///
/// # Errors
/// If the arrays do not go together, a value is not finite, a label is no class, or as for [`Probe::of`].
pub fn of_arrays<'a>(
    training: InMemory<'a>,
    held_out: Option<InMemory<'a>>,
    given: Given,
    grouping: Option<&Grouping>,
    settings: &ProbeSettings,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Probe> {
    let (ours, images) = assigned(training, given.clone(), Extent::Whole, observer)?;
    let others = match held_out {
        Some(one) => {
            let (of, dim) = (one.values.shape().1, ours.rows.dim());
            if of != dim {
                return Err(Error::Input(format!(
                    "the held-out embeddings have {of} dimensions, but the training embeddings have {dim}: \
                     take both from one layer"
                )));
            }
            let given = Given { classes: Some(Arc::clone(&ours.classes)), ..given };
            Some(assigned(one, given, Extent::HeldOut, observer)?)
        }
        None => None,
    };
    if let (Some(ours), Some(theirs)) = (training.images, held_out.and_then(|one| one.images)) {
        check_shared(ours, theirs, observer);
    }
    let Assigned { classes, rows, index, counts, .. } = &ours;
    let amounts = of_embeddings(classes, rows, index, counts, options, observer)?;
    for amounts in &amounts {
        amounts.warnings("").iter().for_each(|warning| observer.warn(warning.clone()));
    }
    let groups = match (grouping, amounts.first()) {
        (Some(grouping), Some(first)) => {
            let detector = Detector::new("", Arc::clone(classes)).information(first.clone())?;
            let run = detector.runs().into_iter().flatten().next();
            run.map(|run| groups(&run, grouping)).transpose()?
        }
        _ => None,
    };
    let training = instances(&ours, images.as_ref());
    let held_out = others.as_ref().map(|(held_out, images)| instances(held_out, images.as_ref()));
    let limit = options.memory_limit;
    Probe::of(&training, held_out.as_ref(), &amounts, groups, settings, limit, observer)
}

/// The embeddings with the class of each, and with its image where that is known.
fn assigned<'a>(
    one: InMemory<'a>,
    given: Given,
    extent: Extent,
    observer: &mut dyn Observer,
) -> Result<(Assigned<'a>, Option<Images>)> {
    let rows = one.values.shape().0;
    if let Some(images) = one.images.filter(|images| images.len() != rows) {
        let problem =
            format!("{rows} embeddings, but images of {}: give each its image", images.len());
        return Err(Error::Input(problem));
    }
    let all = Assigned::of(one.values, one.labels, given, extent, observer)?;
    let images = one.images.map(|images| Images::of_labels(images, &all.left_out));
    Ok((all, images))
}

fn instances<'a, 'b>(
    all: &'b Assigned<'a>,
    images: Option<&'b Images>,
) -> Instances<'b, Array<'a>> {
    Instances { rows: &all.rows, labels: &all.index, counts: &all.counts, images }
}
