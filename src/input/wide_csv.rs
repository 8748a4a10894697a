//! A csv file of embeddings with one column per dimension, read row by row.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

use super::table::is_absent;
use super::{file, series};
use crate::error::{Error, Result};
use crate::rows::{Element, Sink, check_dim};
use crate::words::{list, trimmed};

/// Longest header, bytes: a thousand columns take some kilobytes.
const LONGEST_HEADER: usize = 64 << 20;

/// Rows whose numbers say whether f32 holds them, and digits that it holds.
const SAMPLE: usize = 64;
const SINGLE_DIGITS: usize = 9;

/// A csv file with one column per dimension.
#[derive(Debug)]
pub struct CsvFile {
    path: PathBuf,
    delimiter: u8,
    names: Vec<String>,
    /// The indices of the dimensions, in order.
    columns: Vec<usize>,
    /// Number of rows.
    pub rows: usize,
    /// Whether its numbers have more digits than f32 holds.
    pub double: bool,
}

impl CsvFile {
    /// Reads the file once, to count its rows. `pattern` names the columns, with a `*` for the number.
    ///
    /// # Errors
    /// If it cannot be read, is no csv table, or has no such columns.
    pub fn open(path: &Path, pattern: Option<&str>) -> Result<CsvFile> {
        let bad = |problem: String| Error::content(path, problem);
        let header = header(path)?;
        let delimiter =
            *b",;\t".iter().find(|delimiter| header.contains(delimiter)).unwrap_or(&b',');
        let (path, names, columns) = (path.to_owned(), Vec::new(), Vec::new());
        let mut table = CsvFile { path, delimiter, names, columns, rows: 0, double: false };
        let mut reader = table.reader()?;
        let names = reader.headers().map_err(|error| table.damaged(&error))?;
        table.names = names.iter().map(|name| trimmed(name).to_owned()).collect();
        let columns = match pattern {
            Some(name) if !name.contains('*') => {
                return Err(bad(format!(
                    "holds numbers, not lists: if there are numbered columns of this name, give \
                     --embedding-column '{name}*'"
                )));
            }
            _ => series::columns(&table.names, pattern).map_err(bad)?,
        };
        let Some(columns) = columns else {
            return Err(bad(format!(
                "has no series of columns with a number each, such as 0, 1, … or emb_0, emb_1, …; its columns \
                 are {}",
                list(&table.names)
            )));
        };
        check_dim(columns.len()).map_err(bad)?;
        table.columns = columns;
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| table.damaged(&error))? {
            if table.rows < SAMPLE {
                let cells = table.columns.iter().filter_map(|&column| record.get(column));
                table.double |= cells.into_iter().any(|cell| digits(cell) > SINGLE_DIGITS);
            }
            table.rows += 1;
        }
        Ok(table)
    }

    /// Number of values per row p.
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// Hands out blocks of `rows` rows until `sink` declines. A cell without a number is NaN.
    ///
    /// # Errors
    /// If reading fails, or a cell holds something else.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let mut reader = self.reader()?;
        let (mut record, mut block, mut row) = (ByteRecord::new(), Vec::new(), 0);
        while reader.read_byte_record(&mut record).map_err(|error| self.damaged(&error))? {
            for &column in &self.columns {
                let cell = record.get(column).unwrap_or_default();
                let value = number(cell, self.double);
                let value = value.ok_or_else(|| self.wrong(row, column, cell))?;
                block.push(value);
            }
            row += 1;
            if row % rows == 0 {
                if !sink(&mut block) {
                    return Ok(());
                }
                block.clear();
            }
        }
        if row != self.rows {
            let problem = "changed while it was read: is something still writing it?";
            return Err(Error::content(&self.path, problem));
        }
        if !block.is_empty() {
            sink(&mut block);
        }
        Ok(())
    }

    fn reader(&self) -> Result<Reader<File>> {
        let (file, _) = file::open_text(&self.path)?;
        let mut options = ReaderBuilder::new();
        Ok(options.trim(Trim::All).delimiter(self.delimiter).from_reader(file))
    }

    fn wrong(&self, row: usize, column: usize, cell: &[u8]) -> Error {
        let (name, cell) = (&self.names[column], String::from_utf8_lossy(cell));
        let problem = format!("row {row}, column {name:?}: {cell:?} is not a number");
        Error::content(&self.path, problem)
    }

    fn damaged(&self, error: &csv::Error) -> Error {
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => format!(
                "row {} has {len} cells, the header has {expected_len}",
                pos.as_ref().map_or(0, |pos| pos.record().saturating_sub(1))
            ),
            _ => format!("is not a csv table: {error}"),
        };
        Error::content(&self.path, problem)
    }
}

/// The first line with something in it.
fn header(path: &Path) -> Result<Vec<u8>> {
    let (file, _) = file::open_text(path)?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while line.is_empty() {
        let bytes = reader.fill_buf().map_err(Error::read(path))?;
        if bytes.is_empty() {
            return Err(Error::content(path, "has no header"));
        }
        let empty = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        if empty > 0 {
            reader.consume(empty);
            continue;
        }
        loop {
            let bytes = reader.fill_buf().map_err(Error::read(path))?;
            let end = bytes.iter().position(|byte| b"\r\n".contains(byte));
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            let read = bytes.len();
            if end.is_some() || read == 0 {
                break;
            }
            reader.consume(read);
            if line.len() > LONGEST_HEADER {
                return Err(Error::content(path, "has no header: its first line has no end"));
            }
        }
    }
    Ok(line)
}

/// Digits of a number that say something of its value.
fn digits(cell: &[u8]) -> usize {
    let mantissa = cell.split(|byte| b"eE".contains(byte)).next().unwrap_or_default();
    let mut digits = mantissa.iter().filter(|byte| byte.is_ascii_digit());
    let zeros = digits.clone().take_while(|&&digit| digit == b'0').count();
    digits.by_ref().count() - zeros
}

/// The number in a cell, as f64 or rounded to f32 once; NaN where it says that there is none.
fn number<T: Element>(cell: &[u8], double: bool) -> Option<T> {
    let cell = trimmed(std::str::from_utf8(cell).ok()?);
    let number = match is_absent(cell) {
        true => f64::NAN,
        false if double => cell.parse().ok()?,
        false => f64::from(cell.parse::<f32>().ok()?),
    };
    Some(T::from_f64(number))
}
