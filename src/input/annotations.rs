//! COCO and LVIS annotation files: categories, and how many annotations each has. The file is read as a
//! stream, since such files take a gigabyte; what is held is some hundred numbers a category.
//!
//! Follows `createIndex` in `PythonAPI/pycocotools/coco.py` of cocodataset/cocoapi, and
//! `lvis/lvis.py` of lvis-dataset/lvis-api, whose categories have `frequency` and `image_count`.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::counts::Counts;
use super::file::{self, check_name};
use crate::classes::{Classes, IdsFrom, Keys};
use crate::error::{Error, Result};
use crate::groups::Frequency;

/// Most categories; the largest data sets have some ten thousand.
const MOST_CATEGORIES: usize = 1 << 20;

/// Images of a category that are told apart: from here on it is frequent.
const MOST_IMAGES: usize = 101;

/// What an annotation file says of its categories.
#[derive(Debug)]
pub struct Annotations {
    path: PathBuf,
    /// In the order of the file.
    categories: Vec<Category>,
    /// By category id; none where the file has no annotations, as those of test images.
    tallies: Option<HashMap<i64, Tally>>,
}

#[derive(Debug, Deserialize)]
struct Category {
    id: i64,
    name: String,
    frequency: Option<String>,
    image_count: Option<u64>,
}

/// What is counted of a category.
#[derive(Debug, Default)]
struct Tally {
    instances: u64,
    /// Its first images, ascending.
    images: Vec<u64>,
}

/// Reads categories and annotations. Annotations of crowds (`iscrowd` is 1) are counted only if
/// `include_crowd`.
///
/// # Errors
/// If the file cannot be read, or is no annotation file.
pub fn read(path: &Path, include_crowd: bool) -> Result<Annotations> {
    let (file, _) = file::open(path)?;
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 20, file));
    let bad = |error: serde_json::Error| {
        if error.is_io() {
            Error::read(path)(error.into())
        } else {
            Error::content(path, format!("is not a COCO or LVIS annotation file: {error}"))
        }
    };
    let mut top = Top { include_crowd, categories: None, tallies: None };
    json.deserialize_map(&mut top).and_then(|()| json.end()).map_err(bad)?;
    let Some(categories) = top.categories else {
        let problem =
            "has no \"categories\": is it an annotation file, such as instances_train2017.json?";
        return Err(Error::content(path, problem));
    };
    for category in &categories {
        check_name(&category.name).map_err(|problem| {
            Error::content(path, format!("category {}: {problem}", category.id))
        })?;
    }
    Ok(Annotations { path: path.to_owned(), categories, tallies: top.tallies })
}

impl Annotations {
    /// The categories as classes.
    ///
    /// # Errors
    /// If there is none, or a name or id stands twice.
    pub fn classes(&self) -> Result<Classes> {
        let pairs = self.categories.iter().map(|one| (one.id, one.name.clone()));
        let classes = Classes::new(pairs.collect(), IdsFrom::Annotations)
            .map_err(|problem| Error::content(&self.path, problem))?;
        Ok(match &self.tallies {
            None => classes,
            Some(tallies) => {
                let boxes =
                    |one: &Category| tallies.get(&one.id).map_or(0, |tally| tally.instances);
                classes.with_boxes(&self.categories.iter().map(boxes).collect::<Vec<_>>())
            }
        })
    }

    /// Instance counts of all categories, with their frequency: LVIS's own letter, or else by the
    /// number of images that each is in.
    ///
    /// # Errors
    /// If there are no annotations, or one is of a category that the file does not list.
    pub fn counts(self) -> Result<Counts> {
        let classes = self.classes()?;
        let bad = |problem: String| Error::content(&self.path, problem);
        let Some(mut tallies) = self.tallies else {
            return Err(bad("has no \"annotations\": there is nothing to count".into()));
        };
        let (mut names, mut ids) = (Vec::new(), Vec::new());
        let (mut values, mut frequencies) = (Vec::new(), Vec::new());
        for category in &self.categories {
            let tally = tallies.remove(&category.id).unwrap_or_default();
            let images = category.image_count.unwrap_or(tally.images.len() as u64);
            frequencies.push(match &category.frequency {
                Some(letter) => letter
                    .parse()
                    .map_err(|problem| bad(format!("category {}: {problem}", category.id)))?,
                None => Frequency::of_images(images),
            });
            names.push(category.name.clone());
            ids.push(category.id);
            values.push(tally.instances);
        }
        if let Some(id) = tallies.keys().min() {
            return Err(bad(format!(
                "has annotations of the category {id}, which is not among its \"categories\""
            )));
        }
        let (path, frequencies) = (self.path.clone(), Some(frequencies));
        let keys = Keys::Both(names, ids);
        Ok(Counts { path, keys, values, frequencies, classes: Some(classes) })
    }
}

/// The object of the file.
struct Top {
    include_crowd: bool,
    categories: Option<Vec<Category>>,
    tallies: Option<HashMap<i64, Tally>>,
}

impl<'de> Visitor<'de> for &mut Top {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with \"categories\" and \"annotations\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match key.as_str() {
                "categories" => self.categories = Some(entries.next_value_seed(Categories)?),
                "annotations" => {
                    let tallies = self.tallies.get_or_insert_default();
                    entries.next_value_seed(Tallies(tallies, self.include_crowd))?;
                }
                _ => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Categories;

impl<'de> DeserializeSeed<'de> for Categories {
    type Value = Vec<Category>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Vec<Category>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Categories {
    type Value = Vec<Category>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of categories")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut items: A,
    ) -> std::result::Result<Vec<Category>, A::Error> {
        let mut categories = Vec::new();
        while let Some(category) = items.next_element()? {
            categories.push(category);
            if categories.len() > MOST_CATEGORIES {
                return Err(too_many());
            }
        }
        Ok(categories)
    }
}

fn too_many<E: serde::de::Error>() -> E {
    E::custom(format!("it has more than {MOST_CATEGORIES} categories"))
}

/// Counts the annotations as they come.
struct Tallies<'a>(&'a mut HashMap<i64, Tally>, bool);

#[derive(Deserialize)]
struct Annotation {
    category_id: i64,
    #[serde(default)]
    image_id: Mark,
    #[serde(default)]
    iscrowd: Mark,
}

impl<'de> DeserializeSeed<'de> for Tallies<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Tallies<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of annotations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let Tallies(tallies, include_crowd) = self;
        while let Some(annotation) = items.next_element::<Annotation>()? {
            let tally = tallies.entry(annotation.category_id).or_default();
            if include_crowd || annotation.iscrowd.0 == 0 {
                tally.instances += 1;
                if let Err(at) = tally.images.binary_search(&annotation.image_id.0)
                    && tally.images.len() < MOST_IMAGES
                {
                    tally.images.insert(at, annotation.image_id.0);
                }
            }
            if tallies.len() > MOST_CATEGORIES {
                return Err(too_many());
            }
        }
        Ok(())
    }
}

/// A flag, or an image's id, which may be a text: then its hash.
#[derive(Default)]
struct Mark(u64);

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Marks;
        impl Visitor<'_> for Marks {
            type Value = Mark;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, a flag or a text")
            }
            fn visit_bool<E>(self, flag: bool) -> std::result::Result<Mark, E> {
                Ok(Mark(flag.into()))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Mark, E> {
                Ok(Mark(number))
            }
            fn visit_i64<E>(self, number: i64) -> std::result::Result<Mark, E> {
                Ok(Mark(number as u64))
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Mark, E> {
                Ok(Mark(if number == 0.0 { 0 } else { number.to_bits() }))
            }
            fn visit_unit<E>(self) -> std::result::Result<Mark, E> {
                Ok(Mark(0))
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Mark, E> {
                let mut hasher = DefaultHasher::new();
                text.hash(&mut hasher);
                Ok(Mark(hasher.finish()))
            }
        }
        deserializer.deserialize_any(Marks)
    }
}
