//! Parquet files with one column per dimension.

use std::path::Path;

use polars::prelude::*;

use super::{Column, Footer};
use crate::error::{Error, Result};
use crate::input::series;
use crate::rows::{Element, Sink, check_dim};

/// A parquet file with one column per dimension.
#[derive(Debug)]
pub struct WideFile {
    columns: Vec<Column>,
    /// Rows of each row group.
    groups: Vec<usize>,
    /// Number of rows.
    pub rows: usize,
    /// Whether a column has values of f64.
    pub double: bool,
}

impl WideFile {
    /// Reads and checks the metadata; none if it has no such series of columns. `pattern` names them, with a
    /// `*` for the number.
    ///
    /// # Errors
    /// If the file cannot be read, or it is in doubt which columns are meant; if one is not of floats.
    pub fn open(path: &Path, pattern: Option<&str>) -> Result<Option<WideFile>> {
        let footer = Footer::read(path)?;
        let names: Vec<_> = footer.names().collect();
        let bad = |problem: String| Error::content(path, problem);
        let Some(order) = series::columns(&names, pattern).map_err(bad)? else { return Ok(None) };
        check_dim(order.len()).map_err(bad)?;
        let column = |&at: &usize| {
            Column::typed(
                &footer,
                names[at],
                DataType::is_float,
                "f16, f32 or f64, as embeddings are",
            )
        };
        let columns = order.iter().map(column).collect::<Result<Vec<_>>>()?;
        let double = columns.iter().any(|column| column.kind.dtype == DataType::Float64);
        let groups = footer.row_groups().collect();
        Ok(Some(WideFile { columns, groups, rows: footer.rows()?, double }))
    }

    /// Number of values per row p.
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// Bytes of values in the largest row group.
    pub fn largest_group(&self) -> u64 {
        let rows = self.groups.iter().max().copied().unwrap_or(0);
        (rows as u64).saturating_mul(self.dim() as u64 * if self.double { 8 } else { 4 })
    }

    /// Hands out blocks of up to `rows` rows, a row group after the other, until `sink` declines. A null is
    /// NaN.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let (dim, mut block) = (self.dim(), Vec::new());
        for (group, &count) in self.groups.iter().enumerate() {
            let mut columns: Vec<Vec<T>> = Vec::with_capacity(dim);
            for column in &self.columns {
                columns.push(column.row_group(group, |values| numbers(&values))?);
            }
            for first in (0..count).step_by(rows) {
                let end = count.min(first + rows);
                block.clear();
                block.reserve_exact((end - first) * dim);
                for row in first..end {
                    block.extend(columns.iter().map(|column| column[row]));
                }
                if !sink(&mut block) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn numbers<T: Element>(values: &Series) -> PolarsResult<Vec<T>> {
    let number = |value: Option<f64>| T::from_f64(value.unwrap_or(f64::NAN));
    Ok(values.cast(&DataType::Float64)?.f64()?.iter().map(number).collect())
}
