//! Numbers of the classes that could explain AP too, such as the size of their objects, from a csv or
//! parquet table.

use std::path::Path;

use super::keys;
use super::table::{Table, is_absent};
use crate::classes::Keys;
use crate::detector::{Covariate, Covariates};
use crate::error::{Error, Result};
use crate::words::list;

/// Columns of what is compared, which cannot be held constant.
pub(super) const COMPARED: [&str; 8] = [
    "information",
    "instances",
    "ap",
    "normalized_information",
    "floor",
    "floored_fraction",
    "floor_bits",
    "dim_per_instance",
];

/// Reads each column of numbers, but for those that say which class a row is of and those of what is
/// compared. Columns without any number are skipped, too, and noted.
///
/// # Errors
/// If the file cannot be used, has no such column, or a column has numbers and words.
pub fn read(path: &Path) -> Result<Covariates> {
    let table = Table::read(path)?;
    let keys = keys::of_table(&table)?;
    let (mut columns, mut words, mut compared) = (Vec::new(), Vec::new(), Vec::new());
    for (at, name) in table.columns.iter().enumerate() {
        let among = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        // One without a name numbers the rows.
        if name.is_empty() || among(&keys::COLUMNS) {
            continue;
        } else if among(&COMPARED) {
            compared.push(name);
        } else if table.rows.iter().any(|(_, row)| is_number(&row[at])) {
            columns.push(Covariate { name: name.clone(), values: values(&table, at)? });
        } else {
            words.push(name);
        }
    }
    words.extend(table.other_columns());
    of_columns(path, keys, &table.columns, columns, &words, &compared)
}

/// The covariates of the columns of numbers, with a note on those that are skipped: `words`, and those of
/// what is compared.
///
/// # Errors
/// If there is none; says which columns there are.
pub(super) fn of_columns<S: AsRef<str>>(
    path: &Path,
    keys: Keys,
    all: &[String],
    columns: Vec<Covariate>,
    words: &[S],
    compared: &[S],
) -> Result<Covariates> {
    if columns.is_empty() {
        let problem = format!(
            "has no column of numbers that could be held constant; its columns are {}",
            list(all)
        );
        return Err(Error::content(path, problem));
    }
    let left_out = [
        (words, "skipped, because they hold no numbers"),
        (compared, "skipped, because they are what is compared"),
    ];
    let note = |(names, why): (&[S], &str)| {
        (!names.is_empty()).then(|| format!("{}: columns {why}: {}", path.display(), list(names)))
    };
    let notes = left_out.into_iter().filter_map(note).collect();
    Ok(Covariates { path: path.to_owned(), keys, columns, notes })
}

/// Whether a cell is meant as a number, however it is written.
fn is_number(cell: &str) -> bool {
    let number = cell.strip_suffix('%').unwrap_or(cell).trim_end().replacen(',', ".", 1);
    !is_absent(cell) && number.parse::<f64>().is_ok()
}

fn values(table: &Table, column: usize) -> Result<Vec<Option<f64>>> {
    let value = |(line, row): &(u64, csv::StringRecord)| {
        read_cell(&row[column]).map_err(|problem| table.at(*line, column, &problem))
    };
    table.rows.iter().map(value).collect()
}

/// The number that a cell says, if it says one.
fn read_cell(cell: &str) -> std::result::Result<Option<f64>, String> {
    if is_absent(cell) {
        return Ok(None);
    }
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        Ok(_) => Err(format!("{cell:?} is not finite: leave the cell empty")),
        Err(_) if is_number(cell) => Err(format!(
            "{cell:?} is not a number: use a point as decimal separator, and no sign after the \
             number"
        )),
        Err(_) => Err(format!(
            "{cell:?} is not a number, unlike other cells of the column: leave the cell empty \
             where there is none"
        )),
    }
}
