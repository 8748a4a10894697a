//! The class of each instance: ids or names, from npy, npz, csv or parquet.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use polars::prelude::{DataType, Series};

use super::embeddings::Dump;
use super::npy::{self, Array};
use super::npz;
use super::parquet;
use super::shards::{self, extension};
use super::table::Table;
use crate::error::{Error, Result};

/// Labels as they stand in the files, in order.
#[derive(Debug, PartialEq)]
pub enum Labels {
    /// Class ids.
    Ids(Vec<i64>),
    /// For each instance an index into the distinct names, which are in order of first appearance.
    Names(Vec<u32>, Vec<String>),
}

impl Labels {
    /// Number of labels.
    pub fn len(&self) -> usize {
        match self {
            Labels::Ids(ids) => ids.len(),
            Labels::Names(codes, _) => codes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads files, directories and globs of `.npy`, `.npz`, `.csv` and `.parquet` files, as one
    /// sequence. `column` names the csv or parquet column; in an npz file the array is `labels`.
    ///
    /// # Errors
    /// If a file cannot be used, or some hold ids and others names.
    pub fn read(paths: &[PathBuf], column: &str) -> Result<Labels> {
        let files = shards::expand(paths, &["npy", "npz", "csv", "parquet"])?;
        Labels::concat(
            files
                .iter()
                .map(|path| Labels::read_one(path, column).map(|labels| (path.as_path(), labels))),
        )
    }

    /// The labels that lie in the files of the embeddings themselves.
    ///
    /// # Errors
    /// If they are `.npy` files, which hold embeddings only, or have no labels.
    pub fn of(dump: &Dump, column: &str) -> Result<Labels> {
        Labels::concat(dump.paths().map(|path| {
            if extension(path) == "npy" {
                let problem =
                    format!("give --labels: {} holds no labels of its own", path.display());
                return Err(Error::Usage(problem));
            }
            Ok((path, Labels::read_one(path, column)?))
        }))
    }

    fn concat<'a>(parts: impl Iterator<Item = Result<(&'a Path, Labels)>>) -> Result<Labels> {
        let mut all: Option<Labels> = None;
        for part in parts {
            let (path, labels) = part?;
            match (&mut all, labels) {
                (None, labels) => all = Some(labels),
                (Some(Labels::Ids(all)), Labels::Ids(ids)) => all.extend(ids),
                (Some(Labels::Names(all, names)), Labels::Names(codes, more)) => {
                    let mut interned = Interned::new(std::mem::take(names));
                    let renamed: Vec<u32> =
                        more.into_iter().map(|name| interned.code(name)).collect();
                    all.extend(codes.into_iter().map(|code| renamed[code as usize]));
                    *names = interned.names;
                }
                _ => {
                    return Err(Error::content(
                        path,
                        "holds class names where other label files hold ids, or ids where they hold names",
                    ));
                }
            }
        }
        all.ok_or_else(|| Error::Usage("--labels names no file".into()))
    }

    fn read_one(path: &Path, column: &str) -> Result<Labels> {
        match extension(path).as_str() {
            "npy" => {
                let (mut reader, array, bytes) = npy::open(path)?;
                integers(&mut reader, &array, bytes)
                    .map_err(|problem| Error::content(path, problem))
            }
            "npz" => npz::with_array(path, "labels", |entry| {
                let bytes = entry.size();
                let array = Array::parse(entry)?;
                integers(entry, &array, bytes.saturating_sub(array.start))
            })?
            .map_err(|problem| Error::content(path, format!("array \"labels\" {problem}"))),
            "csv" => from_table(&Table::read(path)?, column),
            "parquet" => from_series(&parquet::column(path, column)?, path, column),
            _ => Err(Error::content(path, "is neither .npy, .npz, .csv nor .parquet")),
        }
    }
}

/// An array of integers of any width and byte order.
fn integers(
    reader: &mut impl Read,
    array: &Array,
    bytes: u64,
) -> std::result::Result<Labels, String> {
    let [_] = array.shape[..] else {
        return Err(format!("holds an array of shape {:?}: labels have one axis", array.shape));
    };
    let big = array.descr.starts_with('>');
    let mut kind = array.descr.trim_start_matches(['<', '>', '=', '|']).chars();
    let signed = kind.next();
    let width = match (signed, kind.as_str()) {
        (Some('i' | 'u'), "1") => 1,
        (Some('i' | 'u'), "2") => 2,
        (Some('i' | 'u'), "4") => 4,
        (Some('i' | 'u'), "8") => 8,
        _ => {
            return Err(format!("holds elements of type {:?}: labels are integers", array.descr));
        }
    };
    array.check_length(width, bytes)?;
    let mut data = Vec::with_capacity(bytes as usize);
    reader
        .take(bytes)
        .read_to_end(&mut data)
        .map_err(|error| format!("cannot be read: {error}"))?;
    let signed = signed == Some('i');
    let decode = |(at, element): (usize, &[u8])| {
        // Widened to eight bytes, least significant first.
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(element);
        if big {
            wide[..width].reverse();
        }
        let negative = signed && wide[width - 1] & 0x80 != 0;
        wide[width..].fill(if negative { 0xff } else { 0 });
        let id = i64::from_le_bytes(wide);
        if signed || id >= 0 {
            Ok(id)
        } else {
            Err(format!("label {} of row {at} is too large", id as u64))
        }
    };
    data.chunks_exact(width)
        .enumerate()
        .map(decode)
        .collect::<std::result::Result<_, _>>()
        .map(Labels::Ids)
}

fn from_table(table: &Table, name: &str) -> Result<Labels> {
    let column = table.column(name)?;
    if let Some((line, _)) = table.rows.iter().find(|(_, row)| row[column].is_empty()) {
        return Err(table.at(*line, column, "there is no label"));
    }
    Ok(from_texts(table.rows.iter().map(|(_, row)| &row[column])))
}

fn from_series(series: &Series, path: &Path, name: &str) -> Result<Labels> {
    let wrong = || {
        let problem =
            format!("column {name:?} has type {}: labels are integers or strings", series.dtype());
        Error::content(path, problem)
    };
    if series.null_count() > 0 {
        return Err(Error::content(
            path,
            format!("column {name:?} has {} rows without a label", series.null_count()),
        ));
    }
    if series.dtype().is_integer() {
        let ids = series.strict_cast(&DataType::Int64).map_err(|_| wrong())?;
        return Ok(Labels::Ids(ids.i64().map_err(|_| wrong())?.into_no_null_iter().collect()));
    }
    let names = series.str().map_err(|_| wrong())?;
    let names: Vec<_> = names.iter().flatten().collect();
    Ok(from_texts(names.into_iter()))
}

/// Ids if every text is a whole number, else names.
fn from_texts<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Labels {
    if let Ok(ids) = texts.clone().map(str::parse).collect() {
        return Labels::Ids(ids);
    }
    let mut interned = Interned::new(Vec::new());
    let codes = texts.map(|name| interned.code(name.to_owned())).collect();
    Labels::Names(codes, interned.names)
}

/// Distinct names, numbered by first appearance.
struct Interned {
    names: Vec<String>,
    codes: HashMap<String, u32>,
}

impl Interned {
    fn new(names: Vec<String>) -> Interned {
        let codes = names.iter().cloned().zip(0..).collect();
        Interned { names, codes }
    }

    fn code(&mut self, name: String) -> u32 {
        *self.codes.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            self.names.len() as u32 - 1
        })
    }
}
