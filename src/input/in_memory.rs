//! Values per class from objects in memory, by the same rules as tables: counts, covariates, groups and names.
//! AP has a room of its own, [`ap`](super::ap).

use std::collections::HashSet;
use std::path::Path;

use super::json::Field;
use super::names;
use super::table::is_absent;
use super::{classes, covariates, keys};
use crate::classes::{Classes, Keys};
use crate::detector::{ClassGroups, Counts, Covariate, Covariates};
use crate::error::{Error, Result};
use crate::warning::Warnings;
use crate::words::{check_name, trimmed, whole_number};

/// What a class is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// By name, or by an id that is written as a text, as JSON has them.
    Name(String),
    /// By id.
    Number(i64),
}

/// The classes of rows, all by name or all by id.
///
/// # Errors
/// If there is none, a name cannot be one, one stands twice, or some are names and some are ids.
pub fn keys(origin: &Path, keys: Vec<Key>) -> Result<Keys> {
    let bad = |problem: String| Error::content(origin, problem);
    if keys.is_empty() {
        return Err(bad("is empty: it names no class".into()));
    }
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            Key::Number(id) => ids.push(id),
            Key::Name(name) => names.push(class_name(&name).map_err(bad)?),
        }
    }
    match (&names[..], &ids[..]) {
        ([name, ..], [id, ..]) => Err(bad(format!(
            "gives one class as {name:?} and one as {id}: use names only or ids only"
        ))),
        ([], _) => numbered(origin, ids),
        _ => {
            check_once(origin, &names)?;
            // As those of a parquet file: texts, of which each may be a name or an id.
            Ok(Keys::Strings(names))
        }
    }
}

/// The categories of an evaluation: by name where all have one, and by id.
///
/// # Errors
/// As for [`keys()`].
pub fn categories(origin: &Path, ids: Vec<i64>, names: Option<Vec<String>>) -> Result<Keys> {
    let Some(names) = names else { return numbered(origin, ids) };
    let names: std::result::Result<Vec<_>, _> = names.iter().map(|name| class_name(name)).collect();
    let names = names.map_err(|problem| Error::content(origin, problem))?;
    check_once(origin, &names)?;
    match numbered(origin, ids)? {
        Keys::Numbers(ids) => Ok(Keys::Both(names, ids)),
        keys => Ok(keys),
    }
}

fn numbered(origin: &Path, ids: Vec<i64>) -> Result<Keys> {
    match twice(&ids) {
        Some(id) => Err(Error::content(origin, format!("has two rows for the class id {id}"))),
        None => Ok(Keys::Numbers(ids)),
    }
}

fn check_once(origin: &Path, names: &[String]) -> Result<()> {
    match twice(names) {
        Some(name) => Err(Error::content(origin, format!("names the class {name:?} twice"))),
        None => Ok(()),
    }
}

fn twice<T: std::hash::Hash + Eq>(all: &[T]) -> Option<&T> {
    let mut seen = HashSet::new();
    all.iter().find(|one| !seen.insert(*one))
}

fn class_name(name: &str) -> std::result::Result<String, String> {
    let name = trimmed(name);
    check_name(name)?;
    match name {
        "" => Err("there is no class: a name is empty".into()),
        _ => Ok(name.to_owned()),
    }
}

/// The numbers of rows; `what` they are stands in the sentence on what is none.
///
/// # Errors
/// If one is something else.
pub fn numbers(
    origin: &Path,
    what: &str,
    keys: &Keys,
    fields: Vec<Field>,
) -> Result<Vec<Option<f64>>> {
    let number = |(row, field)| match field {
        Field::Number(number) => Ok(number),
        other => {
            let other = other.what();
            let class = keys.text(row);
            Err(Error::content(origin, format!("{what} of {class:?} is {other}, not a number")))
        }
    };
    fields.into_iter().enumerate().map(number).collect()
}

/// Instances of each class.
///
/// # Errors
/// If a value is no count.
pub fn counts(origin: &Path, keys: Keys, values: Vec<Option<f64>>) -> Result<Counts> {
    let count = |(row, value): (usize, Option<f64>)| {
        let value = value.unwrap_or(f64::NAN);
        let whole = whole_number(&value.to_string()).and_then(|count| count.try_into().ok());
        whole.ok_or_else(|| {
            let class = keys.text(row);
            Error::content(origin, format!("{class:?}: {value} is not a count of instances"))
        })
    };
    let values = values.into_iter().enumerate().map(count).collect::<Result<_>>()?;
    Ok(Counts::of(origin, keys, values))
}

/// Covariates: a name each, and what the rows have.
///
/// # Errors
/// If none is of numbers, or one is of numbers and other things.
pub fn covariates(
    origin: &Path,
    keys: Keys,
    columns: Vec<(String, Vec<Field>)>,
) -> Result<Covariates> {
    let bad = |problem: String| Error::content(origin, problem);
    let (mut numeric, mut words, mut compared) = (Vec::new(), Vec::new(), Vec::new());
    let all: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    for (name, fields) in columns {
        check_name(&name).map_err(bad)?;
        let among = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        let is_number = |field: &Field| matches!(field, Field::Number(Some(_)));
        if name.eq_ignore_ascii_case("class") {
            return Err(bad(format!(
                "has a column {name:?} beside its index: make it the index with set_index({name:?})"
            )));
        } else if name.is_empty() || among(&keys::COLUMNS) {
            continue;
        } else if among(&covariates::COMPARED) {
            compared.push(name);
        } else if fields.iter().any(is_number) {
            let values = numbers(origin, &format!("the {name}"), &keys, fields)?;
            if let Some(value) = values.iter().flatten().find(|value| value.is_infinite()) {
                return Err(bad(format!("{name}: {value} is not finite: give None")));
            }
            numeric.push(Covariate { name, values });
        } else {
            words.push(name);
        }
    }
    covariates::of_columns(origin, keys, &all, numeric, &words, &compared)
}

/// The group of each class.
///
/// # Errors
/// If no class has one, or a name cannot be one.
pub fn class_groups(origin: &Path, keys: Keys, names: Vec<Option<String>>) -> Result<ClassGroups> {
    let group = |name: Option<String>| {
        let name = name.as_deref().map(trimmed).filter(|name| !is_absent(name));
        name.map_or(Ok(()), check_name).map_err(|problem| Error::content(origin, problem))?;
        Ok(name.map(str::to_owned))
    };
    let values: Vec<Option<String>> = names.into_iter().map(group).collect::<Result<_>>()?;
    if values.iter().all(Option::is_none) {
        return Err(Error::content(origin, "names no group"));
    }
    Ok(ClassGroups { path: origin.to_owned(), keys, values })
}

/// Classes of these ids and names, with what the user should know of how they were read: what only fills an
/// id in lists is no class, nor is the background.
///
/// # Errors
/// If a name cannot be one, or a name or id stands twice.
pub fn classes(origin: &Path, list: Vec<(i64, String)>) -> Result<(Classes, Vec<String>)> {
    let named = |(id, name): (i64, String)| Ok((id, class_name(&name)?));
    let list: std::result::Result<Vec<_>, String> = list.into_iter().map(named).collect();
    let list = list.map_err(|problem| Error::content(origin, problem))?;
    classes::of_names(origin, names::without_fillers(list, origin), &Warnings::default())
}
