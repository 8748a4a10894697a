//! Options for annotations.

use std::path::PathBuf;

/// What is counted of that which trainers skip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// Crowds (`iscrowd`), and the groups of Open Images (`IsGroupOf`).
    pub crowd: bool,
    /// Annotations that are marked `ignore`, have no area, lie outside their image, or are of an image that
    /// is not listed.
    pub ignored: bool,
    /// The difficult objects of Pascal VOC.
    pub difficult: bool,
}

/// How annotations are read.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// What is counted.
    pub include: Include,
    /// The split of Pascal VOC or YOLO; unless given, the one that is trained on.
    pub split: Option<String>,
    /// The file that names the classes; where it is Open Images' `class-descriptions-boxable.csv`, it names
    /// the codes of its boxes.
    pub class_names: Option<PathBuf>,
}
