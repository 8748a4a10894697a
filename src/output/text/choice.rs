//! Which rows of a table are printed, and in which order.

use std::cmp::Ordering;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::output::{Cell, Table};
use crate::words::suggestion;

/// Which rows of a table are printed: all as they come, unless something else is asked for.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The column to sort by.
    pub sort: Option<Sort>,
    /// How many rows at most.
    pub top: Option<usize>,
}

/// A column to sort by: `NAME`, `NAME:asc` or `NAME:desc`. Unless said, numbers begin with the largest and
/// words with the first letter.
///
/// ```
/// use igam_analyze::output::text::Sort;
///
/// assert!("instances:asc".parse::<Sort>().is_ok());
/// assert!(":asc".parse::<Sort>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The column, as the csv file names it.
    pub column: String,
    ascending: Option<bool>,
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Sort, String> {
        let (column, ascending) = match text.rsplit_once(':') {
            Some((column, "asc")) => (column, Some(true)),
            Some((column, "desc")) => (column, Some(false)),
            _ => (text, None),
        };
        match column {
            "" => Err("name a column of the csv file, such as instances or instances:asc".into()),
            column => Ok(Sort { column: column.to_owned(), ascending }),
        }
    }
}

impl Choice {
    /// Whether anything is asked for.
    pub fn is_made(&self) -> bool {
        self.sort.is_some() || self.top.is_some()
    }

    /// The indices of the rows to print, in their order.
    ///
    /// # Errors
    /// If the table has no such column.
    pub fn places(&self, table: &Table) -> Result<Vec<usize>> {
        let mut places: Vec<usize> = (0..table.rows.len()).collect();
        if let Some(sort) = &self.sort {
            let column = sort.place(table)?;
            let cell = |row: usize| &table.rows[row][column];
            places.sort_by(|&a, &b| sort.order(cell(a), cell(b)));
        }
        places.truncate(self.top.unwrap_or(usize::MAX));
        Ok(places)
    }
}

impl Sort {
    fn place(&self, table: &Table) -> Result<usize> {
        let is_it = |column: &&str| column.eq_ignore_ascii_case(&self.column);
        table.columns.iter().position(is_it).ok_or_else(|| {
            Error::Usage(format!(
                "--sort {}: there is no such column; there are {}{}",
                self.column,
                table.columns.join(", "),
                suggestion(&self.column, &table.columns)
            ))
        })
    }

    /// What is missing is last, either way.
    fn order(&self, a: &Cell, b: &Cell) -> Ordering {
        let (upwards, order) = match (a, b) {
            (Cell::Missing, Cell::Missing) => return Ordering::Equal,
            (Cell::Missing, _) => return Ordering::Greater,
            (_, Cell::Missing) => return Ordering::Less,
            (a, b) => match (a.number(), b.number()) {
                (Some(a), Some(b)) => (false, a.total_cmp(&b)),
                _ => (true, a.csv().cmp(&b.csv())),
            },
        };
        if self.ascending.unwrap_or(upwards) { order } else { order.reverse() }
    }
}

/// "10 of 31 classes", where not all are shown.
pub(super) fn shown(shown: usize, all: usize) -> String {
    if shown < all { format!("{shown} of {all} classes\n") } else { String::new() }
}
