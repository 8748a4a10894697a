//! Results in words and columns, for the terminal.

mod compare;
mod explain;
mod information;
mod loss;
mod margins;
mod storage;
mod study;

pub use compare::compare;
pub use explain::{card, explain, reasons_changed};
pub use information::information;
pub use loss::loss;
pub use margins::margins;
pub use storage::{budget, replay, storage};
pub use study::study;

use std::io;

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableStyle};
use terminal_size::{Width, terminal_size_of};

/// Width of a table where standard output is no terminal.
const WIDTH: u16 = 80;

/// Words in columns for the terminal, with a bold head; the first `left` columns are flush left and
/// wrapped where the table would be too wide, the others flush right.
pub fn in_columns(columns: &[&str], left: usize, rows: Vec<Vec<String>>) -> String {
    aligned(columns, |at| at < left, rows)
}

/// The same with words in the first column and in the last, numbers between them.
fn in_columns_and_words(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let last = columns.len().saturating_sub(1);
    aligned(columns, |at| at == 0 || at == last, rows)
}

/// Columns of words are flush left and wrapped, the others flush right.
fn aligned(columns: &[&str], words: impl Fn(usize) -> bool, rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new()).set_header(columns).add_rows(rows);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width());
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if !words(at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = table.lines().map(|line| line.trim_end().to_owned());
    let head = lines.next().unwrap_or_default();
    let bold = Style::new().bold();
    lines.fold(format!("{bold}{head}{bold:#}\n"), |text, line| text + &line + "\n")
}

/// Columns of the terminal.
fn width() -> u16 {
    terminal_size_of(io::stdout()).map_or(WIDTH, |(Width(width), _)| width)
}
