//! `Moments`: the covariance of each class, batch by batch (Eq. 7–8).

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

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
use crate::pickle;
use crate::work::{exception, locked, released};

/// Moments of each class's embeddings: count, mean and scatter (Eq. 7), merged by Eq. 8.
///
/// The dynamic update of covariances of §3.3.1, without a queue. A class stores up to p embeddings, then
/// only mean and scatter: at most about C·p²/2 numbers for any number of embeddings. Several threads may
/// use one object; it can be pickled.
///
/// Parameters
/// ----------
/// precision : {"f64", "f32"}
///     f32 is faster, and accurate to about six digits.
/// class_names : sequence, mapping or path, optional
///     As for `information()`; other labels are refused. By default, the classes are those of the labels.
///
/// Attributes
/// ----------
/// dim : int or None
///     Number of dimensions p; None before the first embedding.
/// instances : int
///     Number of embeddings in all classes.
///
/// Examples
/// --------
/// >>> moments = igam_analyze.Moments(class_names=["bolt", "nut", "key"])
/// >>> for x, y in batches:
/// ...     moments.push(x, y)
/// >>> igam_analyze.correlate(moments, ap=metric.compute()).verdict
#[pyclass(frozen, module = "igam_analyze")]
pub struct Moments(Mutex<Arc<ClassMoments>>);

impl Moments {
    fn of(moments: ClassMoments) -> Moments {
        Moments(Mutex::new(Arc::new(moments)))
    }

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
        Ok(Moments::of(moments))
    }

    /// Adds a batch, which may be empty. If it raises, nothing has changed.
    ///
    /// Parameters
    /// ----------
    /// embeddings : array_like
    ///     (n, p), float16, float32 or float64.
    /// labels : array_like
    ///     (n,) integers, or class names.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the arrays do not fit together or to earlier ones, a value is NaN or infinite, or a label is
    ///     not a class.
    ///
    /// Examples
    /// --------
    /// >>> moments.push(features.detach().cpu(), labels.cpu())
    fn push(
        &self,
        py: Python<'_>,
        embeddings: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let embeddings = Embeddings::of(embeddings)?;
        let labels = arrays::labels(labels)?;
        let values = embeddings.values();
        locked(py, &self.0, |moments| {
            Arc::make_mut(moments).push(&Array::new(values, &[])?, &labels)
        })
    }

    /// Adds the embeddings of another object, which does not change (Eq. 8).
    ///
    /// Parameters
    /// ----------
    /// other : Moments
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the two differ in dimension, precision or classes, or hold the same embeddings.
    ///
    /// Examples
    /// --------
    /// >>> whole.merge(pickle.loads(received))
    fn merge(slf: &Bound<'_, Self>, other: &Bound<'_, Self>) -> PyResult<()> {
        if slf.is(other) {
            return Err(PyValueError::new_err("moments cannot be merged with themselves"));
        }
        // One lock at a time: somebody else may merge them the other way round. Theirs are not copied.
        let theirs = locked(slf.py(), &other.get().0, |theirs| Ok(theirs.clone()))?;
        locked(slf.py(), &slf.get().0, |ours| Arc::make_mut(ours).merge(&theirs))
    }

    /// Information amount of each class so far.
    ///
    /// Parameters
    /// ----------
    /// estimator : str or sequence of str
    ///     As for `information()`.
    ///
    /// Returns
    /// -------
    /// Amounts
    ///     A list of them for several estimators.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the embeddings of a class are so large that its covariance overflows.
    ///
    /// Warns
    /// -----
    /// IgamWarning
    ///     As `information()`.
    ///
    /// Examples
    /// --------
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

    /// Writes a moments file (`docs/moments.md`) for `igam-analyze merge` and `--moments`.
    ///
    /// Parameters
    /// ----------
    /// path : str or os.PathLike
    ///
    /// Raises
    /// ------
    /// OSError
    ///     If it cannot be written.
    /// ValueError
    ///     If nothing was pushed, or the covariance of a class overflows.
    ///
    /// Examples
    /// --------
    /// >>> moments.save("moments.parquet")
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        locked(py, &self.0, |moments| moments_file::save(&path, moments))
    }

    /// Reads a moments file; or a directory or glob of several, merged.
    ///
    /// Parameters
    /// ----------
    /// path : str or os.PathLike
    ///
    /// Returns
    /// -------
    /// Moments
    ///
    /// Raises
    /// ------
    /// OSError
    ///     If it cannot be read.
    /// ValueError
    ///     If it is not a moments file, or two cannot be merged.
    ///
    /// Examples
    /// --------
    /// >>> igam_analyze.Moments.load("moments.parquet").instances
    #[classmethod]
    fn load(_: &Bound<'_, PyType>, py: Python<'_>, path: PathBuf) -> PyResult<Moments> {
        let moments = released(py, || moments_file::load(&[path]))?;
        Ok(Moments::of(moments))
    }

    /// Number of dimensions p; None before the first embedding.
    #[getter]
    fn dim(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        locked(py, &self.0, |moments| Ok(moments.dim()))
    }

    /// Number of embeddings in all classes.
    #[getter]
    fn instances(&self, py: Python<'_>) -> PyResult<u64> {
        locked(py, &self.0, |moments| Ok(moments.instances()))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let flat = locked(py, &slf.get().0, |moments| Ok(moments.to_flat()))?;
        (py.get_type::<Moments>(), PyTuple::empty(py), pickle::dict(flat, py)?).into_pyobject(py)
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let arrays = pickle::Arrays::of(state)?;
        let flat = pickle::read(state, &arrays)?;
        locked(py, &self.0, |moments| {
            *moments = ClassMoments::from_flat(flat)?.ok_or_else(pickle::foreign)?.into();
            Ok(())
        })
    }
}
