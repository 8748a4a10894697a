//! Class ids and names, and how the rows of other tables and the labels find their class.

use std::collections::HashMap;
use std::path::Path;

use super::file::{self, check_name};
use super::labels::Labels;
use super::shards::extension;
use super::table::{Table, list};
use crate::error::{Error, Result};

/// The classes, in order of id.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    ids: Vec<i64>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
}

impl Classes {
    fn new(mut classes: Vec<(i64, String)>) -> Classes {
        classes.sort();
        let by_id = classes.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let by_name =
            classes.iter().enumerate().map(|(at, (_, name))| (name.clone(), at)).collect();
        let (ids, names) = classes.into_iter().unzip();
        Classes { ids, names, by_id, by_name }
    }

    /// Reads class names: a csv table with columns `class` and, if ids are not 0, 1, …, `id`; or
    /// any other text with a name a line.
    ///
    /// # Errors
    /// If the file cannot be used, or a name or id stands twice.
    pub fn read(path: &Path) -> Result<Classes> {
        let mut classes: Vec<(i64, String)> = Vec::new();
        if extension(path) == "csv" {
            let keys = ClassKeys::read(&Table::read(path)?)?;
            for (at, (name, id)) in keys.names.into_iter().zip(keys.ids).enumerate() {
                classes.push((id.unwrap_or(at as i64), name));
            }
        } else {
            let text = file::text(path)?;
            for (line, id) in text.trim_end().lines().zip(0..) {
                let name = line.trim();
                let wrong = |problem| Error::content(path, format!("line {}: {problem}", id + 1));
                check_name(name).map_err(wrong)?;
                if name.is_empty() {
                    return Err(wrong("is empty: each line names a class".into()));
                }
                classes.push((id, name.to_owned()));
            }
        }
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
                (0..).zip(names).collect()
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

    /// Names, in order of id.
    pub fn names(&self) -> &[String] {
        &self.names
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
        let mut left_out = left_out.iter().copied().peekable();
        let kept = move |row: &usize| left_out.next_if_eq(row).is_none();
        match labels {
            Labels::Ids(ids) => {
                let find = |row: usize| match self.by_id.get(&ids[row]) {
                    Some(&class) => Ok(class as u32),
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

    /// The class of each row of a table: by name, else by id.
    ///
    /// # Errors
    /// If two rows are of the same class, or no row is of any class.
    pub fn align(&self, keys: &ClassKeys, path: &Path) -> Result<Vec<Option<usize>>> {
        let find = |(name, id): (&String, &Option<i64>)| {
            let by_id = || id.or_else(|| name.parse().ok()).and_then(|id| self.by_id.get(&id));
            self.by_name.get(name).or_else(by_id).copied()
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
}

impl ClassKeys {
    /// Columns that say which class a row is of.
    pub const COLUMNS: [&'static str; 3] = ["class", "id", "class_id"];

    /// Reads the columns `class` and `id`.
    ///
    /// # Errors
    /// If there is no column `class`, a cell in it is empty, or an id is not a whole number.
    pub fn read(table: &Table) -> Result<ClassKeys> {
        let class = table.column("class")?;
        let id = table.find("id").or_else(|| table.find("class_id"));
        let mut keys = ClassKeys { names: Vec::new(), ids: Vec::new() };
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
