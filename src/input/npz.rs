//! `.npz` files: named npy arrays in a zip archive, stored or deflated.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::file;
use super::stored_array::{Array, Matrix};
use crate::error::{Error, Result};
use crate::rows::{Element, Sink};

/// Deflate packs 1032 bytes into one at most; what claims more is damaged, or meant to fill memory.
const LARGEST_RATIO: u64 = 1100;

/// A matrix of embeddings in an `.npz` file.
#[derive(Debug)]
pub struct NpzFile {
    path: PathBuf,
    name: String,
    /// What it holds.
    pub matrix: Matrix,
}

impl NpzFile {
    /// Reads and checks the header of the first array of these `names` alone.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such matrix of floats.
    pub fn open(path: &Path, names: &[&str]) -> Result<NpzFile> {
        with_array(path, names, "--embedding-column", |name, entry| {
            let bytes = entry.size();
            let matrix = Array::parse(entry).and_then(|array| {
                let bytes = bytes.saturating_sub(array.start);
                Matrix::new(array, bytes)
            });
            let bad = |problem| Error::content(path, format!("array {name:?} {problem}"));
            let matrix = matrix.map_err(bad)?;
            Ok(NpzFile { path: path.to_owned(), name: name.into(), matrix })
        })?
    }

    /// Hands out blocks of `rows` rows until `sink` declines.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        with_array(&self.path, &[&self.name], "--embedding-column", |_, entry| {
            if self.matrix.fortran {
                // Columns need seeking, which a zip entry has not: unpack it to an unnamed file.
                let mut file = tempfile::tempfile()?;
                let claimed = entry.size();
                io::copy(&mut entry.take(claimed), &mut file)?;
                check_end(entry)?;
                self.matrix.read_columns(&mut file, rows, sink)
            } else {
                io::copy(&mut entry.take(self.matrix.start), &mut io::sink())?;
                let mut declined = false;
                self.matrix.read_rows(entry, rows, &mut |block| {
                    declined = !sink(block);
                    !declined
                })?;
                if declined { Ok(()) } else { check_end(entry) }
            }
        })?
        .map_err(|error| file::failed(&self.path, error))
    }
}

/// What `read` makes of the first of the arrays `names` that there is in an `.npz` file, and of its name.
///
/// # Errors
/// If there is none; says which there are, and which `option` chooses among them.
pub fn with_array<R>(
    path: &Path,
    names: &[&str],
    option: &str,
    read: impl FnOnce(&str, &mut ZipFile<BufReader<File>>) -> R,
) -> Result<R> {
    let mut archive = archive(path, "npz file")?;
    let entry = |name: &str| archive.index_for_name(&format!("{name}.npy"));
    let Some((name, entry)) = names.iter().find_map(|name| Some((name, entry(name)?))) else {
        let there = names_in(&archive);
        return Err(Error::content(path, file::absent("array", names[0], &there, option)));
    };
    let mut entry =
        archive.by_index(entry).map_err(|error| unreadable(path, "npz file", &error))?;
    if entry.size() > LARGEST_RATIO * (1 + entry.compressed_size()) {
        let problem = format!(
            "array {name:?} claims to unpack from {} to {} bytes, which is impossible: it is \
             damaged",
            entry.compressed_size(),
            entry.size()
        );
        return Err(Error::content(path, problem));
    }
    Ok(read(name, &mut entry))
}

/// The names of the arrays in a file.
///
/// # Errors
/// If it cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>> {
    Ok(names_in(&archive(path, "npz file")?))
}

fn names_in(archive: &ZipArchive<BufReader<File>>) -> Vec<String> {
    archive.file_names().map(|name| name.trim_end_matches(".npy").to_owned()).collect()
}

/// Opens a zip archive, which is a file of this `kind`.
///
/// # Errors
/// If it cannot be read, or has two entries of one name.
pub fn archive(path: &Path, kind: &str) -> Result<ZipArchive<BufReader<File>>> {
    let bad = |error: ZipError| unreadable(path, kind, &error);
    let (file, _) = file::open(path)?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(bad)?;
    let (distinct, start) = (archive.len(), archive.central_directory_start());
    let mut reader = archive.into_inner();
    let entries = count_entries(&mut reader, start).map_err(Error::read(path))?;
    if entries > distinct {
        return Err(Error::content(path, "holds two arrays of one name: save it again"));
    }
    ZipArchive::new(reader).map_err(bad)
}

fn unreadable(path: &Path, kind: &str, error: &ZipError) -> Error {
    Error::content(path, format!("is not a readable {kind}: {error}"))
}

/// How many entries the directory of an archive lists; the archive keeps one of each name.
fn count_entries(reader: &mut (impl Read + Seek), start: u64) -> io::Result<usize> {
    const FIXED: usize = 46;
    reader.seek(SeekFrom::Start(start))?;
    let mut entries = 0;
    let mut header = [0; FIXED];
    loop {
        match reader.read_exact(&mut header) {
            Ok(()) if header.starts_with(b"PK\x01\x02") => {}
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
            _ => return Ok(entries),
        }
        // The lengths of its name, extra field and comment, which follow.
        let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let rest = length(28) + length(30) + length(32);
        reader.seek_relative(rest as i64)?;
        entries += 1;
    }
}

/// Reads past the last byte of an entry, where its checksum is compared.
fn check_end(entry: &mut impl Read) -> io::Result<()> {
    match entry.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "more data than its directory says")),
    }
}
