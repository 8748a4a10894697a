//! mmdetection with `classwise=True`: keys `<name>_precision`, before them the metric's prefix as in
//! `coco/<name>_precision`; 0–1, NaN where a class is not in the ground truth. In a line of
//! `vis_data/scalars.json` or of a `.log.json`, or in the results of a test. Or the tables that it logs, in
//! which a class of VOC and Open Images that has no ground truth shows 0.
//!
//! Follows `print_map_summary` in `mmdet/evaluation/functional/mean_ap.py`, `compute_metrics` in `mmdet/evaluation/metrics/coco_metric.py` and `lvis_metric.py`, and
//! the prefixes of `BaseMetric.evaluate` in `mmengine/evaluator/metric.py`.

use super::ApFormat;
use super::layout::{Group, Layout, group};
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Mmdetection, scale: Some(ApScale::Fraction), groups, of_all };

/// `category | mAP | mAP_50 | …`.
pub const PRINT: Print =
    Print { format: ApFormat::Mmdetection, scale: Some(ApScale::Fraction), is, main: "mAP" };

/// `category | AP | category | AP | …`, as version 2 and LVIS print.
pub const PRINT_PAIRS: Print = Print { is: is_pairs, main: "AP", ..PRINT };

/// `class | gts | dets | recall | ap`, of VOC and Open Images.
pub const PRINT_VOC: Print = Print { is: is_voc, main: "ap", ..PRINT };

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Grid && sheet.has("category", &["mAP", "mAP_50"])
}

fn is_pairs(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Grid && sheet.has("category", &["AP"])
}

fn is_voc(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Grid && sheet.has("class", &["gts", "dets", "recall", "ap"])
}

/// By how much a mean of numbers of three decimals, itself of three, may differ from the mean.
const ROUNDED: f64 = 1e-3 + 1e-9;

/// What stands for the prefix where there is none.
const NO_PREFIX: &str = "precision";

const TASKS: [&str; 2] = ["bbox", "segm"];

/// Keys of all classes, behind the prefix.
const OF_ALL: [&str; 4] = ["bbox_mAP", "segm_mAP", "bbox_AP", "segm_AP"];

fn of_all(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|metric| OF_ALL.contains(&metric))
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    if let Some((precision, other)) = record.fields.iter().find_map(|(key, _)| beside(record, key))
    {
        return Err(format!(
            "has {precision:?} and {other:?}, so this precision is not the AP that mmdetection \
             calls precision: give a csv table with the columns class and ap"
        ));
    }
    let prefixes: Vec<&str> = record.fields.iter().filter_map(|(key, _)| prefix(key)).collect();
    let keys = || record.fields.iter().filter_map(|(key, _)| key.strip_suffix("_precision"));
    // Classes' names may hold slashes. Where no key of all classes says what the prefix is, it is
    // what every key begins with.
    let first = keys().find_map(|key| Some(key.split_once('/')?.0));
    let shared = first.filter(|&first| keys().all(|key| split(key, first).is_some()));
    let prefixes = if prefixes.is_empty() { shared.into_iter().collect() } else { prefixes };
    // Some versions put the task before the class.
    let stem = |key: &'_ str| -> (String, String) {
        let found = prefixes.iter().filter_map(|&prefix| Some((prefix, split(key, prefix)?)));
        let longest = found.max_by_key(|(prefix, _)| prefix.len());
        longest.map_or(("".into(), key.into()), |(prefix, class)| (prefix.into(), class.into()))
    };
    let tasked = keys().all(|key| task(&stem(key).1).is_some());
    let mut groups: Vec<Group> = Vec::new();
    for (key, field) in &record.fields {
        let Some(class) = key.strip_suffix("_precision") else { continue };
        let Field::Number(ap) = field else {
            return Err(format!("{key:?} is not a number"));
        };
        let (mut name, mut class) = stem(class);
        if tasked && let Some((task, of_task)) = task(&class) {
            name = if name.is_empty() { task.into() } else { format!("{name}/{task}") };
            class = of_task.into();
        }
        if name.is_empty() {
            name = NO_PREFIX.into();
        }
        group(&mut groups, &name).classes.push((class, *ap));
    }
    for group in &mut groups {
        let doubt = masks_or_boxes(record, group);
        group.doubts.extend(doubt);
    }
    Ok(groups)
}

/// What the classes' values are of, where both boxes and masks were evaluated: the key of a class does not
/// say of which it is, and the later overwrites the earlier. Their mean is one of the two.
fn masks_or_boxes(record: &Record, group: &Group) -> Option<String> {
    let stem = if group.task == NO_PREFIX { String::new() } else { format!("{}/", group.task) };
    let of_all = |names: [&str; 2]| {
        names.iter().find_map(|name| match record.find(&format!("{stem}{name}")) {
            Some(Field::Number(Some(ap))) => Some(*ap),
            _ => None,
        })
    };
    let boxes = of_all(["bbox_mAP", "bbox_AP"])?;
    let masks = of_all(["segm_mAP", "segm_AP"])?;
    let there: Vec<f64> = group.classes.iter().filter_map(|(_, ap)| *ap).collect();
    let mean = there.iter().sum::<f64>() / there.len() as f64;
    let is = |ap: f64| (mean - ap).abs() <= ROUNDED;
    let why = "mmdetection writes both under one key per class";
    match (is(boxes), is(masks)) {
        (true, false) => None,
        (false, true) => Some(format!(
            "AP of the classes is for masks (mean {masks}), not for boxes (mean {boxes}): {why}; \
             evaluate with metric=\"bbox\" for boxes, or give the log, whose tables have both"
        )),
        _ => Some(format!(
            "AP of the classes is for boxes (mean {boxes}) or for masks (mean {masks}), and it is \
             not known which: {why}, and the mean of the classes is {mean:.4}"
        )),
    }
}

/// A class's precision, if its recall, F1 or AP stands beside it: mmdetection writes none of these.
fn beside<'a>(record: &Record, key: &'a str) -> Option<(&'a str, String)> {
    const OTHERS: [&str; 10] =
        ["recall", "Recall", "f1", "F1", "f1-score", "f1_score", "ap", "AP", "mAP", "AP50"];
    let class = key.strip_suffix("_precision")?;
    let other = OTHERS.iter().map(|other| format!("{class}_{other}"));
    other.into_iter().find(|other| record.find(other).is_some()).map(|other| (key, other))
}

/// What stands before the key of all classes, such as `coco` in `coco/bbox_mAP`.
fn prefix(key: &str) -> Option<&str> {
    let (prefix, metric) = key.rsplit_once('/')?;
    OF_ALL.contains(&metric).then_some(prefix)
}

fn split<'a>(key: &'a str, prefix: &str) -> Option<&'a str> {
    key.strip_prefix(prefix)?.strip_prefix('/')
}

fn task(class: &str) -> Option<(&'static str, &str)> {
    TASKS.into_iter().find_map(|task| Some((task, class.strip_prefix(task)?.strip_prefix('_')?)))
}
