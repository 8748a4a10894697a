//! The `information.csv` that `information` and `correlate` write.

use std::path::Path;

use super::table::Table;
use crate::ap::ApScale;
use crate::detector::{ClassSummary, RunSummary, chosen};
use crate::error::{Error, Result};
use crate::shrinkage::Estimator;
use crate::words::list;

/// Reads a run; the only one unless it is `wanted` by name.
///
/// # Errors
/// If the file cannot be used, or does not hold the run, or holds several and none is wanted.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<RunSummary> {
    let table = Table::read(path)?;
    let [run, id, name, bits] =
        ["run", "class_id", "class", "information"].map(|name| table.column(name));
    let (run, id, name, bits) = (run?, id?, name?, bits?);
    let mut runs: Vec<&str> = table.rows.iter().map(|(_, row)| &row[run]).collect();
    runs.dedup();
    let wanted = runs[chosen(path, &runs, wanted)?];
    let of_run = || table.rows.iter().filter(|(_, row)| &row[run] == wanted);
    let estimator = said(&table, "estimator", of_run(), Estimator::ALL, Estimator::name)?;
    let ap_scale = said(&table, "ap_scale", of_run(), ApScale::ALL, ApScale::name)?;
    let highest = ap_scale.unwrap_or(ApScale::Percent).full();
    let ap = table.find("ap");
    let mut classes = Vec::new();
    for (line, row) in of_run() {
        let number = |column: usize, most: f64, what: &str| match &row[column] {
            "" => Ok(None),
            cell => match cell.parse::<f64>() {
                Ok(number) if (0.0..=most).contains(&number) => Ok(Some(number)),
                _ => Err(table.at(*line, column, &format!("{cell:?} is not a valid {what}"))),
            },
        };
        let bits = number(bits, f64::MAX, "information amount")?;
        let what = format!("AP between 0 and {highest}");
        let ap = ap.map(|ap| number(ap, highest, &what)).transpose()?.flatten();
        let id =
            row[id].parse().map_err(|_| table.at(*line, id, "the id is not a whole number"))?;
        classes.push(ClassSummary { id, name: row[name].to_owned(), information: bits, ap });
    }
    classes.sort_by_key(|class| class.id);
    if let Some(pair) = classes.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(Error::content(path, format!("has two rows for the class id {}", pair[0].id)));
    }
    Ok(RunSummary { path: path.to_owned(), name: wanted.to_owned(), estimator, ap_scale, classes })
}

/// Which of `all` a column names for a whole run; `None` where there is no such column, or it is empty.
fn said<'a, T: Copy>(
    table: &'a Table,
    column: &str,
    mut rows: impl Iterator<Item = &'a (u64, csv::StringRecord)>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>> {
    let Some(at) = table.find(column) else { return Ok(None) };
    let Some((line, first)) = rows.next() else { return Ok(None) };
    if let Some((line, row)) = rows.find(|(_, row)| row[at] != first[at]) {
        let problem = format!("{:?}, but {:?} in the run's first row", &row[at], &first[at]);
        return Err(table.at(*line, at, &problem));
    }
    let found = all.iter().copied().find(|&one| name(one) == &first[at]);
    if found.is_none() && !first[at].is_empty() {
        let names: Vec<_> = all.iter().map(|&one| name(one)).collect();
        let problem = format!("{:?} is not one of {}", &first[at], list(&names));
        return Err(table.at(*line, at, &problem));
    }
    Ok(found)
}
