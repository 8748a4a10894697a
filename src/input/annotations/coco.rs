//! COCO and LVIS annotation files: categories, how many annotations each has, how large they are, and in
//! how many images. The file is read as a stream, since such files take a gigabyte; what is held is the
//! area of each annotation as f32, the images of each category, and the size of each image.
//!
//! Follows `createIndex` in `PythonAPI/pycocotools/coco.py` of cocodataset/cocoapi, and
//! `lvis/lvis.py` of lvis-dataset/lvis-api, whose categories have `frequency` and `image_count`. What
//! trainers skip is from `parse_data_info` in `mmdet/datasets/coco.py` of mmdetection 3, and from
//! `load_coco_json` and `filter_empty_instances` of detectron2.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::choices::Include;
use super::counted::Annotations;
use super::other;
use super::tally::{Category, Odd, Tally};
use crate::classes::IdsFrom;
use crate::error::{Error, Result};
use crate::input::each::{Each, failed};
use crate::input::json::{self, Scalar};
use crate::input::table::is_absent;
use crate::observer::Observer;
use crate::words::{check_name, trimmed};

/// Most categories; the largest data sets have some ten thousand.
const MOST_CATEGORIES: usize = 1 << 20;

/// What such a file is, in sentences.
pub(in crate::input) const ANNOTATIONS: &str = "a COCO or LVIS annotation file";

/// Reads categories and annotations, of which only those that trainers take are counted, and what
/// `include` says.
///
/// # Errors
/// If the file cannot be read, or is no annotation file.
pub fn read(path: &Path, include: Include, observer: &dyn Observer) -> Result<Annotations> {
    let mut top = Top { include, areas_count: true, ..Top::default() };
    pass(path, &mut top, observer)?;
    // Sizes may stand behind the annotations, and only then say which of them lie outside. Where all areas
    // are 0, a tool did not fill them in.
    let areas_count = top.has_area || !top.lacks_area;
    if !areas_count
        || top.has_unlisted()
        || top.starts.iter().any(|(image, start)| top.begins_outside(*image, *start))
    {
        let Top { sizes, listed, .. } = top;
        top = Top { include, areas_count, sizes, listed, sized: true, ..Top::default() };
        pass(path, &mut top, observer)?;
    }
    let Some(categories) = top.categories.take() else {
        let problem = other::named(path).unwrap_or(
            "has no \"categories\": is it an annotation file, such as instances_train2017.json?",
        );
        return Err(Error::content(path, problem));
    };
    let checked = |(at, category): (usize, RawCategory)| {
        category.checked(at).map_err(|problem| Error::content(path, problem))
    };
    let categories = categories.into_iter().enumerate().map(checked).collect::<Result<_>>()?;
    let Top { tallies, lacks_image, image_names, odd, .. } = top;
    Ok(Annotations {
        path: path.to_owned(),
        ids_from: IdsFrom::Annotations,
        categories,
        tallies,
        lacks_image,
        image_names,
        notes: odd.note().map(|note| format!("{}: {note}", path.display())).into_iter().collect(),
    })
}

/// Reads the file once.
fn pass(path: &Path, top: &mut Top, observer: &dyn Observer) -> Result<()> {
    let mut json = serde_json::Deserializer::from_reader(json::watched(path, observer)?);
    match json.deserialize_any(&mut *top).and_then(|()| json.end()) {
        Ok(()) => Ok(()),
        Err(error) => {
            let problem = top.problem.take();
            // A list, or an object per line, may be what another tool writes.
            let named = other::named(path).map(str::to_owned).filter(|_| !error.is_io());
            let problem = named.filter(|_| top.categories.is_none()).or(problem);
            Err(json::refused(path, error, problem, ANNOTATIONS))
        }
    }
}

/// A category as it stands in the file.
#[derive(Deserialize)]
pub(in crate::input) struct RawCategory {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    name: Scalar,
    #[serde(default)]
    supercategory: Scalar,
    frequency: Option<String>,
    #[serde(default)]
    image_count: Scalar,
}

impl RawCategory {
    /// The category with the index `at` in the file.
    pub(in crate::input) fn checked(self, at: usize) -> std::result::Result<Category, String> {
        let Some(id) = self.id.whole() else {
            return Err(format!(
                "category {at} (from 0): its id {} is not a whole number",
                self.id
            ));
        };
        let name = match self.name {
            Scalar::Text(name) => trimmed(&name).to_owned(),
            Scalar::Integer(name) => name.to_string(),
            Scalar::Missing => return Err(format!("category {id} has no name")),
            other => return Err(format!("category {id}: its name is {other}, not a text")),
        };
        if name.is_empty() {
            return Err(format!("category {id}: its name is empty"));
        }
        check_name(&name).map_err(|problem| format!("category {id}: {problem}"))?;
        let image_count = self.image_count.whole().and_then(|count| count.try_into().ok());
        let supercategory = match &self.supercategory {
            Scalar::Text(group) => Some(trimmed(group).to_owned()),
            Scalar::Integer(group) => Some(group.to_string()),
            _ => None,
        };
        // Nobody has asked for it: one that cannot be shown is none.
        let supercategory =
            supercategory.filter(|group| !is_absent(group) && check_name(group).is_ok());
        Ok(Category { id, name, supercategory, frequency: self.frequency, image_count })
    }
}

/// The object of the file, and how it is read.
#[derive(Default)]
struct Top {
    include: Include,
    /// Whether an area of 0 says that there is none.
    areas_count: bool,
    categories: Option<Vec<RawCategory>>,
    tallies: Option<HashMap<i64, Tally>>,
    odd: Odd,
    /// The images that the file lists.
    listed: HashSet<u64>,
    /// The name of each image, hashed.
    image_names: HashMap<u64, u64>,
    /// Width and height of each image.
    sizes: HashMap<u64, [f32; 2]>,
    /// Whether `sizes` and `listed` are as complete as they get.
    sized: bool,
    /// Before the sizes are known, where in an image the last box begins, from its left and top.
    starts: HashMap<u64, [f32; 2]>,
    /// Whether an annotation has an area above 0, and whether one lacks it.
    has_area: bool,
    lacks_area: bool,
    /// Whether an annotation does not say its image.
    lacks_image: bool,
    /// What is wrong with an annotation.
    problem: Option<String>,
}

impl Top {
    /// Whether the file lists its images, and this one is none of them.
    fn is_unlisted(&self, image: u64) -> bool {
        !self.listed.is_empty() && !self.listed.contains(&image)
    }

    /// Whether an annotation that counts is on such an image, as the images stand behind it.
    fn has_unlisted(&self) -> bool {
        let mut images = self.tallies.iter().flatten().flat_map(|(_, tally)| &tally.images);
        !self.include.ignored && !self.lacks_image && images.any(|&image| self.is_unlisted(image))
    }

    /// Whether a box that begins there lies outside its image.
    fn begins_outside(&self, image: u64, [x, y]: [f32; 2]) -> bool {
        self.sizes.get(&image).is_some_and(|&[width, height]| x >= width || y >= height)
    }

    /// Counts an annotation, which has the index `at` in the file.
    fn count(&mut self, at: u64, annotation: &Annotation) -> std::result::Result<(), String> {
        let wrong = |problem: String| format!("annotation {at} (from 0) {problem}");
        let category = match (&annotation.category_id, annotation) {
            (Scalar::Missing, Annotation { segments_info: Some(_), .. }) => {
                return Err("is a panoptic file, whose segments are not instances: give the \
                            instances_*.json that goes with it"
                    .into());
            }
            (Scalar::Missing, Annotation { caption: Some(_), .. }) => {
                return Err(
                    "holds captions, not boxes: give the instances_*.json that goes with it".into(),
                );
            }
            (Scalar::Missing, _) => {
                return Err(wrong("has no \"category_id\": give it one, or remove it".into()));
            }
            (id, _) => id.whole().ok_or_else(|| {
                wrong(format!("has the \"category_id\" {id}, which is not a whole number"))
            })?,
        };
        let flag = |name: &str, flag: &Scalar| {
            flag.flag().ok_or_else(|| {
                wrong(format!("has {name:?}: {flag}, which is neither 0 nor 1: correct it"))
            })
        };
        let crowd = flag("iscrowd", &annotation.iscrowd)?;
        let ignored = flag("ignore", &annotation.ignore)?;
        let image = annotation.image_id.mark();
        let left_out = crowd && !self.include.crowd
            || !self.include.ignored && self.leaves_out(image, annotation, ignored);
        let tally = self.tallies.get_or_insert_default().entry(category).or_default();
        if left_out {
            return Ok(());
        }
        tally.instances += 1;
        tally.add_image(image);
        tally.areas.extend(annotation.size());
        self.lacks_image |= matches!(annotation.image_id, Scalar::Missing);
        Ok(())
    }

    /// Whether no trainer takes an annotation, which is noted.
    fn leaves_out(&mut self, image: u64, annotation: &Annotation, ignored: bool) -> bool {
        let area = annotation.area.number();
        self.has_area |= area.is_some_and(|area| area > 0.0);
        let mut empty = area.is_some_and(|area| area <= 0.0);
        let (mut outside, mut thin) = (false, false);
        if let Sides::Four([x, y, width, height]) = annotation.bbox {
            let no_box = width <= 0.0 || height <= 0.0;
            self.lacks_area |= empty && !no_box;
            empty = empty && self.areas_count || no_box;
            thin = width < 1.0 || height < 1.0;
            let start = [x as f32, y as f32];
            outside = x + width <= 0.0 || y + height <= 0.0 || self.begins_outside(image, start);
            if !self.sized {
                let last = self.starts.entry(image).or_insert(start);
                *last = [last[0].max(start[0]), last[1].max(start[1])];
            }
        }
        let has_image = !matches!(annotation.image_id, Scalar::Missing);
        let unlisted = self.sized && has_image && self.is_unlisted(image);
        let odd = &mut self.odd;
        for (is, count) in [
            (ignored, &mut odd.ignored),
            (empty, &mut odd.empty),
            (unlisted, &mut odd.unlisted),
            (outside, &mut odd.outside),
        ] {
            if is {
                *count += 1;
                return true;
            }
        }
        odd.thin += u64::from(thin);
        false
    }
}

impl<'de> Visitor<'de> for &mut Top {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with \"categories\" and \"annotations\"")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> std::result::Result<(), A::Error> {
        self.problem = Some(json::list(items).into());
        Err(failed())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<(), A::Error> {
        let mut problem = None;
        let read = self.read(&mut entries, &mut problem);
        self.problem = problem;
        read
    }
}

impl Top {
    /// Reads the entries of the object; a sentence is left as the `problem` where one of them cannot be used.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        problem: &mut Option<String>,
    ) -> std::result::Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match key.as_str() {
                "categories" => {
                    let mut categories = Vec::new();
                    let mut add = |category| {
                        categories.push(category);
                        check_number(categories.len())
                    };
                    let each = Each { what: "categories", item: &mut add, problem };
                    if entries.next_value_seed(each)? {
                        self.categories = Some(categories);
                    }
                }
                "annotations" => {
                    let mut at = 0;
                    let mut count = |annotation| {
                        self.count(at, &annotation)?;
                        at += 1;
                        check_number(self.tallies.as_ref().map_or(0, HashMap::len))
                    };
                    let each = Each { what: "annotations", item: &mut count, problem };
                    if entries.next_value_seed(each)? {
                        self.tallies.get_or_insert_default();
                    }
                }
                "images" => {
                    let mut add = |image| {
                        self.add_image(image);
                        Ok(())
                    };
                    let each = Each { what: "images", item: &mut add, problem };
                    self.sized |= entries.next_value_seed(each)?;
                }
                _ => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn add_image(&mut self, image: Image) {
        let Image::Sized { id, width, height, file_name } = image else { return };
        self.listed.insert(id.mark());
        if let Scalar::Text(name) = file_name {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            self.image_names.insert(id.mark(), hasher.finish());
        }
        if let (Some(width), Some(height)) = (width.number(), height.number())
            && width > 0.0
            && height > 0.0
        {
            self.sizes.insert(id.mark(), [width as f32, height as f32]);
        }
    }
}

fn check_number(categories: usize) -> std::result::Result<(), String> {
    if categories <= MOST_CATEGORIES {
        return Ok(());
    }
    Err(format!("has more than {MOST_CATEGORIES} categories"))
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    category_id: Scalar,
    #[serde(default)]
    image_id: Scalar,
    #[serde(default)]
    iscrowd: Scalar,
    #[serde(default)]
    ignore: Scalar,
    #[serde(default)]
    area: Scalar,
    #[serde(default)]
    bbox: Sides,
    caption: Option<IgnoredAny>,
    segments_info: Option<IgnoredAny>,
}

impl Annotation {
    /// Its area in pixels², or else that of its box; none that is 0 or not finite.
    fn size(&self) -> Option<f32> {
        let of_box = match self.bbox {
            Sides::Four([_, _, width, height]) if width > 0.0 && height > 0.0 => {
                Some(width * height)
            }
            _ => None,
        };
        let mut areas = [self.area.number(), of_box].into_iter().flatten().map(|area| area as f32);
        areas.find(|area| *area > 0.0 && area.is_finite())
    }
}

/// A box, where it is one: left, top, width and height.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::input) enum Sides {
    Four([f64; 4]),
    Unknown(IgnoredAny),
}

impl Sides {
    /// What an infinite number is read as, no number of pixels.
    pub(in crate::input) const FINITE: f64 = 1e100;

    /// The box, if it has four finite numbers, of which width and height are not below 0.
    pub(in crate::input) fn checked(self) -> std::result::Result<[f64; 4], String> {
        match self {
            Sides::Four(sides) if sides.iter().all(|side| side.abs() < Sides::FINITE) => {
                match sides[2] < 0.0 || sides[3] < 0.0 {
                    false => Ok(sides),
                    true => Err(format!(
                        "has the \"bbox\" {sides:?}, whose width or height is below 0: COCO boxes \
                         are left, top, width, height"
                    )),
                }
            }
            _ => Err("has no \"bbox\" of four finite numbers (left, top, width, height)".into()),
        }
    }
}

impl Default for Sides {
    fn default() -> Sides {
        Sides::Unknown(IgnoredAny)
    }
}

/// An image, of which only the size and the name are of use.
#[derive(Deserialize)]
#[serde(untagged)]
enum Image {
    Sized {
        id: Scalar,
        #[serde(default)]
        width: Scalar,
        #[serde(default)]
        height: Scalar,
        #[serde(default)]
        file_name: Scalar,
    },
    Unknown(IgnoredAny),
}
