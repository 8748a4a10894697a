//! AP per class: tables, and files of evaluators, a module per format. `docs/formats.md` lists
//! them. Objects in memory are read by the same rules.

mod array;
mod column_names;
mod darknet;
mod detectron2;
mod evaluator_json;
mod faster_coco_eval;
mod fiftyone;
mod hotcoco;
mod in_memory;
mod layout;
mod log;
mod mmdetection;
mod nanodet;
mod no_ap;
mod overall_mean;
mod plain;
mod printed;
mod pycocotools;
mod records;
mod results;
mod roboflow;
mod sheet;
mod steps;
mod supervision;
mod table;
mod tags;
mod tensorflow;
mod torchmetrics;
mod transformers;
mod ultralytics;
mod yolox;

use std::path::Path;

use serde::Deserialize;

pub use in_memory::{Held, take};
use results::Wanted;
use sheet::Sheet;

use super::file;
pub use super::json::{Field, Fields, List};
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
    /// All values.
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
/// ones. The format is recognized unless given; `iou` is for what has all thresholds, and `scale` for
/// tables: an evaluator's is known.
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
    let asked = Wanted { columns: wanted, iou, scale };
    let columns = match Content::of(path)? {
        Content::Array => {
            check_unnamed(path, wanted)?;
            vec![array::read(path, iou, scale, format)?]
        }
        Content::Json => evaluator_json::read(path, asked, format)?,
        Content::Printed(sheets) => log::read(path, &sheets, asked, format)?,
        Content::Log => return Err(no_ap::none(path, format, None)),
        Content::Table => table::read(path, asked, format)?,
    };
    on_scale(path, columns, scale)
}

/// What a file holds, by its first bytes and, where they leave it open, by its name.
enum Content {
    Array,
    Json,
    Printed(Vec<Sheet>),
    /// Neither of these, by a name that is no table's.
    Log,
    Table,
}

impl Content {
    fn of(path: &Path) -> Result<Content> {
        let extension = extension(path);
        match extension.as_str() {
            "npy" => return Ok(Content::Array),
            "parquet" => return Ok(Content::Table),
            "json" | "jsonl" => return Ok(Content::Json),
            _ => {}
        }
        let text = file::text(path)?;
        if is_json(&text) {
            return Ok(Content::Json);
        }
        let sheets = printed::sheets(&text);
        Ok(match sheets.is_empty() {
            false => Content::Printed(sheets),
            true if extension == "log" => Content::Log,
            true => Content::Table,
        })
    }
}

/// Whether a text begins as JSON does, and not as a log (`[01/01 00:10:01 …`).
fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\0');
    match text.strip_prefix('[') {
        None => text.starts_with('{'),
        Some(inside) => {
            let item = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
            let behind = inside.trim_start().trim_start_matches(item).trim_start();
            behind.starts_with([',', ']', '{', '[', '"']) || behind.starts_with("NaN")
        }
    }
}

/// Checks that no threshold is asked for of what has one alone.
fn check_iou(path: &Path, iou: Option<ApIou>) -> Result<()> {
    match iou {
        None => Ok(()),
        Some(_) => Err(Error::content(
            path,
            "holds AP at the thresholds that its evaluator chose: --ap-iou is for arrays with all \
             thresholds, such as pycocotools'",
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
            let problem = format!("is of {format}, whose AP is {scale}: remove --ap-scale");
            Err(Error::content(path, problem))
        }
    }
}
