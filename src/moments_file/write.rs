//! Moments files are written a row per class.

use std::io::{self, Write};
use std::path::Path;
use std::sync::PoisonError;

use bytemuck::cast_slice;
use polars::prelude::*;
use polars_parquet::write::KeyValue;
use rayon::prelude::*;

use super::header::{COLUMNS, Header, KEY};
use crate::classes::Classes;
use crate::error::{Error, Result};
use crate::kernel::SpectrumError;
use crate::moments::{Moments, Parts};
use crate::rows::{Element, first_invalid};
use crate::stream::MomentsSink;
use crate::whole_files::write_file;

/// Bytes of values in a row group: one is in memory when the file is read.
const ROW_GROUP: usize = 8 << 20;

/// Most dimensions p: the largest value of Parquet is of 2 GiB, and p² float64 fit into that.
const MOST_DIM: usize = 16_383;

/// A file that is being written.
struct MomentsWriter<W: Write, T> {
    file: BatchedWriter<W>,
    header: Header,
    rows: Vec<Row<T>>,
    /// Bytes of values in the rows.
    held: usize,
}

/// Writes a whole file: what `moments` hands out, in order of class, and the classes in between that
/// have no embeddings. `moments` returns the sources.
///
/// # Errors
/// If the file cannot be written, there are more dimensions than fit into one, a class's moments are not
/// finite; what `moments` returns.
pub fn write_moments<T: Element>(
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
        let row = |class: usize, moments| {
            let (id, name) = keys[class];
            Row::of(id, name, moments)
        };
        let mut push_to = |class: usize, of_class: Option<Row<T>>| -> Result<()> {
            let empty = (next..class).map(|class| row(class, Moments::new(dim)));
            for row in empty.chain(of_class.map(Ok)) {
                file.push(row?).map_err(cannot)?;
            }
            next = class + 1;
            Ok(())
        };
        let sources = moments(&mut |pass| {
            let mut pass = pass.into_iter();
            // A few at a time: what is packed is in memory twice for a moment.
            loop {
                let some: Vec<_> = pass.by_ref().take(rayon::current_num_threads()).collect();
                if some.is_empty() {
                    return Ok(());
                }
                let rows = some.into_par_iter().with_max_len(1);
                let rows = rows.map(|(class, moments)| Ok((class, row(class, moments)?)));
                for (class, row) in rows.collect::<Result<Vec<_>>>()? {
                    push_to(class, Some(row))?;
                }
            }
        })?;
        push_to(classes.len(), None)?;
        file.finish(sources).map_err(cannot)
    })
}

/// A class.
struct Row<T> {
    id: Option<i64>,
    name: String,
    count: i64,
    mean: Vec<f64>,
    /// None of a class without embeddings.
    parts: Option<Parts<T>>,
}

impl<T: Element> Row<T> {
    fn of(id: Option<i64>, name: &str, moments: Moments<T>) -> Result<Row<T>> {
        let (count, mean) = (moments.count() as i64, moments.mean());
        let parts = (count > 0).then(|| moments.into_parts());
        if let Some(Parts::Folded { mean, scatter, .. }) = &parts
            && first_invalid(mean).or(first_invalid(scatter)).is_some()
        {
            return Err(Error::Spectrum { class: name.into(), source: SpectrumError::NotFinite });
        }
        Ok(Row { id, name: name.to_owned(), count, mean, parts })
    }

    /// The values of mean, rows, scatter and third, little-endian, as on every machine that this runs on.
    fn vectors(&self) -> [Option<&[u8]>; 4] {
        match &self.parts {
            None => [None; 4],
            Some(Parts::Rows(rows)) => {
                [Some(cast_slice(&self.mean)), Some(cast_slice(rows)), None, None]
            }
            Some(Parts::Folded { mean, scatter, third, .. }) => {
                let [mean, scatter, third] = [mean, scatter, third].map(|of| Some(cast_slice(of)));
                [mean, None, scatter, third]
            }
        }
    }

    fn fourth(&self) -> Option<f64> {
        match &self.parts {
            Some(Parts::Folded { fourth, .. }) => Some(*fourth),
            _ => None,
        }
    }
}

impl<W: Write + Send, T: Element> MomentsWriter<W, T> {
    fn new(file: W, header: Header) -> io::Result<MomentsWriter<W, T>> {
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

    fn push(&mut self, row: Row<T>) -> io::Result<()> {
        self.held += row.vectors().into_iter().flatten().map(<[u8]>::len).sum::<usize>();
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
        let values = |at: usize| -> Series {
            rows.iter().map(|row| row.vectors()[at]).collect::<BinaryChunked>().into_series()
        };
        let columns = [
            rows.iter().map(|row| row.id).collect::<Int64Chunked>().into_series(),
            rows.iter().map(|row| Some(row.name.as_str())).collect::<StringChunked>().into_series(),
            rows.iter().map(|row| Some(row.count)).collect::<Int64Chunked>().into_series(),
            values(0),
            values(1),
            values(2),
            values(3),
            rows.iter().map(Row::fourth).collect::<Float64Chunked>().into_series(),
        ];
        let named = COLUMNS.into_iter().zip(columns);
        let columns = named.map(|(name, column)| column.with_name(name.into()).into_column());
        let frame = DataFrame::new_infer_height(columns.collect()).map_err(failed)?;
        self.file.write_batch(&frame).map_err(failed)
    }
}

fn failed(error: PolarsError) -> io::Error {
    io::Error::other(error.to_string())
}
