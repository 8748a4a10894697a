//! How projects write AP per class: what is taken from a JSON object or from what is printed.

use crate::ap::ApScale;
use crate::classes::{Keys, number};
use crate::detector::ApFormat;
use crate::input::json::Record;
use crate::words::trimmed;

/// The columns of AP at several IoU thresholds, as `--ap-iou` calls them: the mean over COCO's ten, IoU
/// 0.5, IoU 0.75.
pub const IOUS: [&str; 3] = ["0.5:0.95", "0.5", "0.75"];

/// COCO's thresholds 0.5, 0.55, …, 0.95.
pub const THRESHOLDS: usize = 10;

/// What a project calls a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By name, of any form.
    Names,
    /// By a text, which is a name or else an id.
    Texts,
    /// By id.
    Ids,
    /// Not at all: they stand in order.
    Order,
}

/// One AP of each class.
#[derive(Clone, Debug)]
pub struct Group {
    /// What stands before the classes, such as `bbox`; may be empty.
    pub task: String,
    /// Which AP of each class it is, where there may be several.
    pub column: String,
    /// Whether it is meant where none is asked for.
    pub main: bool,
    /// What the classes are called by.
    pub naming: Naming,
    /// What it calls each class, with its AP.
    pub classes: Vec<(String, Option<f64>)>,
    /// Why they may be the wrong values.
    pub doubts: Vec<String>,
}

impl Group {
    /// One of no classes yet, which are called by name.
    pub fn new(task: impl Into<String>, column: impl Into<String>) -> Group {
        Group {
            task: task.into(),
            column: column.into(),
            main: true,
            naming: Naming::Names,
            classes: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// What `--ap-column` calls it.
    pub fn name(&self) -> String {
        match (self.task.is_empty(), self.column.is_empty()) {
            (false, false) => format!("{}/{}", self.task, self.column),
            _ => format!("{}{}", self.task, self.column),
        }
    }

    /// Whether it is of boxes, where there are others of masks.
    pub fn of_boxes(&self) -> bool {
        const BOXES: [&str; 3] = ["bbox", "Box", "DetectionBoxes"];
        let name = self.name();
        let first = |part: &str| BOXES.contains(&part.split('_').next().unwrap_or_default());
        name.split('/').next().is_some_and(first) || self.task.split('/').any(|part| part == "bbox")
    }

    /// The classes.
    pub fn keys(&self) -> Keys {
        let names = || self.classes.iter().map(|(name, _)| trimmed(name));
        let texts = || names().map(str::to_owned).collect();
        match self.naming {
            Naming::Names => Keys::Names(texts()),
            Naming::Texts => Keys::Strings(texts()),
            Naming::Ids => match names().map(number).collect() {
                Some(ids) => Keys::Numbers(ids),
                None => Keys::Names(texts()),
            },
            Naming::Order => Keys::InOrder(self.classes.len()),
        }
    }
}

/// The group of this task, which is new where there is none yet.
pub fn group<'a>(groups: &'a mut Vec<Group>, task: &str) -> &'a mut Group {
    let at = groups.iter().position(|group| group.task == task).unwrap_or_else(|| {
        groups.push(Group::new(task, ""));
        groups.len() - 1
    });
    &mut groups[at]
}

/// Groups of one task: AP of `classes` at each IoU threshold, `rows` of as many values as there are
/// `thresholds`. A value is none where it is NaN or −1. The single thresholds are known where there are
/// COCO's ten.
pub fn by_iou(
    task: &str,
    naming: Naming,
    classes: &[String],
    rows: &[Vec<Option<f64>>],
    thresholds: usize,
) -> Vec<Group> {
    let mean = |values: &[Option<f64>]| {
        let there: Vec<f64> = values.iter().flatten().copied().filter(|&ap| ap != -1.0).collect();
        (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
    };
    let of = |column: &str, values: &dyn Fn(&[Option<f64>]) -> Option<f64>| {
        let mut group = Group::new(task, column);
        group.naming = naming;
        group.main = column == IOUS[0];
        group.classes = classes.iter().cloned().zip(rows.iter().map(|row| values(row))).collect();
        group
    };
    let mut groups = vec![of(IOUS[0], &mean)];
    if thresholds == THRESHOLDS {
        groups.push(of(IOUS[1], &|row| mean(&row[..1])));
        groups.push(of(IOUS[2], &|row| mean(&row[5..6])));
    }
    groups
}

/// How one project writes them into a JSON object.
pub struct Layout {
    pub format: ApFormat,
    /// The scale, where it is not to be seen from the values.
    pub scale: Option<ApScale>,
    pub groups: fn(&Record) -> std::result::Result<Vec<Group>, String>,
    /// Whether a key is of all classes. One such stands beside the classes' whenever the project writes
    /// them, and no class is called so.
    pub of_all: fn(&str) -> bool,
}
