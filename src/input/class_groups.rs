//! Groups of similar classes, such as supercategories, from a csv or parquet table.

use std::path::Path;

use super::keys;
use super::table::{Table, is_absent};
use crate::detector::ClassGroups;
use crate::error::{Error, Result};
use crate::words::check_name;

/// Reads the column `group`, or else `supercategory`.
///
/// # Errors
/// If the file cannot be used, has no such column, or no group in it.
pub fn read(path: &Path) -> Result<ClassGroups> {
    let table = Table::read(path)?;
    let keys = keys::of_table(&table)?;
    let column = match table.known("group")?.or(table.known("supercategory")?) {
        Some(column) => column,
        None => table.usual_column("group")?,
    };
    let group = |(line, row): &(u64, csv::StringRecord)| {
        let name = &row[column];
        check_name(name).map_err(|problem| table.at(*line, column, &problem))?;
        Ok((!is_absent(name)).then(|| name.to_owned()))
    };
    let values: Vec<Option<String>> = table.rows.iter().map(group).collect::<Result<_>>()?;
    if values.iter().all(Option::is_none) {
        let problem = format!("column {:?} names no group", table.columns[column]);
        return Err(Error::content(path, problem));
    }
    Ok(ClassGroups { path: path.to_owned(), keys, values })
}
