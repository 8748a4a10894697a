//! AP per class that a program holds, under the same rules as that in files.

use std::path::Path;

use super::evaluator_json::{are_results, none_found, of_fields};
use super::{ApColumn, ApFormat, ApIou, check_iou, check_unnamed, on_scale, pycocotools};
use crate::ap::ApScale;
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::in_memory::{Key, keys, numbers};
use crate::input::json::Field;
use crate::input::stored_array::Array;

/// What a program holds of AP per class.
pub enum Held {
    /// A mapping of names: an evaluator's results, or classes with their AP. Nested keys are joined by `/`.
    Mapping {
        /// Keys with what they stand for, in order.
        fields: Vec<(String, Field)>,
        /// Whether any lay deeper than the others.
        nested: bool,
    },
    /// Classes with their AP, and nothing else.
    Values {
        /// The class of each value.
        keys: Keys,
        /// AP of each, if it has one.
        values: Vec<Option<f64>>,
    },
    /// pycocotools' array, or LVIS's.
    Precision {
        /// Its shape and type.
        array: Array,
        /// Its data, in C order.
        data: Vec<u8>,
        /// The categories along its axis K, where they are known.
        categories: Option<Keys>,
    },
}

/// Reads the `wanted` columns of AP as [`read`](super::read) reads those of a file; `origin` stands for the
/// file in sentences.
///
/// # Errors
/// If it holds no such column, a value is no AP, or it could be an evaluator's results as well as classes
/// with their AP.
pub fn take(
    origin: &Path,
    held: Held,
    wanted: &[String],
    format: Option<ApFormat>,
    iou: Option<ApIou>,
    scale: Option<ApScale>,
) -> Result<Vec<ApColumn>> {
    if !matches!(held, Held::Precision { .. }) {
        check_iou(origin, iou)?;
    }
    let columns = match held {
        Held::Precision { array, data, categories } => {
            if let Some(format) = format.filter(|&format| format != ApFormat::Pycocotools) {
                return Err(none_found(origin, Some(format)));
            }
            check_unnamed(origin, wanted)?;
            vec![of_precision(origin, &array, &data, categories, iou.unwrap_or(ApIou::All))?]
        }
        _ if format == Some(ApFormat::Pycocotools) => {
            return Err(Error::content(
                origin,
                "is no array of pycocotools, nor an evaluation that has one: leave ap_format out",
            ));
        }
        Held::Mapping { fields, nested } => {
            let results = match format {
                Some(format) => format != ApFormat::Table,
                None if nested || fields.iter().any(|(_, field)| is_list(field)) => true,
                None => are_results(origin, &fields)?,
            };
            if results {
                of_fields(origin, fields, wanted, format)?
            } else {
                let (names, fields): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
                let keys = keys(origin, names.into_iter().map(Key::Name).collect())?;
                let values = numbers(origin, "the AP", &keys, fields)?;
                vec![of_values(origin, keys, values, wanted, scale)?]
            }
        }
        Held::Values { keys, values } => match format {
            Some(ApFormat::Table) | None => vec![of_values(origin, keys, values, wanted, scale)?],
            format => return Err(none_found(origin, format)),
        },
    };
    on_scale(origin, columns, scale)
}

fn is_list(field: &Field) -> bool {
    matches!(field, Field::Numbers(_))
}

fn of_precision(
    origin: &Path,
    array: &Array,
    data: &[u8],
    categories: Option<Keys>,
    iou: ApIou,
) -> Result<ApColumn> {
    let column = pycocotools::of_array(origin, array, data.len() as u64, &mut &data[..], iou)?;
    let Some(keys) = categories else { return Ok(column) };
    if keys.len() != column.values.len() {
        let problem = format!(
            "holds precisions of {} categories and {} category ids: evaluate with useCats = 1, and \
             accumulate() after any change to params",
            column.values.len(),
            keys.len()
        );
        return Err(Error::content(origin, problem));
    }
    Ok(ApColumn { keys, ..column })
}

fn of_values(
    origin: &Path,
    keys: Keys,
    values: Vec<Option<f64>>,
    wanted: &[String],
    scale: Option<ApScale>,
) -> Result<ApColumn> {
    if let Some(name) = wanted.first() {
        let problem = format!("has no column {name:?}: it is one column, AP of each class");
        return Err(Error::content(origin, problem));
    }
    ApColumn::of(origin, keys, &values, scale)
}
