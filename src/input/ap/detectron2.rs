//! detectron2: keys `bbox/AP-<name>` of a line of `metrics.json`, or the nested results of an
//! evaluator, `{"bbox": {"AP-<name>": …}}`; 0–100, NaN where a class is not in the ground truth. Or the
//! table that it logs.
//!
//! Follows `_derive_coco_results` in `detectron2/evaluation/coco_evaluation.py`,
//! `flatten_results_dict` in `detectron2/evaluation/testing.py` and `JSONWriter` in
//! `detectron2/utils/events.py`.

use super::ApFormat;
use super::layout::{Group, Layout, group};
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;
use crate::input::json::{Field, Record};

pub const LAYOUT: Layout =
    Layout { format: ApFormat::Detectron2, scale: Some(ApScale::Percent), groups, of_all };

/// `| category | AP | category | AP |…` as tabulate prints pipes, behind `Per-category bbox AP:`.
pub const PRINT: Print =
    Print { format: ApFormat::Detectron2, scale: Some(ApScale::Percent), is, main: "AP" };

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Pipes { aligned: true } && sheet.has("category", &["AP"])
}

fn of_all(key: &str) -> bool {
    matches!(key.rsplit('/').next(), Some("AP" | "AP50"))
}

fn groups(record: &Record) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, field) in &record.fields {
        // A class's name may hold `/AP-` too: what stands before the first is the task's.
        let (task, class) = match (key.strip_prefix("AP-"), key.split_once("/AP-")) {
            (Some(class), _) => ("bbox", class),
            (None, Some((task, class))) => (task, class),
            (None, None) => continue,
        };
        let Field::Number(ap) = field else {
            return Err(format!("{key:?} is not a number"));
        };
        group(&mut groups, task).classes.push((class.into(), *ap));
    }
    Ok(groups)
}
