//! Matrices and vectors of numbers that are no embeddings: a classifier's weights and bias, margins.

use std::io::Read;
use std::path::Path;

use ndarray::Array2;

use super::embeddings::Dump;
use super::file;
use super::float::Float;
use super::npy;
use crate::error::{Error, Result};
use crate::rows::Rows as _;

/// A matrix in any file of embeddings, before its numbers are read.
///
/// # Errors
/// If the file cannot be used.
pub fn open(path: &Path) -> Result<Dump> {
    Dump::open(&[path.to_owned()], None)
}

/// Its numbers, all finite.
///
/// # Errors
/// If they cannot be read.
pub fn read(path: &Path, matrix: &Dump) -> Result<Array2<f64>> {
    let mut values = Vec::new();
    matrix.read(matrix.rows(), &mut |block: Vec<f64>| {
        values.extend(block);
        true
    })?;
    Array2::from_shape_vec((matrix.rows(), matrix.dim()), values)
        .map_err(|error| Error::content(path, error))
}

/// The numbers of an `.npy` file of one axis, or of several of which one alone is longer than 1.
///
/// # Errors
/// If it is none of that, or a number is not finite.
pub fn vector(path: &Path) -> Result<Vec<f64>> {
    let wrong = |problem: String| Error::content(path, problem);
    let (mut reader, array, bytes) = npy::open(path)?;
    if array.shape.iter().filter(|&&axis| axis != 1).count() > 1 {
        return Err(wrong(format!("holds numbers along {} axes: give one", array.shape.len())));
    }
    let float = Float::parse(&array.descr)
        .ok_or_else(|| wrong(format!("holds {}, not floating-point numbers", array.descr)))?;
    array.check_length(float.width, bytes).map_err(wrong)?;
    let mut raw = Vec::new();
    reader.read_to_end(&mut raw).map_err(|error| file::failed(path, error))?;
    let mut values = Vec::with_capacity(raw.len() / float.width);
    float.decode(&raw, &mut values);
    match values.iter().position(|value: &f64| !value.is_finite()) {
        Some(at) => Err(wrong(format!("number {at} (from 0) is NaN or infinite"))),
        None => Ok(values),
    }
}
