//! Files that hold no AP per class, each with its own error.

use std::path::Path;

use super::ApFormat;
use crate::error::Error;
use crate::input::json::{Field, Record};

/// Why an object holds no AP per class, where that is known.
pub fn why(record: &Record) -> Option<String> {
    let has = |key: &str| record.find(key).is_some();
    let ends = |end: &str| record.fields.iter().any(|(key, _)| key.ends_with(end));
    let below = |key: &str| key.contains("AP-") || key.contains("AP/");
    let of_classes = record.fields.iter().any(|(key, _)| below(key));
    let why = if has("annotations") {
        "is an annotation file, which holds no AP: give the file of an evaluator"
    } else if ends("/f1-score") && ends("/support") {
        "is a report of precision, recall and F1, as FiftyOne and scikit-learn write it, which holds no AP: \
         evaluate with compute_mAP=True and save the results' classes, precision and iou_threshs"
    } else if has("metrics/mAP50-95(B)") || has("metrics/mAP50(B)") {
        "holds Ultralytics' means over all classes: give AP per class, metrics.to_json() or metrics.to_csv()"
    } else if ends("bbox/AP") && !of_classes {
        "holds AP of all classes together: detectron2 writes AP per class where there is more than \
         one class, and LVISEvaluator never does; evaluate by class (docs/formats.md says how)"
    } else if is_scalar_export(record) {
        "is TensorBoard's export of one tag, which does not say its class: give one file with all \
         tags, one column per tag, or the columns tag, step and value"
    } else {
        return None;
    };
    Some(why.into())
}

/// TensorBoard's `[[wall time, step, value], …]`.
fn is_scalar_export(record: &Record) -> bool {
    const FIRST_WALL_TIME: f64 = 1e9;
    let [(key, Field::Array(shape, values))] = &record.fields[..] else { return false };
    let wall_time = values.first().copied().flatten().unwrap_or_default();
    key.is_empty() && shape.get(1) == Some(&3) && shape.len() == 2 && wall_time > FIRST_WALL_TIME
}

/// That something holds no AP per class, for the reason that is known.
pub fn none(path: &Path, format: Option<ApFormat>, why: Option<String>) -> Error {
    let problem = match (why, format) {
        (Some(why), _) => why,
        (None, Some(format)) => format!(
            "holds no AP per class as {} writes it: remove --ap-format, or evaluate by class \
             (docs/formats.md says how)",
            format.name()
        ),
        (None, None) => {
            "holds no AP per class in a known form: evaluate by class (docs/formats.md says how), \
             or give a csv table"
                .into()
        }
    };
    Error::content(path, problem)
}
