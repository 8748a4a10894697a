//! YOLO: a `data.yaml`, images, and a label file beside each.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::data_yaml::DataYaml;
use super::object::{Listing, Object, Picture, Sink};
use super::yolo_rows::{self, Rows};
use crate::error::{Error, Result};
use crate::input::{file, image_size};
use crate::observer::{Observer, Unit};
use crate::words::grouped;

/// Files that are read at once.
const CHUNK: usize = 4096;

/// What is read of one image.
struct Labelled {
    rows: Rows,
    size: Option<[f64; 2]>,
    /// Whether it has a label file, and one with rows.
    has_file: bool,
}

/// Gives the objects of a split to a sink. Their boxes are in pixels where the header of the image says its
/// size.
///
/// # Errors
/// If the file, its split or a label cannot be used.
pub(in crate::input) fn read(
    path: &Path,
    split: &str,
    sink: Sink,
    observer: &dyn Observer,
) -> Result<Listing> {
    let yaml = DataYaml::read(path)?;
    let images = yaml.images(split)?;
    let mut listing = Listing { categories: yaml.names.clone(), ..Listing::default() };
    let (mut boxes, mut again, mut missing, mut unsized_images) = (0, 0, 0_u64, 0_u64);
    let progress = observer.progress(images.pairs.len() as u64, Unit::Files);
    for chunk in images.pairs.chunks(CHUNK) {
        let read: Vec<Result<Labelled>> =
            chunk.par_iter().map(|pair| labelled(pair, &yaml)).collect();
        for ((image, label), labelled) in chunk.iter().zip(read) {
            let Labelled { rows, size, has_file } = labelled?;
            let place = listing.pictures.len() as u32;
            boxes += rows.rows.len() as u64;
            again += rows.again;
            missing += u64::from(!has_file);
            unsized_images += u64::from(size.is_none() && image.is_file());
            for row in rows.rows {
                let [width, height] = size.unwrap_or([1.0; 2]);
                let [x, y, w, h] = row.bbox;
                sink(Object {
                    image: place,
                    category: row.class as u32,
                    bbox: [x * width, y * height, w * width, h * height],
                    size,
                    in_pixels: size.is_some(),
                    crowd: false,
                    difficult: false,
                });
            }
            let text = |part: Option<&std::ffi::OsStr>| {
                part.unwrap_or_default().to_string_lossy().into_owned()
            };
            listing.pictures.push(Picture {
                stem: text(image.file_stem()),
                file_name: text(image.file_name()),
                mark: file::mark(label),
            });
        }
        progress(chunk.len() as u64);
    }
    let mut note = format!(
        "YOLO, {split}: {} images with {} boxes",
        grouped(listing.pictures.len() as u64),
        grouped(boxes)
    );
    for (count, what) in [
        (missing, "images without a label file, which are background"),
        (again, "repeated boxes in one file, skipped as in Ultralytics"),
        (images.absent, "images that do not exist, whose labels are counted"),
        (
            unsized_images,
            "images whose size cannot be read, so the size of their objects is unknown",
        ),
    ] {
        if count > 0 {
            note += &format!("; {} {what}", grouped(count));
        }
    }
    listing.notes.push(note);
    Ok(listing)
}

fn labelled((image, label): &(PathBuf, PathBuf), yaml: &DataYaml) -> Result<Labelled> {
    let size = image_size::read(image);
    let empty = label.metadata().map(|metadata| metadata.len() == 0);
    let rows = match empty {
        Err(_) => return Ok(Labelled { rows: Rows::default(), size, has_file: false }),
        // An image without objects.
        Ok(true) => Rows::default(),
        Ok(false) => {
            let text = file::text(label).or_else(|error| blank(label).ok_or(error))?;
            yolo_rows::read(&text, yaml.names.len(), yaml.keypoints)
                .map_err(|problem| Error::content(label, problem))?
        }
    };
    Ok(Labelled { rows, size, has_file: true })
}

/// Nothing, where a file holds a byte order mark alone.
fn blank(label: &Path) -> Option<String> {
    (label.metadata().ok()?.len() <= 3).then(String::new)
}
