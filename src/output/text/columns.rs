//! Words and numbers in columns: not wider than the terminal, and no name broken into pieces.

use std::collections::HashSet;
use std::{env, io};

use anstyle::Style;
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr;

/// Blanks between columns.
const GAP: usize = 2;
/// As long as a column can be dropped instead, names keep this width.
const NAME: usize = 20;
/// Names are never narrower than this.
const NARROWEST: usize = 8;
/// How much of a shortened name stands before the …, in percent: the first that tells all names apart.
const HEADS: [usize; 7] = [50, 33, 67, 20, 80, 100, 0];

/// One column of a table.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    head: &'a str,
    words: bool,
    rank: u8,
}

impl<'a> Column<'a> {
    /// Words, flush left: names are shortened in the middle where the table is too wide.
    pub const fn words(head: &'a str) -> Column<'a> {
        Column { head, words: true, rank: 0 }
    }

    /// Numbers, with their decimal points below each other.
    pub const fn number(head: &'a str) -> Column<'a> {
        Column { head, words: false, rank: 0 }
    }

    /// The same as one that is dropped where the table is too wide, the highest rank first.
    pub const fn rank(self, rank: u8) -> Column<'a> {
        Column { rank, ..self }
    }
}

/// A column with its cells.
struct Filled<'a> {
    column: Column<'a>,
    cells: Vec<String>,
    width: usize,
}

impl<'a> Filled<'a> {
    fn new(column: Column<'a>, mut cells: Vec<String>) -> Filled<'a> {
        if !column.words {
            align_points(&mut cells);
        }
        let width = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
        Filled { column, cells, width: width.max(column.head.width()) }
    }

    /// The width that it needs before others are dropped.
    fn least(&self) -> usize {
        if self.column.words { self.width.min(NAME) } else { self.width }
    }

    /// A cell or the head, as wide as the column.
    fn padded(&self, text: &str) -> String {
        let blanks = " ".repeat(self.width.saturating_sub(text.width()));
        if self.column.words { format!("{text}{blanks}") } else { format!("{blanks}{text}") }
    }
}

/// A table for the terminal, with a bold head; says which columns it has no room for.
pub(super) fn in_columns(columns: &[Column], rows: &[Vec<String>]) -> String {
    fitted(columns, rows, limit())
}

fn fitted<'c>(columns: &[Column<'c>], rows: &[Vec<String>], limit: Option<usize>) -> String {
    let filled = |(at, &column): (usize, &Column<'c>)| {
        let cell = |row: &Vec<String>| row.get(at).cloned().unwrap_or_default();
        Filled::new(column, rows.iter().map(cell).collect())
    };
    let mut table: Vec<Filled> = columns.iter().enumerate().map(filled).collect();
    let dropped = limit.map_or(Vec::new(), |limit| fit(&mut table, limit));
    let bold = Style::new().bold();
    let line = |cells: Vec<String>| cells.join(&" ".repeat(GAP)).trim_end().to_owned();
    let heads = table.iter().map(|one| one.padded(&cut(one.column.head, one.width, 100)));
    let mut text = format!("{bold}{}{bold:#}\n", line(heads.collect()));
    for at in 0..rows.len() {
        text += &line(table.iter().map(|one| one.padded(&one.cells[at])).collect());
        text.push('\n');
    }
    if let (Some(limit), false) = (limit, dropped.is_empty()) {
        text += &format!("not shown in {limit} columns: {}\n", dropped.join(", "));
    }
    text
}

/// Makes a table as narrow as that: shortens names a little, then drops columns, then shortens names more.
/// The heads of the columns dropped.
fn fit<'a>(table: &mut Vec<Filled<'a>>, limit: usize) -> Vec<&'a str> {
    let gaps = |table: &[Filled]| GAP * table.len().saturating_sub(1);
    let mut dropped = Vec::new();
    while table.iter().map(Filled::least).sum::<usize>() + gaps(table) > limit {
        let ranks = table.iter().enumerate().map(|(at, one)| (one.column.rank, at));
        match ranks.max() {
            Some((rank, at)) if rank > 0 => dropped.push(table.remove(at).column.head),
            _ => break,
        }
    }
    while table.iter().map(|one| one.width).sum::<usize>() + gaps(table) > limit {
        let words = table.iter_mut().filter(|one| one.column.words && one.width > NARROWEST);
        match words.max_by_key(|one| one.width) {
            Some(widest) => widest.width -= 1,
            None => break,
        }
    }
    for one in table.iter_mut().filter(|one| one.column.words) {
        one.cells = shortened(&one.cells, one.width);
    }
    dropped
}

/// Fills numbers up behind, so that their decimal points stand below each other.
fn align_points(cells: &mut [String]) {
    let digits = |c: char| c.is_ascii_digit() || c == ',';
    // What stands behind the whole part of a number; none of what is no number.
    let behind = |cell: &str| {
        let number = cell.trim_start_matches(['+', '-', '−']);
        let rest = number.trim_start_matches(digits);
        let range = rest.contains('…') || rest.contains(' ');
        (rest.len() < number.len() && !range).then(|| rest.width())
    };
    let most = cells.iter().filter_map(|cell| behind(cell)).max().unwrap_or(0);
    for cell in cells {
        if let Some(behind) = behind(cell) {
            cell.push_str(&" ".repeat(most - behind));
        }
    }
}

/// Names of so many columns at most, told apart as far as that goes.
fn shortened(names: &[String], width: usize) -> Vec<String> {
    let mut best: Option<(usize, Vec<String>)> = None;
    for head in HEADS {
        let short: Vec<String> = names.iter().map(|name| cut(name, width, head)).collect();
        let distinct = short.iter().collect::<HashSet<_>>().len();
        if best.as_ref().is_none_or(|(most, _)| distinct > *most) {
            best = Some((distinct, short));
        }
    }
    best.map_or(Vec::new(), |(_, short)| short)
}

/// A name of so many columns at most, with … in the middle; `head` percent of it stand before that.
fn cut(name: &str, width: usize, head: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let room = width.saturating_sub(1);
    let before = taken(name.chars(), room * head / 100);
    let behind = taken(name.chars().rev(), room - before.width());
    let behind: String = behind.chars().rev().collect();
    format!("{}…{}", before.trim_end(), behind.trim_start())
}

/// The first characters that fit.
fn taken(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut text = String::new();
    for c in chars {
        text.push(c);
        if text.width() > room {
            text.pop();
            break;
        }
    }
    text
}

/// A text in lines of so many columns at most, broken between words; all but the first begin with `indent`
/// blanks. Its style is for each line.
///
/// ```
/// use igam_analyze::output::text::wrapped;
///
/// assert_eq!(wrapped("- one two three", Some(9), 2), "- one two\n  three");
/// assert_eq!(wrapped("- one two three", None, 2), "- one two three");
/// ```
pub fn wrapped(text: &str, limit: Option<usize>, indent: usize) -> String {
    let Some(limit) = limit else { return text.to_owned() };
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let begun = !line.trim().is_empty();
        if begun && line.width() + 1 + word.width() > limit {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            line += word;
        } else {
            if begun {
                line.push(' ');
            }
            line += word;
        }
    }
    lines.push(line);
    lines.join("\n")
}

/// Columns that a line on standard output may take: of a terminal its own; of a pipe or a file as many as
/// the variable `COLUMNS` says, or else any number.
pub(super) fn limit() -> Option<usize> {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size_of(io::stdout()).map(|(Width(width), _)| width.into());
    said.filter(|&columns: &usize| columns > 0).or_else(of_terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn a_pipe_has_all_columns_and_whole_names() {
        let rows = cells(&[&["EfficientNet-Lite0 CE", "+0.004", "1"], &["x", "−0.1", "23"]]);
        let columns = [Column::words("run"), Column::number("r"), Column::number("p").rank(1)];
        assert_eq!(
            plain(&fitted(&columns, &rows, None)),
            "run                         r   p\n\
             EfficientNet-Lite0 CE  +0.004   1\n\
             x                      −0.1    23\n"
        );
    }

    #[test]
    fn names_are_shortened_in_the_middle_and_columns_dropped() {
        let rows = cells(&[
            &["EfficientNet-Lite0 Seesaw", "0.1", "1"],
            &["EfficientNet-Lite2 Seesaw", "0.25", "2"],
        ]);
        let columns = [Column::words("run"), Column::number("r"), Column::number("p").rank(1)];
        assert_eq!(
            plain(&fitted(&columns, &rows, Some(27))),
            "run                       r\n\
             EfficientN…te0 Seesaw  0.1\n\
             EfficientN…te2 Seesaw  0.25\n\
             not shown in 27 columns: p\n"
        );
        let narrow = plain(&fitted(&columns, &rows, Some(14)));
        assert!(narrow.lines().take(3).all(|line| line.width() <= 14), "{narrow}");
    }

    #[test]
    fn names_that_differ_stay_different() {
        let names: Vec<String> =
            ["resnet-a-with-a-long-tail", "resnet-b-with-a-long-tail"].map(str::to_owned).into();
        let short = shortened(&names, 12);
        assert_ne!(short[0], short[1]);
        assert!(short.iter().all(|name| name.width() <= 12), "{short:?}");
        // A letter of two columns.
        assert_eq!(cut("猫猫猫猫猫", 7, 50), "猫…猫猫");
    }
}
