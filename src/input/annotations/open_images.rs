//! Open Images: a csv with a row per box, whose classes are codes such as `/m/01`, and whose sides are shares of
//! the image. It is read as a stream; what is held is the name of each image.
//!
//! The columns are those of `oidv6-train-annotations-bbox.csv`, found by name, as
//! `OpenImagesDataset.load_data_list` of mmdetection 3 reads them.

use std::collections::HashMap;
use std::path::Path;

use super::object::{Listing, Object, Picture, Sink};
use crate::error::{Error, Result};
use crate::input::{file, names};
use crate::observer::Observer;
use crate::words::{check_name, grouped, trimmed};

/// Where the columns are.
struct Columns {
    image: usize,
    label: usize,
    /// XMin, XMax, YMin, YMax.
    sides: [usize; 4],
    group: Option<usize>,
}

/// Gives the boxes to a sink, in shares of their images. Where `class_names` is
/// `class-descriptions-boxable.csv`, the classes have the names that it gives to the codes.
///
/// # Errors
/// If the file cannot be read, or a row is no box.
pub(in crate::input) fn read(
    path: &Path,
    class_names: Option<&Path>,
    sink: Sink,
    observer: &dyn Observer,
) -> Result<Listing> {
    let described = class_names.map(names::descriptions).transpose()?.flatten();
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file::watched(path, observer)?);
    let failed = |error: csv::Error| match error.is_io_error() {
        true => {
            Error::Read { path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
        }
        false => Error::content(path, format!("is not a csv table: {error}")),
    };
    let columns = Columns::of(reader.headers().map_err(failed)?)
        .map_err(|problem| Error::content(path, problem))?;
    let mut listing = Listing::default();
    let (mut images, mut labels) = (HashMap::<String, u32>::new(), HashMap::<String, u32>::new());
    let (mut boxes, mut unnamed, mut last) = (0, 0, None);
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(failed)? {
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |problem: String| Error::content(path, format!("line {line}: {problem}"));
        let name = &row[columns.image];
        let image = match images.get(name) {
            Some(&image) => image,
            None => {
                let image = images.len() as u32;
                images.insert(name.to_owned(), image);
                listing.pictures.push(Picture {
                    stem: name.into(),
                    file_name: name.into(),
                    mark: 0,
                });
                image
            }
        };
        let label = &row[columns.label];
        let category = match (&last, labels.get(label)) {
            (Some((of, category)), _) if of == label => *category,
            (_, Some(&category)) => category,
            (_, None) => {
                let category = labels.len() as u32;
                labels.insert(label.to_owned(), category);
                let name = described.as_ref().and_then(|names| names.get(label));
                unnamed += u64::from(name.is_none());
                let name = name.map_or(trimmed(label), |name| name);
                if name.is_empty() {
                    return Err(wrong("has no LabelName".into()));
                }
                check_name(name).map_err(wrong)?;
                listing.categories.push(name.to_owned());
                category
            }
        };
        last = Some((label.to_owned(), category));
        let bbox = columns.bbox(&row).map_err(wrong)?;
        let crowd =
            columns.group.is_some_and(|at| matches!(&row[at], "1" | "1.0" | "true" | "True"));
        boxes += 1;
        let (size, in_pixels, difficult) = (None, false, false);
        sink(Object { image, category, bbox, size, in_pixels, crowd, difficult });
    }
    if boxes == 0 {
        return Err(Error::content(path, "has no row below its header"));
    }
    listing.notes.push(format!(
        "Open Images: {} boxes on {} images",
        grouped(boxes),
        grouped(listing.pictures.len() as u64)
    ));
    if unnamed > 0 {
        listing.notes.push(match described {
            None => "its classes are codes such as /m/01: give class-descriptions-boxable.csv as \
                     --class-names for their names"
                .into(),
            Some(_) => format!("{unnamed} of its codes have no name in the class descriptions"),
        });
    }
    Ok(listing)
}

impl Columns {
    fn of(header: &csv::StringRecord) -> std::result::Result<Columns, String> {
        let find = |name: &str| {
            header.iter().position(|column| trimmed(column).eq_ignore_ascii_case(name))
        };
        let known = |name: &str| find(name).ok_or_else(|| format!("has no column {name:?}"));
        if find("Score").is_some() {
            return Err("has a column \"Score\": it holds detections, not annotations".into());
        }
        let sides = match (find("XMin"), find("YMin")) {
            (None, None) => {
                return Err("has no boxes (XMin, XMax, YMin, YMax): it holds labels of whole images; give the \
                            annotations-bbox.csv".into());
            }
            _ => [known("XMin")?, known("XMax")?, known("YMin")?, known("YMax")?],
        };
        let (image, label) = (known("ImageID")?, known("LabelName")?);
        Ok(Columns { image, label, sides, group: find("IsGroupOf") })
    }

    /// Left, top, width and height.
    fn bbox(&self, row: &csv::StringRecord) -> std::result::Result<[f64; 4], String> {
        let mut sides = [0.0; 4];
        for (side, &at) in sides.iter_mut().zip(&self.sides) {
            let cell = &row[at];
            let number = cell.parse().ok().filter(|number: &f64| (-1.0..=2.0).contains(number));
            *side = number.ok_or_else(|| {
                format!("{cell:?} is not the side of a box as a fraction of the image")
            })?;
        }
        let [left, right, top, bottom] = sides;
        Ok([left, top, right - left, bottom - top])
    }
}
