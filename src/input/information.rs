//! The `information.csv` that `information` and `correlate` write.

use std::path::Path;

use super::table::{Table, list};
use crate::error::{Error, Result};

/// A class and its information amount.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassInformation {
    /// Class id.
    pub id: i64,
    /// Class name.
    pub name: String,
    /// I in bits, where the class has one.
    pub bits: Option<f64>,
}

/// Reads the classes of a run, in order of id; of the only one unless it is `wanted` by name.
///
/// # Errors
/// If the file cannot be used, or does not hold the run, or holds several and none is wanted.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<Vec<ClassInformation>> {
    let table = Table::read(path)?;
    let [run, id, name, bits] =
        ["run", "class_id", "class", "information"].map(|name| table.column(name));
    let (run, id, name, bits) = (run?, id?, name?, bits?);
    let mut runs: Vec<&str> = table.rows.iter().map(|(_, row)| &row[run]).collect();
    runs.dedup();
    let wanted = match (wanted, &runs[..]) {
        (Some(wanted), _) => wanted,
        (None, [only]) => only,
        (None, several) => {
            let problem = format!("holds several runs, {}: choose one with --run", list(several));
            return Err(Error::content(path, problem));
        }
    };
    let mut classes = Vec::new();
    for (line, row) in table.rows.iter().filter(|(_, row)| &row[run] == wanted) {
        let bits = match &row[bits] {
            "" => None,
            cell => match cell.parse::<f64>() {
                Ok(number) if number >= 0.0 && number.is_finite() => Some(number),
                _ => {
                    return Err(table.at(
                        *line,
                        bits,
                        &format!("{cell:?} is no information amount"),
                    ));
                }
            },
        };
        let id =
            row[id].parse().map_err(|_| table.at(*line, id, "the id is not a whole number"))?;
        classes.push(ClassInformation { id, name: row[name].to_owned(), bits });
    }
    if classes.is_empty() {
        return Err(Error::content(
            path,
            format!("holds no run {wanted:?}; it holds {}", list(&runs)),
        ));
    }
    classes.sort_by_key(|class| class.id);
    if let Some(pair) = classes.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(Error::content(path, format!("has two rows for the class id {}", pair[0].id)));
    }
    Ok(classes)
}
