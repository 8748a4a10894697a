//! Reads and writes moments files: for each class, what Eq. 8 merges. `docs/moments.md` describes the format.

mod header;
mod keys;
mod whole;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{BinaryChunked, DataType};

use crate::classes::{Classes, Keys, Union};
use crate::error::{Error, Result};
use crate::input::float::Float;
use crate::input::parquet::{Column, Footer};
use crate::input::shards::{self, Kinds};
use crate::kernel::product::{Precision, packed_len};
use crate::moments::{Moments, Packed};
use crate::rows::Element;
use crate::stream::{MomentsPart, MomentsSource};
use header::FloatName;
pub use header::{COLUMNS, Header, KEY};
pub use whole::{load, save};
pub use write::write_moments;

/// Files of moments in a directory end so.
pub(crate) const EXTENSIONS: Kinds = Kinds { first: &["parquet"], second: &[] };

/// A sentence on what is wrong.
type Problem = String;

/// One or more moments files, to be merged. Only who their classes are has been read.
#[derive(Debug)]
pub struct MomentsFiles {
    header: Header,
    files: Vec<MomentsFile>,
    classes: Classes,
    counts: Vec<u64>,
    largest_row_group: u64,
}

impl MomentsFiles {
    /// Opens files, directories and globs.
    ///
    /// # Errors
    /// If a file is no moments file, or two cannot be merged: they disagree in dimension, precision or
    /// classes, or hold the same embeddings.
    pub fn open(paths: &[PathBuf]) -> Result<MomentsFiles> {
        let paths = shards::expand(paths, EXTENSIONS)?.paths;
        let mut all: Option<Header> = None;
        let mut sources: HashMap<String, usize> = HashMap::new();
        let mut classes = Union::default();
        let mut files = Vec::new();
        let mut largest_row_group = 0;
        for (at, path) in paths.iter().enumerate() {
            let footer = Footer::read(path)?;
            largest_row_group = footer.largest_row_group().max(largest_row_group);
            let mut header = Header::read(&footer, path)?;
            for source in header.sources.drain(..) {
                if let Some(first) = sources.insert(source, at) {
                    let of = if first == at {
                        "holds the same embeddings twice".into()
                    } else {
                        format!("holds embeddings that {} holds too", paths[first].display())
                    };
                    return Err(Error::content(path, format!("{of}: merge each shard once")));
                }
            }
            files.push(MomentsFile {
                path: path.clone(),
                values: header.values,
                rows: keys::read(&mut classes, path, &footer)?,
            });
            match &mut all {
                None => all = Some(header),
                Some(all) => all.join(&header, path, &paths[0])?,
            }
        }
        let Some(mut header) = all else {
            return Err(Error::Usage("--moments names no file".into()));
        };
        header.sources = sources.into_keys().collect();
        header.sources.sort();
        let none = |problem| Error::content(&paths[0], problem);
        let (classes, index) = classes.classes().map_err(none)?;
        let mut counts = vec![0; classes.len()];
        let mut rest = i64::MAX as u64;
        for MomentsFile { path, rows, .. } in &mut files {
            for (class, count) in rows {
                rest = rest.checked_sub(*count).ok_or_else(|| {
                    Error::content(path, "claims more instances than can be counted: it is damaged")
                })?;
                *class = index[*class];
                counts[*class] += *count;
            }
        }
        Ok(MomentsFiles { header, files, classes, counts, largest_row_group })
    }

    /// What the merged moments have in common.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the files call their classes, in order of id: names with ids, ids alone, or names alone.
    pub fn keys(&self) -> Keys {
        let (names, ids) = (self.classes.names(), self.classes.ids());
        if self.classes.lasting_ids().any(|id| id.is_none()) {
            Keys::Names(names.to_vec())
        } else if names.iter().zip(ids).all(|(name, id)| *name == id.to_string()) {
            Keys::Numbers(ids.to_vec())
        } else {
            Keys::Both(names.to_vec(), ids.to_vec())
        }
    }

    /// All classes, in order of id.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }
}

impl MomentsSource for MomentsFiles {
    fn dim(&self) -> usize {
        self.header.dimension
    }

    fn double(&self) -> bool {
        self.header.double()
    }

    fn precision(&self) -> Precision {
        self.header.precision()
    }

    fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// A row group of a file.
    fn largest_row_group(&self) -> u64 {
        self.largest_row_group
    }

    /// File by file and row group by row group, of which only those with wanted classes are read.
    fn read<'a, T: Element>(
        &'a self,
        wanted: impl Fn(usize) -> bool,
        sink: &mut dyn FnMut(Vec<(usize, MomentsPart<'a, T>)>),
    ) -> Result<()> {
        for file in &self.files {
            let columns = Columns::of(&Footer::read(&file.path)?)?;
            let (mut rest, mut row) = (&file.rows[..], 0);
            for (group, length) in columns.row_groups.iter().enumerate() {
                let changed = || file.changed();
                let (here, after) = rest.split_at_checked(*length).ok_or_else(changed)?;
                let some =
                    (0..).zip(here).filter(|(_, (class, count))| *count > 0 && wanted(*class));
                let some: Vec<_> = some.collect();
                if !some.is_empty() {
                    let values = Arc::new(columns.row_group(group)?);
                    let part = |(at, &(class, count)): (usize, &(usize, u64))| {
                        let values = Arc::clone(&values);
                        let merge = move |ours: &mut Moments<T>| {
                            let done = values.merge(at, count, &self.header, file.values, ours);
                            done.map_err(|problem| {
                                let name = &self.classes.names()[class];
                                let problem = format!("row {}, {name:?}: {problem}", row + at);
                                Error::content(&file.path, problem)
                            })
                        };
                        (class, Box::new(merge) as MomentsPart<'a, T>)
                    };
                    sink(some.into_iter().map(part).collect());
                }
                row += length;
                rest = after;
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct MomentsFile {
    path: PathBuf,
    /// What the values of raw rows are.
    values: FloatName,
    /// Of each row the class, an index into all classes, and its number of embeddings.
    rows: Vec<(usize, u64)>,
}

impl MomentsFile {
    fn changed(&self) -> Error {
        Error::content(&self.path, "changed while it was read: is something still writing it?")
    }
}

/// The columns of values of a file.
struct Columns {
    /// Number of rows of each row group.
    row_groups: Vec<usize>,
    /// mean, rows, scatter, third
    vectors: Vec<Column>,
    fourth: Column,
}

impl Columns {
    fn of(footer: &Footer) -> Result<Columns> {
        let vectors = COLUMNS[3..7]
            .iter()
            .map(|name| Column::typed(footer, name, DataType::is_binary, "bytes"));
        Ok(Columns {
            row_groups: footer.row_groups().collect(),
            vectors: vectors.collect::<Result<_>>()?,
            fourth: Column::typed(footer, COLUMNS[7], DataType::is_float, "floats")?,
        })
    }

    fn row_group(&self, at: usize) -> Result<RowGroup> {
        let vectors = self
            .vectors
            .iter()
            .map(|column| column.row_group(at, |series| Ok(series.binary()?.clone())));
        Ok(RowGroup {
            vectors: vectors.collect::<Result<_>>()?,
            fourth: self
                .fourth
                .row_group(at, |series| Ok(series.cast(&DataType::Float64)?.f64()?.to_vec()))?,
        })
    }
}

/// Their values in a row group.
struct RowGroup {
    vectors: Vec<BinaryChunked>,
    fourth: Vec<Option<f64>>,
}

impl RowGroup {
    /// Merges the moments in row `at`, of `count` embeddings whose values are `values` in raw rows.
    fn merge<T: Element>(
        &self,
        at: usize,
        count: u64,
        header: &Header,
        values: FloatName,
        ours: &mut Moments<T>,
    ) -> std::result::Result<(), Problem> {
        let dim = header.dimension;
        let [mean, rows, scatter, third] = [0, 1, 2, 3].map(|column| self.vectors[column].get(at));
        match (rows, scatter) {
            (Some(rows), None) => {
                let length = (dim as u64).checked_mul(count);
                let rows = vector::<T>(COLUMNS[4], Some(rows), length, values)?;
                finite(COLUMNS[4], &rows)?;
                rows.chunks_exact(dim).for_each(|row| ours.push(row));
            }
            (None, Some(_)) => {
                let f64s =
                    |column, bytes| vector::<f64>(column, bytes, Some(dim as u64), FloatName::F64);
                let mean = f64s(COLUMNS[3], mean)?;
                let length = Some(packed_len(dim) as u64);
                let scatter = bytes(COLUMNS[5], scatter, length, Float::DOUBLE)?.as_chunks().0;
                let third = f64s(COLUMNS[6], third)?;
                let fourth = self.fourth[at].ok_or_else(|| missing(COLUMNS[7]))?;
                // What overflows in the third and fourth moments makes `ledoit-wolf` refuse.
                finite(COLUMNS[3], &mean)?;
                if !ours.merge_packed(Packed { count, mean, scatter, third, fourth }) {
                    let values = scatter.iter().map(|&value| f64::from_le_bytes(value));
                    finite(COLUMNS[5], &values.collect::<Vec<_>>())?;
                }
            }
            (None, None) => return Err("holds neither rows nor a scatter".into()),
            (Some(_), Some(_)) => {
                return Err("holds both rows and a scatter: only one is allowed".into());
            }
        }
        Ok(())
    }
}

/// The values of a column, of which there must be `length`.
fn vector<T: Element>(
    column: &str,
    values: Option<&[u8]>,
    length: Option<u64>,
    name: FloatName,
) -> std::result::Result<Vec<T>, Problem> {
    let float = match name {
        FloatName::F32 => Float::SINGLE,
        FloatName::F64 => Float::DOUBLE,
    };
    let bytes = bytes(column, values, length, float)?;
    let mut decoded = Vec::with_capacity(bytes.len() / float.width);
    float.decode(bytes, &mut decoded);
    Ok(decoded)
}

/// The bytes of a column, which must be those of `length` values.
fn bytes<'a>(
    column: &str,
    bytes: Option<&'a [u8]>,
    length: Option<u64>,
    float: Float,
) -> std::result::Result<&'a [u8], Problem> {
    let bytes = bytes.ok_or_else(|| missing(column))?;
    let expected = length.and_then(|length| length.checked_mul(float.width as u64));
    if expected != Some(bytes.len() as u64) {
        let expected = expected.map_or("more".into(), |bytes| bytes.to_string());
        return Err(format!("{column:?} holds {} bytes, but {expected} are expected", bytes.len()));
    }
    Ok(bytes)
}

fn finite<T: Element>(column: &str, values: &[T]) -> std::result::Result<(), Problem> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("{column:?} is NaN or infinite at {at} (from 0)")),
        None => Ok(()),
    }
}

fn missing(column: &str) -> Problem {
    format!("{column:?} is missing")
}
