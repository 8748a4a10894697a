//! AP per class from a csv or parquet table.

use std::path::Path;

use super::column_names::{COUNTS, is_no_ap};
use super::results::Wanted;
use super::{ApColumn, ApFormat, check_iou, no_ap, scaled, tags, ultralytics};
use crate::ap::{ApScale, OffScale};
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::keys;
use crate::input::table::{Table, is_absent};
use crate::words::list;

/// Reads the wanted columns; without any wanted, the column `ap`, Ultralytics' mAP50-95, or else the only
/// one of numbers that may be AP by its name. The scale is seen from a column's values unless given. A
/// table with a row per step and a column per tag is read as an evaluator's objects are.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP.
pub fn read(path: &Path, wanted: Wanted, format: Option<ApFormat>) -> Result<Vec<ApColumn>> {
    let table = Table::read(path)?;
    let ours = format.is_none_or(|format| format == ApFormat::Table);
    let of_ultralytics = ultralytics::column(&table).filter(|_| format != Some(ApFormat::Table));
    if !ours || of_ultralytics.is_none() {
        let of = format.filter(|&format| format != ApFormat::Table);
        if let Some(columns) = tags::read(&table, wanted, of)? {
            return Ok(columns);
        }
    }
    let theirs = format == Some(ApFormat::Ultralytics) && of_ultralytics.is_some();
    if !ours && !theirs {
        return Err(no_ap::none(path, format, None));
    }
    check_iou(path, wanted.iou)?;
    let by_time = || EPOCHS.iter().any(|name| table.find(name).is_some());
    if table.find("class").is_none() && by_time() {
        let problem = "has one row per epoch or step, not per class, and no column with AP of a \
                       class: give AP per class, such as Ultralytics' metrics.to_csv() writes it";
        return Err(Error::content(path, problem));
    }
    let keys = keys::of_table(&table)?;
    let columns = match (wanted.columns, of_ultralytics) {
        ([], Some(column)) => vec![column],
        ([], None) => vec![default_column(&table)?],
        (names, _) => names.iter().map(|name| table.column(name)).collect::<Result<_>>()?,
    };
    let format = if of_ultralytics.is_some() { ApFormat::Ultralytics } else { ApFormat::Table };
    let column = |column| {
        read_column(&table, &keys, column, wanted.scale).map(|read| ApColumn { format, ..read })
    };
    columns.into_iter().map(column).collect()
}

/// Columns of logs, which have a row per epoch or a step.
const EPOCHS: [&str; 4] = ["epoch", "step", "iteration", "iter"];

fn default_column(table: &Table) -> Result<usize> {
    if let Some(column) = table.known("ap")? {
        return Ok(column);
    }
    let mut except = keys::COLUMNS.to_vec();
    except.extend(COUNTS);
    let numbers = table.numeric_columns(&except);
    let names = |columns: &[usize]| {
        list(&columns.iter().map(|&column| &table.columns[column]).collect::<Vec<_>>())
    };
    let may_be: Vec<_> =
        numbers.iter().copied().filter(|&at| !is_no_ap(&table.columns[at])).collect();
    let problem = match (&may_be[..], &numbers[..]) {
        ([column], _) => return Ok(*column),
        ([], []) => {
            format!("has no column of AP values; its columns are {}", list(&table.columns))
        }
        ([], others) => format!(
            "has no column that is named as AP, but {}: if one is AP, choose it with --ap-column",
            names(others)
        ),
        (several, _) => {
            format!("has several columns of numbers, {}: choose with --ap-column", names(several))
        }
    };
    Err(Error::content(&table.path, problem))
}

fn read_column(
    table: &Table,
    keys: &Keys,
    column: usize,
    scale: Option<ApScale>,
) -> Result<ApColumn> {
    let values_on = |scale: ApScale| -> Result<Vec<Option<f64>>> {
        let value = |(line, row): &(u64, csv::StringRecord)| {
            read_cell(&row[column], scale).map_err(|problem| table.at(*line, column, &problem))
        };
        table.rows.iter().map(value).collect()
    };
    let name = &table.columns[column];
    let (scale, values) = scaled(&table.path, &format!("column {name:?} "), scale, values_on)?;
    let doubts = is_no_ap(name).then(|| {
        format!("{}: column {name:?} is not named as AP: check that it is AP", table.path.display())
    });
    let doubts = doubts.into_iter().collect();
    Ok(ApColumn {
        path: table.path.clone(),
        format: ApFormat::Table,
        name: name.clone(),
        keys: keys.clone(),
        values,
        scale,
        notes: Vec::new(),
        doubts,
    })
}

/// The AP that a cell says, if it says one.
fn read_cell(cell: &str, scale: ApScale) -> std::result::Result<Option<f64>, String> {
    if is_absent(cell) {
        return Ok(None);
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let wrong = |hint: &str| format!("{cell:?} is not an AP between 0 and {}{hint}", scale.full());
    match number(cell) {
        Some(number) => scale.read(number).map_err(|OffScale| wrong("")),
        None if cell.strip_suffix('%').and_then(|cell| number(cell.trim())).is_some() => {
            Err(wrong(": write the numbers without the sign, and give --ap-scale percent"))
        }
        None if number(&cell.replacen(',', ".", 1)).is_some() => {
            Err(wrong(": use a point as decimal separator"))
        }
        None => Err(wrong("")),
    }
}
