//! `Moments`: the covariance of each class, batch by batch (Eq. 7–8).

use std::path::PathBuf;
use std::sync::Mutex;

use igam_analyze::analysis::information::of_class_moments;
use igam_analyze::class_moments::ClassMoments;
use igam_analyze::error::Result;
use igam_analyze::moments_file;
use igam_analyze::options::Options;
use igam_analyze::rows::Array;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::amounts::_Amounts;
use crate::arrays::{self, Embeddings};
use crate::choices::precision;
use crate::information::{classes, estimators, objects};
use crate::kept;
use crate::work::{exception, locked, released};

/// Moments of each class's embeddings: count, mean and scatter (Eq. 7), merged by Eq. 8.
///
/// §3.3.1's dynamic update of covariances without a queue: a class keeps its embeddings while they are
/// at most p, then mean and scatter. So it never holds more than about C·p²/2 numbers, however many
/// embeddings are pushed. A program may use one object on several threads; it can be pickled.
///
/// Parameters
/// ----------
/// precision : "f64", or "f32": faster, right to about six digits
/// class_names : names in order of id from 0, a mapping of id to name, or a file, as for `information()`; a
///     label that is none of them is refused. Else the classes are those that the labels name
#[pyclass(frozen, module = "igam_analyze")]
pub struct Moments(Mutex<ClassMoments>);

impl Moments {
    /// Does what reads them.
    pub fn compute<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&ClassMoments) -> Result<R> + Send,
    ) -> PyResult<R> {
        locked(py, &self.0, |moments| work(moments))
    }
}

#[pymethods]
impl Moments {
    #[new]
    #[pyo3(signature = (precision="f64", class_names=None))]
    fn new(precision: &str, class_names: Option<&Bound<'_, PyAny>>) -> PyResult<Moments> {
        let precision = self::precision(precision)?;
        let moments = match class_names {
            Some(names) => {
                ClassMoments::of_classes(precision, &classes(names)?).map_err(exception)?
            }
            None => ClassMoments::new(precision),
        };
        Ok(Moments(Mutex::new(moments)))
    }

    /// Adds a batch: (n, p) embeddings of float16, float32 or float64, and their (n,) labels, integers or
    /// class names. No row is the fewest; a batch that is refused changes nothing.
    ///
    /// Raises
    /// ------
    /// ValueError : if the arrays do not go together or with those before, a value is NaN or infinite, or
    ///     a label is no class
    fn push(
        &self,
        py: Python<'_>,
        embeddings: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let embeddings = Embeddings::of(embeddings)?;
        let labels = arrays::labels(labels)?;
        let values = embeddings.values();
        locked(py, &self.0, |moments| moments.push(&Array::new(values, &[])?, &labels))
    }

    /// Adds the embeddings of `other`, which stays as it is (Eq. 8).
    ///
    /// Raises
    /// ------
    /// ValueError : if the two differ in dimension, precision or classes, or hold the same file
    fn merge(slf: &Bound<'_, Self>, other: &Bound<'_, Self>) -> PyResult<()> {
        if slf.is(other) {
            return Err(PyValueError::new_err("moments cannot be merged with themselves"));
        }
        // One lock at a time: somebody else may merge them the other way round.
        let theirs = locked(slf.py(), &other.get().0, |theirs| Ok(theirs.clone()))?;
        locked(slf.py(), &slf.get().0, |ours| ours.merge(theirs))
    }

    /// Information amount of each class so far, the columns of `information()`.
    ///
    /// Raises
    /// ------
    /// ValueError : if the embeddings of a class are so large that its covariance overflows
    ///
    /// Warns
    /// -----
    /// IgamWarning : as `information()`
    ///
    /// Examples
    /// --------
    /// >>> moments = igam_analyze.Moments(class_names=["bolt", "nut"])
    /// >>> moments.push(embeddings, labels)
    /// >>> moments.information()["information"]
    #[pyo3(signature = (estimator=None), text_signature = "($self, estimator='mp-floor')")]
    fn information<'py>(
        &self,
        py: Python<'py>,
        estimator: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let estimators = estimators(estimator)?;
        let options = Options::new().estimators(estimators.all());
        let all = self.compute(py, |moments| of_class_moments(moments, &options))?;
        let all =
            all.into_iter().map(|amounts| _Amounts { amounts, listed: false, no_background: None });
        objects(py, all.collect(), &estimators)
    }

    /// Writes a moments file (`docs/moments.md`), which `igam-analyze merge` and every `--moments` take.
    ///
    /// Raises
    /// ------
    /// OSError : if it cannot be written
    /// ValueError : if nothing was pushed, or the covariance of a class overflows
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        locked(py, &self.0, |moments| moments_file::save(&path, moments))
    }

    /// Reads a moments file; or a directory or glob of several, merged.
    ///
    /// Raises
    /// ------
    /// OSError : if it cannot be read
    /// ValueError : if it is no moments file, or two cannot be merged
    #[classmethod]
    fn load(_: &Bound<'_, PyType>, py: Python<'_>, path: PathBuf) -> PyResult<Moments> {
        let moments = released(py, || moments_file::load(&[path]))?;
        Ok(Moments(Mutex::new(moments)))
    }

    /// Number of dimensions p; None before the first embedding.
    #[getter]
    fn dim(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        locked(py, &self.0, |moments| Ok(moments.dim()))
    }

    /// Number of embeddings of all classes.
    #[getter]
    fn instances(&self, py: Python<'_>) -> PyResult<u64> {
        locked(py, &self.0, |moments| Ok(moments.instances()))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let flat = locked(py, &slf.get().0, |moments| Ok(moments.to_flat()))?;
        (py.get_type::<Moments>(), PyTuple::empty(py), kept::dict(flat, py)?).into_pyobject(py)
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let flat = kept::read(state)?;
        locked(py, &self.0, |moments| {
            *moments = ClassMoments::from_flat(flat)?.ok_or_else(kept::foreign)?;
            Ok(())
        })
    }
}
