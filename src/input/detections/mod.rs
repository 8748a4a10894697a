//! COCO results: a list of boxes with scores, evaluated against COCO or LVIS annotations by the crate
//! `hotcoco`, whose matches are those of pycocotools and lvis-api. Of each class: AP, the error types of
//! TIDE, what its objects are taken for, and how sure its AP is.
//!
//! What is held: each detection with its matches, some 500 bytes, and the weights of the bootstrap, a byte
//! an image and resample.

mod bootstrap;
mod coco_truth;
mod confusion;
mod ground_truth;
mod image;
mod join;
mod lists;
mod ranked;
mod results;
mod tide;

use std::path::{Path, PathBuf};

use hotcoco::params::default_rec_thrs;
use hotcoco::{COCO, COCOeval, IouType};
use rayon::prelude::*;

use super::{file, json};
use crate::classes::{Classes, IdsFrom};
use crate::detections::ClassDetections;
use crate::detector::Evaluated;
use crate::error::{Error, Result};
use crate::observer::{Observer, Unit};
use bootstrap::Resamples;
pub use ground_truth::GroundTruthFiles;
use ground_truth::{GroundTruth, IdsOf};
use ranked::{Ranked, THRESHOLDS};

/// Reads detections, `[{"image_id": …, "category_id": …, "bbox": [x, y, width, height], "score": …}, …]`,
/// and evaluates their boxes by the annotations of the ground truth: by the rules of LVIS where its images
/// say which categories were annotated (`neg_category_ids`, `not_exhaustive_category_ids`), else by
/// COCO's. Crowds count as there, and `ignore` does not count. What Pascal VOC calls difficult counts for
/// nothing, and neither do detections on it.
///
/// # Errors
/// If a file cannot be read or is not what it should be. If the ground truth does not have the image or the
/// category of a detection, or if two could be meant.
pub fn read(
    detections: &Path,
    ground_truth: impl Into<GroundTruthFiles>,
    observer: &dyn Observer,
) -> Result<Evaluated> {
    let files = ground_truth.into();
    check_kinds(detections, files.path())?;
    let truth = ground_truth::read(&files, observer)?;
    let found = results::read(detections, &truth, files.numbering, observer)?;
    let ids_from = match truth.ids {
        IdsOf::File => IdsFrom::Annotations,
        IdsOf::List => IdsFrom::List,
        IdsOf::Nothing => IdsFrom::Nobody,
    };
    let classes = Classes::new(truth.categories.to_vec(), ids_from)
        .map_err(|problem| Error::content(files.path(), problem))?;
    let rules = if truth.federated { "the federated rules of LVIS" } else { "the rules of COCO" };
    let mut notes = vec![format!(
        "{}: {} boxes on {} images, evaluated against {} by {rules}",
        detections.display(),
        found.boxes.len(),
        truth.dataset.images.len(),
        list(&files.paths)
    )];
    notes.extend(truth.notes.iter().cloned().chain(found.notes));
    let images = truth.dataset.images.len();
    let areas = truth.median_areas();
    let of_classes = ranked_classes(truth, found.boxes)?;
    let resamples = Resamples::new(images);
    let all = of_classes.iter().map(|ranked| ranked.detections.len() as u64).sum();
    let progress = observer.progress(all, Unit::Boxes);
    let detections_of = |(ranked, median_area): (&Ranked, Option<f64>)| {
        let detections = ClassDetections { median_area, ..of_class(ranked, &resamples) };
        progress(ranked.detections.len() as u64);
        detections
    };
    let path = detections.to_owned();
    let detections = of_classes.par_iter().zip(areas).map(detections_of).collect();
    Ok(Evaluated { path, classes, detections, notes })
}

/// Paths, for a sentence.
fn list(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(" and ")
}

/// Checks by its first sign that each file can be what it is given as.
fn check_kinds(detections: &Path, ground_truth: &Path) -> Result<()> {
    let is_list = json::first(detections)? == b'[';
    // Folders and files of other formats are recognized elsewhere.
    let of_truth = match ground_truth.is_file() {
        true => file::beginning(ground_truth).trim_start().bytes().next(),
        false => None,
    };
    let (path, problem) = match (is_list, of_truth == Some(b'[')) {
        (true, false) => return Ok(()),
        (false, true) => (
            detections,
            format!(
                "is not a list, but {} is one: are --detections and --ground-truth swapped?",
                ground_truth.display()
            ),
        ),
        (false, false) => (
            detections,
            "is not a list of detections: give COCO results, [{\"image_id\": …, \"category_id\": \
             …, \"bbox\": …, \"score\": …}, …]"
                .into(),
        ),
        (true, true) => (
            ground_truth,
            "is not an annotation file, an object with \"images\", \"annotations\" and \
             \"categories\": give that of the evaluated images, such as instances_val2017.json"
                .into(),
        ),
    };
    Err(Error::content(path, problem))
}

/// The detections of each category, ranked, with what is wrong with each.
fn ranked_classes(truth: GroundTruth, boxes: Vec<hotcoco::Annotation>) -> Result<Vec<Ranked>> {
    let GroundTruth { dataset, federated, categories, .. } = truth;
    let (images, of_classes) = (dataset.images.clone(), dataset.categories.clone());
    let found = hotcoco::Dataset {
        images,
        annotations: boxes,
        categories: of_classes,
        ..hotcoco::Dataset::default()
    };
    let (truth, found) = (COCO::from_dataset(dataset), COCO::from_dataset(found));
    let mut evaluator = match federated {
        true => COCOeval::new_lvis(truth, found, IouType::Bbox),
        false => COCOeval::new(truth, found, IouType::Bbox),
    };
    let all = evaluator.params.all_area_idx();
    evaluator.params.area_ranges = vec![evaluator.params.area_ranges.swap_remove(all)];
    let failed = |error: hotcoco::Error| Error::Input(format!("cannot be evaluated: {error}"));
    evaluator.evaluate().map_err(failed)?;
    debug_assert_eq!(evaluator.params.iou_thrs.len(), THRESHOLDS);
    let cells: Vec<_> = evaluator.eval_imgs().iter().flatten().collect();
    let of_images: Vec<_> = cells.chunk_by(|a, b| a.image_id == b.image_id).collect();
    let judged: Vec<_> =
        of_images.into_par_iter().map(|cells| image::judge(&evaluator, cells)).collect();
    let mut classes = vec![Ranked::default(); categories.len()];
    // In the order of the images, which decides between equal scores.
    for cell in judged.into_iter().flatten() {
        classes[cell.class].add(cell);
    }
    classes.par_iter_mut().for_each(Ranked::rank);
    Ok(classes)
}

/// All that is known of a class's detections.
fn of_class(ranked: &Ranked, resamples: &Resamples) -> ClassDetections {
    let recalls = default_rec_thrs();
    let at: Vec<f64> =
        (0..THRESHOLDS).map(|threshold| ranked.average_precision(threshold, &recalls)).collect();
    let mean = at.iter().sum::<f64>() / THRESHOLDS as f64;
    let objects = ranked.objects();
    ClassDetections {
        objects,
        found: ranked.found,
        ap: [mean, at[0], at[5]].map(|ap| (objects > 0).then_some(ap)),
        interval: resamples.interval(ranked, &recalls),
        errors: tide::costs(ranked, &recalls),
        taken_for: confusion::counted(&ranked.taken),
        median_area: None,
    }
}
