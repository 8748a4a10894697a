//! Which image and category of the ground truth a detection is of.
//!
//! Ultralytics writes beside each detection the name of its image and an `image_id`, the number in that name.
//! Its category ids begin with 1, whatever the ids of the annotations are: `pred_to_json` in
//! `ultralytics/models/yolo/detect/val.py`, and `class_map` there. Of its COCO, these are COCO's own.

use std::collections::HashMap;

use super::ground_truth::{GroundTruth, IdsOf};
use super::lists::Id;
use crate::classes::Numbering;
use crate::words::list;

/// Ids up to 90 that COCO gives to none of its 80 categories.
const NOT_COCO: [i64; 10] = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83];

/// What is seen in detections, each once with the first detection that has it.
#[derive(Default)]
pub struct Seen {
    images: Vec<(Id, Option<String>, usize)>,
    of_images: HashMap<(Id, Option<String>), u64>,
    categories: Vec<(Id, usize)>,
    of_categories: HashMap<Id, u64>,
}

impl Seen {
    /// The index of an image among those seen.
    pub fn image(&mut self, id: Id, file_name: Option<String>, at: usize) -> u64 {
        // Those of an image mostly stand together.
        if self.images.last().is_some_and(|last| last.0 == id && last.1 == file_name) {
            return self.images.len() as u64 - 1;
        }
        let next = self.images.len() as u64;
        let place = *self.of_images.entry((id.clone(), file_name.clone())).or_insert(next);
        if place == next {
            self.images.push((id, file_name, at));
        }
        place
    }

    /// The index of a category among those seen.
    pub fn category(&mut self, id: Id, at: usize) -> u64 {
        let next = self.categories.len() as u64;
        match self.of_categories.get(&id) {
            Some(&place) => place,
            None => {
                self.of_categories.insert(id.clone(), next);
                self.categories.push((id, at));
                next
            }
        }
    }
}

/// The indices of all that is seen in the ground truth.
pub struct Joined {
    pub images: Vec<u64>,
    pub categories: Vec<u64>,
    /// How they were joined.
    pub notes: Vec<String>,
}

/// Joins what is seen.
///
/// # Errors
/// A sentence, if something is not in the ground truth, or may be two things there.
pub fn joined(
    seen: &Seen,
    truth: &GroundTruth,
    numbering: Option<Numbering>,
) -> Result<Joined, String> {
    let mut notes = Vec::new();
    let images = images(seen, truth, &mut notes)?;
    let categories = categories(seen, truth, numbering, &mut notes)?;
    Ok(Joined { images, categories, notes })
}

fn images(seen: &Seen, truth: &GroundTruth, notes: &mut Vec<String>) -> Result<Vec<u64>, String> {
    let by_id = |id: &Id| truth.images.get(id).copied();
    let named = |name: &Option<String>| {
        let name = name.as_deref()?.rsplit(['/', '\\']).next()?;
        truth.file_names.get(name).copied()
    };
    let found: Vec<_> = seen.images.iter().map(|(id, name, _)| (by_id(id), named(name))).collect();
    let is_named = |(_, name): &(_, Option<Option<u64>>)| name.is_some();
    // Names that are those of other files say nothing.
    let by_name =
        found.iter().any(is_named) && seen.images.iter().all(|(_, name, _)| name.is_some());
    let mut places = Vec::new();
    let mut differ = 0;
    for ((id, file_name, at), (by_id, of_name)) in seen.images.iter().zip(found) {
        let place = match (by_name, of_name) {
            (true, Some(Some(place))) => {
                differ += u64::from(by_id != Some(place));
                Some(place)
            }
            // Several images are called so, and the id decides, unless it is the number in that name.
            (true, Some(None)) if is_stem(id, file_name) => {
                return Err(format!(
                    "detection {at} (from 0) is of an image {:?}, but several images of the ground \
                     truth have this name",
                    file_name.as_deref().unwrap_or_default()
                ));
            }
            (true, Some(None)) | (false, _) => by_id,
            (true, None) => None,
        };
        let Some(place) = place else {
            let image = match (by_name, file_name, id) {
                (true, Some(name), _) => format!("{name:?}"),
                (_, _, Id::Number(number)) => number.to_string(),
                (_, _, Id::Text(text)) => format!("{text:?}"),
            };
            return Err(format!(
                "detection {at} (from 0) is of the image {image}, which the ground truth does not list: give the \
                 annotations of the images that were evaluated"
            ));
        };
        places.push(place);
    }
    if differ > 0 {
        notes.push(
            "images are matched by \"file_name\", as Ultralytics writes it: its \"image_id\" is \
             the number in that name, not the ground truth's id"
                .into(),
        );
    }
    Ok(places)
}

/// Whether an id is what a file is called without its ending.
fn is_stem(id: &Id, file_name: &Option<String>) -> bool {
    let stem = file_name.as_deref().and_then(|name| name.rsplit_once('.')).map(|(stem, _)| stem);
    stem.is_some_and(|stem| match id {
        Id::Number(number) => stem.parse() == Ok(*number),
        Id::Text(text) => stem == text,
    })
}

fn categories(
    seen: &Seen,
    truth: &GroundTruth,
    numbering: Option<Numbering>,
    notes: &mut Vec<String>,
) -> Result<Vec<u64>, String> {
    if truth.ids == IdsOf::Nothing {
        return by_name(seen, truth);
    }
    let mut ids = Vec::new();
    for (id, at) in &seen.categories {
        match id {
            Id::Number(number) => ids.push(*number),
            Id::Text(text) => {
                return Err(format!(
                    "detection {at} (from 0) has the \"category_id\" {text:?}, which is not a whole number"
                ));
            }
        }
    }
    let ultralytics = seen.images.iter().all(|(_, name, _)| name.is_some());
    let shift = shift(&ids, truth, ultralytics, numbering, notes)?;
    let place = |(id, (_, at)): (&i64, &(Id, usize))| {
        let place = shift.of(*id).and_then(|id| truth.places.get(&id).copied());
        place.ok_or_else(|| {
            format!(
                "detection {at} (from 0) is of the category {id}, which the ground truth does not \
                 list: COCO results use its category ids, not a detector's own numbers, which \
                 begin with 0"
            )
        })
    };
    ids.iter().zip(&seen.categories).map(place).collect()
}

/// How the numbers of detections become ids of the ground truth.
#[derive(Clone, Copy, PartialEq)]
enum Shift {
    /// They are its ids.
    None,
    /// They are from 1 what its ids are from 0.
    One,
    /// They are COCO's ids of the 80 categories that a list numbers from 0.
    Coco,
}

impl Shift {
    fn of(self, id: i64) -> Option<i64> {
        match self {
            Shift::None => Some(id),
            Shift::One => id.checked_sub(1),
            Shift::Coco => {
                let before = NOT_COCO.iter().filter(|&&other| other < id).count() as i64;
                (!NOT_COCO.contains(&id)).then_some(id - 1 - before)
            }
        }
    }
}

/// How these numbers are to be read: as they are, unless Ultralytics has written them.
fn shift(
    ids: &[i64],
    truth: &GroundTruth,
    ultralytics: bool,
    numbering: Option<Numbering>,
    notes: &mut Vec<String>,
) -> Result<Shift, String> {
    let fits = |shift: Shift| {
        let known = |&id: &i64| shift.of(id).is_some_and(|id| truth.places.contains_key(&id));
        ids.iter().all(known)
    };
    if ultralytics && numbering != Some(Numbering::Ids) {
        check_dense(ids, truth)?;
    }
    let from_one = !ids.contains(&0) && truth.places.contains_key(&0);
    if !from_one || numbering == Some(Numbering::Ids) {
        return Ok(Shift::None);
    }
    let by_file = |shift: &str| format!("category ids are read as Ultralytics' {shift}");
    if ultralytics && truth.ids == IdsOf::List {
        if fits(Shift::One) {
            notes.push(by_file("own, which begin with 1: 1 means class 0 of the ground truth"));
            return Ok(Shift::One);
        }
        if truth.categories.len() == 80 && fits(Shift::Coco) {
            notes.push(by_file("of COCO, 1 to 90 with gaps"));
            return Ok(Shift::Coco);
        }
        return Ok(Shift::None);
    }
    let (as_ids, as_shifted) = (fits(Shift::None), fits(Shift::One));
    match (as_ids, as_shifted) {
        (false, true) if ultralytics => {
            notes.push(by_file("own, which begin with 1: 1 means the ground truth's category 0"));
            Ok(Shift::One)
        }
        (true, true) if truth.zero_has_objects() => Err(format!(
            "has the category ids {} and never 0; they may be the ground truth's ids, or begin \
             with 1 where its ids begin with 0, as Ultralytics' do: if they are its ids, give \
             --ap-numbering ids; if not, subtract 1 from each",
            numbers(ids)
        )),
        (false, true) => Err(format!(
            "has the category ids {}, which match those of the ground truth only if 1 is \
             subtracted from each: do so, or give the ground truth with these ids",
            numbers(ids)
        )),
        _ => Ok(Shift::None),
    }
}

/// Checks that Ultralytics' numbers, which are positions in its list from 1, cannot be mistaken for ids with gaps.
fn check_dense(ids: &[i64], truth: &GroundTruth) -> Result<(), String> {
    let count = truth.categories.len() as i64;
    let theirs = || truth.categories.iter().map(|(id, _)| *id);
    let is_coco = count == 80 && theirs().eq((1..=90).filter(|id| !NOT_COCO.contains(id)));
    let dense = theirs().eq(0..count) || theirs().eq(1..=count);
    let listed = |id: &i64| (1..=count).contains(id) && truth.places.contains_key(id);
    if truth.ids == IdsOf::List || is_coco || dense || !ids.iter().all(listed) {
        return Ok(());
    }
    Err(format!(
        "has the category ids {} with \"file_name\", as Ultralytics counts the names of its \
         data.yaml from 1, but the ids of the ground truth have gaps: if they are its ids, give \
         --ap-numbering ids; if not, give the data.yaml as --ground-truth",
        numbers(ids)
    ))
}

fn numbers(ids: &[i64]) -> String {
    let (least, most) = (ids.iter().min(), ids.iter().max());
    format!("{} to {}", least.unwrap_or(&0), most.unwrap_or(&0))
}

/// Categories that are known by name alone.
fn by_name(seen: &Seen, truth: &GroundTruth) -> Result<Vec<u64>, String> {
    let place = |(id, at): &(Id, usize)| {
        let name = match id {
            Id::Text(name) => name,
            Id::Number(number) => {
                return Err(format!(
                    "detection {at} (from 0) has the \"category_id\" {number}, but the ground \
                     truth gives its classes no numbers: give --class-names, a list of them in the \
                     order of the detector's numbers from 0, or write names as \"category_id\""
                ));
            }
        };
        let place = truth.categories.iter().position(|(_, known)| known == name);
        place.map(|place| place as u64).ok_or_else(|| {
            let names: Vec<_> = truth.categories.iter().map(|(_, name)| name).collect();
            format!(
                "detection {at} (from 0) is of the category {name:?}, which is not one of the ground truth's {}",
                list(&names)
            )
        })
    };
    seen.categories.iter().map(place).collect()
}
