//! transformers' example of object detection: `eval_map_<class>` with `eval_mar_100_<class>` beside it, also
//! `test_…` or without, in `all_results.json`, `eval_results.json` and the `log_history` of
//! `trainer_state.json`; 0–1, −1 where a class is not in the ground truth.
//!
//! Follows `compute_metrics` in `examples/pytorch/object-detection/run_object_detection.py`.

use super::ApFormat;
use super::layout::{Group, Layout, Naming, group};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Transformers, scale: Some(ApScale::Fraction), groups, of_all };

fn of_all(key: &str) -> bool {
    ["map_50", "eval_map_50", "test_map_50", "eval/map_50", "test/map_50"].contains(&key)
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, field) in &record.fields {
        if let (Some((stage, class)), Field::Number(ap)) = (split(record, key), field) {
            let group = group(&mut groups, stage.trim_end_matches(['_', '/']));
            group.naming = Naming::Texts;
            group.column = "map".into();
            group.classes.push((class.into(), *ap));
        }
    }
    Ok(groups)
}

/// What stands before `map_`, and the class behind it: that of which there is a recall too. So `map_50` and
/// the like, which are of all classes, are none.
fn split<'a>(record: &Record, key: &'a str) -> Option<(&'a str, &'a str)> {
    let begins = |&(at, _): &(usize, &str)| at == 0 || key[..at].ends_with(['_', '/']);
    let parts = key.match_indices("map_").filter(begins);
    let mut parts = parts.map(|(at, map)| (&key[..at], &key[at + map.len()..]));
    parts.find(|(stage, class)| {
        *class != "per_class" && record.find(&format!("{stage}mar_100_{class}")).is_some()
    })
}
