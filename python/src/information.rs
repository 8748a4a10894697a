//! `information`: the information amount of each class of arrays.

use igam_analyze::classes::{Classes, IdsFrom};
use igam_analyze::error::{Error, Result};
use igam_analyze::information::Information;
use igam_analyze::input::labels::none_left;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments::Moments;
use igam_analyze::rows::Element;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream::{ClassInformation, largest_first};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{self, Embeddings, Rows, View, Widen, by_class};
use crate::columns::InformationColumns;
use crate::work::{exception, released};

/// What stands for the file in sentences on class names.
pub const CLASS_NAMES: &str = "class_names";

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
    let background = background_label.map(|label| label.str()?.extract()).transpose()?;
    let view = embeddings.view()?;
    let compute = || {
        let background: Option<&String> = background.as_ref();
        labels.check_length(view.shape().0)?;
        let left_out = background.map_or(Ok(Vec::new()), |label| labels.rows_of(label))?;
        let mut rest = left_out.iter().copied().peekable();
        let numbers: Vec<usize> =
            (0..labels.len()).filter(|row| rest.next_if_eq(row).is_none()).collect();
        if let Some(label) = background.filter(|_| numbers.is_empty()) {
            return Err(none_left(label));
        }
        let classes = match known {
            Some(classes) => classes,
            None => labels.classes(&left_out)?,
        };
        let index = labels.index_as_given(&classes, &left_out)?;
        let rows = by_class(classes.len(), &index, &numbers);
        let counts: Vec<_> = rows.iter().map(|rows| rows.len() as u64).collect();
        view.check(&numbers)?;
        let computed = match view {
            View::Half(all) => of_rows::<_, f32>(all, rows, &counts, estimator, precision)?,
            View::Single(all) => of_rows::<_, f32>(all, rows, &counts, estimator, precision)?,
            View::Double(all) => of_rows::<_, f64>(all, rows, &counts, estimator, precision)?,
        };
        InformationColumns::new(classes, counts, computed)
    };
    released(py, compute)?.dict(py)
}

/// Class by class, so that each thread holds the moments of one.
fn of_rows<S: Widen<T>, T: Element>(
    all: Rows<S>,
    by_class: Vec<Vec<usize>>,
    counts: &[u64],
    estimator: Estimator,
    precision: Precision,
) -> Result<Vec<ClassInformation>> {
    let of_class = |class, numbers: Vec<usize>| {
        let mut moments = Moments::<T>::with_precision(all.dim(), precision);
        moments.reserve(counts[class]);
        all.each(&numbers, |row| moments.push(row));
        Ok(Information::of_moments(moments, &[estimator]))
    };
    let mut classes = vec![Ok(None); counts.len()];
    for (class, done) in
        largest_first(counts, by_class.into_iter().enumerate().collect(), of_class)?
    {
        classes[class] = done;
    }
    Ok(classes)
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
