//! Small tables, csv or parquet, every cell stored as text with its line or row.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::file;
use super::parquet::{self, Texts};
use super::shards::extension;
use crate::error::{Error, Result};
use crate::words::{check_name, list, suggestion, trimmed};

/// Bytes of a csv file from which on a column is read alone.
const LARGE: u64 = 16 << 20;

/// A csv file with a header line, or a parquet file.
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// Column names.
    pub columns: Vec<String>,
    /// Line number in the file (in parquet the row, from 0), and the cells.
    pub rows: Vec<(u64, csv::StringRecord)>,
    /// What the cells of each column are.
    pub kinds: Vec<Kind>,
    /// Columns of other types, or that cannot be read: each with what is wrong with it.
    others: Vec<(String, String)>,
    /// What the rows are counted in.
    unit: &'static str,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whatever csv holds, which knows no types.
    Any,
    /// Numbers.
    Numbers,
    /// Strings.
    Strings,
}

impl Table {
    /// Reads the whole file.
    ///
    /// # Errors
    /// If the file cannot be read, is not csv in UTF-8, has no row, or two columns of one name.
    pub fn read(path: &Path) -> Result<Table> {
        if extension(path) == "parquet" {
            let Texts { columns, strings, rows, others } = parquet::texts(path)?;
            let kind = |strings| if strings { Kind::Strings } else { Kind::Numbers };
            let kinds = strings.into_iter().map(kind).collect();
            let cells = |row: Vec<String>| row.iter().map(|cell| trimmed(cell)).collect();
            let rows = (0..).zip(rows.into_iter().map(cells)).collect();
            let (path, unit) = (path.to_owned(), "row");
            return Ok(Table { path, columns, rows, kinds, others, unit });
        }
        Table::parse(path, &file::text(path)?)
    }

    /// Reads csv text; `path` names it in errors. Cells are separated by commas, or by semicolons
    /// or tabs where the header has no comma.
    ///
    /// # Errors
    /// If it is not csv, has no row, or two columns of one name.
    pub fn parse(path: &Path, text: &str) -> Result<Table> {
        let table = Table::parse_any(path, text)?;
        if table.rows.is_empty() {
            return Err(Error::content(path, "has no row below its header"));
        }
        Ok(table)
    }

    /// A csv file of which one column is wanted: of a large file that is all that is held, and its rows are
    /// counted from 0. It may have no row.
    ///
    /// # Errors
    /// If the file cannot be read, is no csv table, or has no such column.
    pub fn with_column(path: &Path, name: &str) -> Result<Table> {
        let (file, length) = file::open_text(path)?;
        if length <= LARGE {
            return Table::parse_any(path, &file::whole(path, file)?);
        }
        let mut head = Vec::new();
        file.take(LARGE).read_to_end(&mut head).map_err(Error::read(path))?;
        // Its header, without a last line that may be cut.
        let end = head.iter().rposition(|&byte| byte == b'\n' || byte == b'\r');
        let header = head[..end.unwrap_or(0)]
            .split(|byte| b"\r\n".contains(byte))
            .find(|line| !line.is_empty());
        let header = file::whole(path, header.unwrap_or_default())?;
        let whole = Table::parse_any(path, &header)?;
        let column = whole.column(name)?;
        let (file, _) = file::open_text(path)?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .delimiter(delimiter(&header))
            .from_reader(file);
        let mut rows = Vec::new();
        for (record, row) in reader.records().zip(0..) {
            let record = record.map_err(|error| {
                Error::content(path, format!("row {row} is not a row of a csv table: {error}"))
            })?;
            let cell = record.get(column).map(trimmed).unwrap_or_default();
            rows.push((row, csv::StringRecord::from(vec![cell])));
        }
        let (columns, kinds) = (vec![name.to_owned()], vec![Kind::Any]);
        Ok(Table { path: path.to_owned(), columns, rows, kinds, others: Vec::new(), unit: "row" })
    }

    /// The same, but it may have no row.
    ///
    /// # Errors
    /// If it is not csv, or has two columns of one name.
    pub fn parse_any(path: &Path, text: &str) -> Result<Table> {
        // The csv parser counts a line that ends in \r\n for none.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let header = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .delimiter(delimiter(header))
            .from_reader(text.as_bytes());
        let describe = |error: csv::Error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => Error::content(
                path,
                format!(
                    "line {} has {len} cells, the header has {expected_len}",
                    pos.as_ref().map_or(0, |pos| pos.line())
                ),
            ),
            _ => Error::content(path, format!("is not a csv table: {error}")),
        };
        let columns: Vec<String> =
            reader.headers().map_err(describe)?.iter().map(|name| trimmed(name).into()).collect();
        for (at, name) in columns.iter().enumerate() {
            check_name(name).map_err(|problem| {
                Error::content(path, format!("the header, column {}: {problem}", at + 1))
            })?;
            if !name.is_empty() && columns[..at].contains(name) {
                let problem = format!("has two columns {name:?}: remove or rename one");
                return Err(Error::content(path, problem));
            }
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(describe)?;
            let line = record.position().map_or(0, |position| position.line());
            let whole = record.iter().all(|cell| trimmed(cell).len() == cell.len());
            rows.push((line, if whole { record } else { record.iter().map(trimmed).collect() }));
        }
        let kinds = vec![Kind::Any; columns.len()];
        let (path, others, unit) = (path.to_owned(), Vec::new(), "line");
        Ok(Table { path, columns, rows, kinds, others, unit })
    }

    /// The index of the column of this name, or else of the only one that it is but for capitals.
    pub fn find(&self, name: &str) -> Option<usize> {
        let alike = |column: &String| column.eq_ignore_ascii_case(name);
        self.columns.iter().position(|column| column == name).or_else(|| {
            let first = self.columns.iter().position(alike)?;
            (!self.columns[first + 1..].iter().any(alike)).then_some(first)
        })
    }

    /// The same of a column that is wanted.
    ///
    /// # Errors
    /// If there is one, but it cannot be read.
    pub fn known(&self, name: &str) -> Result<Option<usize>> {
        match self.others.iter().find(|(other, _)| other == name) {
            Some((_, why)) => Err(Error::content(&self.path, format!("column {name:?} {why}"))),
            None => Ok(self.find(name)),
        }
    }

    /// The index of the column of this name, which a user has chosen: capitals count.
    ///
    /// # Errors
    /// If it cannot be read; or if there is none, and says which there are.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.known(name)?;
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| self.lacks(name))
    }

    /// The index of the column that `find` finds.
    ///
    /// # Errors
    /// If there is none; says which there are.
    pub fn usual_column(&self, name: &str) -> Result<usize> {
        self.known(name)?.ok_or_else(|| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> Error {
        let problem = format!(
            "has no column {name:?}; its columns are {}{}",
            list(&self.columns),
            suggestion(name, &self.columns)
        );
        Error::content(&self.path, problem)
    }

    /// The columns in which each cell is a number or absent, but for those of these names.
    pub fn numeric_columns(&self, except: &[&str]) -> Vec<usize> {
        let number = |cell: &str| is_absent(cell) || cell.parse::<f64>().is_ok();
        (0..self.columns.len())
            .filter(|&at| !except.iter().any(|name| self.columns[at].eq_ignore_ascii_case(name)))
            .filter(|&column| self.rows.iter().all(|(_, row)| number(&row[column])))
            .collect()
    }

    /// Names of the columns of other types than numbers and strings, or that cannot be read.
    pub fn other_columns(&self) -> impl Iterator<Item = &String> {
        self.others.iter().map(|(name, _)| name)
    }

    /// Where a cell is, for an error.
    pub fn at(&self, line: u64, column: usize, problem: &str) -> Error {
        let problem = format!("{} {line}, column {:?}: {problem}", self.unit, self.columns[column]);
        Error::content(&self.path, problem)
    }
}

/// What separates the cells of a header, and of all rows.
fn delimiter(header: &str) -> u8 {
    *b",;\t".iter().find(|&&c| header.contains(c as char)).unwrap_or(&b',')
}

/// Whether a cell says that there is no number: it is empty, or a word that tools write for that.
pub fn is_absent(cell: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "nan", "n/a", "na", "#n/a", "<na>", "null", "none", "-", "--", "–", "—"];
    WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
}
