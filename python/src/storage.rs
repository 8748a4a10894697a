//! `queue_size` and `replay`: the memory for the covariances of an epoch.

use igam_analyze::analysis::information::Given;
use igam_analyze::analysis::{Population, Replay, Storage, fits};
use igam_analyze::figure::figure3;
use igam_analyze::output::tables;
use igam_analyze::warning::Warnings;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::arrays::{self, Embeddings};
use crate::choices::bytes;
use crate::figure::Figure;
use crate::information::classes as listed;
use crate::tables::{columns, table, table_of};
use crate::warn::{sentences, warn};
use crate::work::released;

/// What the result says of the data set, which is the caller's own.
const OF_DATA_SET: [&str; 4] = ["dataset", "instances", "dim", "classes"];

/// Storage of the covariances of one epoch, by strategy (Eq. 9–10, Listing 2), as `igam-analyze
/// queue-size`.
///
/// Parameters
/// ----------
/// instances : int or array_like
///     N; or m of each class, which the size of the hybrid strategy needs.
/// dim : int
///     p.
/// classes : int, optional
///     C, where `instances` is N.
/// bytes_per_value : {2, 4, 8}
/// memory_budget : int or str, optional
///     Bytes, or a string such as "64MiB": then the result's `budget` says what fits.
///
/// Returns
/// -------
/// QueueSize
///     A dict of columns, one value per strategy: "strategy" ("original", "paper-grid", "paper", "running",
///     "hybrid"), "queue_length" (d), "ratio" (R), "mib", "saving" (1−R). NaN where there is none.
///
/// Raises
/// ------
/// ValueError
///     If a number is 0, or the storage is too large to be counted.
///
/// Warns
/// -----
/// IgamWarning
///     If the size of a strategy is not known, or the paper's strategy never saves memory.
///
/// Examples
/// --------
/// >>> igam_analyze.queue_size(np.bincount(labels), dim=128)["mib"]
#[pyfunction]
#[pyo3(signature = (instances, dim, classes=None, bytes_per_value=4, *, memory_budget=None))]
pub fn queue_size<'py>(
    instances: &Bound<'py, PyAny>,
    dim: u64,
    classes: Option<u64>,
    bytes_per_value: u64,
    memory_budget: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = instances.py();
    let storage = storage(instances, dim, classes, bytes_per_value)?;
    let budget = memory_budget.map(|budget| bytes("memory_budget", budget)).transpose()?;
    let warnings = storage.warnings();
    warn(py, &warnings)?;
    let all = [storage];
    let cells = tables::storage(&all, bytes_per_value);
    let columns = columns(py, &cells)?;
    OF_DATA_SET.iter().try_for_each(|name| columns.del_item(name))?;
    let object = table_of(py, "QueueSize", columns, cells)?;
    let fit = |budget: u64| table(py, tables::budget(&fits(&all, budget / bytes_per_value)));
    object.setattr("budget", budget.map(fit).transpose()?)?;
    object.setattr("warnings", sentences(&warnings, 1))?;
    object.setattr("_given", (instances, dim, classes, bytes_per_value))?;
    Ok(object)
}

/// Figure 3 of what `queue_size` was given.
#[pyfunction]
pub fn _figure3(
    instances: &Bound<'_, PyAny>,
    dim: u64,
    classes: Option<u64>,
    bytes_per_value: u64,
) -> PyResult<Figure> {
    let storage = storage(instances, dim, classes, bytes_per_value)?;
    let draw = || figure3(&[storage], bytes_per_value);
    Ok(Figure::of("figure3", released(instances.py(), draw)?))
}

fn storage(
    instances: &Bound<'_, PyAny>,
    dim: u64,
    classes: Option<u64>,
    bytes_per_value: u64,
) -> PyResult<Storage> {
    check_bytes(bytes_per_value)?;
    let counts = if instances.is_instance_of::<PyInt>() {
        None
    } else {
        Some(instances.call_method0("tolist").unwrap_or(instances.clone()).extract::<Vec<u64>>()?)
    };
    let number = match (&counts, classes) {
        (None, Some(classes)) => Some((instances.extract()?, classes)),
        (Some(_), None) => None,
        (None, None) => {
            return Err(PyTypeError::new_err("give classes, or the instances of each class"));
        }
        (Some(_), Some(_)) => {
            let problem = "give the instances of each class, or classes, not both";
            return Err(PyTypeError::new_err(problem));
        }
    };
    released(instances.py(), || {
        let population = match number {
            Some((instances, classes)) => Population { instances, classes, counts: None },
            None => Population::of(counts.unwrap_or_default())?,
        };
        Storage::of("", "", dim, population)
    })
}

fn check_bytes(bytes_per_value: u64) -> PyResult<()> {
    if [2, 4, 8].contains(&bytes_per_value) {
        return Ok(());
    }
    let problem = format!("bytes_per_value {bytes_per_value} is not one of 2, 4, 8");
    Err(PyValueError::new_err(problem))
}

/// Replays one epoch through the paper's queue (§3.3.1) and compares it with the direct computation, as
/// `igam-analyze queue-size --replay`.
///
/// Parameters
/// ----------
/// embeddings : array_like
///     (n, p), float16, float32 or float64, in the order in which they come.
/// labels : array_like
///     (n,) integers, or class names.
/// queue_length : int, optional
///     d; by default the best one.
/// class_names : sequence, mapping or path, optional
///     As for `information()`.
/// bytes_per_value : {2, 4, 8}
///
/// Returns
/// -------
/// Table
///     The columns of `replay.csv`: what each strategy held, and how far the information amounts differ.
///
/// Raises
/// ------
/// ValueError
///     If the arrays do not fit together, or this queue length is not possible.
///
/// Examples
/// --------
/// >>> igam_analyze.replay(embeddings, labels)["max_information_difference"]
#[pyfunction]
#[pyo3(signature = (embeddings, labels, queue_length=None, class_names=None, bytes_per_value=4))]
pub fn replay<'py>(
    embeddings: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    queue_length: Option<u64>,
    class_names: Option<&Bound<'py, PyAny>>,
    bytes_per_value: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let py = embeddings.py();
    check_bytes(bytes_per_value)?;
    let embeddings = Embeddings::of(embeddings)?;
    let labels = arrays::labels(labels)?;
    let classes = class_names.map(listed).transpose()?.map(Into::into);
    let values = embeddings.values();
    let given = Given { classes, ..Given::default() };
    let mut warnings = Warnings::default();
    let compute = || Replay::of_array(values, &labels, given, queue_length, &mut warnings);
    let replay = released(py, compute)?;
    warn(py, &warnings)?;
    table(py, tables::replay(&replay, bytes_per_value))
}
