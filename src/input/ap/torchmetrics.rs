//! torchmetrics' `MeanAveragePrecision(class_metrics=True)`, its tensors saved as lists: `classes`,
//! the ids, and `map_per_class`, or `bbox_map_per_class` and `segm_map_per_class` where it had both
//! tasks; 0–1, −1 where a class is not in the ground truth. Of a single class both are numbers.
//!
//! Follows `compute` in `src/torchmetrics/detection/mean_ap.py`.

use super::{ApFormat, Group, Layout};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Torchmetrics, scale: ApScale::Fraction, groups };

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    // A logger may have put a stage before both, as in `val/map_per_class`.
    let columns: Vec<_> =
        record.fields.iter().filter(|(key, _)| key.ends_with("map_per_class")).collect();
    let mut groups = Vec::new();
    for (key, field) in columns {
        let stage = key.rsplit_once('/').map_or("", |(stage, _)| &key[..stage.len() + 1]);
        let Some(classes) = record.find(&format!("{stage}classes")) else {
            return Err(format!("{key:?} stands there without \"classes\""));
        };
        let (Some(ids), Some(values)) = (numbers(classes), numbers(field)) else {
            return Err(format!("\"classes\" or {key:?} is not a list of numbers"));
        };
        if values == [Some(-1.0)] && ids.len() != 1 {
            return Err(format!("{key:?} is −1: evaluate with class_metrics=True"));
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
            _ => Err("\"classes\" holds what is no class id".to_string()),
        };
        let ids: Vec<String> = ids.into_iter().map(id).collect::<Result<_, _>>()?;
        groups.push(Group {
            name: key.clone(),
            classes: ids.into_iter().zip(values).collect(),
            by_id: true,
        });
    }
    Ok(groups)
}

fn numbers(field: &Field) -> Option<Vec<Option<f64>>> {
    match field {
        Field::Number(number) => Some(vec![*number]),
        Field::Numbers(numbers) => Some(numbers.clone()),
        Field::Other => None,
    }
}
