//! `information`: the information amount of each class of arrays.

use igam_analyze::class_moments::Amounts;
use igam_analyze::classes::{Assigned, Classes, IdsFrom};
use igam_analyze::error::Error;
use igam_analyze::kernel::product::Precision;
use igam_analyze::rows::Array;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{self, Embeddings};
use crate::columns::InformationColumns;
use crate::work::{exception, released};

/// What stands for the file in sentences on class names.
const CLASS_NAMES: &str = "class_names";

/// Information amount of each class: I = ½ log₂ det(1+Σ) bits (Eq. 2), from its embeddings.
///
/// What `igam-analyze information` computes of the same rows in the same order, to the last bit. The
/// embeddings are not copied if they lie in C order, and the interpreter is free while they are read:
/// let nobody write to them meanwhile. RAYON_NUM_THREADS sets the number of threads.
///
/// Parameters
/// ----------
/// embeddings : (n, p) array of float16, float32 or float64
/// labels : (n,) integers, or class names
/// estimator : of the covariance: "mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf" or "oas"
/// precision : "f64", or "f32": faster, right to about six digits
/// class_names : names in order of id from 0, or a dict of id to name; else the classes are those that
///     the labels name
/// background_label : label of rows to leave out
///
/// Returns
/// -------
/// dict of columns, a value a class in order of id: "class_id", "class" (a list of str), "instances" (m),
///     "information" (I, bits), "normalized_information" (I′), "floor", "floored_fraction",
///     "floor_bits" (bits of I from the eigenvalue floor alone), "dim_per_instance" (p/m). NaN where there
///     is none: a class without embeddings, or with too few for the estimator.
///
/// Raises
/// ------
/// ValueError : if the arrays do not go together, a value is NaN or infinite, or a label is no class
#[pyfunction]
#[pyo3(signature = (embeddings, labels, estimator="mp-floor", precision="f64", class_names=None, background_label=None))]
pub fn information<'py>(
    embeddings: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    estimator: &str,
    precision: &str,
    class_names: Option<&Bound<'py, PyAny>>,
    background_label: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = embeddings.py();
    let (estimator, precision) = (self::estimator(estimator)?, self::precision(precision)?);
    let embeddings = Embeddings::of(embeddings)?;
    let labels = arrays::labels(labels)?;
    let known = class_names.map(known).transpose()?;
    let background: Option<String> =
        background_label.map(|label| label.str()?.extract()).transpose()?;
    let values = embeddings.values();
    let compute = || {
        labels.check_length(values.shape().0)?;
        let Assigned { classes, left_out, index, counts } =
            labels.assigned(known, background.as_deref())?;
        let rows = Array::new(values, &left_out)?;
        let computed = stream::information(&rows, &index, &counts, &[estimator], precision)?;
        InformationColumns::new(Amounts { classes, counts, information: computed })
    };
    released(py, compute)?.dict(py)
}

/// The classes of these names.
pub fn known(names: &Bound<'_, PyAny>) -> PyResult<Classes> {
    let names = arrays::class_names(names)?;
    Classes::new(names, IdsFrom::List)
        .map_err(|problem| exception(Error::Content { path: CLASS_NAMES.into(), problem }))
}

/// The estimator of this name.
pub fn estimator(name: &str) -> PyResult<Estimator> {
    one_of("estimator", Estimator::ALL, |estimator| estimator.name(), name)
}

/// The precision of this name.
pub fn precision(name: &str) -> PyResult<Precision> {
    one_of("precision", &[Precision::Double, Precision::Single], Precision::name, name)
}

/// The one of this name among all.
pub fn one_of<T: Copy>(
    what: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    name: &str,
) -> PyResult<T> {
    all.iter().copied().find(|&one| name_of(one) == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&one| format!("{:?}", name_of(one))).collect();
        PyValueError::new_err(format!("{what} {name:?} is none of {}", names.join(", ")))
    })
}
