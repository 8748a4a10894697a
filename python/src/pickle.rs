//! `Moments` in a pickle: plain numbers in few large arrays.

use igam_analyze::class_moments::{Flat, FlatRows};
use igam_analyze::digest::Digest;
use igam_analyze::error::Error;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::choices::precision;
use crate::work::exception;

/// As Python has them.
pub fn dict<'py>(flat: Flat<'_>, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("precision", flat.precision.name())?;
    dict.set_item("dim", flat.dim)?;
    dict.set_item("fixed", flat.fixed)?;
    dict.set_item("class_id", flat.ids)?;
    dict.set_item("class", flat.names)?;
    dict.set_item("instances", flat.counts.into_pyarray(py))?;
    dict.set_item("folded", flat.folded.into_pyarray(py))?;
    match flat.rows {
        FlatRows::Single(rows) => dict.set_item("rows", rows.into_owned().into_pyarray(py))?,
        FlatRows::Double(rows) => dict.set_item("rows", rows.into_owned().into_pyarray(py))?,
    }
    dict.set_item("moments", flat.moments.into_owned().into_pyarray(py))?;
    dict.set_item("sources", flat.sources)?;
    dict.set_item("pushed", flat.pushed.map(|digest| digest.to_string()))?;
    Ok(dict)
}

/// The large arrays, borrowed: Ray shows a worker those in memory that all workers of a machine share.
pub struct Arrays<'py> {
    rows: Rows<'py>,
    moments: PyReadonlyArray1<'py, f64>,
}

enum Rows<'py> {
    Single(PyReadonlyArray1<'py, f32>),
    Double(PyReadonlyArray1<'py, f64>),
}

impl<'py> Arrays<'py> {
    /// Those in the pickle.
    pub fn of(dict: &Bound<'py, PyDict>) -> PyResult<Arrays<'py>> {
        let rows = dict.as_any().get_item("rows")?;
        let rows = match rows.extract() {
            Ok(rows) => Rows::Single(rows),
            Err(_) => Rows::Double(rows.extract()?),
        };
        Ok(Arrays { rows, moments: dict.as_any().get_item("moments")?.extract()? })
    }
}

/// From there.
pub fn read<'a>(dict: &Bound<'_, PyDict>, arrays: &'a Arrays<'_>) -> PyResult<Flat<'a>> {
    let item = |name| dict.as_any().get_item(name);
    let pushed: Option<String> = item("pushed")?.extract()?;
    let digest = |text: String| u128::from_str_radix(&text, 16).map(Digest);
    let pushed = pushed.map(digest).transpose().map_err(|_| exception(foreign()))?;
    Ok(Flat {
        precision: precision(&item("precision")?.extract::<String>()?)?,
        dim: item("dim")?.extract()?,
        fixed: item("fixed")?.extract()?,
        ids: item("class_id")?.extract()?,
        names: item("class")?.extract()?,
        counts: item("instances")?.extract::<PyReadonlyArray1<u64>>()?.as_slice()?.to_vec(),
        folded: item("folded")?.extract::<PyReadonlyArray1<bool>>()?.as_slice()?.to_vec(),
        rows: match &arrays.rows {
            Rows::Single(rows) => FlatRows::Single(rows.as_slice()?.into()),
            Rows::Double(rows) => FlatRows::Double(rows.as_slice()?.into()),
        },
        moments: arrays.moments.as_slice()?.into(),
        sources: item("sources")?.extract()?,
        pushed,
    })
}

/// That a pickle is of something else.
pub fn foreign() -> Error {
    Error::Input("this pickle holds no moments, or is damaged".into())
}
