//! The detections of one class, best first, with their matches.

use hotcoco::metrics::counts::average_precision_ranked;

use crate::detections::ErrorType;

/// IoU thresholds: 0.5, 0.55, …, 0.95.
pub const THRESHOLDS: usize = 10;

/// A false detection at IoU 0.5.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What is wrong.
    pub error: ErrorType,
    /// Whether it would find an object if that were mended: of several that would find the same, the one
    /// of the highest score.
    pub finds: bool,
}

/// A detection, and what it is at each threshold: bit 0 is IoU 0.5.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    pub score: f64,
    /// The index of its image.
    pub image: u32,
    /// Whether it is matched to an object of its class.
    pub matched: u16,
    /// Whether it counts for nothing.
    pub ignored: u16,
    pub fault: Option<Fault>,
}

/// The detections and objects of one class on one image.
#[derive(Debug)]
pub struct Cell {
    pub class: usize,
    /// The index of the image.
    pub image: u32,
    pub detections: Vec<Detection>,
    /// Objects that count.
    pub objects: u32,
    /// Those that a detection found at IoU 0.5.
    pub found: u64,
    /// Those that none found, nor would find with its class or position corrected.
    pub missed: u64,
    /// Scores of the detections of other classes that would find one if their class were mended.
    pub gains: Vec<f64>,
    /// The class of the best detection on each object that is taken for another class.
    pub taken: Vec<usize>,
}

/// The same on all images.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// By falling score.
    pub detections: Vec<Detection>,
    /// Images that have objects which count, and how many.
    pub of_images: Vec<(u32, u32)>,
    pub found: u64,
    pub missed: u64,
    /// By falling score.
    pub gains: Vec<f64>,
    pub taken: Vec<usize>,
}

impl Ranked {
    /// Adds an image's.
    pub fn add(&mut self, cell: Cell) {
        self.detections.extend(cell.detections);
        if cell.objects > 0 {
            self.of_images.push((cell.image, cell.objects));
        }
        self.found += cell.found;
        self.missed += cell.missed;
        self.gains.extend(cell.gains);
        self.taken.extend(cell.taken);
    }

    /// Puts the best first. Of equal scores, the first image's stays first, as in pycocotools.
    pub fn rank(&mut self) {
        self.detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.gains.sort_by(|a, b| b.total_cmp(a));
    }

    /// Objects that count.
    pub fn objects(&self) -> u64 {
        self.of_images.iter().map(|&(_, objects)| u64::from(objects)).sum()
    }

    /// AP at one threshold: the mean over `recalls` of the best precision at that recall or more.
    pub fn average_precision(&self, threshold: usize, recalls: &[f64]) -> f64 {
        let bit = |bits: u16| bits >> threshold & 1 == 1;
        let matched: Vec<bool> = self.detections.iter().map(|one| bit(one.matched)).collect();
        let ignored: Vec<bool> = self.detections.iter().map(|one| bit(one.ignored)).collect();
        average_precision_ranked(&matched, Some(&ignored), self.objects() as usize, recalls)
    }
}
