//! Instance counts per class from a table or an annotation file.

use std::path::Path;

use super::annotations::{self, Annotations, Include};
use super::evaluations;
use super::keys;
use super::shards::extension;
use super::table::Table;
use crate::classes::Keys;
use crate::detector::{Counts, Covariate};
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::words::{list, whole_number};

/// The covariate of a category's area: the median of ln(area in pixels²) over the annotations that count.
const MEDIAN_LOG_AREA: &str = "median_log_area";

/// The covariate of how crowded it is: annotations that count by images that hold one of them.
const INSTANCES_PER_IMAGE: &str = "instances_per_image";

/// Reads a COCO or LVIS annotation file (`.json`), of which what trainers leave out is counted only if
/// `include` says so; or of a table the `wanted` column, or else `instances`, or else the only one of numbers.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no count.
pub fn read(path: &Path, wanted: Option<&str>, include: Include) -> Result<Counts> {
    if extension(path) == "json" {
        if wanted.is_some() {
            return Err(Error::content(
                path,
                "is an annotation file, of which instances are counted: --counts-column is for tables",
            ));
        }
        let counted = annotations::read(path, include);
        let counted = counted.map_err(|error| evaluations::instead_of_counts(path, error))?;
        return from_annotations(path, counted);
    }
    if include.crowd {
        return Err(Error::content(
            path,
            "is a table, which says itself what it counts: --include-crowd is for annotation files",
        ));
    }
    from_table(&Table::read(path)?, wanted)
}

/// The same of an annotation file, with what else is counted there.
fn from_annotations(path: &Path, file: Annotations) -> Result<Counts> {
    let (classes, note) = (file.classes()?, file.note());
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    let (mut values, mut frequencies) = (Vec::new(), Vec::new());
    let (mut areas, mut crowding, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for category in file.counted()? {
        names.push(category.name);
        ids.push(category.id);
        values.push(category.instances);
        frequencies.push(category.frequency);
        areas.push(category.median_log_area);
        crowding.push(category.instances_per_image);
        groups.push(category.supercategory);
    }
    Ok(Counts {
        path: path.to_owned(),
        keys: Keys::Both(names, ids),
        values,
        frequencies: Some(frequencies),
        covariates: vec![
            Covariate { name: MEDIAN_LOG_AREA.into(), values: areas },
            Covariate { name: INSTANCES_PER_IMAGE.into(), values: crowding },
        ],
        groups,
        classes: Some(classes),
        notes: note.into_iter().collect(),
    })
}

/// Columns of numbers that count no instances.
const NO_COUNTS: [&str; 10] = [
    "class",
    "id",
    "class_id",
    "category_id",
    "images",
    "image_count",
    "area",
    "score",
    "ap",
    "index",
];

/// The same from a table that has been read.
///
/// # Errors
/// If it has no such column, or a value is no count.
pub fn from_table(table: &Table, wanted: Option<&str>) -> Result<Counts> {
    let keys = keys::of_table(table)?;
    if wanted.is_none() && evaluations::any(&table.columns) {
        let problem = format!(
            "{}: give the training set's, or name the column with --counts-column",
            evaluations::NOT_OF_TRAINING
        );
        return Err(Error::content(&table.path, problem));
    }
    let column = match (wanted, table.known("instances")?) {
        (Some(name), _) => table.column(name)?,
        (None, Some(column)) => column,
        (None, None) => match table.numeric_columns(&NO_COUNTS)[..] {
            [column] => column,
            _ => {
                let problem = format!(
                    "has no column \"instances\"; its columns are {}: choose with --counts-column",
                    list(&table.columns)
                );
                return Err(Error::content(&table.path, problem));
            }
        },
    };
    let values = cells(table, column, |cell| {
        let whole = || whole_number(cell).and_then(|count| count.try_into().ok());
        cell.parse().ok().or_else(whole).ok_or_else(|| format!("{cell:?} is no count of instances"))
    })?;
    Ok(Counts {
        path: table.path.clone(),
        keys,
        values,
        frequencies: frequencies(table)?,
        covariates: Vec::new(),
        groups: Vec::new(),
        classes: None,
        notes: Vec::new(),
    })
}

fn frequencies(table: &Table) -> Result<Option<Vec<Frequency>>> {
    let letter = |cell: &str| cell.parse::<Frequency>().map_err(|error| error.to_string());
    let images = |cell: &str| {
        let count = cell.parse().map_err(|_| format!("{cell:?} is no count of images"))?;
        Ok(Frequency::of_images(count))
    };
    match (table.find("frequency"), table.find("images")) {
        (Some(column), _) => cells(table, column, letter).map(Some),
        (None, Some(column)) => cells(table, column, images).map(Some),
        (None, None) => Ok(None),
    }
}

fn cells<T>(
    table: &Table,
    column: usize,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let cell = |(line, row): &(u64, csv::StringRecord)| {
        parse(&row[column]).map_err(|problem| table.at(*line, column, &problem))
    };
    table.rows.iter().map(cell).collect()
}
