//! `Moments` in a pickle: plain numbers in few large arrays.

use igam_analyze::class_moments::{Flat, FlatRows};
use igam_analyze::digest::Digest;
use igam_analyze::error::Error;
use numpy::{Element, IntoPyArray, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::choices::precision;
use crate::work::exception;

/// As Python has them.
pub fn dict(flat: Flat, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("precision", flat.precision.name())?;
    dict.set_item("dim", flat.dim)?;
    dict.set_item("fixed", flat.fixed)?;
    dict.set_item("class_id", flat.ids)?;
    dict.set_item("class", flat.names)?;
    dict.set_item("instances", flat.counts.into_pyarray(py))?;
    dict.set_item("folded", flat.folded.into_pyarray(py))?;
    match flat.rows {
        FlatRows::Single(rows) => dict.set_item("rows", rows.into_pyarray(py))?,
        FlatRows::Double(rows) => dict.set_item("rows", rows.into_pyarray(py))?,
    }
    dict.set_item("moments", flat.moments.into_pyarray(py))?;
    dict.set_item("sources", flat.sources)?;
    dict.set_item("pushed", flat.pushed.map(|digest| digest.to_string()))?;
    Ok(dict)
}

/// From there.
pub fn read(dict: &Bound<'_, PyDict>) -> PyResult<Flat> {
    let item = |name| dict.as_any().get_item(name);
    let rows = item("rows")?;
    let rows = match array::<f32>(&rows) {
        Ok(rows) => FlatRows::Single(rows),
        Err(_) => FlatRows::Double(array(&rows)?),
    };
    let pushed: Option<String> = item("pushed")?.extract()?;
    let digest = |text: String| u128::from_str_radix(&text, 16).map(Digest);
    let pushed = pushed.map(digest).transpose().map_err(|_| exception(foreign()))?;
    Ok(Flat {
        precision: precision(&item("precision")?.extract::<String>()?)?,
        dim: item("dim")?.extract()?,
        fixed: item("fixed")?.extract()?,
        ids: item("class_id")?.extract()?,
        names: item("class")?.extract()?,
        counts: array(&item("instances")?)?,
        folded: array(&item("folded")?)?,
        rows,
        moments: array(&item("moments")?)?,
        sources: item("sources")?.extract()?,
        pushed,
    })
}

/// That a pickle is of something else.
pub fn foreign() -> Error {
    Error::Input("this pickle holds no moments, or is damaged".into())
}

fn array<T: Element>(object: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    Ok(object.extract::<PyReadonlyArray1<T>>()?.to_vec()?)
}
