//! The categories of annotations with their counts: the type into which every format is read.

use std::collections::HashMap;
use std::path::PathBuf;

use super::tally::{Category, Tally};
use crate::classes::{Classes, IdsFrom};
use crate::error::{Error, Result};
use crate::groups::Frequency;

/// What annotation sources say of their categories.
#[derive(Debug)]
pub struct Annotations {
    /// The source, or what stands for several in sentences.
    pub(super) path: PathBuf,
    /// What gave the categories their ids; nobody in Pascal VOC and Open Images.
    pub(super) ids_from: IdsFrom,
    /// In the order of the source.
    pub(super) categories: Vec<Category>,
    /// By category id; none where there are no annotations, as in those of test images.
    pub(super) tallies: Option<HashMap<i64, Tally>>,
    /// Whether an annotation does not say its image.
    pub(super) lacks_image: bool,
    /// What tells an image of one file from that of another with the same id: its name, hashed.
    pub(super) image_names: HashMap<u64, u64>,
    /// What the user should know of how they were counted, each with its source.
    pub(super) notes: Vec<String>,
}

impl Annotations {
    /// The categories as classes.
    ///
    /// # Errors
    /// If there is none, or a name or id stands twice.
    pub fn classes(&self) -> Result<Classes> {
        let pairs = self.categories.iter().map(|one| (one.id, one.name.clone()));
        let classes = Classes::new(pairs.collect(), self.ids_from)
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

    /// What stands for the source in sentences.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Whether its categories have ids, and not names alone.
    pub fn has_ids(&self) -> bool {
        self.ids_from != IdsFrom::Nobody
    }

    /// What the user should know of how the annotations were counted.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is counted of all categories, in the order of the source.
    ///
    /// # Errors
    /// If there are no annotations, or one is of a category that the source does not list.
    pub fn counted(self) -> Result<Vec<Counted>> {
        let bad = |problem: String| Error::content(&self.path, problem);
        let Some(mut tallies) = self.tallies else {
            return Err(bad("has no \"annotations\": there is nothing to count".into()));
        };
        let mut counted = Vec::new();
        for category in self.categories {
            let mut tally = tallies.remove(&category.id).unwrap_or_default();
            tally.leave_each_image_once();
            let images = tally.images.len() as u64;
            let frequency = match &category.frequency {
                Some(letter) => letter
                    .parse()
                    .map_err(|problem| bad(format!("category {}: {problem}", category.id)))?,
                None => Frequency::of_images(category.image_count.unwrap_or(images)),
            };
            let crowded = images > 0 && !self.lacks_image;
            counted.push(Counted {
                id: category.id,
                name: category.name,
                instances: tally.instances,
                frequency,
                median_log_area: tally.median_log_area(),
                instances_per_image: crowded.then(|| tally.instances as f64 / images as f64),
                supercategory: category.supercategory,
            });
        }
        match tallies.keys().min() {
            None => Ok(counted),
            Some(id) => Err(bad(format!(
                "has annotations of the category {id}, which is not among its \"categories\""
            ))),
        }
    }
}

/// What is counted of a category.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Annotations that count.
    pub instances: u64,
    /// LVIS's own letter, or else by the number of images that it is in.
    pub frequency: Frequency,
    /// The median of ln(area in pixels²) over the annotations that count, as far as one has an area.
    pub median_log_area: Option<f64>,
    /// Annotations that count by images that hold one of them, where each says its image.
    pub instances_per_image: Option<f64>,
    /// The group of similar categories that it belongs to, where the file says one.
    pub supercategory: Option<String>,
}
