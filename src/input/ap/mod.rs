//! AP per class: tables, and what evaluators leave behind, a file a format. `docs/formats.md` lists
//! them.

mod detectron2;
mod mmdetection;
mod pycocotools;
mod table;
mod torchmetrics;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::classes::ClassKeys;
use super::file::check_name;
use super::json::{self, Record};
use super::shards::extension;
use super::table::list;
use crate::ap::{ApScale, OffScale};
use crate::error::{Error, Result};

/// One column of AP values.
#[derive(Clone, Debug)]
pub struct ApColumn {
    /// The file.
    pub path: PathBuf,
    /// What wrote it.
    pub format: ApFormat,
    /// The column's name; of an evaluator's results, what stands before its classes.
    pub name: String,
    /// The class of each row.
    pub keys: ClassKeys,
    /// AP of each row, if it has one.
    pub values: Vec<Option<f64>>,
    /// Whether they are 0 to 1 or 0 to 100.
    pub scale: ApScale,
}

/// What AP per class comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApFormat {
    /// A csv or parquet table.
    Table,
    /// detectron2's `metrics.json`, or the results of its evaluators.
    Detectron2,
    /// mmdetection's logs, with `classwise=True`.
    Mmdetection,
    /// The results of torchmetrics' `MeanAveragePrecision(class_metrics=True)`.
    Torchmetrics,
    /// The array `eval["precision"]` of pycocotools' `COCOeval` or of `LVISEval`.
    Pycocotools,
}

impl ApFormat {
    /// All there are.
    pub const ALL: &'static [ApFormat] = &[
        ApFormat::Table,
        ApFormat::Detectron2,
        ApFormat::Mmdetection,
        ApFormat::Torchmetrics,
        ApFormat::Pycocotools,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ApFormat::Table => "table",
            ApFormat::Detectron2 => "detectron2",
            ApFormat::Mmdetection => "mmdetection",
            ApFormat::Torchmetrics => "torchmetrics",
            ApFormat::Pycocotools => "pycocotools",
        }
    }
}

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
/// one of numbers; of an evaluator's results those of boxes, or else the only ones. The format is
/// recognized unless given; `iou` is for pycocotools' array alone, which has all thresholds, and
/// `scale` for tables: an evaluator's is known.
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
    if iou.is_some() && format != Some(ApFormat::Pycocotools) {
        return Err(Error::content(
            path,
            "holds AP at the thresholds that its evaluator chose: --ap-iou is for pycocotools' array",
        ));
    }
    let columns = match format {
        Some(ApFormat::Table) => table::read(path, wanted, scale)?,
        Some(ApFormat::Pycocotools) => {
            if !wanted.is_empty() {
                return Err(Error::content(
                    path,
                    "is an array: --ap-column is for tables and logs",
                ));
            }
            vec![pycocotools::read(path, iou.unwrap_or(ApIou::All))?]
        }
        _ => metrics(path, wanted, format)?,
    };
    match columns.iter().find(|column| scale.is_some_and(|scale| scale != column.scale)) {
        None => Ok(columns),
        Some(ApColumn { format, scale, .. }) => {
            let format = format.name();
            let problem = format!("is of {format}, whose AP is {scale}: leave --ap-scale out");
            Err(Error::content(path, problem))
        }
    }
}

/// AP per class that an evaluator put into a JSON object.
struct Group {
    /// What stands before the classes.
    name: String,
    /// What the file calls each class, with its AP.
    classes: Vec<(String, Option<f64>)>,
}

/// The group of this name, which is new where there is none yet.
fn group<'a>(groups: &'a mut Vec<Group>, name: &str) -> &'a mut Group {
    let at = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
        groups.push(Group { name: name.into(), classes: Vec::new() });
        groups.len() - 1
    });
    &mut groups[at]
}

/// How one project writes them.
struct Layout {
    format: ApFormat,
    scale: ApScale,
    groups: fn(&Record) -> std::result::Result<Vec<Group>, String>,
}

const LAYOUTS: [Layout; 3] = [torchmetrics::LAYOUT, detectron2::LAYOUT, mmdetection::LAYOUT];

/// Reads the last object of a JSON file that holds AP per class.
fn metrics(path: &Path, wanted: &[String], format: Option<ApFormat>) -> Result<Vec<ApColumn>> {
    let layouts = || LAYOUTS.iter().filter(|layout| format.is_none_or(|one| one == layout.format));
    let found = json::last(path, |record| {
        // One class of one project may look like another's: what explains most keys is meant.
        let classes =
            |groups: &Vec<Group>| -> usize { groups.iter().map(|group| group.classes.len()).sum() };
        layouts()
            .map(|layout| (layout, record.line, (layout.groups)(record)))
            .filter(|(.., groups)| !groups.as_ref().is_ok_and(Vec::is_empty))
            .max_by_key(|(.., groups)| groups.as_ref().map_or(0, classes))
    })?;
    let Some((layout, line, groups)) = found else {
        let names: Vec<_> = layouts().map(|layout| layout.format.name()).collect();
        let problem = format!(
            "holds no AP per class as {} writes it: evaluate by class (docs/formats.md says how), \
             or give a csv table",
            names.join(", ")
        );
        return Err(Error::content(path, problem));
    };
    let at = |problem: String| Error::content(path, format!("line {line}: {problem}"));
    let groups = groups.map_err(at)?;
    let names: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
    let chosen: Vec<usize> =
        if wanted.is_empty() {
            let boxes = |name: &str| name == "bbox" || name.starts_with("bbox_");
            let default = names.iter().position(|name| boxes(name));
            vec![default.or((names.len() == 1).then_some(0)).ok_or_else(|| {
                at(format!("has AP of {}: choose with --ap-column", list(&names)))
            })?]
        } else {
            let find = |name: &String| {
                names
                    .iter()
                    .position(|one| one == name)
                    .ok_or_else(|| at(format!("has no AP of {name:?}, but of {}", list(&names))))
            };
            wanted.iter().map(find).collect::<Result<_>>()?
        };
    let column = |at_group: usize| {
        let group = &groups[at_group];
        let mut values = Vec::new();
        for (class, value) in &group.classes {
            check_name(class).map_err(at)?;
            let read = |value| {
                layout.scale.read(value).map_err(|OffScale| {
                    let scale = layout.scale;
                    at(format!("the AP of {class:?} is {value}, which is not within {scale}"))
                })
            };
            values.push(value.map(read).transpose()?.flatten());
        }
        Ok(ApColumn {
            path: path.to_owned(),
            format: layout.format,
            name: group.name.clone(),
            keys: ClassKeys::named(group.classes.iter().map(|(name, _)| name.clone()).collect()),
            values,
            scale: layout.scale,
        })
    };
    chosen.into_iter().map(column).collect()
}
