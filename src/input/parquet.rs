//! Parquet files: a list column of embeddings, row group by row group, and plain columns.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::element::{Element, Sink};
use super::table::list;
use crate::error::{Error, Result};

/// A parquet file with a column of embeddings.
#[derive(Debug)]
pub struct ParquetFile {
    path: PathBuf,
    column: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of values per row p.
    pub dim: usize,
    /// Whether the values are f64.
    pub double: bool,
    /// Rows of each row group.
    groups: Vec<usize>,
}

impl ParquetFile {
    /// Reads and checks the metadata, and for a column of variable lists its first row.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such column of lists of floats.
    pub fn open(path: &Path, column: &str) -> Result<ParquetFile> {
        let bad = |error| unreadable(path, error);
        let mut reader = reader(path)?;
        let groups: Vec<_> = reader
            .get_metadata()
            .map_err(bad)?
            .row_groups
            .iter()
            .map(|group| group.num_rows())
            .collect();
        let rows = groups.iter().sum();
        if rows == 0 {
            return Err(Error::content(path, "has no rows"));
        }
        let first = column_of(reader, path, column, Some((0, 1)))?;
        let wrong = || {
            let problem = format!(
                "column {column:?} has type {}: embeddings are lists of f16, f32 or f64",
                first.dtype()
            );
            Error::content(path, problem)
        };
        let Some(inner) = first.dtype().inner_dtype().filter(|inner| inner.is_float()) else {
            return Err(wrong());
        };
        let double = *inner == DataType::Float64;
        let dim = match first.dtype() {
            DataType::Array(_, width) => *width,
            _ => first.list().map_err(bad)?.get_inner().len(),
        };
        if dim == 0 {
            return Err(Error::content(
                path,
                format!("column {column:?} holds an empty list in row 0"),
            ));
        }
        Ok(ParquetFile { path: path.to_owned(), column: column.into(), rows, dim, double, groups })
    }

    /// Hands out blocks of up to `rows` rows, a row group after the other, until `sink` declines.
    ///
    /// # Errors
    /// If reading fails, or a list is missing or of another length.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let metadata = reader(&self.path)?
            .get_metadata()
            .map_err(|error| unreadable(&self.path, error))?
            .clone();
        let mut start = 0;
        for &count in &self.groups {
            let mut reader = reader(&self.path)?;
            reader.set_metadata(metadata.clone());
            let lists = column_of(reader, &self.path, &self.column, Some((start, count)))?;
            let values = self.flat(lists, start)?;
            let wanted = hand_out(values, rows * self.dim, sink)
                .map_err(|error| unreadable(&self.path, error))?;
            if !wanted {
                break;
            }
            start += count;
        }
        Ok(())
    }

    /// The values of all lists of a row group, after checking that each has p of them.
    fn flat(&self, lists: Series, start: usize) -> Result<Series> {
        let bad = |error| unreadable(&self.path, error);
        let at = |row: usize, problem: String| {
            Error::content(&self.path, format!("row {row}, column {:?}: {problem}", self.column))
        };
        if let Some(row) = first_null(&lists) {
            return Err(at(start + row, "there is no embedding".into()));
        }
        let values = match lists.dtype() {
            DataType::Array(..) => lists.array().map_err(bad)?.get_inner(),
            _ => {
                let lists = lists.list().map_err(bad)?.rechunk();
                let offsets = lists.downcast_as_array().offsets();
                if let Some((row, length)) =
                    offsets.lengths().enumerate().find(|&(_, n)| n != self.dim)
                {
                    let problem =
                        format!("the embedding has {length} values, row 0 has {}", self.dim);
                    return Err(at(start + row, problem));
                }
                lists.get_inner().slice(*offsets.first(), self.dim * lists.len())
            }
        };
        match first_null(&values) {
            Some(value) => {
                Err(at(start + value / self.dim, "a value of the embedding is null".into()))
            }
            None => Ok(values),
        }
    }
}

/// The whole of one column.
///
/// # Errors
/// If the file cannot be read, or has no such column; says which there are.
pub fn column(path: &Path, name: &str) -> Result<Series> {
    column_of(reader(path)?, path, name, None)
}

fn reader(path: &Path) -> Result<ParquetReader<File>> {
    Ok(ParquetReader::new(File::open(path).map_err(Error::read(path))?))
}

/// One column, or its rows from an offset on for a length.
fn column_of(
    mut reader: ParquetReader<File>,
    path: &Path,
    name: &str,
    rows: Option<(usize, usize)>,
) -> Result<Series> {
    let bad = |error| unreadable(path, error);
    let schema = reader.schema().map_err(bad)?;
    if !schema.contains(name) {
        let names: Vec<_> = schema.iter_names().map(|name| name.as_str()).collect();
        return Err(Error::content(
            path,
            format!("has no column {name:?}; its columns are {}", list(&names)),
        ));
    }
    // The one strategy that skips the row groups outside the slice instead of decoding them too. A
    // single group is decoded by a single thread: the others multiply meanwhile.
    let frame = reader
        .with_columns(Some(vec![name.into()]))
        .with_slice(rows)
        .read_parallel(ParallelStrategy::RowGroups)
        .finish()
        .map_err(bad)?;
    Ok(frame.column(name).map_err(bad)?.as_materialized_series().clone())
}

/// Blocks of `length` values, until `sink` declines; whether it did not.
fn hand_out<T: Element>(values: Series, length: usize, sink: Sink<T>) -> PolarsResult<bool> {
    fn blocks<S: Copy + Into<f64>, T: Element>(values: &[S], length: usize, sink: Sink<T>) -> bool {
        let read = |block: &[S]| block.iter().map(|&value| T::from_f64(value.into())).collect();
        values.chunks(length).all(|block| sink(read(block)))
    }
    Ok(match values.dtype() {
        DataType::Float64 => blocks(values.rechunk().f64()?.cont_slice()?, length, sink),
        _ => blocks(values.cast(&DataType::Float32)?.rechunk().f32()?.cont_slice()?, length, sink),
    })
}

fn first_null(series: &Series) -> Option<usize> {
    if series.null_count() == 0 {
        return None;
    }
    series.is_null().iter().position(|null| null == Some(true))
}

/// polars' own sentence; what follows in further lines is for its developers.
fn unreadable(path: &Path, error: PolarsError) -> Error {
    let text = error.to_string();
    Error::content(
        path,
        format!("is not a readable parquet file: {}", text.lines().next().unwrap_or_default()),
    )
}
