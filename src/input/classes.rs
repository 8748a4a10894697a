//! Files that list the classes, and what the rows of tables say of theirs.

use std::path::Path;

use super::annotations;
use super::file::{self, check_name};
use super::shards::extension;
use super::table::Table;
use crate::classes::{Classes, IdsFrom, Keys};
use crate::error::{Error, Result};

/// Columns that say which class a row is of.
pub const COLUMNS: [&str; 3] = ["class", "id", "class_id"];

/// Reads class names: a COCO or LVIS annotation file (`.json`); a csv or parquet table with columns
/// `class` and, if ids are not 0, 1, …, `id`; or any other text with a name a line.
///
/// # Errors
/// If the file cannot be used, or a name or id stands twice.
pub fn read(path: &Path) -> Result<Classes> {
    let bad = |problem: String| Error::content(path, problem);
    let extension = extension(path);
    if extension == "json" {
        return annotations::read(path, false)?.classes();
    } else if ["csv", "parquet"].contains(&extension.as_str()) {
        return match keys(&Table::read(path)?)? {
            Keys::Both(names, ids) => {
                Classes::new(ids.into_iter().zip(names).collect(), IdsFrom::Table)
            }
            keys => {
                let names = (0..keys.len()).map(|row| keys.text(row));
                Classes::new((0..).zip(names).collect(), IdsFrom::List)
            }
        }
        .map_err(bad);
    }
    let text = file::text(path)?;
    let mut names: Vec<(i64, String)> = Vec::new();
    for (line, id) in text.trim_end().lines().zip(0..) {
        let name = line.trim();
        let wrong = |problem| Error::content(path, format!("line {}: {problem}", id + 1));
        check_name(name).map_err(wrong)?;
        if name.is_empty() {
            return Err(wrong("is empty: each line names a class".into()));
        }
        names.push((id, name.to_owned()));
    }
    Classes::new(names, IdsFrom::List).map_err(bad)
}

/// Reads the columns `class` and `id` of a table.
///
/// # Errors
/// If there is no column `class`, a cell in it is empty, or an id is not a whole number.
pub fn keys(table: &Table) -> Result<Keys> {
    let class = table.column("class")?;
    let id = table.find("id").or_else(|| table.find("class_id"));
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for (line, row) in &table.rows {
        let name = row[class].trim();
        if name.is_empty() {
            return Err(table.at(*line, class, "there is no class"));
        }
        check_name(name).map_err(|problem| table.at(*line, class, &problem))?;
        names.push(name.to_owned());
        if let Some(id) = id {
            let number = row[id].parse();
            ids.push(number.map_err(|_| table.at(*line, id, "the id is not a whole number"))?);
        }
    }
    Ok(if id.is_some() { Keys::Both(names, ids) } else { Keys::Cells(names) })
}
