//! Matrices and vectors other than embeddings: a classifier's weights and bias, margins.

use std::io::Read;
use std::path::Path;

use ndarray::Array2;

use super::embeddings::Dump;
use super::float::Float;
use super::shards::extension;
use super::stored_array::{Array, Found};
use super::{file, npy, npz, safetensors, torch};
use crate::error::{Error, Result};
use crate::rows::Rows as _;
use crate::words::list;

/// What a matrix and a vector are called where a file has more than one: `torch.nn.Linear` names them so.
const MATRICES: [&str; 4] = ["weight", "weights", "embeddings", "embedding"];
const VECTORS: [&str; 1] = ["bias"];

/// A matrix in any file of embeddings, before its numbers are read. Of several arrays or tensors it is the one
/// that is called `weight` or `weights`, as in a layer's state dict.
///
/// # Errors
/// If the file cannot be used, or it is in doubt which is meant.
pub fn open(path: &Path) -> Result<Dump> {
    Dump::open(&[path.to_owned()], named(path, &MATRICES)?.as_deref())
}

/// Its numbers, all finite.
///
/// # Errors
/// If they cannot be read.
pub fn read(path: &Path, matrix: &Dump) -> Result<Array2<f64>> {
    let mut values = Vec::new();
    matrix.read(matrix.rows(), &mut |block: &mut Vec<f64>| {
        values.append(block);
        true
    })?;
    Array2::from_shape_vec((matrix.rows(), matrix.dim()), values)
        .map_err(|error| Error::content(path, error))
}

/// The numbers of an array of one axis, or of several of which one alone is longer than 1. Of several arrays or
/// tensors it is the one that is called `bias`.
///
/// # Errors
/// If it is none of that, or a number is not finite; if it is in doubt which is meant.
pub fn vector(path: &Path) -> Result<Vec<f64>> {
    let name = named(path, &VECTORS)?;
    let names = name.as_deref().unwrap_or_default();
    let of_tensor = |found: Found| {
        let mut data = found.reader.take(found.bytes);
        numbers(path, &mut data, &found.array, found.bytes)
    };
    match extension(path).as_str() {
        "npz" => npz::with_array(path, &[names], "one array", |_, entry| {
            let bytes = entry.size();
            let array = Array::parse(entry).map_err(|problem| Error::content(path, problem))?;
            let bytes = bytes.saturating_sub(array.start);
            numbers(path, entry, &array, bytes)
        })?,
        "safetensors" => of_tensor(safetensors::open(path, &[names], "one tensor")?),
        "pt" | "pth" => of_tensor(torch::open(path, &[names], name.is_some(), "one tensor")?),
        _ => {
            let (mut reader, array, bytes) = npy::open(path)?;
            numbers(path, &mut reader, &array, bytes)
        }
    }
}

/// The numbers of an array with so many bytes of data.
fn numbers(path: &Path, data: &mut dyn Read, array: &Array, bytes: u64) -> Result<Vec<f64>> {
    let wrong = |problem: String| Error::content(path, problem);
    if array.shape.iter().filter(|&&axis| axis != 1).count() > 1 {
        return Err(wrong(format!("holds numbers along {} axes: give one", array.shape.len())));
    }
    let float = Float::parse(&array.descr)
        .ok_or_else(|| wrong(format!("holds {}, not floating-point numbers", array.descr)))?;
    array.check_length(float.width, bytes).map_err(wrong)?;
    let mut raw = Vec::new();
    data.read_to_end(&mut raw).map_err(|error| file::failed(path, error))?;
    let mut values = Vec::with_capacity(raw.len() / float.width);
    float.decode(&raw, &mut values);
    match values.iter().position(|value: &f64| !value.is_finite()) {
        Some(at) => Err(wrong(format!("number {at} (from 0) is NaN or infinite"))),
        None => Ok(values),
    }
}

/// The name of the array or tensor that is meant: the only one, or else the first of the `usual` names; none if
/// it has no name.
fn named(path: &Path, usual: &[&str]) -> Result<Option<String>> {
    let there = match extension(path).as_str() {
        "npz" => npz::names(path)?,
        "safetensors" => safetensors::names(path)?,
        "pt" | "pth" => match torch::names(path)? {
            Some(names) => names,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    if let [only] = &there[..] {
        return Ok(Some(only.clone()));
    }
    match usual.iter().find(|usual| there.iter().any(|name| name == *usual)) {
        Some(usual) => Ok(Some((*usual).to_owned())),
        None => {
            let problem = format!(
                "holds {}, and none is called {}: save the one that you mean in its own file",
                list(&there),
                usual[0]
            );
            Err(Error::content(path, problem))
        }
    }
}
