//! FiftyOne's `COCODetectionResults` as JSON: `classes`, `iou_threshs`, and `precision` of IoU thresholds ×
//! classes × recalls, not in the order of pycocotools; 0–1, −1 where a class is not in the ground truth.
//! A class's AP is the mean over both.
//!
//! Follows `COCODetectionResults` in `fiftyone/utils/eval/coco.py`.

use super::ApFormat;
use super::layout::{Group, IOUS, Layout, Naming};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Fiftyone, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(key: &str) -> bool {
    key == "iou_threshs"
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let Some(Field::Numbers(ious)) = record.find("iou_threshs") else { return Ok(Vec::new()) };
    let (Some(Field::Texts(classes)), Some(Field::Array(shape, values))) =
        (record.find("classes"), record.find("precision"))
    else {
        return Ok(Vec::new());
    };
    let [thresholds, rows, recalls] = shape[..] else {
        return Err(format!(
            "\"precision\" has {} axes, not IoU thresholds, classes and recalls",
            shape.len()
        ));
    };
    if thresholds != ious.len() || rows != classes.len() || recalls == 0 {
        return Err(format!(
            "\"precision\" has {thresholds} IoU thresholds and {rows} classes, but there are {} \
             and {}",
            ious.len(),
            classes.len()
        ));
    }
    let of = |column: &str, chosen: &dyn Fn(usize) -> bool| {
        let ap = |class: usize| {
            let of_iou = |at: usize| {
                let start = (at * rows + class) * recalls;
                &values[start..start + recalls]
            };
            let there: Vec<f64> = (0..thresholds)
                .filter(|&at| chosen(at))
                .flat_map(of_iou)
                .flatten()
                .copied()
                .filter(|&precision| precision != -1.0)
                .collect();
            (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
        };
        Group {
            main: column == IOUS[0],
            naming: Naming::Names,
            classes: classes.iter().cloned().zip((0..rows).map(ap)).collect(),
            ..Group::new("", column)
        }
    };
    let mut groups = vec![of(IOUS[0], &|_| true)];
    for (column, iou) in [(IOUS[1], 0.5), (IOUS[2], 0.75)] {
        let is = |at: usize| ious[at].is_some_and(|one| (one - iou).abs() < 1e-6);
        if (0..thresholds).any(is) {
            groups.push(of(column, &is));
        }
    }
    Ok(groups)
}
