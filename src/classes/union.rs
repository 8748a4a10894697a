//! The union of the classes of several files, or of several batches of labels.

use std::collections::HashMap;

use super::{Classes, IdsFrom};

/// A sentence on what is wrong.
type Problem = String;

/// The classes of several files, or of several batches of labels, in order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Union {
    ids: Vec<Option<i64>>,
    names: Vec<String>,
    by_id: HashMap<i64, usize>,
    by_name: HashMap<String, usize>,
}

impl Union {
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

    /// The index of the class of a label: of this id, whatever its name, or without an id of this name;
    /// a new one, if there is none yet.
    ///
    /// # Errors
    /// A sentence, as for [`Union::place`].
    pub fn place_label(&mut self, id: Option<i64>, name: &str) -> Result<usize, Problem> {
        let place = match id {
            Some(id) => self.by_id.get(&id),
            None => self.by_name.get(name),
        };
        place.copied().map_or_else(|| self.place(id, name.to_owned()), Ok)
    }

    /// The index of a class, which is new or the same as before.
    ///
    /// # Errors
    /// A sentence, if its id or its name is that of another class, or either has an id and the others
    /// have none.
    pub fn place(&mut self, id: Option<i64>, name: String) -> Result<usize, Problem> {
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
                "the id {id} means {name:?}, but before it meant {before:?}"
            )));
        }
        self.by_name.insert(name.clone(), place);
        self.ids.push(id);
        self.names.push(name);
        Ok(place)
    }

    /// All classes, and the index there of each class here.
    ///
    /// # Errors
    /// A sentence, if there is none.
    pub fn classes(self) -> Result<(Classes, Vec<usize>), Problem> {
        let ids: Option<Vec<i64>> = self.ids.into_iter().collect();
        let names = self.names.clone();
        let classes = match ids.filter(|ids| !ids.is_empty()) {
            Some(ids) => Classes::new(ids.into_iter().zip(names).collect(), IdsFrom::Table)?,
            None => Classes::alphabetical(names)?,
        };
        let index: HashMap<&String, usize> = classes.names().iter().zip(0..).collect();
        let index = self.names.iter().map(|name| index[name]).collect();
        Ok((classes, index))
    }
}
