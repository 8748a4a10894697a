//! `.safetensors` files: the length of a JSON header, the header, and the tensors in C order. A tensor
//! is then read as an npy array is.
//!
//! Follows `safetensors/src/tensor.rs` of huggingface/safetensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::file;
use super::stored_array::{Array, Found};
use crate::error::{Error, Result};

/// Longest header, as safetensors' own limit.
const LONGEST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// Opens the first of the tensors `names` that there is.
///
/// # Errors
/// If the file cannot be read or is damaged, or has none of these; says which there are, and which
/// `option` chooses among them.
pub fn open(path: &Path, names: &[&str], option: &str) -> Result<Found> {
    let bad = |problem: String| Error::content(path, problem);
    let Header { mut reader, start, length, entries } = Header::read(path)?;
    let found = names.iter().find_map(|&name| Some((name, entries.get(name)?)));
    let Some((name, entry)) = found else {
        let there = tensors(&entries);
        return Err(bad(file::absent("tensor", names[0], &there, option)));
    };
    let tensor: Tensor =
        serde_json::from_value(entry.clone()).map_err(|error| bad(damaged(&error)))?;
    let [from, to] = tensor.data_offsets;
    if from > to || to > length - start {
        return Err(bad(format!(
            "is cut off: tensor {name:?} is at bytes {from} to {to} of {} bytes of data",
            length - start
        )));
    }
    reader.seek(SeekFrom::Start(start + from)).map_err(Error::read(path))?;
    let array = Array {
        shape: tensor.shape,
        fortran: false,
        descr: descr(&tensor.dtype).into(),
        start: start + from,
    };
    Ok(Found { name: name.into(), reader, array, bytes: to - from })
}

/// The names of the tensors in a file.
///
/// # Errors
/// If it cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>> {
    Ok(tensors(&Header::read(path)?.entries))
}

fn tensors(entries: &BTreeMap<String, Value>) -> Vec<String> {
    entries.keys().filter(|name| *name != "__metadata__").cloned().collect()
}

fn damaged(error: &serde_json::Error) -> String {
    format!("has a bad safetensors header: {error}")
}

/// What a file begins with.
struct Header {
    reader: BufReader<File>,
    /// Where the data begin, and bytes of the file.
    start: u64,
    length: u64,
    entries: BTreeMap<String, Value>,
}

impl Header {
    fn read(path: &Path) -> Result<Header> {
        let bad = |problem: String| Error::content(path, problem);
        let (file, length) = file::open(path)?;
        let mut reader = BufReader::new(file);
        let mut prefix = [0; 8];
        reader
            .read_exact(&mut prefix)
            .map_err(|_| bad("is not a safetensors file: it is too short".into()))?;
        let header = u64::from_le_bytes(prefix);
        if header > LONGEST_HEADER || header > length - 8 {
            return Err(bad(format!(
                "is not a safetensors file, or cut off: it claims a header of {header} bytes"
            )));
        }
        let mut text = Vec::new();
        reader.by_ref().take(header).read_to_end(&mut text).map_err(Error::read(path))?;
        let entries: BTreeMap<String, Value> =
            serde_json::from_slice(&text).map_err(|error| bad(damaged(&error)))?;
        Ok(Header { reader, start: 8 + header, length, entries })
    }
}

/// NumPy's description of an element type; of one that NumPy has not, its own name.
fn descr(dtype: &str) -> &str {
    match dtype {
        "F16" => "<f2",
        "F32" => "<f4",
        "F64" => "<f8",
        "I8" => "|i1",
        "I16" => "<i2",
        "I32" => "<i4",
        "I64" => "<i8",
        "U8" => "|u1",
        "U16" => "<u2",
        "U32" => "<u4",
        "U64" => "<u8",
        other => other,
    }
}
