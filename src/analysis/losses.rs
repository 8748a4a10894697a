//! Cosine softmax and IGAM loss of a trained classifier, by class (Eq. 5–6).

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use super::information::{Assigned, Given};
use crate::classes::{Classes, Labels};
use crate::error::{Error, Result};
use crate::loss::{MeanLoss, unit_rows};
use crate::margin;
use crate::observer::Observer;
use crate::rows::{Rows, Values};
use crate::stream;

/// The losses of a classifier.
#[derive(Clone, Debug)]
pub struct Losses {
    /// The classes.
    pub classes: Arc<Classes>,
    /// The mean of each class, in their order.
    pub of_classes: Vec<MeanLoss>,
    /// The mean of all embeddings.
    pub mean: MeanLoss,
}

impl Losses {
    /// Of embeddings whose classes are `labels`: `weights` are the classifier's, C×p, `margins` C×C radians,
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
        let progress = observer.progress(dump.rows() as u64);
        let weights = unit_rows(weights);
        let of_classes = stream::losses(dump, labels, &weights, margins, scale, &progress)?;
        let mut mean = MeanLoss::default();
        of_classes.iter().for_each(|&class| mean.add(class));
        Ok(Losses { classes: classes.clone(), of_classes, mean })
    }

    /// The same of embeddings in memory. Without names, the labels are the weights' rows.
    ///
    /// # Errors
    /// If the arrays do not go together, a value is not finite, or a label is no class.
    pub fn of_array<'a>(
        embeddings: impl Into<Values<'a>>,
        labels: &Labels,
        given: Given,
        weights: Array2<f64>,
        margins: &Array2<f64>,
        scale: f64,
        observer: &mut dyn Observer,
    ) -> Result<Losses> {
        margin::check_size(weights.nrows())?;
        let numbered = || Classes::numbered(weights.nrows()).into();
        let classes = Some(given.classes.clone().unwrap_or_else(numbered));
        let all = Assigned::of(embeddings, labels, Given { classes, ..given }, true, observer)?;
        let Assigned { classes, rows, index, .. } = &all;
        check_weights("weights".as_ref(), weights.dim(), (classes.len(), rows.dim()))?;
        check_margins("margins".as_ref(), margins.dim(), classes.len())?;
        Losses::of(classes, rows, index, weights, margins, scale, observer)
    }
}

/// That weights are of these classes and dimensions; `path` is where they are from.
///
/// # Errors
/// If they are not.
pub fn check_weights(path: &Path, weights: (usize, usize), wanted: (usize, usize)) -> Result<()> {
    if weights == wanted {
        return Ok(());
    }
    let problem = format!(
        "holds weights of {} classes in {} dimensions, the embeddings are of {} classes in {} (leave the \
         background out)",
        weights.0, weights.1, wanted.0, wanted.1
    );
    Err(Error::content(path, problem))
}

/// That margins are between so many classes; `path` is where they are from.
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
