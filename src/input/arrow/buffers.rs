//! The buffers of a batch, compressed or not, as they stream by.

use std::fs::File;
use std::io::{self, BufReader, Error, ErrorKind, Read, Seek, SeekFrom};

use polars_arrow_format::ipc::CompressionType;

use super::messages::{Batch, Place};

/// Bytes that a buffer may take unpacked whatever it takes in the file, and how many times larger than there it
/// may be beyond: what claims more is damaged, or meant to fill memory.
const UNSUSPECTED: u64 = 1 << 30;
const LARGEST_RATIO: u64 = 1000;

/// A reader of `bytes` bytes of a buffer, from one on.
///
/// # Errors
/// If it has fewer, claims what it cannot hold, or cannot be read.
pub fn open<'a>(
    file: &'a File,
    batch: &Batch,
    buffer: Place,
    from: u64,
    bytes: u64,
) -> io::Result<Box<dyn Read + 'a>> {
    let short = || damaged("a buffer is shorter than its values");
    let end = from.checked_add(bytes).ok_or_else(short)?;
    if batch.codec.is_none() {
        let within = Place { start: buffer.start + from, length: bytes };
        return if end > buffer.length { Err(short()) } else { all(file, batch, within) };
    }
    let (mut reader, length) = unpack(file, batch, buffer)?;
    if end > length {
        return Err(short());
    }
    io::copy(&mut reader.by_ref().take(from), &mut io::sink())?;
    Ok(Box::new(reader.take(bytes)))
}

/// A reader of a whole buffer.
///
/// # Errors
/// As for [`open`].
pub fn all<'a>(file: &'a File, batch: &Batch, buffer: Place) -> io::Result<Box<dyn Read + 'a>> {
    let (reader, length) = unpack(file, batch, buffer)?;
    Ok(Box::new(reader.take(length)))
}

/// A reader of a buffer, and how many bytes it gives.
fn unpack<'a>(
    mut file: &'a File,
    batch: &Batch,
    buffer: Place,
) -> io::Result<(Box<dyn Read + 'a>, u64)> {
    file.seek(SeekFrom::Start(buffer.start))?;
    let Some(codec) = batch.codec.filter(|_| buffer.length > 0) else {
        return Ok((Box::new(BufReader::new(file).take(buffer.length)), buffer.length));
    };
    let mut length = [0; 8];
    let packed = buffer.length.checked_sub(8).ok_or_else(|| damaged("a buffer has no length"))?;
    file.read_exact(&mut length)?;
    let bytes = BufReader::new(file).take(packed);
    // −1 says that it was not worth it.
    let Ok(length) = u64::try_from(i64::from_le_bytes(length)) else {
        return Ok((Box::new(bytes), packed));
    };
    if length > UNSUSPECTED && length / LARGEST_RATIO > packed {
        return Err(damaged("a buffer claims to unpack to far more than it can"));
    }
    Ok(match codec {
        CompressionType::Lz4Frame => (Box::new(lz4::Decoder::new(bytes)?), length),
        CompressionType::Zstd => (Box::new(zstd::Decoder::new(bytes)?), length),
    })
}

fn damaged(problem: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, problem)
}

/// The first of the values `from..from + count` that is null, by their validity.
///
/// # Errors
/// If that cannot be read.
pub fn first_null(
    file: &File,
    batch: &Batch,
    node: usize,
    validity: Place,
    (from, count): (usize, usize),
) -> io::Result<Option<usize>> {
    if batch.nodes[node].1 == 0 || validity.length == 0 || count == 0 {
        return Ok(None);
    }
    let (first, last) = (from / 8, (from + count - 1) / 8);
    let reader = open(file, batch, validity, first as u64, (last - first + 1) as u64)?;
    for (byte, at) in BufReader::new(reader).bytes().zip(first..) {
        let byte = byte?;
        for bit in 0..8 {
            let value = 8 * at + bit;
            if byte & 1 << bit == 0 && (from..from + count).contains(&value) {
                return Ok(Some(value));
            }
        }
    }
    Ok(None)
}

/// The offsets of `count` lists or texts, from one on: one more than there are.
///
/// # Errors
/// If they cannot be read, or one is negative or less than the one before.
pub fn offsets<'a>(
    file: &'a File,
    batch: &Batch,
    buffer: Place,
    width: usize,
    (from, count): (usize, usize),
) -> io::Result<impl Iterator<Item = io::Result<usize>> + 'a> {
    let bytes = (count as u64 + 1) * width as u64;
    let mut reader = BufReader::new(open(file, batch, buffer, (from * width) as u64, bytes)?);
    let mut before = 0;
    Ok((0..=count).map(move |_| {
        let mut wide = [0; 8];
        reader.read_exact(&mut wide[..width])?;
        let offset = usize::try_from(u64::from_le_bytes(wide)).unwrap_or(usize::MAX);
        if offset < before || offset > isize::MAX as usize {
            return Err(Error::new(ErrorKind::InvalidData, "its offsets are not in order"));
        }
        before = offset;
        Ok(offset)
    }))
}
