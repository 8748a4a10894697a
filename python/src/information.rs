//! `information`: the information amount of each class of arrays.

use igam_analyze::analysis::information::{Given, of_array};
use igam_analyze::classes::{Classes, Numbering};
use igam_analyze::options::Options;
use igam_analyze::warning::{Warning, Warnings};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::amounts::_Amounts;
use crate::arrays::{self, Embeddings};
use crate::by_class;
use crate::choices::{Estimators, one_of_if, precision};
use crate::warn::warn;
use crate::work::released;

/// Information amount of each class: I = ½ log₂ det(1+Σ) bits (Eq. 2), from its embeddings.
///
/// The same result as `igam-analyze information`, to the last bit, for the same rows in the same order.
/// Embeddings in C order are not copied, and other Python threads run meanwhile: do not change the array
/// during the call. RAYON_NUM_THREADS sets the number of threads.
///
/// Parameters
/// ----------
/// embeddings : array_like
///     (n, p), float16, float32 or float64.
/// labels : array_like
///     (n,) integers, or class names.
/// estimator : str or sequence of str
///     Of the covariance: "mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf" or "oas"; several of
///     them, or "all": then the result is a list, from one pass over the embeddings.
/// precision : {"f64", "f32"}
///     f32 is faster, and accurate to about six digits.
/// class_names : sequence, mapping or path, optional
///     Names in order of id from 0; ids with names; or a file: an annotation file, classes.txt,
///     data.yaml. By default, the classes are those of the labels.
/// background_label : int or str, optional
///     Label of rows to skip.
/// label_numbering : {"names", "ids", "positions", "file-order"}, optional
///     How labels mean classes, if this cannot be detected.
///
/// Returns
/// -------
/// Amounts
///     A dict of columns, one value per class in order of id; a list of them for several estimators.
///
/// Raises
/// ------
/// ValueError
///     If the arrays do not fit together, a value is NaN or infinite, or a label is not a class.
///
/// Warns
/// -----
/// IgamWarning
///     If classes have no information amount, or much of it comes from the eigenvalue floor.
///
/// Examples
/// --------
/// >>> x = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
/// >>> igam_analyze.information(x, [0, 0, 0, 0], "sample")["information"]
/// array([0.5849625])
#[pyfunction]
#[pyo3(signature = (
    embeddings, labels, estimator=None, precision="f64", class_names=None, background_label=None,
    label_numbering=None
), text_signature = "(embeddings, labels, estimator='mp-floor', precision='f64', class_names=None, background_label=None, label_numbering=None)")]
pub fn information<'py>(
    embeddings: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    estimator: Option<&Bound<'py, PyAny>>,
    precision: &str,
    class_names: Option<&Bound<'py, PyAny>>,
    background_label: Option<&Bound<'py, PyAny>>,
    label_numbering: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = embeddings.py();
    let estimators = estimators(estimator)?;
    let options =
        Options::new().estimators(estimators.all()).precision(self::precision(precision)?);
    let numbering = numbering(label_numbering)?;
    let embeddings = Embeddings::of(embeddings)?;
    let labels = arrays::labels(labels)?;
    let classes = class_names.map(classes).transpose()?;
    let listed = classes.is_some();
    let background: Option<String> =
        background_label.map(|label| label.str()?.extract()).transpose()?;
    let values = embeddings.values();
    let compute = || {
        let (mut warnings, background) = (Warnings::default(), background.as_deref());
        let given = Given { classes: classes.map(Into::into), numbering, background };
        Ok((of_array(values, &labels, given, &options, &mut warnings)?, warnings))
    };
    let (all, read) = released(py, compute)?;
    let no_background = read.iter().find_map(|warning| match warning {
        Warning::NoBackground { label, .. } => Some(label.clone()),
        _ => None,
    });
    let all = all.into_iter().map(|amounts| {
        let no_background = no_background.clone();
        _Amounts { amounts, listed, no_background }
    });
    objects(py, all.collect(), &estimators)
}

/// The amounts as Python objects, one or a list as was asked for; raises their warnings.
pub fn objects<'py>(
    py: Python<'py>,
    all: Vec<_Amounts>,
    asked: &Estimators,
) -> PyResult<Bound<'py, PyAny>> {
    let mut warnings = Warnings::default();
    all.iter().for_each(|amounts| warnings.extend(amounts.warnings("")));
    warn(py, &warnings)?;
    let objects =
        all.into_iter().map(|amounts| amounts.object(py)).collect::<PyResult<Vec<_>>>()?;
    match (asked, &objects[..]) {
        (Estimators::One(_), [only]) => Ok(only.clone()),
        _ => Ok(PyList::new(py, objects)?.into_any()),
    }
}

/// The estimators of an argument; the paper's, unless given.
pub fn estimators(argument: Option<&Bound<'_, PyAny>>) -> PyResult<Estimators> {
    argument.map_or(Ok(Estimators::One(Default::default())), Estimators::of)
}

/// How labels mean classes.
pub fn numbering(name: Option<&str>) -> PyResult<Option<Numbering>> {
    one_of_if("label_numbering", Numbering::ALL, Numbering::name, name)
}

/// The classes of `class_names`.
pub fn classes(names: &Bound<'_, PyAny>) -> PyResult<Classes> {
    Ok(by_class::classes(names)?.0)
}
