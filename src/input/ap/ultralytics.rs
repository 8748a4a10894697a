//! Ultralytics: `metrics.summary()` or `metrics.to_json()`, a list of records of the classes with ground truth;
//! its `ap_class_index` beside `ap` or `all_ap`; and what its validation prints. 0–1. `metrics.to_csv()` is
//! read as a table.
//!
//! Follows `summary` of `DetMetrics` in `ultralytics/utils/metrics.py`, and `get_desc` and `print_results` in
//! `ultralytics/models/yolo/detect/val.py`; YOLOv5's `val.py` prints alike.

use super::ApFormat;
use super::layout::{Group, Layout, Naming, by_iou};
use super::records::Columns;
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};
use crate::input::table::Table;

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Ultralytics, scale: Some(ApScale::Fraction), groups, of_all };

/// `Class Images Instances Box(P R mAP50 mAP50-95)`.
pub const PRINT: Print =
    Print { format: ApFormat::Ultralytics, scale: Some(ApScale::Fraction), is, main: MAIN };

/// The same of versions that call the columns otherwise.
pub const PRINT_OLD: Print = Print { is: is_old, main: "mAP@.5:.95", ..PRINT };

/// The column that is meant where none is asked for.
const MAIN: &str = "mAP50-95";

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Console && sheet.columns.iter().any(|(_, name)| name == MAIN)
}

fn is_old(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Console && !is(sheet)
}

fn of_all(_: &str) -> bool {
    false
}

/// The column of a csv table that is meant where none is asked for, if Ultralytics wrote it.
pub fn column(table: &Table) -> Option<usize> {
    let there = ["class", "images", "instances", "mAP50"];
    there.iter().all(|name| table.find(name).is_some()).then(|| table.find(MAIN)).flatten()
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups = by_index(record);
    for (key, field) in &record.fields {
        let Field::Records(records) = field else { continue };
        let Some(columns) = Columns::of(records, &["Class"]) else { continue };
        let has =
            |key: &str| records.iter().flatten().any(|(name, _)| name.eq_ignore_ascii_case(key));
        if columns.has(MAIN) && columns.has("mAP50") && has("Images") && has("Instances") {
            groups.extend(columns.groups(key, MAIN));
        }
    }
    Ok(groups)
}

/// `ap_class_index` with `ap` or `all_ap`.
fn by_index(record: &Record) -> Vec<Group> {
    let Some(Field::Numbers(ids)) = record.find("ap_class_index") else { return Vec::new() };
    let ids: Vec<String> = ids.iter().flatten().map(f64::to_string).collect();
    if let Some(Field::Array(shape, values)) = record.find("all_ap")
        && let [rows, thresholds] = shape[..]
        && rows == ids.len()
        && thresholds > 0
    {
        let rows: Vec<_> = values.chunks(thresholds).map(<[_]>::to_vec).collect();
        return by_iou("", Naming::Ids, &ids, &rows, thresholds);
    }
    let group = |name: &&str| match record.find(name) {
        Some(Field::Numbers(values)) if values.len() == ids.len() => Some(Group {
            main: *name == "ap",
            naming: Naming::Ids,
            classes: ids.iter().cloned().zip(values.iter().copied()).collect(),
            ..Group::new("", *name)
        }),
        _ => None,
    };
    ["ap", "ap50"].iter().filter_map(group).collect()
}
