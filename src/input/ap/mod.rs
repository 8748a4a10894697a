//! AP per class: tables, and what evaluators leave behind, a file a format. `docs/formats.md` lists
//! them. What a program holds of these is read as the files are.

mod detectron2;
mod evaluator_json;
mod in_memory;
mod layout;
mod mmdetection;
mod pycocotools;
mod table;
mod torchmetrics;

use std::path::Path;

use serde::Deserialize;

pub use in_memory::{Held, take};

pub use super::json::Field;
use super::shards::extension;
use crate::ap::ApScale;
use crate::detector::{ApColumn, ApFormat, ap_of_class, scaled};
use crate::error::{Error, Result};

/// The IoU thresholds that AP is the mean over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ApIou {
    /// IoU 0.5 alone.
    #[serde(rename = "0.5")]
    Half,
    /// IoU 0.75 alone.
    #[serde(rename = "0.75")]
    ThreeQuarters,
    /// The ten thresholds of COCO.
    #[serde(rename = "0.5:0.95")]
    All,
}

impl ApIou {
    /// All there are.
    pub const ALL: &'static [ApIou] = &[ApIou::Half, ApIou::ThreeQuarters, ApIou::All];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ApIou::Half => "0.5",
            ApIou::ThreeQuarters => "0.75",
            ApIou::All => "0.5:0.95",
        }
    }
}

/// Reads the `wanted` columns of AP. Without any wanted: of a table the column `ap`, or else the only
/// one of numbers that may be AP by its name; of an evaluator's results those of boxes, or else the only
/// ones. The format is recognized unless given; `iou` is for pycocotools' array alone, which has all
/// thresholds, and `scale` for tables: an evaluator's is known.
///
/// # Errors
/// If the file cannot be used, has no such column, or a value is no AP; or if the evaluator's scale is
/// another than this.
pub fn read(
    path: &Path,
    wanted: &[String],
    format: Option<ApFormat>,
    iou: Option<ApIou>,
    scale: Option<ApScale>,
) -> Result<Vec<ApColumn>> {
    let by_extension = || match extension(path).as_str() {
        "npy" => Some(ApFormat::Pycocotools),
        "json" | "jsonl" | "log" => None,
        _ => Some(ApFormat::Table),
    };
    let format = format.or_else(by_extension);
    if format != Some(ApFormat::Pycocotools) {
        check_iou(path, iou)?;
    }
    let columns = match format {
        Some(ApFormat::Table) => table::read(path, wanted, scale)?,
        Some(ApFormat::Pycocotools) => {
            check_unnamed(path, wanted)?;
            vec![pycocotools::read(path, iou.unwrap_or(ApIou::All))?]
        }
        _ => evaluator_json::read(path, wanted, format)?,
    };
    on_scale(path, columns, scale)
}

/// Checks that no threshold is asked for of what has one alone.
fn check_iou(path: &Path, iou: Option<ApIou>) -> Result<()> {
    match iou {
        None => Ok(()),
        Some(_) => Err(Error::content(
            path,
            "holds AP at the thresholds that its evaluator chose: --ap-iou is for pycocotools' array",
        )),
    }
}

/// Checks that no column is asked for of an array.
fn check_unnamed(path: &Path, wanted: &[String]) -> Result<()> {
    match wanted {
        [] => Ok(()),
        _ => Err(Error::content(path, "is an array: --ap-column is for tables and logs")),
    }
}

/// The columns, if they are on this scale.
fn on_scale(path: &Path, columns: Vec<ApColumn>, scale: Option<ApScale>) -> Result<Vec<ApColumn>> {
    match columns.iter().find(|column| scale.is_some_and(|scale| scale != column.scale)) {
        None => Ok(columns),
        Some(ApColumn { format, scale, .. }) => {
            let format = format.name();
            let problem = format!("is of {format}, whose AP is {scale}: leave --ap-scale out");
            Err(Error::content(path, problem))
        }
    }
}
