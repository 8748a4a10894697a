//! Class ids and names, and how the rows of other tables and the labels find their class.

use std::collections::HashMap;
use std::path::Path;

use super::annotations::{self, Include};
use super::file::check_name;
use super::labels::Labels;
use super::names::{self, Names};
use super::table::{Table, list};
use crate::error::{Error, Result};

/// The classes, in order of id.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    ids: Vec<i64>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
    /// Whether they are the categories of an annotation file, whose ids have gaps: then detectors
    /// number them 0, 1, … in order of id.
    categories: bool,
    /// Whether their ids only number their names in alphabetical order.
    alphabetical: bool,
}

/// How ids name classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// They are the classes' ids.
    Ids,
    /// They could be ids or places, which are not the same, and are taken for ids.
    Either,
    /// They are the places of the categories of an annotation file in order of id, from 0.
    Places,
}

impl Classes {
    fn new(mut classes: Vec<(i64, String)>) -> Classes {
        classes.sort();
        let by_id = classes.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let by_name =
            classes.iter().enumerate().map(|(at, (_, name))| (name.clone(), at)).collect();
        let (ids, names) = classes.into_iter().unzip();
        Classes { ids, names, by_id, by_name, ..Classes::default() }
    }

    /// Reads class names, from any of the files that `names` lists.
    ///
    /// # Errors
    /// If the file cannot be used, or a name or id stands twice.
    pub fn read(path: &Path) -> Result<Classes> {
        Classes::read_with_notes(path).map(|(classes, _)| classes)
    }

    /// The same, with what the user should know of how it was read.
    ///
    /// # Errors
    /// If the file cannot be used, or a name or id stands twice.
    pub fn read_with_notes(path: &Path) -> Result<(Classes, Vec<String>)> {
        match names::read(path)? {
            Names::Categories => {
                Ok((annotations::read(path, Include::default())?.classes()?, Vec::new()))
            }
            Names::List { classes, notes } => Ok((Classes::checked(classes, path)?, notes)),
        }
    }

    /// The categories of an annotation file.
    ///
    /// # Errors
    /// If there is none, or a name or id stands twice.
    pub fn of_categories(categories: Vec<(i64, String)>, path: &Path) -> Result<Classes> {
        Ok(Classes { categories: true, ..Classes::checked(categories, path)? })
    }

    /// Classes that are known by name alone, numbered in alphabetical order.
    ///
    /// # Errors
    /// If there is none, or a name stands twice.
    pub fn alphabetical(mut names: Vec<String>, path: &Path) -> Result<Classes> {
        names.sort();
        Ok(Classes { alphabetical: true, ..Classes::checked((0..).zip(names).collect(), path)? })
    }

    /// Classes of these ids and names.
    ///
    /// # Errors
    /// If there is none, or a name or id stands twice.
    pub fn checked(classes: Vec<(i64, String)>, path: &Path) -> Result<Classes> {
        let count = classes.len();
        let classes = Classes::new(classes);
        if count == 0 || classes.by_name.len() < count || classes.by_id.len() < count {
            let twice =
                classes.names.iter().enumerate().find(|&(at, name)| classes.by_name[name] != at);
            let problem = match twice {
                Some((_, name)) => format!("names the class {name:?} twice"),
                None if count == 0 => "names no class".into(),
                None => "gives two classes the same id".into(),
            };
            return Err(Error::content(path, problem));
        }
        Ok(classes)
    }

    /// Classes 0, 1, … that are named by their id.
    pub fn numbered(count: usize) -> Classes {
        Classes::new((0..count as i64).map(|id| (id, id.to_string())).collect())
    }

    /// The classes that a table names, numbered as it numbers them, or in its order.
    pub fn from_keys(keys: &ClassKeys) -> Classes {
        let id = |at: usize| keys.ids[at].unwrap_or(at as i64);
        Classes::new(
            keys.names.iter().enumerate().map(|(at, name)| (id(at), name.clone())).collect(),
        )
    }

    /// The classes that occur in labels, but for the `background`: by their id, which is then their
    /// name too, or by name in alphabetical order.
    ///
    /// # Errors
    /// If an id is negative.
    pub fn from_labels(labels: &Labels, background: Option<&str>) -> Result<Classes> {
        let classes = match labels {
            Labels::Ids(ids) => {
                let mut distinct = ids.clone();
                distinct.sort_unstable();
                distinct.dedup();
                let background = background.and_then(|label| label.parse().ok());
                distinct.retain(|&id| Some(id) != background);
                if let Some(row) = ids.iter().position(|&id| id < 0 && Some(id) != background) {
                    return Err(Error::Input(format!(
                        "the label of row {row} (from 0) is {0}: ids begin at 0; if this is the background, give --background-label {0}",
                        ids[row]
                    )));
                }
                distinct.into_iter().map(|id| (id, id.to_string())).collect()
            }
            Labels::Names(_, names) => {
                let mut names = names.clone();
                names.retain(|name| Some(name.as_str()) != background);
                names.sort();
                let classes = Classes::new((0..).zip(names).collect());
                return Ok(Classes { alphabetical: true, ..classes });
            }
        };
        Ok(Classes::new(classes))
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
        self.ids.iter().map(|&id| (!self.alphabetical).then_some(id))
    }

    /// Names, in order of id.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How these ids name the classes. Only where the classes are the categories of an annotation file
    /// can they be anything but ids.
    pub fn numbering(&self, ids: impl Iterator<Item = i64> + Clone) -> Numbering {
        let places = 0..self.len() as i64;
        if !self.categories || places.clone().eq(self.ids.iter().copied()) {
            return Numbering::Ids;
        }
        match (
            ids.clone().all(|id| self.by_id.contains_key(&id)),
            ids.clone().all(|id| places.contains(&id)),
        ) {
            (false, true) => Numbering::Places,
            (true, true) => Numbering::Either,
            (_, false) => Numbering::Ids,
        }
    }

    /// How labels that are ids name the classes, but for those in `left_out` (ascending).
    pub fn numbering_of(&self, labels: &Labels, left_out: &[usize]) -> Numbering {
        match labels {
            Labels::Names(..) => Numbering::Ids,
            Labels::Ids(ids) => {
                let mut left_out = left_out.iter().copied().peekable();
                let kept = ids.iter().enumerate();
                self.numbering(
                    kept.filter(move |(row, _)| left_out.next_if_eq(row).is_none())
                        .map(|(_, &id)| id),
                )
            }
        }
    }

    /// How the rows of a table name the classes, where they do so by numbers alone.
    pub fn numbering_of_keys(&self, keys: &ClassKeys) -> Numbering {
        if keys.in_order || keys.names.iter().any(|name| self.by_name.contains_key(name)) {
            return Numbering::Ids;
        }
        let id = |(name, id): (&String, &Option<i64>)| id.or_else(|| name.parse().ok());
        let ids: Option<Vec<i64>> = keys.names.iter().zip(&keys.ids).map(id).collect();
        ids.map_or(Numbering::Ids, |ids| self.numbering(ids.into_iter()))
    }

    fn by_number(&self, id: i64, numbering: Numbering) -> Option<usize> {
        match numbering {
            Numbering::Places => usize::try_from(id).ok().filter(|&place| place < self.len()),
            Numbering::Ids | Numbering::Either => self.by_id.get(&id).copied(),
        }
    }

    /// For each instance the index of its class, but for those in `left_out` (ascending).
    ///
    /// # Errors
    /// If a label is none of the classes.
    pub fn index(&self, labels: &Labels, left_out: &[usize]) -> Result<Vec<u32>> {
        let unknown = |row: usize, label: String| {
            Error::Input(format!(
                "the label of row {row} (from 0) is {label}, which is none of the {} classes: check the labels and --class-names, or leave it out with --background-label",
                self.len()
            ))
        };
        let numbering = self.numbering_of(labels, left_out);
        let mut left_out = left_out.iter().copied().peekable();
        let kept = move |row: &usize| left_out.next_if_eq(row).is_none();
        match labels {
            Labels::Ids(ids) => {
                let find = |row: usize| match self.by_number(ids[row], numbering) {
                    Some(class) => Ok(class as u32),
                    None => Err(unknown(row, ids[row].to_string())),
                };
                (0..ids.len()).filter(kept).map(find).collect()
            }
            Labels::Names(codes, names) => {
                let classes: Vec<_> = names.iter().map(|name| self.by_name.get(name)).collect();
                let find = |row: usize| match classes[codes[row] as usize] {
                    Some(&class) => Ok(class as u32),
                    None => Err(unknown(row, format!("{:?}", names[codes[row] as usize]))),
                };
                (0..codes.len()).filter(kept).map(find).collect()
            }
        }
    }

    /// The class of each row of a table: by name, else by id; or by place, if it has neither.
    ///
    /// # Errors
    /// If there are more or fewer rows without name than classes, two rows are of the same class, or no row is of any class.
    pub fn align(&self, keys: &ClassKeys, path: &Path) -> Result<Vec<Option<usize>>> {
        if keys.in_order {
            let (rows, classes) = (keys.names.len(), self.len());
            if rows != classes {
                let problem = format!(
                    "holds {rows} categories without names, in order of id, but there are {classes} classes: \
                     give the --class-names of those that were evaluated"
                );
                return Err(Error::content(path, problem));
            }
            return Ok((0..classes).map(Some).collect());
        }
        let numbering = self.numbering_of_keys(keys);
        let find = |(name, id): (&String, &Option<i64>)| {
            let number = || id.or_else(|| name.parse().ok());
            let by_id = || number().and_then(|id| self.by_number(id, numbering));
            self.by_name.get(name).copied().or_else(by_id)
        };
        let found: Vec<_> = keys.names.iter().zip(&keys.ids).map(find).collect();
        let mut seen = vec![false; self.len()];
        for class in found.iter().flatten() {
            if std::mem::replace(&mut seen[*class], true) {
                let problem = format!("has two rows for the class {:?}", self.names[*class]);
                return Err(Error::content(path, problem));
            }
        }
        if !seen.contains(&true) {
            let problem = format!(
                "names none of the classes: it has {}, the classes are {}; give --class-names",
                list(&keys.names),
                list(&self.names)
            );
            return Err(Error::content(path, problem));
        }
        Ok(found)
    }
}

/// What the rows of a table say of their class.
#[derive(Clone, Debug)]
pub struct ClassKeys {
    /// The cell in column `class`.
    pub names: Vec<String>,
    /// The cell in column `id` or `class_id`, where there is one.
    pub ids: Vec<Option<i64>>,
    /// Whether the rows are all classes in order of id, and the names only number them.
    pub in_order: bool,
}

impl ClassKeys {
    /// Columns that say which class a row is of.
    pub const COLUMNS: [&'static str; 3] = ["class", "id", "class_id"];

    /// Rows that say their class by this alone: a name, or an id.
    pub fn named(names: Vec<String>) -> ClassKeys {
        ClassKeys { ids: vec![None; names.len()], names, in_order: false }
    }

    /// A row for each class in order of id.
    pub fn in_order(count: usize) -> ClassKeys {
        let names = (0..count).map(|place| place.to_string()).collect();
        ClassKeys { in_order: true, ..ClassKeys::named(names) }
    }

    /// Reads the columns `class` and `id`.
    ///
    /// # Errors
    /// If there is no column `class`, a cell in it is empty, or an id is not a whole number.
    pub fn read(table: &Table) -> Result<ClassKeys> {
        let class = table.usual_column("class")?;
        let id = table.find("id").or_else(|| table.find("class_id"));
        let mut keys = ClassKeys::named(Vec::new());
        for (line, row) in &table.rows {
            if row[class].is_empty() {
                return Err(table.at(*line, class, "there is no class"));
            }
            check_name(&row[class]).map_err(|problem| table.at(*line, class, &problem))?;
            keys.names.push(row[class].to_owned());
            keys.ids.push(match id {
                Some(id) => Some(
                    row[id]
                        .parse()
                        .map_err(|_| table.at(*line, id, "the id is not a whole number"))?,
                ),
                None => None,
            });
        }
        Ok(keys)
    }
}
