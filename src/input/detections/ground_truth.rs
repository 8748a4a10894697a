//! The annotations that detections are evaluated against, without their masks.

use std::collections::HashMap;
use std::path::Path;

use hotcoco::{Annotation, Category, Dataset, Image};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::input::annotations::{ANNOTATIONS, RawCategory, Sides};
use crate::input::json::{self, Scalar};
use crate::kernel::median;

/// What is read of an annotation file. Ids are places: of images and categories in the order of their ids,
/// which decides between equal scores, as in pycocotools.
pub struct GroundTruth {
    pub dataset: Dataset,
    /// Whether its images say which categories were looked for, as LVIS's do.
    pub federated: bool,
    /// Id and name of each category, by id.
    pub categories: Vec<(i64, String)>,
    /// The place of each image.
    pub images: HashMap<Id, u64>,
    /// The place of each category.
    pub places: HashMap<i64, u64>,
    /// What the user should know of how it was read.
    pub notes: Vec<String>,
}

/// The id of an image: a number, or in some data sets a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    /// The id that a value is.
    pub fn of(value: &Scalar) -> Option<Id> {
        match (value.whole(), value) {
            (Some(number), _) => Some(Id::Number(number)),
            (None, Scalar::Text(text)) => Some(Id::Text(text.clone())),
            _ => None,
        }
    }
}

/// Reads an annotation file.
///
/// # Errors
/// If it cannot be read, is no annotation file, or holds no annotation.
pub fn read(path: &Path) -> Result<GroundTruth> {
    let raw: Raw = serde_json::from_reader(json::open(path)?)
        .map_err(|error| json::refused(path, error, None, ANNOTATIONS))?;
    raw.checked().map_err(|problem| Error::content(path, problem)).map(|mut truth| {
        truth.notes.iter_mut().for_each(|note| *note = format!("{}: {note}", path.display()));
        truth
    })
}

#[derive(Deserialize)]
struct Raw {
    images: Option<Vec<RawImage>>,
    annotations: Option<Vec<RawAnnotation>>,
    categories: Option<Vec<RawCategory>>,
}

#[derive(Deserialize)]
struct RawImage {
    #[serde(default)]
    id: Scalar,
    neg_category_ids: Option<Vec<i64>>,
    not_exhaustive_category_ids: Option<Vec<i64>>,
}

#[derive(Deserialize)]
struct RawAnnotation {
    #[serde(default)]
    image_id: Scalar,
    #[serde(default)]
    category_id: Scalar,
    #[serde(default)]
    bbox: Sides,
    #[serde(default)]
    area: Scalar,
    #[serde(default)]
    iscrowd: Scalar,
}

impl Raw {
    fn checked(self) -> std::result::Result<GroundTruth, String> {
        let lacks = |what: &str| {
            format!(
                "has no {what:?}: give the annotation file that the detections are of, such as \
                 instances_val2017.json"
            )
        };
        let images = self.images.filter(|images| !images.is_empty());
        let annotations = self.annotations.filter(|annotations| !annotations.is_empty());
        let (images, annotations, categories) = (
            images.ok_or_else(|| lacks("images"))?,
            annotations.ok_or_else(|| lacks("annotations"))?,
            self.categories.ok_or_else(|| lacks("categories"))?,
        );
        let names = |(at, category): (usize, RawCategory)| {
            category.checked(at).map(|category| (category.id, category.name))
        };
        let mut categories = categories
            .into_iter()
            .enumerate()
            .map(names)
            .collect::<std::result::Result<Vec<_>, _>>()?;
        categories.sort();
        let places = (0..).zip(&categories).map(|(place, (id, _))| (*id, place)).collect();
        let mut truth = GroundTruth {
            federated: images.iter().any(RawImage::is_federated),
            images: places_of(&images)?,
            categories,
            places,
            dataset: Dataset::default(),
            notes: Vec::new(),
        };
        truth.set_images(&images);
        let category = |(place, (_, name)): (u64, &(i64, String))| Category {
            id: place,
            name: name.clone(),
            ..Category::default()
        };
        truth.dataset.categories = (0..).zip(&truth.categories).map(category).collect();
        truth.add(annotations)?;
        Ok(truth)
    }
}

impl RawImage {
    fn is_federated(&self) -> bool {
        self.neg_category_ids.is_some() || self.not_exhaustive_category_ids.is_some()
    }
}

/// The place of each image in the order of their ids.
fn places_of(images: &[RawImage]) -> std::result::Result<HashMap<Id, u64>, String> {
    let id = |(at, image): (usize, &RawImage)| {
        let no_id = || format!("image {at} (from 0) has the \"id\" {}, which is no id", image.id);
        Id::of(&image.id).ok_or_else(no_id)
    };
    let mut ids = images.iter().enumerate().map(id).collect::<std::result::Result<Vec<_>, _>>()?;
    ids.sort();
    ids.dedup();
    Ok(ids.into_iter().zip(0..).collect())
}

impl GroundTruth {
    fn set_images(&mut self, images: &[RawImage]) {
        let places = |ids: &Option<Vec<i64>>| -> Vec<u64> {
            ids.iter().flatten().filter_map(|id| self.places.get(id).copied()).collect()
        };
        // Of an image that is listed twice, the last counts, as in pycocotools.
        let mut of_place = vec![Image::default(); self.images.len()];
        for image in images {
            let Some(&place) = Id::of(&image.id).and_then(|id| self.images.get(&id)) else {
                continue;
            };
            of_place[place as usize] = Image {
                id: place,
                neg_category_ids: places(&image.neg_category_ids),
                not_exhaustive_category_ids: places(&image.not_exhaustive_category_ids),
                ..Image::default()
            };
        }
        self.dataset.images = of_place;
    }

    /// The median area of the objects of each category, crowds left out, pixels².
    pub fn median_areas(&self) -> Vec<Option<f64>> {
        let mut areas: Vec<Vec<f64>> = vec![Vec::new(); self.categories.len()];
        for object in self.dataset.annotations.iter().filter(|object| !object.iscrowd) {
            areas[object.category_id as usize].extend(object.area);
        }
        areas.iter_mut().map(|areas| median(areas)).collect()
    }

    /// Adds the annotations; those of images or categories that are not listed count nowhere.
    fn add(&mut self, annotations: Vec<RawAnnotation>) -> std::result::Result<(), String> {
        let mut left_out = 0;
        for (at, annotation) in annotations.into_iter().enumerate() {
            let wrong = |problem: String| format!("annotation {at} (from 0) {problem}");
            let image = Id::of(&annotation.image_id).and_then(|id| self.images.get(&id));
            let category = annotation.category_id.whole().and_then(|id| self.places.get(&id));
            let (Some(&image_id), Some(&category_id)) = (image, category) else {
                left_out += 1;
                continue;
            };
            let bbox = annotation.bbox.checked().map_err(wrong)?;
            let iscrowd = annotation.iscrowd.flag().ok_or_else(|| {
                wrong(format!("has \"iscrowd\": {}, which is neither 0 nor 1", annotation.iscrowd))
            })?;
            self.dataset.annotations.push(Annotation {
                id: at as u64 + 1,
                image_id,
                category_id,
                bbox: Some(bbox),
                area: Some(annotation.area.number().unwrap_or(bbox[2] * bbox[3])),
                iscrowd,
                ..Annotation::default()
            });
        }
        if left_out > 0 {
            self.notes.push(format!(
                "{left_out} annotations of images or categories that it does not list, left out"
            ));
        }
        Ok(())
    }
}
