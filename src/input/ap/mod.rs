//! AP per class: tables, and what evaluators leave behind, a file a format. `docs/formats.md` lists
//! them.

mod detectron2;
mod mmdetection;
mod pycocotools;
mod table;
mod torchmetrics;

use std::path::Path;

use serde::Deserialize;

use super::json::{self, Field, Record};
use super::shards::extension;
use crate::ap::{ApScale, OffScale};
use crate::classes::{Keys, number};
use crate::detector::{ApColumn, ApFormat};
use crate::error::{Error, Result};
use crate::words::{check_name, list, trimmed};

/// Lines of a file that a note names.
const MOST_LINES: usize = 5;

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
    /// Whether it calls them by ids.
    by_id: bool,
}

impl Group {
    fn keys(&self) -> Keys {
        let names = || self.classes.iter().map(|(name, _)| trimmed(name));
        match names().map(number).collect() {
            Some(ids) if self.by_id => Keys::Numbers(ids),
            _ => Keys::Names(names().map(str::to_owned).collect()),
        }
    }
}

/// The group of this name, which is new where there is none yet.
fn group<'a>(groups: &'a mut Vec<Group>, name: &str) -> &'a mut Group {
    let at = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
        groups.push(Group { name: name.into(), classes: Vec::new(), by_id: false });
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

static LAYOUTS: [Layout; 3] = [torchmetrics::LAYOUT, detectron2::LAYOUT, mmdetection::LAYOUT];

/// AP per class as the last object of a file gives it that has it under this name.
struct Evaluation {
    layout: &'static Layout,
    line: usize,
    /// Where in the training it was made, where the object says so.
    step: String,
    group: Group,
    /// The line and the classes of the one before, if those were more.
    more_before: Option<(usize, usize)>,
}

/// Where in the training an object was written.
fn step(record: &Record) -> String {
    let of = |key: &&str| match record.find(key) {
        Some(Field::Number(Some(number))) => Some(format!(", {key} {number}")),
        _ => None,
    };
    ["iteration", "epoch", "iter", "step"].iter().filter_map(of).collect()
}

/// Reads the last objects of a JSON file that hold AP per class.
fn metrics(path: &Path, wanted: &[String], format: Option<ApFormat>) -> Result<Vec<ApColumn>> {
    let layouts = || LAYOUTS.iter().filter(|layout| format.is_none_or(|one| one == layout.format));
    let at = |line: usize, problem: String| Error::content(path, format!("line {line}: {problem}"));
    let mut found: Vec<Evaluation> = Vec::new();
    let (mut problem, mut annotations, mut objects) = (None, false, 0);
    let read = json::records(path, |record| {
        objects += 1;
        annotations |= record.find("annotations").is_some();
        // One class of one project may look like another's: what explains most keys is meant.
        let classes =
            |groups: &Vec<Group>| -> usize { groups.iter().map(|group| group.classes.len()).sum() };
        let best = layouts()
            .map(|layout| (layout, (layout.groups)(&record)))
            .filter(|(_, groups)| !groups.as_ref().is_ok_and(Vec::is_empty))
            .max_by_key(|(_, groups)| groups.as_ref().map_or(0, classes));
        let Some((layout, groups)) = best else { return };
        match groups {
            Err(wrong) => problem = Some(at(record.line, wrong)),
            Ok(groups) => {
                problem = None;
                for group in groups {
                    let (line, step) = (record.line, step(&record));
                    let before = found.iter().position(|one| one.group.name == group.name);
                    let before = before.map(|at| found.remove(at));
                    let more_before = before
                        .map(|before| (before.line, before.group.classes.len()))
                        .filter(|&(_, classes)| classes > group.classes.len());
                    found.push(Evaluation { layout, line, step, group, more_before });
                }
            }
        }
    });
    let cut = read.map_err(|error| table::printed(path).unwrap_or(error))?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let Some(last) = found.last().map(|one| one.line) else {
        let names: Vec<_> = layouts().map(|layout| layout.format.name()).collect();
        let problem = match annotations {
            true => {
                "is an annotation file, which holds no AP: give what an evaluator writes".into()
            }
            false => format!(
                "holds no AP per class as {} writes it: evaluate by class (docs/formats.md says how), \
                 or give a csv table",
                names.join(", ")
            ),
        };
        return Err(Error::content(path, problem));
    };
    let names: Vec<_> = found.iter().map(|one| one.group.name.as_str()).collect();
    let chosen: Vec<usize> = if wanted.is_empty() {
        let boxes = |name: &str| name == "bbox" || name.starts_with("bbox_");
        let of_boxes = || found.iter().filter(|one| boxes(&one.group.name));
        let line = of_boxes().map(|one| one.line).max();
        let default = found.iter().position(|one| Some(one.line) == line && boxes(&one.group.name));
        let mut latest = (0..found.len()).filter(|&at| found[at].line == last);
        let only = latest.next().filter(|_| latest.next().is_none());
        vec![default.or(only).ok_or_else(|| {
            at(last, format!("has AP of {}: choose with --ap-column", list(&names)))
        })?]
    } else {
        let find = |name: &String| {
            names
                .iter()
                .position(|one| one == name)
                .ok_or_else(|| at(last, format!("has no AP of {name:?}, but of {}", list(&names))))
        };
        wanted.iter().map(find).collect::<Result<_>>()?
    };
    let several = objects > 1 || !cut.is_empty();
    let column = |chosen: usize| {
        let Evaluation { layout, line, step, group, more_before } = &found[chosen];
        let at = |problem| at(*line, problem);
        let mut values = Vec::new();
        for (class, value) in &group.classes {
            let class = trimmed(class);
            check_name(class).map_err(at)?;
            if class.is_empty() {
                return Err(at(format!("a class of {:?} has no name", group.name)));
            }
            let read = |value| {
                layout.scale.read(value).map_err(|OffScale| {
                    let scale = layout.scale;
                    at(format!("the AP of {class:?} is {value}, which is not within {scale}"))
                })
            };
            values.push(value.map(read).transpose()?.flatten());
        }
        let (mut notes, mut doubts) = (Vec::new(), Vec::new());
        let file = path.display();
        if several {
            notes.push(format!("{file}: AP is that of line {line}{step}, the last that has it"));
        }
        if !cut.is_empty() {
            let lines: Vec<_> = cut.iter().take(MOST_LINES).map(usize::to_string).collect();
            notes.push(format!(
                "{file}: cut off and passed over: line {}{}",
                lines.join(", "),
                if cut.len() > MOST_LINES { ", …" } else { "" }
            ));
        }
        if let Some((before, more)) = more_before {
            doubts.push(format!(
                "{file}: the evaluation of line {line}{step} has AP of {} classes, that of line {before} \
                 had it of {more}: is it the one that is meant?",
                group.classes.len()
            ));
        }
        if *line != last {
            let later = found.iter().filter(|one| one.line == last);
            let later: Vec<_> = later.map(|one| &one.group.name).collect();
            doubts.push(format!(
                "{file}: AP of {:?} is that of line {line}{step}; line {last} has a later one, of {}",
                group.name,
                list(&later)
            ));
        }
        Ok(ApColumn {
            path: path.to_owned(),
            format: layout.format,
            name: group.name.clone(),
            keys: group.keys(),
            values,
            scale: layout.scale,
            notes,
            doubts,
        })
    };
    chosen.into_iter().map(column).collect()
}
