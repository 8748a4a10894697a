//! The table that NanoDet logs, `| class | AP50 | mAP | class | AP50 | mAP |`, as tabulate prints pipes;
//! 0–100 with one decimal, NaN where a class is not in the ground truth.
//!
//! Follows `evaluate` in `nanodet/evaluator/coco_detection.py`.

use super::ApFormat;
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;

pub const PRINT: Print =
    Print { format: ApFormat::Nanodet, scale: Some(ApScale::Percent), is, main: "mAP" };

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Pipes { aligned: true } && sheet.has("class", &["AP50", "mAP"])
}
