//! Lists of records, a record per class.

use super::column_names::may_be_ap;
use super::layout::{Group, Naming};
use crate::input::json::{Field, Fields};

/// A list of records as columns: what the classes are called, and their numbers.
pub struct Columns {
    pub naming: Naming,
    pub classes: Vec<String>,
    pub columns: Vec<(String, Vec<Option<f64>>)>,
}

fn find<'a>(record: &'a Fields, key: &str) -> Option<&'a Field> {
    let found = record.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, field)| field)
}

impl Columns {
    /// The columns of records that have the first of these keys which all of them have; none if there is
    /// no such key. Capitals do not count.
    pub fn of(records: &[Fields], class_keys: &[&str]) -> Option<Columns> {
        let everywhere = |key: &&&str| records.iter().all(|record| find(record, key).is_some());
        let class = class_keys.iter().find(everywhere)?;
        let called = |record: &Fields| match find(record, class) {
            Some(Field::Text(text)) => Some((text.clone(), Naming::Texts)),
            Some(Field::Number(Some(id))) => Some((id.to_string(), Naming::Ids)),
            _ => None,
        };
        let called: Vec<(String, Naming)> = records.iter().map(called).collect::<Option<_>>()?;
        let naming = called.first()?.1;
        if called.iter().any(|&(_, other)| other != naming) {
            return None;
        }
        let mut names: Vec<&String> = Vec::new();
        for (name, _) in records.iter().flatten() {
            if !name.eq_ignore_ascii_case(class) && !names.contains(&name) {
                names.push(name);
            }
        }
        let numbers = |name: &&String| {
            let number = |record: &Fields| match record.iter().find(|(key, _)| key == *name) {
                None => Some(None),
                Some((_, Field::Number(number))) => Some(*number),
                Some(_) => None,
            };
            let numbers: Option<Vec<Option<f64>>> = records.iter().map(number).collect();
            numbers.map(|numbers| ((*name).clone(), numbers))
        };
        let columns = names.iter().filter_map(numbers).collect();
        let classes = called.into_iter().map(|(name, _)| name).collect();
        Some(Columns { naming, classes, columns })
    }

    /// Whether there is a column of this name, but for capitals.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(column, _)| column.eq_ignore_ascii_case(name))
    }

    /// Removes a last record that is over all classes.
    pub fn without_all(mut self) -> Columns {
        if self.classes.last().is_some_and(|class| class == "all") {
            self.classes.pop();
            for (_, values) in &mut self.columns {
                values.pop();
            }
        }
        self
    }

    /// Those columns that may be AP; the `main` one is meant where none is asked for.
    pub fn groups(self, task: &str, main: &str) -> Vec<Group> {
        let Columns { naming, classes, columns } = self;
        let may_be = columns.into_iter().filter(|(name, _)| may_be_ap(name));
        let group = |(name, values): (String, Vec<Option<f64>>)| Group {
            main: name.eq_ignore_ascii_case(main),
            naming,
            classes: classes.iter().cloned().zip(values).collect(),
            ..Group::new(task, name)
        };
        may_be.map(group).collect()
    }
}
