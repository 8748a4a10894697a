//! Arrow's own files, streams and feather: a column of lists of embeddings, batch by batch where they lie, and a
//! column of labels.

mod buffers;
mod labels;
mod messages;

use std::fs::File;
use std::io;
use std::path::Path;

use super::file;
use super::float::Float;
use super::stored_array::Matrix;
use crate::error::{Error, Result};
use crate::rows::{Element, Sink, check_dim};
use messages::{Batch, Column, Field, Kind};

pub use labels::labels;

/// A file with a column of embeddings.
#[derive(Debug)]
pub struct ArrowFile {
    column: Column,
    levels: Vec<Level>,
    float: Float,
    /// Number of rows.
    pub rows: usize,
    /// Number of values per row p.
    pub dim: usize,
    /// Whether the values are f64.
    pub double: bool,
}

/// Lists, or the lists in them.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Bytes of an offset; none where all lists have one length by their type.
    offsets: Option<usize>,
    /// Values of each list.
    length: usize,
}

impl ArrowFile {
    /// Reads and checks where its batches lie; none if it has no rows, whatever its columns are.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such column of lists of floats.
    pub fn open(path: &Path, name: &str) -> Result<Option<ArrowFile>> {
        let column = Column::open(path, name)?;
        let Some(first) = column.batches.iter().find(|batch| batch.rows > 0).cloned() else {
            return Ok(None);
        };
        let bad = |problem| Error::content(path, format!("column {name:?} {problem}"));
        let Some((mut levels, float)) = lists(&column.field) else {
            let what = called(&column.field);
            let brain = match what.as_str() {
                "list[u16]" | "binary of one length" | "binary" => {
                    "; if they are bf16, which Arrow does not have, save them as float32"
                }
                _ => "",
            };
            return Err(bad(format!(
                "has type {what}: embeddings are lists of f16, f32 or f64{brain}"
            )));
        };
        let (file, _) = file::open(path)?;
        let mut from = 0;
        for (at, level) in levels.iter_mut().enumerate() {
            if let Some(width) = level.offsets {
                let buffer = first.buffers[validity_of(&column.field, at) + 1];
                let mut offsets = buffers::offsets(&file, &first, buffer, width, (from, 1))
                    .map_err(|error| unreadable(path, error))?;
                let mut offset = || offsets.next().unwrap_or(Ok(0));
                let start = offset().map_err(|error| unreadable(path, error))?;
                level.length = offset().map_err(|error| unreadable(path, error))? - start;
                from = start;
            } else {
                from = from.saturating_mul(level.length);
            }
        }
        let dim = levels.iter().try_fold(1_usize, |dim, level| dim.checked_mul(level.length));
        let dim = dim.unwrap_or(usize::MAX);
        if dim == 0 {
            return Err(bad("holds lists without values".into()));
        }
        check_dim(dim).map_err(bad)?;
        let double = float.width == 8;
        Ok(Some(ArrowFile { rows: column.rows, column, levels, float, dim, double }))
    }

    /// Hands out blocks of up to `rows` rows, a batch after the other, until `sink` declines.
    ///
    /// # Errors
    /// If reading fails, or a list is missing or of another length.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let (file, _) = file::open(&self.column.path)?;
        let mut start = 0;
        for batch in self.column.batches.iter().filter(|batch| batch.rows > 0) {
            let first = self.check(&file, batch, start)?;
            let mut declined = false;
            self.values(&file, batch, first, rows, &mut |block| {
                declined = !sink(block);
                !declined
            })
            .map_err(|error| unreadable(&self.column.path, error))?;
            if declined {
                break;
            }
            start += batch.rows;
        }
        Ok(())
    }

    fn values<T: Element>(
        &self,
        file: &File,
        batch: &Batch,
        first: usize,
        rows: usize,
        sink: Sink<T>,
    ) -> io::Result<()> {
        let Some(&values) = batch.buffers.last() else { return Ok(()) };
        let width = self.float.width as u64;
        let bytes = (batch.rows as u64).saturating_mul(self.dim as u64 * width);
        let mut values = buffers::open(file, batch, values, first as u64 * width, bytes)?;
        let (dim, float) = (self.dim, self.float);
        let matrix = Matrix { rows: batch.rows, dim, float, fortran: false, start: 0 };
        matrix.read_rows(&mut values, rows, sink)
    }

    /// Checks that each list of a batch is there and as long as all others; gives the index of the first value.
    /// `start` is the number of the batch's first row.
    fn check(&self, file: &File, batch: &Batch, start: usize) -> Result<usize> {
        let Column { path, field, .. } = &self.column;
        let bad = |error| unreadable(path, error);
        let at = |row: usize, problem: &str| {
            let problem = format!("row {}, column {:?}: {problem}", start + row, field.name);
            Error::content(path, problem)
        };
        let (mut from, mut count, mut width) = (0, batch.rows, 1);
        for depth in 0..=self.levels.len() {
            let validity = validity_of(field, depth);
            let null =
                buffers::first_null(file, batch, depth, batch.buffers[validity], (from, count));
            if let Some(value) = null.map_err(bad)? {
                let missing = match depth {
                    0 => "there is no embedding",
                    _ if depth == self.levels.len() => "a value of the embedding is null",
                    _ => "a part of the embedding is null",
                };
                return Err(at((value - from) / width, missing));
            }
            let Some(level) = self.levels.get(depth) else { break };
            if let Some(bytes) = level.offsets {
                let place = batch.buffers[validity + 1];
                let offsets = buffers::offsets(file, batch, place, bytes, (from, count));
                let mut before = None;
                for (list, offset) in offsets.map_err(bad)?.enumerate() {
                    let offset = offset.map_err(bad)?;
                    match before {
                        None => from = offset,
                        Some(before) if offset - before != level.length => {
                            let problem = match self.levels.len() {
                                1 => format!(
                                    "the embedding has {} values, row 0 has {}",
                                    offset - before,
                                    level.length
                                ),
                                _ => "the parts of the embedding are not as long as those before"
                                    .into(),
                            };
                            return Err(at((list - 1) / width, &problem));
                        }
                        Some(_) => {}
                    }
                    before = Some(offset);
                }
            } else {
                from = from.saturating_mul(level.length);
            }
            width *= level.length;
            count = count.saturating_mul(level.length);
        }
        Ok(from)
    }
}

/// The number of the buffer that says which values of a level of lists are null.
fn validity_of(mut field: &Field, depth: usize) -> usize {
    let mut at = 0;
    for _ in 0..depth {
        at += if let Kind::List(_) = field.kind { 2 } else { 1 };
        field = &field.children[0];
    }
    at
}

/// The lists that a column is made of, and the floats in the innermost; none if it is otherwise.
fn lists(field: &Field) -> Option<(Vec<Level>, Float)> {
    let (mut field, mut levels) = (field, Vec::new());
    loop {
        let level = match field.kind {
            _ if field.dictionary.is_some() => return None,
            Kind::List(width) => Level { offsets: Some(width), length: 0 },
            Kind::FixedList(length) => Level { offsets: None, length },
            Kind::Float(width) if !levels.is_empty() => {
                let float = Float::parse(match width {
                    2 => "<f2",
                    4 => "<f4",
                    _ => "<f8",
                })?;
                return Some((levels, float));
            }
            _ => return None,
        };
        levels.push(level);
        let [child] = &field.children[..] else { return None };
        field = child;
    }
}

/// What a type is called.
fn called(field: &Field) -> String {
    let inner = || field.children.first().map(called).unwrap_or_default();
    match field.kind {
        Kind::Integer(bytes, true) => format!("i{}", 8 * bytes),
        Kind::Integer(bytes, false) => format!("u{}", 8 * bytes),
        Kind::Float(bytes) => format!("f{}", 8 * bytes),
        Kind::Text(_) | Kind::TextView => "str".into(),
        Kind::Bytes(_) | Kind::BytesView => "binary".into(),
        Kind::List(_) | Kind::FixedList(_) => format!("list[{}]", inner()),
        Kind::ListView => format!("list view[{}]", inner()),
        Kind::Struct => "struct".into(),
        Kind::Map => "map".into(),
        Kind::Null => "null".into(),
        Kind::Union(_) => "union".into(),
        Kind::Runs => "runs".into(),
        Kind::Other(name) => name.into(),
    }
}

/// Whether there is a column of this name.
///
/// # Errors
/// If the file cannot be read.
pub fn has_column(path: &Path, name: &str) -> Result<bool> {
    Ok(messages::names(path)?.iter().any(|column| column == name))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => file::failed(path, error),
        _ => Error::content(path, format!("is not a readable Arrow file: {error}")),
    }
}
