//! torchmetrics' `MeanAveragePrecision(class_metrics=True)`, its tensors saved as lists: `classes`,
//! the ids, and `map_per_class`, or `bbox_map_per_class` and `segm_map_per_class` where it had both
//! tasks; 0–1, −1 where a class is not in the ground truth. Of a single class both are numbers.
//!
//! Follows `compute` in `src/torchmetrics/detection/mean_ap.py`.

use super::ApFormat;
use super::layout::{Group, Layout, Naming};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Torchmetrics, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(key: &str) -> bool {
    key.ends_with(OF_CLASSES)
}

/// The key of AP per class, behind the task and what a logger may have put before it.
const OF_CLASSES: &str = "map_per_class";

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    // A logger may have put a stage before both, as in `val/map_per_class`.
    let columns: Vec<_> =
        record.fields.iter().filter(|(key, _)| key.ends_with(OF_CLASSES)).collect();
    let mut groups = Vec::new();
    for (key, field) in columns {
        let stage = key.rsplit_once('/').map_or("", |(stage, _)| &key[..stage.len() + 1]);
        let Some(classes) = record.find(&format!("{stage}classes")) else {
            return Err(format!(
                "{key:?} is given without \"classes\", the ids that torchmetrics writes: the class \
                 of each value is not known"
            ));
        };
        let ids = numbers("classes", classes)?;
        let values = numbers(key, field)?;
        if *field == Field::Number(Some(-1.0)) {
            return Err(format!(
                "{key:?} is −1: there is no AP per class, evaluate with class_metrics=True"
            ));
        }
        if ids.len() != values.len() {
            return Err(format!(
                "{} classes but {} values of {key:?}: save both from one evaluation",
                ids.len(),
                values.len()
            ));
        }
        let id = |id: Option<f64>| match id {
            Some(id) if id.trunc() == id && id.abs() < 1e15 => Ok((id as i64).to_string()),
            _ => Err("\"classes\" holds something that is not a class id".to_string()),
        };
        let ids: Vec<String> = ids.into_iter().map(id).collect::<Result<_, _>>()?;
        groups.push(Group {
            naming: Naming::Ids,
            classes: ids.into_iter().zip(values).collect(),
            ..Group::new("", key)
        });
    }
    Ok(groups)
}

fn numbers(key: &str, field: &Field) -> Result<Vec<Option<f64>>, String> {
    match field {
        Field::Number(number) => Ok(vec![*number]),
        Field::Numbers(numbers) => Ok(numbers.clone()),
        other => Err(format!(
            "{key:?} is {}, not a list of numbers: save the tensor with tolist()",
            other.what()
        )),
    }
}
