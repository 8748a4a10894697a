//! What darknet's `detector map` prints, `class_id = 0, name = cat, ap = 54.10%   (TP = 5, FP = 6)`; a
//! percentage at one IoU threshold, 0 where a class is not in the ground truth.
//!
//! Follows `validate_detector_map` in `src/detector.c` of AlexeyAB/darknet.

use super::ApFormat;
use super::sheet::{Kind, Print, Sheet};
use crate::ap::ApScale;

pub const PRINT: Print =
    Print { format: ApFormat::Darknet, scale: Some(ApScale::Percent), is, main: "ap" };

fn is(sheet: &Sheet) -> bool {
    sheet.kind == Kind::Darknet
}

/// The id, the class and the AP of a line. None if it is none; no AP if it is cut off.
pub fn line(line: &str) -> Option<(i64, &str, Option<&str>)> {
    let (id, rest) = line.trim_start().strip_prefix("class_id = ")?.split_once(',')?;
    let rest = rest.trim_start().strip_prefix("name = ")?;
    let (name, rest) = rest.rsplit_once(", ap =").unwrap_or((rest, ""));
    let ap = rest.split_once('%').map(|(ap, _)| ap.trim());
    Some((id.trim().parse().ok()?, name, ap.filter(|_| line.trim_end().ends_with(')'))))
}
