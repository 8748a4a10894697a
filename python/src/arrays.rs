//! Embeddings and labels from Python objects.

use half::f16;
use igam_analyze::classes::Labels;
use igam_analyze::rows::Values;
use numpy::{PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;

/// Its name in messages on arrays.
const EMBEDDINGS: &str = "embeddings";

/// Embeddings, borrowed from an array in C order.
pub enum Embeddings<'py> {
    Half(PyReadonlyArray2<'py, f16>),
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
}

impl<'py> Embeddings<'py> {
    /// Of whatever NumPy makes an array of; copied only where it is not in C order, aligned and in this
    /// machine's byte order.
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Embeddings<'py>> {
        let numpy = object.py().import(intern!(object.py(), "numpy"))?;
        let array = numpy.call_method1(intern!(object.py(), "asarray"), (object,))?;
        let dtype = array.getattr(intern!(object.py(), "dtype"))?;
        let native = dtype.call_method1(intern!(object.py(), "newbyteorder"), ("=",))?;
        let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
        if shape.len() != 2 {
            return Err(refused(format!(
                "holds an array of shape {shape:?}: embeddings have two axes"
            )));
        }
        let order = numpy.call_method1(intern!(object.py(), "require"), (array, native, "CA"))?;
        if let Ok(half) = order.extract() {
            Ok(Embeddings::Half(half))
        } else if let Ok(single) = order.extract() {
            Ok(Embeddings::Single(single))
        } else if let Ok(double) = order.extract() {
            Ok(Embeddings::Double(double))
        } else {
            Err(refused(format!("holds elements of type {dtype}: embeddings are f16, f32 or f64")))
        }
    }

    /// Their values, which another thread may read.
    pub fn values(&self) -> Values<'_> {
        match self {
            Embeddings::Half(array) => array.as_array().into(),
            Embeddings::Single(array) => array.as_array().into(),
            Embeddings::Double(array) => array.as_array().into(),
        }
    }
}

fn refused(problem: String) -> PyErr {
    PyValueError::new_err(format!("{EMBEDDINGS}: {problem}"))
}

/// Labels of whatever NumPy makes an array of: integers, whole numbers, or class names.
pub fn labels(object: &Bound<'_, PyAny>) -> PyResult<Labels> {
    numbers_or_names("labels", "class names", object)
}

/// The image of each embedding: integers, whole numbers, or names.
pub fn images(object: &Bound<'_, PyAny>) -> PyResult<Labels> {
    numbers_or_names("images", "names", object)
}

fn numbers_or_names(what: &str, names: &str, object: &Bound<'_, PyAny>) -> PyResult<Labels> {
    let numpy = object.py().import(intern!(object.py(), "numpy"))?;
    let array = numpy.call_method1(intern!(object.py(), "asarray"), (object,))?;
    let dtype = array.getattr(intern!(object.py(), "dtype"))?;
    let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
    let refused = |problem: String| PyValueError::new_err(format!("{what}: {problem}"));
    let wrong = |(row, problem): (usize, String)| refused(format!("row {row}: {problem}"));
    if shape.len() != 1 {
        return Err(refused(format!("holds an array of shape {shape:?}: {what} have one axis")));
    }
    if shape == [0] {
        return Ok(Labels::of_ids([]));
    }
    let list = array.call_method0(intern!(object.py(), "tolist"))?;
    let kind: String = dtype.getattr(intern!(object.py(), "kind"))?.extract()?;
    match kind.as_str() {
        "i" | "u" => match list.extract::<Vec<i64>>() {
            Ok(ids) => Ok(Labels::of_ids(ids)),
            Err(_) => Err(refused("holds a number that is too large".into())),
        },
        "f" => {
            let numbers: Vec<f64> = list.extract()?;
            Labels::of_numbers(numbers.into_iter()).map_err(wrong)
        }
        "U" | "T" | "O" => {
            let Ok(texts) = list.extract::<Vec<String>>() else {
                return Err(refused(format!("holds other things than integers or {names}")));
            };
            Labels::of_names(texts.iter().map(String::as_str)).map_err(wrong)
        }
        _ => {
            Err(refused(format!("holds elements of type {dtype}: {what} are integers or {names}")))
        }
    }
}
