//! Parquet files: a list column of embeddings, row group by row group, and plain columns.

mod plain;
mod types;
mod wide;

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::read::{
    self, BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader, RowGroupMetadata,
};
use polars_parquet_format::thrift;
use polars_parquet_format::thrift::protocol::{TCompactInputProtocol, TCompactOutputProtocol};
use polars_parquet_format::{FileMetaData, PageHeader, SchemaElement};

use crate::error::{Error, Result};
use crate::input::file;
use crate::rows::{Element, Sink, check_dim};
use crate::words::{check_name, list, suggestion};
use types::Kind;

pub use wide::WideFile;

/// Bytes that the values of a row group may take whatever they take in the file, and how many times
/// larger than there they may be beyond: what claims more is damaged, or meant to fill memory.
const UNSUSPECTED: u64 = 1 << 30;
const LARGEST_RATIO: u64 = 1000;

/// Deepest nesting of columns: a list takes three levels.
const DEEPEST_SCHEMA: usize = 64;

/// Longest page header read, bytes: statistics make it larger than some dozens.
const LONGEST_PAGE_HEADER: usize = 1 << 20;

/// A parquet file with a column of embeddings.
#[derive(Debug)]
pub struct ParquetFile {
    column: Column,
    /// Number of rows.
    pub rows: usize,
    /// Number of values per row p.
    pub dim: usize,
    /// Whether the values are f64.
    pub double: bool,
}

impl ParquetFile {
    /// Reads and checks the metadata; none if it has no rows, whatever its columns are.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such column of lists of floats.
    pub fn open(path: &Path, name: &str) -> Result<Option<ParquetFile>> {
        let footer = Footer::read(path)?;
        let Some(first) = footer.metadata.row_groups.iter().find(|group| group.num_rows() > 0)
        else {
            return Ok(None);
        };
        let column = Column::of(&footer, name)?;
        let bad = |problem| Error::content(path, format!("column {name:?} {problem}"));
        let values = values_of(&column.kind.dtype);
        let Some(values) = values.filter(|values| values.is_float()) else {
            let kind = &column.kind.name;
            return Err(bad(format!("has type {kind}: embeddings are lists of f16, f32 or f64")));
        };
        let double = *values == DataType::Float64;
        // Lists are of equal length, which `flat` checks.
        let dim = column.values(first) / first.num_rows();
        if dim == 0 {
            return Err(bad("holds lists without values".into()));
        }
        check_dim(dim).map_err(bad)?;
        Ok(Some(ParquetFile { rows: footer.rows()?, column, dim, double }))
    }

    /// Bytes of values in the largest row group.
    pub fn largest_group(&self) -> u64 {
        let groups = self.column.metadata.row_groups.iter();
        let values = groups.map(|group| self.column.values(group)).max().unwrap_or(0);
        values as u64 * if self.double { 8 } else { 4 }
    }

    /// Hands out blocks of up to `rows` rows, a row group after the other, until `sink` declines.
    ///
    /// # Errors
    /// If reading fails, or a list is missing or of another length.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let (mut start, mut values, mut block) = (0, Vec::new(), Vec::new());
        for group in &self.column.metadata.row_groups {
            let chunks = self.column.load(group)?;
            let plain = decoded(&self.column.path, || {
                plain::values(chunks, group.num_rows(), self.dim, &mut values)
            })?;
            let wanted = match plain {
                true if group.num_rows() <= rows => sink(&mut values),
                true => values.chunks(rows * self.dim).all(|values| {
                    block.clear();
                    block.extend_from_slice(values);
                    sink(&mut block)
                }),
                false => {
                    let values = self.flat(self.column.decode(group)?, start)?;
                    hand_out(values, rows * self.dim, sink)
                        .map_err(|error| unreadable(&self.column.path, error))?
                }
            };
            if !wanted {
                break;
            }
            start += group.num_rows();
        }
        Ok(())
    }

    /// The values of all lists of a row group, after checking that each has p of them. Lists of lists
    /// are tensors, which must be of one shape.
    fn flat(&self, lists: Series, start: usize) -> Result<Series> {
        let Column { path, name, .. } = &self.column;
        let bad = |error| unreadable(path, error);
        let at = |row: usize, problem: &str| {
            Error::content(path, format!("row {row}, column {name:?}: {problem}"))
        };
        let (mut values, mut width, mut part) = (lists, 1, false);
        while let DataType::List(inner) = values.dtype() {
            let tensor = part || inner.is_list();
            if let Some(value) = first_null(&values) {
                let missing = match part {
                    true => "a part of the embedding is null",
                    false => "there is no embedding",
                };
                return Err(at(start + value / width, missing));
            }
            let (lengths, inner) = lists_of(&values).map_err(bad)?;
            let expected = match lengths.first() {
                Some(&first) if start == 0 || tensor => first,
                _ => self.dim,
            };
            if let Some(list) = lengths.iter().position(|&length| length != expected) {
                let problem = match tensor {
                    true => "the parts of the embedding are not as long as those before".into(),
                    false => {
                        let length = lengths[list];
                        format!("the embedding has {length} values, row 0 has {expected}")
                    }
                };
                return Err(at(start + list / width, &problem));
            }
            (values, width, part) = (inner, width * expected, true);
        }
        if width != self.dim {
            let problem = format!("{width} values, where its header promises {}", self.dim);
            return Err(at(start, &problem));
        }
        match first_null(&values) {
            Some(value) => Err(at(start + value / width, "a value of the embedding is null")),
            None => Ok(values),
        }
    }
}

/// The lengths of lists, and their values.
fn lists_of(lists: &Series) -> PolarsResult<(Vec<usize>, Series)> {
    let lists = lists.list()?.rechunk();
    let offsets = lists.downcast_as_array().offsets();
    let lengths: Vec<_> = offsets.lengths().collect();
    let values = lists.get_inner().slice(*offsets.first(), lengths.iter().sum());
    Ok((lengths, values))
}

/// The type of the values in lists, or lists of lists; none of what is no list.
fn values_of(dtype: &DataType) -> Option<&DataType> {
    let DataType::List(inner) = dtype else { return None };
    values_of(inner).or(Some(inner))
}

/// The whole of a column of labels, if `fits` allows its number of rows.
///
/// # Errors
/// If the file cannot be read, has no such column (says which there are), or one that is neither of
/// numbers nor of strings; or what `fits` says.
pub fn column(path: &Path, name: &str, fits: &dyn Fn(usize) -> Result<()>) -> Result<Series> {
    let footer = Footer::read(path)?;
    if footer.rows()? == 0 {
        // Whatever its columns are.
        return Ok(Series::new_empty(name.into(), &DataType::Int64));
    }
    let column = Column::of(&footer, name)?;
    match column.whole(fits)? {
        Some(whole) => Ok(whole),
        None => {
            let problem = format!(
                "column {name:?} has type {}: labels are integers or strings",
                column.kind.name
            );
            Err(Error::content(path, problem))
        }
    }
}

/// Whether there is a column of this name.
///
/// # Errors
/// If the file cannot be read.
pub fn has_column(path: &Path, name: &str) -> Result<bool> {
    Ok(Footer::read(path)?.names().any(|column| column == name))
}

/// A small table, every cell as a text.
pub struct Texts {
    /// Names of the columns of numbers and of strings.
    pub columns: Vec<String>,
    /// Whether each is of strings.
    pub strings: Vec<bool>,
    /// The cells of each row, a null as an empty one.
    pub rows: Vec<Vec<String>>,
    /// Of each other column its name, and why it is none of these.
    pub others: Vec<(String, String)>,
}

/// Reads a small table. A column that is of another type or cannot be read is no error: perhaps nobody
/// asks for it.
///
/// # Errors
/// If the file cannot be read, has no rows, or more than a table of classes can have.
pub fn texts(path: &Path) -> Result<Texts> {
    const MOST_ROWS: usize = 1 << 20;
    const MOST_COLUMNS: usize = 1 << 10;
    let file = Footer::read(path)?;
    let fits = |rows: usize| match rows {
        0 => Err(Error::content(path, "has no rows")),
        1..=MOST_ROWS => Ok(()),
        _ => Err(Error::content(path, format!("has {rows} rows: is it a table of classes?"))),
    };
    let count = file.rows()?;
    fits(count)?;
    let mut texts = Texts {
        columns: Vec::new(),
        strings: Vec::new(),
        rows: vec![Vec::new(); count],
        others: Vec::new(),
    };
    for name in file.names().take(MOST_COLUMNS) {
        match cells(&file, name) {
            Ok((cells, strings)) => {
                texts.strings.push(strings);
                texts.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
                texts.columns.push(name.to_owned());
            }
            Err(why) => texts.others.push((name.to_owned(), why)),
        }
    }
    Ok(texts)
}

/// The cells of a column as texts; or why not, in words that follow on its name.
fn cells(file: &Footer, name: &str) -> std::result::Result<(Vec<String>, bool), String> {
    let why = |error: Error| match error {
        Error::Content { problem, .. } => format!("cannot be read: {problem}"),
        other => format!("cannot be read: {other}"),
    };
    check_name(name)?;
    let column = Column::of(file, name).map_err(why)?;
    let Some(whole) = column.whole(&|_| Ok(())).map_err(why)? else {
        return Err(format!("has type {}: it should be numbers or strings", column.kind.name));
    };
    let texts = decoded(&file.path, || texts_of(&whole)).map_err(why)?;
    Ok((texts, whole.dtype().is_string()))
}

fn texts_of(column: &Series) -> PolarsResult<Vec<String>> {
    fn texts<T: ToString>(values: impl Iterator<Item = Option<T>>) -> Vec<String> {
        values.map(|value| value.map_or_else(String::new, |value| value.to_string())).collect()
    }
    Ok(match column.dtype() {
        DataType::String => texts(column.str()?.iter()),
        DataType::UInt64 => texts(column.u64()?.iter()),
        dtype if dtype.is_float() => texts(column.cast(&DataType::Float64)?.f64()?.iter()),
        _ => texts(column.cast(&DataType::Int64)?.i64()?.iter()),
    })
}

/// What a file says of its columns.
#[derive(Debug)]
pub struct Footer {
    path: PathBuf,
    /// Bytes of the file.
    length: u64,
    metadata: Arc<FileMetadata>,
}

impl Footer {
    /// Reads and checks it.
    ///
    /// # Errors
    /// If the file cannot be read, or is no parquet file.
    pub fn read(path: &Path) -> Result<Footer> {
        let (mut file, length) = file::open(path)?;
        let metadata = decoded(path, || metadata(&mut file, length))?;
        Ok(Footer { path: path.to_owned(), length, metadata: metadata.into() })
    }

    /// The names of the columns.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.metadata.schema().fields().iter().map(|column| column.name())
    }

    /// Number of rows.
    fn rows(&self) -> Result<usize> {
        rows(&self.path, &self.metadata)
    }

    /// The text under a key of its metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.key_value_metadata().as_ref()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// Bytes of the largest row group, unpacked; of what is claimed no more than would be unpacked.
    pub fn largest_row_group(&self) -> u64 {
        let groups = self.metadata.row_groups.iter();
        let claimed = groups.map(|group| group.total_byte_size() as u64).max().unwrap_or(0);
        claimed.min(UNSUSPECTED.max(LARGEST_RATIO * self.length))
    }

    /// Number of rows of each row group.
    pub fn row_groups(&self) -> impl Iterator<Item = usize> {
        self.metadata.row_groups.iter().map(|group| group.num_rows())
    }
}

/// One column of a file, of which only the metadata are in memory.
#[derive(Debug)]
pub struct Column {
    path: PathBuf,
    name: String,
    kind: Kind,
    metadata: Arc<FileMetadata>,
}

impl Column {
    /// The column of this name.
    ///
    /// # Errors
    /// If there is none, and says which there are; or if there are two.
    pub fn of(footer: &Footer, name: &str) -> Result<Column> {
        let Footer { path, metadata, .. } = footer;
        let mut columns = metadata.schema().fields().iter().filter(|of| of.name() == name);
        let Some(column) = columns.next() else {
            let names: Vec<_> = footer.names().collect();
            let near = suggestion(name, &names);
            let problem = format!("has no column {name:?}; its columns are {}{near}", list(&names));
            return Err(Error::content(path, problem));
        };
        if columns.next().is_some() {
            let problem = format!("has two columns {name:?}: remove or rename one");
            return Err(Error::content(path, problem));
        }
        let kind = decoded(path, || Ok(Kind::of(column)))?;
        let (path, name, metadata) = (path.clone(), name.to_owned(), metadata.clone());
        Ok(Column { path, name, kind, metadata })
    }

    /// The same, if its type `fits`: else it should be of `what`.
    ///
    /// # Errors
    /// If there is none of that name or type.
    pub fn typed(
        footer: &Footer,
        name: &str,
        fits: impl Fn(&DataType) -> bool,
        what: &str,
    ) -> Result<Column> {
        let column = Column::of(footer, name)?;
        if fits(&column.kind.dtype) {
            return Ok(column);
        }
        let kind = &column.kind.name;
        let problem = format!("column {name:?} has type {kind}: it should be of {what}");
        Err(Error::content(&footer.path, problem))
    }

    /// What `read` makes of its values in a row group, by number.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn row_group<R>(
        &self,
        at: usize,
        read: impl FnOnce(Series) -> PolarsResult<R>,
    ) -> Result<R> {
        let values = self.decode(&self.metadata.row_groups[at])?;
        decoded(&self.path, || read(values))
    }

    /// All its values, if `fits` allows their number; none where they are neither numbers nor strings.
    fn whole(&self, fits: &dyn Fn(usize) -> Result<()>) -> Result<Option<Series>> {
        let dtype = &self.kind.dtype;
        if !(dtype.is_integer() || dtype.is_float() || dtype.is_string()) {
            return Ok(None);
        }
        fits(self.rows()?)?;
        let mut whole = Series::new_empty(self.name.as_str().into(), dtype);
        for group in &self.metadata.row_groups {
            whole
                .append_owned(self.decode(group)?)
                .map_err(|error| unreadable(&self.path, error))?;
        }
        Ok(Some(whole))
    }

    /// Number of rows.
    fn rows(&self) -> Result<usize> {
        rows(&self.path, &self.metadata)
    }

    /// Number of values in a row group.
    fn values(&self, group: &RowGroupMetadata) -> usize {
        self.chunks(group).map(|chunk| chunk.num_values()).sum::<i64>().try_into().unwrap_or(0)
    }

    fn chunks<'a>(
        &self,
        group: &'a RowGroupMetadata,
    ) -> impl Iterator<Item = &'a ColumnChunkMetadata> {
        group.columns_under_root_iter(&self.name).into_iter().flatten()
    }

    /// Its values in a row group, as they are in the file. They are read, not mapped: a file that
    /// shrinks while it is mapped would end the whole process, one that shrinks while it is read is
    /// an error.
    fn load<'a>(&self, group: &'a RowGroupMetadata) -> Result<Vec<Chunk<'a>>> {
        let (mut file, length) = file::open(&self.path)?;
        let mut chunks = Vec::new();
        for chunk in self.chunks(group) {
            let range = chunk.byte_range();
            if range.end > length {
                let problem = format!("is cut off: column {:?} goes on after its end", self.name);
                return Err(Error::content(&self.path, problem));
            }
            let mut bytes = vec![0; (range.end - range.start) as usize];
            let read =
                file.seek(SeekFrom::Start(range.start)).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(|error| file::failed(&self.path, error))?;
            check_pages(chunk, &bytes).map_err(|error| unreadable(&self.path, error))?;
            chunks.push((chunk, bytes));
        }
        Ok(chunks)
    }

    /// The values of a row group, by polars.
    fn decode(&self, group: &RowGroupMetadata) -> Result<Series> {
        let chunks = self.load(group)?;
        let column = decoded(&self.path, || {
            let field = &self.kind.field;
            let (mut columns, mut types) = (Vec::new(), Vec::new());
            for (chunk, bytes) in chunks {
                columns.push(pages(chunk, bytes));
                types.push(&chunk.descriptor().descriptor.primitive_type);
            }
            let (arrays, _) = read::column_iter_to_arrays(columns, types, field.clone(), None)?;
            let values = Series::try_from((field, arrays))?;
            match self.kind.scale {
                Some(scale) => types::decimals(&values, scale),
                None => Ok(values),
            }
        })?;
        if column.len() != group.num_rows() {
            let problem = format!(
                "column {:?} has {} rows where its header promises {}: it is damaged",
                self.name,
                column.len(),
                group.num_rows()
            );
            return Err(Error::content(&self.path, problem));
        }
        Ok(column)
    }
}

/// Number of rows of a file.
fn rows(path: &Path, metadata: &FileMetadata) -> Result<usize> {
    let mut groups = metadata.row_groups.iter().map(|group| group.num_rows());
    let sum = groups.try_fold(0, usize::checked_add);
    let many = "claims more rows than can be counted: it is damaged";
    sum.ok_or_else(|| Error::content(path, many))
}

/// A column chunk and its bytes.
type Chunk<'a> = (&'a ColumnChunkMetadata, Vec<u8>);

/// The pages of a chunk.
fn pages(chunk: &ColumnChunkMetadata, bytes: Vec<u8>) -> BasicDecompressor {
    let pages = PageReader::new(Cursor::new(bytes.into()), chunk, vec![], usize::MAX);
    BasicDecompressor::new(pages, vec![])
}

/// The metadata in the footer. polars' own decoder makes room for whatever a list claims to hold; so
/// the footer is first read within bounds, and polars gets what was read.
fn metadata(file: &mut File, length: u64) -> PolarsResult<FileMetadata> {
    const END: u64 = 8;
    if length < 4 + END {
        polars_bail!(ComputeError: "it is too short");
    }
    let mut end = [0; END as usize];
    file.seek(SeekFrom::Start(length - END))?;
    file.read_exact(&mut end)?;
    if end.ends_with(b"PARE") {
        polars_bail!(ComputeError: "it is encrypted");
    } else if !end.ends_with(b"PAR1") {
        polars_bail!(ComputeError: "it does not end with PAR1, is it cut off?");
    }
    let footer = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    let Some(start) = (length - END).checked_sub(footer) else {
        polars_bail!(ComputeError: "it claims a footer longer than the file");
    };
    file.seek(SeekFrom::Start(start))?;
    let damaged = |_: thrift::Error| polars_err!(ComputeError: "its footer is damaged, or of a newer version of the format");
    let bytes = BufReader::new(file.take(footer));
    // The protocol charges 8 bytes for each element of a list, which takes a byte at least.
    let mut protocol = TCompactInputProtocol::new(bytes, 9 * footer as usize);
    let read = FileMetaData::read_from_in_protocol(&mut protocol).map_err(damaged)?;
    check_depth(&read.schema)?;
    let mut chunks = read.row_groups.iter().flat_map(|group| &group.columns);
    if chunks.any(|chunk| chunk.file_path.as_ref().is_some_and(|path| !path.is_empty())) {
        polars_bail!(ComputeError: "it holds no rows, only the names of other files: give those \
                                    files");
    }
    let mut bytes = Vec::new();
    read.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes)).map_err(damaged)?;
    Ok(deserialize_metadata(bytes.into())?)
}

/// Checks that the schema, its groups before their members, does not nest without end.
fn check_depth(schema: &[SchemaElement]) -> PolarsResult<()> {
    // How many members each open group still misses.
    let mut open: Vec<i32> = Vec::new();
    for element in schema {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(members) = open.last_mut() {
            *members -= 1;
        }
        open.push(element.num_children.unwrap_or(0).max(0));
        if open.len() > DEEPEST_SCHEMA {
            polars_bail!(ComputeError: "its columns are nested too deeply");
        }
    }
    Ok(())
}

/// Checks what the pages of a chunk claim to hold, before the decoder makes room for it.
fn check_pages(chunk: &ColumnChunkMetadata, bytes: &[u8]) -> PolarsResult<()> {
    let (mut rest, mut values, mut unpacked) = (bytes, 0_i64, 0);
    while values < chunk.num_values() {
        let header = TCompactInputProtocol::new(&mut rest, LONGEST_PAGE_HEADER);
        let header = PageHeader::read_from_in_protocol(&mut { header })
            .map_err(|_| polars_err!(ComputeError: "a page has no header"))?;
        let packed = usize::try_from(header.compressed_page_size).ok();
        let Some(after) = packed.and_then(|packed| rest.get(packed..)) else {
            polars_bail!(ComputeError: "a page goes on after the end of its column");
        };
        rest = after;
        let counts = (header.data_page_header, header.data_page_header_v2);
        let count = counts.0.map(|v1| v1.num_values).or(counts.1.map(|v2| v2.num_values));
        values += i64::from(count.unwrap_or(0).max(0));
        unpacked += u64::try_from(header.uncompressed_page_size).unwrap_or(0);
    }
    // The largest values are 16 bytes: views of strings.
    let unpacked = unpacked.max(16 * values.unsigned_abs());
    let suspected = unpacked > UNSUSPECTED && unpacked / LARGEST_RATIO > bytes.len() as u64;
    if values != chunk.num_values() || suspected {
        polars_bail!(
            ComputeError:
            "its pages claim {values} values in {unpacked} bytes, unpacked from {}", bytes.len()
        );
    }
    Ok(())
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in the decoder, whose panics are errors of the file.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What `decode` returns. On some damaged files the decoder panics: that is an error of the file.
fn decoded<R>(path: &Path, decode: impl FnOnce() -> PolarsResult<R>) -> Result<R> {
    DECODING.set(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    match result {
        Ok(result) => result.map_err(|error| unreadable(path, error)),
        Err(_) => Err(Error::content(path, "is not a readable parquet file: it is damaged")),
    }
}

/// Blocks of `length` values, until `sink` declines; whether it did not.
fn hand_out<T: Element>(values: Series, length: usize, sink: Sink<T>) -> PolarsResult<bool> {
    fn blocks<S: Copy + Into<f64>, T: Element>(values: &[S], length: usize, sink: Sink<T>) -> bool {
        let mut block = Vec::new();
        values.chunks(length).all(|values| {
            block.clear();
            block.extend(values.iter().map(|&value| T::from_f64(value.into())));
            sink(&mut block)
        })
    }
    Ok(match values.dtype() {
        DataType::Float64 => blocks(values.rechunk().f64()?.cont_slice()?, length, sink),
        _ => blocks(values.cast(&DataType::Float32)?.rechunk().f32()?.cont_slice()?, length, sink),
    })
}

/// The first row that is null.
pub fn first_null(series: &Series) -> Option<usize> {
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
