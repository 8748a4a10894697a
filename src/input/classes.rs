//! Files that list the classes, and what the rows of tables say of theirs.

use std::path::Path;

use super::annotations::{self, Include};
use super::file::{check_name, trimmed};
use super::names::{self, Names};
use super::table::{Kind, Table};
use crate::classes::{Classes, IdsFrom, Keys, number};
use crate::error::{Error, Result};

/// Columns that say which class a row is of.
pub const COLUMNS: [&str; 4] = ["class", "id", "class_id", "category_id"];

/// Reads class names, from any of the files that `names` lists, with what the user should know of how
/// they were read.
///
/// # Errors
/// If the file cannot be used, or a name or id stands twice.
pub fn read(path: &Path) -> Result<(Classes, Vec<String>)> {
    of_names(path, names::read(path)?)
}

/// The classes of these names.
///
/// # Errors
/// As for [`read`].
pub(super) fn of_names(path: &Path, names: Names) -> Result<(Classes, Vec<String>)> {
    match names {
        Names::Categories => {
            Ok((annotations::read(path, Include::default())?.classes()?, Vec::new()))
        }
        Names::List { classes, in_order, notes } => {
            let ids_from = if in_order { IdsFrom::List } else { IdsFrom::Table };
            let classes = Classes::new(classes, ids_from);
            Ok((classes.map_err(|problem| Error::content(path, problem))?, notes))
        }
    }
}

/// Reads the columns `class` and `id` of a table.
///
/// # Errors
/// If there is no column `class`, a cell in it is empty, or an id is not a whole number.
pub fn keys(table: &Table) -> Result<Keys> {
    let class = table.usual_column("class")?;
    let mut id = None;
    for name in &COLUMNS[1..] {
        if id.is_none() {
            id = table.known(name)?;
        }
    }
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for (line, row) in &table.rows {
        let name = trimmed(&row[class]);
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
    if id.is_some() {
        return Ok(Keys::Both(names, ids));
    }
    Ok(match table.kinds[class] {
        Kind::Any => Keys::Cells(names),
        Kind::Strings => Keys::Strings(names),
        Kind::Numbers => {
            let number = |((line, _), text): (&(u64, _), &String)| {
                let wrong = || table.at(*line, class, "the number of the class is not whole");
                number(text).ok_or_else(wrong)
            };
            Keys::Numbers(table.rows.iter().zip(&names).map(number).collect::<Result<_>>()?)
        }
    })
}
