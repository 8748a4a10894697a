//! `queue_size`: what storing the covariances of an epoch takes.

use igam_analyze::error::Result;
use igam_analyze::input::datasets::Population;
use igam_analyze::storage::Shape;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::numbers;
use crate::work::released;

/// What it takes to store the covariances of an epoch, by strategy (Eq. 9–10, Listing 2).
///
/// Parameters
/// ----------
/// instances : N; or m of each class, which the hybrid store's size depends on
/// dim : p
/// classes : C, where `instances` is N
/// bytes_per_value : 2, 4 or 8
///
/// Returns
/// -------
/// dict of columns, a value a strategy: "strategy" (a list of str: "original", "paper-grid", "paper",
///     "running", "hybrid"), "queue_length" (d), "ratio" (R), "mib", "saving" (1−R). NaN where there is
///     none
///
/// Raises
/// ------
/// ValueError : if a number is 0, or the stores are too large to be counted
#[pyfunction]
#[pyo3(signature = (instances, dim, classes=None, bytes_per_value=4))]
pub fn queue_size<'py>(
    instances: &Bound<'py, PyAny>,
    dim: u64,
    classes: Option<u64>,
    bytes_per_value: u64,
) -> PyResult<Bound<'py, PyDict>> {
    let py = instances.py();
    if ![2, 4, 8].contains(&bytes_per_value) {
        let problem = format!("bytes_per_value {bytes_per_value} is none of 2, 4, 8");
        return Err(PyValueError::new_err(problem));
    }
    let counts = if instances.is_instance_of::<pyo3::types::PyInt>() {
        None
    } else {
        Some(instances.call_method0("tolist").unwrap_or(instances.clone()).extract::<Vec<u64>>()?)
    };
    let population = match (counts, classes) {
        (None, Some(classes)) => {
            Population { instances: instances.extract()?, classes, counts: None }
        }
        (Some(counts), None) => released(py, || Population::of(counts))?,
        (None, None) => {
            return Err(PyTypeError::new_err("give classes, or the instances of each class"));
        }
        (Some(_), Some(_)) => {
            let problem = "give the instances of each class, or classes, not both";
            return Err(PyTypeError::new_err(problem));
        }
    };
    let compute = || -> Result<_> {
        let Population { instances, classes, counts } = population;
        let shape = Shape::new(instances, dim, classes)?;
        Ok((shape, shape.stores(counts.as_deref())))
    };
    let (shape, stores) = released(py, compute)?;
    let column =
        |of: &dyn Fn(f64) -> f64| numbers(py, stores.iter().map(|store| store.values.map(of)));
    let lengths = stores.iter().map(|store| store.queue_length.map(|length| length as f64));
    let names: Vec<_> = stores.iter().map(|store| store.strategy.name()).collect();
    let mib = |values: f64| values * bytes_per_value as f64 / (1 << 20) as f64;
    let dict = PyDict::new(py);
    dict.set_item("strategy", names)?;
    dict.set_item("queue_length", numbers(py, lengths))?;
    dict.set_item("ratio", column(&|values| shape.ratio(values)))?;
    dict.set_item("mib", column(&mib))?;
    dict.set_item("saving", column(&|values| 1.0 - shape.ratio(values)))?;
    Ok(dict)
}
