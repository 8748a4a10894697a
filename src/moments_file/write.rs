//! Moments files are written a row per class.

use std::io::{self, Write};
use std::path::Path;
use std::sync::PoisonError;

use bytemuck::cast_slice;
use polars::prelude::*;
use polars_parquet::write::KeyValue;

use super::header::{COLUMNS, Header, KEY};
use crate::classes::Classes;
use crate::error::{Error, Result};
use crate::kernel::SpectrumError;
use crate::kernel::Value;
use crate::moments::{Moments, Parts};
use crate::stream::MomentsSink;
use crate::whole_files::write_file;

/// Bytes of values in a row group: one is in memory when the file is read.
const ROW_GROUP: usize = 8 << 20;

/// Most dimensions p: the largest value of Parquet is of 2 GiB, and p² float64 fit into that.
const MOST_DIM: usize = 16_383;

/// A file that is being written.
struct MomentsWriter<W: Write> {
    file: BatchedWriter<W>,
    header: Header,
    rows: Vec<Row>,
    /// Bytes of values in the rows.
    held: usize,
}

/// Writes a whole file: what `moments` hands out, in order of class, and the classes in between that
/// have no embeddings. `moments` returns the sources.
///
/// # Errors
/// If the file cannot be written, there are more dimensions than fit into one, a class's moments are not
/// finite; what `moments` returns.
pub fn write_moments<T: Value>(
    path: &Path,
    header: Header,
    classes: &Classes,
    moments: impl FnOnce(MomentsSink<T>) -> Result<Vec<String>>,
) -> Result<()> {
    let dim = header.dimension;
    if dim > MOST_DIM {
        return Err(Error::Input(format!(
            "moments of {dim} dimensions do not fit into a file, {MOST_DIM} are the most"
        )));
    }
    write_file(path, |file| {
        let cannot = |error| Error::write(path)(error);
        let mut file = MomentsWriter::new(file, header).map_err(cannot)?;
        let keys: Vec<_> = classes.lasting_ids().zip(classes.names()).collect();
        let mut next = 0;
        let mut push_to = |class: usize, moments: Option<Moments<T>>| {
            let empty = (next..class).map(|class| (class, Moments::new(dim)));
            for (class, moments) in empty.chain(moments.map(|moments| (class, moments))) {
                let (id, name) = keys[class];
                let row = Row::of(id, name, moments)?;
                file.push(row).map_err(cannot)?;
            }
            next = class + 1;
            Ok(())
        };
        let sources = moments(&mut |pass| {
            pass.into_iter().try_for_each(|(class, moments)| push_to(class, Some(moments)))
        })?;
        push_to(classes.len(), None)?;
        file.finish(sources).map_err(cannot)
    })
}

/// A class, its values in bytes.
#[derive(Default)]
struct Row {
    id: Option<i64>,
    name: String,
    count: i64,
    mean: Option<Vec<u8>>,
    rows: Option<Vec<u8>>,
    scatter: Option<Vec<u8>>,
    third: Option<Vec<u8>>,
    fourth: Option<f64>,
}

impl Row {
    fn of<T: Value>(id: Option<i64>, name: &str, moments: Moments<T>) -> Result<Row> {
        let count = moments.count() as i64;
        let mut row = Row { id, name: name.to_owned(), count, ..Row::default() };
        if count == 0 {
            return Ok(row);
        }
        row.mean = Some(bytes(&moments.mean()));
        match moments.into_parts() {
            Parts::Rows(rows) => row.rows = Some(bytes(&rows)),
            Parts::Folded { mean, scatter, third, fourth, .. } => {
                if !mean.iter().chain(&scatter).all(|value| value.is_finite()) {
                    let source = SpectrumError::NotFinite;
                    return Err(Error::Spectrum { class: row.name, source });
                }
                row.mean = Some(bytes(&mean));
                row.scatter = Some(bytes(&scatter));
                row.third = Some(bytes(&third));
                row.fourth = Some(fourth);
            }
        }
        Ok(row)
    }
}

impl<W: Write + Send> MomentsWriter<W> {
    fn new(file: W, header: Header) -> io::Result<MomentsWriter<W>> {
        let types = [DataType::Int64, DataType::String, DataType::Int64];
        let types = types.into_iter().chain([const { DataType::Binary }; 4]);
        let types = types.chain([DataType::Float64]);
        let fields = COLUMNS.into_iter().zip(types).map(|(name, of)| Field::new(name.into(), of));
        let file = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Uncompressed)
            .with_statistics(StatisticsOptions::empty())
            .batched(&Schema::from_iter(fields))
            .map_err(failed)?;
        Ok(MomentsWriter { file, header, rows: Vec::new(), held: 0 })
    }

    fn push(&mut self, row: Row) -> io::Result<()> {
        let values = [&row.mean, &row.rows, &row.scatter, &row.third].into_iter().flatten();
        self.held += values.map(Vec::len).sum::<usize>();
        self.rows.push(row);
        if self.held >= ROW_GROUP { self.write_rows() } else { Ok(()) }
    }

    fn finish(mut self, sources: Vec<String>) -> io::Result<()> {
        self.write_rows()?;
        // No Arrow schema beside it: that would make other readers take the columns for polars' own types.
        self.header.sources = sources;
        let header = KeyValue { key: KEY.into(), value: Some(self.header.text()) };
        let mut file = self.file.get_writer().lock().unwrap_or_else(PoisonError::into_inner);
        file.end(Some(vec![header])).map(drop).map_err(failed)
    }

    fn write_rows(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.held = 0;
        let values = |of: fn(&Row) -> &Option<Vec<u8>>| -> Series {
            rows.iter().map(|row| of(row).as_deref()).collect::<BinaryChunked>().into_series()
        };
        let columns = [
            rows.iter().map(|row| row.id).collect::<Int64Chunked>().into_series(),
            rows.iter().map(|row| Some(row.name.as_str())).collect::<StringChunked>().into_series(),
            rows.iter().map(|row| Some(row.count)).collect::<Int64Chunked>().into_series(),
            values(|row| &row.mean),
            values(|row| &row.rows),
            values(|row| &row.scatter),
            values(|row| &row.third),
            rows.iter().map(|row| row.fourth).collect::<Float64Chunked>().into_series(),
        ];
        let named = COLUMNS.into_iter().zip(columns);
        let columns = named.map(|(name, column)| column.with_name(name.into()).into_column());
        let frame = DataFrame::new_infer_height(columns.collect()).map_err(failed)?;
        self.file.write_batch(&frame).map_err(failed)
    }
}

/// Little-endian, as on every machine that this runs on.
fn bytes<T: Value>(values: &[T]) -> Vec<u8> {
    cast_slice(values).to_vec()
}

fn failed(error: PolarsError) -> io::Error {
    io::Error::other(error.to_string())
}
