//! Tags as loggers export them, TensorBoard or Weights & Biases: a column per tag and a row per step, or the
//! columns tag, step and value. A tag is a key as evaluators write them into an object.

use super::evaluator_json::of_steps;
use super::results::Wanted;
use super::steps::by_step;
use super::{ApColumn, ApFormat};
use crate::error::{Error, Result};
use crate::input::json::{Field, Fields, Record};
use crate::input::table::{Table, is_absent};

/// Columns that say when a row was logged.
const STEPS: [&str; 8] =
    ["step", "epoch", "iteration", "iter", "global_step", "wall time", "wall_time", "_step"];

/// Reads a table of tags; none if it is no such table, or no tag is AP of a class.
///
/// # Errors
/// If it is of one tag that it does not name, or the last AP is wrong.
pub fn read(
    table: &Table,
    wanted: Wanted,
    format: Option<ApFormat>,
) -> Result<Option<Vec<ApColumn>>> {
    let tag = ["tag", "metric", "key"].iter().find_map(|name| table.find(name));
    let by_time = STEPS.iter().any(|name| table.find(name).is_some());
    if table.find("class").is_some() || !by_time {
        return Ok(None);
    }
    let field = |cell: &str| match cell.parse() {
        Ok(number) => Field::Number(Some(number).filter(|number: &f64| !number.is_nan())),
        Err(_) if is_absent(cell) => Field::Number(None),
        Err(_) => Field::Text(cell.into()),
    };
    let names = without_run(&table.columns);
    let rows = table.rows.iter().map(|(line, row)| {
        let cells = names.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let fields = cells.filter_map(|(name, cell)| Some((name.clone()?, field(cell)))).collect();
        Record { line: *line as usize, fields }
    });
    let rows: Vec<Record> = match (tag, table.find("value")) {
        (Some(tag), Some(_)) => {
            let text = |row: &mut Record| {
                let name = &table.columns[tag];
                for (key, field) in &mut row.fields {
                    if let Field::Number(Some(number)) = field
                        && key == name
                    {
                        *field = Field::Text(number.to_string());
                    }
                }
            };
            let mut rows: Vec<Record> = rows.collect();
            rows.iter_mut().for_each(text);
            let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
            let records: Vec<Fields> = rows.into_iter().map(|row| row.fields).collect();
            let steps = by_step(&records).unwrap_or_default();
            let record = |(place, fields): (usize, _)| Record { line: lines[place], fields };
            steps.into_iter().map(record).collect()
        }
        (None, Some(_)) if table.columns.len() <= 3 => {
            let problem = "is TensorBoard's export of one tag, which does not say its class: give \
                           one table of all tags, one column per tag, or the columns tag, step and \
                           value";
            return Err(Error::content(&table.path, problem));
        }
        _ => rows.collect(),
    };
    of_steps(&table.path, rows, wanted, format)
}

/// The names of columns without the run that Weights & Biases puts before each (`run - val/AP/cat`); none
/// for what it adds to each, the least and the most.
fn without_run(columns: &[String]) -> Vec<Option<String>> {
    let is_step = |name: &str| STEPS.iter().any(|step| name.eq_ignore_ascii_case(step));
    let run = |name: &String| name.split_once(" - ").map(|(run, _)| run.to_owned());
    let tags: Vec<&String> = columns.iter().filter(|name| !is_step(name)).collect();
    let first = tags.first().and_then(|name| run(name));
    let of_one_run = first.is_some() && tags.iter().all(|name| run(name) == first);
    let named = |name: &String| {
        let bound = name.ends_with("__MIN") || name.ends_with("__MAX");
        let tag = name.split_once(" - ").filter(|_| of_one_run && !is_step(name));
        (!bound).then(|| tag.map_or(name.as_str(), |(_, tag)| tag).to_owned())
    };
    columns.iter().map(named).collect()
}
