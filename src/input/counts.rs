//! Instance counts per class from a csv table.

use std::path::{Path, PathBuf};

use super::classes::ClassKeys;
use super::table::{Table, list};
use crate::error::{Error, Result};

/// Instance counts.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The file.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: ClassKeys,
    /// Instances of each row.
    pub values: Vec<u64>,
}

/// Reads the `wanted` column, or else `instances`, or else the only one of numbers.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no count.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<Counts> {
    from_table(&Table::read(path)?, wanted)
}

/// The same from a table that has been read.
///
/// # Errors
/// If it has no such column, or a value is no count.
pub fn from_table(table: &Table, wanted: Option<&str>) -> Result<Counts> {
    let keys = ClassKeys::read(table)?;
    let column = match (wanted, table.find("instances")) {
        (Some(name), _) => table.column(name)?,
        (None, Some(column)) => column,
        (None, None) => match table.numeric_columns(&ClassKeys::COLUMNS)[..] {
            [column] => column,
            _ => {
                let problem = format!(
                    "has no column \"instances\"; its columns are {}: choose with --counts-column",
                    list(&table.columns)
                );
                return Err(Error::content(&table.path, problem));
            }
        },
    };
    let count = |(line, row): &(u64, csv::StringRecord)| {
        let wrong =
            || table.at(*line, column, &format!("{:?} is no count of instances", &row[column]));
        row[column].parse().map_err(|_| wrong())
    };
    let values = table.rows.iter().map(count).collect::<Result<_>>()?;
    Ok(Counts { path: table.path.clone(), keys, values })
}
