//! Arrays as `.npy` without names: a value of each class, or ten, one an IoU threshold (0.5, 0.55, …, 0.95),
//! in the order of the classes; −1 or NaN where a class is not in the ground truth. Such are
//! supervision's `ap_per_class`, and Ultralytics' `box.maps` and `box.all_ap`.

use std::io::Read;
use std::path::Path;

use super::layout::{IOUS, Naming, THRESHOLDS, by_iou};
use super::{ApColumn, ApFormat, ApIou, check_iou, overall_mean, pycocotools};
use crate::ap::ApScale;
use crate::classes::Keys;
use crate::error::{Error, Result};
use crate::input::file;
use crate::input::float::Float;
use crate::input::npy;
use crate::input::stored_array::Array;

/// Most classes of an array.
const MOST_CLASSES: usize = 1 << 20;

/// Reads an array: one or two axes, or pycocotools' four or five.
///
/// # Errors
/// If the file cannot be read, or its array is none of AP.
pub fn read(
    path: &Path,
    iou: Option<ApIou>,
    scale: Option<ApScale>,
    format: Option<ApFormat>,
) -> Result<ApColumn> {
    let (mut reader, array, bytes) = npy::open(path)?;
    of_array(path, &array, bytes, &mut reader, iou, scale, format)
}

/// The same of an array whose `bytes` of data `reader` gives.
///
/// # Errors
/// If it is no array of AP, or reading fails.
pub fn of_array(
    path: &Path,
    array: &Array,
    bytes: u64,
    reader: &mut impl Read,
    iou: Option<ApIou>,
    scale: Option<ApScale>,
    format: Option<ApFormat>,
) -> Result<ApColumn> {
    let bad = |problem: String| Error::content(path, problem);
    let by_class = match array.shape[..] {
        [_] => true,
        [_, columns] => columns == THRESHOLDS,
        _ => false,
    };
    if !by_class || format == Some(ApFormat::Pycocotools) {
        return pycocotools::of_array(path, array, bytes, reader, iou.unwrap_or(ApIou::All));
    }
    let values = values(path, array, bytes, reader)?;
    let epsilon = if array.descr.ends_with('8') { f64::EPSILON } else { f32::EPSILON.into() };
    let format = format.unwrap_or(ApFormat::Array);
    let column = match array.shape[..] {
        [_] => {
            check_iou(path, iou)?;
            of_values(path, values, epsilon, scale)?
        }
        _ => {
            let columns = array.shape[1];
            let names: Vec<String> = (0..array.shape[0]).map(|at| at.to_string()).collect();
            let rows: Vec<_> = values.chunks(columns).map(<[_]>::to_vec).collect();
            let wanted = iou.map_or(IOUS[0], ApIou::name);
            let group = by_iou("", Naming::Order, &names, &rows, columns)
                .into_iter()
                .find(|group| group.column == wanted)
                .ok_or_else(|| bad(format!("holds no AP at IoU {wanted}")))?;
            let values: Vec<_> = group.classes.iter().map(|(_, ap)| *ap).collect();
            let column = ApColumn::of(path, Keys::InOrder(values.len()), &values, scale)?;
            ApColumn { name: format!("IoU {wanted}"), ..column }
        }
    };
    Ok(ApColumn { format, ..column })
}

/// A value of each class in order, `epsilon` that of their type.
///
/// # Errors
/// If one is no AP.
pub fn of_values(
    path: &Path,
    mut values: Vec<Option<f64>>,
    epsilon: f64,
    scale: Option<ApScale>,
) -> Result<ApColumn> {
    let doubt = overall_mean::leave_out(&mut values, epsilon);
    let highest = values.iter().flatten().copied().fold(0.0, f64::max);
    if (1.0 + 1e-9..=2.0).contains(&highest) && scale.is_none() {
        let problem = "holds values above 1 and none above 2, as Ultralytics' maps of masks or key \
                       points do, where each is the sum of two APs: give metrics.box.maps, or \
                       --ap-scale percent if they are percentages";
        return Err(Error::content(path, problem));
    }
    let column = ApColumn::of(path, Keys::InOrder(values.len()), &values, scale)?;
    let doubts = doubt.map(|doubt| format!("{}: {doubt}", path.display())).into_iter().collect();
    Ok(ApColumn { doubts, ..column })
}

/// The values in C order, none where one is NaN.
fn values(
    path: &Path,
    array: &Array,
    bytes: u64,
    reader: &mut impl Read,
) -> Result<Vec<Option<f64>>> {
    let bad = |problem: String| Error::content(path, problem);
    let Some(float) = Float::parse(&array.descr) else {
        return Err(bad(format!("holds elements of type {:?}: APs are floats", array.descr)));
    };
    array.check_length(float.width, bytes).map_err(bad)?;
    let count: usize = array.shape.iter().product();
    if count == 0 || array.shape[0] > MOST_CLASSES {
        return Err(bad(format!(
            "holds an array of shape {:?}: one row per class is expected",
            array.shape
        )));
    }
    let mut data = vec![0; count * float.width];
    reader.read_exact(&mut data).map_err(|error| file::failed(path, error))?;
    let mut stored: Vec<f64> = Vec::new();
    float.decode(&data, &mut stored);
    let rows = array.shape[0];
    let columns = count / rows;
    let place = |at: usize| match array.fortran {
        true => (at % columns) * rows + at / columns,
        false => at,
    };
    Ok((0..count).map(|at| Some(stored[place(at)]).filter(|ap| !ap.is_nan())).collect())
}
