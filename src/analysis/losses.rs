//! Cosine softmax and IGAM loss of a trained classifier, by class (Eq. 5–6).

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use super::information::{Assigned, Given};
use super::last_layer::{LastLayer, Shown};
use crate::classes::{Classes, Labels};
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::loss::{MeanLoss, unit_rows};
use crate::margin;
use crate::observer::{Observer, Unit};
use crate::rows::{Rows, Values};
use crate::stream;

/// The losses of a classifier.
#[derive(Clone, Debug)]
pub struct Losses {
    /// The classes.
    pub classes: Arc<Classes>,
    /// The mean loss of each class, in the order of the classes.
    pub of_classes: Vec<MeanLoss>,
    /// The mean loss of all embeddings.
    pub mean: MeanLoss,
}

impl Losses {
    /// The losses of embeddings with classes `labels`: `weights` are the classifier's, C×p, `margins` C×C radians,
    /// row i the true class.
    ///
    /// # Errors
    /// If reading fails, or the margins or labels are not those of C classes.
    pub fn of(
        classes: &Arc<Classes>,
        dump: &impl Rows,
        labels: &[u32],
        weights: Array2<f64>,
        margins: &Array2<f64>,
        scale: f64,
        observer: &dyn Observer,
    ) -> Result<Losses> {
        let progress = observer.progress(dump.rows() as u64, Unit::Rows);
        let weights = unit_rows(weights);
        let of_classes = stream::losses(dump, labels, &weights, margins, scale, &progress)?;
        let mut mean = MeanLoss::default();
        of_classes.iter().for_each(|&class| mean.add(class));
        Ok(Losses { classes: classes.clone(), of_classes, mean })
    }

    /// The losses of embeddings in memory, with a whole last layer. Without names, the labels are its rows.
    ///
    /// # Errors
    /// If the arrays do not go together, a value is not finite, a label is no class, or it is doubtful which
    /// row is the background's.
    pub fn of_array<'a>(
        embeddings: impl Into<Values<'a>>,
        labels: &Labels,
        given: Given,
        layer: LastLayer,
        margins: &Array2<f64>,
        scale: f64,
        observer: &mut dyn Observer,
    ) -> Result<Losses> {
        margin::check_size(layer.weights.nrows())?;
        let named = given.classes.is_some();
        let classes = given.classes.clone().unwrap_or_else(|| output_classes(&layer).into());
        let classes = Some(classes);
        let all =
            Assigned::of(embeddings, labels, Given { classes, ..given }, Extent::Whole, observer)?;
        let Assigned { classes, rows, index, .. } = &all;
        let files = ["weights", "bias"].map(Path::new);
        let shown = Shown::of(rows, index)?;
        let of = (classes.len(), rows.dim());
        let weights = layer.for_cosines(of, named, files, &shown, observer)?;
        check_margins("margins".as_ref(), margins.dim(), classes.len())?;
        Losses::of(classes, rows, index, weights, margins, scale, observer)
    }
}

/// The classes where none are named: the labels are the rows of the `layer`, without that of the background if
/// it is said which that is.
pub fn output_classes(layer: &LastLayer) -> Classes {
    let rows = layer.weights.nrows();
    let background = layer.background.and_then(|background| background.place(rows));
    Classes::numbered_without(rows, background)
}

/// Checks that margins are between so many classes; `path` is their file.
///
/// # Errors
/// If they are not.
pub fn check_margins(path: &Path, (rows, columns): (usize, usize), classes: usize) -> Result<()> {
    if (rows, columns) == (classes, classes) {
        return Ok(());
    }
    let problem = format!("the margins are {rows}×{columns}, but there are {classes} classes");
    Err(Error::content(path, problem))
}
