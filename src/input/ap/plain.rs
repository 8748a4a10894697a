//! JSON that people write themselves: `{"cat": 0.4}`, a list of records, an object for each class, or
//! parallel lists.

use std::collections::HashMap;

use super::column_names::{default, is_ap, is_no_ap, may_be_ap};
use super::layout::{Group, Naming, THRESHOLDS, by_iou};
use super::overall_mean;
use super::records::Columns;
use crate::input::json::{Field, Record};
use crate::words::list;

/// Keys of a record that say which class it is of, the first that all have.
const CLASS: [&str; 12] = [
    "class",
    "class_name",
    "classname",
    "name",
    "category",
    "category_name",
    "label",
    "cls",
    "class_id",
    "classid",
    "category_id",
    "id",
];

/// Most numbers of a class; an object with more is something else.
const MOST_METRICS: usize = 100;

/// The groups of an object; none if it is nothing of the kind.
///
/// # Errors
/// If it is a list or records without AP.
pub fn groups(record: &Record) -> Result<Vec<Group>, String> {
    if let [(key, field)] = &record.fields[..]
        && key.is_empty()
    {
        return of_list(field);
    }
    for found in [by_class(record), by_prefix(record), lists(record), flat(record)] {
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let mut groups = Vec::new();
    for (key, field) in &record.fields {
        if let Field::Records(_) = field {
            let found = of_list(field)?;
            groups.extend(found.into_iter().map(|group| Group { task: key.clone(), ..group }));
        }
    }
    Ok(groups)
}

fn of_list(field: &Field) -> Result<Vec<Group>, String> {
    match field {
        Field::Numbers(values) if !values.is_empty() => {
            let mut group = Group::new("", "ap");
            group.naming = Naming::Order;
            let mut values = values.clone();
            group.doubts.extend(overall_mean::leave_out(&mut values, f64::EPSILON));
            group.classes =
                values.into_iter().enumerate().map(|(at, ap)| (at.to_string(), ap)).collect();
            Ok(vec![group])
        }
        Field::Array(shape, values) if shape.len() == 2 && shape[1] == THRESHOLDS => {
            let names: Vec<String> = (0..shape[0]).map(|at| at.to_string()).collect();
            let rows: Vec<_> = values.chunks(THRESHOLDS).map(<[_]>::to_vec).collect();
            Ok(by_iou("", Naming::Order, &names, &rows, THRESHOLDS))
        }
        Field::Records(records) => {
            let Some(columns) = Columns::of(records, &CLASS) else {
                return Err(format!(
                    "holds a list of records, and not all give their class: give each a key \
                     \"class\" and a key \"ap\"; the first has {}",
                    list(
                        &records
                            .first()
                            .into_iter()
                            .flatten()
                            .map(|(key, _)| key)
                            .collect::<Vec<_>>()
                    )
                ));
            };
            let all: Vec<String> = columns.columns.iter().map(|(name, _)| name.clone()).collect();
            let is_class = |name: &str| CLASS.iter().any(|class| name.eq_ignore_ascii_case(class));
            let groups = columns.groups("", "").into_iter();
            let groups = chosen(groups.filter(|group| !is_class(&group.column)).collect());
            if groups.is_empty() {
                return Err(format!(
                    "holds records without a number that is named as AP; they have {}",
                    list(&all)
                ));
            }
            Ok(groups)
        }
        _ => {
            Err("holds a list, not an object: AP per class is an object {\"cat\": 0.4}, a list of \
                  records, or a list of numbers in the order of the classes"
                .into())
        }
    }
}

/// With one meant where none is asked for: `ap`, or the only one; else all, to be chosen from.
fn chosen(mut groups: Vec<Group>) -> Vec<Group> {
    let names: Vec<String> = groups.iter().map(|group| group.column.clone()).collect();
    let main = default(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (at, group) in groups.iter_mut().enumerate() {
        group.main = main.is_none_or(|main| main == at);
    }
    groups
}

/// `{"cat": 0.4, "dog": 0.5}`.
fn flat(record: &Record) -> Vec<Group> {
    let mut group = Group::new("", "ap");
    group.naming = Naming::Texts;
    for (key, field) in &record.fields {
        let Field::Number(ap) = field else { return Vec::new() };
        group.classes.push((key.clone(), *ap));
    }
    if group.classes.is_empty() { Vec::new() } else { vec![group] }
}

/// `{"AP": {"cat": 0.4}}`, or keys `val/AP/cat`: what stands before the classes ends in a name of AP.
pub fn by_prefix(record: &Record) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, field) in &record.fields {
        let Field::Number(ap) = field else { continue };
        let ends = key.match_indices('/').map(|(at, _)| at);
        let is_end = |&end: &usize| is_ap(key[..end].rsplit('/').next().unwrap_or_default());
        let Some(end) = ends.filter(|&end| end > 0).find(is_end) else { continue };
        let prefix = &key[..end];
        let at = groups.iter().position(|group| group.column == prefix).unwrap_or_else(|| {
            groups.push(Group { naming: Naming::Texts, ..Group::new("", prefix) });
            groups.len() - 1
        });
        groups[at].classes.push((key[end + 1..].into(), *ap));
    }
    groups
}

/// `{"cat": {"ap": 0.4, "recall": 0.6}}`, also below a key of its own.
fn by_class(record: &Record) -> Vec<Group> {
    let (mut classes, mut metrics): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut values: HashMap<(&str, &str), Option<f64>> = HashMap::new();
    for (key, field) in &record.fields {
        let (Some((class, metric)), Field::Number(number)) = (key.rsplit_once('/'), field) else {
            return Vec::new();
        };
        if classes.last() != Some(&class) {
            classes.push(class);
        }
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
        values.insert((class, metric), *number);
        if metrics.len() > MOST_METRICS {
            return Vec::new();
        }
    }
    // A class without ground truth may lack its AP.
    let of_most = |metric: &&&str| {
        let has = classes.iter().filter(|&&class| values.contains_key(&(class, **metric)));
        2 * has.count() > classes.len()
    };
    let stem = stem(&classes);
    let group = |metric: &&str| {
        let called = |&class: &&str| {
            let name = class[stem.len()..].trim_start_matches('/').to_owned();
            (name, values.get(&(class, *metric)).copied().flatten())
        };
        Group {
            naming: Naming::Texts,
            classes: classes.iter().map(called).collect(),
            ..Group::new(stem, *metric)
        }
    };
    let aps = metrics.iter().filter(of_most).filter(|name| is_ap(name) && !is_no_ap(name));
    chosen(aps.map(group).collect())
}

/// Whether an object has an object for each of several classes, with an AP; those of tasks are none.
pub fn is_by_class(record: &Record) -> bool {
    const TASKS: [&str; 3] = ["bbox", "segm", "keypoints"];
    let is_class = |name: &str| !name.split('/').any(|part| TASKS.contains(&part));
    by_class(record).first().is_some_and(|group| {
        group.classes.len() > 1 && group.classes.iter().all(|(name, _)| is_class(name))
    })
}

/// What stands before the first slash of all classes, if they are several.
fn stem<'a>(classes: &[&'a str]) -> &'a str {
    let Some(stem) = classes.first().and_then(|class| Some(class.split_once('/')?.0)) else {
        return "";
    };
    let below = |class: &&str| class.strip_prefix(stem).is_some_and(|rest| rest.starts_with('/'));
    if classes.len() > 1 && classes.iter().all(below) { stem } else { "" }
}

/// `{"classes": ["cat", "dog"], "ap": [0.4, 0.5]}`.
fn lists(record: &Record) -> Vec<Group> {
    let mut texts = record.fields.iter().filter_map(|(_, field)| match field {
        Field::Texts(texts) => Some(texts),
        _ => None,
    });
    let (Some(classes), None) = (texts.next(), texts.next()) else { return Vec::new() };
    let values = record.fields.iter().filter_map(|(key, field)| match field {
        Field::Numbers(values) if values.len() == classes.len() && may_be_ap(key) => {
            Some((key, values))
        }
        _ => None,
    });
    let group = |(key, values): (&String, &Vec<Option<f64>>)| Group {
        naming: Naming::Texts,
        classes: classes.iter().cloned().zip(values.iter().copied()).collect(),
        ..Group::new("", key)
    };
    chosen(values.map(group).collect())
}
