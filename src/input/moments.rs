//! Moments files: of each class what Eq. 8 merges. `docs/moments.md` describes the format.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use polars::prelude::{BinaryChunked, DataType};
use serde::{Deserialize, Serialize};

use super::classes::Classes;
use super::element::{Element, Float};
use super::file::check_name;
use super::npy::check_dim;
use super::parquet::{Column, Footer};
use super::shards;
use crate::error::{Error, Result};
use crate::moments::{Moments, Parts};
use crate::product::{Precision, packed_len};

/// What the header stands under in the metadata of the file.
pub const KEY: &str = "igam-analyze.moments";

/// The columns.
pub const COLUMNS: [&str; 8] =
    ["class_id", "class", "instances", "mean", "rows", "scatter", "third", "fourth"];

/// Files of moments in a directory end so.
pub(super) const EXTENSIONS: &[&str] = &["parquet"];

/// The version of the format.
const VERSION: u32 = 1;

/// A sentence on what is wrong.
type Problem = String;

/// What all classes of a moments file have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    version: u32,
    /// Number of dimensions p.
    pub dimension: usize,
    /// What products were summed up in.
    precision: FloatName,
    /// What the values of raw rows are.
    values: FloatName,
    /// The program that wrote the file.
    #[serde(default)]
    writer: String,
    /// A digest of the embeddings of each shard that went into it.
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FloatName {
    F32,
    F64,
}

impl Header {
    /// Of moments of `dimension` = p with products in `precision`; raw rows are f64 if `double`, else
    /// f32. There are no sources yet.
    pub fn new(dimension: usize, precision: Precision, double: bool) -> Header {
        let precision = match precision {
            Precision::Double => FloatName::F64,
            Precision::Single => FloatName::F32,
        };
        let values = if double { FloatName::F64 } else { FloatName::F32 };
        let writer = concat!("igam-analyze ", env!("CARGO_PKG_VERSION")).into();
        Header { version: VERSION, dimension, precision, values, writer, sources: Vec::new() }
    }

    /// What products were summed up in.
    pub fn precision(&self) -> Precision {
        match self.precision {
            FloatName::F64 => Precision::Double,
            FloatName::F32 => Precision::Single,
        }
    }

    /// Whether the raw rows need f64.
    pub fn double(&self) -> bool {
        self.values == FloatName::F64
    }

    /// As it stands in the metadata.
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    fn read(footer: &Footer, path: &Path) -> Result<Header> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Some(text) = footer.text(KEY) else {
            let problem = format!(
                "is no moments file, its metadata have no {KEY:?}: make one with igam-analyze moments"
            );
            return Err(Error::content(path, problem));
        };
        let wrong =
            |problem: Problem| Error::content(path, format!("{KEY:?} in its metadata {problem}"));
        let damaged = |error: serde_json::Error| wrong(format!("cannot be read: {error}"));
        let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
        if version != VERSION {
            let problem = format!(
                "is of version {version} of the moments format, this igam-analyze reads version {VERSION}"
            );
            return Err(Error::content(path, problem));
        }
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        if header.dimension == 0 {
            return Err(wrong("says 0 dimensions".into()));
        }
        check_dim(header.dimension).map_err(wrong)?;
        if header.sources.is_empty() {
            return Err(wrong("names no source".into()));
        }
        header.sources.iter().try_for_each(|source| check_name(source)).map_err(wrong)?;
        Ok(header)
    }

    /// Takes in the header of another file, which must be of the same kind as the `first`.
    fn join(&mut self, other: &Header, path: &Path, first: &Path) -> Result<()> {
        let differ = |ours: String, theirs: String| {
            let first = first.display();
            let problem = format!(
                "its moments are of {theirs}, those in {first} of {ours}: they cannot be merged"
            );
            Err(Error::content(path, problem))
        };
        let dimension = |header: &Header| format!("{} dimensions", header.dimension);
        let precision =
            |header: &Header| format!("--precision {:?}", header.precision).to_lowercase();
        if self.dimension != other.dimension {
            return differ(dimension(self), dimension(other));
        }
        if self.precision != other.precision {
            return differ(precision(self), precision(other));
        }
        if other.double() {
            self.values = FloatName::F64;
        }
        Ok(())
    }
}

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
        let paths = shards::expand(paths, EXTENSIONS)?;
        let mut all: Option<Header> = None;
        let mut sources: HashMap<String, usize> = HashMap::new();
        let mut keys = Keys::default();
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
                rows: keys.add(path, &footer)?,
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
        let (classes, index) = keys.classes(&paths[0])?;
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

    /// All classes, in order of id.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Embeddings of each class.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Bytes of the largest row group: they are in memory together.
    pub fn largest_row_group(&self) -> u64 {
        self.largest_row_group
    }

    /// The files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Hands out the moments of the `wanted` classes, as far as they have any, file by file and row
    /// group by row group, of which only those with such classes are read.
    ///
    /// # Errors
    /// If a file cannot be read, or holds what are no moments.
    pub fn read<T: Element>(
        &self,
        wanted: impl Fn(usize) -> bool,
        sink: &mut dyn FnMut(Vec<(usize, Moments<T>)>),
    ) -> Result<()> {
        for file in &self.files {
            let columns = Columns::of(&Footer::read(&file.path)?)?;
            let (mut rest, mut row) = (&file.rows[..], 0);
            for (group, length) in columns.row_groups.iter().enumerate() {
                let changed = || file.changed();
                let (here, after) = rest.split_at_checked(*length).ok_or_else(changed)?;
                if here.iter().any(|&(class, count)| count > 0 && wanted(class)) {
                    let values = columns.row_group(group)?;
                    let mut classes = Vec::new();
                    for (at, &(class, count)) in here.iter().enumerate() {
                        if count > 0 && wanted(class) {
                            let moments = values.moments(at, count, &self.header, file.values);
                            let moments = moments.map_err(|problem| {
                                let name = &self.classes.names()[class];
                                let problem = format!("row {}, {name:?}: {problem}", row + at);
                                Error::content(&file.path, problem)
                            })?;
                            classes.push((class, moments));
                        }
                    }
                    sink(classes);
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
    /// The moments in row `at`, of `count` embeddings whose values are `values` in raw rows.
    fn moments<T: Element>(
        &self,
        at: usize,
        count: u64,
        header: &Header,
        values: FloatName,
    ) -> std::result::Result<Moments<T>, Problem> {
        let dim = header.dimension;
        let [mean, rows, scatter, third] = [0, 1, 2, 3].map(|column| self.vectors[column].get(at));
        let parts = match (rows, scatter) {
            (Some(rows), None) => {
                let length = (dim as u64).checked_mul(count);
                let rows = vector(COLUMNS[4], Some(rows), length, values)?;
                finite(COLUMNS[4], &rows)?;
                Parts::Rows(rows)
            }
            (None, Some(scatter)) => {
                let f64s = |column, bytes, length: usize| {
                    vector(column, bytes, Some(length as u64), FloatName::F64)
                };
                let mean = f64s(COLUMNS[3], mean, dim)?;
                let scatter = f64s(COLUMNS[5], Some(scatter), packed_len(dim))?;
                let third = f64s(COLUMNS[6], third, dim)?;
                let fourth = self.fourth[at].ok_or_else(|| missing(COLUMNS[7]))?;
                // What overflows in the third and fourth moments makes `ledoit-wolf` refuse.
                finite(COLUMNS[3], &mean)?;
                finite(COLUMNS[5], &scatter)?;
                Parts::Folded { count, mean, scatter, third, fourth }
            }
            (None, None) => return Err("holds neither rows nor a scatter".into()),
            (Some(_), Some(_)) => return Err("holds both rows and a scatter: which is it?".into()),
        };
        Ok(Moments::from_parts(dim, header.precision(), parts))
    }
}

/// The values of a column, of which there must be `length`.
fn vector<T: Element>(
    column: &str,
    bytes: Option<&[u8]>,
    length: Option<u64>,
    values: FloatName,
) -> std::result::Result<Vec<T>, Problem> {
    let bytes = bytes.ok_or_else(|| missing(column))?;
    let float = match values {
        FloatName::F32 => Float::SINGLE,
        FloatName::F64 => Float::DOUBLE,
    };
    let expected = length.and_then(|length| length.checked_mul(float.width as u64));
    if expected != Some(bytes.len() as u64) {
        let expected = expected.map_or("more".into(), |bytes| bytes.to_string());
        return Err(format!("{column:?} holds {} bytes, where {expected} are due", bytes.len()));
    }
    let mut decoded = Vec::with_capacity(bytes.len() / float.width);
    float.decode(bytes, &mut decoded);
    Ok(decoded)
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

/// The classes of several files, or of several batches of labels, in order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    ids: Vec<Option<i64>>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
}

impl Keys {
    /// The rows of a file: the places of their classes here, and their numbers of embeddings.
    fn add(&mut self, path: &Path, footer: &Footer) -> Result<Vec<(usize, u64)>> {
        let ids =
            Column::typed(footer, COLUMNS[0], |of| of.is_integer() || of.is_null(), "integers")?;
        let names = Column::typed(footer, COLUMNS[1], DataType::is_string, "strings")?;
        let counts = Column::typed(footer, COLUMNS[2], DataType::is_integer, "integers")?;
        let integers = |column: &Column, group| {
            column.row_group(group, |series| Ok(series.cast(&DataType::Int64)?.i64()?.to_vec()))
        };
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        for group in 0..footer.row_groups().count() {
            let names = names.row_group(group, |series| {
                Ok(series.str()?.iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>())
            })?;
            let keys = integers(&ids, group)?.into_iter().zip(names);
            for ((id, name), count) in keys.zip(integers(&counts, group)?) {
                let row = rows.len();
                let wrong =
                    |problem: Problem| Error::content(path, format!("row {row}: {problem}"));
                let name = name.ok_or_else(|| wrong("there is no class".into()))?;
                check_name(&name).map_err(wrong)?;
                let Some(count) = count.and_then(|count| u64::try_from(count).ok()) else {
                    return Err(wrong(format!("{name:?} has no number of instances")));
                };
                let class = self.place(id, name).map_err(wrong)?;
                if !seen.insert(class) {
                    return Err(wrong(format!("{:?} stands there twice", self.names[class])));
                }
                rows.push((class, count));
            }
        }
        Ok(rows)
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Id, as far as it is known, and name of each class.
    pub fn iter(&self) -> impl Iterator<Item = (Option<i64>, &str)> {
        self.ids.iter().copied().zip(self.names.iter().map(String::as_str))
    }

    /// The place of the class of a label: of this id, whatever its name, or without an id of this name;
    /// a new one, if there is none yet.
    ///
    /// # Errors
    /// A sentence, as for [`Keys::place`].
    pub fn place_label(
        &mut self,
        id: Option<i64>,
        name: &str,
    ) -> std::result::Result<usize, String> {
        let place = match id {
            Some(id) => self.by_id.get(&id),
            None => self.by_name.get(name),
        };
        place.copied().map_or_else(|| self.place(id, name.to_owned()), Ok)
    }

    /// The place of a class, which is new or the same as before.
    ///
    /// # Errors
    /// A sentence, if its id or its name is that of another class, or either has an id and the others
    /// have none.
    pub fn place(&mut self, id: Option<i64>, name: String) -> std::result::Result<usize, String> {
        let shown = |id: Option<i64>| id.map_or("no id".into(), |id| format!("the id {id}"));
        let unlike =
            |problem: Problem| format!("{problem}: make all moments with the same --class-names");
        if let Some(&place) = self.by_name.get(&name) {
            let before = self.ids[place];
            return match before == id {
                true => Ok(place),
                false => {
                    let problem =
                        format!("{name:?} has {}, before it had {}", shown(id), shown(before));
                    Err(unlike(problem))
                }
            };
        }
        if let Some(&first) = self.ids.first().filter(|first| first.is_some() != id.is_some()) {
            let problem =
                format!("{name:?} has {}, but {:?} {}", shown(id), self.names[0], shown(first));
            return Err(unlike(problem));
        }
        let place = self.names.len();
        if let Some(id) = id
            && let Some(before) = self.by_id.insert(id, place)
        {
            let before = &self.names[before];
            return Err(unlike(format!(
                "the id {id} is that of {name:?}, before it was of {before:?}"
            )));
        }
        self.by_name.insert(name.clone(), place);
        self.ids.push(id);
        self.names.push(name);
        Ok(place)
    }

    /// All classes, and the index there of each place here. A `path` is named where they are none.
    ///
    /// # Errors
    /// If there is none.
    pub fn classes(self, path: &Path) -> Result<(Classes, Vec<usize>)> {
        let ids: Option<Vec<i64>> = self.ids.into_iter().collect();
        let names = self.names.clone();
        let classes = match ids.filter(|ids| !ids.is_empty()) {
            Some(ids) => Classes::checked(ids.into_iter().zip(names).collect(), path)?,
            None => Classes::alphabetical(names, path)?,
        };
        let index: HashMap<&String, usize> = classes.names().iter().zip(0..).collect();
        let index = self.names.iter().map(|name| index[name]).collect();
        Ok((classes, index))
    }
}
