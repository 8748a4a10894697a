//! pycocotools' array `eval["precision"]` as npy: T×R×K×A×M, for IoU thresholds, recalls, categories,
//! areas and most detections an image; −1 where a category is not in the ground truth. AP is the mean
//! over T and R, for all areas (the first) and the most detections (the last). K has no names: it is
//! in order of category id. LVIS has no axis M.
//!
//! Follows `accumulate` in `PythonAPI/pycocotools/cocoeval.py` of cocodataset/cocoapi, and
//! `lvis/eval.py` of lvis-dataset/lvis-api.

use std::io::{self, Read};
use std::path::Path;

use super::{ApColumn, ApFormat, ApIou};
use crate::ap::ApScale;
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::file;
use crate::input::float::Float;
use crate::input::stored_array::Array;

/// The thresholds 0.5, 0.55, …, 0.95.
const THRESHOLDS: usize = 10;

/// Most values of an IoU threshold and recall: LVIS has 1203 · 4.
const LARGEST_STEP: usize = 1 << 22;

/// AP of an array whose `bytes` of data `reader` gives.
///
/// # Errors
/// If it is no array of precisions, or reading fails.
pub fn of_array(
    path: &Path,
    array: &Array,
    bytes: u64,
    reader: &mut impl Read,
    iou: ApIou,
) -> Result<ApColumn> {
    let bad = |problem: String| Error::content(path, problem);
    let shape = Shape::of(array, bytes).map_err(bad)?;
    let (first, thresholds) = match iou {
        ApIou::All => (0, shape.thresholds),
        ApIou::Half | ApIou::ThreeQuarters if shape.thresholds != THRESHOLDS => {
            return Err(bad(format!(
                "holds {} IoU thresholds, not COCO's ten: it is not known whether --ap-iou {} is \
                 among them",
                shape.thresholds,
                iou.name()
            )));
        }
        ApIou::Half => (0, 1),
        ApIou::ThreeQuarters => (5, 1),
    };
    let skipped = (first * shape.recalls * shape.step() * shape.float.width) as u64;
    io::copy(&mut reader.by_ref().take(skipped), &mut io::sink())
        .map_err(|error| file::failed(path, error))?;
    let mut sums = vec![(0.0, 0_u64); shape.categories];
    let mut bytes = vec![0; shape.step() * shape.float.width];
    let mut values: Vec<f64> = Vec::new();
    for _ in 0..thresholds * shape.recalls {
        reader.read_exact(&mut bytes).map_err(|error| file::failed(path, error))?;
        values.clear();
        shape.float.decode(&bytes, &mut values);
        let of_category = values.chunks(shape.areas * shape.detections);
        for (category, (values, (sum, count))) in of_category.zip(&mut sums).enumerate() {
            let value = values[shape.detections - 1];
            match ApScale::Fraction.read(value) {
                Ok(Some(value)) => {
                    *sum += value;
                    *count += 1;
                }
                Ok(None) if value == -1.0 => {}
                _ => {
                    return Err(bad(format!(
                        "a precision of category {category} (from 0) is {value}: it is 0 to 1, or −1"
                    )));
                }
            }
        }
    }
    let mean = |&(sum, count): &(f64, u64)| (count > 0).then(|| sum / count as f64);
    Ok(ApColumn {
        path: path.to_owned(),
        format: ApFormat::Pycocotools,
        name: format!("IoU {}", iou.name()),
        keys: Keys::InOrder(shape.categories),
        values: sums.iter().map(mean).collect(),
        scale: ApScale::Fraction,
        notes: Vec::new(),
        doubts: Vec::new(),
    })
}

struct Shape {
    thresholds: usize,
    recalls: usize,
    categories: usize,
    areas: usize,
    detections: usize,
    float: Float,
}

impl Shape {
    fn of(array: &Array, bytes: u64) -> std::result::Result<Shape, String> {
        let (thresholds, recalls, categories, areas, detections) = match array.shape[..] {
            [t, r, k, a, m] => (t, r, k, a, m),
            [t, r, k, a] => (t, r, k, a, 1),
            _ => {
                return Err(format!(
                    "holds an array of shape {:?}: AP has one value per class, or ten, one per IoU \
                     threshold; pycocotools' eval[\"precision\"] has five axes: IoU thresholds, \
                     recalls, categories, areas, detections (LVIS four)",
                    array.shape
                ));
            }
        };
        let Some(float) = Float::parse(&array.descr) else {
            return Err(format!("holds elements of type {:?}: precisions are floats", array.descr));
        };
        array.check_length(float.width, bytes)?;
        if array.fortran {
            return Err("is in Fortran order: save numpy.ascontiguousarray of it".into());
        }
        if array.shape.contains(&0) {
            return Err(format!("holds an empty array of shape {:?}", array.shape));
        }
        let shape = Shape { thresholds, recalls, categories, areas, detections, float };
        if shape.step() > LARGEST_STEP {
            return Err(format!(
                "holds an array of shape {:?}, too large for precisions: is it the right file?",
                array.shape
            ));
        }
        Ok(shape)
    }

    /// Values of one IoU threshold and recall. What the shape holds is in the file: it fits.
    fn step(&self) -> usize {
        self.categories * self.areas * self.detections
    }
}
