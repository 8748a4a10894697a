//! How sure the AP of a class is: its 95% interval, by resampling the images (percentiles; Efron and
//! Tibshirani 1993, chapter 13).
//!
//! An image that is drawn w times counts w times, detections and objects: of each resample, AP is computed
//! from the ranking of all images with these weights. Detections that are false at all thresholds are only
//! added up.
//!
//! Each resample has its own ChaCha stream: the result is the same for any number of threads.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::ranked::{Ranked, THRESHOLDS};

/// Resamples of the images.
pub const RESAMPLES: usize = 1000;

/// Fewest images with objects of a class for an interval: of fewer, the resamples say little.
const FEWEST: usize = 5;

/// The seed of every stream.
const SEED: [u8; 32] = *b"igam-analyze: resampling  images";

/// How often each image is drawn in each resample.
pub struct Resamples {
    images: usize,
    weights: Vec<u8>,
}

impl Resamples {
    /// Draws from so many images.
    pub fn new(images: usize) -> Resamples {
        let mut weights = vec![0_u8; images * RESAMPLES];
        weights.par_chunks_mut(images.max(1)).enumerate().for_each(|(resample, weights)| {
            let mut random = ChaCha8Rng::from_seed(SEED);
            random.set_stream(resample as u64);
            for _ in 0..images {
                let drawn = (u64::from(random.next_u32()) * images as u64) >> 32;
                let weight = &mut weights[drawn as usize];
                *weight = weight.saturating_add(1);
            }
        });
        Resamples { images, weights }
    }

    /// The interval of a class's AP, the mean over `recalls` and IoU 0.5:0.95; none where fewer than
    /// [`FEWEST`] images have an object of it. Resamples without one are skipped.
    pub fn interval(&self, ranked: &Ranked, recalls: &[f64]) -> Option<(f64, f64)> {
        if ranked.of_images.len() < FEWEST {
            return None;
        }
        let class = Weighted::of(ranked);
        let precision =
            |slots: &mut Slots, weights: &[u8]| class.average_precision(weights, recalls, slots);
        let resamples = self.weights.par_chunks(self.images).with_min_len(16);
        let mut all: Vec<f64> = resamples.map_init(Slots::default, precision).flatten().collect();
        all.sort_unstable_by(f64::total_cmp);
        Some((quantile(&all, 0.025), quantile(&all, 0.975)))
    }
}

/// A quantile of ascending numbers; between two of them on the line that joins them.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share * (ascending.len() - 1) as f64;
    let (low, rest) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(ascending.len() - 1);
    ascending[low] + rest * (ascending[high] - ascending[low])
}

/// The best precision that reaches so many recalls and no more, at each threshold.
#[derive(Default)]
struct Slots([Vec<f64>; THRESHOLDS]);

/// A ranking, made short for weights.
struct Weighted<'a> {
    of_images: &'a [(u32, u32)],
    /// Images of the detections that are false at all thresholds.
    wrong: Vec<u32>,
    others: Vec<Other>,
}

/// A detection that is not false at all thresholds.
struct Other {
    image: u32,
    matched: u16,
    ignored: u16,
    /// Number of those before it that are.
    wrong_before: usize,
}

impl Weighted<'_> {
    fn of(ranked: &Ranked) -> Weighted<'_> {
        // Behind the last that is right, nothing counts.
        let last = ranked.detections.iter().rposition(|one| one.matched & !one.ignored != 0);
        let (mut wrong, mut others) = (Vec::new(), Vec::new());
        for one in &ranked.detections[..last.map_or(0, |last| last + 1)] {
            if one.matched | one.ignored == 0 {
                wrong.push(one.image);
            } else {
                others.push(Other {
                    image: one.image,
                    matched: one.matched,
                    ignored: one.ignored,
                    wrong_before: wrong.len(),
                });
            }
        }
        Weighted { of_images: &ranked.of_images, wrong, others }
    }

    /// AP with these weights of the images; none where no image with an object has one.
    fn average_precision(&self, weights: &[u8], recalls: &[f64], slots: &mut Slots) -> Option<f64> {
        let weight = |image: u32| u64::from(weights[image as usize]);
        let objects = self.of_images.iter().map(|&(image, count)| weight(image) * u64::from(count));
        let objects: u64 = objects.sum();
        if objects == 0 {
            return None;
        }
        let least = least_to_reach(recalls, objects);
        let (mut right, mut wrong) = ([0_u64; THRESHOLDS], [0_u64; THRESHOLDS]);
        let mut reached = [0; THRESHOLDS];
        let (mut always_wrong, mut at) = (0, 0);
        for slots in &mut slots.0 {
            slots.clear();
            slots.resize(recalls.len(), 0.0);
        }
        for other in &self.others {
            let before = &self.wrong[at..other.wrong_before];
            always_wrong += before.iter().map(|&image| weight(image)).sum::<u64>();
            at = other.wrong_before;
            let weight = weight(other.image);
            if weight == 0 {
                continue;
            }
            for threshold in 0..THRESHOLDS {
                if other.ignored >> threshold & 1 == 1 {
                    continue;
                }
                if other.matched >> threshold & 1 == 0 {
                    wrong[threshold] += weight;
                    continue;
                }
                right[threshold] += weight;
                let (right, reached) = (right[threshold], &mut reached[threshold]);
                while *reached < recalls.len() && right >= least[*reached] {
                    *reached += 1;
                }
                let all = right + wrong[threshold] + always_wrong;
                // As in pycocotools, where it keeps 0 from dividing.
                let precision = right as f64 / (all as f64 + f64::EPSILON);
                let best = &mut slots.0[threshold][*reached - 1];
                *best = best.max(precision);
            }
        }
        let sum: f64 = slots.0.iter().map(|slots| sum_of_best(slots)).sum();
        Some(sum / (THRESHOLDS * recalls.len()) as f64)
    }
}

/// The least number of objects found that reaches each recall; the first of them one at least.
fn least_to_reach(recalls: &[f64], objects: u64) -> Vec<u64> {
    let least = |&recall: &f64| {
        let near = (recall * objects as f64).floor() as u64;
        (near.saturating_sub(1).max(1)..).find(|&found| found as f64 / objects as f64 >= recall)
    };
    recalls.iter().map(|recall| least(recall).unwrap_or(objects)).collect()
}

/// The sum over the recalls of the best precision at each or more.
fn sum_of_best(slots: &[f64]) -> f64 {
    let best = |best: &mut f64, &precision: &f64| {
        *best = best.max(precision);
        Some(*best)
    };
    slots.iter().rev().scan(0.0, best).sum()
}
