//! AP per class from a csv or parquet table.

use std::path::Path;

use super::{ApColumn, ApFormat};
use crate::ap::ApScale;
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::classes;
use crate::input::file;
use crate::input::table::{Table, list};

/// Reads the `wanted` columns; without any wanted, the column `ap`, or else the only one of numbers that
/// may be AP by its name.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP.
pub fn read(path: &Path, wanted: &[String]) -> Result<Vec<ApColumn>> {
    let unless_printed = |error| printed(path).unwrap_or(error);
    let table = Table::read(path).map_err(unless_printed)?;
    let by_time = || EPOCHS.iter().any(|name| table.find(name).is_some());
    if table.find("class").is_none() && by_time() {
        let problem = "has a row an epoch or a step, not a row a class: give AP per class, such as \
                       Ultralytics' metrics.to_csv() writes it";
        return Err(Error::content(path, problem));
    }
    let keys = classes::keys(&table).map_err(unless_printed)?;
    let columns = if wanted.is_empty() {
        vec![default_column(&table)?]
    } else {
        wanted.iter().map(|name| table.column(name)).collect::<Result<_>>()?
    };
    columns.into_iter().map(|column| read_column(&table, &keys, column)).collect()
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
    if let Some(column) = table.find("ap") {
        return Ok(column);
    }
    let mut except = classes::COLUMNS.to_vec();
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

fn read_column(table: &Table, keys: &Keys, column: usize) -> Result<ApColumn> {
    let mut values = Vec::new();
    for (line, row) in &table.rows {
        let wrong =
            || table.at(*line, column, &format!("{:?} is no AP between 0 and 100", &row[column]));
        values.push(match &row[column] {
            "" => None,
            cell => match cell.parse::<f64>().map_err(|_| wrong())? {
                value if value.is_nan() || value == -1.0 => None,
                value if (0.0..=100.0).contains(&value) => Some(value),
                _ => return Err(wrong()),
            },
        });
    }
    let scale = ApScale::detect(values.iter().copied().flatten()).map_err(|mixed| {
        let problem = format!(
            "column {:?} mixes the scales 0–1 and 0–100: {} values are at most 1, {} are above",
            table.columns[column], mixed.small, mixed.large
        );
        Error::content(&table.path, problem)
    })?;
    let name = &table.columns[column];
    let doubts = is_no_ap(name).then(|| {
        format!("{}: column {name:?} is no AP by its name: is it AP?", table.path.display())
    });
    let doubts = doubts.into_iter().collect();
    Ok(ApColumn {
        path: table.path.clone(),
        format: ApFormat::Table,
        name: table.columns[column].clone(),
        keys: keys.clone(),
        values,
        scale,
        notes: Vec::new(),
        doubts,
    })
}
