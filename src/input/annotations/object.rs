//! Objects as Pascal VOC, YOLO and Open Images have them, and how they are counted.

use std::collections::HashMap;

use super::choices::Include;
use super::tally::{Odd, Tally};

/// An object on an image.
#[derive(Clone, Copy, Debug)]
pub(in crate::input) struct Object {
    /// The index of its image in the source.
    pub(in crate::input) image: u32,
    /// The index of its category in the source.
    pub(in crate::input) category: u32,
    /// Left, top, width and height, in pixels where the size of the image is known; else in shares of it.
    pub(in crate::input) bbox: [f64; 4],
    /// Width and height of the image, pixels.
    pub(in crate::input) size: Option<[f64; 2]>,
    /// Whether the box is in pixels.
    pub(in crate::input) in_pixels: bool,
    /// Whether it is a group that is no single object.
    pub(in crate::input) crowd: bool,
    /// Whether Pascal VOC calls it difficult.
    pub(in crate::input) difficult: bool,
}

/// An image.
#[derive(Clone, Debug)]
pub(in crate::input) struct Picture {
    /// What results call it: the name of its file without the ending.
    pub(in crate::input) stem: String,
    /// The name of its file.
    pub(in crate::input) file_name: String,
    /// What tells the file that has its labels from others: its path, hashed; 0 where it has none of its own.
    pub(in crate::input) mark: u64,
}

/// What a source has beside its objects.
#[derive(Debug, Default)]
pub(in crate::input) struct Listing {
    /// All images, those without objects too.
    pub(in crate::input) pictures: Vec<Picture>,
    /// Names of the categories, by index.
    pub(in crate::input) categories: Vec<String>,
    /// Of images, in words for a person: what the source is, and how much of it was read.
    pub(in crate::input) notes: Vec<String>,
}

/// Takes the objects of a source, in the order of its images.
pub(in crate::input) type Sink<'a> = &'a mut dyn FnMut(Object);

/// Objects, counted.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) include: Include,
    pub(super) tallies: HashMap<i64, Tally>,
    pub(super) odd: Odd,
    pub(super) crowds: u64,
    pub(super) difficult: u64,
}

impl Counting {
    /// Counts an object, unless trainers leave it out and nobody asks for it.
    pub(super) fn add(&mut self, object: Object) {
        let tally = self.tallies.entry(i64::from(object.category)).or_default();
        if object.crowd && !self.include.crowd {
            self.crowds += 1;
            return;
        }
        if object.difficult && !self.include.difficult {
            self.difficult += 1;
            return;
        }
        let [left, top, width, height] = object.bbox;
        if !self.include.ignored {
            if width <= 0.0 || height <= 0.0 {
                self.odd.empty += 1;
                return;
            }
            let [right, bottom] = match (object.in_pixels, object.size) {
                (true, Some(size)) => size,
                (true, None) => [f64::INFINITY; 2],
                (false, _) => [1.0; 2],
            };
            if left + width <= 0.0 || top + height <= 0.0 || left >= right || top >= bottom {
                self.odd.outside += 1;
                return;
            }
            self.odd.thin += u64::from(object.in_pixels && (width < 1.0 || height < 1.0));
        }
        tally.instances += 1;
        tally.add_image(u64::from(object.image));
        let area = (width * height) as f32;
        if object.in_pixels && area > 0.0 && area.is_finite() {
            tally.areas.push(area);
        }
    }
}
