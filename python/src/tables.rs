//! Tables for Python: dicts of columns, with the name of their csv file.

use igam_analyze::output::page::{Part, fragment};
use igam_analyze::output::{Cell, Table};
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{IntoPyObjectExt, intern};

/// Columns that hold words, in whatever rows there are.
const WORDS: [&str; 30] = [
    "ap_scale",
    "backbone",
    "came",
    "came_words",
    "class",
    "closest_1",
    "closest_2",
    "closest_3",
    "covariates",
    "dataset",
    "estimator",
    "finding",
    "fits",
    "gain_most",
    "group",
    "influential_class",
    "kind",
    "lose_most",
    "loss",
    "normalization",
    "over",
    "part",
    "reasons",
    "run",
    "stayed",
    "strategy",
    "taken_for",
    "verdict",
    "went",
    "went_words",
];
/// Columns that hold true, false or nothing, in whatever rows there are.
const FLAGS: [&str; 3] = ["ap_shows", "flagged", "recall_shows"];

/// The cells of a table: what its dict was made of.
#[pyclass(frozen, module = "igam_analyze._igam_analyze")]
pub struct _Cells(Cells);

enum Cells {
    Table(Table),
    /// What a pickle keeps of them.
    Written {
        csv: String,
        html: String,
    },
}

#[pymethods]
impl _Cells {
    #[new]
    fn new(csv: String, html: String) -> _Cells {
        _Cells(Cells::Written { csv, html })
    }

    /// The bytes of the file.
    fn csv(&self) -> String {
        match &self.0 {
            Cells::Table(table) => table.csv(),
            Cells::Written { csv, .. } => csv.clone(),
        }
    }

    /// The table in a notebook.
    fn html(&self) -> String {
        match &self.0 {
            Cells::Table(table) => fragment(&[Part::Table(table.clone())]),
            Cells::Written { html, .. } => html.clone(),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let cells = slf.get();
        (slf.get_type(), (cells.csv(), cells.html())).into_pyobject(slf.py())
    }
}

/// A class of the package's results.
pub fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "igam_analyze._results"))?.getattr(name)
}

/// A table as `igam_analyze.Table`.
pub fn table<'py>(py: Python<'py>, table: Table) -> PyResult<Bound<'py, PyAny>> {
    let columns = columns(py, &table)?;
    table_of(py, "Table", columns, table)
}

/// These columns as a `class` of tables, whose file is `table`.
pub fn table_of<'py>(
    py: Python<'py>,
    class: &str,
    columns: Bound<'py, PyDict>,
    table: Table,
) -> PyResult<Bound<'py, PyAny>> {
    let object = self::class(py, class)?.call1((columns,))?;
    object.setattr(intern!(py, "_cells"), _Cells(Cells::Table(table)))?;
    Ok(object)
}

/// The columns: whole numbers, numbers with NaN where there is none, words, or true and false.
pub fn columns<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (at, name) in table.columns.iter().enumerate() {
        dict.set_item(name, column(py, name, table.rows.iter().map(|row| &row[at]))?)?;
    }
    Ok(dict)
}

fn column<'py, 'a>(
    py: Python<'py>,
    name: &str,
    cells: impl Iterator<Item = &'a Cell> + Clone,
) -> PyResult<Bound<'py, PyAny>> {
    if WORDS.contains(&name) || cells.clone().any(|cell| matches!(cell, Cell::Text(_))) {
        let word = |cell: &'a Cell| match cell {
            Cell::Text(text) => Some(text.clone()),
            Cell::Missing => None,
            number => Some(number.csv()),
        };
        return cells.map(word).collect::<Vec<_>>().into_bound_py_any(py);
    }
    if FLAGS.contains(&name) {
        let flag = |cell: &Cell| match cell {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        };
        return cells.map(flag).collect::<Vec<_>>().into_bound_py_any(py);
    }
    let whole = |cell: &Cell| match cell {
        Cell::Integer(number) => Some(*number),
        _ => None,
    };
    if let Some(numbers) = cells.clone().map(whole).collect::<Option<Vec<i64>>>() {
        return Ok(numbers.into_pyarray(py).into_any());
    }
    let numbers: Vec<f64> = cells.map(|cell| cell.number().unwrap_or(f64::NAN)).collect();
    Ok(numbers.into_pyarray(py).into_any())
}
