//! Classes, and how rows are matched to them. This module reads no file.

mod join;
mod keys;
mod labels;
mod total_row;
mod union;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

pub use join::{Doubt, Join, Numbering, Rows};
pub use keys::{Keys, number};
pub use labels::{FROM_ONE, Labels, none_left, tally};
#[cfg(feature = "files")]
pub(crate) use labels::{differ, whole};
pub use total_row::{Summary, Values, is_sum, summary};
pub use union::Union;

/// The classes, in order of id.
///
/// ```
/// use igam_analyze::Classes;
///
/// let classes = Classes::from_names(["bolt", "nut"])?;
/// assert_eq!((classes.ids(), classes.names()[1].as_str()), (&[0, 1][..], "nut"));
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Classes {
    ids: Vec<i64>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
    /// The classes in the order in which their file lists them.
    file_order: Vec<usize>,
    ids_from: IdsFrom,
    /// Number of boxes of each class, if the file that lists the classes has boxes.
    boxes: Option<Vec<Option<u64>>>,
}

/// The source of the class ids: it decides what a number can mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdsFrom {
    /// The order of a list of names: 0, 1, ….
    #[default]
    List,
    /// A table.
    Table,
    /// An annotation file: detectors may use other numbers for its categories.
    Annotations,
    /// The labels, or the outputs of a classifier: the classes are these numbers.
    Labels,
    /// None: the classes have names alone, and the ids only count them.
    Nobody,
}

impl Classes {
    /// Classes of these ids and names, in the order of their file.
    ///
    /// # Errors
    /// A sentence, if there is none, or a name or id stands twice.
    pub fn new(
        classes: Vec<(i64, String)>,
        ids_from: IdsFrom,
    ) -> std::result::Result<Classes, String> {
        let mut file_order: Vec<usize> = (0..classes.len()).collect();
        file_order.sort_by_key(|&at| classes[at].0);
        let mut place = vec![0; classes.len()];
        file_order.iter().enumerate().for_each(|(class, &at)| place[at] = class);
        let mut ordered = classes;
        ordered.sort_by_key(|(id, _)| *id);
        let (ids, names): (Vec<i64>, Vec<String>) = ordered.into_iter().unzip();
        let by_id: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        let by_name: HashMap<String, usize> = names.iter().cloned().zip(0..).collect();
        if let Some(name) = names.iter().enumerate().find(|&(at, name)| by_name[name] != at) {
            return Err(format!("names the class {:?} twice", name.1));
        } else if names.is_empty() {
            return Err("names no class".into());
        } else if by_id.len() < ids.len() {
            return Err("gives two classes the same id".into());
        }
        Ok(Classes { ids, names, by_id, by_name, file_order: place, ids_from, boxes: None })
    }

    /// Classes that are known by name alone, numbered in alphabetical order.
    ///
    /// # Errors
    /// A sentence, if there is none, or a name stands twice.
    pub fn alphabetical(mut names: Vec<String>) -> std::result::Result<Classes, String> {
        names.sort();
        Classes::new((0..).zip(names).collect(), IdsFrom::Nobody)
    }

    /// Classes of these names, in order of id from 0.
    ///
    /// # Errors
    /// If there is none, or a name stands twice.
    pub fn from_names<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Result<Classes> {
        let names = (0..).zip(names.into_iter().map(Into::into));
        Classes::new(names.collect(), IdsFrom::List)
            .map_err(|problem| Error::Content { path: "class_names".into(), problem })
    }

    /// Classes 0, 1, … that are named by their id: the outputs of a classifier.
    pub fn numbered(count: usize) -> Classes {
        Classes::numbered_without(count, None)
    }

    /// The same without the output of the background, if there is one.
    pub fn numbered_without(count: usize, background: Option<usize>) -> Classes {
        let all = (0..count as i64).enumerate();
        Classes::of_ids(all.filter(|&(at, _)| Some(at) != background).map(|(_, id)| id).collect())
    }

    /// Classes that are named by their id; the ids ascend.
    fn of_ids(ids: Vec<i64>) -> Classes {
        let names: Vec<String> = ids.iter().map(i64::to_string).collect();
        Classes {
            by_id: ids.iter().copied().zip(0..).collect(),
            by_name: names.iter().cloned().zip(0..).collect(),
            file_order: (0..ids.len()).collect(),
            ids_from: IdsFrom::Labels,
            boxes: None,
            names,
            ids,
        }
    }

    /// The classes that keys name, by their ids where they have some; else numbered in the order of the
    /// rows.
    ///
    /// # Errors
    /// A sentence, if there is none, or a name or id stands twice.
    pub fn of_keys(keys: &Keys) -> std::result::Result<Classes, String> {
        match keys {
            Keys::Both(names, ids) => {
                let classes = ids.iter().copied().zip(names.iter().cloned());
                Classes::new(classes.collect(), IdsFrom::Table)
            }
            _ => {
                let texts = (0..keys.len()).map(|row| keys.text(row));
                match keys.numbers() {
                    // Numbers alone are their own names.
                    Some(numbers) => {
                        Classes::new(numbers.into_iter().zip(texts).collect(), IdsFrom::Labels)
                    }
                    None => Classes::new((0..).zip(texts).collect(), IdsFrom::Nobody),
                }
            }
        }
    }

    /// The classes that occur in labels: by their id, which is then their name too; or by name in
    /// alphabetical order. `keys` are the distinct labels, without the background.
    ///
    /// # Errors
    /// A sentence, if there is none.
    pub fn of_labels(keys: &Keys) -> std::result::Result<Classes, String> {
        match (keys.numbers(), keys.names()) {
            (Some(mut ids), _) => {
                ids.sort_unstable();
                ids.dedup();
                Ok(Classes::of_ids(ids))
            }
            (None, names) => Classes::alphabetical(names.unwrap_or_default().to_vec()),
        }
    }

    /// The same classes, with the boxes of each in the order of the file.
    pub fn with_boxes(mut self, boxes: &[u64]) -> Classes {
        let mut of_class = vec![None; self.len()];
        self.file_order
            .iter()
            .zip(boxes)
            .for_each(|(&class, &boxes)| of_class[class] = Some(boxes));
        // Without any, nothing is known of them.
        self.boxes = boxes.iter().any(|&boxes| boxes > 0).then_some(of_class);
        self
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Ids, ascending.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// The ids, unless they only number the names: then those of other embeddings may be others.
    pub fn lasting_ids(&self) -> impl Iterator<Item = Option<i64>> {
        self.ids.iter().map(|&id| (self.ids_from != IdsFrom::Nobody).then_some(id))
    }

    /// Names, in order of id.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of boxes of each class, if the file that lists the classes has boxes.
    pub fn boxes(&self) -> Option<&[Option<u64>]> {
        self.boxes.as_deref()
    }

    /// Id and name of each class, in the order in which their file lists them.
    pub fn listed(&self) -> Vec<(i64, String)> {
        let class = |&class: &usize| (self.ids[class], self.names[class].clone());
        self.file_order.iter().map(class).collect()
    }

    /// Boxes of each class in that order, where the file has boxes.
    pub fn boxes_in_order(&self) -> Option<Vec<u64>> {
        let boxes = self.boxes.as_ref()?;
        Some(self.file_order.iter().map(|&class| boxes[class].unwrap_or(0)).collect())
    }

    /// Who gave the classes their ids.
    pub fn ids_from(&self) -> IdsFrom {
        self.ids_from
    }
}
