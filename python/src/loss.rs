//! `margins` and `igam_loss`: the margins and the loss of training with information amounts.

use igam_analyze::analysis::Losses;
use igam_analyze::analysis::information::Given;
use igam_analyze::analysis::last_layer::LastLayer;
use igam_analyze::error::{Error, Result};
use igam_analyze::loss::Batch;
use igam_analyze::margin::{self, MarginError};
use igam_analyze::normalization::Normalization;
use igam_analyze::output::tables;
use igam_analyze::warning::Warnings;
use numpy::{AllowTypeChange, IntoPyArray, PyArray2, PyArrayLike1, PyArrayLike2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{self, Embeddings};
use crate::choices::{background_row, one_of};
use crate::information::classes;
use crate::tables::{columns, table_of};
use crate::warn::warn;
use crate::work::released;

/// Angular margins m_ij = max(0, ln(I′_i/I′_j)/π) between classes (after Eq. 6).
///
/// Parameters
/// ----------
/// information : array_like
///     (C,) information amounts in bits; NaN where a class has none: its margins are 0.
/// normalization : {"printed", "printed-mean", "softmax"}
///     Normalization of I′.
/// signed : bool
///     Keep negative margins, instead of 0 where the other class has more information.
///
/// Returns
/// -------
/// numpy.ndarray
///     (C, C) float64, radians, row i the true class.
///
/// Raises
/// ------
/// ValueError
///     If an amount is negative or infinite, no class has one, or C is above 32768.
///
/// Examples
/// --------
/// >>> igam_analyze.margins(amounts["information"], "softmax").max()
#[pyfunction]
#[pyo3(signature = (information, normalization="printed", signed=false))]
pub fn margins<'py>(
    py: Python<'py>,
    information: PyArrayLike1<'py, f64, AllowTypeChange>,
    normalization: &str,
    signed: bool,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let normalization =
        one_of("normalization", Normalization::ALL, |one| one.name(), normalization)?;
    let information = information.as_array();
    let compute = || {
        margin::check_size(information.len())?;
        if let Some((class, amount)) = information.iter().enumerate().find(|(_, amount)| {
            // A NaN is no amount, not a wrong one.
            **amount < 0.0 || amount.is_infinite()
        }) {
            return Err(Error::Input(format!(
                "{amount} of class {class} (from 0) is not an information amount"
            )));
        }
        let (known, bits) =
            margin::known(information.iter().map(|bits| Some(*bits).filter(|bits| !bits.is_nan())));
        if known.is_empty() {
            return Err(MarginError::NoInformation.into());
        }
        let margins = margin::margins(&normalization.normalize(&bits), signed);
        Ok(margin::expand(&margins, &known, information.len()))
    };
    Ok(released(py, compute)?.into_pyarray(py))
}

/// IGAM loss of each sample (Eq. 6), in nats:
/// −ln(e^{s·cosθ_i} / (e^{s·cosθ_i} + Σ_{j≠i} e^{s·cos(θ_j+m_ij)})), with θ_j+m_ij at most π.
///
/// With zero margins this is the cosine softmax of Eq. 5. The loss of the batch is the mean.
///
/// Parameters
/// ----------
/// cosines : array_like
///     (B, C) cosθ between each sample's embedding and each class's weight.
/// labels : array_like
///     (B,) integers: the samples' classes, as columns of the cosines.
/// margins : array_like
///     (C, C) radians, row i the true class.
/// scale : float
///     s.
/// gradient : bool
///     Also return the gradient.
///
/// Returns
/// -------
/// numpy.ndarray or (numpy.ndarray, numpy.ndarray)
///     (B,) float64 losses; with `gradient` also their derivatives with respect to the cosines, (B, C)
///     float64. Divide them by B for the mean loss.
///
/// Raises
/// ------
/// ValueError
///     If shapes do not fit together, a label is not a class, or a number is not a cosine.
///
/// Examples
/// --------
/// >>> igam_analyze.igam_loss([[0.9, 0.1]], [0], [[0, 0.1], [0, 0]]).mean()
#[pyfunction]
#[pyo3(signature = (cosines, labels, margins, scale=igam_analyze::loss::SCALE, gradient=false))]
pub fn igam_loss<'py>(
    py: Python<'py>,
    cosines: PyArrayLike2<'py, f64, AllowTypeChange>,
    labels: &Bound<'py, PyAny>,
    margins: PyArrayLike2<'py, f64, AllowTypeChange>,
    scale: f64,
    gradient: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(ids) = arrays::labels(labels)?.numbers() else {
        return Err(PyValueError::new_err(
            "labels: holds class names: give the numbers of the columns",
        ));
    };
    let (cosines, margins) = (cosines.as_array(), margins.as_array());
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(PyValueError::new_err(format!("scale {scale} is not a number above 0")));
    }
    let compute = || {
        let class = |(sample, &id): (usize, &i64)| {
            usize::try_from(id).map_err(|_| {
                let classes = cosines.ncols();
                Error::Input(format!(
                    "the label {id} of sample {sample} is not one of {classes} classes"
                ))
            })
        };
        let labels = ids.iter().enumerate().map(class).collect::<Result<Vec<_>>>()?;
        let batch = Batch::new(cosines, &labels)?;
        let losses = batch.losses(margins, scale)?;
        let gradients = gradient.then(|| batch.gradients(margins, scale)).transpose()?;
        Ok((losses, gradients))
    };
    let (losses, gradients) = released(py, compute)?;
    let losses = losses.into_pyarray(py);
    Ok(match gradients {
        None => losses.into_any(),
        Some(gradients) => (losses, gradients.into_pyarray(py)).into_pyobject(py)?.into_any(),
    })
}

/// Cosine softmax and IGAM loss of a trained classifier, by class, as `igam-analyze loss`.
///
/// Parameters
/// ----------
/// embeddings : array_like
///     (n, p), float16, float32 or float64.
/// labels : array_like
///     (n,) integers, or class names. Without `class_names`, they are rows of the weights.
/// weights : array_like
///     (C, p) or (C+1, p) classifier weights, row = class in order of id; one more row for the background.
/// margins : array_like
///     (C, C) radians, row i the true class.
/// scale : float
///     s.
/// class_names : sequence, mapping or path, optional
///     As for `information()`.
/// background_row : {"first", "last", "none"} or int, optional
///     As for `geometry()`; this row is not used in the losses.
/// bias : array_like, optional
///     The classifier's bias, one value per row. The cosine loss ignores it, with a warning.
///
/// Returns
/// -------
/// Losses
///     The columns of `loss.csv`; its `mean` has the means over all embeddings.
///
/// Raises
/// ------
/// ValueError
///     If the arrays do not fit together, or the background's row is not certain.
///
/// Warns
/// -----
/// IgamWarning
///     If the weights were trained as a linear classifier, or another choice of rows recognizes far more.
///
/// Examples
/// --------
/// >>> igam_analyze.losses(x, y, weights, igam_analyze.margins(amounts["information"])).mean["igam_loss"]
#[pyfunction]
#[pyo3(signature = (
    embeddings, labels, weights, margins, scale=igam_analyze::loss::SCALE, class_names=None, background_row=None,
    bias=None
), text_signature = "(embeddings, labels, weights, margins, scale=30.0, class_names=None, background_row=None, bias=None)")]
#[expect(clippy::too_many_arguments, reason = "embeddings, and a classifier")]
pub fn losses<'py>(
    embeddings: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    weights: PyArrayLike2<'py, f64, AllowTypeChange>,
    margins: PyArrayLike2<'py, f64, AllowTypeChange>,
    scale: f64,
    class_names: Option<&Bound<'py, PyAny>>,
    background_row: Option<&Bound<'py, PyAny>>,
    bias: Option<PyArrayLike1<'py, f64, AllowTypeChange>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = embeddings.py();
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(PyValueError::new_err(format!("scale {scale} is not a number above 0")));
    }
    let embeddings = Embeddings::of(embeddings)?;
    let labels = arrays::labels(labels)?;
    let classes = class_names.map(classes).transpose()?.map(Into::into);
    let values = embeddings.values();
    let margins = margins.as_array().to_owned();
    let layer = LastLayer {
        weights: weights.as_array().to_owned(),
        bias: bias.map(|bias| bias.as_array().to_vec()),
        background: background_row.map(self::background_row).transpose()?,
        cosine: true,
    };
    let given = Given { classes, ..Given::default() };
    let mut warnings = Warnings::default();
    let compute =
        || Losses::of_array(values, &labels, given, layer, &margins, scale, &mut warnings);
    let losses = released(py, compute)?;
    warn(py, &warnings)?;
    let table = tables::loss(&losses.classes, &losses.of_classes);
    let object = table_of(py, "Losses", columns(py, &table)?, table)?;
    let mean = PyDict::new(py);
    mean.set_item("cosine_softmax_loss", losses.mean.cosine_softmax())?;
    mean.set_item("igam_loss", losses.mean.igam())?;
    mean.set_item("difference", losses.mean.difference())?;
    object.setattr("mean", mean)?;
    Ok(object)
}
