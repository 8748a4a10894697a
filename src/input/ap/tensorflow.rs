//! Tags of the TensorFlow Object Detection API for each category:
//! `DetectionBoxes_PerformanceByCategory/mAP/<class>`, `DetectionBoxes_Precision/mAP@.50IOU ByCategory/<class>`,
//! and of Pascal VOC and Open Images `PascalBoxes_PerformanceByCategory/AP@0.5IOU/<class>`; 0–1, NaN or
//! −1 where a class is not in the ground truth.
//!
//! Follows `COCOEvalWrapper` in `object_detection/metrics/coco_tools.py` and `evaluate` in
//! `object_detection/utils/object_detection_evaluation.py`.

use super::ApFormat;
use super::layout::{Group, Layout};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Tensorflow, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(key: &str) -> bool {
    ["Boxes_Precision/mAP", "Boxes_Precision/mAP@0.5IOU"].iter().any(|end| key.ends_with(end))
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, field) in &record.fields {
        let (Some((column, class)), Field::Number(ap)) = (split(key), field) else { continue };
        let at = groups.iter().position(|group| group.column == column).unwrap_or_else(|| {
            groups.push(Group { main: is_main(column), ..Group::new("", column) });
            groups.len() - 1
        });
        groups[at].classes.push((class.into(), *ap));
    }
    // Without the tags of all IoU thresholds, any of the others may be meant.
    if !groups.iter().any(|group| group.main) {
        groups.iter_mut().for_each(|group| group.main = true);
    }
    Ok(groups)
}

fn is_main(column: &str) -> bool {
    column.contains("PerformanceByCategory/")
}

/// What stands before the class, and the class.
fn split(key: &str) -> Option<(&str, &str)> {
    let (_, behind) = key.split_once("PerformanceByCategory/").unwrap_or_default();
    let (metric, class) = behind.split_once('/').unwrap_or_default();
    if metric.starts_with("mAP") || metric.starts_with("AP@") {
        return Some((&key[..key.len() - class.len() - 1], class));
    }
    let (column, class) = key.split_once(" ByCategory/")?;
    column.contains("Precision").then_some((column, class))
}
