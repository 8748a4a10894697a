//! Files joined to the classes: what is said of it, and what is refused.

use std::path::Path;

use super::console::Console;
use super::warning::Warning;
use crate::classes::{Classes, Doubt, IdsFrom, Join, Keys, Rows, Summary, Values, is_sum, summary};
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::input::ap::ApColumn;
use crate::input::counts::Counts;
use crate::input::list;

/// A file whose rows are joined, and the option that says how.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub path: &'a Path,
    pub option: Option<&'static str>,
}

impl Side<'_> {
    /// The class of each row of a table; warns of rows that have none.
    pub fn join(
        &self,
        classes: &Classes,
        rows: &Rows,
        console: &mut Console,
    ) -> Result<Vec<Option<usize>>> {
        let join = classes.join(rows).map_err(|doubt| self.refuse(&doubt, classes, rows))?;
        self.say(classes, &join, console);
        let none = |row: &usize| join.classes[*row].is_none();
        let unmatched: Vec<_> =
            (0..join.classes.len()).filter(none).map(|row| rows.keys.text(row)).collect();
        if !unmatched.is_empty() {
            console.warn(Warning::Unmatched { path: self.path.to_owned(), classes: unmatched });
        }
        Ok(join.classes)
    }

    /// Says how the file was joined.
    pub fn say(&self, classes: &Classes, join: &Join, console: &Console) {
        console.note(&format!(
            "{}: {} of {} classes matched, {}",
            self.path.display(),
            join.matched(),
            classes.len(),
            join.by
        ));
    }

    /// Says that the file itself names the classes.
    pub fn say_named(&self, classes: &Classes, console: &Console) {
        let by = match classes.ids_from() {
            IdsFrom::Nobody => "by their names in it",
            _ => "by the ids in it",
        };
        console.note(&format!("{}: {} classes, {by}", self.path.display(), classes.len()));
    }

    /// What is doubtful, and the way out.
    pub fn refuse(&self, doubt: &Doubt, classes: &Classes, rows: &Rows) -> Error {
        let option = |value: &str| match self.option {
            Some(option) => format!("give {option} {value}"),
            None => "write the names of the classes into it".into(),
        };
        let numbered = format!(
            "; give the --class-names that are numbered as here, or, if these are the ids of the classes, {}",
            option("ids")
        );
        let way_out = match doubt {
            Doubt::NoName => {
                let texts: Vec<_> = (0..rows.keys.len()).map(|row| rows.keys.text(row)).collect();
                format!(
                    ": it has {}, the classes are {}; give --class-names",
                    list(&texts),
                    list(classes.names())
                )
            }
            Doubt::OtherNames => format!("; if they are the same, {}", option("ids")),
            Doubt::NoIds => format!(
                "; give --class-names in the order of the numbers, or, if the file that names the classes has \
                 that order, {}",
                option("file-order")
            ),
            Doubt::CannotBe { .. } => {
                format!("; leave {} out", self.option.unwrap_or("the numbering"))
            }
            Doubt::Mixed { .. } | Doubt::Rows { .. } | Doubt::Twice { .. } => String::new(),
            Doubt::Readings { readings, .. } => {
                let names: Vec<_> = readings.iter().map(|(by, _)| by.name()).collect();
                format!("; {}", option(&names.join(" or ")))
            }
            Doubt::Outside { .. }
            | Doubt::Shifted { .. }
            | Doubt::FirstMissing { .. }
            | Doubt::NoBoxes { .. } => numbered,
            Doubt::Reordered { .. } => format!(
                "; give the --class-names in the order of the numbers, or, if the counts are of other data, {}",
                option("ids")
            ),
        };
        Error::content(self.path, format!("{doubt}{way_out}"))
    }
}

/// What a file of instance counts says of each class.
pub struct Counted {
    pub instances: Vec<Option<u64>>,
    pub frequencies: Vec<Option<Frequency>>,
}

/// The counts of each class.
pub fn counts(
    classes: &Classes,
    counts: &Counts,
    known: Option<&[Option<u64>]>,
    console: &mut Console,
) -> Result<Counted> {
    let rows = Rows {
        keys: &counts.keys,
        weights: &counts.values,
        asked: None,
        whole: true,
        once: true,
        counted: true,
        known,
    };
    let side = Side { path: &counts.path, option: None };
    let places = side.join(classes, &rows, console)?;
    let mut counted =
        Counted { instances: vec![None; classes.len()], frequencies: vec![None; classes.len()] };
    for (row, class) in places.into_iter().enumerate() {
        if let Some(class) = class {
            counted.instances[class] = Some(counts.values[row]);
            counted.frequencies[class] = counts.frequencies.as_ref().map(|each| each[row]);
        }
    }
    Ok(counted)
}

/// The counts without a row over all classes. Where a file `listed` the classes, that says which rows are
/// classes.
pub fn counts_without_summary(
    mut counts: Counts,
    listed: Option<&Classes>,
    console: &Console,
) -> Result<Counts> {
    // An annotation file counts nothing but its categories.
    if counts.classes.is_some() {
        return Ok(counts);
    }
    let row = match summary_row(&counts.keys, Values::Counts(&counts.values)) {
        // Without a list of the classes, it may be one that is called so: then it is no sum.
        Some(Summary::Called(row))
            if !is_class(listed, &counts.keys, row)
                && (listed.is_some() || is_sum(&counts.values, row)) =>
        {
            row
        }
        Some(Summary::Called(row)) if listed.is_none() => {
            let name = counts.keys.text(row);
            let problem = format!(
                "the row {name:?} may be over all classes, but its count is not their sum: remove it, or list \
                 it in --class-names"
            );
            return Err(Error::content(&counts.path, problem));
        }
        Some(Summary::Looks(row)) if listed.is_none() => {
            return Err(looks(&counts.path, &counts.keys, row, "count is the sum of the others'"));
        }
        _ => return Ok(counts),
    };
    say_summary(&counts.path, &counts.keys, row, console);
    counts.keys = counts.keys.without(row);
    counts.values.remove(row);
    if let Some(frequencies) = &mut counts.frequencies {
        frequencies.remove(row);
    }
    Ok(counts)
}

/// APs without a row over all classes.
pub fn ap_without_summary(
    mut column: ApColumn,
    classes: &Classes,
    console: &Console,
) -> Result<ApColumn> {
    let row = match summary_row(&column.keys, Values::Aps(&column.values)) {
        Some(Summary::Called(row)) if !is_class(Some(classes), &column.keys, row) => row,
        // A counts table that names the classes may have that row too.
        Some(Summary::Looks(row)) if classes.ids_from() == IdsFrom::Nobody => {
            return Err(looks(&column.path, &column.keys, row, "AP is the mean of the others'"));
        }
        _ => return Ok(column),
    };
    say_summary(&column.path, &column.keys, row, console);
    column.keys = column.keys.without(row);
    column.values.remove(row);
    Ok(column)
}

fn summary_row(keys: &Keys, values: Values) -> Option<Summary> {
    summary(keys.names()?, values)
}

fn is_class(classes: Option<&Classes>, keys: &Keys, row: usize) -> bool {
    classes.is_some_and(|classes| classes.names().contains(&keys.text(row)))
}

fn say_summary(path: &Path, keys: &Keys, row: usize, console: &Console) {
    let name = keys.text(row);
    console.note(&format!("{}: the row {name:?} is over all classes, no class", path.display()));
}

fn looks(path: &Path, keys: &Keys, row: usize, why: &str) -> Error {
    let name = keys.text(row);
    let problem = format!(
        "the row {name:?} looks like one over all classes, as its {why}: remove it, or list it in --class-names"
    );
    Error::content(path, problem)
}
