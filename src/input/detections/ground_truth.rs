//! The annotations that detections are evaluated against, without their masks, from any format.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use hotcoco::{Annotation, Category, Dataset, Image};

use super::coco_truth;
use super::lists::{Id, ListedImage, ListedObject, Lists};
use crate::classes::{Classes, Numbering};
use crate::error::{Error, Result};
use crate::input::annotations::{self, Choices, Kind, Listing, Object};
use crate::kernel::median;
use crate::observer::Observer;

/// The splits that are evaluated, the usual one first; Pascal VOC of 2007 alone has annotations of its test
/// images.
const VOC_EVALUATED: [&str; 2] = ["test", "val"];
const YOLO_EVALUATED: [&str; 1] = ["val"];

/// The area of an object that counts for nothing and is no crowd, pixels²: larger than any that is evaluated,
/// so that it is ignored as pycocotools ignores objects of other sizes.
pub const DIFFICULT: f64 = 1e12;

/// The files of the ground truth, and what decides how they are read.
#[derive(Clone, Debug, Default)]
pub struct GroundTruthFiles {
    /// Files or folders of one format.
    pub paths: Vec<PathBuf>,
    /// The split of Pascal VOC or YOLO; unless given, the one that is evaluated.
    pub split: Option<String>,
    /// The file that names the classes.
    pub class_names: Option<PathBuf>,
    /// The classes that it names: they number those of a format without ids.
    pub classes: Option<Classes>,
    /// What the category ids of the detections are, where that is not to be recognized.
    pub numbering: Option<Numbering>,
}

impl<P: AsRef<Path> + ?Sized> From<&P> for GroundTruthFiles {
    fn from(path: &P) -> GroundTruthFiles {
        GroundTruthFiles { paths: vec![path.as_ref().to_owned()], ..GroundTruthFiles::default() }
    }
}

impl GroundTruthFiles {
    /// The first path, for sentences on all.
    pub fn path(&self) -> &Path {
        self.paths.first().map_or("ground_truth".as_ref(), PathBuf::as_path)
    }
}

/// What gives the categories their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdsOf {
    /// The annotation file.
    File,
    /// The order of a list, from 0: a `data.yaml`, or class names.
    List,
    /// Nothing: they have names alone.
    Nothing,
}

/// What is read of the ground truth. Ids are indices: of images and categories in the order of their ids, which
/// decides between equal scores, as in pycocotools.
pub struct GroundTruth {
    pub dataset: Dataset,
    /// Whether its images say which categories were annotated, as LVIS's do.
    pub federated: bool,
    /// Id and name of each category, by id.
    pub categories: Vec<(i64, String)>,
    /// What gave them their ids.
    pub ids: IdsOf,
    /// The index of each image.
    pub images: HashMap<Id, u64>,
    /// The index of the image of each file name, none where several have it.
    pub file_names: HashMap<String, Option<u64>>,
    /// The index of each category.
    pub places: HashMap<i64, u64>,
    /// Whether boxes are shares of their image, and not pixels.
    pub in_shares: bool,
    /// What the user should know of how it was read.
    pub notes: Vec<String>,
}

/// Reads the annotations.
///
/// # Errors
/// If they cannot be read, are no annotations, or hold none.
pub fn read(files: &GroundTruthFiles, observer: &dyn Observer) -> Result<GroundTruth> {
    let (kind, paths) = annotations::recognized(&files.paths)?;
    match kind {
        Kind::Coco | Kind::Table => {
            if let Some(split) = &files.split {
                let problem = format!(
                    "has no splits: give the file of {split:?}, and remove --ground-truth-split"
                );
                return Err(Error::content(files.path(), problem));
            }
            let mut all = Lists::default();
            for path in &paths {
                coco_truth::add(&mut all, path, observer)?;
            }
            GroundTruth::of(all, IdsOf::File, files.path())
        }
        kind => of_objects(kind, &paths, files, observer),
    }
}

/// The ground truth of a format that lists objects.
fn of_objects(
    kind: Kind,
    paths: &[PathBuf],
    files: &GroundTruthFiles,
    observer: &dyn Observer,
) -> Result<GroundTruth> {
    let usual: &[&str] = if kind == Kind::Voc { &VOC_EVALUATED } else { &YOLO_EVALUATED };
    let choices = Choices {
        split: files.split.clone(),
        class_names: files.class_names.clone(),
        ..Choices::default()
    };
    let numbered = kind == Kind::Yolo || files.classes.is_some();
    let mut lists = Lists::default();
    let (mut notes, mut in_shares, mut places) = (Vec::new(), false, HashMap::new());
    let mut ids: HashMap<String, i64> = HashMap::new();
    if let Some(classes) = files.classes.as_ref().filter(|_| kind != Kind::Yolo) {
        lists.categories = classes.listed();
        ids.extend(classes.listed().into_iter().map(|(id, name)| (name, id)));
    }
    for path in paths {
        let mut objects: Vec<Object> = Vec::new();
        let listing = annotations::objects(
            kind,
            path,
            &choices,
            usual,
            &mut |object| objects.push(object),
            observer,
        )?;
        in_shares |= objects.iter().any(|object| !object.in_pixels);
        if kind == Kind::Yolo && in_shares {
            let problem = "is evaluated in pixels, but the size of its images cannot be read: put \
                           the images beside the labels";
            return Err(Error::content(path, problem));
        }
        let categories = numbers(&listing, path, kind, numbered, &mut ids, &mut lists)?;
        let images = add_images(&listing, path, kind, &mut places, &mut lists)?;
        notes.extend(listing.notes.iter().map(|note| format!("{}: {note}", path.display())));
        lists.objects.extend(objects.iter().map(|object| ListedObject {
            image: images[object.image as usize].clone(),
            category: categories[object.category as usize],
            bbox: [
                object.bbox[0],
                object.bbox[1],
                object.bbox[2].max(0.0),
                object.bbox[3].max(0.0),
            ],
            area: match object.difficult {
                true => DIFFICULT,
                false => object.bbox[2] * object.bbox[3],
            },
            crowd: object.crowd,
        }));
    }
    let ids = match (kind, &files.classes) {
        (Kind::Yolo, _) => IdsOf::List,
        (_, None) => IdsOf::Nothing,
        (_, Some(classes)) => match classes.ids().iter().copied().eq(0..classes.len() as i64) {
            true => IdsOf::List,
            false => IdsOf::File,
        },
    };
    let mut truth = GroundTruth::of(lists, ids, files.path())?;
    truth.in_shares = in_shares;
    let difficult = truth.dataset.annotations.iter().filter(|one| is_difficult(one)).count();
    if difficult > 0 {
        notes.push(format!(
            "{}: ignored {difficult} difficult objects and the detections on them",
            files.path().display()
        ));
    }
    notes.append(&mut truth.notes);
    Ok(GroundTruth { notes, ..truth })
}

/// The id of each category of a source. Those without ids are numbered as they come; a class list numbers all.
fn numbers(
    listing: &Listing,
    path: &Path,
    kind: Kind,
    numbered: bool,
    ids: &mut HashMap<String, i64>,
    lists: &mut Lists,
) -> Result<Vec<i64>> {
    let mut of_places = Vec::new();
    for (place, name) in (0..).zip(&listing.categories) {
        let next = ids.len() as i64;
        let id = match ids.entry(name.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) if numbered && kind != Kind::Yolo => {
                let problem = format!(
                    "has the class {name:?}, which --class-names does not list: add it there, or \
                     correct it"
                );
                return Err(Error::content(path, problem));
            }
            Entry::Vacant(new) => {
                lists.categories.push((next, name.clone()));
                *new.insert(next)
            }
        };
        if kind == Kind::Yolo && id != place {
            let problem = "names other classes than an earlier data.yaml, or in another order";
            return Err(Error::content(path, problem));
        }
        of_places.push(id);
    }
    Ok(of_places)
}

/// The id of each image of a source: the number that its name is, or else the name, without the ending.
fn add_images(
    listing: &Listing,
    path: &Path,
    kind: Kind,
    places: &mut HashMap<Id, String>,
    lists: &mut Lists,
) -> Result<Vec<Id>> {
    let mut ids = Vec::new();
    for picture in &listing.pictures {
        let id = match picture.stem.bytes().all(|byte| byte.is_ascii_digit()) {
            true => {
                picture.stem.parse().map_or_else(|_| Id::Text(picture.stem.clone()), Id::Number)
            }
            false => Id::Text(picture.stem.clone()),
        };
        match places.entry(id.clone()) {
            Entry::Vacant(new) => {
                new.insert(picture.file_name.clone());
                lists.images.push(ListedImage {
                    id: id.clone(),
                    file_name: Some(picture.file_name.clone()),
                    negative: Vec::new(),
                    not_exhaustive: Vec::new(),
                });
            }
            // In Open Images an image may be in several files.
            Entry::Occupied(_) if kind == Kind::OpenImages => {}
            Entry::Occupied(known) => {
                let problem = format!(
                    "has the images {} and {}, which results cannot tell apart: results identify \
                     an image by its name, or by the number in it",
                    known.get(),
                    picture.file_name
                );
                return Err(Error::content(path, problem));
            }
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Whether an object counts for nothing, and is no crowd.
pub fn is_difficult(object: &Annotation) -> bool {
    object.area == Some(DIFFICULT)
}

impl GroundTruth {
    fn of(lists: Lists, ids: IdsOf, path: &Path) -> Result<GroundTruth> {
        let Lists { images, mut categories, objects, federated, left_out } = lists;
        categories.sort();
        let places = (0..).zip(&categories).map(|(place, (id, _))| (*id, place)).collect();
        let mut truth = GroundTruth {
            federated,
            images: places_of(&images),
            file_names: HashMap::new(),
            categories,
            ids,
            places,
            dataset: Dataset::default(),
            in_shares: false,
            notes: Vec::new(),
        };
        truth.set_images(images);
        let category = |(place, (_, name)): (u64, &(i64, String))| Category {
            id: place,
            name: name.clone(),
            ..Category::default()
        };
        truth.dataset.categories = (0..).zip(&truth.categories).map(category).collect();
        truth.add(objects, left_out, path);
        if truth.dataset.annotations.is_empty() && left_out == 0 {
            return Err(Error::content(path, "has no object to detect on its images"));
        }
        Ok(truth)
    }

    fn set_images(&mut self, images: Vec<ListedImage>) {
        let places = |ids: &[i64]| -> Vec<u64> {
            ids.iter().filter_map(|id| self.places.get(id).copied()).collect()
        };
        // Of an image that is listed twice, the last counts, as in pycocotools.
        let mut of_place = vec![Image::default(); self.images.len()];
        let mut named = vec![None; self.images.len()];
        for image in images {
            let Some(&place) = self.images.get(&image.id) else { continue };
            of_place[place as usize] = Image {
                id: place,
                neg_category_ids: places(&image.negative),
                not_exhaustive_category_ids: places(&image.not_exhaustive),
                ..Image::default()
            };
            named[place as usize] = image.file_name;
        }
        self.dataset.images = of_place;
        for (place, name) in (0..).zip(named) {
            let Some(name) = name else { continue };
            let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            self.file_names.entry(name).and_modify(|known| *known = None).or_insert(Some(place));
        }
    }

    /// The median area of the objects of each category, crowds skipped, pixels².
    pub fn median_areas(&self) -> Vec<Option<f64>> {
        let mut areas: Vec<Vec<f64>> = vec![Vec::new(); self.categories.len()];
        let counts =
            |object: &&Annotation| !(object.iscrowd || is_difficult(object) || self.in_shares);
        for object in self.dataset.annotations.iter().filter(counts) {
            areas[object.category_id as usize].extend(object.area);
        }
        areas.iter_mut().map(|areas| median(areas)).collect()
    }

    /// Whether the category of the id 0 has objects.
    pub fn zero_has_objects(&self) -> bool {
        let zero = self.places.get(&0);
        self.dataset.annotations.iter().any(|object| Some(&object.category_id) == zero)
    }

    /// Adds the objects; those of images or categories that are not listed count nowhere.
    fn add(&mut self, objects: Vec<ListedObject>, mut left_out: usize, path: &Path) {
        for object in objects {
            let image = self.images.get(&object.image);
            let category = self.places.get(&object.category);
            let (Some(&image_id), Some(&category_id)) = (image, category) else {
                left_out += 1;
                continue;
            };
            self.dataset.annotations.push(Annotation {
                id: self.dataset.annotations.len() as u64 + 1,
                image_id,
                category_id,
                bbox: Some(object.bbox),
                area: Some(object.area),
                iscrowd: object.crowd,
                ..Annotation::default()
            });
        }
        if left_out > 0 {
            self.notes.push(format!(
                "{}: skipped {left_out} annotations of images or categories that it does not list",
                path.display()
            ));
        }
    }
}

/// The index of each image in the order of their ids.
fn places_of(images: &[ListedImage]) -> HashMap<Id, u64> {
    let mut ids: Vec<_> = images.iter().map(|image| image.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().zip(0..).collect()
}
