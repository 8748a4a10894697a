//! What is counted of a category, whatever the format: annotations, their areas, and the images that they are
//! in. What is held is the area of each annotation as f32, and the images of each category.

use crate::words::grouped;

/// A category of an annotation source.
#[derive(Clone, Debug)]
pub(in crate::input) struct Category {
    pub(in crate::input) id: i64,
    pub(in crate::input) name: String,
    pub(super) supercategory: Option<String>,
    /// LVIS's letter.
    pub(super) frequency: Option<String>,
    /// Images that hold it, where the file says so.
    pub(super) image_count: Option<u64>,
}

impl Category {
    /// A category of which nothing else is known.
    pub(super) fn new(id: i64, name: &str) -> Category {
        let name = name.to_owned();
        Category { id, name, supercategory: None, frequency: None, image_count: None }
    }
}

/// What is counted of a category.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) instances: u64,
    /// Its images; some more than once.
    pub(super) images: Vec<u64>,
    /// Area of each instance that has one, pixels².
    pub(super) areas: Vec<f32>,
}

impl Tally {
    pub(super) fn add_image(&mut self, image: u64) {
        if self.images.last() == Some(&image) {
            return;
        }
        // No more room is taken than twice the different images need.
        if self.images.len() == self.images.capacity() {
            self.leave_each_image_once();
            self.images.reserve_exact(self.images.len());
        }
        self.images.push(image);
    }

    pub(super) fn leave_each_image_once(&mut self) {
        self.images.sort_unstable();
        self.images.dedup();
    }

    /// Median of ln(area), if any area is known.
    pub(super) fn median_log_area(&mut self) -> Option<f64> {
        self.areas.sort_unstable_by(f32::total_cmp);
        let log = |at: usize| f64::from(self.areas[at]).ln();
        let last = self.areas.len().checked_sub(1)?;
        Some(0.5 * (log(last / 2) + log(last.div_ceil(2))))
    }

    /// Adds what another file has of the category.
    pub(super) fn add(&mut self, other: Tally) {
        self.instances += other.instances;
        self.images.extend(other.images);
        self.areas.extend(other.areas);
    }
}

/// Annotations that no or not every trainer takes.
#[derive(Debug, Default)]
pub(super) struct Odd {
    /// Skipped, each for the first of these reasons.
    pub(super) ignored: u64,
    pub(super) empty: u64,
    pub(super) unlisted: u64,
    pub(super) outside: u64,
    /// Counted, with a side below one pixel.
    pub(super) thin: u64,
}

impl Odd {
    /// What the user should know of them.
    pub(super) fn note(&self) -> Option<String> {
        let reasons = [
            (self.ignored, "marked \"ignore\""),
            (self.empty, "without area"),
            (self.unlisted, "of images that the file does not list"),
            (self.outside, "outside their image"),
        ];
        let of = |(count, what): &(u64, &str)| (*count > 0).then(|| format!("{count} {what}"));
        let mut said: Vec<String> = reasons.iter().filter_map(of).collect();
        if !said.is_empty() {
            let left_out = said.join(", ");
            said = vec![format!(
                "skipped annotations, as mmdetection and detectron2 do in training: {left_out}; \
                 --include-ignored counts them"
            )];
        }
        if self.thin > 0 {
            said.push(format!(
                "counted {} with a side below one pixel: detectron2 trains on them, mmdetection \
                 does not",
                self.thin
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// Boxes that are skipped because of their kind, where there are some.
pub(super) fn left_out(count: u64, what: &str, option: &str) -> Option<String> {
    (count > 0).then(|| format!("skipped {} {what}: {option} counts them", grouped(count)))
}
