//! `.npy` files of embeddings, and whatever lies in a file as such an array does: blocks of rows in C or
//! Fortran order, and single rows.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::file;
use super::stored_array::{Array, Found, Matrix};
use crate::error::{Error, Result};
use crate::rows::{Element, Sink};

/// An `.npy` file of embeddings, or a tensor that lies in a file as such an array does.
#[derive(Clone, Debug)]
pub struct NpyFile {
    path: PathBuf,
    /// What it holds.
    pub matrix: Matrix,
}

impl NpyFile {
    /// Reads and checks the header alone.
    ///
    /// # Errors
    /// If the file cannot be read or is not an npy matrix of floats.
    pub fn open(path: &Path) -> Result<NpyFile> {
        let (_, array, bytes) = open(path)?;
        let matrix = Matrix::new(array, bytes).map_err(|problem| Error::content(path, problem))?;
        Ok(NpyFile { path: path.to_owned(), matrix })
    }

    /// A tensor that lies in a file as an array does in an `.npy` file.
    ///
    /// # Errors
    /// If it is no matrix of floats.
    pub fn of(path: &Path, found: Found) -> Result<NpyFile> {
        let Found { name, array, bytes, .. } = found;
        let matrix = Matrix::new(array, bytes).map_err(|problem| {
            Error::content(path, format!("{}{problem}", Found::called("tensor", &name)))
        })?;
        Ok(NpyFile { path: path.to_owned(), matrix })
    }

    /// Hands out blocks of `rows` rows until `sink` declines.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let (mut file, _) = file::open(&self.path)?;
        let done = if self.matrix.fortran {
            self.matrix.read_columns(&mut file, rows, sink)
        } else {
            file.seek(SeekFrom::Start(self.matrix.start))
                .and_then(|_| self.matrix.read_rows(&mut file, rows, sink))
        };
        done.map_err(|error| file::failed(&self.path, error))
    }

    /// Opens the file for single rows; none if it is in Fortran order, where a row is nowhere whole.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn single_rows(&self) -> Result<Option<NpyRows<'_>>> {
        if self.matrix.fortran {
            return Ok(None);
        }
        Ok(Some(NpyRows { of: self, file: file::open(&self.path)?.0, bytes: Vec::new() }))
    }
}

/// Reads single rows of an `.npy` file in C order.
pub struct NpyRows<'a> {
    of: &'a NpyFile,
    file: File,
    bytes: Vec<u8>,
}

impl NpyRows<'_> {
    /// Puts the values of a row into `row`.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(&mut self, at: usize, row: &mut Vec<T>) -> Result<()> {
        let Matrix { dim, float, start, .. } = self.of.matrix;
        let start = start + at as u64 * (dim * float.width) as u64;
        let read = |bytes: &mut [u8]| file::read_at(&mut self.file, bytes, start);
        let done = float.read(dim, row, &mut self.bytes, read);
        done.map_err(|error| file::failed(&self.of.path, error))
    }
}

/// Opens an `.npy` file: a reader at its data, its header, and how many bytes of data follow.
///
/// # Errors
/// If the file cannot be read or has no valid header.
pub fn open(path: &Path) -> Result<(BufReader<File>, Array, u64)> {
    let (file, length) = file::open(path)?;
    let mut reader = BufReader::new(file);
    let array = Array::parse(&mut reader).map_err(|problem| Error::content(path, problem))?;
    let bytes = length.saturating_sub(array.start);
    Ok((reader, array, bytes))
}
