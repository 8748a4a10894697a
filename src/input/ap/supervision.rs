//! The result of supervision's `MeanAveragePrecision`, its arrays saved as lists: `ap_per_class`, a row per class
//! and a value an IoU threshold, and `matched_classes`, the ids; 0–1, −1 where a class is not in the
//! ground truth. Below `small_objects` and the like are those of one size.
//!
//! Follows `MeanAveragePrecisionResult` in `supervision/metrics/mean_average_precision.py`.

use super::ApFormat;
use super::layout::{Group, Layout, Naming, by_iou};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Supervision, scale: Some(ApScale::Fraction), groups, of_all };

const OF_CLASSES: &str = "ap_per_class";

fn of_all(key: &str) -> bool {
    key.ends_with(OF_CLASSES)
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for (key, field) in &record.fields {
        let before = key
            .strip_suffix(OF_CLASSES)
            .filter(|before| before.is_empty() || before.ends_with('/'));
        let Some(before) = before else { continue };
        let ids = format!("{before}matched_classes");
        let (Some(Field::Numbers(ids)), Field::Array(shape, values)) = (record.find(&ids), field)
        else {
            return Err(format!(
                "{key:?} is given without {ids:?}, the ids that supervision writes, or is not a \
                 list of lists: save both with tolist()"
            ));
        };
        let [rows, thresholds] = shape[..] else {
            return Err(format!(
                "{key:?} has {} axes, not classes and IoU thresholds",
                shape.len()
            ));
        };
        if rows != ids.len() || thresholds == 0 {
            return Err(format!(
                "{} classes but {rows} rows of {key:?}: save both from one result",
                ids.len()
            ));
        }
        let ids: Vec<String> = ids.iter().map(|id| id.unwrap_or(f64::NAN).to_string()).collect();
        let rows: Vec<_> = values.chunks(thresholds).map(<[_]>::to_vec).collect();
        let task = before.trim_end_matches('/');
        let of_one_size = task.ends_with("_objects");
        let found = by_iou(task, Naming::Ids, &ids, &rows, thresholds).into_iter();
        groups.extend(found.map(|group| Group { main: group.main && !of_one_size, ..group }));
    }
    Ok(groups)
}
