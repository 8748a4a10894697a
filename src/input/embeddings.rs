//! A dump of embeddings: one or more shards, read as one sequence of blocks of rows.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::arrow::ArrowFile;
use super::file;
use super::npy::{NpyFile, NpyRows};
use super::npz::NpzFile;
use super::parquet::{self, ParquetFile, WideFile};
use super::shards::{self, Files, Kinds};
use super::stored_array::Matrix;
use super::wide_csv::CsvFile;
use super::{safetensors, torch};
use crate::error::{Error, Result};
use crate::rows::{Element, Rows, Sink, first_invalid, not_finite};

/// Bytes of embeddings per block where rows are only checked.
const READ: usize = 4 << 20;

/// Files of embeddings in a directory end so; tables of classes and the like often lie beside them, so csv
/// files count where there is nothing else.
pub(crate) const EXTENSIONS: Kinds = Kinds {
    first: &["npy", "npz", "safetensors", "parquet", "arrow", "feather", "pt", "pth"],
    second: &["csv"],
};

/// The option that chooses among what a file holds.
const OPTION: &str = "--embedding-column";

/// What embeddings are called in parquet and Arrow files, unless another name is asked for.
const COLUMN: &str = "embedding";

/// What embeddings are called in npz, safetensors and pt files, unless another name is asked for.
const NAMES: &[&str] = &["embeddings", "embedding"];

/// Rows read as a sample of how long one takes.
const SAMPLE: usize = 64;

/// Time in which a row is there if the file is in memory; a disk takes longer.
const AT_ONCE: Duration = Duration::from_micros(20);

/// Files of embeddings with the same number of dimensions. Only their headers have been read.
#[derive(Debug)]
pub struct Dump {
    files: Files,
    /// Of each file, in order. Some may have no rows.
    shards: Vec<Shard>,
    dim: usize,
    /// Rows in the files.
    rows: usize,
    /// Rows of the files that are not handed out, ascending.
    left_out: Vec<usize>,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    /// The dump's row that is its first.
    start: usize,
    rows: usize,
    dim: usize,
    /// Whether its elements need f64.
    double: bool,
    file: File,
}

#[derive(Debug)]
enum File {
    Npy(NpyFile),
    Npz(NpzFile),
    Parquet(Box<ParquetFile>),
    Wide(Box<WideFile>),
    Arrow(Box<ArrowFile>),
    Csv(Box<CsvFile>),
    /// A parquet or Arrow file without rows.
    Empty,
}

impl Dump {
    /// Opens files, directories and globs of `.npy`, `.npz`, `.safetensors`, `.parquet`, Arrow, `.pt` and
    /// `.csv` files. `column` names the parquet or Arrow column (default `embedding`), or the npz array or
    /// tensor (default `embeddings`, else `embedding`). With a `*` it names the columns of a table with a
    /// column per dimension.
    ///
    /// # Errors
    /// If a file cannot be used, two disagree in dimension, or none has a row.
    pub fn open(paths: &[PathBuf], column: Option<&str>) -> Result<Dump> {
        let files = shards::expand(paths, EXTENSIONS)?;
        let mut shards: Vec<Shard> = Vec::new();
        let mut rows = 0_usize;
        for path in &files.paths {
            let shard = Shard::open(path, column, rows)?;
            rows = rows.checked_add(shard.rows).ok_or_else(|| {
                let problem = format!("its {} rows are more than can be counted", shard.rows);
                Error::content(path, problem)
            })?;
            // What has no rows has no dimensions either.
            if let Some(first) = shards.iter().find(|first| first.rows > 0)
                && shard.rows > 0
                && first.dim != shard.dim
            {
                let problem = format!(
                    "its embeddings have {} dimensions, those in {} have {}: they do not belong \
                     together",
                    shard.dim,
                    first.path.display(),
                    first.dim
                );
                return Err(Error::content(path, problem));
            }
            shards.push(shard);
        }
        let Some(first) = shards.first() else {
            return Err(Error::Usage("--embeddings names no file".into()));
        };
        let Some(Shard { dim, .. }) = shards.iter().find(|shard| shard.rows > 0) else {
            let others = match shards.len() - 1 {
                0 => String::new(),
                others => format!(", nor have the {others} other files of embeddings"),
            };
            return Err(Error::content(
                &first.path,
                format!("has no rows{others}: save them again"),
            ));
        };
        Ok(Dump { files, dim: *dim, shards, rows, left_out: Vec::new() })
    }

    /// The files, and the order in which they were named.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// What to say of a directory or glob of files.
    pub fn note(&self) -> Option<String> {
        self.files.note(self.rows)
    }

    /// The file of a row of the files.
    pub(super) fn path_of(&self, row: usize) -> &Path {
        let next = self.shards.partition_point(|shard| shard.start <= row);
        &self.shards[next - 1].path
    }

    /// The files, in order, and their numbers of rows.
    pub(super) fn rows_by_file(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.shards.iter().map(|shard| (shard.path.as_path(), shard.rows))
    }

    /// Number of rows in the files.
    pub fn rows_in_files(&self) -> usize {
        self.rows
    }

    /// Rows of the files that are not handed out, ascending.
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    /// Hands these rows of the files out no more.
    pub fn leave_out(&mut self, rows: impl IntoIterator<Item = usize>) {
        self.left_out.extend(rows);
        self.left_out.sort_unstable();
        self.left_out.dedup();
    }

    /// Reads the dump once, and skips every row with a NaN or an infinity; says how many.
    ///
    /// # Errors
    /// If reading fails.
    pub fn leave_out_invalid(&mut self) -> Result<usize> {
        let invalid = if self.double() { self.invalid::<f64>()? } else { self.invalid::<f32>()? };
        let count = invalid.len();
        self.leave_out(invalid);
        Ok(count)
    }

    fn invalid<T: Element>(&self) -> Result<Vec<usize>> {
        let mut invalid = Vec::new();
        self.blocks(
            (READ / (self.dim * size_of::<T>())).max(1),
            &mut |_, first, block: &mut Vec<T>| {
                if first_invalid(block).is_some() {
                    let rows = (first..).zip(block.chunks(self.dim));
                    invalid.extend(
                        rows.filter(|(_, row)| first_invalid(row).is_some()).map(|(at, _)| at),
                    );
                }
                true
            },
        )?;
        Ok(invalid)
    }

    /// The files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.shards.iter().map(|shard| shard.path.as_path())
    }

    /// The parquet file with the largest row group, and the bytes of values in that: they are in
    /// memory together.
    pub fn largest_row_group(&self) -> Option<(&Path, u64)> {
        let groups = self.shards.iter().filter_map(|shard| match &shard.file {
            File::Parquet(file) => Some((shard.path.as_path(), file.largest_group())),
            File::Wide(file) => Some((shard.path.as_path(), file.largest_group())),
            File::Npy(_) | File::Npz(_) | File::Arrow(_) | File::Csv(_) | File::Empty => None,
        });
        groups.max_by_key(|&(_, bytes)| bytes)
    }

    fn changed(&self) -> Error {
        let problem = "changed while it was read: is something still writing it?";
        Error::content(&self.shards[0].path, problem)
    }

    /// Hands out all blocks of the files, each with its shard and the number of its first row,
    /// until `sink` declines.
    fn blocks<'a, T: Element>(
        &'a self,
        rows: usize,
        sink: &mut dyn FnMut(&'a Shard, usize, &mut Vec<T>) -> bool,
    ) -> Result<()> {
        for shard in &self.shards {
            let mut row = shard.start;
            let mut wanted = true;
            let numbered: Sink<T> = &mut |block| {
                let first = row;
                row += block.len() / self.dim;
                wanted = sink(shard, first, block);
                wanted
            };
            match &shard.file {
                File::Npy(file) => file.read(rows, numbered)?,
                File::Npz(file) => file.read(rows, numbered)?,
                File::Parquet(file) => file.read(rows, numbered)?,
                File::Wide(file) => file.read(rows, numbered)?,
                File::Arrow(file) => file.read(rows, numbered)?,
                File::Csv(file) => file.read(rows, numbered)?,
                File::Empty => {}
            }
            if !wanted {
                break;
            }
        }
        Ok(())
    }

    /// Takes the rows that are skipped from a block that begins with this row of the files.
    fn keep<T: Element>(&self, first: usize, block: &mut Vec<T>) {
        let end = first + block.len() / self.dim;
        let from = self.left_out.partition_point(|&row| row < first);
        let to = self.left_out.partition_point(|&row| row < end);
        if from == to {
            return;
        }
        let (mut read, mut written) = (0, 0);
        for row in &self.left_out[from..to] {
            let at = (row - first) * self.dim;
            block.copy_within(read..at, written);
            written += at - read;
            read = at + self.dim;
        }
        block.copy_within(read.., written);
        block.truncate(written + block.len() - read);
    }

    /// The row of the files that is `at` rows after `first`, not counting those skipped.
    fn row_in_files(&self, first: usize, at: usize) -> usize {
        let before = self.left_out.partition_point(|&row| row < first);
        self.number_in_files(first - before + at)
    }

    /// The number in the files of a row given by its number among those not skipped.
    fn number_in_files(&self, number: usize) -> usize {
        let (mut low, mut high) = (0, self.left_out.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.left_out[middle] - middle <= number { low = middle + 1 } else { high = middle }
        }
        number + low
    }
}

impl Rows for Dump {
    /// The rows of the files that are handed out.
    fn rows(&self) -> usize {
        self.rows - self.left_out.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn double(&self) -> bool {
        self.shards.iter().any(|shard| shard.double && shard.rows > 0)
    }

    /// A parquet row group is decoded whole before its blocks are handed out.
    fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let mut invalid = None;
        let mut count = 0;
        self.blocks(rows, &mut |shard, first, block: &mut Vec<T>| {
            self.keep(first, block);
            if let Some(at) = first_invalid(block) {
                count += block.chunks(self.dim).filter(|row| first_invalid(row).is_some()).count();
                invalid.get_or_insert((
                    shard,
                    self.row_in_files(first, at / self.dim),
                    at % self.dim,
                ));
            }
            // What follows an invalid row is read to count the others.
            count > 0 || block.is_empty() || sink(block)
        })?;
        let Some((shard, row, column)) = invalid else { return Ok(()) };
        Err(not_finite(&shard.path, (row - shard.start, column), count, self.rows()))
    }

    /// From npy files in C order that the system holds in memory, as most rows of a sample show.
    fn rows_come_at_once<T: Element>(&self) -> Result<bool> {
        let (mut reader, mut row) = (RowReader::default(), Vec::<T>::new());
        let mut late = 0;
        for at in (0..self.rows()).step_by(self.rows().div_ceil(SAMPLE)) {
            let Some((rows, at)) = reader.at(self, at)? else { return Ok(false) };
            let started = Instant::now();
            rows.read(at, &mut row)?;
            late += usize::from(started.elapsed() > AT_ONCE);
        }
        Ok(4 * late <= SAMPLE.min(self.rows()))
    }

    fn gather<T: Element>(
        &self,
        numbers: &[usize],
        sink: &mut dyn FnMut(usize, &[T]),
    ) -> Result<()> {
        let (mut reader, mut row) = (RowReader::default(), Vec::new());
        for &number in numbers {
            let place = reader.at(self, number)?;
            let Some((rows, at)) = place else { return Err(self.changed()) };
            rows.read(at, &mut row)?;
            if first_invalid(&row).is_some() {
                // Reads all to say how many.
                self.read::<T>(SAMPLE, &mut |_| true)?;
                return Err(self.changed());
            }
            sink(number, &row);
        }
        Ok(())
    }

    /// A file must be opened first, and may change.
    fn in_memory(&self) -> bool {
        false
    }

    /// A row group of a parquet file.
    fn largest_group(&self) -> Option<u64> {
        self.largest_row_group().map(|(_, bytes)| bytes)
    }
}

/// The shard that single rows were last read from.
#[derive(Default)]
struct RowReader<'a>(Option<(&'a Shard, NpyRows<'a>)>);

impl<'a> RowReader<'a> {
    /// Where to read a row, given by its number among those not skipped, and its number there;
    /// none if single rows cannot be read.
    fn at(&mut self, dump: &'a Dump, number: usize) -> Result<Option<(&mut NpyRows<'a>, usize)>> {
        let row = dump.number_in_files(number);
        if self.0.as_ref().is_none_or(|(shard, _)| !shard.holds(row)) {
            let next = dump.shards.partition_point(|shard| shard.start <= row);
            let shard = &dump.shards[next - 1];
            let File::Npy(file) = &shard.file else { return Ok(None) };
            self.0 = file.single_rows()?.map(|rows| (shard, rows));
        }
        Ok(self.0.as_mut().map(|(shard, rows)| (rows, row - shard.start)))
    }
}

impl Shard {
    fn holds(&self, row: usize) -> bool {
        (self.start..self.start + self.rows).contains(&row)
    }

    fn open(path: &Path, column: Option<&str>, start: usize) -> Result<Shard> {
        let file = File::open(path, column)?;
        let (rows, dim, double) = match &file {
            File::Npy(NpyFile { matrix, .. }) | File::Npz(NpzFile { matrix, .. }) => {
                let Matrix { rows, dim, float, .. } = matrix;
                (*rows, *dim, float.width == 8)
            }
            File::Parquet(file) => (file.rows, file.dim, file.double),
            File::Wide(file) => (file.rows, file.dim(), file.double),
            File::Arrow(file) => (file.rows, file.dim, file.double),
            File::Csv(file) => (file.rows, file.dim(), file.double),
            File::Empty => (0, 0, false),
        };
        Ok(Shard { path: path.to_owned(), start, rows, dim, double, file })
    }
}

impl File {
    fn open(path: &Path, column: Option<&str>) -> Result<File> {
        let names = column.as_ref().map_or(NAMES, std::slice::from_ref);
        Ok(match shards::extension(path).as_str() {
            "npy" => File::Npy(NpyFile::open(path)?),
            "safetensors" => File::Npy(NpyFile::of(path, safetensors::open(path, names, OPTION)?)?),
            "pt" | "pth" => {
                let found = torch::open(path, names, column.is_some(), OPTION)?;
                File::Npy(NpyFile::of(path, found)?)
            }
            "npz" => File::Npz(NpzFile::open(path, names)?),
            "parquet" => File::of_parquet(path, column)?,
            "arrow" | "feather" => match ArrowFile::open(path, column.unwrap_or(COLUMN))? {
                Some(file) => File::Arrow(Box::new(file)),
                None => File::Empty,
            },
            "csv" => File::Csv(Box::new(CsvFile::open(path, column)?)),
            _ => {
                return Err(file::unknown(
                    path,
                    "is neither .npy, .npz, .safetensors, .parquet, .arrow, .feather, .pt nor .csv",
                ));
            }
        })
    }

    /// A parquet file with a column of lists, or one with a column for each dimension.
    fn of_parquet(path: &Path, column: Option<&str>) -> Result<File> {
        let name = column.unwrap_or(COLUMN);
        if (column.is_none() || name.contains('*'))
            && !parquet::has_column(path, name)?
            && let Some(file) = WideFile::open(path, column)?
        {
            return Ok(if file.rows > 0 { File::Wide(Box::new(file)) } else { File::Empty });
        }
        Ok(match ParquetFile::open(path, name)? {
            Some(file) => File::Parquet(Box::new(file)),
            None => File::Empty,
        })
    }
}
