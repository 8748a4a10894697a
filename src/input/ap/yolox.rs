//! The table that YOLOX logs behind `per class AP:`, `| class | AP | class | AP |…`, as tabulate prints pipes;
//! 0–100, NaN where a class is not in the ground truth. The table of AR behind it is none of AP.
//!
//! Follows `per_class_AP_table` in `yolox/evaluators/coco_evaluator.py`.

use super::ApFormat;
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;

pub const PRINT: Print =
    Print { format: ApFormat::Yolox, scale: Some(ApScale::Percent), is, main: "AP" };

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Pipes { aligned: true } && sheet.has("class", &["AP"])
}
