//! AP per class from a csv or parquet table.

use std::path::Path;

use super::{ApColumn, ApFormat};
use crate::ap::{ApScale, OffScale};
use crate::error::{Error, Result};
use crate::input::classes::ClassKeys;
use crate::input::table::{Table, is_absent, list};

/// Reads the `wanted` columns; without any wanted, the column `ap`, or else the only one of numbers. The
/// scale is seen from a column's values unless given.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP.
pub fn read(path: &Path, wanted: &[String], scale: Option<ApScale>) -> Result<Vec<ApColumn>> {
    let table = Table::read(path)?;
    let keys = ClassKeys::read(&table)?;
    let columns = if wanted.is_empty() {
        vec![default_column(&table)?]
    } else {
        wanted.iter().map(|name| table.column(name)).collect::<Result<_>>()?
    };
    columns.into_iter().map(|column| read_column(&table, &keys, column, scale)).collect()
}

fn default_column(table: &Table) -> Result<usize> {
    if let Some(column) = table.find("ap") {
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

fn read_column(
    table: &Table,
    keys: &ClassKeys,
    column: usize,
    scale: Option<ApScale>,
) -> Result<ApColumn> {
    let values_on = |scale: ApScale| -> Result<Vec<Option<f64>>> {
        let value = |(line, row): &(u64, csv::StringRecord)| {
            read_cell(&row[column], scale).map_err(|problem| table.at(*line, column, &problem))
        };
        table.rows.iter().map(value).collect()
    };
    let scale = match scale {
        Some(scale) => scale,
        None => {
            let widest = values_on(ApScale::Percent)?;
            ApScale::detect(widest.into_iter().flatten()).map_err(|mixed| {
                let problem = format!(
                    "column {:?} mixes the scales 0–1 and 0–100: {mixed}; if all are percentages, give \
                     --ap-scale percent (`ap_scale` in a runs file)",
                    table.columns[column]
                );
                Error::content(&table.path, problem)
            })?
        }
    };
    Ok(ApColumn {
        path: table.path.clone(),
        format: ApFormat::Table,
        name: table.columns[column].clone(),
        keys: keys.clone(),
        values: values_on(scale)?,
        scale,
    })
}

/// The AP that a cell says, if it says one.
fn read_cell(cell: &str, scale: ApScale) -> std::result::Result<Option<f64>, String> {
    if is_absent(cell) {
        return Ok(None);
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let wrong = |hint: &str| format!("{cell:?} is no AP between 0 and {}{hint}", scale.full());
    match number(cell) {
        Some(number) => scale.read(number).map_err(|OffScale| wrong("")),
        None if cell.strip_suffix('%').and_then(|cell| number(cell.trim())).is_some() => {
            Err(wrong(": write the numbers without the sign, and give --ap-scale percent"))
        }
        None if number(&cell.replacen(',', ".", 1)).is_some() => {
            Err(wrong(": write a point before the decimals"))
        }
        None => Err(wrong("")),
    }
}
