//! The class of each instance, from its label.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::{Classes, IdsFrom, Keys, Numbering, number};
use crate::error::{Error, Result};
use crate::words::{check_name, trimmed};

/// The labels of the files, in order.
#[derive(Debug, PartialEq)]
pub struct Labels {
    /// The distinct labels, in order of first appearance.
    keys: Keys,
    /// For each instance an index into the distinct labels.
    codes: Vec<u32>,
    /// What is wrong with the first that is a number and no id, where all are numbers.
    no_id: Option<String>,
}

impl Labels {
    /// Number of labels.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The distinct labels, in order of first appearance.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The labels as numbers, unless they are texts.
    pub fn numbers(&self) -> Option<Vec<i64>> {
        let Keys::Numbers(numbers) = &self.keys else { return None };
        Some(self.codes.iter().map(|&code| numbers[code as usize]).collect())
    }

    /// How many instances have each of the distinct labels, without the rows `left_out` (ascending).
    pub fn weights(&self, left_out: &[usize]) -> Vec<u64> {
        let mut weights = vec![0; self.keys.len()];
        for (_, code) in self.kept(left_out) {
            weights[code as usize] += 1;
        }
        weights
    }

    /// The rows that are not `left_out` (ascending), each with the index of its label.
    pub fn kept<'a>(&'a self, left_out: &'a [usize]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let mut left_out = left_out.iter().copied().peekable();
        let rows = self.codes.iter().copied().enumerate();
        rows.filter(move |(row, _)| left_out.next_if_eq(row).is_none())
    }

    /// The classes that the labels name, without the rows of the `background` (ascending).
    ///
    /// # Errors
    /// If there is none, or an id is negative.
    pub fn classes(&self, background: &[usize]) -> Result<Classes> {
        if let Some(no_id) = &self.no_id {
            return Err(Error::Input(no_id.clone()));
        }
        let weights = self.weights(background);
        let mut keys = self.keys.clone();
        for key in (0..weights.len()).rev().filter(|&key| weights[key] == 0) {
            keys = keys.without(key);
        }
        if let Some(&id) = keys.numbers().unwrap_or_default().iter().find(|&&id| id < 0) {
            let text = |code: u32| self.keys.text(code as usize);
            let row = self.kept(background).find(|&(_, code)| number(&text(code)) == Some(id));
            return Err(Error::Input(format!(
                "the label of row {} (from 0) is {id}, but ids begin at 0: if this is the \
                 background, give --background-label {id}",
                row.map_or(0, |(row, _)| row)
            )));
        }
        Classes::of_labels(&keys).map_err(|problem| Error::Input(format!("the labels: {problem}")))
    }

    /// For each row that is not `left_out` (ascending) the index of its class, one of `classes`, given
    /// that of each distinct label.
    ///
    /// # Errors
    /// If a label is none of the classes.
    pub fn index(
        &self,
        found: &[Option<usize>],
        left_out: &[usize],
        classes: usize,
    ) -> Result<Vec<u32>> {
        let class = |(row, code): (usize, u32)| match found.get(code as usize) {
            Some(&Some(class)) => Ok(class as u32),
            _ if self.no_id.is_some() => Err(Error::Input(self.no_id.clone().unwrap_or_default())),
            _ => {
                let label = self.keys.text(code as usize);
                let label = if self.keys.names().is_some() { format!("{label:?}") } else { label };
                let way_out = self.none_of(code as usize, found, classes, left_out);
                Err(Error::Input(format!(
                    "the label of row {row} (from 0) is {label}, which is not one of the {classes} classes: {way_out}"
                )))
            }
        };
        let mut index = Vec::with_capacity(self.len().saturating_sub(left_out.len()));
        for of in self.kept(left_out) {
            index.push(class(of)?);
        }
        Ok(index)
    }

    /// What to do about a label that is none of so many classes: where others are numbered from 1, it is no
    /// background.
    fn none_of(
        &self,
        code: usize,
        found: &[Option<usize>],
        classes: usize,
        left_out: &[usize],
    ) -> String {
        let numbers = self.keys.numbers().unwrap_or_default();
        let weights = self.weights(left_out);
        let said = (0..numbers.len()).filter(|&code| weights[code] > 0).map(|code| numbers[code]);
        let last = classes as i64;
        match (said.min(), numbers.get(code)) {
            (Some(1), Some(&label)) if label == last => {
                format!("labels from 1 on are torchvision's, where 0 is the background: {FROM_ONE}")
            }
            (Some(0), Some(&label)) if label == last => format!(
                "if 0 is the background, as in torchvision, give --background-label 0 and \
                 --class-names with ids from 1; if {last} is the background, as in detectron2 and \
                 mmdetection, give --background-label {last}"
            ),
            // The background has one label.
            _ if found.iter().filter(|class| class.is_none()).count() == 1 => {
                "check the labels and --class-names; if it is the background, give \
                 --background-label"
                    .into()
            }
            _ => "other labels match no class either: check --class-names, and from which number \
                  the labels count"
                .into(),
        }
    }

    /// The same where the labels are the names or ids that the classes were given.
    ///
    /// # Errors
    /// If a label is none of the classes.
    pub fn index_as_given(&self, classes: &Classes, left_out: &[usize]) -> Result<Vec<u32>> {
        let numbers = classes.ids_from() == IdsFrom::Labels || self.keys.names().is_none();
        let by = if numbers { Numbering::Ids } else { Numbering::Names };
        let found = classes.read(&self.keys, by).unwrap_or_default();
        self.index(&found, left_out, classes.len())
    }

    /// Ids, or other numbers of classes.
    pub fn of_ids(ids: impl IntoIterator<Item = i64>) -> Labels {
        match Labels::of_read_ids(ids.into_iter().map(Ok::<_, Infallible>)) {
            Ok(labels) => labels,
        }
    }

    /// Ids as they are read.
    ///
    /// # Errors
    /// The first error among them.
    pub(crate) fn of_read_ids<E>(
        ids: impl Iterator<Item = std::result::Result<i64, E>>,
    ) -> std::result::Result<Labels, E> {
        let mut interned = Interned::default();
        let codes =
            ids.map(|id| id.map(|id| interned.code(id))).collect::<std::result::Result<_, _>>()?;
        Ok(Labels { keys: Keys::Numbers(interned.values), codes, no_id: None })
    }

    /// Class names, of any form.
    ///
    /// # Errors
    /// The first row whose label can be no name, and a sentence on it.
    pub fn of_names<'a>(
        texts: impl Iterator<Item = &'a str>,
    ) -> std::result::Result<Labels, (usize, String)> {
        Labels::of_texts(texts, Keys::Names)
    }

    /// Texts, which the `keys` say how to take.
    ///
    /// # Errors
    /// As for [`Labels::of_names`].
    pub(crate) fn of_texts<'a>(
        texts: impl Iterator<Item = &'a str>,
        keys: fn(Vec<String>) -> Keys,
    ) -> std::result::Result<Labels, (usize, String)> {
        let mut interned = Interned::default();
        let mut codes = Vec::new();
        for (row, whole) in texts.enumerate() {
            let text = trimmed(whole);
            let code = match interned.find(text) {
                Some(code) => code,
                None => {
                    check_name(whole).map_err(|problem| (row, problem))?;
                    interned.code(text.to_owned())
                }
            };
            codes.push(code);
        }
        Ok(Labels { keys: keys(interned.values), codes, no_id: None })
    }

    /// Ids that some tool made floating-point numbers of.
    ///
    /// # Errors
    /// The first row whose label is not a whole number, and a sentence on it.
    pub fn of_numbers(
        numbers: impl Iterator<Item = f64>,
    ) -> std::result::Result<Labels, (usize, String)> {
        let id = |(row, number)| {
            let wrong = |label| (row, format!("the label {label} is not a whole number"));
            whole(number).map_err(wrong)
        };
        Labels::of_read_ids(numbers.enumerate().map(id))
    }

    /// The same labels, which are numbers, but no ids as this sentence says.
    #[cfg(feature = "files")]
    pub(crate) fn of_no_ids(mut self, problem: String) -> Labels {
        self.no_id = Some(problem);
        self
    }

    /// Adds the labels of another file.
    ///
    /// # Errors
    /// What is wrong with it, if one holds names and the other ids.
    #[cfg(feature = "files")]
    pub(crate) fn append(&mut self, mut more: Labels) -> std::result::Result<(), &'static str> {
        fn renumbered<T: Clone + Eq + Hash>(all: &mut Vec<T>, more: Vec<T>) -> Vec<u32> {
            let mut interned = Interned::new(std::mem::take(all));
            let codes = more.into_iter().map(|value| interned.code(value)).collect();
            *all = interned.values;
            codes
        }
        // Cells of a csv may be what those of another format are.
        if matches!(self.keys, Keys::Cells(_)) != matches!(more.keys, Keys::Cells(_)) {
            let alike = self.keys.numbers().is_some() == more.keys.numbers().is_some();
            if alike {
                self.keys = self.keys.cells();
                more.keys = more.keys.cells();
            }
        }
        let codes = match (&mut self.keys, more.keys) {
            (Keys::Numbers(all), Keys::Numbers(more)) => renumbered(all, more),
            (Keys::Strings(all), Keys::Strings(more)) | (Keys::Cells(all), Keys::Cells(more)) => {
                renumbered(all, more)
            }
            _ => {
                return Err(
                    "holds class names where other label files hold ids, or the reverse: use the \
                     same in all files",
                );
            }
        };
        self.no_id = self.no_id.take().or(more.no_id);
        self.codes.extend(more.codes.into_iter().map(|code| codes[code as usize]));
        Ok(())
    }

    /// Checks that there is a label for each of so many embeddings.
    ///
    /// # Errors
    /// If not.
    pub fn check_length(&self, rows: usize) -> Result<()> {
        if self.len() == rows { Ok(()) } else { Err(differ(rows, self.len())) }
    }

    /// The rows of the background, whose label is as typed.
    ///
    /// # Errors
    /// If the labels are ids and this is none.
    pub fn rows_of(&self, label: &str) -> Result<Vec<usize>> {
        let (names, numbers, id) = (self.keys.names(), self.keys.numbers(), number(label));
        if names.is_none() && id.is_none() {
            return Err(Error::Input(format!(
                "--background-label {label}: the labels are ids, so give the background's id"
            )));
        }
        let is = |key: usize| {
            names.is_some_and(|names| names[key] == label.trim())
                || numbers.as_ref().is_some_and(|numbers| Some(numbers[key]) == id)
        };
        let background: Vec<bool> = (0..self.keys.len()).map(is).collect();
        Ok(self
            .kept(&[])
            .filter(|&(_, code)| background[code as usize])
            .map(|(row, _)| row)
            .collect())
    }
}

/// What to do about numbers from 1 on, where class names are numbered from 0.
pub const FROM_ONE: &str = "give the --class-names with ids from 1 (a csv with the columns class and id, or the \
                            annotation file), or subtract 1 from each";

/// The rows of each class, given the class of each.
pub fn tally(index: &[u32], classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes];
    for &class in index {
        counts[class as usize] += 1;
    }
    counts
}

/// The error that all rows are background.
pub fn none_left(background: &str) -> Error {
    Error::Input(format!(
        "all rows have the background's label {background}: check --background-label"
    ))
}

/// The error that the numbers of labels and embeddings differ.
pub(crate) fn differ(rows: usize, labels: usize) -> Error {
    Error::Input(format!(
        "there are {rows} embeddings but {labels} labels: save both from the same instances, in the same order"
    ))
}

/// A number that some tool made of an id; or as it stands, if it cannot have been one.
pub(crate) fn whole(number: f64) -> std::result::Result<i64, String> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if number.trunc() == number && number.abs() <= EXACT {
        Ok(number as i64)
    } else {
        Err(number.to_string())
    }
}

/// Distinct values, numbered by first appearance.
struct Interned<T> {
    values: Vec<T>,
    codes: FxHashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned { values: Vec::new(), codes: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    #[cfg(feature = "files")]
    fn new(values: Vec<T>) -> Interned<T> {
        let codes = values.iter().cloned().zip(0..).collect();
        Interned { values, codes }
    }

    fn find<Q: Eq + Hash + ?Sized>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        self.codes.get(value).copied()
    }

    fn code(&mut self, value: T) -> u32 {
        *self.codes.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            self.values.len() as u32 - 1
        })
    }
}
