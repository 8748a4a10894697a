//! COCO and LVIS annotations as ground truth.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::lists::{Id, ListedImage, ListedObject, Lists};
use crate::error::{Error, Result};
use crate::input::annotations::{ANNOTATIONS, RawCategory, Sides};
use crate::input::json::{self, Scalar};
use crate::observer::Observer;

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
    #[serde(default)]
    file_name: Scalar,
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

/// Adds what a file lists.
///
/// # Errors
/// If it cannot be read, is no annotation file, lacks a list, or does not go with the files before it.
pub fn add(all: &mut Lists, path: &Path, observer: &dyn Observer) -> Result<()> {
    let raw: Raw = serde_json::from_reader(json::watched(path, observer)?)
        .map_err(|error| json::refused(path, error, None, ANNOTATIONS))?;
    raw.add(all).map_err(|problem| Error::content(path, problem))
}

impl Raw {
    fn add(self, all: &mut Lists) -> std::result::Result<(), String> {
        let lacks = |what: &str| {
            format!(
                "has no {what:?}: give the annotation file of the evaluated images, such as \
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
        let categories = categories
            .into_iter()
            .enumerate()
            .map(names)
            .collect::<std::result::Result<Vec<_>, _>>()?;
        set_categories(all, categories)?;
        all.federated |= images.iter().any(RawImage::is_federated);
        add_images(all, images)?;
        let listed: HashSet<Id> = all.images.iter().map(|image| image.id.clone()).collect();
        let ids: HashSet<i64> = all.categories.iter().map(|(id, _)| *id).collect();
        for (at, annotation) in annotations.into_iter().enumerate() {
            let image = Id::of(&annotation.image_id).filter(|id| listed.contains(id));
            let category = annotation.category_id.whole().filter(|id| ids.contains(id));
            let (Some(image), Some(category)) = (image, category) else {
                all.left_out += 1;
                continue;
            };
            let object = annotation.checked(image, category);
            let wrong = |problem: String| format!("annotation {at} (from 0) {problem}");
            all.objects.push(object.map_err(wrong)?);
        }
        Ok(())
    }
}

/// Sets the categories, or checks that they are those of the files before.
fn set_categories(
    all: &mut Lists,
    categories: Vec<(i64, String)>,
) -> std::result::Result<(), String> {
    if all.categories.is_empty() {
        all.categories = categories;
        return Ok(());
    }
    let (mut ours, mut theirs) = (all.categories.clone(), categories);
    ours.sort();
    theirs.sort();
    match ours == theirs {
        true => Ok(()),
        false => Err("has other categories than an earlier file of the ground truth".into()),
    }
}

fn add_images(all: &mut Lists, images: Vec<RawImage>) -> std::result::Result<(), String> {
    let before = all.images.len();
    let known: HashMap<Id, Option<String>> =
        all.images.iter().map(|image| (image.id.clone(), image.file_name.clone())).collect();
    for (at, image) in images.into_iter().enumerate() {
        let Some(id) = Id::of(&image.id) else {
            return Err(format!(
                "image {at} (from 0) has the \"id\" {}, which is not an id",
                image.id
            ));
        };
        let file_name = match image.file_name {
            Scalar::Text(name) => Some(name),
            _ => None,
        };
        if before > 0
            && let Some(Some(theirs)) = known.get(&id)
            && file_name.as_ref().is_some_and(|ours| ours != theirs)
        {
            return Err(format!(
                "gives the image {} the id of {theirs} in an earlier file: detections on the two \
                 cannot be told apart",
                file_name.unwrap_or_default()
            ));
        }
        all.images.push(ListedImage {
            id,
            file_name,
            negative: image.neg_category_ids.unwrap_or_default(),
            not_exhaustive: image.not_exhaustive_category_ids.unwrap_or_default(),
        });
    }
    Ok(())
}

impl RawImage {
    fn is_federated(&self) -> bool {
        self.neg_category_ids.is_some() || self.not_exhaustive_category_ids.is_some()
    }
}

impl RawAnnotation {
    fn checked(self, image: Id, category: i64) -> std::result::Result<ListedObject, String> {
        let bbox = self.bbox.checked()?;
        let crowd = self.iscrowd.flag().ok_or_else(|| {
            format!("has \"iscrowd\": {}, which is neither 0 nor 1", self.iscrowd)
        })?;
        let area = self.area.number().unwrap_or(bbox[2] * bbox[3]);
        Ok(ListedObject { image, category, bbox, area, crowd })
    }
}
