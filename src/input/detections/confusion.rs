//! The classes with which the objects of a class are confused.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hotcoco::primitives::sim::bbox_iou_pair;

use super::tide::FOREGROUND;

/// A detection of an image, as far as it lies on objects.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub class: usize,
    pub score: f64,
    /// Left, top, width and height.
    pub bbox: [f64; 4],
}

/// The class that an object is taken for: that of the detection of the highest score among those of other
/// classes whose IoU with it is at least 0.5; of equal scores the first.
pub fn taken_for(class: usize, bbox: [f64; 4], detections: &[Placed]) -> Option<usize> {
    let lies_on =
        |one: &&Placed| one.class != class && bbox_iou_pair(one.bbox, bbox, false) >= FOREGROUND;
    let better = |best: Placed, one: Placed| if one.score > best.score { one } else { best };
    detections.iter().filter(lies_on).copied().reduce(better).map(|best| best.class)
}

/// How often each class occurs; most often first, then in their order.
pub fn counted(classes: &[usize]) -> Vec<(usize, u64)> {
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    classes.iter().for_each(|&class| *counts.entry(class).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count)| Reverse(count));
    counts
}
