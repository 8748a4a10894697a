//! Rows of a tag, a step and a value.

use std::collections::HashMap;

use crate::input::json::{Field, Fields};

/// Records of a tag, a step and a value as records of a step, in order, each with the index of its last;
/// none if they are something else.
pub fn by_step(records: &[Fields]) -> Option<Vec<(usize, Fields)>> {
    let find = |record: &Fields, names: &[&str]| {
        let alike =
            |(key, _): &&(String, Field)| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        record.iter().find(alike).map(|(_, field)| field.clone())
    };
    let mut steps: Vec<(f64, usize, Fields)> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        let tag = find(record, &["tag", "metric", "key"]);
        let step = find(record, &["step", "epoch", "iteration", "global_step"]);
        let (Some(Field::Text(tag)), Some(Field::Number(Some(step))), Some(value)) =
            (tag, step, find(record, &["value"]))
        else {
            return None;
        };
        let at = *places.entry(step.to_bits()).or_insert_with(|| {
            steps.push((step, place, vec![("step".into(), Field::Number(Some(step)))]));
            steps.len() - 1
        });
        steps[at].1 = place;
        steps[at].2.push((tag, value));
    }
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(steps.into_iter().map(|(_, place, fields)| (place, fields)).collect())
}
