//! AP per class from objects in memory, by the same rules as from files.

use std::path::Path;

use super::evaluator_json::{are_results, of_fields};
use super::no_ap::none;
use super::results::Wanted;
use super::{ApColumn, ApFormat, ApIou, array, check_iou, check_unnamed, on_scale};
use crate::ap::ApScale;
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::in_memory::{Key, keys, numbers};
use crate::input::json::{Field, Fields};
use crate::input::stored_array::Array;

/// What a program holds of AP per class.
pub enum Held {
    /// A mapping of names: an evaluator's results, or classes with their AP. Nested keys are joined by `/`.
    Mapping {
        /// Keys with what they stand for, in order.
        fields: Fields,
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
    /// pycocotools' array, LVIS's, or a value of each class and IoU threshold.
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
    let asked = Wanted { columns: wanted, iou, scale };
    let columns = match held {
        Held::Precision { array, data, categories } => {
            let arrays = [ApFormat::Pycocotools, ApFormat::Array, ApFormat::Supervision];
            if let Some(format) = format.filter(|format| !arrays.contains(format)) {
                return Err(none(origin, Some(format), None));
            }
            check_unnamed(origin, wanted)?;
            vec![of_precision(origin, &array, &data, categories, asked, format)?]
        }
        _ if format == Some(ApFormat::Pycocotools) => {
            return Err(Error::content(
                origin,
                "is neither an array of pycocotools nor an evaluation that has one: remove \
                 ap_format",
            ));
        }
        Held::Mapping { fields, nested } => {
            let results = match format {
                Some(format) => format != ApFormat::Table,
                None if nested || !fields.iter().all(|(_, field)| is_number(field)) => true,
                None => are_results(origin, &fields)?,
            };
            if results {
                of_fields(origin, fields, asked, format)?
            } else {
                check_iou(origin, iou)?;
                let (names, fields): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
                let keys = keys(origin, names.into_iter().map(Key::Name).collect())?;
                let values = numbers(origin, "the AP", &keys, fields)?;
                vec![of_values(origin, keys, values, asked)?]
            }
        }
        Held::Values { keys, values } => match format {
            Some(ApFormat::Table | ApFormat::Array | ApFormat::Ultralytics) | None => {
                check_iou(origin, iou)?;
                vec![of_values(origin, keys, values, asked)?]
            }
            format => return Err(none(origin, format, None)),
        },
    };
    on_scale(origin, columns, scale)
}

/// What is no number is refused by class, where it is no list.
fn is_number(field: &Field) -> bool {
    matches!(field, Field::Number(_) | Field::Text(_) | Field::Other(_))
}

fn of_precision(
    origin: &Path,
    array: &Array,
    data: &[u8],
    categories: Option<Keys>,
    asked: Wanted,
    format: Option<ApFormat>,
) -> Result<ApColumn> {
    let (bytes, mut data) = (data.len() as u64, data);
    let Wanted { iou, scale, .. } = asked;
    let column = array::of_array(origin, array, bytes, &mut data, iou, scale, format)?;
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
    asked: Wanted,
) -> Result<ApColumn> {
    if let Some(name) = asked.columns.first() {
        let problem =
            format!("has no column {name:?}: it is a single column, the AP of each class");
        return Err(Error::content(origin, problem));
    }
    match keys {
        Keys::InOrder(_) => array::of_values(origin, values, f64::EPSILON, asked.scale),
        keys => ApColumn::of(origin, keys, &values, asked.scale),
    }
}
