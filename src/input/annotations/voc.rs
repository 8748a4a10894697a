//! Pascal VOC: `Annotations/<image>.xml`, and the images of each split in `ImageSets/Main/<split>.txt`.
//!
//! Follows `VOCDetection` of torchvision and `XMLDataset` of mmdetection. Difficult objects are
//! skipped, as in mmdetection and Ultralytics' `VOC.yaml`. A class has no number, because each framework
//! has its own list of classes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::object::{Listing, Object, Picture, Sink};
use super::voc_xml::{self, Page};
use crate::error::{Error, Result};
use crate::input::file;
use crate::observer::{Observer, Unit};
use crate::words::{grouped, list, trimmed};

/// Files that are read at once.
const CHUNK: usize = 4096;

/// The folder that is read, if `path` is one of Pascal VOC: one with `Annotations`, or with xml files; of a
/// `VOCdevkit` the only year in it.
///
/// # Errors
/// If it holds several years, or cannot be read.
pub(super) fn root(path: &Path) -> Result<Option<PathBuf>> {
    if path.join("Annotations").is_dir() || holds_xml(path)? {
        return Ok(Some(path.to_owned()));
    }
    let mut years = Vec::new();
    for inside in [path.to_owned(), path.join("VOCdevkit")] {
        if !inside.is_dir() {
            continue;
        }
        for entry in inside.read_dir().map_err(Error::read(&inside))? {
            let year = entry.map_err(Error::read(&inside))?.path();
            if year.join("Annotations").is_dir() {
                years.push(year);
            }
        }
    }
    years.sort();
    match &years[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => {
            let years: Vec<_> = years.iter().map(|year| year.display().to_string()).collect();
            let problem = format!("holds {}: give one of them, or several by name", list(&years));
            Err(Error::content(path, problem))
        }
    }
}

fn holds_xml(path: &Path) -> Result<bool> {
    let entries = path.read_dir().map_err(Error::read(path))?;
    Ok(entries.flatten().any(|entry| is_xml(&entry.path())))
}

fn is_xml(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xml"))
}

/// The files of a split, and those beside it.
struct Files {
    split: Vec<PathBuf>,
    others: Vec<PathBuf>,
    /// What the split is, for a note.
    what: String,
}

/// Gives the objects of a split to a sink, with their boxes in pixels: the split that is asked for, or else
/// the first of `usual` that is there; of all images, where none is usual.
///
/// # Errors
/// If the split is not there, or a file of it cannot be used.
pub(in crate::input) fn read(
    root: &Path,
    split: Option<&str>,
    usual: &[&str],
    sink: Sink,
    observer: &dyn Observer,
) -> Result<Listing> {
    let files = files(root, split, usual)?;
    // A class may have objects on the images of another split alone; what is wrong there is of no matter.
    let names = |path: &PathBuf| page(path).map(|page| page.objects).unwrap_or_default();
    let elsewhere: BTreeSet<String> = files
        .others
        .par_iter()
        .flat_map_iter(|path| names(path).into_iter().map(|object| object.name))
        .collect();
    let mut listing = Listing::default();
    let mut places: HashMap<String, u32> = HashMap::new();
    let (mut objects, mut difficult) = (0, 0);
    let progress = observer.progress(files.split.len() as u64, Unit::Files);
    for chunk in files.split.chunks(CHUNK) {
        let pages: Vec<Result<Page>> = chunk.par_iter().map(|path| page(path)).collect();
        for (path, page) in chunk.iter().zip(pages) {
            let page = page?;
            let image = listing.pictures.len() as u32;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            for object in page.objects {
                let next = places.len() as u32;
                let category = *places.entry(object.name).or_insert(next);
                (objects, difficult) = (objects + 1, difficult + u64::from(object.difficult));
                sink(Object {
                    image,
                    category,
                    bbox: object.bbox,
                    size: page.size,
                    in_pixels: true,
                    crowd: false,
                    difficult: object.difficult,
                });
            }
            let file_name = page.file_name.rsplit(['/', '\\']).next().unwrap_or_default();
            let file_name = if file_name.is_empty() { &stem } else { file_name }.to_owned();
            let mark = file::mark(path);
            listing.pictures.push(Picture { stem, file_name, mark });
        }
        progress(chunk.len() as u64);
    }
    for name in elsewhere {
        let next = places.len() as u32;
        places.entry(name).or_insert(next);
    }
    let mut categories: Vec<_> = places.into_iter().collect();
    categories.sort_by_key(|(_, place)| *place);
    listing.categories = categories.into_iter().map(|(name, _)| name).collect();
    if listing.categories.is_empty() {
        return Err(Error::content(root, "names no class: its xml files have no <object>"));
    }
    listing.notes.push(format!(
        "Pascal VOC, {}: {} images with {} objects, {} of them difficult",
        files.what,
        grouped(listing.pictures.len() as u64),
        grouped(objects),
        grouped(difficult)
    ));
    Ok(listing)
}

/// Reads one file.
fn page(path: &Path) -> Result<Page> {
    voc_xml::read(&file::text(path)?).map_err(|problem| Error::content(path, problem))
}

fn files(root: &Path, split: Option<&str>, usual: &[&str]) -> Result<Files> {
    let of_split = |split: &str, problem: &str| {
        Error::content(
            root,
            format!(
                "{problem}, so the split {split:?} is not known: give the folder that holds \
                 Annotations and ImageSets/Main, or remove --split"
            ),
        )
    };
    if root.is_file() {
        return match split {
            Some(split) => Err(of_split(split, "is one file")),
            None => Ok(Files {
                split: vec![root.to_owned()],
                others: Vec::new(),
                what: "one file".into(),
            }),
        };
    }
    let annotations = root.join("Annotations");
    let annotations = if annotations.is_dir() { annotations } else { root.to_owned() };
    let entries = annotations.read_dir().map_err(Error::read(&annotations))?;
    let mut all: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_xml(path)).collect();
    all.sort();
    if all.is_empty() {
        return Err(Error::content(&annotations, "holds no xml file"));
    }
    let splits = root.join("ImageSets").join("Main");
    let list_of = |split: &str| splits.join(format!("{split}.txt"));
    let there = |split: &&&str| list_of(split).is_file();
    let Some(split) = split.or_else(|| usual.iter().find(there).copied()) else {
        let names = names_of_splits(&splits);
        return match names.is_empty() || usual.is_empty() {
            true => Ok(Files { split: all, others: Vec::new(), what: "all xml files".into() }),
            false => Err(lacks_split(&splits, usual.first().unwrap_or(&""), &names)),
        };
    };
    let path = list_of(split);
    if !path.is_file() {
        let names = names_of_splits(&splits);
        return Err(match names.is_empty() {
            true => of_split(split, "has no ImageSets/Main"),
            false => lacks_split(&splits, split, &names),
        });
    }
    let split_files = listed(&path, &annotations)?;
    let of_split: HashSet<&PathBuf> = split_files.iter().collect();
    let others = all.iter().filter(|path| !of_split.contains(path)).cloned().collect();
    Ok(Files { others, what: format!("split {split}"), split: split_files })
}

fn lacks_split(splits: &Path, split: &str, names: &[String]) -> Error {
    let problem = format!("has no {split}.txt; there are {}: choose one with --split", list(names));
    Error::content(splits, problem)
}

/// Names of the splits, without those of single classes where there are others.
fn names_of_splits(splits: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(splits)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    let whole: Vec<_> = names.iter().filter(|name| !name.contains('_')).cloned().collect();
    if whole.is_empty() { names } else { whole }
}

/// The xml files of the images that a list of a split names, each once.
fn listed(path: &Path, annotations: &Path) -> Result<Vec<PathBuf>> {
    let text = file::text(path)?;
    let (mut files, mut seen) = (Vec::new(), HashSet::new());
    for (line, name) in (1..).zip(text.lines()).map(|(line, name)| (line, trimmed(name))) {
        if name.is_empty() {
            continue;
        }
        // Not `with_extension`, which would cut a name with a point.
        let file = annotations.join(format!("{name}.xml"));
        if !file.is_file() {
            let says = name.rsplit_once(char::is_whitespace).map(|(_, says)| says);
            let problem = match says {
                Some("1" | "-1" | "0") => {
                    format!(
                        "line {line}: says whether an image holds one class: give the list of all \
                         classes, such as trainval"
                    )
                }
                _ => format!("line {line}: lists {name:?}, but {} does not exist", file.display()),
            };
            return Err(Error::content(path, problem));
        }
        if seen.insert(file.clone()) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Error::content(path, "lists no image"));
    }
    Ok(files)
}
