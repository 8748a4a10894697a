//! `.npz` files: named npy arrays in a zip archive, stored or deflated.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::element::{Element, Sink};
use super::npy::{self, Array, Matrix};
use super::table::list;
use crate::error::{Error, Result};

/// A matrix of embeddings in an `.npz` file.
#[derive(Debug)]
pub struct NpzFile {
    path: PathBuf,
    name: String,
    /// What it holds.
    pub matrix: Matrix,
}

impl NpzFile {
    /// Reads and checks the header of the array `name` alone.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such matrix of floats.
    pub fn open(path: &Path, name: &str) -> Result<NpzFile> {
        let matrix = with_array(path, name, |entry| {
            let bytes = entry.size();
            let array = Array::parse(entry)?;
            let bytes = bytes.saturating_sub(array.start);
            Matrix::new(array, bytes)
        })?
        .map_err(|problem| Error::content(path, format!("array {name:?} {problem}")))?;
        Ok(NpzFile { path: path.to_owned(), name: name.into(), matrix })
    }

    /// Hands out blocks of `rows` rows until `sink` declines.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        with_array(&self.path, &self.name, |entry| {
            if self.matrix.fortran {
                // Columns need seeking, which a zip entry has not: unpack it to an unnamed file.
                let mut file = tempfile::tempfile()?;
                io::copy(entry, &mut file)?;
                self.matrix.read_columns(&mut file, rows, sink)
            } else {
                io::copy(&mut entry.take(self.matrix.start), &mut io::sink())?;
                self.matrix.read_rows(entry, rows, sink)
            }
        })?
        .map_err(|error| npy::failed(&self.path, error))
    }
}

/// Opens the array `name` of an `.npz` file.
///
/// # Errors
/// If there is none; says which there are.
pub fn with_array<R>(
    path: &Path,
    name: &str,
    read: impl FnOnce(&mut ZipFile<BufReader<File>>) -> R,
) -> Result<R> {
    let file = File::open(path).map_err(Error::read(path))?;
    let bad = |error| Error::content(path, format!("is not a readable npz file: {error}"));
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(bad)?;
    let entry = format!("{name}.npy");
    if archive.index_for_name(&entry).is_none() {
        let names: Vec<_> =
            archive.file_names().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
        return Err(Error::content(
            path,
            format!("has no array {name:?}; it has {}", list(&names)),
        ));
    }
    let mut entry = archive.by_name(&entry).map_err(bad)?;
    Ok(read(&mut entry))
}
