//! The categories of annotations: how many objects each has, how large they are, and on how many
//! images. Each format has a file, and all are read into [`Annotations`]; ground truth takes the same readers.

mod choices;
mod coco;
mod counted;
mod data_yaml;
mod kind;
mod merge;
mod object;
mod open_images;
mod other;
mod tally;
mod voc;
mod voc_xml;
mod yolo;
mod yolo_rows;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

pub use choices::{Choices, Include};
pub(super) use coco::{ANNOTATIONS, RawCategory, Sides};
pub use counted::{Annotations, Counted};
pub use kind::Kind;
pub(super) use object::{Listing, Object, Sink};

use super::names::{self, Names};
use crate::classes::{Classes, IdsFrom};
use crate::error::{Error, Result};
use crate::observer::Observer;
use object::Counting;
use tally::{Category, Tally, left_out};

/// Splits of Pascal VOC that are trained on, the usual one first.
const VOC_TRAIN: [&str; 1] = ["trainval"];

/// The split of YOLO that is trained on.
const YOLO_TRAIN: &str = "train";

/// What the sources are, by their content, and the file or folder that each is read from. All are of one
/// format.
///
/// # Errors
/// If one is not there or says nothing of classes, one stands twice, or they are of different formats.
pub fn recognized(paths: &[PathBuf]) -> Result<(Kind, Vec<PathBuf>)> {
    let (mut first, mut all) = (None, Vec::<PathBuf>::new());
    for path in paths {
        let (kind, from) = kind::of(path)?;
        match first {
            None => first = Some(kind),
            Some(other) if other != kind => {
                let problem = format!(
                    "is {}, and {} is {}: give annotations of one format",
                    kind.name(),
                    paths[0].display(),
                    other.name()
                );
                return Err(Error::content(path, problem));
            }
            Some(_) => {}
        }
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if all.iter().any(|one| whole(one) == whole(&from)) {
            return Err(Error::content(
                path,
                "is given twice: its annotations would be counted twice",
            ));
        }
        all.push(from);
    }
    first.map(|kind| (kind, all)).ok_or_else(|| Error::Input("no annotation file is given".into()))
}

/// Reads sources of a format that is no table, of which only those objects are counted that trainers take, and
/// what the choices say.
///
/// # Errors
/// If one cannot be used, or they do not go together.
pub fn read(
    kind: Kind,
    paths: &[PathBuf],
    choices: &Choices,
    observer: &dyn Observer,
) -> Result<Annotations> {
    if let (Kind::Coco | Kind::OpenImages | Kind::Table, Some(split)) = (kind, &choices.split) {
        let problem = format!(
            "is {}, which has no splits: give the file of {split:?}, and remove --split",
            kind.name()
        );
        return Err(Error::content(&paths[0], problem));
    }
    if kind != Kind::Voc && choices.include.difficult {
        let problem = format!(
            "is {}: --include-difficult is for Pascal VOC, which has such objects",
            kind.name()
        );
        return Err(Error::content(&paths[0], problem));
    }
    let one = |path: &PathBuf| match kind {
        Kind::Coco => coco::read(path, choices.include, observer),
        _ => of_objects(kind, path, choices, observer),
    };
    merge::merged(paths.iter().map(one).collect::<Result<_>>()?)
}

/// The categories of one annotation file or folder, as classes.
///
/// # Errors
/// If it cannot be used, or names a class twice.
pub fn categories(path: &Path, observer: &dyn Observer) -> Result<Classes> {
    let bad = |problem: String| Error::content(path, problem);
    let (kind, from) = recognized(&[path.to_owned()])?;
    let choices = Choices::default();
    match kind {
        Kind::Table => Err(bad("is not an annotation file that names classes".into())),
        Kind::Coco => coco::read(path, choices.include, observer)?.classes(),
        Kind::Yolo => {
            let names = (0..).zip(data_yaml::DataYaml::read(&from[0])?.names);
            Classes::new(names.collect(), IdsFrom::List).map_err(bad)
        }
        Kind::Voc | Kind::OpenImages => {
            // Of all images, whatever their split.
            let listing = objects(kind, &from[0], &choices, &[], &mut |_| {}, observer)?;
            Classes::alphabetical(listing.categories).map_err(bad)
        }
    }
}

/// Gives the objects of a source to a sink; of a split, where the format has some, or else of the first of the
/// `usual` ones that is there.
///
/// # Errors
/// If the source cannot be used, or is read otherwise.
pub(super) fn objects(
    kind: Kind,
    path: &Path,
    choices: &Choices,
    usual: &[&str],
    sink: Sink,
    observer: &dyn Observer,
) -> Result<Listing> {
    let split = choices.split.as_deref();
    match kind {
        Kind::Voc => voc::read(path, split, usual, sink, observer),
        Kind::Yolo => {
            yolo::read(path, split.or(usual.first().copied()).unwrap_or(YOLO_TRAIN), sink, observer)
        }
        Kind::OpenImages => open_images::read(path, choices.class_names.as_deref(), sink, observer),
        Kind::Coco | Kind::Table => Err(Error::content(path, "is not a list of objects")),
    }
}

/// What a source of objects says of its categories.
fn of_objects(
    kind: Kind,
    path: &Path,
    choices: &Choices,
    observer: &dyn Observer,
) -> Result<Annotations> {
    let mut counting = Counting { include: choices.include, ..Counting::default() };
    let usual: &[&str] = if kind == Kind::Voc { &VOC_TRAIN } else { &[YOLO_TRAIN] };
    let listing =
        objects(kind, path, choices, usual, &mut |object| counting.add(object), observer)?;
    let Listing { pictures, categories, mut notes } = listing;
    notes.extend(left_out(counting.crowds, "groups (IsGroupOf)", "--include-crowd"));
    notes.extend(left_out(
        counting.difficult,
        "difficult objects, which mmdetection and Ultralytics skip in training and detectron2 does \
         not",
        "--include-difficult",
    ));
    notes.extend(counting.odd.note());
    let mut tallies = counting.tallies;
    // In Open Images an image has one name everywhere; others are told apart by the files of their labels.
    let hashed = |stem: &str| {
        let mut hasher = DefaultHasher::new();
        stem.hash(&mut hasher);
        hasher.finish()
    };
    let mark = |image: &u64| match &pictures[*image as usize] {
        picture if kind == Kind::OpenImages => hashed(&picture.stem),
        picture => picture.mark,
    };
    let named = pictures.iter().filter(|_| kind != Kind::OpenImages);
    let image_names = named.map(|picture| (picture.mark, hashed(&picture.stem))).collect();
    for tally in tallies.values_mut() {
        tally.leave_each_image_once();
        tally.images = tally.images.iter().map(mark).collect();
    }
    let numbered = (0..).zip(categories).collect::<Vec<(i64, String)>>();
    let (ids_from, categories) = match kind {
        Kind::Yolo => (IdsFrom::List, without_fillers(numbered, &tallies, path)),
        _ => (IdsFrom::Nobody, numbered),
    };
    let categories = categories.iter().map(|(id, name)| Category::new(*id, name)).collect();
    Ok(Annotations {
        path: path.to_owned(),
        ids_from,
        categories,
        tallies: Some(tallies),
        lacks_image: false,
        image_names,
        notes: notes.into_iter().map(|note| format!("{}: {note}", path.display())).collect(),
    })
}

/// The names without those that only fill an id, unless they have objects.
fn without_fillers(
    names: Vec<(i64, String)>,
    tallies: &HashMap<i64, Tally>,
    path: &Path,
) -> Vec<(i64, String)> {
    let Names::List { classes, .. } = names::without_fillers(names.clone(), path) else {
        return names;
    };
    let has_objects = |id: &i64| tallies.get(id).is_some_and(|tally| tally.instances > 0);
    let stays = |one: &(i64, String)| classes.contains(one) || has_objects(&one.0);
    names.into_iter().filter(stays).collect()
}
