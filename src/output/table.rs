//! One table, in three formats.

use std::io;

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableStyle};
use serde_json::{Map, Value};
use terminal_size::{Width, terminal_size_of};

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number, written in full.
    Number(f64),
    /// A number that does not exist: empty in csv, `null` in json.
    Missing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<f64> for Cell {
    /// What is not finite does not exist.
    fn from(number: f64) -> Cell {
        if number.is_finite() { Cell::Number(number) } else { Cell::Missing }
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        i64::try_from(number).map_or(Cell::Number(number as f64), Cell::Integer)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Missing, Into::into)
    }
}

/// Named columns and rows of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Column names.
    pub columns: Vec<&'static str>,
    /// Rows, each of a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// As csv, with a header line.
    pub fn csv(&self) -> String {
        let mut text = self.columns.join(",") + "\n";
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(Cell::csv).collect();
            text += &cells.join(",");
            text.push('\n');
        }
        text
    }

    /// Without the column of this name.
    pub fn remove(&mut self, name: &str) {
        if let Some(at) = self.columns.iter().position(|column| *column == name) {
            self.columns.remove(at);
            self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        }
    }

    /// As a json array of an object per row.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let fields = self
                .columns
                .iter()
                .zip(row)
                .map(|(name, cell)| (name.to_string(), json_cell(cell)));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }
}

impl Cell {
    /// Its number, if it has one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Number(number) => Some(*number),
            Cell::Text(_) | Cell::Missing => None,
        }
    }

    /// As it stands in csv.
    pub fn csv(&self) -> String {
        match self {
            Cell::Text(text) if text.contains([',', '"', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Cell::Text(text) => text.clone(),
            Cell::Integer(number) => number.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Missing => String::new(),
        }
    }
}

fn json_cell(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => text.as_str().into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Number(number) => (*number).into(),
        Cell::Missing => Value::Null,
    }
}

/// Width of a text table where standard output is no terminal.
const WIDTH: u16 = 80;

/// Words in columns for the terminal, with a bold head; the first `left` columns are flush left and
/// wrapped where the table would be too wide, the others flush right.
pub fn text(columns: &[&str], left: usize, rows: Vec<Vec<String>>) -> String {
    let width = terminal_size_of(io::stdout()).map_or(WIDTH, |(Width(width), _)| width);
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new()).set_header(columns).add_rows(rows);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if at >= left {
            column.set_constraint(ColumnConstraint::ContentWidth);
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = table.lines().map(|line| line.trim_end().to_owned());
    let head = lines.next().unwrap_or_default();
    let bold = Style::new().bold();
    lines.fold(format!("{bold}{head}{bold:#}\n"), |text, line| text + &line + "\n")
}
