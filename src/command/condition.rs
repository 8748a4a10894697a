//! `--fail-if`: a condition on a result, by which a CI job fails.

use std::str::FromStr;

use super::console::Console;
use super::warning::Warning;
use crate::error::{Error, Result};
use crate::input::suggestion;
use crate::output::{Cell, Table};

/// NAME OP NUMBER, such as `pearson.information>-0.3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    name: String,
    operator: &'static str,
    number: f64,
}

/// Longer ones first, or `<=` would be `<`.
const OPERATORS: [&str; 4] = ["<=", ">=", "<", ">"];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Condition, String> {
        let wrong =
            || "not NAME<NUMBER, with <, <=, > or >=, such as pearson.information>-0.3".into();
        let split = |operator| Some((operator, text.split_once(operator)?));
        let (operator, (name, number)) = OPERATORS.into_iter().find_map(split).ok_or_else(wrong)?;
        let (name, number) = (name.trim().to_owned(), number.trim().parse().ok());
        match number {
            Some(number) if f64::is_finite(number) && !name.is_empty() => {
                Ok(Condition { name, operator, number })
            }
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}{}{}", self.name, self.operator, self.number)
    }
}

/// A result that a condition can name.
pub struct Named {
    pub name: String,
    /// What it is of, such as a run.
    pub of: String,
    /// None where it does not exist.
    pub value: Option<f64>,
}

impl Condition {
    fn holds(&self, value: f64) -> bool {
        match self.operator {
            "<" => value < self.number,
            "<=" => value <= self.number,
            ">" => value > self.number,
            _ => value >= self.number,
        }
    }
}

/// The numbers of a table, called column.row after the cells of the column `row`, each of what the
/// first column says.
pub fn named(table: &Table, row: &str) -> Vec<Named> {
    let Some(at) = table.columns.iter().position(|column| *column == row) else {
        return Vec::new();
    };
    let numeric = |column: usize| {
        let text = |cells: &Vec<Cell>| matches!(cells[column], Cell::Text(_));
        column > at && !table.rows.iter().any(text)
    };
    let columns: Vec<usize> = (0..table.columns.len()).filter(|&column| numeric(column)).collect();
    let of_row = |cells: &Vec<Cell>| -> Vec<Named> {
        let value = |column: &usize| Named {
            name: format!("{}.{}", table.columns[*column], cells[at].csv()),
            of: cells[0].csv(),
            value: cells[*column].number(),
        };
        columns.iter().map(value).collect()
    };
    table.rows.iter().flat_map(of_row).collect()
}

/// Checks that the conditions name results.
///
/// # Errors
/// If one does not; says which there are.
pub fn check(conditions: &[Condition], results: &[Named]) -> Result<()> {
    for condition in conditions {
        if results.iter().all(|result| result.name != condition.name) {
            let mut names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            return Err(Error::Usage(format!(
                "--fail-if {condition}: there is no result {:?}; there are {}{}",
                condition.name,
                names.join(", "),
                suggestion(&condition.name, &names)
            )));
        }
    }
    Ok(())
}

/// Judges the results; warns of those that do not exist.
///
/// # Errors
/// [`Error::Condition`] if a condition holds.
pub fn judge(conditions: &[Condition], results: &[Named], console: &mut Console) -> Result<()> {
    let mut held = Vec::new();
    for condition in conditions {
        let mut values = Vec::new();
        for Named { of, value, .. } in results.iter().filter(|one| one.name == condition.name) {
            match value {
                Some(value) if condition.holds(*value) => {
                    values.push(format!("{value} for {of:?}"))
                }
                Some(_) => {}
                None => {
                    let (condition, of) = (condition.to_string(), of.clone());
                    console.warn(Warning::NoResult { condition, of });
                }
            }
        }
        if !values.is_empty() {
            held.push(format!("--fail-if {condition} holds: {}", values.join(", ")));
        }
    }
    if held.is_empty() { Ok(()) } else { Err(Error::Condition(held.join("; "))) }
}
