//! Recognizes files of evaluators by their keys. Their counts are those of the evaluated images, and they
//! list only the classes on these images.

use std::io::Read;
use std::path::Path;

use super::file;
use crate::error::Error;

/// Names, in small letters, that are an evaluator's alone: of Ultralytics (`summary` in
/// `ultralytics/utils/metrics.py`; `Box-P`, of masks `Mask-P`, of key points `Pose-P`), torchmetrics
/// (`map_per_class`), RF-DETR and faster-coco-eval (`class_map`), Roboflow (`map50_95`).
const NAMES: [&str; 17] = [
    "box-p",
    "box-r",
    "box-f1",
    "mask-p",
    "mask-r",
    "mask-f1",
    "pose-p",
    "pose-r",
    "pose-f1",
    "map50",
    "map75",
    "map50-95",
    "map50_95",
    "map@50",
    "map@50:95",
    "map_per_class",
    "class_map",
];

/// Bytes at the beginning of a JSON file in which such a name stands.
const BEGINNING: u64 = 1 << 16;

/// Whether these columns are those of an evaluation.
pub fn any<S: AsRef<str>>(names: &[S]) -> bool {
    names.iter().any(|name| NAMES.contains(&name.as_ref().to_ascii_lowercase().as_str()))
}

/// That a JSON file which is no annotation file is an evaluation, if it is.
pub fn instead_of_counts(path: &Path, error: Error) -> Error {
    let mut text = String::new();
    let read =
        file::open_text(path).map(|(file, _)| file.take(BEGINNING).read_to_string(&mut text));
    // What is cut off within a letter of several bytes is no matter.
    if read.is_err() || !any(&text.split('"').collect::<Vec<_>>()) {
        return error;
    }
    Error::content(path, format!("{NOT_OF_TRAINING}: give the training set's"))
}

/// What is wrong with an evaluation as counts.
pub const NOT_OF_TRAINING: &str =
    "is an evaluation, whose instances are those of the evaluated images";
