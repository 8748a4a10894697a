//! The detections of one image: which are false and why, which objects are missed, and with which classes
//! they are confused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hotcoco::primitives::sim::bbox_iou_pair;
use hotcoco::{Annotation, COCOeval, EvalImg, ThreshMatrix};

use super::confusion::{Placed, taken_for};
use super::ground_truth::is_difficult;
use super::ranked::{Cell, Detection, Fault, THRESHOLDS};
use super::tide::{FOREGROUND, Overlaps, error_type};
use crate::detections::ErrorType;

/// What is wrong with a detection, and the object that it would find if that were mended.
struct Finding {
    error: ErrorType,
    object: Option<u64>,
}

/// The detection that would find an object: the one of the highest score, of equal ones the first.
#[derive(Clone, Copy, PartialEq)]
struct Finder {
    score: f64,
    id: u64,
}

impl Finder {
    fn is_before(&self, other: &Finder) -> bool {
        self.score > other.score || (self.score == other.score && self.id < other.id)
    }
}

/// An image's annotations.
struct Scene<'a> {
    evaluator: &'a COCOeval,
    /// The objects of all classes but crowds and what is difficult, by class.
    objects: Vec<&'a Annotation>,
    /// The class of each object that counts and that no detection found.
    unfound: HashMap<u64, usize>,
}

/// Judges the detections of an image, whose `cells` are those of its classes.
pub fn judge(evaluator: &COCOeval, cells: &[&EvalImg]) -> Vec<Cell> {
    let scene = Scene::of(evaluator, cells);
    let findings: Vec<Vec<_>> = cells.iter().map(|cell| scene.findings(cell)).collect();
    let finders = finders(cells, &findings);
    let placed = scene.placed(cells);
    let mut judged: Vec<_> = cells
        .iter()
        .zip(&findings)
        .map(|(cell, findings)| scene.cell(cell, findings, &finders, &placed))
        .collect();
    // What mended detections of one class would give to another.
    for (cell, findings) in cells.iter().zip(&findings) {
        for (at, finding) in findings.iter().enumerate() {
            let Some(Finding { error: ErrorType::Classification, object: Some(object) }) = finding
            else {
                continue;
            };
            let (score, class) = (cell.dt_scores[at], scene.unfound[object]);
            if finders[object].id == cell.dt_ids[at]
                && let Some(gaining) = judged.iter_mut().find(|cell| cell.class == class)
            {
                gaining.gains.push(score);
            }
        }
    }
    judged
}

impl<'a> Scene<'a> {
    fn of(evaluator: &'a COCOeval, cells: &[&EvalImg]) -> Scene<'a> {
        let truth = evaluator.coco_gt();
        let ids = cells.first().map_or(&[][..], |cell| truth.get_ann_ids_for_img(cell.image_id));
        let objects = ids.iter().filter_map(|&id| truth.get_ann(id));
        let mut objects: Vec<_> =
            objects.filter(|object| !(object.iscrowd || is_difficult(object))).collect();
        objects.sort_by_key(|object| object.category_id);
        let unfound = cells.iter().flat_map(|cell| {
            let class = cell.category_id as usize;
            unfound(cell).map(move |id| (id, class))
        });
        Scene { evaluator, objects, unfound: unfound.collect() }
    }

    /// What is wrong with each detection of a class.
    fn findings(&self, cell: &EvalImg) -> Vec<Option<Finding>> {
        let is_false = |at: &usize| {
            !(cell.dt_matched[(0, *at)]
                || cell.dt_ignore[(0, *at)]
                || self.on_difficult(cell, *at) & 1 == 1)
        };
        let finding = |at: usize| Some(at).filter(is_false).map(|at| self.finding(cell, at));
        (0..cell.dt_ids.len()).map(finding).collect()
    }

    fn finding(&self, cell: &EvalImg, at: usize) -> Finding {
        let bbox = self.detection(cell, at);
        let truth = self.evaluator.coco_gt();
        let (mut own, mut nearest, mut repeats) = (0.0, None, false);
        for (place, &id) in cell.gt_ids.iter().enumerate() {
            let object = truth.get_ann(id);
            let iou =
                object.map_or(0.0, |object| bbox_iou_pair(bbox, sides(object), object.iscrowd));
            if iou > own {
                (own, nearest) = (iou, Some(id));
            }
            repeats |= iou >= FOREGROUND && cell.gt_matched[(0, place)];
        }
        let (mut other, mut of_other) = (0.0, None);
        for object in self.objects.iter().filter(|one| one.category_id != cell.category_id) {
            let iou = bbox_iou_pair(bbox, sides(object), false);
            if iou > other {
                (other, of_other) = (iou, Some(object.id));
            }
        }
        let error = error_type(Overlaps { own, other, repeats });
        let object = match error {
            ErrorType::Localization => nearest,
            ErrorType::Classification => of_other,
            _ => None,
        };
        Finding { error, object: object.filter(|id| self.unfound.contains_key(id)) }
    }

    /// The box of a detection.
    fn detection(&self, cell: &EvalImg, at: usize) -> [f64; 4] {
        self.evaluator.coco_dt().get_ann(cell.dt_ids[at]).map_or([0.0; 4], sides)
    }

    /// At which thresholds a detection that found nothing lies on a difficult object of its class. Of several,
    /// COCO's rules let the best count for nothing, and Pascal VOC's (`VOCevaldet.m` of the devkit) all.
    fn on_difficult(&self, cell: &EvalImg, at: usize) -> u16 {
        let truth = self.evaluator.coco_gt();
        let objects = cell.gt_ids.iter().filter_map(|&id| truth.get_ann(id));
        let mut difficult = objects.filter(|object| is_difficult(object)).peekable();
        if difficult.peek().is_none() {
            return 0;
        }
        let bbox = self.detection(cell, at);
        let iou =
            difficult.map(|object| bbox_iou_pair(bbox, sides(object), false)).fold(0.0, f64::max);
        let thresholds = self.evaluator.params.iou_thrs.iter().enumerate();
        let on = thresholds.filter(|(_, threshold)| iou >= **threshold).map(|(at, _)| 1 << at);
        on.sum::<u16>() & !bits(&cell.dt_matched, at)
    }

    /// The boxes of all detections, where an object was not found.
    fn placed(&self, cells: &[&EvalImg]) -> Vec<Placed> {
        if self.unfound.is_empty() {
            return Vec::new();
        }
        let of_cell = |&cell: &&EvalImg| {
            let class = cell.category_id as usize;
            let placed = move |at: usize| Placed {
                class,
                score: cell.dt_scores[at],
                bbox: self.detection(cell, at),
            };
            (0..cell.dt_ids.len()).map(placed).collect::<Vec<_>>()
        };
        cells.iter().flat_map(of_cell).collect()
    }

    fn cell(
        &self,
        cell: &EvalImg,
        findings: &[Option<Finding>],
        finders: &HashMap<u64, Finder>,
        placed: &[Placed],
    ) -> Cell {
        let (class, image) = (cell.category_id as usize, cell.image_id as u32);
        let detection = |(at, finding): (usize, &Option<Finding>)| Detection {
            score: cell.dt_scores[at],
            image,
            matched: bits(&cell.dt_matched, at),
            ignored: bits(&cell.dt_ignore, at) | self.on_difficult(cell, at),
            fault: finding.as_ref().map(|&Finding { error, object }| {
                let finds = object.is_some_and(|object| finders[&object].id == cell.dt_ids[at]);
                Fault { error, finds }
            }),
        };
        let objects = cell.num_gt_in_denominator();
        let not_found = unfound(cell).count();
        let truth = self.evaluator.coco_gt();
        let taken = unfound(cell).filter_map(|id| truth.get_ann(id));
        Cell {
            class,
            image,
            detections: findings.iter().enumerate().map(detection).collect(),
            objects: objects as u32,
            found: (objects - not_found) as u64,
            missed: unfound(cell).filter(|id| !finders.contains_key(id)).count() as u64,
            gains: Vec::new(),
            taken: taken.filter_map(|one| taken_for(class, sides(one), placed)).collect(),
        }
    }
}

/// The objects of a class that count and that no detection found at IoU 0.5.
fn unfound(cell: &EvalImg) -> impl Iterator<Item = u64> {
    let is = |at: &usize| !cell.gt_matched[(0, *at)] && cell.counts_as_miss(*at);
    (0..cell.gt_ids.len()).filter(is).map(|at| cell.gt_ids[at])
}

/// Which detection would find each object.
fn finders(cells: &[&EvalImg], findings: &[Vec<Option<Finding>>]) -> HashMap<u64, Finder> {
    let mut finders = HashMap::new();
    for (cell, findings) in cells.iter().zip(findings) {
        for (at, finding) in findings.iter().enumerate() {
            let Some(object) = finding.as_ref().and_then(|finding| finding.object) else {
                continue;
            };
            let one = Finder { score: cell.dt_scores[at], id: cell.dt_ids[at] };
            match finders.entry(object) {
                Entry::Vacant(none) => drop(none.insert(one)),
                Entry::Occupied(mut best) if one.is_before(best.get()) => drop(best.insert(one)),
                Entry::Occupied(_) => {}
            }
        }
    }
    finders
}

/// A box: left, top, width and height.
fn sides(annotation: &Annotation) -> [f64; 4] {
    annotation.bbox.unwrap_or_default()
}

/// What holds of a detection at each threshold.
fn bits(matrix: &ThreshMatrix<bool>, at: usize) -> u16 {
    (0..THRESHOLDS).map(|threshold| u16::from(matrix[(threshold, at)]) << threshold).sum()
}
