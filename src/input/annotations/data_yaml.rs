//! YOLO's `data.yaml`: names of the classes, and where the images of each split lie.
//!
//! Follows `check_det_dataset` and `img2label_paths` in `ultralytics/data/utils.py`, and `get_img_files` in
//! `ultralytics/data/base.py`, of Ultralytics 8.4.

use std::collections::HashSet;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf, absolute};

use crate::error::{Error, Result};
use crate::input::yaml::{self, Top, Value};
use crate::input::{file, names};
use crate::words::list;

/// Endings of images, as Ultralytics has them.
const IMAGES: [&str; 13] = [
    "avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp",
];

/// Keys of splits. Ultralytics takes `validation` for `val`.
const SPLITS: [&str; 5] = ["train", "val", "validation", "test", "minival"];

/// Deepest folders in folders.
const DEEPEST: usize = 64;

/// Such a file.
pub(super) struct DataYaml {
    path: PathBuf,
    /// By id.
    pub(super) names: Vec<String>,
    /// What `path` says.
    root: Option<String>,
    /// Key and entries of each split.
    splits: Vec<(String, Vec<String>)>,
    /// Columns of a row with key points.
    pub(super) keypoints: Option<usize>,
}

/// The images of a split and the files of their labels.
pub(super) struct Images {
    /// Image and label file, in the order of the images' paths. An image need not be there.
    pub(super) pairs: Vec<(PathBuf, PathBuf)>,
    /// Images that are not there.
    pub(super) absent: u64,
}

impl DataYaml {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or its names are not those of the ids 0, 1, ….
    pub(super) fn read(path: &Path) -> Result<DataYaml> {
        let bad = |problem: String| Error::content(path, problem);
        let entries = match yaml::read(&file::text(path)?).map_err(bad)? {
            Top::Entries(entries) => entries,
            _ => Vec::new(),
        };
        let mut names = names::of_entries(&entries).map_err(bad)?;
        names.sort();
        if !names.iter().map(|(id, _)| *id).eq((0..).take(names.len())) {
            let problem = format!("gives its {} names other ids than 0, 1, …", names.len());
            return Err(bad(problem));
        }
        let mut yaml = DataYaml {
            path: path.to_owned(),
            names: names.into_iter().map(|(_, name)| name).collect(),
            root: None,
            splits: Vec::new(),
            keypoints: None,
        };
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("path", Value::Word(word)) if !word.text.is_empty() => yaml.root = Some(word.text),
                ("kpt_shape", Value::Items(items)) => {
                    let number = |word: &Option<yaml::Word>| word.as_ref()?.text.parse().ok();
                    let numbers: Option<Vec<usize>> = items.iter().map(number).collect();
                    yaml.keypoints = match numbers.as_deref() {
                        Some(&[points, sides]) => Some(5 + points.saturating_mul(sides)),
                        _ => None,
                    };
                }
                (split, value) if SPLITS.contains(&split) => {
                    let entries = match value {
                        Value::Word(word) if !["", "~", "null"].contains(&word.text.as_str()) => {
                            vec![word.text]
                        }
                        Value::Items(items) => {
                            items.into_iter().flatten().map(|w| w.text).collect()
                        }
                        _ => continue,
                    };
                    let split = if split == "validation" { "val" } else { split };
                    yaml.splits.push((split.to_owned(), entries));
                }
                _ => {}
            }
        }
        Ok(yaml)
    }

    /// The images of a split.
    ///
    /// # Errors
    /// If there is no such split, or nothing where it should lie.
    pub(super) fn images(&self, split: &str) -> Result<Images> {
        let bad = |problem: String| Error::content(&self.path, problem);
        let of_split = self.splits.iter().find(|(name, _)| name == split);
        let Some((_, entries)) = of_split.filter(|(_, entries)| !entries.is_empty()) else {
            let names: Vec<_> = self.splits.iter().map(|(name, _)| name.as_str()).collect();
            return Err(bad(match names.is_empty() {
                true => "names classes, but no folder of images: add train: and val:".into(),
                false => format!(
                    "has no {split}: with images; it has {}: choose one with --split, or with \
                     --ground-truth-split for --ground-truth",
                    list(&names)
                ),
            }));
        };
        let root = self.root(entries)?;
        let (mut seen, mut images) = (HashSet::new(), Vec::new());
        for entry in entries {
            let place = resolved(&root, entry);
            let found = self.of_place(&place, &root)?;
            images.extend(found.into_iter().filter(|image| seen.insert(image.0.clone())));
        }
        images.sort();
        if images.is_empty() {
            return Err(bad(format!("{split}: has no image in {}", list(entries))));
        }
        let absent = images.iter().filter(|(image, _)| !image.is_file()).count() as u64;
        Ok(Images { pairs: images, absent })
    }

    /// The folder that the entries of a split begin at: of those that `path` may mean, the one that has them.
    fn root(&self, entries: &[String]) -> Result<PathBuf> {
        let own = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let own = own.unwrap_or(Path::new("."));
        let Some(root) = &self.root else { return Ok(own.to_owned()) };
        let from_here = PathBuf::from(root);
        let beside = own.join(root);
        let has = |root: &Path| {
            entries.iter().any(|entry| {
                let place = resolved(root, entry);
                place.exists() || labels_of_folder(&whole(&place)).is_dir()
            })
        };
        match (has(&from_here), has(&beside)) {
            (true, true) if !same(&from_here, &beside) => Err(Error::content(
                &self.path,
                format!(
                    "says path: {root}, and there are images both from here, as Ultralytics reads \
                     it, and beside the file: write the whole path"
                ),
            )),
            (true, _) => Ok(from_here),
            (false, true) => Ok(beside),
            // The data set was moved, with this file in it.
            (false, false) => Ok(own.to_owned()),
        }
    }

    /// The images of a folder, of a list, or themselves, each with its label file.
    fn of_place(&self, place: &Path, root: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
        if place.is_dir() {
            let mut images = Vec::new();
            descend(&whole(place), &IMAGES, 0, &mut images)?;
            if !images.is_empty() {
                return Ok(images.into_iter().map(with_label).collect());
            }
        } else if place.is_file() && is_image(place) {
            return Ok(vec![with_label(whole(place))]);
        } else if place.is_file() {
            return self.of_list(place, root);
        }
        // Labels alone count as well.
        let labels = labels_of_folder(&whole(place));
        if labels != whole(place) && labels.is_dir() {
            let mut files = Vec::new();
            descend(&labels, &["txt"], 0, &mut files)?;
            files.retain(|file| file.file_name().is_none_or(|name| name != "classes.txt"));
            return Ok(files.into_iter().map(|label| (label.clone(), label)).collect());
        }
        let problem = match place.is_dir() {
            true => "holds no image".into(),
            false => format!("does not exist, and neither does {}", labels.display()),
        };
        let said = self.root.as_ref().map(|root| format!("path: {root} and ")).unwrap_or_default();
        Err(Error::content(
            &self.path,
            format!("{} {problem}: correct {said}the folder of the split", place.display()),
        ))
    }

    /// The images that a list names: of the lines that begin with ./ from the list on, of others from here.
    fn of_list(&self, path: &Path, root: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
        let beside = whole(path.parent().unwrap_or(Path::new("")));
        let text = file::text(path)?;
        let mut images = Vec::new();
        for (line, name) in (1..).zip(text.lines()).map(|(line, name)| (line, name.trim())) {
            if name.is_empty() || !is_image(Path::new(name)) {
                continue;
            }
            let places = match name.strip_prefix("./") {
                Some(name) => vec![beside.join(name)],
                None => vec![whole(Path::new(name)), beside.join(name), whole(root).join(name)],
            };
            let pairs: Vec<_> = places.into_iter().map(with_label).collect();
            let there = pairs.iter().find(|(image, _)| image.is_file());
            let Some(pair) = there.or_else(|| pairs.iter().find(|(_, label)| label.is_file()))
            else {
                let problem = format!("line {line}: neither {name} nor its label file exists");
                return Err(Error::content(path, problem));
            };
            images.push(pair.clone());
        }
        match images.is_empty() {
            true => Err(Error::content(path, "lists no image")),
            false => Ok(images),
        }
    }
}

/// Where an entry of a split lies.
fn resolved(root: &Path, entry: &str) -> PathBuf {
    let place = root.join(entry);
    match entry.strip_prefix("../") {
        // Roboflow writes ../train/images of a folder beside the file.
        Some(inside) if !place.exists() => root.join(inside),
        _ => place,
    }
}

/// The absolute path, without links where it is there.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn same(a: &Path, b: &Path) -> bool {
    whole(a) == whole(b)
}

fn is_image(path: &Path) -> bool {
    ends_in(path, &IMAGES)
}

fn ends_in(path: &Path, ends: &[&str]) -> bool {
    path.extension().is_some_and(|end| ends.iter().any(|one| end.eq_ignore_ascii_case(one)))
}

/// The image and its label file: the last folder `images` becomes `labels`, the ending `.txt`.
fn with_label(image: PathBuf) -> (PathBuf, PathBuf) {
    let text = image.to_string_lossy();
    let label = PathBuf::from(labels_instead(&text)).with_extension("txt");
    (image, label)
}

fn labels_of_folder(folder: &Path) -> PathBuf {
    let text = format!("{}{MAIN_SEPARATOR_STR}", folder.to_string_lossy());
    PathBuf::from(labels_instead(&text))
}

fn labels_instead(text: &str) -> String {
    let [images, labels] =
        ["images", "labels"].map(|name| format!("{MAIN_SEPARATOR_STR}{name}{MAIN_SEPARATOR_STR}"));
    match text.rsplit_once(&images) {
        Some((before, after)) => format!("{before}{labels}{after}"),
        None => text.to_owned(),
    }
}

/// Adds the files in a folder and those in it, but for hidden ones.
fn descend(folder: &Path, ends: &[&str], depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEEPEST {
        return Err(Error::content(
            folder,
            "is too deep: is it a link to a folder that contains it?",
        ));
    }
    for entry in folder.read_dir().map_err(Error::read(folder))? {
        let path = entry.map_err(Error::read(folder))?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if path.is_dir() {
            descend(&path, ends, depth + 1, files)?;
        } else if ends_in(&path, ends) {
            files.push(path);
        }
    }
    Ok(())
}
