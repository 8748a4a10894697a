//! Instance counts per class from a table or annotations.

use std::path::PathBuf;

use super::annotations::{self, Annotations, Choices, Kind};
use super::evaluations;
use super::keys;
use super::table::Table;
use crate::classes::Keys;
use crate::detector::{Counts, Covariate};
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::observer::Observer;
use crate::words::{list, whole_number};

/// The covariate of a category's area: the median of ln(area in pixels²) over the annotations that count.
const MEDIAN_LOG_AREA: &str = "median_log_area";

/// The covariate of how crowded it is: annotations that count by images that hold one of them.
const INSTANCES_PER_IMAGE: &str = "instances_per_image";

/// Reads annotations, one source or several that are parts of one data set, of which what trainers skip is
/// counted only if the `choices` say so; or of a table the `wanted` column, or else `instances`, or else the
/// only one of numbers.
///
/// # Errors
/// If a file cannot be used, has no such column, or a value is no count.
pub fn read(
    paths: &[PathBuf],
    wanted: Option<&str>,
    choices: &Choices,
    observer: &dyn Observer,
) -> Result<Counts> {
    let (kind, from) = annotations::recognized(paths)?;
    let path = &paths[0];
    if kind != Kind::Table {
        if wanted.is_some() {
            return Err(Error::content(
                path,
                "is an annotation file, whose instances are counted: --counts-column is for tables",
            ));
        }
        let all = annotations::read(kind, &from, choices, observer);
        let all = all.map_err(|error| evaluations::instead_of_counts(path, error))?;
        return from_annotations(all);
    }
    if paths.len() > 1 {
        return Err(Error::content(
            path,
            "is a table, and only one table can be given: put them together",
        ));
    }
    let Choices { include, split, .. } = choices;
    for (given, option) in [
        (include.crowd, "--include-crowd"),
        (include.ignored, "--include-ignored"),
        (include.difficult, "--include-difficult"),
        (split.is_some(), "--split"),
    ] {
        if given {
            let problem = format!("is a table of counts: {option} is for annotation files");
            return Err(Error::content(path, problem));
        }
    }
    from_table(&Table::read(path)?, wanted)
}

/// What is counted of annotations, with what else is counted there.
fn from_annotations(all: Annotations) -> Result<Counts> {
    let (classes, notes) = (all.classes()?, all.notes().to_vec());
    let (path, has_ids) = (all.path(), all.has_ids());
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    let (mut values, mut frequencies) = (Vec::new(), Vec::new());
    let (mut areas, mut crowding, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for category in all.counted()? {
        names.push(category.name);
        ids.push(category.id);
        values.push(category.instances);
        frequencies.push(category.frequency);
        areas.push(category.median_log_area);
        crowding.push(category.instances_per_image);
        groups.push(category.supercategory);
    }
    Ok(Counts {
        path,
        keys: if has_ids { Keys::Both(names, ids) } else { Keys::Names(names) },
        values,
        frequencies: Some(frequencies),
        covariates: vec![
            Covariate { name: MEDIAN_LOG_AREA.into(), values: areas },
            Covariate { name: INSTANCES_PER_IMAGE.into(), values: crowding },
        ],
        groups,
        classes: Some(classes),
        notes,
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

/// Columns in which data sets of Hugging Face hold the boxes of an image.
const HUGGING_FACE: [&str; 2] = ["objects", "annotations"];

/// The same from a table that has been read.
///
/// # Errors
/// If it has no such column, or a value is no count.
pub fn from_table(table: &Table, wanted: Option<&str>) -> Result<Counts> {
    // Hugging Face's data sets of boxes: a row per image.
    let boxes = table.other_columns().find(|name| HUGGING_FACE.contains(&name.as_str()));
    if let Some(column) = boxes.filter(|_| table.find("class").is_none()) {
        let problem = format!(
            "has one row per image and its boxes in {column:?}, as in data sets of Hugging Face: \
             convert it to COCO json, with \"images\", \"annotations\" and \"categories\""
        );
        return Err(Error::content(&table.path, problem));
    }
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
        cell.parse()
            .ok()
            .or_else(whole)
            .ok_or_else(|| format!("{cell:?} is not a count of instances"))
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
        let count = cell.parse().map_err(|_| format!("{cell:?} is not a count of images"))?;
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
