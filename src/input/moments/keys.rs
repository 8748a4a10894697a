//! The classes of several files as one.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use polars::prelude::DataType;

use super::{COLUMNS, Problem};
use crate::classes::{Classes, IdsFrom};
use crate::error::{Error, Result};
use crate::input::file::check_name;
use crate::input::parquet::{Column, Footer};

/// The classes of several files, or of several batches of labels, in order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    ids: Vec<Option<i64>>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
}

impl Keys {
    /// The rows of a file: the places of their classes here, and their numbers of embeddings.
    pub(super) fn add(&mut self, path: &Path, footer: &Footer) -> Result<Vec<(usize, u64)>> {
        let ids =
            Column::typed(footer, COLUMNS[0], |of| of.is_integer() || of.is_null(), "integers")?;
        let names = Column::typed(footer, COLUMNS[1], DataType::is_string, "strings")?;
        let counts = Column::typed(footer, COLUMNS[2], DataType::is_integer, "integers")?;
        let integers = |column: &Column, group| {
            column.row_group(group, |series| Ok(series.cast(&DataType::Int64)?.i64()?.to_vec()))
        };
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        for group in 0..footer.row_groups().count() {
            let names = names.row_group(group, |series| {
                Ok(series.str()?.iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>())
            })?;
            let keys = integers(&ids, group)?.into_iter().zip(names);
            for ((id, name), count) in keys.zip(integers(&counts, group)?) {
                let row = rows.len();
                let wrong =
                    |problem: Problem| Error::content(path, format!("row {row}: {problem}"));
                let name = name.ok_or_else(|| wrong("there is no class".into()))?;
                check_name(&name).map_err(wrong)?;
                let Some(count) = count.and_then(|count| u64::try_from(count).ok()) else {
                    return Err(wrong(format!("{name:?} has no number of instances")));
                };
                let class = self.place(id, name).map_err(wrong)?;
                if !seen.insert(class) {
                    return Err(wrong(format!("{:?} stands there twice", self.names[class])));
                }
                rows.push((class, count));
            }
        }
        Ok(rows)
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Id, as far as it is known, and name of each class.
    pub fn iter(&self) -> impl Iterator<Item = (Option<i64>, &str)> {
        self.ids.iter().copied().zip(self.names.iter().map(String::as_str))
    }

    /// The place of the class of a label: of this id, whatever its name, or without an id of this name;
    /// a new one, if there is none yet.
    ///
    /// # Errors
    /// A sentence, as for [`Keys::place`].
    pub fn place_label(
        &mut self,
        id: Option<i64>,
        name: &str,
    ) -> std::result::Result<usize, String> {
        let place = match id {
            Some(id) => self.by_id.get(&id),
            None => self.by_name.get(name),
        };
        place.copied().map_or_else(|| self.place(id, name.to_owned()), Ok)
    }

    /// The place of a class, which is new or the same as before.
    ///
    /// # Errors
    /// A sentence, if its id or its name is that of another class, or either has an id and the others
    /// have none.
    pub fn place(&mut self, id: Option<i64>, name: String) -> std::result::Result<usize, String> {
        let shown = |id: Option<i64>| id.map_or("no id".into(), |id| format!("the id {id}"));
        let unlike =
            |problem: Problem| format!("{problem}: make all moments with the same --class-names");
        if let Some(&place) = self.by_name.get(&name) {
            let before = self.ids[place];
            return match before == id {
                true => Ok(place),
                false => {
                    let problem =
                        format!("{name:?} has {}, before it had {}", shown(id), shown(before));
                    Err(unlike(problem))
                }
            };
        }
        if let Some(&first) = self.ids.first().filter(|first| first.is_some() != id.is_some()) {
            let problem =
                format!("{name:?} has {}, but {:?} {}", shown(id), self.names[0], shown(first));
            return Err(unlike(problem));
        }
        let place = self.names.len();
        if let Some(id) = id
            && let Some(before) = self.by_id.insert(id, place)
        {
            let before = &self.names[before];
            return Err(unlike(format!(
                "the id {id} is that of {name:?}, before it was of {before:?}"
            )));
        }
        self.by_name.insert(name.clone(), place);
        self.ids.push(id);
        self.names.push(name);
        Ok(place)
    }

    /// All classes, and the index there of each place here. A `path` is named where they are none.
    ///
    /// # Errors
    /// If there is none.
    pub fn classes(self, path: &Path) -> Result<(Classes, Vec<usize>)> {
        let ids: Option<Vec<i64>> = self.ids.into_iter().collect();
        let names = self.names.clone();
        let classes = match ids.filter(|ids| !ids.is_empty()) {
            Some(ids) => Classes::new(ids.into_iter().zip(names).collect(), IdsFrom::Table),
            None => Classes::alphabetical(names),
        };
        let classes = classes.map_err(|problem| Error::content(path, problem))?;
        let index: HashMap<&String, usize> = classes.names().iter().zip(0..).collect();
        let index = self.names.iter().map(|name| index[name]).collect();
        Ok((classes, index))
    }
}
