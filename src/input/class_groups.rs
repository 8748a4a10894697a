//! Groups of similar classes, such as supercategories, from a csv or parquet table.

use std::path::{Path, PathBuf};

use super::keys;
use super::table::{Table, is_absent};
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::words::check_name;

/// The group of each row's class.
#[derive(Clone, Debug)]
pub struct ClassGroups {
    /// The file.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// Names of the groups; none where the cell is empty.
    pub values: Vec<Option<String>>,
}

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
