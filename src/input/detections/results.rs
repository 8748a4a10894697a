//! COCO results: the boxes of a list of detections. Their masks are skipped.

use std::path::Path;

use hotcoco::Annotation;
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::ground_truth::GroundTruth;
use super::join::{self, Seen};
use super::lists::Id;
use crate::classes::Numbering;
use crate::error::{Error, Result};
use crate::input::annotations::Sides;
use crate::input::each::Each;
use crate::input::json::{self, Scalar};
use crate::observer::Observer;

/// The boxes of a file.
pub struct Found {
    pub boxes: Vec<Annotation>,
    /// Notes on how they were read.
    pub notes: Vec<String>,
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
    /// The name of the image, which Ultralytics writes.
    #[serde(default)]
    file_name: Scalar,
    segmentation: Option<IgnoredAny>,
}

/// Reads a list of detections on the images of the ground truth.
///
/// # Errors
/// If the file cannot be read, is no such list, or a detection is incomplete. If the ground truth does not
/// have the image or the category of a detection, or if two could be meant.
pub fn read(
    path: &Path,
    truth: &GroundTruth,
    numbering: Option<Numbering>,
    observer: &dyn Observer,
) -> Result<Found> {
    let (mut boxes, mut masks, mut problem) = (Vec::new(), false, None);
    let mut seen = Seen::default();
    let mut add = |raw: Raw| {
        masks |= raw.segmentation.is_some();
        let at = boxes.len();
        let checked = raw.checked(&mut seen, at);
        boxes.push(checked.map_err(|problem| format!("detection {at} (from 0) {problem}"))?);
        Ok(())
    };
    let each = Each { what: "detections", item: &mut add, problem: &mut problem };
    let mut json = serde_json::Deserializer::from_reader(json::watched(path, observer)?);
    let read = each.deserialize(&mut json).and_then(|_| json.end());
    read.map_err(|error| json::refused(path, error, problem, "a list of detections"))?;
    let bad = |problem: String| Error::content(path, problem);
    if boxes.is_empty() {
        return Err(
            bad("is an empty list, without a detection: was it written to its end?".into()),
        );
    }
    if truth.in_shares {
        check_shares(&boxes).map_err(bad)?;
    }
    let joined = join::joined(&seen, truth, numbering).map_err(bad)?;
    for (at, one) in (1..).zip(&mut boxes) {
        one.id = at;
        one.image_id = joined.images[one.image_id as usize];
        one.category_id = joined.categories[one.category_id as usize];
    }
    let mut notes = joined.notes;
    if masks {
        notes.push("boxes are evaluated, not masks".into());
    }
    let notes = notes.iter().map(|note| format!("{}: {note}", path.display())).collect();
    Ok(Found { boxes, notes })
}

/// Checks that boxes can be shares of their images.
fn check_shares(boxes: &[Annotation]) -> std::result::Result<(), String> {
    const MOST: f64 = 2.0;
    let far =
        |one: &Annotation| one.bbox.is_some_and(|sides| sides.iter().any(|side| *side > MOST));
    match boxes.iter().position(far) {
        None => Ok(()),
        Some(at) => Err(format!(
            "detection {at} (from 0) is in pixels, but the ground truth has boxes as fractions of \
             images whose sizes it does not give: divide the sides of the detections by width and \
             height, or give the ground truth as COCO json"
        )),
    }
}

impl Raw {
    /// The detection, with the indices of its image and category among those seen; its id is still to be given.
    fn checked(self, seen: &mut Seen, at: usize) -> std::result::Result<Annotation, String> {
        let Some(image) = Id::of(&self.image_id) else {
            return Err(format!("has the \"image_id\" {}, which is not an id", self.image_id));
        };
        let Some(category) = Id::of(&self.category_id) else {
            let id = &self.category_id;
            return Err(format!("has the \"category_id\" {id}, which is not a whole number"));
        };
        let file_name = match self.file_name {
            Scalar::Text(name) => Some(name),
            _ => None,
        };
        let image_id = seen.image(image, file_name, at);
        let category_id = seen.category(category, at);
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
