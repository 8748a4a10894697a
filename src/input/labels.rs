//! The class of each instance: ids or names, from any file of labels.

use std::io::Read;
use std::iter::repeat_n;
use std::path::{Path, PathBuf};

use polars::prelude::{DataType, PolarsError, Series};

use super::arrow;
use super::embeddings::Dump;
use super::file;
use super::hive;
use super::npy;
use super::npz;
use super::parquet;
use super::safetensors;
use super::shards::{self, Kinds, extension};
use super::stored_array::{Array, Found};
use super::table::Table;
use super::torch;
use crate::classes::{Keys, Labels, differ, whole};
use crate::error::{Error, Result};

/// What labels are called in npz, safetensors and pt files, unless another name is asked for.
const NAMES: &[&str] = &["labels", "label"];

/// The column of labels in csv, parquet and Arrow files, unless another is asked for.
const COLUMN: &str = "label";

/// Files of labels in a directory end so.
pub(crate) const EXTENSIONS: Kinds = Kinds {
    first: &["npy", "npz", "safetensors", "csv", "parquet", "arrow", "feather", "pt", "pth"],
    second: &[],
};

impl Labels {
    /// Reads files, directories and globs of `.npy`, `.npz`, `.safetensors`, `.csv`, `.parquet`, Arrow and
    /// `.pt` files, as one sequence of `rows` labels. `column` names the csv, parquet or Arrow column (`label`
    /// unless given), or the npz array or the tensor (`labels` unless given, or else `label`).
    ///
    /// # Errors
    /// If a file cannot be used, some hold ids and others names, or there are more or fewer labels.
    pub fn read(paths: &[PathBuf], column: Option<&str>, rows: usize) -> Result<Labels> {
        let files = shards::expand(paths, EXTENSIONS)?;
        Labels::concat(&files.paths, column, rows, &[])
    }

    /// The same of the embeddings of a dump, and what to say of a directory or glob of files. Where there
    /// is a file of labels for each of embeddings, they must go together.
    ///
    /// # Errors
    /// As for [`Labels::read`]; or if a file has more or fewer labels than its embeddings, or may be that
    /// of others.
    pub fn beside(
        dump: &Dump,
        paths: &[PathBuf],
        column: Option<&str>,
    ) -> Result<(Labels, Option<String>)> {
        let files = shards::expand(paths, EXTENSIONS)?;
        dump.files().check_labels(&files)?;
        let shards: Vec<_> = dump.rows_by_file().collect();
        let with_rows = shards.iter().copied().filter(|&(_, rows)| rows > 0).collect();
        let mut each = [shards, with_rows].into_iter();
        let each = each.find(|shards| shards.len() == files.paths.len()).unwrap_or_default();
        let labels = Labels::concat(&files.paths, column, dump.rows_in_files(), &each)?;
        Ok((labels, files.note(dump.rows_in_files())))
    }

    /// The labels that lie in the files of the embeddings themselves, or in the names of their
    /// directories.
    ///
    /// # Errors
    /// If they have no labels; `.npy` files, and `.pt` files of one tensor, hold embeddings only.
    pub fn of(dump: &Dump, column: Option<&str>) -> Result<Labels> {
        if let Some(labels) = Labels::in_directories(dump, column.unwrap_or(COLUMN))? {
            return Ok(labels);
        }
        for path in dump.paths() {
            let alone = match extension(path).as_str() {
                "npy" => true,
                "pt" | "pth" => torch::is_tensor(path)?,
                _ => false,
            };
            if alone {
                let problem =
                    format!("give --labels: {} holds no labels of its own", path.display());
                return Err(Error::Usage(problem));
            }
        }
        let each: Vec<_> = dump.rows_by_file().collect();
        Labels::concat(&dump.files().paths, column, dump.rows_in_files(), &each)
    }

    /// The labels in the names of the directories, `label=cat`, if all files lie in such and hold none of
    /// their own: arrays without a name, and parquet and Arrow files without that column.
    fn in_directories(dump: &Dump, column: &str) -> Result<Option<Labels>> {
        let mut values = Vec::new();
        for (path, rows) in dump.rows_by_file() {
            let Some(value) = hive::value(path, column) else { return Ok(None) };
            match extension(path).as_str() {
                "npy" => {}
                "pt" | "pth" if torch::is_tensor(path)? => {}
                "arrow" | "feather" if !arrow::has_column(path, column)? => {}
                "parquet" if !parquet::has_column(path, column)? => {}
                _ => return Ok(None),
            }
            values.push((value.map_err(|problem| Error::content(path, problem))?, rows));
        }
        let texts = values.iter().flat_map(|(value, rows)| repeat_n(value.as_str(), *rows));
        Labels::of_texts(texts, Keys::Cells).map(Some).map_err(|(row, problem)| {
            let problem = format!("its directory {column}=…: {problem}");
            Error::content(dump.path_of(row), problem)
        })
    }

    /// The labels of all files, `rows` together; where there is a file of embeddings for `each`, as many
    /// as there are rows in that.
    fn concat(
        files: &[PathBuf],
        column: Option<&str>,
        rows: usize,
        each: &[(&Path, usize)],
    ) -> Result<Labels> {
        let mut all: Option<Labels> = None;
        // Where there is one file alone, the sentence on all rows says it.
        let mut shards = each.iter().copied().filter(|_| each.len() > 1);
        for path in files {
            let before = all.as_ref().map_or(0, Labels::len);
            let shard = shards.next();
            // Before what a header only claims is read into memory.
            let fits = |labels: usize| match shard {
                Some((of, rows)) if labels > rows => Err(differ_in(path, labels, of, rows)),
                _ => match before.saturating_add(labels) {
                    labels if labels > rows => Err(differ(rows, labels)),
                    _ => Ok(()),
                },
            };
            let labels = Labels::read_one(path, column, &fits)?;
            if let Some((of, rows)) = shard.filter(|&(_, rows)| labels.len() < rows) {
                return Err(differ_in(path, labels.len(), of, rows));
            }
            match &mut all {
                // What has no rows says nothing of the others' kind.
                Some(all) if !all.is_empty() && labels.is_empty() => drop(labels),
                Some(all) if !all.is_empty() => {
                    all.append(labels).map_err(|problem| Error::content(path, problem))?;
                }
                _ => all = Some(labels),
            }
        }
        let all = all.ok_or_else(|| Error::Usage("--labels names no file".into()))?;
        if all.len() < rows {
            return Err(differ(rows, all.len()));
        }
        Ok(all)
    }

    /// One file's labels, of which there are as many as `fits` allows.
    fn read_one(
        path: &Path,
        column: Option<&str>,
        fits: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Labels> {
        const OPTION: &str = "--label-column";
        let bad = |problem| Error::content(path, problem);
        let names = column.as_ref().map_or(NAMES, std::slice::from_ref);
        let (column, asked) = (column.unwrap_or(COLUMN), column.is_some());
        match extension(path).as_str() {
            "npy" => {
                let (mut reader, array, bytes) = npy::open(path)?;
                let width = Width::of(&array, bytes).map_err(bad)?;
                fits(width.labels)?;
                width.read(&mut reader).map_err(bad)
            }
            "npz" => npz::with_array(path, names, OPTION, |name, entry| {
                let bad = |problem| bad(format!("array {name:?} {problem}"));
                let bytes = entry.size();
                let array = Array::parse(entry).map_err(bad)?;
                let width = Width::of(&array, bytes.saturating_sub(array.start)).map_err(bad)?;
                fits(width.labels)?;
                width.read(entry).map_err(bad)
            })?,
            "safetensors" => from_tensor(path, safetensors::open(path, names, OPTION)?, fits),
            "pt" | "pth" => from_tensor(path, torch::open(path, names, asked, OPTION)?, fits),
            "csv" => {
                let labels = from_table(&Table::with_column(path, column)?, column)?;
                fits(labels.len())?;
                Ok(labels)
            }
            "parquet" => from_series(&parquet::column(path, column, fits)?, path, column),
            "arrow" | "feather" => arrow::labels(path, column, fits),
            _ => Err(file::unknown(
                path,
                "is neither .npy, .npz, .safetensors, .csv, .parquet, .arrow, .feather nor .pt",
            )),
        }
    }
}

fn differ_in(path: &Path, labels: usize, of: &Path, rows: usize) -> Error {
    let problem = format!(
        "holds {labels} labels for the {rows} embeddings of {}: save both from the same instances, \
         in the same order, and give the files matching names",
        of.display()
    );
    Error::content(path, problem)
}

/// The element type of an array of labels.
struct Width {
    kind: char,
    bytes: usize,
    big_endian: bool,
    labels: usize,
}

impl Width {
    /// Of an array with this header and so many bytes of data: integers of any width and byte order,
    /// or floats.
    fn of(array: &Array, bytes: u64) -> std::result::Result<Width, String> {
        let labels = match array.shape[..] {
            [labels] => labels,
            [0, ..] => 0,
            _ => {
                let shape = &array.shape;
                return Err(format!("holds an array of shape {shape:?}: labels have one axis"));
            }
        };
        let (kind, width) = match array.descr.trim_start_matches(['<', '>', '=', '|']) {
            "i1" => ('i', 1),
            "i2" => ('i', 2),
            "i4" => ('i', 4),
            "i8" => ('i', 8),
            "u1" => ('u', 1),
            "u2" => ('u', 2),
            "u4" => ('u', 4),
            "u8" => ('u', 8),
            "f4" => ('f', 4),
            "f8" => ('f', 8),
            _ => {
                return Err(format!(
                    "holds elements of type {:?}: labels are integers",
                    array.descr
                ));
            }
        };
        array.check_length(width, bytes)?;
        Ok(Width { kind, bytes: width, big_endian: array.descr.starts_with('>'), labels })
    }

    fn read(&self, reader: &mut impl Read) -> std::result::Result<Labels, String> {
        let mut data = Vec::new();
        let bytes = self.labels as u64 * self.bytes as u64;
        // One more, so that an archive's checksum is compared.
        let read = reader.take(bytes + 1).read_to_end(&mut data);
        read.map_err(|error| format!("cannot be read: {error}"))?;
        if data.len() as u64 != bytes {
            return Err("changed while it was read: is something still writing it?".into());
        }
        macro_rules! ids {
            ($number:ty, $bytes:literal, $id:expr) => {{
                let number = |bytes| match self.big_endian {
                    true => <$number>::from_be_bytes(bytes),
                    false => <$number>::from_le_bytes(bytes),
                };
                let id = |(at, &bytes)| {
                    let wrong = |label| format!("label {label} of row {at} {}", self.problem());
                    $id(number(bytes)).map_err(wrong)
                };
                Labels::of_read_ids(data.as_chunks::<$bytes>().0.iter().enumerate().map(id))
            }};
        }
        match (self.kind, self.bytes) {
            ('f', 4) => ids!(f32, 4, |number: f32| whole(number.into())),
            ('f', _) => ids!(f64, 8, whole),
            ('i', 1) => ids!(i8, 1, integer),
            ('i', 2) => ids!(i16, 2, integer),
            ('i', 4) => ids!(i32, 4, integer),
            ('i', _) => ids!(i64, 8, integer),
            (_, 1) => ids!(u8, 1, integer),
            (_, 2) => ids!(u16, 2, integer),
            (_, 4) => ids!(u32, 4, integer),
            _ => ids!(u64, 8, integer),
        }
    }

    fn problem(&self) -> &'static str {
        if self.kind == 'f' { "is not a whole number" } else { "is too large" }
    }
}

/// An integer as an id; or the label, if it is too large.
fn integer<I: Copy + TryInto<i64> + ToString>(label: I) -> std::result::Result<i64, String> {
    label.try_into().map_err(|_| label.to_string())
}

fn from_tensor(path: &Path, found: Found, fits: &dyn Fn(usize) -> Result<()>) -> Result<Labels> {
    let bad = |problem| {
        Error::content(path, format!("{}{problem}", Found::called("tensor", &found.name)))
    };
    let width = Width::of(&found.array, found.bytes).map_err(bad)?;
    fits(width.labels)?;
    // The next tensor's bytes are none of its own.
    width.read(&mut found.reader.take(found.bytes)).map_err(bad)
}

fn from_table(table: &Table, name: &str) -> Result<Labels> {
    let column = table.column(name)?;
    if let Some((line, _)) = table.rows.iter().find(|(_, row)| row[column].is_empty()) {
        return Err(table.at(*line, column, "there is no label"));
    }
    let texts = || table.rows.iter().map(|(_, row)| &row[column]);
    let at = |(row, problem): (usize, String)| table.at(table.rows[row].0, column, &problem);
    let labels = Labels::of_texts(texts(), Keys::Cells).map_err(at)?;
    // They may be names all the same, such as those of coins.
    let numbers: Option<Vec<f64>> = texts().map(|text| text.parse().ok()).collect();
    let no_id = numbers.and_then(|numbers| Labels::of_numbers(numbers.into_iter()).err());
    Ok(match no_id {
        Some(wrong) => labels.of_no_ids(at(wrong).to_string()),
        None => labels,
    })
}

fn from_series(series: &Series, path: &Path, name: &str) -> Result<Labels> {
    let bad = |problem| Error::content(path, problem);
    let at = |(row, problem)| bad(format!("row {row}, column {name:?}: {problem}"));
    let wrong = |error: PolarsError| bad(format!("column {name:?}: {error}"));
    if let Some(row) = parquet::first_null(series) {
        let count = series.null_count();
        return Err(at((row, format!("there is no label, as in {count} rows"))));
    }
    if series.dtype().is_integer() {
        let ids = series.cast(&DataType::Int64).map_err(wrong)?;
        if let Some(row) = parquet::first_null(&ids) {
            return Err(at((row, "the label is too large".into())));
        }
        return Ok(Labels::of_ids(ids.i64().map_err(wrong)?.into_no_null_iter()));
    }
    if series.dtype().is_float() {
        let numbers = series.cast(&DataType::Float64).map_err(wrong)?;
        return Labels::of_numbers(numbers.f64().map_err(wrong)?.into_no_null_iter()).map_err(at);
    }
    let texts = series.str().map_err(wrong)?;
    Labels::of_texts(texts.iter().flatten(), Keys::Strings).map_err(at)
}
