//! Roboflow's `{"classes": [{"className": …, "map50": …, "map50_95": …}]}`; 0–1.
//!
//! Follows the documentation of its API for a version's model evaluation.

use super::ApFormat;
use super::layout::{Group, Layout};
use super::records::Columns;
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Roboflow, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(_: &str) -> bool {
    false
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for (key, field) in &record.fields {
        let Field::Records(records) = field else { continue };
        let Some(columns) = Columns::of(records, &["className"]) else { continue };
        if columns.has("map50_95") {
            let task = key.strip_suffix("classes").unwrap_or(key).trim_end_matches('/');
            groups.extend(columns.without_all().groups(task, "map50_95"));
        }
    }
    Ok(groups)
}
