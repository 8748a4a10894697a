//! Warnings, as Python raises them.

use std::ffi::CString;

use igam_analyze::warning::{Warning, Warnings};
use pyo3::prelude::*;

use crate::tables::class;

/// Raises warnings, on the line that called. A function of this module has no frame of its own.
///
/// # Errors
/// If the program makes errors of warnings.
pub fn warn<'a>(py: Python<'_>, warnings: impl IntoIterator<Item = &'a Warning>) -> PyResult<()> {
    raise(py, warnings.into_iter().map(Warning::to_string))
}

/// Raises their sentences.
///
/// # Errors
/// If the program makes errors of warnings.
pub fn raise(py: Python<'_>, sentences: impl IntoIterator<Item = String>) -> PyResult<()> {
    let category = class(py, "IgamWarning")?;
    for sentence in sentences {
        // No sentence has a NUL: names cannot hold one.
        let sentence = CString::new(sentence.replace('\0', " "))?;
        PyErr::warn(py, &category, &sentence, 1)?;
    }
    Ok(())
}

/// Their sentences, where there are so many runs in all.
pub fn sentences(warnings: &Warnings, runs: usize) -> Vec<String> {
    warnings.iter().map(|warning| warning.among(runs)).collect()
}
