//! A dump of embeddings: one or more shards, read as one sequence of blocks of rows.

use std::path::{Path, PathBuf};

use super::element::{Element, Sink};
use super::npy::NpyFile;
use super::npz::NpzFile;
use super::parquet::ParquetFile;
use super::shards;
use crate::error::{Error, Result};

/// Files of embeddings with the same number of dimensions. Only their headers have been read.
#[derive(Debug)]
pub struct Dump {
    shards: Vec<Shard>,
    dim: usize,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    rows: usize,
    dim: usize,
    /// Whether its elements need f64.
    double: bool,
    file: File,
}

#[derive(Debug)]
enum File {
    Npy(NpyFile),
    Npz(NpzFile),
    Parquet(ParquetFile),
}

impl Dump {
    /// Opens files, directories and globs of `.npy`, `.npz` and `.parquet` files. `column` names
    /// the parquet column (`embedding` unless given) or the npz array (`embeddings`).
    ///
    /// # Errors
    /// If a file cannot be used, or two disagree in dimension.
    pub fn open(paths: &[PathBuf], column: Option<&str>) -> Result<Dump> {
        let mut shards: Vec<Shard> = Vec::new();
        for path in shards::expand(paths, &["npy", "npz", "parquet"])? {
            let shard = Shard::open(&path, column)?;
            if let Some(first) = shards.first()
                && first.dim != shard.dim
            {
                let problem = format!(
                    "its embeddings have {} dimensions, those in {} have {}: they cannot be one dump",
                    shard.dim,
                    first.path.display(),
                    first.dim
                );
                return Err(Error::content(&path, problem));
            }
            shards.push(shard);
        }
        let Some(first) = shards.first() else {
            return Err(Error::Usage("--embeddings names no file".into()));
        };
        Ok(Dump { dim: first.dim, shards })
    }

    /// Number of instances N.
    pub fn rows(&self) -> usize {
        self.shards.iter().map(|shard| shard.rows).sum()
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Whether some elements need f64; f32 holds them all otherwise.
    pub fn double(&self) -> bool {
        self.shards.iter().any(|shard| shard.double)
    }

    /// The files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.shards.iter().map(|shard| shard.path.as_path())
    }

    /// Hands out all rows in order, in blocks of up to `rows` rows (a parquet row group is decoded
    /// whole first), until `sink` declines.
    ///
    /// # Errors
    /// If reading fails, or a value is not finite.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        for shard in &self.shards {
            let mut row = 0;
            let mut invalid = None;
            let mut wanted = true;
            let checked: Sink<T> = &mut |block| {
                invalid = first_invalid(&block).map(|at| (row + at / self.dim, at % self.dim));
                row += block.len() / self.dim;
                wanted = invalid.is_none() && sink(block);
                wanted
            };
            match &shard.file {
                File::Npy(file) => file.read(rows, checked)?,
                File::Npz(file) => file.read(rows, checked)?,
                File::Parquet(file) => file.read(rows, checked)?,
            }
            if let Some((row, column)) = invalid {
                let problem = format!(
                    "row {row}, column {column} (from 0) is NaN or infinite: remove such rows from the dump"
                );
                return Err(Error::content(&shard.path, problem));
            }
            if !wanted {
                break;
            }
        }
        Ok(())
    }
}

impl Shard {
    fn open(path: &Path, column: Option<&str>) -> Result<Shard> {
        let (file, rows, dim, double) = match shards::extension(path).as_str() {
            "npy" => {
                let file = NpyFile::open(path)?;
                let matrix = &file.matrix;
                let (rows, dim, double) = (matrix.rows, matrix.dim, matrix.float.width == 8);
                (File::Npy(file), rows, dim, double)
            }
            "npz" => {
                let file = NpzFile::open(path, column.unwrap_or("embeddings"))?;
                let matrix = &file.matrix;
                let (rows, dim, double) = (matrix.rows, matrix.dim, matrix.float.width == 8);
                (File::Npz(file), rows, dim, double)
            }
            "parquet" => {
                let file = ParquetFile::open(path, column.unwrap_or("embedding"))?;
                let (rows, dim, double) = (file.rows, file.dim, file.double);
                (File::Parquet(file), rows, dim, double)
            }
            _ => return Err(Error::content(path, "is neither .npy, .npz nor .parquet")),
        };
        Ok(Shard { path: path.to_owned(), rows, dim, double, file })
    }
}

/// The index of the first value that is not finite.
fn first_invalid<T: Element>(values: &[T]) -> Option<usize> {
    const RUN: usize = 4096;
    // Whole runs without an early exit, so that the common case vectorizes.
    let bad = |run: &[T]| run.iter().fold(false, |bad, value| bad | !value.is_finite());
    let start = values.chunks(RUN).position(bad)? * RUN;
    values[start..].iter().position(|value| !value.is_finite()).map(|at| start + at)
}
