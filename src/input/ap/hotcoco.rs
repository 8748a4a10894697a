//! hotcoco with `per_class=True`: `{"hotcoco_version": …, "metrics": …, "per_class": {"<name>": AP}}`, or
//! flat `AP/<name>` beside `AP` and `AP50`; 0–1, without classes that have no ground truth.
//!
//! Follows `save_results` and `get_results` of version 1.3.

use super::ApFormat;
use super::layout::{Group, Layout};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Hotcoco, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(key: &str) -> bool {
    key == "hotcoco_version"
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    if record.find("hotcoco_version").is_some() {
        groups.extend(below(record, "per_class"));
    }
    for (key, _) in &record.fields {
        let before =
            key.strip_suffix("AP").filter(|before| before.is_empty() || before.ends_with('/'));
        if before.is_some() && record.find(&format!("{key}50")).is_some() {
            groups.extend(below(record, key));
        }
    }
    Ok(groups)
}

/// The numbers whose keys begin so.
fn below(record: &Record, prefix: &str) -> Option<Group> {
    let mut group = Group::new("", prefix);
    for (key, field) in &record.fields {
        let class = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
        if let (Some(class), Field::Number(ap)) = (class, field) {
            group.classes.push((class.into(), *ap));
        }
    }
    (!group.classes.is_empty()).then_some(group)
}
