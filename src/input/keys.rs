//! The columns of a table that name the class.

use super::table::{Kind, Table};
use crate::classes::{Keys, number};
use crate::error::Result;
use crate::words::{check_name, trimmed};

/// Columns that say which class a row is of.
pub const COLUMNS: [&str; 4] = ["class", "id", "class_id", "category_id"];

/// Reads the columns `class` and `id` of a table.
///
/// # Errors
/// If there is no column `class`, a cell in it is empty, or an id is not a whole number.
pub fn of_table(table: &Table) -> Result<Keys> {
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
                let wrong = || table.at(*line, class, "the class number is not a whole number");
                number(text).ok_or_else(wrong)
            };
            Keys::Numbers(table.rows.iter().zip(&names).map(number).collect::<Result<_>>()?)
        }
    })
}
