//! Distances, recall and doubtful labels from the embeddings of a run, with held-out ones and the classifier
//! if the files give them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::instances::{Instances, instances};
use super::{RunFiles, Source};
use crate::analysis::last_layer::{LastLayer, Shown};
use crate::classes::Classes;
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::geometry::{Geometry, Labelled};
use crate::input::embeddings::Dump;
use crate::input::matrix;
use crate::observer::Observer;
use crate::options::Options;
use crate::pooled::WithinClasses;
use crate::recognition::Classifier;
use crate::rows::Rows as _;

/// The geometry of the classes, from the embeddings or moments of `training`, what these have inside, and
/// what the files give beside them; none where there is neither.
///
/// # Errors
/// If a file cannot be used, or two do not go together.
pub fn geometry(
    files: &RunFiles,
    training: Option<(&Source, WithinClasses)>,
    classes: &Arc<Classes>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Option<Geometry>> {
    let dump = match &training {
        Some((Source::Embeddings(training), _)) => Some(&training.dump),
        _ => None,
    };
    let dim = training.as_ref().map(|(_, within)| within.dim());
    let held_out = held_out(files, classes, dump, dim, observer)?;
    let single = matches!(&training, Some((Source::Embeddings(_), _)));
    if let Some(weights) = files.weights.as_ref().filter(|_| held_out.is_none() && !single) {
        let problem =
            "needs embeddings to classify, and none are given: give --validation-embeddings";
        return Err(Error::content(weights, problem));
    }
    let shown = match (&held_out, &training) {
        (Some(instances), _) | (None, Some((Source::Embeddings(instances), _))) => Some(instances),
        (None, _) => None,
    };
    let classifier = match shown {
        Some(shown) => classifier(files, classes.len(), shown, observer)?,
        None => None,
    };
    let classifier = classifier.as_ref();
    let held_out = held_out.as_ref().map(labelled);
    let (held_out, observer) = (held_out.as_ref(), &*observer);
    let rows = match &training {
        Some((Source::Embeddings(instances), _)) => Some(labelled(instances)),
        Some((Source::Moments(_), _)) | None => None,
    };
    let rows = rows.as_ref();
    let geometry = match (held_out, training) {
        (Some(held_out), training) => {
            let training = training.as_ref().map(|(_, within)| (within, rows));
            Geometry::of_held_out(training, held_out, classifier, options, observer)
        }
        (None, Some((_, within))) => Geometry::of_training(within, rows, classifier, observer),
        (None, None) => return Ok(None),
    };
    geometry.map(Some)
}

/// Checks that no file of held-out embeddings is one of training.
fn check_held_out(held_out: &Dump, training: &Dump) -> Result<()> {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let of_training: HashSet<PathBuf> = training.paths().map(whole).collect();
    match held_out.paths().find(|path| of_training.contains(&whole(path))) {
        None => Ok(()),
        Some(path) => {
            let problem = "is given as held-out, but holds the training embeddings: give those of \
                           other images";
            Err(Error::content(path, problem))
        }
    }
}

fn labelled(instances: &Instances) -> Labelled<'_, Dump> {
    let Instances { dump, labels, counts } = instances;
    Labelled { rows: dump, labels, counts, left_out: dump.left_out() }
}

/// The held-out embeddings, whose labels are read as those of training, beside the training embeddings if these
/// are given, of `dim` dimensions.
///
/// # Errors
/// If a file cannot be used, or does not go together with those of training.
pub(super) fn held_out(
    files: &RunFiles,
    classes: &Arc<Classes>,
    training: Option<&Dump>,
    dim: Option<usize>,
    observer: &mut dyn Observer,
) -> Result<Option<Instances>> {
    if files.validation_embeddings.is_empty() {
        return Ok(None);
    }
    let held_out = held_out_files(files);
    // Any class may be missing from them.
    let found = instances(&held_out, Some(classes.clone()), None, Extent::HeldOut, observer);
    let (_, instances) = found.map_err(|error| match error {
        // The option for training embeddings.
        Error::Usage(text) => Error::Usage(text.replace("--labels", "--validation-labels")),
        other => other,
    })?;
    if let Some(training) = training {
        check_held_out(&instances.dump, training)?;
    }
    let theirs = instances.dump.dim();
    if let Some(ours) = dim.filter(|&ours| ours != theirs) {
        let problem = format!(
            "has {theirs} dimensions, but the training embeddings have {ours}: take both from one \
             layer"
        );
        return Err(Error::content(&files.validation_embeddings[0], problem));
    }
    Ok(Some(instances))
}

/// The files of a run with the held-out embeddings in place of those of training.
pub(super) fn held_out_files(files: &RunFiles) -> RunFiles {
    RunFiles {
        embeddings: files.validation_embeddings.clone(),
        labels: files.validation_labels.clone(),
        ..files.clone()
    }
}

/// The classifier, whose rows are the classes in order of id, and the background. It is compared with these
/// embeddings.
fn classifier(
    files: &RunFiles,
    classes: usize,
    Instances { dump, labels, .. }: &Instances,
    observer: &mut dyn Observer,
) -> Result<Option<Classifier>> {
    let Some(path) = &files.weights else { return Ok(None) };
    let shown = Shown::of(dump, labels)?;
    let layer = LastLayer {
        weights: matrix::read(path, &matrix::open(path)?)?,
        bias: files.bias.as_deref().map(matrix::vector).transpose()?,
        background: files.background_row,
        cosine: files.cosine,
    };
    let bias = files.bias.as_deref().unwrap_or(path);
    layer.classifier((classes, dump.dim()), [path, bias], Some(&shown), observer).map(Some)
}
