//! AP per class from a csv or parquet table.

use std::path::Path;

use super::{ApColumn, ApFormat, scaled};
use crate::ap::{ApScale, OffScale};
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::file;
use crate::input::keys;
use crate::input::table::{Table, is_absent};
use crate::words::list;

/// Reads the `wanted` columns; without any wanted, the column `ap`, or else the only one of numbers that
/// may be AP by its name. The scale is seen from a column's values unless given.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP.
pub fn read(path: &Path, wanted: &[String], scale: Option<ApScale>) -> Result<Vec<ApColumn>> {
    let unless_printed = |error| printed(path).unwrap_or(error);
    let table = Table::read(path).map_err(unless_printed)?;
    let by_time = || EPOCHS.iter().any(|name| table.find(name).is_some());
    if table.find("class").is_none() && by_time() {
        let problem = "has a row an epoch or a step, not a row a class: give AP per class, such as \
                       Ultralytics' metrics.to_csv() writes it";
        return Err(Error::content(path, problem));
    }
    let keys = keys::of_table(&table).map_err(unless_printed)?;
    let columns = if wanted.is_empty() {
        vec![default_column(&table)?]
    } else {
        wanted.iter().map(|name| table.column(name)).collect::<Result<_>>()?
    };
    columns.into_iter().map(|column| read_column(&table, &keys, column, scale)).collect()
}

/// Columns of logs, which have a row an epoch or a step.
const EPOCHS: [&str; 4] = ["epoch", "step", "iteration", "iter"];

/// That a file is a table printed for reading, or a log with such a table in it, if it is one.
pub fn printed(path: &Path) -> Option<Error> {
    let text = file::text(path).ok()?;
    let printed = |line: &str| {
        let line = line.trim_start();
        line.starts_with('|')
            || line.starts_with("+-")
            || line.starts_with("class_id =")
            || line.starts_with("Class ") && line.contains(" mAP50")
    };
    let problem = "holds a table printed for reading, as logs do: give the evaluator's own file \
                   (docs/formats.md), or a csv table with the columns class and ap";
    text.lines().any(printed).then(|| Error::content(path, problem))
}

fn default_column(table: &Table) -> Result<usize> {
    if let Some(column) = table.known("ap")? {
        return Ok(column);
    }
    let mut except = keys::COLUMNS.to_vec();
    except.extend(COUNTS);
    let numbers = table.numeric_columns(&except);
    let names = |columns: &[usize]| {
        list(&columns.iter().map(|&column| &table.columns[column]).collect::<Vec<_>>())
    };
    let may_be: Vec<_> =
        numbers.iter().copied().filter(|&at| !is_no_ap(&table.columns[at])).collect();
    let problem = match (&may_be[..], &numbers[..]) {
        ([column], _) => return Ok(*column),
        ([], []) => {
            format!("has no column of AP values; its columns are {}", list(&table.columns))
        }
        ([], others) => format!(
            "has no column that is AP by its name, but {}: name one with --ap-column if it is AP",
            names(others)
        ),
        (several, _) => {
            format!("has several columns of numbers, {}: choose with --ap-column", names(several))
        }
    };
    Err(Error::content(&table.path, problem))
}

/// Columns of numbers that are counts.
const COUNTS: [&str; 9] =
    ["instances", "images", "gts", "dets", "support", "tp", "fp", "fn", "frequency"];

/// Whether a column is something else than AP by its name: a precision or recall, a score, an accuracy, or
/// the number of the row, which has no name.
fn is_no_ap(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "precision",
        "recall",
        "prec",
        "rec",
        "f1",
        "fscore",
        "score",
        "scores",
        "confidence",
        "conf",
        "accuracy",
        "acc",
        "iou",
        "threshold",
    ];
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |is: &dyn Fn(&str) -> bool| words.iter().any(|word| is(word));
    let numbered = |word: &str, name: &str| {
        word.strip_prefix(name).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    };
    if has(&|word| {
        numbered(word, "ap") || numbered(word, "map") || word == "average" || word == "avg"
    }) {
        return false;
    }
    name.is_empty()
        || has(&|word| WORDS.contains(&word) || numbered(word, "ar") || numbered(word, "mar"))
        || words.last().is_some_and(|&word| word == "p" || word == "r")
}

fn read_column(
    table: &Table,
    keys: &Keys,
    column: usize,
    scale: Option<ApScale>,
) -> Result<ApColumn> {
    let values_on = |scale: ApScale| -> Result<Vec<Option<f64>>> {
        let value = |(line, row): &(u64, csv::StringRecord)| {
            read_cell(&row[column], scale).map_err(|problem| table.at(*line, column, &problem))
        };
        table.rows.iter().map(value).collect()
    };
    let name = &table.columns[column];
    let (scale, values) = scaled(&table.path, &format!("column {name:?} "), scale, values_on)?;
    let doubts = is_no_ap(name).then(|| {
        format!("{}: column {name:?} is no AP by its name: is it AP?", table.path.display())
    });
    let doubts = doubts.into_iter().collect();
    Ok(ApColumn {
        path: table.path.clone(),
        format: ApFormat::Table,
        name: name.clone(),
        keys: keys.clone(),
        values,
        scale,
        notes: Vec::new(),
        doubts,
    })
}

/// The AP that a cell says, if it says one.
fn read_cell(cell: &str, scale: ApScale) -> std::result::Result<Option<f64>, String> {
    if is_absent(cell) {
        return Ok(None);
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let wrong = |hint: &str| format!("{cell:?} is no AP between 0 and {}{hint}", scale.full());
    match number(cell) {
        Some(number) => scale.read(number).map_err(|OffScale| wrong("")),
        None if cell.strip_suffix('%').and_then(|cell| number(cell.trim())).is_some() => {
            Err(wrong(": write the numbers without the sign, and give --ap-scale percent"))
        }
        None if number(&cell.replacen(',', ".", 1)).is_some() => {
            Err(wrong(": write a point before the decimals"))
        }
        None => Err(wrong("")),
    }
}
