//! Choices by name, as on the command line.

use bytesize::ByteSize;
use igam_analyze::groups::Grouping;
use igam_analyze::kernel::product::Precision;
use igam_analyze::recognition::BackgroundRow;
use igam_analyze::shrinkage::Estimator;
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// One estimator, or several.
pub enum Estimators {
    One(Estimator),
    Several(Vec<Estimator>),
}

impl Estimators {
    /// Of a name, of "all", or of several names.
    pub fn of(object: &Bound<'_, PyAny>) -> PyResult<Estimators> {
        if object.is_instance_of::<PyString>() {
            let name: String = object.extract()?;
            return match name.as_str() {
                "all" => Ok(Estimators::Several(Estimator::ALL.to_vec())),
                name => estimator(name).map(Estimators::One),
            };
        }
        let names: Vec<String> = object
            .extract()
            .map_err(|_| PyTypeError::new_err("estimator is neither a name nor a list of names"))?;
        let mut several = Vec::new();
        for name in &names {
            let estimator = estimator(name)?;
            if several.contains(&estimator) {
                return Err(PyValueError::new_err(format!("estimator {name:?} is given twice")));
            }
            several.push(estimator);
        }
        if several.is_empty() {
            return Err(PyValueError::new_err("estimator has no name"));
        }
        Ok(Estimators::Several(several))
    }

    /// All of them.
    pub fn all(&self) -> &[Estimator] {
        match self {
            Estimators::One(one) => std::slice::from_ref(one),
            Estimators::Several(several) => several,
        }
    }
}

/// The estimator of this name.
pub fn estimator(name: &str) -> PyResult<Estimator> {
    one_of("estimator", Estimator::ALL, |estimator| estimator.name(), name)
}

/// The precision of this name.
pub fn precision(name: &str) -> PyResult<Precision> {
    one_of("precision", &[Precision::Double, Precision::Single], Precision::name, name)
}

/// The background's row of this name or number.
pub fn background_row(row: &Bound<'_, PyAny>) -> PyResult<BackgroundRow> {
    let text: String = row.str()?.extract()?;
    text.parse().map_err(|problem| PyValueError::new_err(format!("background_row {problem}")))
}

/// An amount of memory: bytes, or a text such as "64MiB".
pub fn bytes(what: &str, amount: &Bound<'_, PyAny>) -> PyResult<u64> {
    if let Ok(bytes) = amount.extract::<u64>() {
        return Ok(bytes);
    }
    let text: String = amount.str()?.extract()?;
    let size: Result<ByteSize, _> = text.parse();
    size.map(|size| size.as_u64()).map_err(|_| {
        PyValueError::new_err(format!("{what} {text:?} is not a size, such as \"64MiB\""))
    })
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
        PyValueError::new_err(format!("{what} {name:?} is not one of {}", names.join(", ")))
    })
}

/// The same of a name that may be missing.
pub fn one_of_if<T: Copy>(
    what: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    name: Option<&str>,
) -> PyResult<Option<T>> {
    name.map(|name| one_of(what, all, name_of, name)).transpose()
}

/// What classes are grouped by.
pub fn grouping(groups: &Bound<'_, PyAny>) -> PyResult<Grouping> {
    let text = match groups.extract::<String>() {
        Ok(text) => text,
        Err(_) => {
            let cuts = groups.try_iter()?.map(|cut| cut?.str()?.extract::<String>());
            cuts.collect::<PyResult<Vec<_>>>()?.join(",")
        }
    };
    text.parse().map_err(|error| PyValueError::new_err(format!("groups: {error}")))
}

/// That there is no such thing in a result.
pub fn none(what: &str, name: &str, names: &[&str]) -> PyErr {
    PyKeyError::new_err(format!("there is no {what} {name:?}; there are {}", names.join(", ")))
}
