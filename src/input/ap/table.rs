//! AP per class from a csv or parquet table.

use std::path::Path;

use super::{ApColumn, ApFormat};
use crate::ap::ApScale;
use crate::error::{Error, Result};
use crate::input::classes::ClassKeys;
use crate::input::table::{Table, list};

/// Reads the `wanted` columns; without any wanted, the column `ap`, or else the only one of numbers.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP.
pub fn read(path: &Path, wanted: &[String]) -> Result<Vec<ApColumn>> {
    let table = Table::read(path)?;
    let keys = ClassKeys::read(&table)?;
    let columns = if wanted.is_empty() {
        vec![default_column(&table)?]
    } else {
        wanted.iter().map(|name| table.column(name)).collect::<Result<_>>()?
    };
    columns.into_iter().map(|column| read_column(&table, &keys, column)).collect()
}

fn default_column(table: &Table) -> Result<usize> {
    if let Some(column) = table.known("ap")? {
        return Ok(column);
    }
    let mut except = ClassKeys::COLUMNS.to_vec();
    except.push("instances");
    match table.numeric_columns(&except)[..] {
        [column] => Ok(column),
        [] => Err(Error::content(
            &table.path,
            format!("has no column of AP values; its columns are {}", list(&table.columns)),
        )),
        ref several => {
            let names: Vec<_> = several.iter().map(|&column| &table.columns[column]).collect();
            Err(Error::content(
                &table.path,
                format!(
                    "has several columns of numbers, {}: choose with --ap-column",
                    list(&names)
                ),
            ))
        }
    }
}

fn read_column(table: &Table, keys: &ClassKeys, column: usize) -> Result<ApColumn> {
    let mut values = Vec::new();
    for (line, row) in &table.rows {
        let wrong =
            || table.at(*line, column, &format!("{:?} is no AP between 0 and 100", &row[column]));
        values.push(match &row[column] {
            "" => None,
            cell => match cell.parse::<f64>().map_err(|_| wrong())? {
                value if value.is_nan() || value == -1.0 => None,
                value if (0.0..=100.0).contains(&value) => Some(value),
                _ => return Err(wrong()),
            },
        });
    }
    let scale = ApScale::detect(values.iter().copied().flatten()).map_err(|mixed| {
        let problem = format!(
            "column {:?} mixes the scales 0–1 and 0–100: {} values are at most 1, {} are above",
            table.columns[column], mixed.small, mixed.large
        );
        Error::content(&table.path, problem)
    })?;
    Ok(ApColumn {
        path: table.path.clone(),
        format: ApFormat::Table,
        name: table.columns[column].clone(),
        keys: keys.clone(),
        values,
        scale,
    })
}
