//! COCO results: the boxes of a list of detections. Their masks are passed over.

use std::path::Path;

use hotcoco::Annotation;
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::ground_truth::{GroundTruth, Id};
use crate::error::{Error, Result};
use crate::input::annotations::Sides;
use crate::input::each::Each;
use crate::input::json::{self, Scalar};

/// The boxes of a file.
pub struct Found {
    pub boxes: Vec<Annotation>,
    /// What the user should know of how they were read.
    pub note: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    image_id: Scalar,
    #[serde(default)]
    category_id: Scalar,
    bbox: Option<Sides>,
    #[serde(default)]
    score: Scalar,
    segmentation: Option<IgnoredAny>,
}

/// Reads a list of detections on the images of the ground truth.
///
/// # Errors
/// If the file cannot be read, is no such list, or a detection is not whole or of an image or a category
/// that the ground truth does not have.
pub fn read(path: &Path, truth: &GroundTruth) -> Result<Found> {
    let (mut boxes, mut masks, mut problem) = (Vec::new(), false, None);
    let mut add = |raw: Raw| {
        masks |= raw.segmentation.is_some();
        let at = boxes.len();
        let checked = raw.checked(truth);
        boxes.push(checked.map_err(|problem| format!("detection {at} (from 0) {problem}"))?);
        if let Some(one) = boxes.last_mut() {
            one.id = at as u64 + 1;
        }
        Ok(())
    };
    let each = Each { what: "detections", item: &mut add, problem: &mut problem };
    let mut json = serde_json::Deserializer::from_reader(json::open(path)?);
    let read = each.deserialize(&mut json).and_then(|_| json.end());
    read.map_err(|error| json::refused(path, error, problem, "a list of detections"))?;
    if boxes.is_empty() {
        let problem = "is an empty list, without one detection: was it written to its end?";
        return Err(Error::content(path, problem));
    }
    let note = masks.then(|| format!("{}: boxes are evaluated, not masks", path.display()));
    Ok(Found { boxes, note })
}

impl Raw {
    /// The detection; its id is still to be given.
    fn checked(self, truth: &GroundTruth) -> std::result::Result<Annotation, String> {
        let Some(image) = Id::of(&self.image_id) else {
            return Err(format!("has the \"image_id\" {}, which is no id", self.image_id));
        };
        let Some(category) = self.category_id.whole() else {
            let id = &self.category_id;
            return Err(format!("has the \"category_id\" {id}, which is not a whole number"));
        };
        let Some(&image_id) = truth.images.get(&image) else {
            return Err(format!(
                "is of the image {}, which the ground truth does not list: give the annotations of the \
                 images that were evaluated",
                self.image_id
            ));
        };
        let Some(&category_id) = truth.places.get(&category) else {
            return Err(format!(
                "is of the category {category}, which the ground truth does not list: COCO results have its \
                 category ids, not a detector's own numbers, which begin with 0"
            ));
        };
        let bbox = match (self.bbox, self.segmentation) {
            (None, Some(_)) => {
                return Err(
                    "has a mask but no \"bbox\", and AP of masks is not computed: give the \
                            results of boxes"
                        .into(),
                );
            }
            (bbox, _) => bbox.unwrap_or_default().checked()?,
        };
        let score = self.score.number().filter(|score| score.abs() < Sides::FINITE);
        let Some(score) = score else {
            return Err(match self.score {
                Scalar::Missing => {
                    "has no \"score\", or NaN: without it, detections have no order".into()
                }
                other => format!("has the \"score\" {other}, which is not a finite number"),
            });
        };
        Ok(Annotation {
            image_id,
            category_id,
            bbox: Some(bbox),
            area: Some(bbox[2] * bbox[3]),
            // Without a sign where it is 0, which would be a lower one.
            score: Some(score + 0.0),
            ..Annotation::default()
        })
    }
}
