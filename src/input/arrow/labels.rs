//! A column of labels in an Arrow file: integers, floats that are whole, texts, or such out of a dictionary.

use std::fs::File;
use std::io::{self, Error as IoError, ErrorKind, Read};
use std::path::Path;

use super::messages::{Batch, Column, Kind};
use super::{buffers, called, unreadable};
use crate::classes::{Keys, Labels};
use crate::error::{Error, Result};
use crate::input::file;

/// The labels in a column, if `fits` allows their number.
///
/// # Errors
/// If the file cannot be read, has no such column, or one that is neither of numbers nor of strings; or what
/// `fits` says.
pub fn labels(path: &Path, name: &str, fits: &dyn Fn(usize) -> Result<()>) -> Result<Labels> {
    let column = Column::open(path, name)?;
    if column.rows == 0 {
        // Whatever its columns are.
        return Ok(Labels::of_ids([]));
    }
    let Some(mut all) = Values::none(column.field.kind) else {
        let problem = format!(
            "column {name:?} has type {}: labels are integers or strings",
            called(&column.field)
        );
        return Err(Error::content(path, problem));
    };
    let nulls = column.batches.iter().try_fold(0_usize, |n, batch| n.checked_add(batch.nodes[0].1));
    fits(column.rows)?;
    let at = |row: usize, problem: String| {
        Error::content(path, format!("row {row}, column {name:?}: {problem}"))
    };
    let bad = |error| unreadable(path, error);
    let (file, _) = file::open(path)?;
    let (mut known, mut dictionaries) =
        (Values::none(column.field.kind), column.dictionaries.iter().peekable());
    let mut start = 0;
    for (number, batch) in column.batches.iter().enumerate() {
        while let Some(dictionary) = dictionaries.next_if(|of| of.before <= number) {
            if !dictionary.adds {
                known = Values::none(column.field.kind);
            }
            if let Some(known) = &mut known {
                known.read(&file, &dictionary.values, column.field.kind).map_err(bad)?;
            }
        }
        let null = buffers::first_null(&file, batch, 0, batch.buffers[0], (0, batch.rows));
        if let Some(row) = null.map_err(bad)? {
            let count = nulls.unwrap_or(usize::MAX);
            return Err(at(start + row, format!("there is no label, as in {count} rows")));
        }
        match (column.field.dictionary, &known) {
            (Some((_, numbers)), Some(known)) => {
                all.pick(known, &file, batch, numbers).map_err(bad)?;
            }
            _ => all.read(&file, batch, column.field.kind).map_err(bad)?,
        }
        start += batch.rows;
    }
    all.labels().map_err(|(row, problem)| at(row, problem))
}

/// Values of one kind, in order.
enum Values {
    Integers(Vec<i128>),
    Floats(Vec<f64>),
    /// All texts in one, and where each ends.
    Texts(String, Vec<usize>),
}

impl Values {
    /// None of a kind that labels may be of.
    fn none(kind: Kind) -> Option<Values> {
        match kind {
            Kind::Integer(..) => Some(Values::Integers(Vec::new())),
            Kind::Float(4 | 8) => Some(Values::Floats(Vec::new())),
            Kind::Text(_) | Kind::TextView => Some(Values::Texts(String::new(), Vec::new())),
            _ => None,
        }
    }

    /// Adds those of a batch.
    fn read(&mut self, file: &File, batch: &Batch, kind: Kind) -> io::Result<()> {
        let rows = batch.rows;
        match (self, kind) {
            (Values::Integers(all), Kind::Integer(bytes, signed)) => {
                all.extend(integers(file, batch, bytes, signed)?);
            }
            (Values::Floats(all), Kind::Float(bytes)) => {
                let raw = plain(file, batch, 1, bytes)?;
                let double = |raw: &[u8]| match *raw {
                    [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
                    [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
                    _ => f64::NAN,
                };
                all.extend(raw.chunks_exact(bytes).map(double));
            }
            (Values::Texts(all, ends), Kind::Text(width)) => {
                let offsets = buffers::offsets(file, batch, batch.buffers[1], width, (0, rows))?;
                let offsets = offsets.collect::<io::Result<Vec<_>>>()?;
                let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else {
                    return Ok(());
                };
                let bytes = whole(file, batch, 2, first as u64, (last - first) as u64)?;
                for pair in offsets.windows(2) {
                    push(all, ends, &bytes[pair[0] - first..pair[1] - first])?;
                }
            }
            (Values::Texts(all, ends), _) => {
                let views = plain(file, batch, 1, 16)?;
                let more = (2..batch.buffers.len())
                    .map(|at| unpacked(file, batch, at))
                    .collect::<io::Result<Vec<_>>>()?;
                for view in views.as_chunks::<16>().0 {
                    push(all, ends, viewed(view, &more)?)?;
                }
            }
            _ => return Err(damaged("its values are of another kind")),
        }
        Ok(())
    }

    /// Adds those of `known` whose numbers are in a batch.
    fn pick(
        &mut self,
        known: &Values,
        file: &File,
        batch: &Batch,
        numbers: Kind,
    ) -> io::Result<()> {
        let Kind::Integer(bytes, signed) = numbers else {
            return Err(damaged("the numbers into its dictionary are not integers"));
        };
        const ABSENT: &str = "a number is not in its dictionary";
        for number in integers(file, batch, bytes, signed)? {
            let at = usize::try_from(number).map_err(|_| damaged(ABSENT))?;
            match (&mut *self, known) {
                (Values::Integers(all), Values::Integers(known)) => {
                    all.push(*known.get(at).ok_or_else(|| damaged(ABSENT))?);
                }
                (Values::Floats(all), Values::Floats(known)) => {
                    all.push(*known.get(at).ok_or_else(|| damaged(ABSENT))?);
                }
                (Values::Texts(all, ends), Values::Texts(texts, known)) => {
                    let end = *known.get(at).ok_or_else(|| damaged(ABSENT))?;
                    let start = at.checked_sub(1).map_or(0, |before| known[before]);
                    all.push_str(&texts[start..end]);
                    ends.push(all.len());
                }
                _ => return Err(damaged(ABSENT)),
            }
        }
        Ok(())
    }

    /// As labels; or the first row that cannot be one, and why.
    fn labels(self) -> std::result::Result<Labels, (usize, String)> {
        match self {
            Values::Integers(all) => {
                let id = |(row, id)| {
                    i64::try_from(id).map_err(|_| (row, "the label is too large".into()))
                };
                let ids = all.into_iter().enumerate().map(id);
                Ok(Labels::of_ids(ids.collect::<std::result::Result<Vec<_>, _>>()?))
            }
            Values::Floats(all) => Labels::of_numbers(all.into_iter()),
            Values::Texts(all, ends) => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let texts = starts.zip(&ends).map(|(start, &end)| &all[start..end]);
                Labels::of_texts(texts, Keys::Strings)
            }
        }
    }
}

fn damaged(problem: &'static str) -> IoError {
    IoError::new(ErrorKind::InvalidData, problem)
}

fn integers(
    file: &File,
    batch: &Batch,
    bytes: usize,
    signed: bool,
) -> io::Result<impl Iterator<Item = i128> + use<>> {
    let raw = plain(file, batch, 1, bytes)?;
    Ok((0..batch.rows).map(move |at| {
        let raw = &raw[at * bytes..(at + 1) * bytes];
        let negative = signed && raw[bytes - 1] & 0x80 != 0;
        let mut wide = [if negative { 0xff } else { 0 }; 16];
        wide[..bytes].copy_from_slice(raw);
        i128::from_le_bytes(wide)
    }))
}

/// The bytes of a buffer of a value for each row.
fn plain(file: &File, batch: &Batch, buffer: usize, width: usize) -> io::Result<Vec<u8>> {
    whole(file, batch, buffer, 0, (batch.rows as u64).saturating_mul(width as u64))
}

fn whole(file: &File, batch: &Batch, buffer: usize, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    buffers::open(file, batch, batch.buffers[buffer], from, length)?.read_to_end(&mut bytes)?;
    match bytes.len() as u64 == length {
        true => Ok(bytes),
        false => Err(damaged("a buffer is shorter than its values")),
    }
}

/// All of a buffer that is read by views.
fn unpacked(file: &File, batch: &Batch, buffer: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    buffers::all(file, batch, batch.buffers[buffer])?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a view shows: a text of up to 12 bytes is in itself, a longer one in another buffer.
fn viewed<'a>(view: &'a [u8; 16], more: &'a [Vec<u8>]) -> io::Result<&'a [u8]> {
    let number = |at: usize| {
        u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]) as usize
    };
    let length = number(0);
    let text = match length {
        0..=12 => view.get(4..4 + length),
        _ => more.get(number(8)).and_then(|bytes| bytes.get(number(12)..)?.get(..length)),
    };
    text.ok_or_else(|| damaged("a text lies outside its buffer"))
}

fn push(all: &mut String, ends: &mut Vec<usize>, bytes: &[u8]) -> io::Result<()> {
    all.push_str(std::str::from_utf8(bytes).map_err(|_| damaged("a text is not UTF-8"))?);
    ends.push(all.len());
    Ok(())
}
