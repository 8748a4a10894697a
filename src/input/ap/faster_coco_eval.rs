//! faster-coco-eval's `extended_metrics`: `{"class_map": [{"class": …, "map@50:95": …, "map@50": …}, …]}`, the
//! last record over all classes; 0–1, without classes that have no ground truth. RF-DETR writes the same,
//! below `valid` and `test`.
//!
//! Follows `extended_metrics` in `faster_coco_eval/core/faster_eval_api.py`.

use super::ApFormat;
use super::layout::{Group, Layout};
use super::records::Columns;
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::FasterCocoEval, scale: Some(ApScale::Fraction), groups, of_all };

const MAIN: &str = "map@50:95";

fn of_all(_: &str) -> bool {
    false
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for (key, field) in &record.fields {
        let Field::Records(records) = field else { continue };
        let Some(columns) = Columns::of(records, &["class"]) else { continue };
        if columns.has(MAIN) {
            let parts: Vec<&str> = key.split('/').filter(|&part| part != "class_map").collect();
            groups.extend(columns.without_all().groups(&parts.join("/"), MAIN));
        }
    }
    Ok(groups)
}
